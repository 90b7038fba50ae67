"""The columns of a fleet's tables, each declared once, and how the tables are written."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from gridpact.clearing.problem.solution import LimitedBy
from gridpact.fleet.workspace.fleet_files import HOURS_FILE, ROWS_FILE

Row = dict[str, Any]

VOLTAGE_LIMITS = (LimitedBy.VOLTAGE_MAX, LimitedBy.VOLTAGE_MIN)
NETWORK_LIMITS = (*VOLTAGE_LIMITS, LimitedBy.LINE, LimitedBy.TRANSFORMER)
THREE_PHASE_LIMITS = (LimitedBy.NEUTRAL, LimitedBy.VOLTAGE_UNBALANCE)
CAPS = (LimitedBy.SELLER_SURPLUS, LimitedBy.BUYER_DEMAND)

PHASES = ("read", "compile", "match", "clear", "robust", "dispatch", "power_flow", "verify", "write")
SECONDS = (*(f"seconds_{phase}" for phase in PHASES), "seconds")
LIMIT_CUTS = {limit.label: f"{limit.label}_cut_kwh" for limit in NETWORK_LIMITS}
PHASE_LIMIT_CUTS = {limit.label: f"{limit.label}_cut_kwh" for limit in THREE_PHASE_LIMITS}
PHASE, WORST_PHASE = "phase", "worst_phase"
TEXT, COUNT, NUMBER = "string", "int32", "float64"
ALL_COLUMNS: Mapping[str, str] = {
    "path": TEXT,
    "name": TEXT,
    "status": TEXT,
    "error": TEXT,
    "network": TEXT,
    "periods": COUNT,
    "participants": COUNT,
    "trades": COUNT,
    "proposed_kwh": NUMBER,
    "cleared_kwh": NUMBER,
    "cleared_share": NUMBER,
    "network_cut_kwh": NUMBER,
    **dict.fromkeys(LIMIT_CUTS.values(), NUMBER),
    **dict.fromkeys(PHASE_LIMIT_CUTS.values(), NUMBER),
    "caps_cut_kwh": NUMBER,
    "load_kwh": NUMBER,
    "generation_kwh": NUMBER,
    "congested_periods": COUNT,
    "limited_by": TEXT,
    "element": TEXT,
    PHASE: TEXT,
    "element_name": TEXT,
    "element_cut_kwh": NUMBER,
    "shadow_price": NUMBER,
    "baseline_violations": COUNT,
    "violations": COUNT,
    WORST_PHASE: TEXT,
    "highest_unbalance_percent": NUMBER,
    "highest_unbalance_bus": TEXT,
    "highest_neutral_percent": NUMBER,
    "highest_neutral_line": TEXT,
    "inputs_sha256": TEXT,
    "version": TEXT,
    **dict.fromkeys(SECONDS, NUMBER),
}
PHASE_COLUMNS = (
    *PHASE_LIMIT_CUTS.values(),
    PHASE,
    WORST_PHASE,
    *(name for name in ALL_COLUMNS if name.startswith("highest_")),
)
COLUMNS = {name: kind for name, kind in ALL_COLUMNS.items() if name not in PHASE_COLUMNS}
ENERGIES = ("proposed_kwh", "cleared_kwh", "network_cut_kwh", "load_kwh", "generation_kwh")
HOURS: Mapping[str, str] = {"path": TEXT, "hour": COUNT, **dict.fromkeys(ENERGIES, NUMBER)}
BY_HOUR = "by_hour"
HOURS_PER_DAY = 24
GROUP_ROWS = 10_000
FAILED = "failed"


def failed_row(path: str, error: str) -> Row:
    """The row of a case without a result: what is known of it is why, as UTF-8 can say it."""
    said = error.encode(errors="backslashreplace").decode()
    return {"path": path, "status": FAILED, "error": said, BY_HOUR: {}}


def has_phases(row: Row) -> bool:
    """Whether a row is of a case on three phases."""
    return WORST_PHASE in row


def write_tables(rows: Iterable[Row], folder: Path, *, with_phases: bool) -> None:
    """Writes the rows of a fleet and the energies by hour as Parquet files, a group of cases at a time.

    Args:
        rows: in the order of the paths; each with its energies by hour, as `row_of` makes it.
        folder: exists.
        with_phases: whether the table has the columns of three phases, empty for other cases.
    """
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    chosen = ALL_COLUMNS if with_phases else COLUMNS
    schema, hours_schema = (
        pa.schema([(name, getattr(pa, kind)()) for name, kind in columns.items()])
        for columns in (chosen, HOURS)
    )
    with (
        ParquetWriter(folder / ROWS_FILE, schema) as file,
        ParquetWriter(folder / HOURS_FILE, hours_schema) as hours_file,
    ):
        remaining = iter(rows)
        while group := list(islice(remaining, GROUP_ROWS)):
            file.write_table(pa.Table.from_pylist([_known(row, chosen) for row in group], schema))
            hours = [each for row in group for each in _hours(row)]
            hours_file.write_table(pa.Table.from_pylist(hours, hours_schema))


def _known(row: Row, columns: Iterable[str]) -> Row:
    """The row with all declared columns and no others."""
    return {name: row.get(name) for name in columns}


def _hours(row: Row) -> Iterator[Row]:
    """The rows of a case in the table of hours, without those that its horizon does not have."""
    by_hour = row[BY_HOUR]
    for hour in range(HOURS_PER_DAY):
        values = {name: by_hour[name][hour] for name in by_hour}
        if values and values[ENERGIES[0]] is not None:
            yield {"path": row["path"], "hour": hour, **values}
