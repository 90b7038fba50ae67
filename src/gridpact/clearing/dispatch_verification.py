"""Verification: an independent power flow of the dispatch, before anything is called cleared."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from gridpact.arrays import Float
from gridpact.clearing.network.connections import Connections
from gridpact.clearing.network.injection import Injection
from gridpact.clearing.network.network_state import OperatingLimits, Operation
from gridpact.grid.network import Network
from gridpact.grid.verification.verification_flow import VerificationFlow, run_verification_power_flow

VOLTAGE_TOLERANCE_PU = 1e-5
LOADING_TOLERANCE_PERCENT = 1e-3
UNBALANCE_TOLERANCE_PERCENT = 1e-3


class Status(StrEnum):
    """What the verification found of a clearing.

    `BASELINE_UNSAFE`: it breaks limits of the case that the bare network breaks too, and none worse.
    """

    CLEARED = "cleared"
    BASELINE_UNSAFE = "baseline_unsafe"
    LIMITS_BROKEN = "limits_broken"
    NOT_CONVERGED = "not_converged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The findings of the independent power flow.

    Attributes:
        status: cleared where every limit of the case is kept within `VOLTAGE_TOLERANCE_PU`,
            `LOADING_TOLERANCE_PERCENT` and `UNBALANCE_TOLERANCE_PERCENT`.
        engine: name and version of the power flow.
        max_voltage_excess_pu: the worst voltage outside the band that held.
        max_loading_excess_percent: the worst loading above the limit that held, in percentage points.
        max_unbalance_excess_percent: the worst unbalance above the limit that held, in percentage points; 0
            in a balanced network.
        max_difference_pu: the greatest difference between its voltages and those of the operation.
        unconverged_periods: number of periods for which there is no power-flow solution.
    """

    status: Status
    engine: str
    max_voltage_excess_pu: float
    max_loading_excess_percent: float
    max_unbalance_excess_percent: float
    max_difference_pu: float
    unconverged_periods: int


def verify(
    network: Network,
    connected: Connections,
    injection: Injection,
    operation: Operation,
    limits: OperatingLimits,
    nominal: OperatingLimits,
) -> Verification:
    """The verification of an injection of P participants, (T, P), by their connections.

    Args:
        network: the compiled network.
        connected: where the participants are.
        injection: of each of them, (T, P).
        operation: the state that the clearing found under it.
        limits: that held in the clearing.
        nominal: as the case states them.
    """
    flow = run_verification_power_flow(
        network.verification_model,
        connected.bus,
        connected.shared(injection.p_kw),
        connected.shared(injection.q_kvar),
        connected.phase,
    )
    excess = _excess(flow, limits)
    unconverged = int(np.sum(~(flow.converged & operation.converged)))
    if unconverged:
        status = Status.NOT_CONVERGED
    elif _is_beyond_tolerance(excess):
        status = Status.LIMITS_BROKEN
    elif _is_beyond_tolerance(_excess(flow, nominal)):
        status = Status.BASELINE_UNSAFE
    else:
        status = Status.CLEARED
    return Verification(
        status=status,
        engine=flow.engine,
        max_voltage_excess_pu=excess[0],
        max_loading_excess_percent=excess[1],
        max_unbalance_excess_percent=excess[2],
        max_difference_pu=_worst(np.abs(flow.voltage_pu - operation.voltage_pu)),
        unconverged_periods=unconverged,
    )


def _excess(flow: VerificationFlow, limits: OperatingLimits) -> tuple[float, float, float]:
    """The worst voltage, loading and unbalance beyond limits, in pu and in percentage points."""
    return (
        _worst(limits.voltage_excess_pu(flow.voltage_pu)),
        _worst(limits.loading_excess_percent(flow.loading_percent)),
        _worst(limits.unbalance_excess_percent(flow.unbalance_percent)),
    )


def _is_beyond_tolerance(excess: tuple[float, float, float]) -> bool:
    voltage_pu, loading_percent, unbalance_percent = excess
    return (
        voltage_pu > VOLTAGE_TOLERANCE_PU
        or loading_percent > LOADING_TOLERANCE_PERCENT
        or unbalance_percent > UNBALANCE_TOLERANCE_PERCENT
    )


def _worst(values: Float) -> float:
    """The greatest value that is known; 0 where none is."""
    known = values[np.isfinite(values)]
    return float(known.max()) if known.size else 0.0
