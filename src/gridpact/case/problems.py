"""Problems: everything that one pass over a case finds wrong."""

from collections import Counter
from collections.abc import Callable, Iterable

from gridpact.arrays import Int
from gridpact.case.reading.table import Table
from gridpact.errors import InvalidCase, Problem, nearest

SHOWN_OF_A_KIND = 20
NAMES_SEARCHED_MAX = 20_000
VALUE_SHOWN_MAX = 80
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

_Kind = tuple[str, str, str]


class Problems:
    """Collects problems, the first 20 of each kind (file, field, what) in full and the rest as a count."""

    def __init__(self) -> None:
        self._found: list[Problem] = []
        self._counts: Counter[_Kind] = Counter()

    def __len__(self) -> int:
        return self._counts.total()

    def add(self, problem: Problem) -> None:
        """Takes one problem in."""
        kind = (problem.file, problem.field, problem.what)
        self._counts[kind] += 1
        if self._counts[kind] <= SHOWN_OF_A_KIND:
            self._found.append(problem)

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
            rows: indices of the rows, counted from 0.
            what: what is wrong, the same for all of them.
            remedy: what would be right: a text, or a function of the row that makes one.
        """
        kind = (table.file, field, what)
        room = max(0, SHOWN_OF_A_KIND - self._counts[kind])
        self._counts[kind] += len(rows)
        for row in rows[:room].tolist():
            self._found.append(
                Problem(
                    file=table.file,
                    line=int(table.line[row]),
                    is_row=table.is_row,
                    field=field,
                    value=shown(table.text(field, row)),
                    what=what,
                    remedy=remedy if isinstance(remedy, str) else remedy(row),
                )
            )

    def refusal(self, unchecked: Iterable[str] = ()) -> InvalidCase:
        """The exception that carries all problems, and what could not be checked because of them."""
        return InvalidCase(self.in_order(), total=len(self), unchecked=unchecked)

    def in_order(self) -> tuple[Problem, ...]:
        """All problems in the order of files and lines, the counts of unshown ones after their file's."""
        more = [
            Problem(file=file, field=field, what=f"{what} … and {count - SHOWN_OF_A_KIND} more like it")
            for (file, field, what), count in self._counts.items()
            if count > SHOWN_OF_A_KIND
        ]
        keyed = [((_rank(problem), 0, problem.line), problem) for problem in self._found]
        keyed += [((_rank(problem), 1, 0), problem) for problem in more]
        return tuple(problem for _, problem in sorted(keyed, key=lambda item: item[0]))


def shown(value: object) -> str:
    """A value as a problem shows it: cut where it is long."""
    try:
        text = str(value)
    except ValueError:  # Python does not write out whole numbers of more than some thousand digits.
        text = f"a very long {type(value).__name__}"
    return text if len(text) <= VALUE_SHOWN_MAX else text[:VALUE_SHOWN_MAX] + "…"


def suggestion(name: str, names: Iterable[str]) -> str:
    """The remedy that suggests the nearest known name; empty where none is near or there are too many."""
    known = list(names)
    return nearest(name[:VALUE_SHOWN_MAX], known) if len(known) <= NAMES_SEARCHED_MAX else ""


def _rank(problem: Problem) -> int:
    stem = problem.file.rpartition(".")[0]
    return _FILE_ORDER.index(stem) + 1 if stem in _FILE_ORDER else 0
