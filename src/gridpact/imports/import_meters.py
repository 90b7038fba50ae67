"""Import of meters: from the files of a portal to readings that gridpact settles."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from gridpact.case.horizon import PERIODS_MAX, RESOLUTION_MINUTES, Horizon
from gridpact.case.reading.problems import Problems, suggestion
from gridpact.case.times import EPOCH, Fault, read_zone
from gridpact.errors import InvalidUsage, Problem
from gridpact.imports.portals.layout import Layout, MeterFormat
from gridpact.imports.portals.plain_table import SEPARATOR_WORDS, TABLE, TableOptions, table_format
from gridpact.imports.portals.recognition import AUTO, PORTALS, Recognised, recognise
from gridpact.imports.readings.clock_changes import MINUTES_PER_DAY, offset_at
from gridpact.imports.readings.gathered_readings import GatheredReadings, gather
from gridpact.imports.readings.meter_owners import MeterOwners, read_owners
from gridpact.imports.readings.read_series import read_series
from gridpact.imports.readings.series_rows import RowCounts, SeriesRows
from gridpact.imports.sheets.sheet import Sheet
from gridpact.imports.sheets.sheet_files import file_sheets
from gridpact.settlement.reading.read_meters import HEAD

FORMATS = (AUTO, *(portal.name for portal in PORTALS), TABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedFile:
    """What one file was taken for.

    Attributes:
        file: its name as it was given.
        sheets: of it that hold readings, each with a layout in it.
        left_out: names of its other sheets.
    """

    file: str
    sheets: tuple[tuple[Sheet, Layout], ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedMeters:
    """Readings of meters, with what was read to come to them.

    Attributes:
        readings: of participants.
        format: of the files.
        is_recognised: whether it was found in them rather than said.
        files: what each was taken for.
        rows: where their rows went.
        step_minutes: length of their intervals.
        timezone: in which times without an offset were read.
        meters: of which there are readings, by participant.
        missing: how many readings of periods and participants there are not.
        without: participants of the case of which there is no reading.
        notices: what else is to be said.
    """

    readings: GatheredReadings
    format: MeterFormat
    is_recognised: bool
    files: tuple[ImportedFile, ...]
    rows: RowCounts
    step_minutes: int
    timezone: str
    meters: dict[str, tuple[str, ...]]
    missing: int
    without: tuple[str, ...]
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """What is said beside the files.

    Attributes:
        format: one of `FORMATS`.
        case: folder of the case, whose participants, periods and timezone count.
        timezone: that times without an offset are in; the portal's, or a table's case's, where empty.
        resolution: of the periods; the case's, or that of the files, where it is empty.
        head: meter at the supply.
        absent_is_zero: whether a direction of which a participant has no reading is 0.
        table: what is said of a table.
    """

    format: str = AUTO
    case: Path | None = None
    timezone: str = ""
    resolution: str = ""
    head: str = ""
    absent_is_zero: bool = False
    table: TableOptions = field(default_factory=TableOptions)


def import_meters(paths: Sequence[Path], options: ImportOptions) -> ImportedMeters:
    """The readings in the files of a portal.

    Args:
        paths: of the files, all of one format.
        options: what is said of them.

    Raises:
        InvalidCase: with everything that is wrong with the files, or with the case.
        InvalidUsage: options are wrong, or contradict each other.
    """
    formats = _formats(options)
    if not paths:
        raise InvalidUsage("there is no file to import", "name the files that the portal gave")
    problems = Problems()
    owners = None if options.case is None else read_owners(options.case, problems)
    files = _recognised(paths, options, formats, problems)
    _refuse_mixture(files, problems)
    rows = RowCounts()
    series = [
        each
        for _, file in files
        for sheet, layout in file.tables
        for each in read_series(sheet, layout, _zone(options, file.format, owners), problems, rows)
    ]
    step = _common_step(series, problems)
    if step is None or (owners is None and options.case is not None):
        raise problems.refusal()
    zone = _zone(options, files[0][1].format, owners)
    horizon = _horizon(series, step, zone, options, owners, problems)
    owner_of, participants = _owners(series, options, owners, problems)
    if horizon is None:
        raise problems.refusal()
    # Where values could not be read, what seems to be absent may be among them.
    absent_is_zero = options.absent_is_zero or len(problems) > 0
    readings = gather(series, owner_of, participants, horizon, problems, absent_is_zero=absent_is_zero)
    if not len(problems) and not len(readings.period):
        _refuse_nothing(readings, problems)
    if len(problems):
        raise problems.refusal()
    return _imported(readings, options, files, series, rows, step, zone, owner_of)


def _formats(options: ImportOptions) -> tuple[MeterFormat, ...]:
    """The formats that files may be of."""
    if options.format == TABLE:
        return (table_format(options.table),)
    if given := options.table.given():
        flags = ", ".join(f"--{_FLAGS.get(name, name).replace('_', '-')}" for name in given)
        raise InvalidUsage(f"only --as {TABLE} takes {flags}", "leave them out, or say --as table")
    if options.format == AUTO:
        return PORTALS
    known = {portal.name: portal for portal in PORTALS}
    if options.format not in known:
        near = suggestion(options.format, FORMATS)
        remedy = near or f"write {', '.join(FORMATS)}"
        raise InvalidUsage(f"'{options.format}' is not a known format", remedy)
    return (known[options.format],)


_FLAGS = {
    "is_end": "stamps",
    "day_order": "date_format",
    "decimal_mark": "decimal",
    "quality_column": "quality",
    "step_minutes": "interval",
}


def _recognised(
    paths: Sequence[Path], options: ImportOptions, formats: Sequence[MeterFormat], problems: Problems
) -> list[tuple[Path, Recognised]]:
    """The files that could be read, with what they are."""
    separator = SEPARATOR_WORDS.get(options.table.separator, options.table.separator)
    files: list[tuple[Path, Recognised]] = []
    for path in paths:
        sheets = file_sheets(path, separator)
        if isinstance(sheets, Problem):
            problems.add(sheets)
            continue
        found = recognise(sheets, formats)
        if isinstance(found, Problem):
            problems.add(found)
            continue
        problems.extend(found.problems)
        if not found.tables and not found.problems:
            problems.add(Problem(file=str(path), what="holds no readings", remedy="export it again"))
        files.append((path, found))
    return files


def _refuse_mixture(files: Sequence[tuple[Path, Recognised]], problems: Problems) -> None:
    """Takes in files of another format than the first."""
    for path, found in files[1:]:
        first, recognised = files[0]
        if found.format.name != recognised.format.name:
            what = f"is a file of {found.format.name}, and {first} is one of {recognised.format.name}"
            remedy = "import files of one format at a time"
            problems.add(Problem(file=str(path), what=what, remedy=remedy))


def _zone(options: ImportOptions, chosen: MeterFormat, owners: MeterOwners | None) -> ZoneInfo:
    """The timezone that times without an offset are in."""
    name = options.timezone or chosen.timezone or (owners.horizon.timezone if owners else "")
    if not name and options.case is not None:
        return ZoneInfo("UTC")  # The case cannot be read, and all is refused for that.
    if not name:
        raise InvalidUsage(
            "--as table has to be told its timezone", "--timezone, as in Europe/Lisbon, or --case"
        )
    zone = read_zone(name)
    if isinstance(zone, Fault):
        raise InvalidUsage(f"--timezone '{name}' {zone.what}", zone.remedy)
    return zone


def _common_step(series: Sequence[SeriesRows], problems: Problems) -> int | None:
    """Length of all intervals; `None`, with problems, where there is none or more than one."""
    of_step: dict[int, str] = {}
    for each in series:
        of_step.setdefault(each.step_minutes, each.file)
    if len(of_step) == 1:
        return next(iter(of_step))
    if not of_step:
        if not len(problems):
            problems.add(Problem(file="files", what="hold no row with a reading", remedy="export them again"))
        return None
    (common, first), *others = of_step.items()
    for step, file in others:
        what = f"has intervals of {step} minutes, and {first} has intervals of {common} minutes"
        problems.add(Problem(file=file, what=what, remedy="export them alike, or import them apart"))
    return None


def _horizon(
    series: Sequence[SeriesRows],
    step: int,
    zone: ZoneInfo,
    options: ImportOptions,
    owners: MeterOwners | None,
    problems: Problems,
) -> Horizon | None:
    """The periods of the readings: the case's, or those of the files; `None` where they do not fit."""
    resolution = options.resolution or (owners.horizon.resolution if owners else "")
    known = {minutes: name for name, minutes in RESOLUTION_MINUTES.items()}
    if not resolution:
        resolution = known.get(step, "")
        if not resolution:
            remedy = f"--resolution {'30min' if 30 % step == 0 else '1h'}"
            raise InvalidUsage(f"no case has periods of {step} minutes, which the files have", remedy)
    if resolution not in RESOLUTION_MINUTES:
        raise InvalidUsage(
            f"--resolution '{resolution}' is not one", f"write {', '.join(RESOLUTION_MINUTES)}"
        )
    if owners and resolution != owners.horizon.resolution:
        what = f"--resolution {resolution} is not that of the case, {owners.horizon.resolution}"
        raise InvalidUsage(what, "leave it out")
    minutes = RESOLUTION_MINUTES[resolution]
    if minutes % step:
        what = f"has intervals of {step} minutes, which make no periods of {resolution}"
        finest = next((name for each, name in sorted(known.items()) if each % step == 0), "1h")
        remedy = f'write resolution = "{finest}" in case.toml' if owners else f"--resolution {finest}"
        problems.add(Problem(file=series[0].file, what=what, remedy=remedy))
        return None
    if owners:
        return owners.horizon
    return _spanned(series, step, minutes, resolution, zone)


def _spanned(
    series: Sequence[SeriesRows], step: int, minutes: int, resolution: str, zone: ZoneInfo
) -> Horizon:
    """The periods from the first value to the last, on the grid of the local day."""
    valued = [each.start[each.given] for each in series if each.given.any()]
    first = min((int(each.min()) for each in valued), default=0)
    last = max((int(each.max()) for each in valued), default=0) + step
    day = (first + offset_at(zone, first)) // MINUTES_PER_DAY * MINUTES_PER_DAY
    start = day - offset_at(zone, day - offset_at(zone, day))
    start += (first - start) // minutes * minutes
    periods = -((start - last) // minutes)
    if periods > PERIODS_MAX:
        what = f"readings go over {periods:,} periods, and a case has {PERIODS_MAX:,} at most"
        raise InvalidUsage(what, "import fewer months, or check the dates in the files")
    return Horizon(
        start=EPOCH + timedelta(minutes=start), timezone=zone.key, resolution=resolution, periods=periods
    )


def _owners(
    series: Sequence[SeriesRows], options: ImportOptions, owners: MeterOwners | None, problems: Problems
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Participant by meter, and all participants in their order, the meter at the supply last."""
    meters = list(dict.fromkeys(each.meter for each in series))
    if owners is None:
        owner_of = {meter: meter for meter in meters}
        participants = list(meters)
    else:
        owner_of = {meter: owners.of_meter[meter] for meter in meters if meter in owners.of_meter}
        participants = list(owners.participants)
    if options.head:
        if options.head not in meters:
            near = suggestion(options.head, meters)
            raise InvalidUsage(f"--head '{options.head}' is no meter in the files", near)
        participants = [name for name in participants if name != owner_of.get(options.head)]
        owner_of[options.head] = HEAD
        participants.append(HEAD)
    elif owners is not None and not owner_of:
        known = ", ".join(repr(meter) for meter in list(owners.of_meter)[:3])
        what = (
            f"{meters[0]!r} and all other meters of the files are of no participant"
            if meters
            else "are not there"
        )
        remedy = f"write meters in the column meter of participants.csv, which now has {known}, …"
        problems.add(Problem(file="participants.csv", field="meter", what=what, remedy=remedy))
    if owners is None:
        for meter in meters:
            if not meter.isprintable():
                what, remedy = "has a character that cannot be printed", "export the file again"
                problems.add(
                    Problem(file=series[0].file, field="meter", value=meter, what=what, remedy=remedy)
                )
    return owner_of, tuple(participants)


def _refuse_nothing(readings: GatheredReadings, problems: Problems) -> None:
    """Takes in that no reading is left."""
    counts = readings.counts
    reasons = [
        f"{count:,} {words}"
        for count, words in (
            (counts.empty, "have no value"),
            (counts.outside, f"are outside the horizon, {span(readings.horizon)}"),
            (counts.incomplete, "are of periods of which a part is not there"),
            (sum(counts.unknown_meter.values()), "are of meters that no participant has"),
        )
        if count
    ]
    what = f"hold no reading that can be settled: of {counts.all:,}, {' and '.join(reasons)}"
    problems.add(
        Problem(file="files", what=what, remedy="export the months of the case, with both directions")
    )


def _imported(
    readings: GatheredReadings,
    options: ImportOptions,
    files: Sequence[tuple[Path, Recognised]],
    series: Sequence[SeriesRows],
    rows: RowCounts,
    step: int,
    zone: ZoneInfo,
    owner_of: dict[str, str],
) -> ImportedMeters:
    """The readings, with what was read to come to them."""
    found = Counter(readings.participant.tolist())
    members = [name for name in readings.participants if name != HEAD]
    present = [name for index, name in enumerate(readings.participants) if found[index] and name != HEAD]
    meters: dict[str, tuple[str, ...]] = {}
    for each in series:
        if each.meter in owner_of:
            owner = owner_of[each.meter]
            meters[owner] = tuple(dict.fromkeys((*meters.get(owner, ()), each.meter)))
    notices = [notice for _, file in files for _, layout in file.tables for notice in layout.notices]
    return ImportedMeters(
        readings=readings,
        format=files[0][1].format,
        is_recognised=options.format == AUTO,
        files=tuple(
            ImportedFile(
                file=str(path),
                sheets=file.tables,
                left_out=tuple(sheet.name for sheet in file.left_out if sheet.is_workbook),
            )
            for path, file in files
        ),
        rows=rows,
        step_minutes=step,
        timezone=zone.key,
        meters=meters,
        missing=len(present) * readings.horizon.periods
        - sum(count for index, count in found.items() if readings.participants[index] != HEAD),
        without=tuple(name for name in members if name not in present),
        notices=tuple(dict.fromkeys(notices)),
    )


def span(horizon: Horizon) -> str:
    """From when to when a horizon goes."""
    first, last = (horizon.instant(period).isoformat(timespec="minutes") for period in (0, horizon.periods))
    return f"{first} to {last}"
