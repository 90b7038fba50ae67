"""convert_case: a case folder to one with tables of another format, and a network that is read fast."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from gridpact.arrays import Complex
from gridpact.case.case import Case, TableFormat
from gridpact.case.conversion.conversion_mark import write_mark
from gridpact.case.conversion.convert_tables import write_converted
from gridpact.case.folder.case_files import CASE_FILE, TARIFFS_FILE, CaseFiles
from gridpact.case.folder.case_reader import read_case
from gridpact.case.folder.opener import TableOpener
from gridpact.case.reading.problems import Problems
from gridpact.case.schema import SCHEMAS, SETTLEMENT_SCHEMAS
from gridpact.case.writing.case_writer import write_case
from gridpact.errors import InvalidCase
from gridpact.grid.compile import compile_source
from gridpact.grid.exchange import Difference, difference, power_grid_model_content
from gridpact.grid.network import Network
from gridpact.grid.network_file import read_names
from gridpact.grid.source import NetworkSource

NETWORK_FILE = "network.json"
PERIODS_COMPARED = 96
VOLTAGE_DIFFERENCE_MAX_PU = 1e-9
LOADING_DIFFERENCE_MAX_PERCENT = 1e-5
UNCHANGED = Difference(voltage_pu=0.0, loading_percent=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """What was converted.

    Attributes:
        case: as it was.
        files: names of the files that were written, sorted.
        left: names of the files of the case folder that are no part of a case, sorted; they are not copied.
        network_is_unchanged: whether the network is the same built-in, or the same file to the byte.
        difference: between the networks before and after, under the case's own forecast.
    """

    case: Case
    files: tuple[str, ...]
    left: tuple[str, ...]
    network_is_unchanged: bool
    difference: Difference


def convert_case(folder: str | Path, out: Path, table_format: TableFormat) -> Conversion:
    """Writes a case with tables of another format into a folder, and says what it did.

    With Parquet, the network becomes power-grid-model JSON, which is read without pandapower; with CSV it
    stays as it is. What settlement takes, where it is there, goes with the case. A mark in the new case.toml
    tells it from a case that a person wrote or changed.

    Args:
        folder: of the case.
        out: an empty folder.
        table_format: of the new tables.

    Raises:
        InvalidCase: the case is wrong, or its network cannot be carried exactly; `out` is then of no use.
    """
    case = read_case(folder)
    converted = case
    if table_format is TableFormat.PARQUET:
        out.mkdir(parents=True, exist_ok=True)
        (out / NETWORK_FILE).write_bytes(power_grid_model_content(case.network))
        converted = replace(case, network=replace(case.network, builtin="", file=out / NETWORK_FILE))
    write_case(converted, out, table_format)
    _write_settlement(Path(folder), out, case, table_format)
    write_mark(out)
    is_unchanged = _is_unchanged(case.network, converted.network, out)
    return Conversion(
        case=case,
        files=tuple(sorted(entry.name for entry in out.iterdir())),
        left=tuple(sorted({entry.name for entry in Path(folder).iterdir()} - _read(case))),
        network_is_unchanged=is_unchanged,
        difference=UNCHANGED if is_unchanged else _agreed(case, compile_source(converted.network)),
    )


def _is_unchanged(before: NetworkSource, after: NetworkSource, out: Path) -> bool:
    """Whether the network of the new folder is the same built-in as before, or a copy of the same file."""
    if before.file is None or after.file is None:
        return before == after
    return (out / after.name).read_bytes() == before.file.read_bytes()


def _write_settlement(folder: Path, out: Path, case: Case, table_format: TableFormat) -> None:
    """Writes meters and sharing in the new format, and copies the tariffs, where they are there."""
    problems = Problems()
    files = CaseFiles(folder, problems)
    opener = TableOpener(files, problems)
    for schema in SETTLEMENT_SCHEMAS:
        reader = opener.table(schema)
        if reader is not None:
            write_converted(reader, schema, case.horizon, out, table_format)
    tariffs = files.read(TARIFFS_FILE) if files.has_file(TARIFFS_FILE) else None
    if len(problems):
        raise problems.refusal()
    if tariffs is not None:
        (out / TARIFFS_FILE).write_bytes(tariffs)


def _read(case: Case) -> set[str]:
    """The names of files that are part of a case."""
    tables = {
        f"{schema.name}.{suffix}" for schema in (*SCHEMAS, *SETTLEMENT_SCHEMAS) for suffix in TableFormat
    }
    file = case.network.file
    network = set() if file is None else {name.partition("/")[0] for name in read_names(file)}
    return {CASE_FILE, TARIFFS_FILE} | network | tables


def _agreed(case: Case, network: Network) -> Difference:
    """How far the new network is from the old one; more than rounding is a problem."""
    before = compile_source(case.network)
    found = difference(before, network, _forecast_kva(case, before))
    if (
        found.voltage_pu <= VOLTAGE_DIFFERENCE_MAX_PU
        and found.loading_percent <= LOADING_DIFFERENCE_MAX_PERCENT
    ):
        return found
    what = f"is another network after its conversion, by {found.voltage_pu:.1e} pu under the forecast"
    raise InvalidCase([case.network.problem(what, remedy="keep the case as it is, and report this network")])


def _forecast_kva(case: Case, network: Network) -> Complex:
    """Forecast generation less load at each bus, (T', B), in periods spread over the horizon."""
    participants, profiles = case.participants, case.profiles
    count = min(case.horizon.periods, PERIODS_COMPARED)
    chosen = np.linspace(0, case.horizon.periods - 1, count).astype(np.int64)
    load_kw, generation_kw = profiles.load_kw[chosen], profiles.generation_kw[chosen]
    power = generation_kw * (1 + 1j * participants.generation_tan_phi)
    power = power - load_kw * (1 + 1j * participants.load_tan_phi)
    at_bus = np.zeros((count, len(network.bus_ids)), dtype=np.complex128)
    np.add.at(at_bus.T, np.searchsorted(network.bus_ids, participants.bus), power.T)
    return at_bus
