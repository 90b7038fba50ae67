"""NetworkFile: a network file that was read, and which of the known formats it has."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Any

from gridpact.errors import InvalidCase
from gridpact.grid.reading.json_text import json_text
from gridpact.grid.source import NetworkSource

OLD_TABLES = ("bus", "line", "ext_grid")
FORMATS = "JSON written by pandapower.to_json, or input written by power-grid-model"


class NetworkFormat(StrEnum):
    """The formats of network files: both are JSON, with marks of their own."""

    PANDAPOWER = "pandapower"
    POWER_GRID_MODEL = "power-grid-model"


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkFile:
    """A network file that was read; equal to another with the same name and content, wherever they lie."""

    name: str
    sha256: str
    source: NetworkSource = field(compare=False)
    content: bytes = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkText:
    """The content of a network file as text, what its JSON holds, and its format."""

    text: str
    json: Any
    format: NetworkFormat


def read_network_file(source: NetworkSource) -> NetworkFile:
    """The file that a source names.

    Raises:
        InvalidCase: it cannot be read.
    """
    if source.file is None:
        raise ValueError(f"the built-in network {source.builtin} is no file")
    try:
        content = source.file.read_bytes()
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        what = "does not exist" if missing else f"cannot be read: {error.strerror}"
        raise InvalidCase([source.problem(what)]) from error
    digest = sha256(content).hexdigest()
    return NetworkFile(name=source.name, sha256=digest, source=source, content=content)


def network_text(file: NetworkFile) -> NetworkText:
    """What a network file says, its format recognised by its content.

    Raises:
        InvalidCase: it is not text, not JSON, or of no known format.
    """
    text = json_text(file.content, file.source, FORMATS)
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        what = f"is not JSON: {error.msg} in line {error.lineno}"
        raise InvalidCase([file.source.problem(what, remedy=f"give {FORMATS}")]) from error
    if _is_pandapower(content):
        return NetworkText(text=text, json=content, format=NetworkFormat.PANDAPOWER)
    if _is_power_grid_model(content):
        return NetworkText(text=text, json=content, format=NetworkFormat.POWER_GRID_MODEL)
    raise InvalidCase([file.source.problem("is not a network of a known format", remedy=FORMATS)])


def _is_pandapower(content: Any) -> bool:
    """Whether this is a net; before pandapower 1.6.1, its tables stand at the top without a mark."""
    if not isinstance(content, Mapping):
        return False
    marked = content.get("_class") == "pandapowerNet"
    return marked or all(isinstance(content.get(table), Mapping) for table in OLD_TABLES)


def _is_power_grid_model(content: Any) -> bool:
    if not isinstance(content, Mapping) or not isinstance(content.get("data"), Mapping):
        return False
    return content.get("type") == "input" and not content.get("is_batch", False)
