"""The results of clearing that a settlement takes: their folders, and where their periods lie in the case."""

from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from gridpact.case.case import Case
from gridpact.case.horizon import Horizon
from gridpact.case.periods import OUTSIDE_HORIZON, period_of
from gridpact.case.reading.problems import Problems, shown
from gridpact.case.sessions.cleared import SUMMARY_FILE
from gridpact.case.times import Fault, read_time
from gridpact.errors import Problem

REMEDY = "give the clearance of this case, or clear it again"


def result_folders(folder: Path) -> list[Path]:
    """The results that a folder means: itself, or those of its subfolders that have a summary, by name."""
    if (folder / SUMMARY_FILE).exists() or not folder.is_dir():
        return [folder]
    inner = sorted(each for each in folder.iterdir() if (each / SUMMARY_FILE).is_file())
    return inner or [folder]


def placed(summary: Mapping[str, Any], case: Case, problems: Problems) -> tuple[int, Horizon] | None:
    """The first period of a case that a result covers, and the result's own horizon.

    It is `None` where the result is of another grid, or of periods that the case does not have, which are
    problems.

    Args:
        summary: of the result.
        case: that is settled.
        problems: takes in what is wrong.
    """
    before, horizon = len(problems), case.horizon
    if summary.get("resolution") != horizon.resolution:
        _refuse(problems, summary, "resolution", f"is not the {horizon.resolution} of the case")
    periods = summary.get("periods")
    if isinstance(periods, bool) or not isinstance(periods, int) or periods < 1:
        _refuse(problems, summary, "periods", "is not a number of periods")
    first = _first(summary, case, problems) if len(problems) == before else 0
    if len(problems) > before or not isinstance(periods, int):
        return None
    if first + periods > horizon.periods:
        end = horizon.instant(horizon.periods).isoformat(timespec="minutes")
        if "start" in summary:
            what = f"go on beyond the end of the case at {end}"
        else:
            what = f"is not the {horizon.periods} of the case"
        _refuse(problems, summary, "periods", what)
        return None
    own = Horizon(
        start=horizon.instant(first),
        timezone=horizon.timezone,
        resolution=horizon.resolution,
        periods=periods,
    )
    return first, own


def refuse_overlaps(parts: list[tuple[str, int, int]], case: Case, problems: Problems) -> None:
    """Takes in the results that cover a period that another covers too.

    Args:
        parts: of each result the name of its summary, its first period and the one after its last.
        case: that is settled.
        problems: takes in what is wrong.
    """
    ordered = sorted(parts, key=lambda part: part[1:])
    for (other, _, end), (file, first, _) in pairwise(ordered):
        if first < end:
            start, until = (case.horizon.instant(each).isoformat(timespec="minutes") for each in (first, end))
            what = f"is covered by {other} too, which goes on until {until}"
            remedy = "give one result for each period"
            problems.add(Problem(file=file, field="start", value=start, what=what, remedy=remedy))


def _first(summary: Mapping[str, Any], case: Case, problems: Problems) -> int:
    """The period of the case that a result starts with; summaries of old do not say, and are of all."""
    if "start" not in summary:
        if summary.get("periods") != case.horizon.periods:
            _refuse(problems, summary, "periods", f"is not the {case.horizon.periods} of the case")
        return 0
    start = summary["start"]
    is_time = isinstance(start, str | datetime)
    time = read_time(start, ZoneInfo(case.horizon.timezone)) if is_time else Fault(what="is not a time")
    first = time if isinstance(time, Fault) else period_of(time, case.horizon, is_end=False)
    if not isinstance(first, Fault):
        return first
    begin, end = (
        case.horizon.instant(each).isoformat(timespec="minutes") for each in (0, case.horizon.periods)
    )
    is_outside = first.what == OUTSIDE_HORIZON
    what = f"is not in the case, which is {begin} to {end}" if is_outside else f"{first.what} of the case"
    _refuse(problems, summary, "start", what)
    return 0


def _refuse(problems: Problems, summary: Mapping[str, Any], key: str, what: str) -> None:
    """Takes in a figure of a summary that does not fit the case."""
    found = summary.get(key)
    value = "" if found is None else shown(found)
    said = "is not among the keys" if found is None else what
    problems.add(Problem(file=SUMMARY_FILE, field=key, value=value, what=said, remedy=REMEDY))
