"""Reports of an OpenADR 3 server as tables that gridpact takes: meters, or profiles of a forecast."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from gridpact.arrays import Bool, Float, Int
from gridpact.bridges.openadr.publish_envelopes import connection_of
from gridpact.bridges.openadr.reported_energy import (
    REPORT_AGAIN,
    Reported,
    ReportedSeries,
    ResourceOwners,
    reported_series,
)
from gridpact.bridges.openadr.vtn_connection import VtnConnection
from gridpact.bridges.standards.standards_file import read_standards
from gridpact.bridges.standards.vtn_terms import OPENADR
from gridpact.case import read_case
from gridpact.case.horizon import PERIODS_MAX, RESOLUTION_MINUTES, Horizon
from gridpact.case.reading.problems import Problems
from gridpact.case.writing.table_file import Coded, Instants
from gridpact.errors import InvalidUsage, Problem
from gridpact.imports.portals.layout import Direction
from gridpact.imports.readings.gathered_readings import GatheredReadings, ReadingCounts

WH_PER_KWH = 1000.0
SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedReports:
    """What reports said, N readings by period and then by participant.

    Attributes:
        horizon: from the first interval to the last, in UTC.
        participants: names, (P,).
        period, participant: index of each reading, (N,).
        import_kwh, export_kwh: energies of each, (N,).
        estimated: whether it is an estimate, (N,).
        notices: what else is to be said.
    """

    horizon: Horizon
    participants: tuple[str, ...]
    period: Int
    participant: Int
    import_kwh: Float
    export_kwh: Float
    estimated: Bool
    notices: tuple[str, ...]

    def readings(self) -> GatheredReadings:
        """The energies in whole watt-hours, as meters have them."""
        exact = np.stack([self.import_kwh, self.export_kwh]) * WH_PER_KWH
        whole = np.rint(exact).astype(np.int64)
        counts = ReadingCounts(all=len(self.period), used=len(self.period))
        return GatheredReadings(
            horizon=self.horizon,
            participants=self.participants,
            period=self.period,
            participant=self.participant,
            import_wh=whole[0],
            export_wh=whole[1],
            estimated=self.estimated,
            rounded=int((np.abs(exact - whole) > 1e-6).sum()),
            zeroed={},
            counts=counts,
        )

    def profiles(self) -> dict[str, Any]:
        """The columns of profiles: what is taken as load, what is fed in as generation, means in kW."""
        hours = self.horizon.hours_per_period
        return {
            "time": Instants(horizon=self.horizon, period=self.period),
            "participant": Coded(labels=self.participants, codes=self.participant),
            "load_kw": self.import_kwh / hours,
            "generation_kw": self.export_kwh / hours,
        }


def import_reports(standards: Path, kind: Reported, case_folder: Path | None = None) -> ImportedReports:
    """What the resources of the programme of `[openadr]` reported.

    Args:
        standards: the file with `[openadr]`.
        kind: usage, or a forecast of it.
        case_folder: whose participants count; without one every resource is a participant's.

    Raises:
        InvalidCase: the case, the standards or the reports cannot be used.
        InvalidUsage: there are no such reports.
        VtnFailed: the server refuses, or does not answer.
    """
    people = read_case(case_folder).participants.ids if case_folder is not None else None
    problems = Problems()
    said = read_standards(standards, OPENADR, people, problems)
    if said is None or said.openadr is None or len(problems):
        raise problems.refusal()
    reports = _reports(connection_of(said.openadr, standards), said.openadr.program)
    owners = ResourceOwners.of(said.openadr, people)
    series = reported_series(reports, kind, owners, problems)
    step = _step(series, problems)
    if len(problems):
        raise problems.refusal()
    if step is None:
        what = f"no report of the programme '{said.openadr.program}' has any {kind}"
        raise InvalidUsage(what, "ask for reports again when the resources have sent them")
    return _gathered(series, step, kind, people, problems)


def _reports(connection: VtnConnection, program: str) -> list[dict[str, object]]:
    """The reports of a programme; none where the server has no such programme."""
    for each in connection.every("/programs", {}):
        if each.get("programName") == program:
            return list(connection.every("/reports", {"programID": str(each.get("id", ""))}))
    return []


def _step(series: ReportedSeries, problems: Problems) -> timedelta | None:
    """The one length of all intervals; `None` where there is no interval, or a problem."""
    minutes = {name: timedelta(minutes=count) for name, count in RESOLUTION_MINUTES.items()}
    if len(series.steps) > 1 or not series.steps <= set(minutes.values()):
        lengths = ", ".join(str(step) for step in sorted(series.steps)[:SHOWN])
        remedy = f"report in intervals of one of {', '.join(minutes)}"
        problems.add(
            Problem(
                file="reports", field="intervals", value=lengths, what="are not of one length", remedy=remedy
            )
        )
        return None
    return next(iter(series.steps), None)


def _gathered(
    series: ReportedSeries,
    step: timedelta,
    kind: Reported,
    people: tuple[str, ...] | None,
    problems: Problems,
) -> ImportedReports:
    """The readings of the series, each in its period."""
    starts = [start for _, _, start in series.energies]
    first, periods = min(starts), (max(starts) - min(starts)) // step + 1
    off = sorted({start for start in starts if (start - first) % step})
    if off or periods > PERIODS_MAX:
        what = "are not on one grid of periods" if off else f"span more than {PERIODS_MAX:,} periods"
        value = off[0].isoformat() if off else ""
        problems.add(Problem(file="reports", field="intervals", value=value, what=what, remedy=REPORT_AGAIN))
        raise problems.refusal()
    names = tuple(people) if people is not None else tuple(sorted({who for who, _, _ in series.energies}))
    resolution = next(name for name, count in RESOLUTION_MINUTES.items() if timedelta(minutes=count) == step)
    cells = sorted({((start - first) // step, names.index(who)) for who, _, start in series.energies})
    energy = np.zeros((2, len(cells)))
    estimated = np.zeros(len(cells), dtype=np.bool_)
    place = {cell: k for k, cell in enumerate(cells)}
    for (who, way, start), each in series.energies.items():
        k = place[(start - first) // step, names.index(who)]
        is_in = (way is Direction.IMPORT) == (each.kwh >= 0)  # a forecast below 0 is feed-in
        energy[0 if is_in else 1, k] += abs(each.kwh)
        estimated[k] |= each.is_estimate
    return ImportedReports(
        horizon=Horizon(start=first, timezone="UTC", resolution=resolution, periods=periods),
        participants=names,
        period=np.array([period for period, _ in cells], dtype=np.int64),
        participant=np.array([who for _, who in cells], dtype=np.int64),
        import_kwh=energy[0],
        export_kwh=energy[1],
        estimated=estimated,
        notices=_notices(series, kind, names, periods * len(names) - len(cells)),
    )


def _notices(series: ReportedSeries, kind: Reported, names: Sequence[str], missing: int) -> tuple[str, ...]:
    """What is to be said beside the readings."""
    feeding = {who for who, way, _ in series.energies if way is Direction.EXPORT}
    said = []
    if series.unknown:
        shown = ", ".join(sorted(series.unknown)[:SHOWN])
        said.append(f"left out are {len(series.unknown):,} resources that no participant has: {shown}")
    if series.not_read:
        said.append(f"left out are {series.not_read:,} intervals whose quality is BAD or MISSING")
    if series.replaced:
        said.append(f"{series.replaced:,} intervals were reported again; the latest report counts")
    if missing:
        said.append(f"{missing:,} periods of participants have no report")
    if kind is Reported.USAGE and len(names) > len(feeding):
        count = len(names) - len(feeding)
        said.append(f"{count:,} participants have no resource that reports feed-in; they feed in nothing")
    return tuple(said)
