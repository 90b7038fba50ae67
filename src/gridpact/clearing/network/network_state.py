"""Operation: the true alternating-current state of a network, and the limits that it has to keep."""

from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Bool, Complex, Float, Int
from gridpact.clearing.network.injection import Injection
from gridpact.grid.flow.power_flow import (
    PowerFlow,
    bus_voltage_pu,
    import_kw,
    loading_percent,
    losses_kw,
    run_power_flow,
)
from gridpact.grid.limits import Limits
from gridpact.grid.network import ElementKind, Network

KEPT_VOLTAGE_PU = 1e-7  # within which a clearing keeps its limits
KEPT_LOADING_PERCENT = 1e-5


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """The state of every bus and rated element in every period; NaN where the power flow did not converge.

    Attributes:
        flow: injections and complex voltages of the nodes.
        voltage_pu: magnitudes at the buses, (T, B).
        loading_percent: the greater of both ends, (T, E).
        import_kw: active power drawn from the supplies, (T,).
        losses_kw: active power lost in the network, (T,).
    """

    flow: PowerFlow
    voltage_pu: Float
    loading_percent: Float
    import_kw: Float
    losses_kw: Float

    @property
    def node_voltage_pu(self) -> Complex:
        """Complex voltages of the nodes, (T, N)."""
        return self.flow.voltage_pu

    @property
    def converged(self) -> Bool:
        """Whether each period has a solution, (T,)."""
        return self.flow.converged


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingLimits:
    """The limits of every period, relaxed to the baseline's own value wherever the baseline breaks them.

    Attributes:
        voltage_min_pu, voltage_max_pu: (T, B), infinite at buses that a supply holds.
        loading_max_percent: (T, E).
    """

    voltage_min_pu: Float
    voltage_max_pu: Float
    loading_max_percent: Float

    def at(self, periods: Int) -> "OperatingLimits":
        """The limits of some periods, in their order."""
        return OperatingLimits(
            voltage_min_pu=self.voltage_min_pu[periods],
            voltage_max_pu=self.voltage_max_pu[periods],
            loading_max_percent=self.loading_max_percent[periods],
        )

    def replaced(self, periods: Bool, other: "OperatingLimits") -> "OperatingLimits":
        """These limits, but those of another set in some periods, (T,)."""
        chosen = periods[:, None]
        return OperatingLimits(
            voltage_min_pu=np.where(chosen, other.voltage_min_pu, self.voltage_min_pu),
            voltage_max_pu=np.where(chosen, other.voltage_max_pu, self.voltage_max_pu),
            loading_max_percent=np.where(chosen, other.loading_max_percent, self.loading_max_percent),
        )

    def repeated(self, period: int, count: int) -> "OperatingLimits":
        """The limits of one period, `count` times."""
        return OperatingLimits(
            voltage_min_pu=np.tile(self.voltage_min_pu[period], (count, 1)),
            voltage_max_pu=np.tile(self.voltage_max_pu[period], (count, 1)),
            loading_max_percent=np.tile(self.loading_max_percent[period], (count, 1)),
        )

    def voltage_excess_pu(self, voltage_pu: Float) -> Float:
        """How far each voltage is outside its band, 0 inside, (T, B)."""
        return np.maximum(np.maximum(self.voltage_min_pu - voltage_pu, voltage_pu - self.voltage_max_pu), 0.0)

    def loading_excess_percent(self, loading_percent: Float) -> Float:
        """How many percentage points each loading is above its limit, 0 below, (T, E)."""
        return np.maximum(loading_percent - self.loading_max_percent, 0.0)


def operate(network: Network, at_nodes: Injection, near: Operation | None = None) -> Operation:
    """The operation under an injection at the nodes, (T, N): one batched AC power flow for all periods.

    It is found sooner from an operation that is `near`, over the same periods.
    """
    flow = run_power_flow(network, at_nodes.p_kw, at_nodes.q_kvar, near.flow if near else None)
    return Operation(
        flow=flow,
        voltage_pu=bus_voltage_pu(network, flow),
        loading_percent=loading_percent(network, flow),
        import_kw=import_kw(network, flow),
        losses_kw=losses_kw(network, flow),
    )


def nominal_limits(network: Network, limits: Limits, periods: int) -> OperatingLimits:
    """The limits as the case states them, the same in each of T `periods`."""
    held = np.isin(network.bus_node, network.slack_node)
    loading_max = np.array(
        [
            limits.line_loading_max_percent
            if kind is ElementKind.LINE
            else limits.transformer_loading_max_percent
            for kind in network.elements.kind
        ]
    )
    return OperatingLimits(
        voltage_min_pu=np.tile(np.where(held, -np.inf, limits.voltage_min_pu), (periods, 1)),
        voltage_max_pu=np.tile(np.where(held, np.inf, limits.voltage_max_pu), (periods, 1)),
        loading_max_percent=np.tile(loading_max, (periods, 1)),
    )


def relaxed_limits(nominal: OperatingLimits, baseline: Operation) -> OperatingLimits:
    """The nominal limits, or the baseline's own values where it breaks them; nominal where it is unknown."""
    return OperatingLimits(
        voltage_min_pu=np.fmin(nominal.voltage_min_pu, baseline.voltage_pu),
        voltage_max_pu=np.fmax(nominal.voltage_max_pu, baseline.voltage_pu),
        loading_max_percent=np.fmax(nominal.loading_max_percent, baseline.loading_percent),
    )


def keeps_limits(operation: Operation, limits: OperatingLimits) -> Bool:
    """Whether each period converges and breaks no limit by more than its tolerance, (T,)."""
    voltage_excess = limits.voltage_excess_pu(operation.voltage_pu)
    loading_excess = limits.loading_excess_percent(operation.loading_percent)
    voltage = np.all(voltage_excess <= KEPT_VOLTAGE_PU, axis=1)
    loading = np.all(loading_excess <= KEPT_LOADING_PERCENT, axis=1)
    kept: Bool = operation.converged & voltage & loading
    return kept
