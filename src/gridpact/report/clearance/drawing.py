"""Drawing: the network as a tree, and what there is to show of it in every period.

The page holds each array once; its script colours the drawing from them when the slider moves.
"""

from collections.abc import Sequence
from dataclasses import asdict
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridpact.arrays import Float, Int
from gridpact.grid.network import ElementKind, Network
from gridpact.grid.places import places
from gridpact.report.clearance.beyond import Beyond, beyond_limits
from gridpact.report.clearance.phase_states import VIEWS, of_view, phase_states, unbalance_columns
from gridpact.report.pictures.colours import ColourScale, loading_scale, voltage_scale
from gridpact.report.pictures.period_axis import PeriodAxis
from gridpact.report.pictures.period_extremes import Extremes, extremes
from gridpact.report.pictures.traces import shared_layout
from gridpact.report.pictures.tree import Tree, tree
from gridpact.report.shell.numbers import short
from gridpact.report.svg.palette import css
from gridpact.results.clearance import Clearance
from gridpact.results.decimals import rounded
from gridpact.results.stress import stress
from gridpact.results.words.phrases import significant
from gridpact.results.words.place_words import loading_places, unbalance_places, voltage_places

ROW_PX, ROW_PX_MIN, HEIGHT_PX_MAX = 50.0, 10.0, 2400.0
CHARACTER_PX, LABEL_GAP_PX = 8, 18
LABEL_IDS_PER_LINE, LABEL_IDS_MAX = 2, 6
STRESS_OF_NOTE = 0.95
OUTSIDE_NAMED_MAX = 6
BROKEN, BEYOND_BEFORE = "var(--broken)", "var(--before)"
Names = NDArray[Any]


def scales(clearance: Clearance) -> tuple[ColourScale, ColourScale]:
    """The colours of branches and of buses, the same in every period."""
    operation = clearance.operation
    return loading_scale(operation.loading_percent), voltage_scale(operation.voltage_pu)


def _drawn(network: Network, node: Int) -> Int:
    """The place in the drawing of nodes: one for all phases of a node."""
    place: Int = node // len(network.phases)
    return place


def network_drawing(clearance: Clearance, axis: PeriodAxis) -> tuple[dict[str, Any], dict[str, Any]]:
    """The layout of the drawing, and the places, names and values that the page's script fills it with.

    The phases of a bus, or of a branch, are drawn as one, by the worst of them or by one that is chosen.
    """
    network = clearance.network
    ends, nodes_drawn, place = _ends(network), _count(network), _drawn(network, network.bus_node)
    drawn = tree(nodes_drawn, *ends, np.unique(_drawn(network, network.slack_node)))
    buses_of = [np.flatnonzero(place == node) for node in range(nodes_drawn)]
    first_bus = np.array([buses[0] if len(buses) else -1 for buses in buses_of], dtype=np.int64)
    broken, before = beyond_limits(clearance)
    loading, voltage = scales(clearance)
    nodes = _nodes(network, drawn, buses_of)
    states = {
        "start": start_period(clearance),
        "labels": list(axis.labels),
        "facts": _facts(clearance, broken, before),
        "nodes": nodes,
        "branches": _branches(network, drawn),
        "participants": _participants(clearance),
        **_values(clearance, first_bus),
        **_marks(clearance, broken, before),
        "brokenColour": BROKEN,
        "beforeColour": BEYOND_BEFORE,
        "voltageScale": _scale(voltage),
        "loadingScale": _scale(loading),
    }
    if network.is_three_phase:
        nodes["bus"], nodes["unbalance"] = first_bus.tolist(), unbalance_columns(clearance, first_bus)
        views = {
            view: _marks(clearance, of_view(clearance, broken, view), of_view(clearance, before, view))
            for view in VIEWS
        }
        states["byPhase"] = {**phase_states(clearance), "beyond": views}
    return _layout(drawn, nodes["label"]), states


def _ends(network: Network) -> tuple[Int, Int]:
    """The places of both ends of every branch, whose phases follow one another."""
    branches, count = network.branches, len(network.phases)
    from_place, to_place = (_drawn(network, node) for node in (branches.from_node, branches.to_node))
    return from_place[::count], to_place[::count]


def _count(network: Network) -> int:
    """How many nodes are drawn."""
    return network.nodes // len(network.phases)


def _scale(scale: ColourScale) -> dict[str, Any]:
    """A scale with its colours as the style sheet has them."""
    return {**asdict(scale), "colours": [css(colour) for colour in scale.colours]}


def start_period(clearance: Clearance) -> int:
    """The period to look at first.

    The first without a power-flow solution, or else the one nearest to a limit, or where none is near, the
    one with most cleared.
    """
    operation, limits = clearance.operation, clearance.nominal_limits
    if not operation.converged.all():
        return int(operation.converged.argmin())
    worst = np.hstack(stress(operation, limits)).max(axis=1)
    if worst.max() >= STRESS_OF_NOTE:
        return int(worst.argmax())
    cleared_kw = clearance.dispatch.p2p_sold_kw.sum(axis=1)
    return int((cleared_kw if cleared_kw.any() else worst).argmax())


def _values(clearance: Clearance, first_bus: Int) -> dict[str, Any]:
    """The voltage of each node and the loading of each element; the page finds those of a chosen phase."""
    if clearance.network.is_three_phase:
        return {}
    operation = clearance.operation
    return {
        "voltage": short(np.where(first_bus >= 0, operation.voltage_pu[:, first_bus], np.nan)),
        "loading": short(operation.loading_percent),
    }


def _marks(clearance: Clearance, broken: Beyond, before: Beyond) -> dict[str, list[list[int]]]:
    """The nodes and elements beyond limits in each period, by what broke them."""
    found, network = places(clearance.network), clearance.network
    place = _drawn(network, network.bus_node)
    marks = {}
    for name, beyond in (("outside", broken), ("before", before)):
        marks[f"{name}Nodes"] = [
            np.unique(place[np.append(found.voltage_bus[voltage], found.unbalance_bus[unbalance])]).tolist()
            for voltage, unbalance in zip(beyond.voltage, beyond.unbalance, strict=True)
        ]
        marks[f"{name}Elements"] = [np.unique(found.loading_element[row]).tolist() for row in beyond.loading]
    return marks


def _facts(clearance: Clearance, broken: Beyond, before: Beyond) -> list[str]:
    """What the drawing shows in each period, in words."""
    operation, network, offers = clearance.operation, clearance.network, clearance.offers
    periods = clearance.case.horizon.periods
    proposed_kw = np.bincount(offers.period, weights=offers.proposed_kw, minlength=periods)
    cleared_kw = clearance.dispatch.p2p_sold_kw.sum(axis=1)
    names = voltage_places(network), loading_places(network), unbalance_places(network)
    voltage = extremes(operation.voltage_pu, names[0])
    highest = _highest(clearance, *names[1:])
    facts = []
    for period in range(periods):
        said = [f"{cleared_kw[period]:.3f} kW of {proposed_kw[period]:.3f} kW proposed cleared"]
        if not operation.converged[period]:
            said.append("the network has no power-flow solution in this period")
        else:
            said.append(
                f"voltage from {voltage.low[period]:.4f} pu at {voltage.lowest[period]} "
                f"to {voltage.high[period]:.4f} pu at {voltage.highest[period]}"
            )
            for words, found in highest.items():
                said.append(f"{words} {significant(found.high[period])} % at {found.highest[period]}")
        for words, beyond in (
            ("broken by the dispatch", broken),
            ("already beyond its limit before any trade", before),
        ):
            flags = (beyond.voltage[period], beyond.loading[period], beyond.unbalance[period])
            named = [name for each, flag in zip(names, flags, strict=True) for name in each[flag]]
            if named:
                rest = len(named) - OUTSIDE_NAMED_MAX
                more = f" and {rest} more" if rest > 0 else ""
                said.append(f"{words}: {', '.join(named[:OUTSIDE_NAMED_MAX])}{more}")
        facts.append("; ".join(said) + ".")
    return facts


def _highest(clearance: Clearance, loadings: Names, unbalances: Names) -> dict[str, Extremes]:
    """The extremes of loadings, and on three phases of neutrals and unbalances, by what they are called."""
    operation, is_neutral = clearance.operation, places(clearance.network).is_neutral
    parts = {
        "highest loading": (operation.loading_percent[:, ~is_neutral], loadings[~is_neutral]),
        "highest neutral loading": (rounded(operation.loading_percent[:, is_neutral]), loadings[is_neutral]),
        "highest unbalance": (rounded(operation.unbalance_percent), unbalances),
    }
    return {words: extremes(values, names) for words, (values, names) in parts.items() if len(names)}


def _nodes(network: Network, drawn: Tree, buses_of: list[Int]) -> dict[str, Any]:
    """Each node's place, label, title and whether it is a supply or a leaf."""
    parents = np.concatenate(_ends(network))
    is_supply = np.isin(np.arange(_count(network)), _drawn(network, network.slack_node))
    is_root = drawn.parent_branch < 0
    is_leaf = (np.bincount(parents, minlength=_count(network)) <= 1) & ~is_root
    return {
        "x": drawn.depth.tolist(),
        "y": drawn.row.tolist(),
        "label": [_label(network.bus_ids[buses]) for buses in buses_of],
        "title": [_title(network, buses) for buses in buses_of],
        "supply": is_supply.astype(int).tolist(),
        "side": np.where(is_root, "root", np.where(is_leaf, "leaf", "between")).tolist(),
    }


def _branches(network: Network, drawn: Tree) -> dict[str, Any]:
    """Each branch's path, rated element, title, and whether it closes a loop or is a transformer."""
    elements, (from_place, to_place) = network.elements, _ends(network)
    element_of = network.branches.element[:: len(network.phases)]
    paths = [
        drawn.path(start, end, is_loop=not in_tree)
        for start, end, in_tree in zip(
            from_place.tolist(), to_place.tolist(), drawn.in_tree.tolist(), strict=True
        )
    ]
    is_transformer = np.array([*(kind is ElementKind.TRANSFORMER for kind in elements.kind), False])
    names = [*_element_names(network), "connection without a rating"]
    own_names = [*elements.name, ""]
    return {
        "x": [np.round(depth, 2).tolist() for depth, _ in paths],
        "y": [np.round(row, 2).tolist() for _, row in paths],
        "element": element_of.tolist(),
        "title": [_named(names[element], own_names[element]) for element in element_of],
        "loop": (~drawn.in_tree).astype(int).tolist(),
        "transformer": is_transformer[element_of].astype(int).tolist(),
    }


def _participants(clearance: Clearance) -> dict[str, Any]:
    """Each participant's node and name, and its power over time; 0 in place of a series of zeros."""
    dispatch = clearance.dispatch
    return {
        "node": _drawn(clearance.network, clearance.network.bus_node[clearance.bus_position]).tolist(),
        "name": [escape(name) for name in _participant_names(clearance)],
        "load": _series(dispatch.load_kw),
        "generation": _series(dispatch.generation_kw),
        "sold": _series(dispatch.p2p_sold_kw),
        "bought": _series(dispatch.p2p_bought_kw),
    }


def _participant_names(clearance: Clearance) -> Sequence[str]:
    """What participants are called: by their ids, and on three phases by what they are connected to too."""
    people = clearance.case.participants
    if not clearance.network.is_three_phase:
        return people.ids
    return [
        f"{each}, {'phase' if len(phases) == 1 else 'phases'} {phases}"
        for each, phases in zip(people.ids, people.phases, strict=True)
    ]


def _series(kw: Float) -> list[Any]:
    """Powers by participant, (T, P) to P lists; 0 in place of one that is zero throughout."""
    return [column if any(column) else 0 for column in short(kw.T)]


def _element_names(network: Network) -> np.ndarray:
    """Kind and index of each rated element, (E,)."""
    elements = network.elements
    names = [f"{kind} {element}" for kind, element in zip(elements.kind, elements.id, strict=True)]
    return np.array(names, dtype=object)


def _label(bus_ids: Int) -> str:
    """The bus ids of a node, a few to a line."""
    ids = [str(bus) for bus in bus_ids[:LABEL_IDS_MAX]]
    if len(bus_ids) > LABEL_IDS_MAX:
        ids[-1] = "…"
    lines = [ids[at : at + LABEL_IDS_PER_LINE] for at in range(0, len(ids), LABEL_IDS_PER_LINE)]
    return ",<br>".join(", ".join(line) for line in lines)


def _title(network: Network, buses: Int) -> str:
    """The buses of a node with their names, for hovering; inside a transformer there may be none."""
    return (
        "<br>".join(_named(f"bus {network.bus_ids[bus]}", network.bus_names[bus]) for bus in buses)
        or "no bus"
    )


def _named(name: str, own_name: str) -> str:
    """What something is called, with the name that the network gives it."""
    return escape(f"{name} ({own_name})" if own_name else name)


def _layout(drawn: Tree, labels: Sequence[str]) -> dict[str, Any]:
    """A layout with room for every row, and at the left for the labels of the supplies."""
    row_px = max(ROW_PX_MIN, min(ROW_PX, HEIGHT_PX_MAX / drawn.rows))
    roots = np.flatnonzero(drawn.parent_branch < 0)
    characters = max(len(line) for node in roots for line in labels[int(node)].split("<br>"))
    hidden = {"visible": False, "fixedrange": True, "zeroline": False}
    return shared_layout(
        height=round(drawn.rows * row_px + 60.0),
        hovermode="closest",
        hoverdistance=30,
        showlegend=False,
        margin={"l": characters * CHARACTER_PX + LABEL_GAP_PX, "r": 24, "t": 16, "b": 16},
        xaxis={**hidden, "range": [-0.2, max(float(drawn.depth.max()), 1.0) + 0.2]},
        yaxis={**hidden, "range": [drawn.rows - 0.4, -0.6]},
    )
