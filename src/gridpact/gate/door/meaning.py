"""Meaning: what orders, trades and forecasts say, checked by what reads the tables of a case."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import floor
from typing import Any

import numpy as np

from gridpact.arrays import Int
from gridpact.case.folder.part_tables import read_orders, read_profiles, read_trades, refuse_closed
from gridpact.case.reading.reader import TableReader
from gridpact.case.reading.values import numbers
from gridpact.case.schema import PROFILES, Column, Kind
from gridpact.gate.door.case_rows import NOT_HANDED_IN, ORDER, SCHEMA_OF, case_row
from gridpact.gate.market.json_tables import (
    DECIMALS_MAX,
    as_field_problems,
    columns_of,
    escaped,
    form_problems,
    joined,
    new_problems,
    number_fault,
    plain,
    reader_of,
)
from gridpact.gate.market.session_frames import SessionFrame
from gridpact.gate.words.gate_names import name_problem, shown
from gridpact.gate.words.moments import moment_text
from gridpact.gate.words.refused import FieldProblem

Pointer = Callable[[int], str]
PARTICIPANTS_FILE = "participants.csv"
BEYOND_CONNECTION = "is more than the connection carries"
SERIES = ("load_kw", "generation_kw")
_REPLACES = Column(
    name="replaces", kind=Kind.ID, meaning="an own order that it takes the place of", required=False
)
_OWN_NAMES = {"order": ("order", "group", "replaces"), "trade": ("trade", "group", "link")}


def submission_problems(
    kind: str, documents: Sequence[Any], frame: SessionFrame, pointer: Pointer
) -> list[FieldProblem]:
    """Everything that is wrong with orders or trades that were handed in together.

    Args:
        kind: `order` or `trade`.
        documents: N of them, as they came.
        frame: of their session.
        pointer: JSON pointer of each.
    """
    columns = [column for column in SCHEMA_OF[kind].columns if column.name not in NOT_HANDED_IN]
    needed = [column.name for column in columns if column.required]
    columns += [_REPLACES] if kind == ORDER else []
    problems = form_problems(documents, columns, needed, pointer)
    objects = [document if isinstance(document, dict) else {} for document in documents]
    named = [
        (f"{pointer(index)}/{name}", document[name])
        for index, document in enumerate(objects)
        for name in _OWN_NAMES[kind]
        if isinstance(document.get(name), str)
    ]
    problems += [problem for place, value in named if (problem := name_problem(place, value))]
    found = new_problems()
    rows = [
        # Links of one participant are held against each other when they are stored.
        case_row(kind, document, submission=f"s{index}", participant=f"p{index}")
        for index, document in enumerate(objects)
    ]
    reader = reader_of(columns_of(rows, SCHEMA_OF[kind]), SCHEMA_OF[kind], found)
    _read(kind, reader, frame)
    return joined(problems, as_field_problems(found.in_order(), objects, pointer))


def problems_by_document(
    kind: str, documents: Sequence[Any], frame: SessionFrame
) -> list[list[FieldProblem]]:
    """Everything that is wrong with each of several orders or trades that came apart from each other."""
    found: list[list[FieldProblem]] = [[] for _ in documents]
    for problem in submission_problems(kind, documents, frame, lambda index: f"/{index}"):
        index, separator, rest = problem.pointer[1:].partition("/")
        found[int(index)].append(replace(problem, pointer=separator + rest))
    return found


def _read(kind: str, reader: TableReader, frame: SessionFrame) -> None:
    """Reads a table as a case's is read, and refuses what its session does not take."""
    participant: Int = np.zeros(0, dtype=np.int64)
    if kind == ORDER:
        orders = read_orders(reader, frame.horizon, frame.index, PARTICIPANTS_FILE)
        start, power_kw, price = orders.start, orders.power_kw, orders.price_per_kwh
        participant = orders.participant
    else:
        trades = read_trades(reader, frame.horizon, frame.index, PARTICIPANTS_FILE)
        start, power_kw, price = trades.start, trades.power_kw, trades.price_per_kwh
    refuse_closed(reader, start, frame.horizon, frame.first_open)
    said_kw, _ = numbers(reader.table.columns["power_kw"])  # Where a power is refused, `power_kw` has 0.
    is_zero = np.zeros(len(power_kw), dtype=np.bool_) if said_kw is None else said_kw == 0.0
    reader.refuse("power_kw", is_zero, "is not above 0", "write the power, or hand nothing in")
    if kind == ORDER:
        carried_kw = np.append(frame.connection_kw, np.nan)[participant]
        reader.refuse(
            "power_kw", power_kw > carried_kw, BEYOND_CONNECTION, lambda row: _at_most(carried_kw[row])
        )
    least, most = frame.rules.price_min_per_kwh, frame.rules.price_max_per_kwh
    what, remedy = "is outside the prices of the market", f"write {plain(least)} to {plain(most)}"
    reader.refuse("price_per_kwh", (price < least) | (price > most), what, remedy)


def _at_most(power_kw: float) -> str:
    steps = 10**DECIMALS_MAX
    return f"write at most {plain(floor(power_kw * steps) / steps)}"


def connection_problems(document: Mapping[str, Any], own: str, frame: SessionFrame) -> list[FieldProblem]:
    """What is wrong with the power of a trade for the side that proposes it.

    What the connection of the other side carries is its own, and no proposal tells it.
    """
    power_kw = document.get("power_kw")
    if own not in frame.index or number_fault(power_kw):
        return []
    carried_kw = float(frame.connection_kw[frame.index[own]])
    if not float(power_kw or 0) > carried_kw:
        return []
    return [
        FieldProblem(
            pointer="/power_kw",
            value=shown(power_kw),
            what=BEYOND_CONNECTION,
            remedy=_at_most(carried_kw),
        )
    ]


def forecast_problems(
    document: Mapping[str, Any], participant: str, frame: SessionFrame, place: str = ""
) -> list[FieldProblem]:
    """Everything that is wrong with the forecast of a participant."""
    problems = [
        FieldProblem(
            pointer=f"{place}/{escaped(name)}", what="is not known", remedy=f"known are {', '.join(SERIES)}"
        )
        for name in document
        if name not in SERIES
    ]
    right: dict[str, list[Any]] = {}
    for name in SERIES:
        faults, right[name] = _series(document.get(name), f"{place}/{name}", frame.horizon.periods)
        problems += faults
    found = new_problems()
    rows = forecast_rows(right, participant, frame)
    read_profiles(
        reader_of(columns_of(rows, PROFILES), PROFILES, found), frame.horizon, frame.index, PARTICIPANTS_FILE
    )
    placed = as_field_problems(found.in_order(), rows, lambda index: f"/{index}")
    return problems + [replace(problem, pointer=place + _of_series(problem.pointer)) for problem in placed]


def _series(values: Any, place: str, periods: int) -> tuple[list[FieldProblem], list[Any]]:
    """What is wrong with the form of a series, and its values with 0 in place of those that have none."""
    if not isinstance(values, list) or len(values) != periods:
        what, remedy = f"is not a list of {periods} values", "give one of each period"
        return [FieldProblem(pointer=place, what=what, remedy=remedy)], [0] * periods
    problems, right = [], list(values)
    for index, value in enumerate(values):
        if fault := number_fault(value):
            what, remedy = fault
            pointer = f"{place}/{index}"
            problems.append(FieldProblem(pointer=pointer, value=shown(value), what=what, remedy=remedy))
            right[index] = 0
    return problems, right


def _of_series(pointer: str) -> str:
    _, index, name = pointer.split("/")
    return f"/{name}/{index}"


def forecast_rows(document: Mapping[str, Any], participant: str, frame: SessionFrame) -> list[dict[str, Any]]:
    """A forecast as rows of a case's profiles."""
    times = [moment_text(int(time.timestamp()) * 1_000_000) for time in frame.horizon.instants()]
    return [
        {"time": time, "participant": participant, "load_kw": load_kw, "generation_kw": generation_kw}
        for time, load_kw, generation_kw in zip(times, *(document[name] for name in SERIES), strict=True)
    ]
