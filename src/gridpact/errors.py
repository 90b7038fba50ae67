"""The one error tree of gridpact, and the problems that an invalid case is made of.

```
GridpactError
├── InvalidCase      the input is wrong: carries every problem found
├── InvalidUsage     the call is wrong: an option, an output folder
└── SolverFailed     a solver gave up where a result was due
```

Every exception builds its own message, so that raising one takes facts and no prose.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import islice

LISTED_MAX = 5
SHOWN_OF_MANY = 3
_VARIES = re.compile(r"'[^']*'|\d[\d.,]*")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Problem:
    """One thing that is wrong with an input file: where, what, and what would be right.

    `line` counts from 1 with the header as line 1; in a Parquet file, which has no lines, it is the row
    counted from 1 and `is_row` is true. Of an object made in memory `file` is what it is, as in "trades", and
    `index` the place in an array, counted from 0. `what` reads on from the field and value ("is not in
    participants.csv"), `remedy` says what would be right ("did you mean 'h7'?"). One that stands for many of
    its kind is the first of them, `count` says how many they are, and `also` holds the next two.
    """

    file: str
    what: str
    remedy: str = ""
    line: int = 0
    field: str = ""
    value: str = ""
    is_row: bool = False
    index: tuple[int, ...] = ()
    count: int = 1
    also: tuple["Problem", ...] = ()

    @property
    def kind(self) -> tuple[str, str, str]:
        """What it has in common with others of its kind: the file, the field and what is wrong.

        Where it has no line, its field names an element ("line 3 max_i_ka"): then numbers and quoted names
        may differ.
        """
        if self.line:
            return self.file, self.field, self.what
        return self.file, _VARIES.sub("#", self.field), _VARIES.sub("#", self.what)

    def __str__(self) -> str:
        place = " ".join(part for part in (self.file, self._line) if part)
        text = f"{place}: {' '.join(part for part in (self._place, self._shown, self.what) if part)}"
        text += f" ({self.remedy})" if self.remedy else ""
        if self.count == 1:
            return text
        noun = "rows" if self.line else "places"
        others = [
            " ".join(part for part in (each._beside(self), each._remedy(self)) if part) for each in self.also
        ]
        following = f", next {', '.join(filter(None, others))}, …" if any(others) else ""
        return f"{text}; {self.count:,} such {noun} in all{following}"

    @property
    def _line(self) -> str:
        return f"{'row' if self.is_row else 'line'} {self.line}" if self.line else ""

    @property
    def _place(self) -> str:
        """The field, and the place in it."""
        return f"{self.field}[{', '.join(map(str, self.index))}]" if self.index else self.field

    @property
    def _shown(self) -> str:
        return repr(self.value) if self.value else ""

    def _beside(self, first: "Problem") -> str:
        """Where it differs from the first of its kind."""
        field = self._place if self._place != first._place else ""
        return " ".join(part for part in (self._line, field, self._shown) if part)

    def _remedy(self, first: "Problem") -> str:
        return f"({self.remedy})" if self.remedy and self.remedy != first.remedy else ""


def one_of_many(problems: Iterable[Problem], count: int) -> Problem:
    """The problem that stands for `count` of one kind.

    Args:
        problems: the first ones, single, at least one.
        count: how many there are.
    """
    first, *also = islice(problems, SHOWN_OF_MANY)
    return replace(first, count=count, also=tuple(also))


def grouped(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """The problems, with one in place of those of a kind where they are more than `LISTED_MAX`.

    It stands where the first of them did.
    """
    every = tuple(problems)
    of_kind: dict[tuple[str, str, str], list[Problem]] = {}
    for problem in every:
        of_kind.setdefault(problem.kind, []).append(problem)
    kept = []
    for problem in every:
        alike = of_kind[problem.kind]
        count = sum(each.count for each in alike)
        if count <= LISTED_MAX:
            kept.append(problem)
        elif problem is alike[0]:
            kept.append(one_of_many(_singles(alike), count))
    return tuple(kept)


def _singles(problems: Iterable[Problem]) -> Iterator[Problem]:
    """The problems that are shown, each by itself."""
    for problem in problems:
        yield replace(problem, count=1, also=())
        yield from problem.also


class GridpactError(Exception):
    """Whatever gridpact raises on purpose."""


class InvalidCase(GridpactError):
    """A case that cannot be used as it is; `problems` holds what was found wrong with it.

    Of more than five of one kind `problems` holds one, with their count and the first of them; `total` is how
    many were found in all.

    Args:
        problems: at least one problem, in the order of the files and lines.
        unchecked: what could not be checked because of them, and why.
    """

    def __init__(self, problems: Iterable[Problem], *, unchecked: Iterable[str] = ()) -> None:
        self.problems = grouped(problems)
        self.total = sum(problem.count for problem in self.problems)
        self.unchecked = tuple(unchecked)
        head = f"{len(self.problems):,} problem{'s' if len(self.problems) != 1 else ''}:"
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
