"""The one error tree of gridpact, and the problems that an invalid case is made of.

```
GridpactError
├── InvalidCase      the input is wrong: carries every problem found
├── InvalidUsage     the call is wrong: an option, an output folder
└── SolverFailed     a solver gave up where a result was due
```

Every exception builds its own message, so that raising one takes facts and no prose.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Problem:
    """One thing that is wrong with an input file: where, what, and what would be right.

    `line` counts from 1 with the header as line 1; in a Parquet file, which has no lines, it is the row
    counted from 1 and `is_row` is true. Of an object made in memory `file` is what it is, as in "trades", and
    `index` the place in an array, counted from 0. `what` reads on from the field and value ("is not in
    participants.csv"), `remedy` says what would be right ("did you mean 'h7'?").
    """

    file: str
    what: str
    remedy: str = ""
    line: int = 0
    field: str = ""
    value: str = ""
    is_row: bool = False
    index: tuple[int, ...] = ()

    def __str__(self) -> str:
        place = self.file
        if self.line:
            place += f" {'row' if self.is_row else 'line'} {self.line}"
        field = f"{self.field}[{', '.join(map(str, self.index))}]" if self.index else self.field
        subject = " ".join(part for part in (field, repr(self.value) if self.value else "") if part)
        remedy = f" ({self.remedy})" if self.remedy else ""
        return f"{place}: {subject + ' ' if subject else ''}{self.what}{remedy}"


class GridpactError(Exception):
    """Whatever gridpact raises on purpose."""


class InvalidCase(GridpactError):
    """A case that cannot be used as it is; `problems` holds what was found wrong with it.

    Args:
        problems: at least one problem, in the order of the files and lines.
        total: how many were found; of very many of one kind, `problems` holds the first ones and a count.
        unchecked: what could not be checked because of them, and why.
    """

    def __init__(
        self, problems: Iterable[Problem], *, total: int | None = None, unchecked: Iterable[str] = ()
    ) -> None:
        self.problems = tuple(problems)
        self.total = len(self.problems) if total is None else total
        self.unchecked = tuple(unchecked)
        head = f"{self.total:,} problem{'s' if self.total != 1 else ''}:"
        notes = [f"  not checked yet: {'; '.join(self.unchecked)}"] if self.unchecked else []
        super().__init__("\n".join([head, *(f"  {problem}" for problem in self.problems), *notes]))


class InvalidUsage(GridpactError):
    """A call that cannot be carried out as asked.

    Args:
        what: what is wrong with the call.
        remedy: what would be right.
    """

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(f"{what} ({remedy})" if remedy else what)


class SolverFailed(GridpactError):
    """A solver ended without the result that was due.

    Args:
        solver: name of the solver.
        status: what it said.
        where: the problem it was given.
    """

    def __init__(self, *, solver: str, status: str, where: str) -> None:
        super().__init__(f"{solver} ended with '{status}' on {where}")


def nearest(name: str, names: Iterable[str]) -> str:
    """The remedy that suggests the known name nearest to `name`; empty where none is near."""
    close = get_close_matches(name, list(names), n=1, cutoff=0.6)
    return f"did you mean '{close[0]}'?" if close else ""
