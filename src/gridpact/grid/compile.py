"""Compiling a network: from its name or file to a Network, once in a process."""

import json
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from gridpact.errors import InvalidCase
from gridpact.grid.builtin import builtin_net
from gridpact.grid.network import Network
from gridpact.grid.power_flow import bus_voltage_pu, run_power_flow
from gridpact.grid.source import NetworkSource
from gridpact.grid.verification import run_verification_power_flow

KEPT_NETWORKS = 16
AGREEMENT_PU = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class _NetworkFile:
    """A network file that was read; equal to another with the same name and content."""

    name: str
    sha256: str
    content: bytes = field(compare=False, repr=False)


def compile_source(source: NetworkSource) -> Network:
    """The network that a source names, ready for clearing.

    A built-in, or the content of a file, is compiled once in a process; the network cannot be written to.

    Args:
        source: a built-in's name, or a file with pandapower's or power-grid-model's JSON.

    Returns:
        The network, with a verification model that agrees with it without load.

    Raises:
        InvalidCase: the source is unknown, unreadable, not a network, or holds what gridpact cannot carry.
    """
    if source.file is None:
        return _compiled_builtin(source.builtin)
    try:
        content = source.file.read_bytes()
    except OSError as error:
        reason = (
            "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be read: {error.strerror}"
        )
        raise InvalidCase([source.problem(reason)]) from error
    digest = sha256(content).hexdigest()
    return _compiled_file(_NetworkFile(name=source.file.name, sha256=digest, content=content))


@lru_cache(maxsize=KEPT_NETWORKS)
def _compiled_builtin(name: str) -> Network:
    from gridpact.grid.from_pandapower import network_from_pandapower

    source = NetworkSource(builtin=name)
    with _problems_of_libraries(source):
        net, notices = builtin_net(source)
        return _checked(network_from_pandapower(net, source, notices), source)


@lru_cache(maxsize=KEPT_NETWORKS)
def _compiled_file(file: _NetworkFile) -> Network:
    source = NetworkSource(file=Path(file.name))
    with _problems_of_libraries(source):
        return _checked(_parsed(file, source), source)


def _parsed(file: _NetworkFile, source: NetworkSource) -> Network:
    """Recognises the format by its content: both are JSON, with marks of their own."""
    from gridpact.grid.from_pandapower import network_from_pandapower
    from gridpact.grid.from_power_grid_model import network_from_power_grid_model

    text, content = _json(file, source)
    if _is_pandapower(content):
        from pandapower import from_json_string

        return network_from_pandapower(from_json_string(text, convert=True), source)
    if _is_power_grid_model(content):
        from power_grid_model.utils import json_deserialize

        return network_from_power_grid_model(json_deserialize(text), source)
    remedy = "JSON written by pandapower.to_json, or input written by power-grid-model"
    raise InvalidCase([source.problem("is not a network of a known format", remedy=remedy)])


def _json(file: _NetworkFile, source: NetworkSource) -> tuple[str, Any]:
    """Text of a network file, and what it holds."""
    remedy = "give JSON written by pandapower.to_json, or input written by power-grid-model"
    try:
        text = file.content.decode("utf-8")
        return text, json.loads(text)
    except UnicodeDecodeError as error:
        raise InvalidCase([source.problem("is not UTF-8 text", remedy=remedy)]) from error
    except json.JSONDecodeError as error:
        what = f"is not JSON: {error.msg} in line {error.lineno}"
        raise InvalidCase([source.problem(what, remedy=remedy)]) from error


def _is_pandapower(content: Any) -> bool:
    return isinstance(content, Mapping) and content.get("_class") == "pandapowerNet"


def _is_power_grid_model(content: Any) -> bool:
    if not isinstance(content, Mapping) or not isinstance(content.get("data"), Mapping):
        return False
    return content.get("type") == "input" and not content.get("is_batch", False)


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


@contextmanager
def _problems_of_libraries(source: NetworkSource) -> Iterator[None]:
    """Turns what the network libraries raise on bad input into a problem of the source.

    A file can hold anything, and they check little of it before they use it, so the list is long; it is the
    only place that has one.
    """
    from pandapower.auxiliary import ppException
    from pandapower.io_utils import DeserializationNotAllowed

    errors = (
        ArithmeticError,
        AttributeError,
        DeserializationNotAllowed,
        ImportError,
        LookupError,
        NotImplementedError,
        OSError,
        RuntimeError,  # power-grid-model's errors, scipy's singular matrices, too deep nesting
        TypeError,
        UserWarning,
        ValueError,  # numpy's and JSON's errors too
        ppException,
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except errors as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise InvalidCase([source.problem("cannot be used as a network", remedy=reason)]) from error
