"""Refusals: everything that is wrong with the fields of one object that is made in memory."""

import numpy as np

from gridpact.arrays import Bool
from gridpact.errors import LISTED_MAX, InvalidCase, Problem, one_of_many
from gridpact.fields.said import said


class Refusals:
    """Collects what is wrong with an object, the first places of each kind in full and the rest as a count.

    Args:
        part: what the object is, in place of the file that it would stand in: "trades".
    """

    def __init__(self, part: str) -> None:
        self._part = part
        self._found: list[Problem] = []

    def __len__(self) -> int:
        return sum(problem.count for problem in self._found)

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
        self._found.append(problem)

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
        if not len(places):
            return
        shown = []
        for place in places[:LISTED_MAX].tolist():
            index = tuple(int(k) for k in np.unravel_index(place, np.shape(wrong)))
            value = "" if values is None else said(_at(values, index))
            shown.append(
                Problem(file=self._part, field=field, value=value, what=what, remedy=remedy, index=index)
            )
        many = len(places) > LISTED_MAX
        self._found.extend([one_of_many(shown, len(places))] if many else shown)

    def finish(self) -> None:
        """Raises what was taken in.

        Raises:
            InvalidCase: with every problem, if there is any.
        """
        if self._found:
            raise InvalidCase(self._found)


def _at(values: object, index: tuple[int, ...]) -> object:
    """The value at an index of arrays or nested sequences, as one of Python's."""
    if isinstance(values, np.ndarray):
        value = values[index]
        return value.item() if isinstance(value, np.generic) else value
    for k in index:
        values = values[k]  # type: ignore[index]
    return values
