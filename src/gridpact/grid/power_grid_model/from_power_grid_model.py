"""power-grid-model input as a Network, with admittances worked out here.

Every branch is, in pu of the rated voltages of its nodes, as power-grid-model documents it ("Components"):

    from ──┤ k·e^{jθ} : 1 ├──┬── series ──┬── to
                         shunt/2       shunt/2

A branch that is open at one end gets a node of its own there, and so does a source, behind its impedance; a
source of 10¹⁵ VA or more, whose impedance takes less than 10⁻⁹ pu from low-voltage powers, holds its node.
Nodes that a closed link joins are one node: power-grid-model gives a link 10⁸·(1 + j) pu of 1 MVA, which
carries low-voltage powers at less than 10⁻⁸ pu.
"""

from collections.abc import Iterable, Mapping, Set
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array, diags_array
from scipy.sparse.csgraph import connected_components

from gridpact.arrays import Bool, Complex, Int, frozen
from gridpact.errors import InvalidCase, Problem
from gridpact.grid.flow.dc_model import susceptance_kw
from gridpact.grid.immutable import frozen_csr, frozen_dataset
from gridpact.grid.network import Branches, ElementKind, Elements, Network
from gridpact.grid.plausibility.gathered import gathered
from gridpact.grid.plausibility.idle_problems import idle_problems
from gridpact.grid.plausibility.network_names import NetworkNames
from gridpact.grid.plausibility.power_grid_model_units import power_grid_model_unit_slips
from gridpact.grid.plausibility.power_grid_model_voltages import (
    power_grid_model_voltages,
    three_winding_voltages,
)
from gridpact.grid.plausibility.unit_slip import slip_problems
from gridpact.grid.plausibility.voltage_problems import voltage_problems
from gridpact.grid.power_grid_model.component_labels import ComponentLabels
from gridpact.grid.power_grid_model.conductor_matrices import comparable_conductors
from gridpact.grid.power_grid_model.pi_branches import BASE_VA, SOURCE, PiBranches, pi_branches
from gridpact.grid.power_grid_model.power_grid_model_zero_sequence_problems import (
    in_service,
    zero_sequence_problems,
)
from gridpact.grid.power_grid_model.three_phases import with_three_phases
from gridpact.grid.reading.power_grid_model_records import carried_components, refused_branches
from gridpact.grid.reading.transformer_values import (
    comparable_transformers,
    impossible_transformers,
    rounded_transformers,
)
from gridpact.grid.source import NetworkSource
from gridpact.grid.verification.verification_model import VerificationModel
from gridpact.units import KVA_PER_VA, SQRT_3

Dataset = Mapping[str, NDArray[np.void]]
Scalar = TypeVar("Scalar", np.float64, np.int64)

U_REF_MIN_PU, U_REF_MAX_PU = 0.5, 1.5
SAME_VOLTAGE_PU = 1e-9
NOT_MODELLED = (
    "which gridpact does not model",
    "take them out of service or replace them by an equivalent",
)
REFUSED_WORDS = {
    ("asym_line", False): (
        "which a balanced network has no place for",
        "set model = 'three-phase', or replace them by lines",
    ),
    ("generic_branch", True): (
        "which have no zero sequence",
        "replace them by lines and transformers, or set model = 'balanced'",
    ),
}
JOINS = "a link joins two nodes without an impedance"
NO_LABELS = ComponentLabels()


def network_from_power_grid_model(
    dataset: Dataset,
    source: NetworkSource,
    labels: ComponentLabels = NO_LABELS,
    notices: tuple[str, ...] = (),
) -> Network:
    """power-grid-model input, ready for clearing; bus ids are its node ids.

    Args:
        dataset: input dataset, row based.
        source: where it comes from, for its name and for problems.
        labels: names of its components, and the indices that its lines and transformers are called by.
        notices: what is already to be said about it.

    Returns:
        The network; its verification model is the input itself without loads.

    Raises:
        InvalidCase: what power-grid-model calls invalid or gridpact cannot carry, all at once.
    """
    carried = {
        name: np.array(dataset[name])
        for name in carried_components(source)
        if name in dataset and len(dataset[name])
    }
    if source.is_three_phase:
        carried = in_service(carried)
    carried, rounded = rounded_transformers(carried)
    if "node" in carried:
        carried["node"] = carried["node"][np.argsort(carried["node"]["id"], kind="stable")]
    implausible = [
        *_implausible(dataset, carried, source),
        *(zero_sequence_problems(carried, source) if source.is_three_phase else ()),
    ]
    known = {" ".join(problem.field.split()[:2]) for problem in implausible}
    problems = [*_refused(dataset, source), *implausible, *_invalid(carried, known, source)]
    if problems:
        raise InvalidCase(gathered(problems))
    pi = pi_branches(carried, source.neutral)
    problems = [*_not_finite(carried, pi, source), *labels.problems(pi, source)]
    if problems:
        raise InvalidCase(problems)
    label, supplied = _joined_nodes(carried, pi)
    if not supplied.any():
        raise InvalidCase([source.problem("has no supply: no source is in service")])
    problems = [*_unlike_supplies(carried, pi, label, source)]
    if problems:
        raise InvalidCase(problems)
    node = np.full(len(label), -1)
    node[supplied] = np.unique(label[supplied], return_inverse=True)[1]
    network = _network(carried, pi, node, labels, source.name, (*notices, *rounded, *_unrated(pi)))
    if problems := [*idle_problems(network, _names(carried, pi, node), source)]:
        raise InvalidCase(problems)
    if not source.is_three_phase:
        return network
    live, _, _, nodes = _ends(carried, pi, node)
    shunt_zero = _shunt_admittance(carried, node, nodes, "0")
    return with_three_phases(network, carried, pi, live & ~pi.is_ideal, shunt_zero, source.neutral)


def _names(carried: Dataset, pi: PiBranches, node: Int) -> NetworkNames:
    """What the input calls each branch and each supply of its network."""
    live, from_node, _, _ = _ends(carried, pi, node)
    component = {int(index): name for name, part in carried.items() for index in part["id"]}
    names = np.array([f"{component[index]} {index}" for index in pi.id.tolist()], dtype=object)
    held = np.flatnonzero((pi.kind == SOURCE) & live)
    supplies = held[np.unique(from_node[held], return_index=True)[1]]
    return NetworkNames(bus="node", branch=tuple(names[live & ~pi.is_ideal]), supply=tuple(names[supplies]))


def _network(
    carried: Dataset,
    pi: PiBranches,
    node: Int,
    labels: ComponentLabels,
    name: str,
    notices: tuple[str, ...],
) -> Network:
    """Assembles the network; `node` is that of each row of the node table, −1 where not supplied."""
    live, from_node, to_node, nodes = _ends(carried, pi, node)
    slack_node, slack_voltage_pu = _supplies(pi, live, from_node)
    live &= ~pi.is_ideal
    pi, from_node, to_node = pi.rows(live), from_node[live], to_node[live]
    admittance_from, admittance_to = _end_admittances(pi, from_node, to_node, nodes)
    to_bus = csr_array(_incidence(from_node, nodes).T @ admittance_from)
    admittance = to_bus + _incidence(to_node, nodes).T @ admittance_to
    rated_v = carried["node"]["u_rated"]
    ids, supplied = carried["node"]["id"], node >= 0
    element = np.where(pi.kind >= 0, np.cumsum(pi.kind >= 0) - 1, -1)
    elements = pi.rows(pi.kind >= 0)
    base_from, base_to = (SQRT_3 * KVA_PER_VA * _at(ids, rated_v, end) for end in (pi.from_id, pi.to_id))
    series_ohm = 1 / pi.series
    return Network(
        name=name,
        bus_ids=frozen(ids[supplied], np.int64),
        bus_names=labels.names(ids[supplied]),
        bus_node=frozen(node[supplied], np.int64),
        bus_voltage_kv=frozen(rated_v[supplied] / 1e3, np.float64),
        slack_node=frozen(slack_node, np.int64),
        slack_voltage_pu=frozen(slack_voltage_pu, np.complex128),
        admittance=frozen_csr(admittance + diags_array(_shunt_admittance(carried, node, nodes))),
        branches=Branches(
            from_node=frozen(from_node, np.int64),
            to_node=frozen(to_node, np.int64),
            admittance_from=frozen_csr(admittance_from),
            admittance_to=frozen_csr(admittance_to),
            rating_from_kva=frozen(base_from * pi.rating_from_a, np.float64),
            rating_to_kva=frozen(base_to * pi.rating_to_a, np.float64),
            element=frozen(element, np.int64),
            susceptance_kw=susceptance_kw(series_ohm.real, series_ohm.imag),
        ),
        elements=Elements(
            kind=tuple(tuple(ElementKind)[kind] for kind in elements.kind),
            id=frozen(labels.indices(elements.id), np.int64),
            name=labels.names(elements.id),
        ),
        out_of_service_bus_ids=frozen(np.zeros(0), np.int64),
        islanded_bus_ids=frozen(ids[~supplied], np.int64),
        verification_model=VerificationModel(
            dataset=frozen_dataset(carried),
            bus_component_id=frozen(ids[supplied], np.int64),
            element_component_id=frozen(elements.id, np.int64),
            rating_from_a=frozen(elements.rating_from_a, np.float64),
            rating_to_a=frozen(elements.rating_to_a, np.float64),
        ),
        notices=notices,
        islanded_bus_names=labels.names(ids[~supplied]),
    )


def _ends(carried: Dataset, pi: PiBranches, node: Int) -> tuple[Bool, Int, Int, int]:
    """Which branches a supply reaches, their two nodes, and the number of nodes.

    An open end, and the far end of a source with an impedance, is a new node after those of the buses.
    """
    ids = carried["node"]["id"]
    at_from = np.where(pi.closed_from, _at(ids, node, pi.from_id), -1)
    at_to = np.where(pi.closed_to, _at(ids, node, pi.to_id), -1)
    at_from = np.where(pi.is_ideal, at_to, at_from)
    live = (at_from >= 0) | (at_to >= 0)
    nodes = int(node.max()) + 1
    for at in (at_from, at_to):
        new = live & (at < 0)
        at[new] = nodes + np.arange(new.sum())
        nodes += int(new.sum())
    return live, at_from, at_to, nodes


def _supplies(pi: PiBranches, live: Bool, from_node: Int) -> tuple[Int, Complex]:
    """Nodes held by a supply, ascending, and the voltage that each holds."""
    held = np.flatnonzero((pi.kind == SOURCE) & live)
    node, first = np.unique(from_node[held], return_index=True)
    return node, pi.held_voltage_pu[held[first]]


def _end_admittances(pi: PiBranches, from_node: Int, to_node: Int, nodes: int) -> tuple[csr_array, csr_array]:
    to_to = pi.series + pi.shunt / 2
    from_from = to_to / np.abs(pi.ratio) ** 2
    at_from, at_to = _incidence(from_node, nodes), _incidence(to_node, nodes)
    into_from = diags_array(from_from) @ at_from - diags_array(pi.series / pi.ratio.conj()) @ at_to
    into_to = diags_array(to_to) @ at_to - diags_array(pi.series / pi.ratio) @ at_from
    return csr_array(into_from), csr_array(into_to)


def _incidence(node: Int, nodes: int) -> csr_array:
    rows = np.arange(len(node))
    return csr_array((np.ones(len(node)), (rows, node)), shape=(len(node), nodes))


def _shunt_admittance(carried: Dataset, node: Int, nodes: int, sequence: str = "1") -> Complex:
    """Shunt admittance of a sequence at each node in pu of 1 kVA, (nodes,)."""
    total = np.zeros(nodes, dtype=np.complex128)
    if "shunt" in carried:
        shunt = carried["shunt"]
        ids, rated_v = carried["node"]["id"], carried["node"]["u_rated"]
        at = _at(ids, node, shunt["node"])
        siemens = (shunt[f"g{sequence}"] + 1j * shunt[f"b{sequence}"]) * (shunt["status"] == 1)
        np.add.at(total, at[at >= 0], (siemens * _at(ids, rated_v, shunt["node"]) ** 2 / BASE_VA)[at >= 0])
    return total


def _joined_nodes(carried: Dataset, pi: PiBranches) -> tuple[Int, Bool]:
    """For each row of the node table, which rows are one node with it, and whether a source reaches it."""
    ids = carried["node"]["id"]
    links = np.zeros((2, 0), dtype=np.int64)
    if "link" in carried:
        link = carried["link"]
        closed = link[(link["from_status"] == 1) & (link["to_status"] == 1)]
        links = np.searchsorted(ids, np.stack([closed["from_node"], closed["to_node"]]))
    through = pi.closed_from & pi.closed_to
    carries = np.searchsorted(ids, np.stack([pi.from_id[through], pi.to_id[through]]))
    label = _components(links, len(ids))
    island = _components(np.hstack([links, carries]), len(ids))
    sources = np.searchsorted(ids, pi.to_id[(pi.kind == SOURCE) & pi.closed_to])
    return label, np.isin(island, island[sources])


def _components(pairs: Int, count: int) -> Int:
    graph = coo_array((np.ones(pairs.shape[1]), (pairs[0], pairs[1])), shape=(count, count))
    label: Int = connected_components(graph, directed=False)[1].astype(np.int64)
    return label


def _at(ids: NDArray[np.int32], values: NDArray[Scalar], wanted: Int) -> NDArray[Scalar]:
    """The value of each wanted id, where `ids` ascend."""
    return values[np.searchsorted(ids, wanted)]


def _refused(dataset: Dataset, source: NetworkSource) -> Iterable[Problem]:
    for name, statuses in refused_branches(source).items():
        if name not in dataset:
            continue
        rows = dataset[name]
        active = np.any([rows[status] == 1 for status in statuses], axis=0)
        if active.any():
            what, remedy = REFUSED_WORDS.get((name, source.is_three_phase), NOT_MODELLED)
            yield source.problem(f"holds {active.sum()} in service, {what}", field=name, remedy=remedy)
    for name in ("node", "source"):
        if name not in dataset or not len(dataset[name]):
            yield source.problem(f"holds no {name}")


def _implausible(dataset: Dataset, carried: Dataset, source: NetworkSource) -> Iterable[Problem]:
    """Values that validation lets pass, or would call wrong without a word on what is likely to be right."""
    if "node" not in carried:
        return
    yield from voltage_problems(three_winding_voltages(dataset), source)
    ids = carried["node"]["id"]
    ends = [
        part[end]
        for part in carried.values()
        for end in ("node", "from_node", "to_node")
        if end in (part.dtype.names or ())
    ]
    if not np.isin(np.concatenate([ids[:0], *ends]), ids).all():  # which validation finds
        return
    if "source" in carried:
        yield from _wrong_units(carried, source)
    yield from slip_problems(power_grid_model_unit_slips(carried), source)
    yield from voltage_problems(power_grid_model_voltages(carried), source)


def _invalid(carried: Dataset, known: Set[str], source: NetworkSource) -> Iterable[Problem]:
    """What power-grid-model's own validation finds, but on elements of which a problem is known."""
    from power_grid_model import CalculationType
    from power_grid_model.validation import validate_input_data

    for problem in impossible_transformers(carried, source):
        if " ".join(problem.field.split()[:2]) not in known:
            yield problem
    found = validate_input_data(
        comparable_conductors(comparable_transformers(carried)),
        calculation_type=CalculationType.power_flow,
        symmetric=not source.is_three_phase,
    )
    for error in found or ():
        component = getattr(error.component, "value", error.component)
        if all(f"{component} {index}" in known for index in error.ids or [""]):
            continue
        ids = ", ".join(str(index) for index in (error.ids or [])[:5])
        what = f"{error} (ids {ids})" if ids else str(error)
        yield source.problem(what, remedy=JOINS if error.field == ["r1", "x1"] else "")


def _wrong_units(carried: Dataset, source: NetworkSource) -> Iterable[Problem]:
    """Voltages of supplies so far off that they must be in another unit, which validation lets pass."""
    active = carried["source"][carried["source"]["status"] == 1]
    for row in active[(active["u_ref"] < U_REF_MIN_PU) | (active["u_ref"] > U_REF_MAX_PU)]:
        yield source.problem(
            f"is not from {U_REF_MIN_PU:g} to {U_REF_MAX_PU:g}",
            field=f"source {row['id']} u_ref",
            value=f"{row['u_ref']:g}",
            remedy="write it in pu of nominal; is the value in volts?",
        )


def _not_finite(carried: Dataset, pi: PiBranches, source: NetworkSource) -> Iterable[Problem]:
    """Values that validation lets be absent, or be zero, and power-grid-model then cannot calculate with."""
    good = np.isfinite(pi.series) & np.isfinite(pi.shunt) & np.isfinite(pi.ratio) & (pi.series != 0)
    names = {int(index): name for name, part in carried.items() for index in part["id"]}
    for index in pi.id[~good & (pi.closed_from | pi.closed_to)].tolist():
        yield source.problem(
            "lacks a value or has no impedance", field=f"{names[index]} {index}", remedy=JOINS
        )
    if "shunt" in carried:
        shunt = carried["shunt"]
        for index in shunt["id"][~np.isfinite(shunt["g1"] + shunt["b1"])].tolist():
            yield source.problem("lacks g1 or b1", field=f"shunt {index}")


def _unlike_supplies(
    carried: Dataset, pi: PiBranches, label: Int, source: NetworkSource
) -> Iterable[Problem]:
    """Supplies without impedance that hold the same node at two voltages."""
    held = np.flatnonzero(pi.is_ideal & pi.closed_to)
    at = _at(carried["node"]["id"], label, pi.to_id[held])
    _, first, inverse = np.unique(at, return_index=True, return_inverse=True)
    other = held[first[inverse]]
    unlike = np.abs(pi.held_voltage_pu[held] - pi.held_voltage_pu[other]) > SAME_VOLTAGE_PU
    for row, beside in zip(held[unlike].tolist(), other[unlike].tolist(), strict=True):
        what = f"holds node {pi.to_id[row]} at another voltage than source {pi.id[beside]}"
        remedy = "give both the same u_ref and u_ref_angle, or an sk of what the grid has"
        yield source.problem(what, field=f"source {pi.id[row]}", remedy=remedy)


def _unrated(pi: PiBranches) -> tuple[str, ...]:
    """Sources are never rated; lines and generic branches may lack a rating."""
    unrated = np.isinf(pi.rating_from_a) & (pi.kind != SOURCE)
    if not unrated.any():
        return ()
    named = ", ".join(str(index) for index in pi.id[unrated][:5]) + (", …" if unrated.sum() > 5 else "")
    count = f"{unrated.sum()} branch{'es' if unrated.sum() != 1 else ''}"
    return (f"without a rating, and so never overloaded: {count} ({named})",)
