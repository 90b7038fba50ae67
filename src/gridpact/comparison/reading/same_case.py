"""Whether two results are of the same periods and participants."""

from collections.abc import Iterator

from gridpact.case.horizon import Horizon
from gridpact.case.reading.problems import shown, suggestion
from gridpact.case.sessions.cleared import SUMMARY_FILE
from gridpact.comparison.reading.read_result import ReadResult
from gridpact.errors import Problem

ONE_CASE = "compare two results of one case"


def differences(first: ReadResult, second: ReadResult) -> list[Problem]:
    """A problem for everything in which the second result is of another case; what is unknown counts not."""
    return [*_horizons(first, second), *_people(first, second)]


def unknown(first: ReadResult, second: ReadResult) -> list[str]:
    """What could not be compared because one of them does not say it."""
    found = []
    if first.horizon is None or second.horizon is None:
        found.append("whether both are of the same periods")
    if first.participants is None or second.participants is None:
        found.append("whether both are of the same participants")
    return found


def _horizons(first: ReadResult, second: ReadResult) -> Iterator[Problem]:
    """What differs in their periods."""
    if first.horizon is None or second.horizon is None:
        return
    wanted, found = _said(first.start, first.horizon), _said(second.start, second.horizon)
    starts_alike = first.horizon.start == second.horizon.start
    for key, value in found.items():
        if value != wanted[key] and not (key == "start" and starts_alike):
            yield Problem(
                file=str(second.folder / SUMMARY_FILE),
                field=key,
                value=value,
                what=f"is not the {wanted[key]} of {first.folder}",
                remedy=ONE_CASE,
            )


def _said(start: str, horizon: Horizon) -> dict[str, str]:
    """What a horizon is, in words."""
    return {
        "start": start,
        "resolution": horizon.resolution,
        "periods": str(horizon.periods),
    }


def _people(first: ReadResult, second: ReadResult) -> Iterator[Problem]:
    """Who is in one of them alone."""
    if first.participants is None or second.participants is None:
        return
    yield from _only_in(first, second, set(second.participants))
    yield from _only_in(second, first, set(first.participants))


def _only_in(one: ReadResult, other: ReadResult, known: set[str]) -> Iterator[Problem]:
    """The participants of one result that are not among those known of the other."""
    own = one.participants or ()
    for name in own:
        if name not in known:
            yield Problem(
                file=str(one.folder / one.schedule_file),
                field="participant",
                value=shown(name),
                what=f"is not in {other.folder / other.schedule_file}",
                remedy=suggestion(name, known.difference(own)) or ONE_CASE,
            )
