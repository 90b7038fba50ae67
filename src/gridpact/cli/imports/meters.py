"""`gridpact import meters`: the exports of a meter portal as readings that are settled."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gridpact.cli.options import Json, Quiet, choice
from gridpact.cli.terminal.output import json_text, say
from gridpact.errors import InvalidUsage


class Stamps(StrEnum):
    """What the times of a table are."""

    START = "start"
    END = "end"


class Absent(StrEnum):
    """What a direction is of which a participant has no reading."""

    ERROR = "error"
    ZERO = "zero"


FormatName = Annotated[
    str,
    typer.Option(
        "--as",
        metavar="FORMAT",
        help="auto, e-redes, datadis, enedis, netz-noe, eda, fluvius, or table for any other.",
    ),
]
OfCase = Annotated[
    Path | None,
    typer.Option("--case", metavar="CASE", help="The case, whose participants and periods count."),
]


def meters(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files of a portal, CSV or Excel.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to: meters.csv or .parquet.")],
    format_name: FormatName = "auto",
    case_folder: OfCase = None,
    timezone: Annotated[str, typer.Option(help="Of times without an offset, as in Europe/Lisbon.")] = "",
    resolution: Annotated[str, typer.Option(help="Of the periods: 5min, 15min, 30min or 1h.")] = "",
    head: Annotated[str, typer.Option(metavar="METER", help="The meter at the network's supply.")] = "",
    absent: Annotated[str, typer.Option(help="A direction without any reading: error, or zero.")] = "error",
    time: Annotated[str, typer.Option(metavar="COLUMN", help="table: of the time, or of the date.")] = "",
    clock: Annotated[str, typer.Option(metavar="COLUMN", help="table: of the time beside the date.")] = "",
    import_column: Annotated[str, typer.Option(metavar="COLUMN", help="table: drawn from the network.")] = "",
    export_column: Annotated[str, typer.Option(metavar="COLUMN", help="table: fed into the network.")] = "",
    meter_column: Annotated[str, typer.Option(metavar="COLUMN", help="table: of the meter.")] = "",
    meter: Annotated[
        str, typer.Option(metavar="METER", help="table: the meter, where no column has it.")
    ] = "",
    quality: Annotated[str, typer.Option(metavar="COLUMN", help="table: that marks estimates.")] = "",
    estimate: Annotated[str, typer.Option(metavar="WORD", help="table: that means an estimate there.")] = "",
    unit: Annotated[str, typer.Option(help="table: kWh, Wh, MWh, kW, W or MW.")] = "",
    stamps: Annotated[str, typer.Option(help="table: times are the start or the end of intervals.")] = "",
    interval: Annotated[int, typer.Option(metavar="MINUTES", help="table: where times do not show it.")] = 0,
    separator: Annotated[str, typer.Option(help="table: between cells; or semicolon, comma, tab.")] = "",
    decimal: Annotated[str, typer.Option(help="table: the decimal mark, a comma or a point.")] = "",
    date_format: Annotated[str, typer.Option(help="table: order of dates, as in dd/mm/yyyy.")] = "",
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Turn the exports of a meter portal into readings: each energy at its instant, nothing lost silently."""
    from gridpact.imports.cells.quantities import Unit
    from gridpact.imports.import_meters import ImportOptions, import_meters
    from gridpact.imports.meters_file import check_meters_file, write_meters
    from gridpact.imports.meters_outcome import facts, outcome
    from gridpact.imports.portals.plain_table import TableOptions, day_order_of
    from gridpact.progress import progress

    decimal_mark, cell_separator = _decimal_mark(decimal), _separator(separator)
    options = ImportOptions(
        format=format_name,
        case=case_folder,
        timezone=timezone,
        resolution=resolution,
        head=head,
        absent_is_zero=choice(Absent, "--absent", absent) is Absent.ZERO,
        table=TableOptions(
            time=time,
            clock=clock,
            import_column=import_column,
            export_column=export_column,
            meter_column=meter_column,
            meter=meter,
            quality_column=quality,
            estimate=estimate,
            unit=choice(Unit, "--unit", unit) if unit else None,
            is_end=choice(Stamps, "--stamps", stamps) is Stamps.END if stamps else None,
            separator=cell_separator,
            decimal_mark=decimal_mark,
            day_order=day_order_of(date_format) if date_format else "",
            step_minutes=interval,
        ),
    )
    table_format = check_meters_file(out, files)
    with progress(f"reading {len(files):,} files", quiet=quiet):
        imported = import_meters(files, options)
    with progress(f"writing {out}", quiet=quiet):
        write_meters(imported.readings, out, table_format)
    say(json_text(facts(imported, out)) if as_json else outcome(imported, out))


def _decimal_mark(decimal: str) -> str:
    """The decimal mark that an option names; empty for the one that a file has."""
    if decimal not in ("", ",", "."):
        raise InvalidUsage(f"--decimal '{decimal}' is no decimal mark", "write , or .")
    return decimal


def _separator(separator: str) -> str:
    """The separator that an option names or writes; empty for the one that a file has."""
    from gridpact.imports.portals.plain_table import SEPARATOR_WORDS

    found = SEPARATOR_WORDS.get(separator, separator)
    if found not in ("", *SEPARATOR_WORDS.values()):
        raise InvalidUsage(f"--separator '{separator}' is not one", "write semicolon, comma, tab or bar")
    return found
