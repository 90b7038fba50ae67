"""Operation: the true alternating-current state of a network, and the limits that it has to keep."""

from dataclasses import dataclass, fields
from functools import cached_property

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
    unbalance_percent,
)
from gridpact.grid.limits import Limits
from gridpact.grid.network import ElementKind, Network
from gridpact.grid.network_model import NEUTRAL
from gridpact.grid.places import places

KEPT_VOLTAGE_PU = 1e-7  # within which a clearing keeps its limits
KEPT_LOADING_PERCENT = 1e-5
KEPT_UNBALANCE_PERCENT = 1e-5


@dataclass(frozen=True, kw_only=True)
class Operation:
    """The state of every bus and rated element in every period; NaN where the power flow did not converge.

    The columns are those of `places`: V = B buses and L = E elements in a balanced network, their phases and
    neutrals in a three-phase one. Each table is worked out when it is first asked for.

    Attributes:
        network: the compiled network.
        flow: injections and complex voltages of the nodes.
    """

    network: Network
    flow: PowerFlow

    @cached_property
    def voltage_pu(self) -> Float:
        """Voltage magnitudes, (T, V)."""
        return bus_voltage_pu(self.network, self.flow)

    @cached_property
    def loading_percent(self) -> Float:
        """Loadings, the greater of both ends, (T, L)."""
        return loading_percent(self.network, self.flow)

    @cached_property
    def unbalance_percent(self) -> Float:
        """Negative- over positive-sequence voltage, (T, U); none in a balanced network."""
        return unbalance_percent(self.network, self.flow)

    @cached_property
    def import_kw(self) -> Float:
        """Active power drawn from the supplies, (T,)."""
        return import_kw(self.network, self.flow)

    @cached_property
    def losses_kw(self) -> Float:
        """Active power lost in the network, (T,)."""
        return losses_kw(self.network, self.flow)

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

    The columns are those of an `Operation`: in a three-phase network each phase of a bus, each phase of an
    element, each neutral of a line and each unbalance of a bus has a limit of its own.

    Attributes:
        voltage_min_pu, voltage_max_pu: (T, V), infinite at buses that a supply holds.
        loading_max_percent: (T, L).
        unbalance_max_percent: (T, U).
    """

    voltage_min_pu: Float
    voltage_max_pu: Float
    loading_max_percent: Float
    unbalance_max_percent: Float

    def at(self, periods: Int) -> "OperatingLimits":
        """The limits of some periods, in their order."""
        return OperatingLimits(**{name: values[periods] for name, values in self._parts()})

    def replaced(self, periods: Bool, other: "OperatingLimits") -> "OperatingLimits":
        """These limits, but those of another set in some periods, (T,)."""
        chosen = periods[:, None]
        return OperatingLimits(
            **{name: np.where(chosen, getattr(other, name), values) for name, values in self._parts()}
        )

    def differs_from(self, other: "OperatingLimits") -> Bool:
        """In which periods any limit is another than in another set, (T,)."""
        differs: Bool = np.any(
            [(values != getattr(other, name)).any(axis=1) for name, values in self._parts()], axis=0
        )
        return differs

    def repeated(self, period: int, count: int) -> "OperatingLimits":
        """The limits of one period, `count` times."""
        return OperatingLimits(
            **{name: np.tile(values[period], (count, 1)) for name, values in self._parts()}
        )

    def widened(self) -> "OperatingLimits":
        """The limits and the tolerances within which a clearing keeps them."""
        return OperatingLimits(
            voltage_min_pu=self.voltage_min_pu - KEPT_VOLTAGE_PU,
            voltage_max_pu=self.voltage_max_pu + KEPT_VOLTAGE_PU,
            loading_max_percent=self.loading_max_percent + KEPT_LOADING_PERCENT,
            unbalance_max_percent=self.unbalance_max_percent + KEPT_UNBALANCE_PERCENT,
        )

    def voltage_excess_pu(self, voltage_pu: Float) -> Float:
        """How far each voltage is outside its band, 0 inside, (T, V)."""
        return np.maximum(np.maximum(self.voltage_min_pu - voltage_pu, voltage_pu - self.voltage_max_pu), 0.0)

    def loading_excess_percent(self, loading_percent: Float) -> Float:
        """How many percentage points each loading is above its limit, 0 below, (T, L)."""
        return np.maximum(loading_percent - self.loading_max_percent, 0.0)

    def unbalance_excess_percent(self, unbalance_percent: Float) -> Float:
        """How many percentage points each unbalance is above its limit, 0 below, (T, U)."""
        return np.maximum(unbalance_percent - self.unbalance_max_percent, 0.0)

    def _parts(self) -> list[tuple[str, Float]]:
        return [(field.name, getattr(self, field.name)) for field in fields(self)]


def operate(network: Network, at_nodes: Injection, near: Operation | None = None) -> Operation:
    """The operation under an injection at the nodes, (T, N): one batched AC power flow for all periods.

    It is found sooner from an operation that is `near`, over the same periods.
    """
    flow = run_power_flow(network, at_nodes.p_kw, at_nodes.q_kvar, near.flow if near else None)
    return Operation(network=network, flow=flow)


def nominal_limits(network: Network, limits: Limits, periods: int) -> OperatingLimits:
    """The limits as the case states them, the same in each of T `periods`."""
    found = places(network)
    held = np.isin(found.voltage_node, network.slack_node)
    kinds = network.elements.kind
    loading_max = np.array(
        [
            limits.neutral_loading_max_percent
            if phase == NEUTRAL
            else limits.line_loading_max_percent
            if kinds[element] is ElementKind.LINE
            else limits.transformer_loading_max_percent
            for element, phase in zip(found.loading_element.tolist(), found.loading_phase, strict=True)
        ]
    )
    unbalance_max = np.full((periods, len(found.unbalance_bus)), limits.voltage_unbalance_max_percent)
    return OperatingLimits(
        voltage_min_pu=np.tile(np.where(held, -np.inf, limits.voltage_min_pu), (periods, 1)),
        voltage_max_pu=np.tile(np.where(held, np.inf, limits.voltage_max_pu), (periods, 1)),
        loading_max_percent=np.tile(loading_max, (periods, 1)),
        unbalance_max_percent=unbalance_max,
    )


def relaxed_limits(nominal: OperatingLimits, baseline: Operation) -> OperatingLimits:
    """The nominal limits, or the baseline's own values where it breaks them; nominal where it is unknown."""
    return OperatingLimits(
        voltage_min_pu=np.fmin(nominal.voltage_min_pu, baseline.voltage_pu),
        voltage_max_pu=np.fmax(nominal.voltage_max_pu, baseline.voltage_pu),
        loading_max_percent=np.fmax(nominal.loading_max_percent, baseline.loading_percent),
        unbalance_max_percent=np.fmax(nominal.unbalance_max_percent, baseline.unbalance_percent),
    )


def keeps_limits(operation: Operation, limits: OperatingLimits) -> Bool:
    """Whether each period converges and breaks no limit by more than its tolerance, (T,)."""
    voltage_excess = limits.voltage_excess_pu(operation.voltage_pu)
    loading_excess = limits.loading_excess_percent(operation.loading_percent)
    unbalance_excess = limits.unbalance_excess_percent(operation.unbalance_percent)
    voltage = np.all(voltage_excess <= KEPT_VOLTAGE_PU, axis=1)
    loading = np.all(loading_excess <= KEPT_LOADING_PERCENT, axis=1)
    unbalance = np.all(unbalance_excess <= KEPT_UNBALANCE_PERCENT, axis=1)
    kept: Bool = operation.converged & voltage & loading & unbalance
    return kept
