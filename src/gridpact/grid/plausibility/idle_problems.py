"""What is wrong with a network that nothing is connected to: its voltages, its currents, its supplies."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Bool, Float
from gridpact.errors import Problem
from gridpact.grid.network import Network
from gridpact.grid.plausibility.idle_state import IdleState, idle_state, islands, ratio_voltage
from gridpact.grid.plausibility.network_names import NetworkNames
from gridpact.grid.source import NetworkSource

VOLTAGE_MIN_PU, VOLTAGE_MAX_PU = 0.8, 1.2
ANGLE_MAX_DEGREES = 20.0
MAGNITUDE_MAX_PU = 0.1
LOADING_MAX = 1.0
TRANSMISSION_KV = 60.0
SINGULAR_NODES_MAX = 2000
SHARE_TO_BLAME = 0.5
ALIKE = 0.99
NAMED_MAX = 5
TAKER_REMEDY = "check its values and their units, and the ratio and phase shift of what is parallel to it"
BOUNDS = f"without load has {VOLTAGE_MIN_PU:g} to {VOLTAGE_MAX_PU:g} pu"


def idle_problems(network: Network, names: NetworkNames, source: NetworkSource) -> Iterator[Problem]:
    """Why a compiled network cannot be, with what is most likely to blame; nothing for one that can.

    Args:
        network: as it was compiled.
        names: what the file calls its parts.
        source: where it comes from, for the problems.
    """
    state = idle_state(network)
    if state is None:
        yield _singular(network, names, source)
        return
    with np.errstate(all="ignore"):
        found = [*_fighting(network, names, source)] or [*_outside(network, state, names, source)]
        yield from found or _overloaded(network, state, names, source)


def _fighting(network: Network, names: NetworkNames, source: NetworkSource) -> Iterator[Problem]:
    """Supplies far from what the ratios and phase shifts between them make of another one of their island."""
    label = islands(network)[network.slack_node]
    first = np.unique(label, return_index=True)[1]
    if len(first) == len(label):
        return
    holds = np.zeros(len(label), dtype=np.bool_)
    holds[first] = True
    voltage = ratio_voltage(network, holds)
    if voltage is None:
        return
    given = voltage[network.slack_node]
    held = network.slack_voltage_pu
    degrees = np.rad2deg(np.angle(held / given))
    apart = (np.abs(degrees) > ANGLE_MAX_DEGREES) | (np.abs(np.abs(held) - np.abs(given)) > MAGNITUDE_MAX_PU)
    first_of = dict(zip(label[first].tolist(), first.tolist(), strict=True))
    for row in np.flatnonzero(apart & ~holds).tolist():
        other = names.supply[first_of[int(label[row])]]
        yield source.problem(
            f"holds {_phasor(held[row])}, where {other} gives {_phasor(given[row])}",
            field=names.supply[row],
            remedy="check voltages and angles of both, and the phase shifts and taps of the transformers "
            "between them",
        )


def _phasor(voltage: complex) -> str:
    return f"{abs(voltage):.4g} pu at {np.rad2deg(np.angle(voltage)):.4g}°"


def _outside(
    network: Network, state: IdleState, names: NetworkNames, source: NetworkSource
) -> Iterator[Problem]:
    """The element that takes the voltage of a bus out of what a network without load can have."""
    outside = _is_outside(np.abs(state.voltage_pu))
    at_bus = outside[network.bus_node]
    if not at_bus.any():
        return
    held = np.flatnonzero(outside[network.slack_node]).tolist()
    if held:
        yield source.problem(
            f"holds {_phasor(network.slack_voltage_pu[held[0]])}, where a network {BOUNDS}",
            field=names.supply[held[0]],
            remedy="write its voltage in pu of the nominal voltage of its bus",
        )
        return
    if _is_charged_transmission(network, state):
        return
    first = int(np.flatnonzero(at_bus)[0])
    node, bus = int(network.bus_node[first]), int(network.bus_ids[first])
    branch = _leaving(network, outside)
    if branch is not None:
        node = _far_node(network, branch, outside)
        bus = _bus_at(network, node, bus)
    others = f" and {at_bus.sum() - 1} others outside" if at_bus.sum() > 1 else ""
    voltage = (
        f"{np.abs(state.voltage_pu[node]):.4g} pu at {names.bus} {bus}{others}, where a network {BOUNDS}"
    )
    if branch is not None and _explains(network, state, branch, outside):
        field, what = names.branch[branch], f"gives {voltage}"
        remedy = "check its rated voltages, its tap and its impedance"
    else:
        taker = _heaviest(network, state)
        field = _taker_name(network, taker, names)
        what = f"takes {taker.kva:,.4g} kVA without load, which gives {voltage}"
        remedy = TAKER_REMEDY
    yield source.problem(what, field=field, remedy=remedy)


def _is_outside(magnitude: Float) -> Bool:
    return ~((magnitude >= VOLTAGE_MIN_PU) & (magnitude <= VOLTAGE_MAX_PU))


def _leaving(network: Network, outside: Bool) -> int | None:
    """The first branch, on the way from the supplies, that leads to a node outside."""
    branches = network.branches
    at_node: list[list[tuple[int, int]]] = [[] for _ in range(network.nodes)]
    ends = zip(branches.from_node.tolist(), branches.to_node.tolist(), strict=True)
    for branch, (one, other) in enumerate(ends):
        at_node[one].append((branch, other))
        at_node[other].append((branch, one))
    queue: deque[int] = deque(network.slack_node.tolist())
    seen = set(queue)
    while queue:
        for branch, node in at_node[queue.popleft()]:
            if node in seen:
                continue
            if outside[node]:
                return int(branch)
            seen.add(node)
            queue.append(node)
    return None


def _far_node(network: Network, branch: int, outside: Bool) -> int:
    to_node = int(network.branches.to_node[branch])
    return to_node if outside[to_node] else int(network.branches.from_node[branch])


def _explains(network: Network, state: IdleState, branch: int, outside: Bool) -> bool:
    """Whether the branch would take the voltage outside with nothing beyond it: by its ratio or resonance."""
    far = _far_node(network, branch, outside)
    branches = network.branches
    is_to = far == int(branches.to_node[branch])
    near = int(branches.from_node[branch] if is_to else branches.to_node[branch])
    row = (branches.admittance_to if is_to else branches.admittance_from)[[branch]].toarray()[0]
    alone = -row[near] / row[far] * state.voltage_pu[near]
    return bool(_is_outside(np.abs(alone)))


@dataclass(frozen=True, slots=True)
class _Taker:
    """What takes most without load: a branch, or the shunts of a node where `branch` is −1."""

    branch: int
    node: int
    kva: float


def _heaviest(network: Network, state: IdleState) -> _Taker:
    branch = int(np.argmax(state.branch_kva)) if len(state.branch_kva) else -1
    at_slack = np.isin(np.arange(network.nodes), network.slack_node)
    node = int(np.argmax(np.where(at_slack, 0.0, state.shunt_kva)))
    if branch < 0 or state.shunt_kva[node] > state.branch_kva[branch]:
        return _Taker(-1, node, float(state.shunt_kva[node]))
    return _Taker(branch, int(network.branches.from_node[branch]), float(state.branch_kva[branch]))


def _taker_name(network: Network, taker: _Taker, names: NetworkNames) -> str:
    if taker.branch < 0:
        return f"shunts of {names.bus} {_bus_at(network, taker.node, 0)}"
    return names.branch[taker.branch]


def _node_kv(network: Network) -> Float:
    """Nominal voltage of each node, (N,), zero where there is no bus."""
    kv = np.zeros(network.nodes)
    kv[network.bus_node] = network.bus_voltage_kv
    return kv


def _is_charged_transmission(network: Network, state: IdleState) -> bool:
    """Whether long lines of transmission raise the voltage, whose generators and compensation are left out.

    Their ratios are as they should be, then, and what takes most is at a transmission voltage.
    """
    if _node_kv(network)[_heaviest(network, state).node] < TRANSMISSION_KV:
        return False
    voltage = ratio_voltage(network, np.ones(len(network.slack_node), dtype=np.bool_))
    return voltage is not None and not _is_outside(np.abs(voltage)).any()


def _bus_at(network: Network, node: int, otherwise: int) -> int:
    """A bus at a node; an open end of a branch has none."""
    rows = np.flatnonzero(network.bus_node == node)
    return int(network.bus_ids[rows[0]]) if len(rows) else otherwise


def _overloaded(
    network: Network, state: IdleState, names: NetworkNames, source: NetworkSource
) -> Iterator[Problem]:
    """The branch that is loaded most, where it carries more than its rating with nothing connected.

    That is no rule for transmission, whose generators are left out, and with them what angles they hold.
    Where a shunt or the capacitance of another branch takes most of that, it is to blame.
    """
    kv, branches = _node_kv(network), network.branches
    is_transmission = np.maximum(kv[branches.from_node], kv[branches.to_node]) >= TRANSMISSION_KV
    loading = np.where(is_transmission, 0.0, state.loading)
    worst = int(np.argmax(loading)) if len(loading) else -1
    if worst < 0 or not loading[worst] > LOADING_MAX:
        return
    carried = f"carries {100 * loading[worst]:,.0f} % of its rating"
    taker = _heaviest(network, state)
    if taker.kva > SHARE_TO_BLAME * state.flow_kva[worst] and taker.branch != worst:
        what = f"takes {taker.kva:,.4g} kVA without load, so that {names.branch[worst]} {carried}"
        yield source.problem(what, field=_taker_name(network, taker, names), remedy=TAKER_REMEDY)
        return
    if len(network.slack_node) > 1:
        remedy = f"check voltages and angles of the supplies: {', '.join(names.supply[:NAMED_MAX])}"
        remedy += ", …" if len(names.supply) > NAMED_MAX else ""
    else:
        remedy = "check its rating, its capacitance, and the ratios, taps and phase shifts of transformers"
    yield source.problem(f"{carried} without load", field=names.branch[worst], remedy=remedy)


def _singular(network: Network, names: NetworkNames, source: NetworkSource) -> Problem:
    """The bus that the equations say nothing of; of several, the one that most branches join."""
    branches = network.branches
    free = np.setdiff1d(np.arange(network.nodes), network.slack_node)
    undetermined = free
    if len(free) <= SINGULAR_NODES_MAX:
        vector = np.abs(np.linalg.svd(network.admittance[free][:, free].toarray())[2][-1])
        undetermined = free[vector >= ALIKE * vector.max()]
    ends = np.concatenate([branches.from_node, branches.to_node])
    node = int(undetermined[np.argmax(np.bincount(ends, minlength=network.nodes)[undetermined])])
    at = np.flatnonzero((branches.from_node == node) | (branches.to_node == node)).tolist()
    listed = ", ".join(names.branch[branch] for branch in at[:NAMED_MAX])
    listed += ", …" if len(at) > NAMED_MAX else ""
    return source.problem(
        "has no voltage without load: what is connected there cancels out",
        field=f"{names.bus} {_bus_at(network, node, 0)}",
        remedy=f"check the impedances and capacitances of {listed}, and shunts",
    )
