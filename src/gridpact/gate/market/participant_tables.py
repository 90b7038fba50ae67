"""Tables of participants: from JSON or CSV to columns of text, checked as participants.csv is."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from gridpact.case.folder.part_tables import read_participants
from gridpact.case.participants import Participants
from gridpact.case.reading.bus_names import BusNames
from gridpact.case.reading.reader import TableReader
from gridpact.case.schema import PARTICIPANTS, Kind
from gridpact.gate.market.csv_tables import csv_reader, line_problems
from gridpact.gate.market.json_tables import (
    as_field_problems,
    columns_of,
    form_problems,
    joined,
    new_problems,
    reader_of,
)
from gridpact.gate.words.gate_names import NAME_MAX, shown
from gridpact.gate.words.json_bodies import compact_json
from gridpact.gate.words.refused import FieldProblem, invalid
from gridpact.grid.network import Network

Columns = dict[str, list[str | None]]
_NUMBERS = (Kind.POWER_FACTOR, Kind.CONNECTION)


def columns_from_json(document: Mapping[str, Any], network: Network) -> Columns:
    """The columns of a table of participants in JSON.

    Raises:
        Refused: 422, with everything that is wrong with it.
    """
    problems = [
        FieldProblem(
            pointer=f"/{name}", value=shown(value), what="is not known", remedy="known is participants"
        )
        for name, value in document.items()
        if name != "participants"
    ]
    rows = document.get("participants")
    if not isinstance(rows, list):
        problems.append(FieldProblem(pointer="/participants", what="is not a list of participants"))
        raise invalid(problems)
    needed = [column.name for column in PARTICIPANTS.columns if column.required]
    problems += form_problems(rows, PARTICIPANTS.columns, needed, _pointer)
    objects = [row if isinstance(row, dict) else {} for row in rows]
    columns, found = columns_of(objects, PARTICIPANTS), new_problems()
    problems += _long_names(columns, _pointer)
    _read(reader_of(columns, PARTICIPANTS, found), network)
    problems = joined(problems, as_field_problems(found.in_order(), rows, _pointer))
    if problems:
        raise invalid(problems)
    return columns


def columns_from_csv(content: bytes, network: Network) -> Columns:
    """The columns of a table of participants in CSV.

    Raises:
        Refused: 422, with everything that is wrong with it; a pointer is a line and its column.
    """
    found = new_problems()
    reader = csv_reader(content, PARTICIPANTS, found)
    if reader is not None:
        _read(reader, network)
    if len(found) or reader is None:
        raise invalid(line_problems(found))
    known = {column.name for column in PARTICIPANTS.columns}
    columns = {name: array.to_pylist() for name, array in reader.table.columns.items() if name in known}
    if problems := _long_names(columns, lambda index: f"/{index + 2}"):
        raise invalid(problems)
    return columns


def _long_names(columns: Columns, pointer: Callable[[int], str]) -> list[FieldProblem]:
    """Names that the database has no room for."""
    remedy = f"write at most {NAME_MAX} characters"
    return [
        FieldProblem(
            pointer=f"{pointer(index)}/{column}", value=shown(name), what="is too long", remedy=remedy
        )
        for column in ("participant", "retailer")
        for index, name in enumerate(columns.get(column, []))
        if name is not None and len(name) > NAME_MAX
    ]


def _read(reader: TableReader, network: Network | None) -> Participants:
    buses = None if network is None else BusNames.of(network)
    return read_participants(reader, buses, has_phases=network is None or network.is_three_phase)[0]


def fits(columns: Columns, network: Network | None) -> bool:
    """Whether the participants in columns that were checked on one network can be on another one."""
    if network is None:
        return False
    found = new_problems()
    _read(reader_of(columns, PARTICIPANTS, found), network)
    return not len(found)


def participants_of(columns: Columns, network: Network | None = None) -> Participants:
    """The participants in columns that were checked; their buses are known where the network is given."""
    return _read(reader_of(columns, PARTICIPANTS, new_problems()), network)


def stored(columns: Columns) -> bytes:
    """Columns as they are stored."""
    return compact_json(columns).encode()


def loaded(content: bytes) -> Columns:
    """Columns that were stored."""
    columns: Columns = json.loads(content)
    return columns


def shown_rows(columns: Columns) -> list[dict[str, Any]]:
    """Each participant as a JSON object, what is not given left out."""
    kinds = {column.name: column.kind for column in PARTICIPANTS.columns}
    names = list(columns)
    return [
        {
            name: float(text) if kinds[name] in _NUMBERS else text
            for name, text in zip(names, values, strict=True)
            if text
        }
        for values in zip(*columns.values(), strict=True)
    ]


def _pointer(index: int) -> str:
    return f"/participants/{index}" if index >= 0 else "/participants"
