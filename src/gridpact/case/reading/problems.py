"""Problems: everything that one pass over a case finds wrong."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from gridpact.arrays import Int
from gridpact.case.reading.table import Table
from gridpact.errors import LISTED_MAX, InvalidCase, Problem, nearest, one_of_many
from gridpact.fields.said import VALUE_SHOWN_MAX, cut

NAMES_SEARCHED_MAX = 20_000
_FILE_ORDER = (
    "tariffs",
    "participants",
    "profiles",
    "trades",
    "orders",
    "meters",
    "sharing",
    "summary",
    "cleared",
    "schedule",
    "settlement",
    "ledger",
)


@dataclass(slots=True)
class _Alike:
    """Problems of one kind: the first few, and how many there are."""

    first: list[Problem] = field(default_factory=list)
    count: int = 0


class Problems:
    """Collects problems; of more than some of one kind it keeps the first and their count.

    Args:
        kept: how many of one kind are kept each by itself.
    """

    def __init__(self, kept: int = LISTED_MAX) -> None:
        self._kept = kept
        self._of_kind: dict[tuple[str, str, str], _Alike] = {}

    def __len__(self) -> int:
        return sum(alike.count for alike in self._of_kind.values())

    def add(self, problem: Problem) -> None:
        """Takes one problem in, which may stand for many of its kind."""
        alike = self._of_kind.setdefault(problem.kind, _Alike())
        alike.count += problem.count
        if len(alike.first) < self._kept:
            alike.first += [replace(problem, count=1, also=()), *problem.also]

    def extend(self, problems: Iterable[Problem]) -> None:
        """Takes several problems in."""
        for problem in problems:
            self.add(problem)

    def add_rows(
        self, table: Table, field: str, rows: Int, what: str, remedy: str | Callable[[int], str] = ""
    ) -> None:
        """Takes in the same problem in several rows of a table.

        Args:
            table: the table.
            field: name of the column whose value is wrong.
            rows: indices of the rows, counted from 0, ascending.
            what: what is wrong, the same for all of them.
            remedy: what would be right: a text, or a function of the row that makes one.
        """
        shown_rows = rows[: self._kept].tolist()
        problems = [
            Problem(
                file=table.file,
                line=int(table.line[row]),
                is_row=table.is_row,
                field=field,
                value=shown(table.text(field, row)),
                what=what,
                remedy=remedy if isinstance(remedy, str) else remedy(row),
            )
            for row in shown_rows
        ]
        self.extend(problems)
        if len(rows) > len(problems):
            self._of_kind[problems[0].kind].count += len(rows) - len(problems)

    def refusal(self, unchecked: Iterable[str] = ()) -> InvalidCase:
        """The exception that carries all problems, and what could not be checked because of them."""
        return InvalidCase(self.in_order(), unchecked=unchecked)

    def in_order(self) -> tuple[Problem, ...]:
        """All problems in the order of files and lines, one for each kind of which there are many."""
        found: list[Problem] = []
        for alike in self._of_kind.values():
            first = sorted(alike.first, key=_place)
            found += first if alike.count <= self._kept else [one_of_many(first, alike.count)]
        return tuple(sorted(found, key=_place))


def shown(value: object) -> str:
    """A value as a problem shows it: cut where it is long."""
    try:
        text = str(value)
    except ValueError:  # Python does not write out whole numbers of more than some thousand digits.
        text = f"a very long {type(value).__name__}"
    return cut(text)


def suggestion(name: str, names: Iterable[str]) -> str:
    """The remedy that suggests the nearest known name; empty where none is near or there are too many."""
    known = list(names)
    return nearest(name[:VALUE_SHOWN_MAX], known) if len(known) <= NAMES_SEARCHED_MAX else ""


def _place(problem: Problem) -> tuple[int, int]:
    """The order of files, and of lines in them."""
    stem = problem.file.rpartition(".")[0]
    return (_FILE_ORDER.index(stem) + 1 if stem in _FILE_ORDER else 0, problem.line)
