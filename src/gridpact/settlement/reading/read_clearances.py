"""Clearances: what the results of clearing leave to settle, over the horizon of a case."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gridpact.arrays import Bool, Int, frozen
from gridpact.case.case import Case
from gridpact.case.folder.case_files import RESULT_FOLDER, CaseFiles
from gridpact.case.folder.opener import TableOpener
from gridpact.case.horizon import Horizon
from gridpact.case.periods import period_of
from gridpact.case.reading.problems import Problems, shown
from gridpact.case.sessions.cleared import (
    CLEARED,
    CLEARED_STATUS,
    SUMMARY_FILE,
    read_summary,
    refuse_other_energy,
    unsafe,
)
from gridpact.case.times import Fault
from gridpact.errors import InvalidUsage
from gridpact.settlement.energy.positions import Positions
from gridpact.settlement.reading.read_positions import (
    positions_of,
    read_positions,
    read_schedule,
    schedule_schema,
    scheduled_wh,
)
from gridpact.settlement.reading.result_folders import placed, refuse_overlaps, result_folders

if TYPE_CHECKING:
    from gridpact.results.clearance import Clearance


@dataclass(slots=True, kw_only=True)
class Clearances:
    """What some results of clearing leave to settle, for T periods and P participants.

    Attributes:
        positions: of all of them.
        is_covered: the periods that one of them is of, (T,).
        net_injection_wh: by their schedules, (T, P); 0 where none says it.
        is_scheduled: where one says it, (T, P).
        warnings: what a reader should know of them.
    """

    positions: Positions
    is_covered: Bool
    net_injection_wh: Int
    is_scheduled: Bool
    warnings: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class _Part:
    """One result: the file that its problems are about, and what of it lies where in the case."""

    file: str
    first: int
    horizon: Horizon
    summary: dict[str, Any]
    positions: Positions | None = None
    net_injection_wh: Int | None = None
    is_scheduled: Bool | None = None
    warnings: list[str] = field(default_factory=list)


def read_clearances(
    given: Sequence["Path | Clearance"], case: Case, needed: Bool, member: Bool, problems: Problems
) -> Clearances | None:
    """What results leave to settle; `None` where something is wrong with one of them, which is a problem.

    Args:
        given: clearances, and folders of results or of folders of them.
        case: that is settled.
        needed: where a reading is missing that the schedule stands in for, (T, P).
        member: who is a member when, (T, P).
        problems: takes in what is wrong.

    Raises:
        InvalidUsage: a clearance is of periods or participants that the case does not have.
    """
    before = len(problems)
    folders = [each for one in given if isinstance(one, Path) for each in result_folders(one)]
    cleared = [one for one in given if not isinstance(one, Path)]
    is_one_of_many = len(folders) + len(cleared) > 1
    parts = [_part_of(each, case) for each in cleared]
    for folder in folders:
        own = Problems()
        part = _read_folder(folder, case, needed, member, own)
        label = f"{folder.as_posix()}/" if is_one_of_many else ""
        problems.extend(replace(problem, file=label + problem.file) for problem in own.in_order())
        if part is not None:
            part.file = label + part.file
            parts.append(part)
    spans = [(part.file, part.first, part.first + part.horizon.periods) for part in parts]
    refuse_overlaps(spans, case, problems)
    return None if len(problems) > before else _together(parts, case)


def _part_of(clearance: "Clearance", case: Case) -> _Part:
    """A clearance in memory."""
    own, ids = clearance.case.horizon, clearance.case.participants.ids
    first = period_of(own.instant(0), case.horizon, is_end=False)
    index = {name: place for place, name in enumerate(case.participants.ids)}
    is_of_others = (
        isinstance(first, Fault)
        or own.resolution != case.horizon.resolution
        or first + own.periods > case.horizon.periods
        or not index.keys() >= set(ids)
    )
    if is_of_others or isinstance(first, Fault):
        raise InvalidUsage("the clearance is of other periods or participants", "clear this case")
    place, found = np.array([index[name] for name in ids], dtype=np.int64), positions_of(clearance)
    shape = (own.periods, len(index))
    net_wh, is_scheduled = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.bool_)
    net_wh[:, place], is_scheduled[:, place] = scheduled_wh(clearance), True
    summary: dict[str, Any] = {**clearance.summary, "status": str(clearance.verification.status)}
    return _Part(
        file="the clearance",
        first=first,
        horizon=own,
        summary=summary,
        positions=replace(
            found,
            seller=frozen(place[found.seller], np.int64),
            buyer=frozen(place[found.buyer], np.int64),
        ),
        net_injection_wh=net_wh,
        is_scheduled=is_scheduled,
    )


def _read_folder(folder: Path, case: Case, needed: Bool, member: Bool, problems: Problems) -> _Part | None:
    """The result in a folder; `None` where its place in the case is not known."""
    files = CaseFiles(folder, problems, RESULT_FOLDER)
    if not files.is_folder:
        return None
    opener = TableOpener(files, problems)
    opener.need(CLEARED)
    before = len(problems)
    summary = read_summary(files, problems)
    where = placed(summary, case, problems) if summary else None
    reader = opener.table(CLEARED)
    if reader is None or where is None:
        return None
    first, horizon = where
    part = _Part(file=SUMMARY_FILE, first=first, horizon=horizon, summary=summary)
    span = slice(first, first + horizon.periods)
    part.positions = read_positions(reader, case, horizon, member[span])
    if len(problems) == before:
        refuse_other_energy(reader, horizon.hours_per_period, summary, problems)
    _read_schedule(opener, part, case, needed[span], problems)
    part.warnings = opener.warnings
    return part


def _read_schedule(opener: TableOpener, part: _Part, case: Case, needed: Bool, problems: Problems) -> None:
    """Takes in what the schedule of a result says; what is wrong with it counts where it is needed."""
    schema, is_needed = schedule_schema(), bool(needed.any())
    own = problems if is_needed else Problems()
    quiet = opener if is_needed else TableOpener(CaseFiles(opener.files.folder, own, RESULT_FOLDER), own)
    if is_needed:
        quiet.need(schema)
    schedule = quiet.table(schema)
    if schedule is None:
        return
    net_wh, is_there = read_schedule(schedule, case, part.horizon, needed, own)
    if is_needed or not len(own):
        part.net_injection_wh, part.is_scheduled = net_wh, is_there


def _together(parts: list[_Part], case: Case) -> Clearances:
    """The results as one, over the horizon of the case."""
    shape = (case.horizon.periods, len(case.participants))
    found = Clearances(
        positions=_joined(parts),
        is_covered=np.zeros(shape[0], dtype=np.bool_),
        net_injection_wh=np.zeros(shape, dtype=np.int64),
        is_scheduled=np.zeros(shape, dtype=np.bool_),
    )
    for part in parts:
        span = slice(part.first, part.first + part.horizon.periods)
        found.is_covered[span] = True
        if part.net_injection_wh is not None and part.is_scheduled is not None:
            found.net_injection_wh[span] = part.net_injection_wh
            found.is_scheduled[span] = part.is_scheduled
    told = [*_unsafe(parts), *_other_inputs(parts, case), *(each for part in parts for each in part.warnings)]
    found.warnings = list(dict.fromkeys(told))
    return found


def _joined(parts: list[_Part]) -> Positions:
    """The positions of all results; trades of one name in several results keep it, and do not meet."""
    found = [(part.first, part.positions) for part in parts if part.positions is not None]
    names: dict[str, int] = {}
    for _, positions in found:
        for name in positions.trade_ids:
            names.setdefault(name, len(names))

    def joined(arrays: list[Int]) -> Int:
        return frozen(np.concatenate([np.zeros(0, np.int64), *arrays]), np.int64)

    trade = [np.array([names[name] for name in each.trade_ids], np.int64)[each.trade] for _, each in found]
    rest = {
        name: joined([getattr(positions, name) for _, positions in found])
        for name in ("seller", "buyer", "energy_wh", "price_micro_per_kwh", "congestion_micro_per_kwh")
    }
    period = joined([first + positions.period for first, positions in found])
    return Positions(trade_ids=tuple(names), trade=joined(trade), period=period, **rest)


def _unsafe(parts: list[_Part]) -> list[str]:
    """The warnings of results that are not safe."""
    if len(parts) == 1:
        return unsafe(parts[0].summary)
    statuses = Counter(str(part.summary.get("status")) for part in parts)
    return [
        f"{count:,} of {len(parts):,} results have the status {shown(status)!r}: what they cleared counts as "
        "firm all the same."
        for status, count in sorted(statuses.items())
        if status != CLEARED_STATUS
    ]


def _other_inputs(parts: list[_Part], case: Case) -> list[str]:
    """The warning that the one result of a whole horizon is not of the case as it is.

    With commitments its digest cannot tell.
    """
    if len(parts) != 1 or parts[0].horizon.periods != case.horizon.periods:
        return []
    digest, commitments = parts[0].summary.get("inputs_sha256"), parts[0].summary.get("commitments")
    has_commitments = isinstance(commitments, dict) and bool(commitments.get("trades"))
    if not digest or not case.inputs_sha256 or has_commitments or digest == case.inputs_sha256:
        return []
    return ["the clearance is of other inputs: the case was changed since, or it is of another case"]
