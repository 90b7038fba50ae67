"""Compiling a network: from its name or file to a Network, once in a process.

What takes pandapower or OpenDSS, and so seconds, is compiled once on a machine: see `cache`. JSON of
power-grid-model is compiled in the time that an entry of the cache takes to read, and is not kept there.
"""

from functools import lru_cache, partial
from hashlib import sha256
from pathlib import Path

import numpy as np

from gridpact.errors import InvalidCase, Problem
from gridpact.grid.cache import cached
from gridpact.grid.flow.power_flow import bus_voltage_pu, run_power_flow
from gridpact.grid.library_errors import problems_of_libraries
from gridpact.grid.network import Network
from gridpact.grid.network_file import (
    NetworkFile,
    NetworkFormat,
    NetworkText,
    network_text,
    read_network_file,
)
from gridpact.grid.network_model import NetworkModel
from gridpact.grid.opendss.engine import engine_version, needs_engine
from gridpact.grid.opendss.from_opendss import network_from_opendss
from gridpact.grid.opendss.script.script_reader import Script
from gridpact.grid.pandapower.builtin import builtin_net, needs_libraries
from gridpact.grid.power_grid_model.component_labels import component_labels
from gridpact.grid.reading.power_grid_model_records import network_records
from gridpact.grid.shipped.shipped_networks import is_shipped, shipped_network
from gridpact.grid.source import NetworkSource, unused_neutral
from gridpact.grid.verification.verification_flow import run_verification_power_flow

KEPT_NETWORKS = 16
AGREEMENT_PU = 1e-6


def compile_source(source: NetworkSource) -> Network:
    """The network that a source names, ready for clearing.

    A built-in, or the content of a file, is compiled once in a process; the network cannot be written to.

    Args:
        source: a built-in's name, a file with pandapower's or power-grid-model's JSON, or an OpenDSS folder.

    Returns:
        The network, with a verification model that agrees with it without load.

    Raises:
        InvalidCase: the source is unknown, unreadable, not a network, or holds what gridpact cannot carry.
    """
    if not source.is_given:
        remedy = 'add it with builtin or file, as in builtin = "pandapower/cigre_lv"'
        raise InvalidCase([Problem(file="case.toml", field="network", what="is missing", remedy=remedy)])
    if source.compiled is not None:
        return source.compiled
    if source.file is None:
        if problems := unused_neutral(source):
            raise InvalidCase(problems)
        return _compiled_builtin(source.builtin, source.model)
    with problems_of_libraries(source):
        file = read_network_file(source)
    return _compiled_file(file)


def compile_content(content: bytes, name: str, model: NetworkModel) -> Network:
    """The network in the content of a network file that is JSON, and lies nowhere.

    Args:
        content: pandapower's or power-grid-model's JSON.
        name: what it is called in the results, and where something is wrong with it.
        model: how it is modelled.

    Raises:
        InvalidCase: as `compile_source` does.
    """
    source = NetworkSource(file=Path(name), model=model)
    file = NetworkFile(
        name=name,
        sha256=sha256(content).hexdigest(),
        model=source.model,
        neutral=source.neutral,
        source=source,
        content=content,
    )
    with problems_of_libraries(source):
        return _compiled_file(file)


@lru_cache(maxsize=KEPT_NETWORKS)
def _compiled_builtin(name: str, model: NetworkModel = NetworkModel.BALANCED) -> Network:
    source = NetworkSource(builtin=name, model=model)
    if is_shipped(name, model):
        return _checked(shipped_network(name, model), source)
    needs_libraries(source)
    content = f"{model} built-in {name}"
    return cached(content, name, lambda: compile_by_libraries(source), partial(_checked, source=source))


@lru_cache(maxsize=KEPT_NETWORKS)
def _compiled_file(file: NetworkFile) -> Network:
    """The network of a file, compiled or found compiled."""
    source = file.source
    if file.script is not None:
        needs_engine(source)
        made_of = f"{file.model} {file.neutral} {engine_version()} folder {file.sha256}"
        make = partial(_from_opendss, file.script, source)
        return cached(made_of, file.name, make, partial(_checked, source=source))
    with problems_of_libraries(source):
        network = network_text(file)
    if network.format is NetworkFormat.POWER_GRID_MODEL:
        return _from_power_grid_model(network, source)
    if problems := unused_neutral(source):
        raise InvalidCase(problems)
    needs_libraries(source)
    make = partial(_from_pandapower, network.text, source)
    return cached(f"{file.model} file {file.sha256}", file.name, make, partial(_checked, source=source))


def compile_by_libraries(source: NetworkSource) -> Network:
    """A built-in, compiled from what pandapower or SimBench make of it.

    Raises:
        InvalidCase: no built-in has this name, or it cannot be carried exactly in its model.
    """
    from gridpact.grid.pandapower.from_pandapower import network_from_pandapower

    with problems_of_libraries(source):
        net, notices = builtin_net(source)
        return _checked(network_from_pandapower(net, source, notices), source)


def _from_pandapower(text: str, source: NetworkSource) -> Network:
    with problems_of_libraries(source):
        from pandapower import from_json_string

        from gridpact.grid.pandapower.from_pandapower import network_from_pandapower

        return _checked(network_from_pandapower(from_json_string(text, convert=True), source), source)


def _from_opendss(script: Script, source: NetworkSource) -> Network:
    with problems_of_libraries(source):
        return _checked(network_from_opendss(script, source), source)


def _from_power_grid_model(network: NetworkText, source: NetworkSource) -> Network:
    with problems_of_libraries(source):
        from gridpact.grid.power_grid_model.from_power_grid_model import network_from_power_grid_model

        records = network_records(network.json, source)
        labels = component_labels(records.by_component)
        made = network_from_power_grid_model(records.dataset, source, labels, records.notices)
        return _checked(made, source)


def _checked(network: Network, source: NetworkSource) -> Network:
    """The network, after both conversions of it gave the same voltages without load."""
    nothing = np.zeros((1, network.nodes))
    flow = run_power_flow(network, nothing, nothing)
    none = np.zeros((1, 0))
    other = run_verification_power_flow(network.verification_model, np.zeros(0, dtype=np.int64), none, none)
    if not (flow.converged.all() and other.converged.all()):
        raise InvalidCase([source.problem("has no power flow even without load")])
    difference = np.abs(bus_voltage_pu(network, flow) - other.voltage_pu).max()
    if difference > AGREEMENT_PU:
        what = f"is understood in two ways: without load they differ by {difference:.1e} pu"
        raise InvalidCase([source.problem(what, remedy="please report this network")])
    return network
