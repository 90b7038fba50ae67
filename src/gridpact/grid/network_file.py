"""NetworkFile: a network file that was read, and which of the known formats it has."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from pathlib import Path, PureWindowsPath
from typing import Any

from gridpact.errors import InvalidCase, Problem
from gridpact.grid.network_model import NetworkModel, Neutral
from gridpact.grid.opendss.script.script_reader import Script, read_script
from gridpact.grid.reading.json_text import json_text
from gridpact.grid.source import NetworkSource, is_opendss

OLD_TABLES = ("bus", "line", "ext_grid")
VALUE_SHOWN_MAX = 80
PATH_START = 4  # characters in which an absolute path shows itself on any system
PACKAGES = ("builtins", "geojson", "geopandas", "networkx", "numpy", "pandapower", "pandas", "shapely")
FORMATS = "JSON written by pandapower.to_json, or input written by power-grid-model"


class NetworkFormat(StrEnum):
    """The formats of network files that are JSON, with marks of their own."""

    PANDAPOWER = "pandapower"
    POWER_GRID_MODEL = "power-grid-model"


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkFile:
    """A network file that was read; equal to another that makes the same network, wherever they lie.

    Of the master file of an OpenDSS folder, `script` is what it says with all files that it reads, and
    `sha256` is of all of them.
    """

    name: str
    sha256: str
    model: NetworkModel
    neutral: Neutral
    source: NetworkSource = field(compare=False)
    content: bytes = field(compare=False, repr=False)
    script: Script | None = field(compare=False, repr=False, default=None)


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
    if source.is_opendss and not source.is_three_phase:
        what, remedy = "is a network of OpenDSS, which has three phases", "set model = 'three-phase'"
        raise InvalidCase([source.problem(what, remedy=remedy)])
    try:
        content = source.file.read_bytes()
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        what = "does not exist" if missing else f"cannot be read: {error.strerror}"
        raise InvalidCase([source.problem(what)]) from error
    script = read_script(source.file) if source.is_opendss else None
    digest = sha256(content).hexdigest() if script is None else script.sha256
    return NetworkFile(
        name=source.name,
        sha256=digest,
        model=source.model,
        neutral=source.neutral,
        source=source,
        content=content,
        script=script,
    )


def read_names(file: Path) -> tuple[str, ...]:
    """A network file and all that it reads, by their paths from its folder, with `/` between folders."""
    if not is_opendss(file):
        return (file.name,)
    return tuple(dict.fromkeys([file.name, *read_script(file).contents]))


def network_text(file: NetworkFile) -> NetworkText:
    """What a network file says, its format recognised by its content.

    pandapower reads a table from another file where its place has that file's path, and imports whatever
    package an object in its JSON says that it is of. A file that asks for either is refused before that.

    Raises:
        InvalidCase: it is not text, not JSON, of no known format, or asks for other files or code.
    """
    text = json_text(file.content, file.source, FORMATS)
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        what = f"is not JSON: {error.msg} in line {error.lineno}"
        raise InvalidCase([file.source.problem(what, remedy=f"give {FORMATS}")]) from error
    if _is_pandapower(content):
        if problems := list(dict.fromkeys(_foreign(content, file.source))):
            raise InvalidCase(problems)
        return NetworkText(text=text, json=content, format=NetworkFormat.PANDAPOWER)
    if _is_power_grid_model(content):
        return NetworkText(text=text, json=content, format=NetworkFormat.POWER_GRID_MODEL)
    raise InvalidCase([file.source.problem("is not a network of a known format", remedy=FORMATS)])


def _foreign(content: Any, source: NetworkSource) -> Iterator[Problem]:
    """The problems of whatever pandapower would look for outside of its JSON, at any depth."""
    pending = [content]
    while pending:
        part = pending.pop()
        if isinstance(part, Mapping):
            yield from _foreign_object(part, source)
            pending += part.values()
        elif isinstance(part, list):
            pending += part
        elif isinstance(part, str) and ("_module" in part or "\\u" in part):  # JSON in JSON, as tables are
            with suppress(ValueError):
                pending.append(json.loads(part))


def _foreign_object(part: Mapping[str, Any], source: NetworkSource) -> Iterator[Problem]:
    module, held = part.get("_module"), part.get("_object")
    if isinstance(module, str) and module.partition(".")[0] not in PACKAGES:
        what, remedy = "is a package that no network consists of", "save the network without that object"
        yield source.problem(what, field="_module", value=module[:VALUE_SHOWN_MAX], remedy=remedy)
    if isinstance(held, str) and PureWindowsPath(held[:PATH_START]).anchor:
        what, remedy = "is a path, and no content", "save the whole network in one file by pandapower.to_json"
        yield source.problem(what, field="_object", value=held[:VALUE_SHOWN_MAX], remedy=remedy)


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
