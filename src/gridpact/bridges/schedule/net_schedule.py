"""The net schedule of a result, read from its folder."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from gridpact.arrays import Float, Int
from gridpact.case.folder.case_files import RESULT_FOLDER, CaseFiles
from gridpact.case.folder.opener import TableOpener
from gridpact.case.folder.part_tables import refuse_repeated_cells
from gridpact.case.horizon import Horizon
from gridpact.case.reading.problems import Problems
from gridpact.case.reading.reader import TableReader
from gridpact.case.schema import Column, Kind, Schema
from gridpact.case.sessions.cleared import read_summary
from gridpact.comparison.reading.result_schemas import AS_WRITTEN, SCHEDULE
from gridpact.comparison.reading.summary_facts import SummaryFacts, summary_facts
from gridpact.errors import Problem

NET = "net_injection_kw"
NET_SCHEDULE = Schema(
    name=SCHEDULE.name,
    columns=(
        *(SCHEDULE.column(name) for name in ("time", "participant")),
        Column(name=NET, kind=Kind.SIGNED_POWER, meaning="what the network sees, positive into it"),
        *(
            Column(name=column.name, kind=Kind.ID, meaning="not read", required=False)
            for column in SCHEDULE.columns
            if column.name not in ("time", "participant", NET)
        ),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetSchedule:
    """The schedule of T periods and P participants.

    Attributes:
        name: of the case.
        status: of the clearing, as in `cleared`.
        inputs_sha256: digest of the case.
        horizon: the periods, in UTC.
        participants: names, (P,).
        net_kw: net power at the meter, positive into the network, (T, P).
    """

    name: str
    status: str
    inputs_sha256: str
    horizon: Horizon
    participants: tuple[str, ...]
    net_kw: Float


def read_net_schedule(folder: Path, problems: Problems) -> NetSchedule | None:
    """The schedule in a result folder; `None`, with problems that name the folder, where it is none."""
    found = Problems()
    files = CaseFiles(folder, found, RESULT_FOLDER)
    schedule = None
    if files.is_folder:
        opener = TableOpener(files, found)
        facts = summary_facts(read_summary(files, found), found)
        opener.need(NET_SCHEDULE)
        reader = opener.table(NET_SCHEDULE)
        if reader is not None and facts is not None and facts.horizon is not None:
            schedule = _schedule(reader, facts, facts.horizon)
    problems.extend(_placed(problem, folder) for problem in found.in_order())
    return None if len(found) else schedule


def _schedule(reader: TableReader, facts: SummaryFacts, horizon: Horizon) -> NetSchedule | None:
    """The schedule in the table."""
    names = reader.names("participant")
    used = np.unique(names.of_row[names.of_row >= 0])
    if not len(used):
        reader.refuse_table("has no rows", AS_WRITTEN)
        return None
    place = np.full(len(names.distinct) + 1, -1, dtype=np.int64)
    place[used] = np.arange(len(used))
    participant, people = place[names.of_row], tuple(names.distinct[k] for k in used.tolist())
    period = reader.period("time", horizon)
    cell = np.where((period >= 0) & (participant >= 0), period * len(people) + participant, -1)
    refuse_repeated_cells(reader, cell)
    _refuse_absent(reader, cell, horizon, people)
    net = np.zeros(horizon.periods * len(people))
    net[cell[cell >= 0]] = reader.number(NET)[cell >= 0]
    return NetSchedule(
        name=facts.name,
        status=facts.status,
        inputs_sha256=facts.inputs_sha256,
        horizon=horizon,
        participants=people,
        net_kw=net.reshape(horizon.periods, len(people)),
    )


def _refuse_absent(reader: TableReader, cell: Int, horizon: Horizon, people: tuple[str, ...]) -> None:
    """Takes in that a period of a participant has no row."""
    absent = np.setdiff1d(np.arange(horizon.periods * len(people)), cell)
    if len(absent) and (cell >= 0).all():
        at, who = divmod(int(absent[0]), len(people))
        more = f", nor have {len(absent) - 1:,} others" if len(absent) > 1 else ""
        reader.refuse_table(f"has no row for {horizon.labels()[at]} of '{people[who]}'{more}", AS_WRITTEN)


def _placed(problem: Problem, folder: Path) -> Problem:
    """A problem whose file is named with its folder."""
    also = tuple(replace(each, file=str(folder / each.file)) for each in problem.also)
    return replace(problem, file=str(folder / problem.file), also=also)
