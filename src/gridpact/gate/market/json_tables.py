"""Objects of JSON as the rows of a case's table, and what its checks find as problems of the request."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from gridpact.case.reading.problems import Problems
from gridpact.case.reading.reader import TableReader
from gridpact.case.reading.table import Table
from gridpact.case.schema import Column, Kind, Schema
from gridpact.errors import Problem
from gridpact.gate.words.gate_names import shown
from gridpact.gate.words.moments import MOMENT_REMEDY, moment_text, read_moment
from gridpact.gate.words.refused import FieldProblem

DECIMALS_MAX = 6
KEPT_MAX = 10_000  # problems of one kind that are counted, of which an answer shows some
_TEXTS = (Kind.ID, Kind.CHOICE, Kind.DAY)
_ROW = re.compile(r"(line|row) (\d+)")


def form_problems(
    rows: Sequence[Any], columns: Sequence[Column], needed: Sequence[str], pointer: Callable[[int], str]
) -> list[FieldProblem]:
    """What is wrong with the members of objects, whatever their values mean.

    Args:
        rows: that should be objects.
        columns: their members.
        needed: names of those that each must have.
        pointer: JSON pointer of a row.
    """
    problems = []
    known = {column.name: column for column in columns}
    for index, row in enumerate(rows):
        here = pointer(index)
        if not isinstance(row, dict):
            problems.append(FieldProblem(pointer=here, value=shown(row), what="is not an object"))
            continue
        for name, value in row.items():
            place = f"{here}/{escaped(name)}"
            if name not in known:
                what, remedy = "is not known", f"known are {', '.join(known)}"
                problems.append(FieldProblem(pointer=place, value=shown(value), what=what, remedy=remedy))
            elif fault := _value_fault(known[name], value, is_needed=name in needed):
                what, remedy = fault
                problems.append(FieldProblem(pointer=place, value=shown(value), what=what, remedy=remedy))
        problems += [
            FieldProblem(
                pointer=f"{here}/{name}", what="is missing", remedy=f"add {name}: {known[name].meaning}"
            )
            for name in needed
            if name not in row
        ]
    return problems


def escaped(name: str) -> str:
    """A member's name as a part of a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def _value_fault(column: Column, value: Any, *, is_needed: bool) -> tuple[str, str] | None:
    """What is wrong with the type of a value, and the remedy."""
    if value is None:
        return ("is missing", f"give {column.meaning}") if is_needed else None
    if column.kind in _TEXTS:
        return None if isinstance(value, str) else ("is not text", "write it in quotes")
    if column.kind is Kind.BUS:
        is_bus = isinstance(value, int | str) and not isinstance(value, bool)
        return None if is_bus else ("is not a bus", "write its index, or its name in quotes")
    if column.kind is Kind.FLAG:
        return None if isinstance(value, bool) else ("is neither true nor false", "write true or false")
    if column.kind in (Kind.TIME, Kind.INSTANT):
        return None if read_moment(value) is not None else ("is not a time with an offset", MOMENT_REMEDY)
    return number_fault(value)


def number_fault(value: Any) -> tuple[str, str] | None:
    """What is wrong with a value that should be a finite number of at most 6 decimals."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return "is not a number", "write it without quotes, as in 1.5"
    exponent = Decimal(value).normalize().as_tuple().exponent
    if not isinstance(exponent, int) or not np.isfinite(float(value)):
        return "is not a finite number", "write the value itself"
    if -exponent > DECIMALS_MAX:
        return f"has more than {DECIMALS_MAX} decimals", "round it"
    return None


def plain(number: float) -> str:
    """A number as somebody may write it who sends it."""
    text = f"{number:.{DECIMALS_MAX}f}"
    return text.rstrip("0").rstrip(".")


def columns_of(rows: Sequence[Mapping[str, Any]], schema: Schema) -> dict[str, list[str | None]]:
    """The columns of a table as texts, those that some row has a value in; required ones all.

    A value of a type that its column does not take is left out: it is a problem of the form.
    """
    columns: dict[str, list[str | None]] = {}
    for column in schema.columns:
        texts = [_text(column, row.get(column.name)) for row in rows]
        if column.required or any(text is not None for text in texts):
            columns[column.name] = texts
    return columns


def _text(column: Column, value: Any) -> str | None:
    if value is None or _value_fault(column, value, is_needed=False):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if column.kind in (Kind.TIME, Kind.INSTANT):
        return moment_text(read_moment(value) or 0)
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def reader_of(columns: Mapping[str, Sequence[str | None]], schema: Schema, problems: Problems) -> TableReader:
    """A reader of columns of texts, by which the tables of a case are read and checked."""
    import pyarrow as pa

    count = len(next(iter(columns.values()), []))
    table = Table(
        file=f"{schema.name}.csv",
        columns={name: pa.array(list(texts), pa.string()) for name, texts in columns.items()},
        line=np.arange(1, count + 1, dtype=np.int64),
        is_row=True,
    )
    return TableReader(table, schema, problems)


def new_problems() -> Problems:
    """Where the problems of a request are collected, each by itself."""
    return Problems(kept=KEPT_MAX)


def as_field_problems(
    problems: Iterable[Problem], rows: Sequence[Any], pointer: Callable[[int], str]
) -> list[FieldProblem]:
    """What the checks of a table made of rows found, placed in the request."""
    found = []
    for problem in (each for one in problems for each in (one, *one.also)):
        index = problem.line - 1
        row = rows[index] if 0 <= index < len(rows) and isinstance(rows[index], dict) else None
        value = None if row is None else row.get(problem.field)
        found.append(
            FieldProblem(
                pointer=f"{pointer(index)}/{escaped(problem.field)}" if row is not None else pointer(index),
                value=problem.value if value is None else shown(value),
                what=problem.what.replace("participants.csv", "the market's participants"),
                remedy=_ROW.sub(lambda place: pointer(int(place[2]) - 1), problem.remedy).replace(
                    "participants.csv", "the market's participants"
                ),
            )
        )
    return found


def joined(form: list[FieldProblem], meaning: Iterable[FieldProblem]) -> list[FieldProblem]:
    """Problems of form, and those of meaning of other members: what has no form has no meaning."""
    taken = {problem.pointer for problem in form}
    return form + [problem for problem in meaning if problem.pointer not in taken]
