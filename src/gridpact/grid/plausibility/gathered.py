"""Problems that one cause gives very many elements, gathered to one problem with a count."""

import re
from collections.abc import Iterable
from dataclasses import replace

from gridpact.errors import Problem

SEPARATE_MAX = 3
NAMED_MAX = 3
PLACE = re.compile(r"(?P<table>\w+) (?P<index>\d+)(?P<column> [\w.]+)?")

_Kind = tuple[str, str, str, str, str]


def gathered(problems: Iterable[Problem]) -> list[Problem]:
    """The problems, those that differ in the element and its value alone as one from the fourth on.

    Args:
        problems: of a network; one whose field is an element ("line 3", "line 3 max_i_ka") can be gathered.

    Returns:
        In the same order; a gathered one is its first element's, and says how many there are.
    """
    kinds: dict[_Kind, list[Problem]] = {}
    for position, problem in enumerate(problems):
        kinds.setdefault(_kind(problem, position), []).append(problem)
    found: list[Problem] = []
    for alike in kinds.values():
        found.extend(alike if len(alike) <= SEPARATE_MAX else [_gathered(alike)])
    return found


def _kind(problem: Problem, position: int) -> _Kind:
    place = PLACE.fullmatch(problem.field)
    if place is None:
        return (problem.file, problem.field, problem.what, problem.remedy, str(position))
    return (problem.file, place["table"], place["column"] or "", problem.what, problem.remedy)


def _gathered(alike: list[Problem]) -> Problem:
    names = [problem.field.split()[1] for problem in alike]
    named = ", ".join(names[:NAMED_MAX])
    return replace(alike[0], what=f"{alike[0].what}; so for {len(alike):,} in all: {named}, …")
