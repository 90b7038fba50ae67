"""A part of a table by time, and where its lines stood before, so that problems name those."""

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from gridpact.case.times import Fault, microseconds, read_time
from gridpact.errors import Problem
from gridpact.gate.settlement.settlement_document import SettledSpan

TIME = "time"
_PLACE = re.compile(r"\bline (\d+)\b")
Lines = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CutTable:
    """Those rows of a table that are of a span.

    Attributes:
        content: of the table, each line as it stood there.
        lines: the line that each of its lines was before, counted from 1, the header first.
    """

    content: bytes
    lines: tuple[int, ...]


def cut(content: bytes, span: SettledSpan, timezone: str) -> CutTable:
    """The rows of a table in CSV that are of a span, and those that have no time that can be read.

    Args:
        content: of the table.
        span: whose rows stay.
        timezone: that local times are in.
    """
    text = content.decode("utf-8-sig", errors="surrogateescape")
    zone = ZoneInfo(timezone)
    read: dict[str, bool] = {}
    source = io.StringIO(text, newline="")
    raw = io.StringIO(text, newline="").readlines()
    reader = csv.reader(source)
    header = next(reader, [])
    names = [name.strip() for name in header]
    if TIME not in names:
        return CutTable(content=content, lines=tuple(range(1, len(raw) + 1)))
    column, last = names.index(TIME), reader.line_num
    kept, lines = raw[:last], list(range(1, last + 1))
    for row in reader:
        first, last = last, reader.line_num
        cell = row[column].strip() if column < len(row) else ""
        if cell not in read:
            read[cell] = _is_in(cell, span, zone)
        if read[cell]:
            kept += raw[first:last]
            lines += range(first + 1, last + 1)
    return CutTable(content="".join(kept).encode("utf-8", errors="surrogateescape"), lines=tuple(lines))


def _is_in(cell: str, span: SettledSpan, zone: ZoneInfo) -> bool:
    """Whether a time is of a span; one that cannot be read stays, and is a problem there."""
    time = read_time(cell, zone) if cell else None
    if isinstance(time, Fault):
        time = time.readings[0] if time.readings else None
    return not isinstance(time, datetime) or span.start <= microseconds(time) < span.until


def with_lines_before(problem: Problem, lines: Lines) -> Problem:
    """A problem with the lines that its file had before it was cut."""
    known = lines.get(problem.file)
    if known is None:
        return problem

    def before(line: int) -> int:
        return known[line - 1] if 0 < line <= len(known) else line

    def told(text: str) -> str:
        return _PLACE.sub(lambda place: f"line {before(int(place[1]))}", text)

    return replace(
        problem,
        line=before(problem.line),
        what=told(problem.what),
        remedy=told(problem.remedy),
        also=tuple(with_lines_before(each, lines) for each in problem.also),
    )
