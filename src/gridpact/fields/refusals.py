"""Refusals: everything that is wrong with the fields of one object that is made in memory."""

import numpy as np

from gridpact.arrays import Bool
from gridpact.errors import InvalidCase, Problem

SHOWN_OF_A_KIND = 3
VALUE_SHOWN_MAX = 80


class Refusals:
    """Collects what is wrong with an object, the first places of each kind in full and the rest as a count.

    Args:
        part: what the object is, in place of the file that it would stand in: "trades".
    """

    def __init__(self, part: str) -> None:
        self._part = part
        self._found: list[tuple[Problem, int]] = []  # each with how many it stands for

    def __len__(self) -> int:
        return sum(count for _, count in self._found)

    def of(self, part: str) -> "Refusals":
        """Takes in what is wrong with a part of the object, beside what is wrong with the object."""
        refusals = Refusals(part)
        refusals._found = self._found
        return refusals

    def add(
        self, field: str, what: str, remedy: str = "", value: object = "", index: tuple[int, ...] = ()
    ) -> None:
        """Takes in one problem; `index` is the place in an array, counted from 0."""
        shown = said(value)
        problem = Problem(file=self._part, field=field, value=shown, what=what, remedy=remedy, index=index)
        self._found.append((problem, 1))

    def add_where(self, field: str, wrong: Bool, what: str, remedy: str, values: object = None) -> None:
        """Takes in the same problem at several places of an array.

        Args:
            field: whose value is wrong.
            wrong: where, of the shape of the array.
            what: what is wrong, the same for all of them.
            remedy: what would be right.
            values: the array itself, or a sequence; not shown where there is none.
        """
        places = np.flatnonzero(wrong)
        for place in places[:SHOWN_OF_A_KIND].tolist():
            index = tuple(int(k) for k in np.unravel_index(place, np.shape(wrong)))
            value = "" if values is None else _at(values, index)
            self.add(field, what, remedy, value, index)
        if (more := len(places) - SHOWN_OF_A_KIND) > 0:
            rest = Problem(file=self._part, field=field, what=f"{what} … and {more:,} more like it")
            self._found.append((rest, more))

    def finish(self) -> None:
        """Raises what was taken in.

        Raises:
            InvalidCase: with every problem, if there is any.
        """
        if self._found:
            raise InvalidCase((problem for problem, _ in self._found), total=len(self))


def said(value: object) -> str:
    """A value of any kind as a problem shows it: one line, cut where it is long."""
    try:
        text = value if isinstance(value, str) else repr(value)
    except Exception:  # Whatever the caller's own class does, it is the case that is refused.
        text = a(value)
    text = " ".join(text.split()) if not isinstance(value, str) else text
    return text if len(text) <= VALUE_SHOWN_MAX else text[:VALUE_SHOWN_MAX] + "…"


def a(value: object) -> str:
    """What kind of object a value is: "a dict", "an int", "None"."""
    if value is None:
        return "None"
    return with_article(type(value).__name__)


def with_article(name: str) -> str:
    """A name with its article: "an int"."""
    return f"{'an' if name[:1].lower() in tuple('aeiou') else 'a'} {name}"


def _at(values: object, index: tuple[int, ...]) -> object:
    if isinstance(values, np.ndarray):
        value = values[index]
        return value.item() if isinstance(value, np.generic) else value
    for k in index:
        values = values[k]  # type: ignore[index]
    return values
