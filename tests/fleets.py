"""Small fleets on the disk, for tests."""

import json
from dataclasses import replace
from pathlib import Path

import gridpact
from gridpact.case import Case, Formulation, TableFormat, read_case, write_case
from gridpact.fleet.workspace.fleet_files import RECORD_FILE, SUMMARY_FILE
from tests.instances import random_case

NETWORKS = ("pandapower/cigre_lv", "pandapower/kerber_landnetz_freileitung_2")


def fleet_case(number: int, *, periods: int = 2, participants: int = 8, trades: int = 12) -> Case:
    """One of a fleet: every fourth has narrow lines in a weak network, and so is congested."""
    is_narrow = number % 4 == 1
    case = random_case(
        number,
        network=NETWORKS[number % len(NETWORKS)],
        periods=periods,
        participants=participants,
        trades=trades,
        power_kw=40.0 if is_narrow else 20.0,
        line_percent=10.0 if is_narrow else 100.0,
    )
    return replace(case, name=f"Feeder {number}", formulation=Formulation.AC)


def case_path(number: int) -> str:
    return f"region-{number % 3}/feeder-{number:02}"


def write_fleet(folder: Path, count: int, **sizes: int) -> list[str]:
    """Writes so many cases below a folder, every second one in Parquet, and gives their paths in order."""
    for number in range(count):
        table_format = TableFormat.PARQUET if number % 2 else TableFormat.CSV
        write_case(fleet_case(number, **sizes), folder / case_path(number), table_format)
    return sorted(case_path(number) for number in range(count))


def break_case(folder: Path) -> None:
    """Makes a case wrong: a trade has a seller that is nobody."""
    case = read_case(folder)
    table = folder / f"trades.{case.table_format}"
    assert table.suffix == ".csv"
    table.write_text(table.read_text() + "lost,nobody,p1,2024-06-21T00:00,2024-06-21T00:15,1,0.1\n")


def single_results(folder: Path, paths: list[str], out: Path) -> None:
    """What `gridpact clear --no-report` writes for each of these cases."""
    for path in paths:
        gridpact.write_clearance(gridpact.clear(read_case(folder / path)), out / path)


def contents(folder: Path) -> dict[str, object]:
    """The files of a result: bytes, but of the summary what is left without the seconds.

    No record, and no report, which a fleet makes of the first of each list of its page.
    """
    left_out = (RECORD_FILE, "report.html")
    files = {path.name: path for path in folder.iterdir() if path.name not in left_out}
    summary = json.loads(files.pop("summary.json").read_text())
    del summary["seconds"]
    return {"summary.json": summary, **{name: path.read_bytes() for name, path in files.items()}}


def is_finished(out: Path) -> bool:
    return bool(json.loads((out / SUMMARY_FILE).read_text())["state"] == "finished")


def hidden(out: Path) -> list[str]:
    """What no result should leave behind: hidden folders but for the fleet's own."""
    return [str(path) for path in out.rglob(".*") if path != out / ".fleet" and path.parent != out / ".fleet"]
