"""Limit sensitivities: how the limits that hold the result down move with a kW more at each participant.

They are of exact AC, at the state of the dispatch: the gradients of the power flow there.
"""

from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Complex, Float, Int
from gridpact.case.case import Formulation
from gridpact.clearing.dc_model.dc_grid import DcGrid
from gridpact.clearing.explain import limit_kinds, limit_phases
from gridpact.clearing.network.connections import connections_of
from gridpact.clearing.network.injection import at_nodes
from gridpact.clearing.network.monitored import Monitored
from gridpact.clearing.network.oracle import NetworkOracle, oracle_at
from gridpact.clearing.problem.solution import BindingLimits, LimitedBy
from gridpact.errors import InvalidUsage
from gridpact.results.clearance_arrays import ClearanceArrays

CAPS = (LimitedBy.SELLER_SURPLUS, LimitedBy.BUYER_DEMAND)


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSensitivities:
    """Of the L limits of the network that bind, and P participants.

    Attributes:
        binding: index of each among the binding limits of the solution, (L,).
        injected: change of what is limited per kW more that a participant injects, at its generation power
            factor and on its phases, pu, or percentage points, (L, P).
        drawn: the same per kW more that it draws, at its load power factor, (L, P).
    """

    binding: Int
    injected: Float
    drawn: Float


def limit_sensitivities(clearance: ClearanceArrays) -> LimitSensitivities:
    """The sensitivities of a clearance.

    Raises:
        InvalidUsage: it was cleared by the lossless model, or with outages, whose limits are not those of the
            state of the dispatch.
    """
    _refuse_other_states(clearance)
    return sensitivities_of(clearance, clearance.solution.binding)


def known_sensitivities(clearance: ClearanceArrays) -> tuple[BindingLimits, LimitSensitivities] | None:
    """The limits that hold trades or feed-in down, and how they move; nothing where that is not known.

    Under `dc` they are those of the lossless model. Limits of the worst outage have none.
    """
    if clearance.contingencies is not None:
        return None
    both = BindingLimits.joined([clearance.solution.binding, clearance.fed_in.binding])
    binding = both.distinct_without_price()
    if clearance.case.formulation is Formulation.DC:
        return binding, _of_lossless_model(clearance, binding)
    return binding, sensitivities_of(clearance, binding)


def sensitivities_of(clearance: ClearanceArrays, binding: BindingLimits) -> LimitSensitivities:
    """The sensitivities of limits that bind, by exact AC at the state of the dispatch."""
    of_network = np.flatnonzero(~np.isin(binding.limited_by, CAPS))
    people = clearance.case.participants
    shares = connections_of(clearance.network, people).incidence(len(people), clearance.network.nodes)
    injects = np.zeros(clearance.network.nodes, dtype=np.bool_)
    injects[shares.indices[shares.data != 0.0]] = True
    injects[clearance.network.slack_node] = False
    oracle = oracle_at(clearance.network, np.flatnonzero(injects))
    at_essential = shares.toarray()[:, oracle.factors.free]
    power = np.concatenate([1.0 + 1j * people.generation_tan_phi, -1.0 - 1j * people.load_tan_phi])
    directions = power[:, None] * np.vstack([at_essential, at_essential])
    injected = at_nodes(shares, clearance.dispatch.injection(people))
    injected_kva = (injected.p_kw + 1j * injected.q_kvar)[:, oracle.factors.free]
    effect = np.full((len(of_network), len(power)), np.nan)
    for period in np.unique(binding.period[of_network]).tolist():
        if not clearance.operation.converged[period]:
            continue
        here = np.flatnonzero(binding.period[of_network] == period)
        voltage_pu = clearance.operation.node_voltage_pu[period]
        effect[here] = _effects(
            oracle, voltage_pu, injected_kva[period], directions, binding.at(of_network[here])
        )
    own, drawn = np.split(effect, 2, axis=1)
    return LimitSensitivities(binding=of_network, injected=own, drawn=drawn)


def _of_lossless_model(clearance: ClearanceArrays, binding: BindingLimits) -> LimitSensitivities:
    """The sensitivities of limits of the lossless model: flow over rating, in percentage points per kW."""
    network, people = clearance.network, clearance.case.participants
    grid = DcGrid(network, clearance.case.limits)
    of_network = np.flatnonzero(~np.isin(binding.limited_by, CAPS))
    shares = connections_of(network, people).incidence(len(people), network.nodes)
    percent_per_kw = 100.0 * grid.flows_kw(shares.toarray()) / grid.loading_base_kw
    at_nodes_kw = at_nodes(shares, clearance.dispatch.injection(people)).p_kw
    flow_percent = 100.0 * grid.flows_kw(at_nodes_kw) / grid.loading_base_kw
    effect = np.zeros((len(of_network), len(people)))
    for place, one in enumerate(of_network.tolist()):
        branches = np.flatnonzero(network.branches.element == binding.element[one])
        loading = flow_percent[binding.period[one], branches]
        nearest = int(np.argmin(np.abs(np.abs(loading) - binding.value[one])))
        effect[place] = np.sign(loading[nearest]) * percent_per_kw[:, branches[nearest]]
    return LimitSensitivities(binding=of_network, injected=effect, drawn=-effect)


def _refuse_other_states(clearance: ClearanceArrays) -> None:
    """Refuses clearances whose limits are not those of an AC power flow of the dispatch."""
    if clearance.case.formulation is not Formulation.AC:
        raise InvalidUsage(
            f"the formulation '{clearance.case.formulation}' has no sensitivities of exact AC",
            "clear with formulation 'ac'",
        )
    if clearance.contingencies is not None:
        raise InvalidUsage(
            "limits that hold in the worst outage have no sensitivities in the schedule",
            "clear without robustness",
        )


def _effects(
    oracle: NetworkOracle,
    voltage_pu: Complex,
    injected_kva: Complex,
    directions: Complex,
    binding: BindingLimits,
) -> Float:
    """Change of binding limits' quantities of one period along directions, (K, R): (l, K)."""
    monitored = oracle.monitored
    around = oracle.around(voltage_pu, injected_kva, directions)
    row = np.empty(len(binding.limit), dtype=np.int64)
    free = np.ones(len(around.magnitude), dtype=np.bool_)
    for one in range(len(row)):
        is_voltage = binding.limited_by[one] in (LimitedBy.VOLTAGE_MAX, LimitedBy.VOLTAGE_MIN)
        found = _rows(monitored, LimitedBy(binding.limited_by[one]), binding.element[one], binding.phase[one])
        found = found[free[found]] if free[found].any() else found
        distance = np.abs(around.magnitude[found] - binding.value[one] / (1.0 if is_voltage else 100.0))
        row[one] = found[np.argmin(distance)]
        free[row[one]] = False
    unit = np.where(row < len(monitored.node), 1.0, 100.0)
    effects: Float = around.gradient(row, np.ones(len(row))) * unit[:, None]
    return effects


def _rows(monitored: Monitored, kind: LimitedBy, element: int, phase: int) -> Int:
    """The monitored quantities that a limit can be of: both ends of a line that has shunt capacitance."""
    at = np.flatnonzero(monitored.place == element)
    sign = np.full(len(at), -1.0 if kind is LimitedBy.VOLTAGE_MIN else 1.0)
    is_one = (limit_kinds(monitored, at, sign) == kind) & (limit_phases(monitored, at) == phase)
    found: Int = at[is_one]
    return found
