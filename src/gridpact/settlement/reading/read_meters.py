"""Meter readings, from a table to whole watt-hours, and what is done where one is missing."""

from dataclasses import replace

import numpy as np

from gridpact.arrays import Bool, Int, frozen
from gridpact.case.case import Case
from gridpact.case.folder.part_tables import refuse_repeated_cells
from gridpact.case.reading.frame import Frame
from gridpact.case.reading.problems import Problems
from gridpact.case.reading.reader import TableReader
from gridpact.case.schema import POWER_MAX_KW
from gridpact.errors import Problem
from gridpact.settlement.amounts.money import WH_PER_KWH
from gridpact.settlement.amounts.whole import whole_parts
from gridpact.settlement.energy.meters import Meters

HEAD = "@head"
HEAD_MAX_KW = 50_000.0
_COARSE = ("float", "halffloat")  # as Arrow calls numbers of 32 and 16 bits


def read_meters(reader: TableReader, frame: Frame) -> Meters | None:
    """The readings in a table, with `given` false where there is none.

    Args:
        reader: of the table.
        frame: whose participants and periods they are; where not all of these are known, the readings are
            checked without them and are `None`.
    """
    period = reader.period("time", frame.horizon)
    count = len(frame.index or ())
    index = None if frame.index is None else {**frame.index, HEAD: count}
    column = reader.lookup("participant", index, frame.file)
    is_head = column == count if index is not None else np.zeros(len(reader.table), np.bool_)
    hours = frame.horizon.hours_per_period if frame.horizon and index else None
    import_row_wh, export_row_wh = (
        _energy_wh(reader, name, is_head, hours) for name in ("import_kwh", "export_kwh")
    )
    estimated_row = reader.choice("quality") == 1
    if frame.shape is None:
        return None
    periods = frame.shape[0]
    cell = np.where((period >= 0) & (column >= 0), period * (count + 1) + column, -1)
    refuse_repeated_cells(reader, cell)
    used = cell >= 0

    def spread(values: Int | Bool) -> Int:
        table = np.zeros(periods * (count + 1), dtype=np.int64)
        table[cell[used]] = values[used]
        return table.reshape(periods, count + 1)

    import_wh, export_wh = spread(import_row_wh), spread(export_row_wh)
    given, estimated = spread(used), spread(estimated_row)
    return Meters(
        import_wh=frozen(import_wh[:, :count], np.int64),
        export_wh=frozen(export_wh[:, :count], np.int64),
        given=frozen(given[:, :count], np.bool_),
        estimated=frozen(estimated[:, :count], np.bool_),
        head_import_wh=frozen(import_wh[:, count] - export_wh[:, count], np.int64),
        head_given=frozen(given[:, count], np.bool_),
    )


def refuse_missing(file: str, meters: Meters, frame: Frame, problems: Problems) -> None:
    """Takes in each participant that has no reading in some period."""
    horizon, names = frame.horizon, tuple(frame.index or ())
    if horizon is None:
        return
    absent = ~meters.given & meters.is_asked
    for position in np.flatnonzero(absent.any(axis=0)).tolist():
        if names[position] == HEAD:
            continue  # that name is refused already, and its rows are the head's
        periods = np.flatnonzero(absent[:, position])
        first = horizon.instant(int(periods[0])).isoformat(timespec="minutes")
        more = f" and {len(periods) - 1:,} more" if len(periods) > 1 else ""
        problem = Problem(
            file=file,
            field="participant",
            value=names[position],
            what="has no reading in some period",
            remedy=f"add {first}{more}, or take the schedule there: missing = 'schedule'",
        )
        problems.add(problem)


def refuse_unscheduled(absent: Bool, case: Case, problems: Problems) -> None:
    """Takes in each participant that has no reading where no schedule can stand in for it, (T, P)."""
    for position in np.flatnonzero(absent.any(axis=0)).tolist():
        periods = np.flatnonzero(absent[:, position])
        first = case.horizon.instant(int(periods[0])).isoformat(timespec="minutes")
        more = f" and {len(periods) - 1:,} more" if len(periods) > 1 else ""
        problems.add(
            Problem(
                file=f"meters.{case.table_format}",
                field="participant",
                value=case.participants.ids[position],
                what="has no reading in a period that no result of a clearance covers",
                remedy=f"add {first}{more}, or give a clearance of it with --clearance",
            )
        )


def filled(meters: Meters, net_injection_wh: Int) -> Meters:
    """The readings, with what a schedule has injected, (T, P), where there is none, marked as estimated."""
    absent = ~meters.given & meters.is_asked
    scheduled_import, scheduled_export = np.maximum(-net_injection_wh, 0), np.maximum(net_injection_wh, 0)
    return replace(
        meters,
        import_wh=frozen(np.where(absent, scheduled_import, meters.import_wh), np.int64),
        export_wh=frozen(np.where(absent, scheduled_export, meters.export_wh), np.int64),
        estimated=frozen(meters.estimated | absent, np.bool_),
    )


def _energy_wh(reader: TableReader, name: str, is_head: Bool, hours: float | None) -> Int:
    """A column of energies in whole watt-hours, (R,); without the hours of a period, of any size."""
    energy_kwh = reader.number(name)
    for rows, limit_kw, connection in (
        (~is_head, POWER_MAX_KW, "low-voltage connection"),
        (is_head, HEAD_MAX_KW, "supply of a low-voltage network"),
    ):
        limit_kwh = np.inf if hours is None else limit_kw * hours
        is_beyond = rows & (energy_kwh > limit_kwh)
        remedy = f"no {connection} carries this in a period; is the value in Wh?"
        reader.refuse(name, is_beyond, f"is more than {limit_kwh:,.0f} kWh", remedy)
        energy_kwh = np.where(is_beyond, 0.0, energy_kwh)
    energy_wh, is_whole = whole_parts(energy_kwh, WH_PER_KWH)
    remedy = "round it to 3 decimals where it is read, so that nothing is lost here"
    if str(getattr(reader.table.columns.get(name), "type", "")) in _COARSE:
        remedy = "store it as float64 or decimal: the column has fewer digits than readings need"
    reader.refuse(name, ~is_whole, "is not a whole number of watt-hours", remedy)
    return energy_wh
