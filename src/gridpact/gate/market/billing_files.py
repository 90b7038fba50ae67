"""What operators give of a market beside its sessions, checked: tariffs, sharing, prices, envelopes."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from gridpact.case.reading.frame import Frame
from gridpact.case.reading.problems import Problems
from gridpact.case.reading.reader import TableReader
from gridpact.case.schema import METERS, PARTICIPANTS, PRICES, SHARING, Column, Kind, Schema
from gridpact.case.times import Fault, read_time
from gridpact.gate.market.csv_tables import csv_reader, line_problems
from gridpact.gate.market.json_tables import new_problems, reader_of
from gridpact.gate.market.market_week import market_week
from gridpact.gate.market.participant_tables import Columns, participants_of
from gridpact.gate.words.refused import FieldProblem
from gridpact.settlement.reading.read_meters import read_meters
from gridpact.settlement.reading.read_prices import read_prices
from gridpact.settlement.reading.read_sharing import SharingTerms, read_sharing
from gridpact.settlement.reading.read_tariffs import Choices, read_tariffs

TARIFFS_KIND, SHARING_KIND, PRICES_KIND = "tariffs", "sharing", "prices"
METERS_KIND, ENVELOPES_KIND = "meters", "operating-envelopes"
OFFSET = re.compile(r"([Zz]|[+-]\d{2}:?\d{2})$")
MARKETS_PARTICIPANTS = "the market's participants"
_TIME = Column(name="time", kind=Kind.TIME, meaning="start of the step that the row is for")
ENVELOPES = Schema(
    name="operating_envelopes",
    columns=(
        _TIME,
        Column(name="participant", kind=Kind.ID, meaning="a participant of the market"),
        Column(name="import_max_kw", kind=Kind.POWER, meaning="the most that it may take"),
        Column(name="export_max_kw", kind=Kind.POWER, meaning="the most that it may feed in"),
        *(
            Column(name=f"{word}_{side}", kind=Kind.ID, meaning="what limits it", required=False)
            for side in ("import", "export")
            for word in ("limited_by", "element", "phase")
        ),
    ),
)


def billing_problems(
    kind: str,
    content: bytes,
    market: Mapping[str, Any],
    columns: Columns | None,
    tariffs: bytes | None = None,
    ever: frozenset[str] = frozenset(),
) -> list[FieldProblem]:
    """Everything that is wrong with a file for settlement or grid use.

    Args:
        kind: one of the words of this module.
        content: of the file.
        market: document of the market.
        columns: of its participants, `None` where it has none yet.
        tariffs: of the market, for the table of who shares.
        ever: names of all participants that it has or had, for readings.
    """
    found, frame = new_problems(), _frame(market, columns)
    if kind == TARIFFS_KIND:
        _check_tariffs(content, frame, found, columns)
    elif kind == SHARING_KIND:
        _check_sharing(content, market, frame, found, _terms(tariffs, frame, columns))
    elif kind == PRICES_KIND:
        _check_prices(content, market, found)
    elif kind == METERS_KIND:
        _check_meters(content, market, ever, found)
    else:
        _check_envelopes(content, market, frame, found)
    if kind != TARIFFS_KIND:
        return line_problems(found)
    return [
        FieldProblem(
            pointer="/" + (problem.field.replace(".", "/") or str(problem.line or "")),
            value=problem.value,
            what=problem.what,
            remedy=problem.remedy,
        )
        for one in found.in_order()
        for problem in (one, *one.also)
    ]


def _frame(market: Mapping[str, Any], columns: Columns | None) -> Frame:
    """A week of a market, and its participants, where it has some."""
    participants = None if columns is None else participants_of(columns)
    ids = () if participants is None else participants.ids
    index = None if participants is None else {name: place for place, name in enumerate(ids)}
    return Frame(
        horizon=market_week(market), participants=participants, index=index, file=MARKETS_PARTICIPANTS
    )


def _check_tariffs(content: bytes, frame: Frame, found: Problems, columns: Columns | None) -> None:
    table = None if columns is None else reader_of(columns, PARTICIPANTS, found)
    read_tariffs(content, frame, table, Choices(), found)


def _check_sharing(
    content: bytes,
    market: Mapping[str, Any],
    frame: Frame,
    found: Problems,
    terms: SharingTerms | None,
) -> None:
    """Takes in what is wrong with a table of sharing, as far as one can say without its settlement."""
    reader = csv_reader(content, SHARING, found)
    if reader is None:
        return
    has_times = _check_times(reader, market)
    if has_times:  # They lie on the periods of what is settled later.
        frame = Frame(horizon=None, participants=frame.participants, index=frame.index, file=frame.file)
    read_sharing(reader, terms, frame, None)  # who is a member when is known of what is settled later


def _terms(tariffs: bytes | None, frame: Frame, columns: Columns | None) -> SharingTerms | None:
    """The terms of sharing of tariffs that are right."""
    found = new_problems()
    table = None if columns is None else reader_of(columns, PARTICIPANTS, found)
    read = None if tariffs is None else read_tariffs(tariffs, frame, table, Choices(), found)
    return None if read is None else read[1]


def _check_prices(content: bytes, market: Mapping[str, Any], found: Problems) -> None:
    reader = csv_reader(content, PRICES, found)
    if reader is None:
        return
    _check_times(reader, market)
    read_prices(reader, Frame(horizon=None, participants=None, index=None, file=MARKETS_PARTICIPANTS))
    _refuse_repeats(reader, reader.names("retailer").texts())


def _check_meters(content: bytes, market: Mapping[str, Any], ever: frozenset[str], found: Problems) -> None:
    reader = csv_reader(content, METERS, found)
    if reader is None:
        return
    _check_times(reader, market)  # Which periods they are of is known of what is settled.
    index = {name: place for place, name in enumerate(sorted(ever))}
    read_meters(reader, Frame(horizon=None, participants=None, index=index, file=MARKETS_PARTICIPANTS))
    _refuse_repeats(reader, reader.names("participant").texts())


def _check_envelopes(content: bytes, market: Mapping[str, Any], frame: Frame, found: Problems) -> None:
    reader = csv_reader(content, ENVELOPES, found)
    if reader is None:
        return
    _check_times(reader, market)
    reader.lookup("participant", frame.index, MARKETS_PARTICIPANTS)
    for name in ("import_max_kw", "export_max_kw"):
        reader.number(name)
    _refuse_repeats(reader, reader.names("participant").texts())


def _check_times(reader: TableReader, market: Mapping[str, Any]) -> bool:
    """Refuses what is no time in the market's zone, and says whether there is a time at all."""
    zone = ZoneInfo(str(market["timezone"]))
    array = reader.table.columns.get("time")
    texts = [] if array is None else [None if text is None else str(text) for text in array.to_pylist()]
    faults = {text: read_time(text, zone) for text in set(texts) if text}
    for text, fault in faults.items():
        if isinstance(fault, Fault) and not fault.readings:  # The hour that comes twice is told by its rows.
            rows = np.array([each == text for each in texts], dtype=np.bool_)
            reader.refuse("time", rows, fault.what, fault.remedy)
    return bool(faults)


def _refuse_repeats(reader: TableReader, names: tuple[str, ...]) -> None:
    """Refuses rows that are of the same time and name as an earlier one, of local times as two."""
    array = reader.table.columns.get("time")
    times = [None] * len(names) if array is None else array.to_pylist()
    seen = Counter[tuple[str, str]]()
    repeated = np.zeros(len(names), dtype=np.bool_)
    for row, key in enumerate(zip(map(str, times), names, strict=True)):
        has_offset = OFFSET.search(key[0]) is not None
        repeated[row] = seen[key] >= (1 if has_offset else 2)  # One hour of autumn comes twice.
        seen[key] += 1
    reader.refuse("time", repeated, "is given more than once for the same name", "keep one of the rows")
