"""Verification: an independent power flow of the dispatch, before anything is called cleared."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from gridpact.arrays import Float
from gridpact.clearing.network.connections import Connections
from gridpact.clearing.network.injection import Injection
from gridpact.clearing.network.network_state import OperatingLimits, Operation
from gridpact.grid.network import Network
from gridpact.grid.verification.verification_flow import run_verification_power_flow

VOLTAGE_TOLERANCE_PU = 1e-5
LOADING_TOLERANCE_PERCENT = 1e-3
UNBALANCE_TOLERANCE_PERCENT = 1e-3


class Status(StrEnum):
    """What the verification found of a clearing."""

    CLEARED = "cleared"
    LIMITS_BROKEN = "limits_broken"
    NOT_CONVERGED = "not_converged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The findings of the independent power flow.

    Attributes:
        status: cleared where every limit is kept within `VOLTAGE_TOLERANCE_PU`,
            `LOADING_TOLERANCE_PERCENT` and `UNBALANCE_TOLERANCE_PERCENT`.
        engine: name and version of the power flow.
        max_voltage_excess_pu: the worst voltage outside its band.
        max_loading_excess_percent: the worst loading above its limit, in percentage points.
        max_unbalance_excess_percent: the worst unbalance above its limit, in percentage points; 0 in a
            balanced network.
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
) -> Verification:
    """The verification of an injection of P participants, (T, P), by their connections."""
    flow = run_verification_power_flow(
        network.verification_model,
        connected.bus,
        connected.shared(injection.p_kw),
        connected.shared(injection.q_kvar),
        connected.phase,
    )
    voltage_excess = _worst(limits.voltage_excess_pu(flow.voltage_pu))
    loading_excess = _worst(limits.loading_excess_percent(flow.loading_percent))
    unbalance_excess = _worst(limits.unbalance_excess_percent(flow.unbalance_percent))
    unconverged = int(np.sum(~(flow.converged & operation.converged)))
    if unconverged:
        status = Status.NOT_CONVERGED
    elif (
        voltage_excess > VOLTAGE_TOLERANCE_PU
        or loading_excess > LOADING_TOLERANCE_PERCENT
        or unbalance_excess > UNBALANCE_TOLERANCE_PERCENT
    ):
        status = Status.LIMITS_BROKEN
    else:
        status = Status.CLEARED
    return Verification(
        status=status,
        engine=flow.engine,
        max_voltage_excess_pu=voltage_excess,
        max_loading_excess_percent=loading_excess,
        max_unbalance_excess_percent=unbalance_excess,
        max_difference_pu=_worst(np.abs(flow.voltage_pu - operation.voltage_pu)),
        unconverged_periods=unconverged,
    )


def _worst(values: Float) -> float:
    """The greatest value that is known; 0 where none is."""
    known = values[np.isfinite(values)]
    return float(known.max()) if known.size else 0.0
