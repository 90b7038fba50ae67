"""An OpenDSS folder as a Network, by way of power-grid-model's records.

OpenDSS evaluates the script, in a process of its own; what it puts into its equations becomes records of
power-grid-model, from which the network is made, and by which it is verified. In the end the network and
OpenDSS have to agree on the voltages without load.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from gridpact.arrays import Complex
from gridpact.errors import InvalidCase, Problem
from gridpact.grid.flow.power_flow import run_power_flow
from gridpact.grid.network import Network
from gridpact.grid.opendss.circuit import NEUTRAL_NODE, PHASE_NODES, Circuit
from gridpact.grid.opendss.engine import evaluated, needs_engine
from gridpact.grid.opendss.load_connections import Connection, connections
from gridpact.grid.opendss.parts.circuit_records import CircuitRecords
from gridpact.grid.opendss.parts.earthings import Earthings
from gridpact.grid.opendss.parts.lines import add_lines
from gridpact.grid.opendss.parts.placed import Placed
from gridpact.grid.opendss.parts.sources import add_sources
from gridpact.grid.opendss.parts.transformers import add_transformers
from gridpact.grid.opendss.script.script_reader import Script
from gridpact.grid.opendss.voltage_bases import bus_volts, missing_bases
from gridpact.grid.power_grid_model.component_labels import ComponentLabels
from gridpact.grid.power_grid_model.from_power_grid_model import network_from_power_grid_model
from gridpact.grid.reading.power_grid_model_text import input_bytes
from gridpact.grid.source import NetworkSource
from gridpact.units import KV_PER_V, SQRT_3

AGREEMENT_PU = 1e-6
LOADS_NOTICE = "ignored in the network file: {count} load{s}; participants bring their own loads"
UNRATED = "without a rating"
COMPONENT = re.compile(r"^(node|asym_line|transformer|source|shunt) (\d+)")
COMPONENTS = re.compile(r"\b(node|asym_line|transformer|source|shunt) (\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDssNetwork:
    """What an OpenDSS folder holds: records of power-grid-model, and what they were made of."""

    circuit: Circuit
    records: CircuitRecords
    placed: Placed
    connections: tuple[Connection, ...]
    notices: tuple[str, ...]


def read_opendss(script: Script, source: NetworkSource) -> OpenDssNetwork:
    """The records of a script.

    Raises:
        InvalidCase: what is refused of it, by gridpact and by OpenDSS, or OpenDSS is not installed.
    """
    needs_engine(source)
    if not script.is_whole:
        raise InvalidCase(script.problems)
    try:
        circuit = evaluated(script, source)
    except InvalidCase as error:
        raise InvalidCase([*script.problems, *error.problems]) from error
    placed = Placed(script.statements, source.name)
    found, problems = connections(circuit, placed)
    records = CircuitRecords()
    records.add_nodes(circuit, bus_volts(circuit))
    earthings = Earthings(circuit, records, placed)
    add_lines(records, circuit.of_kind("line"), placed)
    add_transformers(records, circuit.of_kind("transformer"), earthings, placed)
    add_sources(records, circuit.of_kind("vsource"), placed)
    problems = [*script.problems, *missing_bases(script, circuit, source), *records.problems, *problems]
    if problems:
        raise InvalidCase(sorted(problems, key=lambda problem: (problem.file, problem.line)))
    notices = [*script.notices, *records.notices]
    if count := sum(each.leads for each in found):
        notices.append(f"{count} of the loads lead: as participants they have a power factor of 1")
    if found:
        notices.append(LOADS_NOTICE.format(count=len(found), s="" if len(found) == 1 else "s"))
    return OpenDssNetwork(
        circuit=circuit,
        records=records,
        placed=placed,
        connections=tuple(found),
        notices=tuple(notices),
    )


def network_from_opendss(script: Script, source: NetworkSource) -> Network:
    """The network of an OpenDSS folder, ready for clearing.

    Args:
        script: what its files say.
        source: where it comes from; its model is three-phase.

    Raises:
        InvalidCase: whatever of it cannot be carried, all at once, each in its file and line.
    """
    read = read_opendss(script, source)
    records = read.records
    names = {index: element.name for index, element in records.element_of.items()}
    names |= {index: name for name, index in records.node_of.items()}
    labels = ComponentLabels(name_of=names, index_of=records.index_of)
    try:
        network = network_from_power_grid_model(records.dataset(), source, labels)
    except InvalidCase as error:
        raise InvalidCase([_named(problem, read) for problem in error.problems]) from error
    notices = [*read.notices, *(each for each in network.notices if not each.startswith(UNRATED))]
    network = replace(network, notices=tuple(notices))
    if problems := list(_disagreements(network, read.circuit, source)):
        raise InvalidCase(problems)
    return network


def opendss_as_json(script: Script, source: NetworkSource) -> bytes:
    """An OpenDSS folder as power-grid-model JSON, with names, and the indices that results call elements by.

    Raises:
        InvalidCase: as `read_opendss`.
    """
    return input_bytes(read_opendss(script, source).records.labelled())


def _named(problem: Problem, read: OpenDssNetwork) -> Problem:
    """A problem of a record as one of the element that it was made of."""
    bus_of = {index: name for name, index in read.records.node_of.items()}

    def named(found: re.Match[str]) -> str:
        index = int(found[2])
        if found[1] == "node":
            return f"bus {bus_of.get(index, index)}"
        element = read.records.element_of.get(index)
        return f"{element.kind.capitalize()}.{element.name}" if element else found[0]

    what, remedy = (COMPONENTS.sub(named, text) for text in (problem.what, problem.remedy))
    head = COMPONENT.match(problem.field)
    element = read.records.element_of.get(int(head[2])) if head else None
    if head is None or element is None:
        return replace(problem, field=COMPONENTS.sub(named, problem.field), what=what, remedy=remedy)
    rest = problem.field[head.end() :].strip()
    return read.placed.problem(element, what, remedy=remedy, field=rest, value=problem.value)


def _disagreements(network: Network, circuit: Circuit, source: NetworkSource) -> Iterator[Problem]:
    """The bus at which the network and OpenDSS differ most without load, where that is too much."""
    nothing = np.zeros((1, network.nodes))
    flow = run_power_flow(network, nothing, nothing)
    if not flow.converged.all():
        return  # which is found where the network is checked
    own = flow.voltage_pu[0, network.bus_nodes]
    place = {name: row for row, name in enumerate(network.bus_names)}
    worst, where = 0.0, ""
    for bus in circuit.buses:
        if bus.name not in place or not set(PHASE_NODES) <= set(bus.nodes):
            continue
        row = place[bus.name]
        base = network.bus_voltage_kv[row] / KV_PER_V / SQRT_3
        difference = float(np.abs(_phases(bus.nodes, bus.idle_v) / base - own[row]).max())
        worst, where = max((worst, where), (difference, bus.name))
    if not worst <= AGREEMENT_PU:
        what = (
            f"is understood in two ways: without load bus {where} is {worst:.1e} pu from where OpenDSS has it"
        )
        yield source.problem(what, remedy="please report this network")


def _phases(nodes: tuple[int, ...], volts: Complex) -> Complex:
    """Voltages of the phases of a bus to its neutral, (3,), V."""
    of = dict(zip(nodes, volts, strict=True))
    return np.array([of[node] - of.get(NEUTRAL_NODE, 0.0) for node in PHASE_NODES])
