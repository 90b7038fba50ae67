"""What an import of meters came to, in words and for programs."""

from collections import Counter
from pathlib import Path
from typing import Any

from gridpact.imports.import_meters import ImportedMeters, span
from gridpact.imports.portals.layout import Direction, Layout

_NAMES_SHOWN = 5


def facts(imported: ImportedMeters, out: Path) -> dict[str, Any]:
    """What was recognised, what was not, and how many rows and readings went where."""
    readings, rows, counts = imported.readings, imported.rows, imported.readings.counts
    horizon = readings.horizon
    return {
        "format": imported.format.name,
        "is_recognised": imported.is_recognised,
        "timezone": imported.timezone,
        "interval_minutes": imported.step_minutes,
        "horizon": {
            "start": horizon.instant(0).isoformat(timespec="minutes"),
            "timezone": horizon.timezone,
            "resolution": horizon.resolution,
            "periods": horizon.periods,
        },
        "files": [
            {
                "file": file.file,
                "read_as": [sheet.form for sheet, _ in file.sheets],
                "taken": _distinct(layout.values for _, layout in file.sheets),
                "left_out": {name: why for _, layout in file.sheets for name, why in layout.left_out.items()},
                "sheets_left_out": list(file.left_out),
            }
            for file in imported.files
        ],
        "rows": {
            "all": rows.all,
            "above_readings": rows.above,
            "below_readings": rows.below,
            "empty": rows.empty,
            "no_active_energy": rows.other,
            "in_a_skipped_hour": rows.skipped,
            "with_readings": rows.readings,
        },
        "readings": {
            "all": counts.all,
            "without_value": counts.empty,
            "repeated": counts.repeated,
            "of_unknown_meters": sum(counts.unknown_meter.values()),
            "outside_the_horizon": counts.outside,
            "in_incomplete_periods": counts.incomplete,
            "used": counts.used,
        },
        "written": len(readings.period),
        "missing": imported.missing,
        "rounded": readings.rounded,
        "estimated": int(readings.estimated.sum()),
        "import_wh": int(readings.import_wh.sum()),
        "export_wh": int(readings.export_wh.sum()),
        "meters": {name: list(meters) for name, meters in imported.meters.items()},
        "unknown_meters": dict(counts.unknown_meter),
        "participants_without_readings": list(imported.without),
        "absent_taken_as_zero": {name: str(way) for name, way in readings.zeroed.items()},
        "notices": notices(imported),
        "file": str(out),
    }


def outcome(imported: ImportedMeters, out: Path) -> str:
    """The same for people, some lines."""
    readings, horizon = imported.readings, imported.readings.horizon
    with_readings = len(imported.meters) - len([name for name in imported.without if name in imported.meters])
    how = f"recognised by its {imported.format.wants}" if imported.is_recognised else "as said"
    lines = [
        f"{out}: {_counted(len(readings.period), 'reading')} of {_counted(with_readings, 'participant')}, "
        f"{span(horizon)}",
        f"  format    {imported.format.name}, {how}",
        f"  files     {_counted(len(imported.files), 'file')}, {_forms(imported)}",
        f"  intervals {imported.step_minutes} minutes, times in {imported.timezone}",
    ]
    for way in Direction:
        taken = _distinct(
            [value for value in layout.values if value.direction in (way, None)]
            for file in imported.files
            for _, layout in file.sheets
        )
        if taken:
            lines.append(f"  {way}    {', '.join(taken)}")
    lines += [f"  left out  {words}" for words in _left_out(imported)]
    lines.append(f"  rows      {_sum_of_rows(imported)}")
    lines.append(f"  readings  {_sum_of_readings(imported)}")
    imported_kwh, exported_kwh = readings.import_wh.sum() / 1000, readings.export_wh.sum() / 1000
    energies = f"import {imported_kwh:,.3f} kWh, export {exported_kwh:,.3f} kWh"
    rounded = f"{_counted(readings.rounded, 'energy', 'energies')} rounded to whole Wh"
    lines.append(f"  energy    {energies}; {rounded}")
    if estimated := int(readings.estimated.sum()):
        lines.append(f"  estimated {_counted(estimated, 'reading')}")
    lines += [f"  notice    {notice}" for notice in notices(imported)]
    if horizon_lines := _horizon_lines(imported):
        lines.append(horizon_lines)
    return "\n".join(lines)


def notices(imported: ImportedMeters) -> list[str]:
    """What else a reader of the readings should know."""
    readings, counts = imported.readings, imported.readings.counts
    said = list(_first(imported.notices))
    if warning := readings.horizon.clock_warning():
        said.append(warning)
    if counts.unknown_meter:
        named = _named(list(counts.unknown_meter))
        said.append(f"meters that no participant has, left out: {named}")
    if imported.without:
        said.append(f"participants without any reading: {_named(list(imported.without))}")
    if imported.missing:
        size = len({*readings.participant.tolist()}) * readings.horizon.periods
        said.append(f"{imported.missing:,} of {size:,} readings of participants that have any are missing")
    for way in dict.fromkeys(readings.zeroed.values()):
        names = [name for name, absent in readings.zeroed.items() if absent is way]
        said.append(f"{way} taken as 0, as --absent zero says: {_named(names)}")
    if unknown := imported.rows.unknown_quality:
        words = _named(list(unknown))
        said.append(
            f"{unknown.total():,} values are marked {words}, which is not known and counts as measured"
        )
    said += [
        f"{file.file}: sheets without readings, left out: {_named(list(file.left_out))}"
        for file in imported.files
        if file.left_out
    ]
    return said


def _first(said: tuple[str, ...]) -> list[str]:
    """The first of many notices, and how many more there are."""
    kept = list(said[:_NAMES_SHOWN])
    return kept if len(said) <= _NAMES_SHOWN else [*kept, f"and {len(said) - _NAMES_SHOWN:,} more like these"]


def _forms(imported: ImportedMeters) -> str:
    """How the files were read, with how many of each."""
    forms = Counter(sheet.form for file in imported.files for sheet, _ in file.sheets)
    return "; ".join(form if len(forms) == 1 else f"{count:,} × {form}" for form, count in forms.items())


def _distinct(values: Any) -> list[str]:
    """Names of columns of values, each once."""
    return list(dict.fromkeys(repr(value.name) for each in values for value in each))


def _left_out(imported: ImportedMeters) -> list[str]:
    """The columns that were not taken, by the reason."""
    of_reason: dict[str, dict[str, None]] = {}
    layouts: list[Layout] = [layout for file in imported.files for _, layout in file.sheets]
    for layout in layouts:
        for name, why in layout.left_out.items():
            of_reason.setdefault(why, {})[name] = None
    return [f"{_named(list(names))}, which {why}" for why, names in of_reason.items()]


def _sum_of_rows(imported: ImportedMeters) -> str:
    """Where the rows went."""
    rows = imported.rows
    parts = (
        (rows.readings, "with readings"),
        (rows.above, "above them"),
        (rows.below, "below them"),
        (rows.empty, "empty"),
        (rows.other, "of no active energy"),
        (rows.skipped, "without a value in an hour that clocks skip"),
    )
    return f"{rows.all:,}: " + ", ".join(f"{count:,} {words}" for count, words in parts if count)


def _sum_of_readings(imported: ImportedMeters) -> str:
    """Where the readings went."""
    counts = imported.readings.counts
    parts = (
        (counts.used, "used"),
        (counts.empty, "without a value"),
        (counts.repeated, "given again"),
        (sum(counts.unknown_meter.values()), "of meters that no participant has"),
        (counts.outside, "outside the horizon"),
        (counts.incomplete, "in periods of which a part or a direction is missing"),
    )
    return f"{counts.all:,}: " + ", ".join(f"{count:,} {words}" for count, words in parts if count)


def _horizon_lines(imported: ImportedMeters) -> str:
    """The horizon of a case for the readings."""
    horizon = imported.readings.horizon
    start = horizon.instant(0).replace(tzinfo=None).isoformat(timespec="minutes")
    return (
        f'  horizon   start = "{start}", timezone = "{horizon.timezone}", '
        f'resolution = "{horizon.resolution}", periods = {horizon.periods}'
    )


def _named(names: list[str]) -> str:
    """Names, the first of many."""
    shown = ", ".join(map(repr, names[:_NAMES_SHOWN]))
    return shown if len(names) <= _NAMES_SHOWN else f"{shown} and {len(names) - _NAMES_SHOWN:,} more"


def _counted(count: int, noun: str, plural: str = "") -> str:
    """A count with its noun."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"
