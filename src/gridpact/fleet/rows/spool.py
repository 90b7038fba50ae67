"""Spool: rows kept on the disk in the order in which they come in, and read in that of their numbers."""

import json
from array import array
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from gridpact.fleet.rows.fleet_tables import FAILED, Row, has_phases

NOT_THERE = -1


class Spool:
    """Takes one row for each of `count` numbers; the memory it needs for a row is that of its place.

    Args:
        file: is made, and held open.
        count: how many rows there will be.

    Attributes:
        complete: how many rows of cases with a result it has.
        with_phases: whether a row is of a case on three phases.
    """

    def __init__(self, file: Path, count: int) -> None:
        self._file = file.open("w+b")
        self._place = array("q", [NOT_THERE]) * count
        self.complete = 0
        self.with_phases = False

    def add(self, number: int, row: Row) -> bool:
        """Takes a row in, and tells whether it is the first of its number; of others nothing is kept."""
        if self._place[number] != NOT_THERE:
            return False
        self._place[number] = self._file.seek(0, 2)
        self._file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
        self.complete += row["status"] != FAILED
        self.with_phases |= has_phases(row)
        return True

    def rows(self) -> Iterator[Row]:
        """The rows in the order of their numbers."""
        for place in self._place:
            self._file.seek(place)
            row: Row = json.loads(self._file.readline())
            yield row

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
