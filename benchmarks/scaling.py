"""`python -m benchmarks.scaling`: what a day costs by periods, trades and buses, and a fleet by feeders.

python -m benchmarks.scaling [--only trades] [--feeders 100,1000] [--fleet DIR] [--write]

A day is that of a 100-bus feeder with 100 connections. In one, only the participants' caps bind; in the other
the network does too. Figures are medians. A first run, which builds what is kept for a network, is left out,
unless it takes so long that it is the only one.
"""

import argparse
import statistics
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import gridpact
from benchmarks.cases import FEEDER, MILD_KW, QUARTERS, feeder_day
from benchmarks.curves import Line, Plot, draw_curves
from benchmarks.fleet_run import FleetRun, first_feeders, run_fleet
from benchmarks.machine import described, peak_mib
from benchmarks.make_fleet import make_fleet
from benchmarks.page import DOCS, put
from benchmarks.phases import forget_programmes, timed
from gridpact.case import Case, TableFormat
from gridpact.clearing.problem.solution import LimitedBy
from gridpact.grid.source import NetworkSource
from gridpact.results import Clearance

PERIODS = (24, 48, 96, 192, 384)
TRADES = (1_000, 3_000, 10_000, 30_000, 100_000)
# With peaks at which a network binds in ten to twenty quarter-hours; the last binds in few at any.
TIGHT_KW = 40.0
NETWORKS = (
    ("pandapower/cigre_lv", TIGHT_KW),
    ("pandapower/village_1", TIGHT_KW),
    ("pandapower/kerber_dorfnetz", 60.0),
    ("pandapower/suburb_1", 60.0),
    ("pandapower/kerber_vorstadtnetz_kabel_1", 80.0),
    ("pandapower/ieee_european_lv", 100.0),
)
TRADES_PER_DAY = 1_000
FEEDERS = "100,1000"
SEED = 1
RUNS = 3
ONE_RUN_S = 20.0
CAPS, NETWORK, FILES, FLEET = "clear, only caps bind", "clear, the network binds", "read and write", "fleet"
LINES = (
    Line(name=CAPS, colour="#2b6fd9"),
    Line(name=NETWORK, colour="#d9822b"),
    Line(name=FILES, colour="#4b9e5f", is_dashed=True),
    Line(name=FLEET, colour="#222222"),
)
NETWORK_LIMITS = (LimitedBy.VOLTAGE_MAX, LimitedBy.VOLTAGE_MIN, LimitedBy.LINE, LimitedBy.TRANSFORMER)
DAYS = ("periods", "trades", "buses")
PICTURE = DOCS / "project" / "scaling.svg"


@dataclass(frozen=True, kw_only=True)
class Size:
    """A day of one size, in which only caps bind, and one in which the network does."""

    size: int
    note: str
    calm: Callable[[], Case]
    tight: Callable[[], Case]


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What a day of one size costs, seconds; `bound_periods` of them are limited by the network."""

    size: int
    note: str
    caps: float
    network: float
    bound_periods: int
    network_runs: int
    files: float


def sizes_of(study: str) -> Iterator[Size]:
    """The days of a study."""
    if study == "periods":
        for periods in PERIODS:
            count = TRADES_PER_DAY * periods // QUARTERS
            yield _size(periods, f"{count:,} trades", count, TIGHT_KW, FEEDER, periods)
    elif study == "trades":
        for count in TRADES:
            yield _size(count, "", count, TIGHT_KW, FEEDER, QUARTERS)
    else:
        for name, peak_kw in NETWORKS:
            network = NetworkSource(builtin=name)
            buses = len(gridpact.compile_network(feeder_day(1, MILD_KW, network=network)).bus_ids)
            note = f"{name.partition('/')[2]}, {peak_kw:g} kW"
            yield _size(buses, note, TRADES_PER_DAY, peak_kw, network, QUARTERS)


def _size(size: int, note: str, trades: int, tight_kw: float, network: NetworkSource, periods: int) -> Size:
    def day(peak_kw: float) -> Callable[[], Case]:
        return lambda: feeder_day(trades, peak_kw, network=network, periods=periods)

    return Size(size=size, note=note, calm=day(MILD_KW), tight=day(tight_kw))


def measure(one: Size, runs: int) -> Measured:
    """What a size costs."""
    calm, _, cleared = repeated(one.calm(), runs)
    tight, tight_runs, bound = repeated(one.tight(), runs)
    return Measured(
        size=one.size,
        note=one.note,
        caps=calm,
        network=tight,
        bound_periods=bound_periods(bound),
        network_runs=tight_runs,
        files=statistics.median(seconds_of_files(cleared) for _ in range(runs)),
    )


def repeated(case: Case, runs: int) -> tuple[float, int, Clearance]:
    """Median seconds of clearing a case in process, of how many runs, and the clearance."""
    network = gridpact.compile_network(case)
    forget_programmes()
    first, clearance = timed(lambda: gridpact.clear(case, network=network))
    if first > ONE_RUN_S:
        return first, 1, clearance
    taken = [timed(lambda: gridpact.clear(case, network=network))[0] for _ in range(runs)]
    return statistics.median(taken), runs, clearance


def bound_periods(clearance: Clearance) -> int:
    """In how many periods a limit of the network binds."""
    binding = clearance.solution.binding
    return len(np.unique(binding.period[np.isin(binding.limited_by, NETWORK_LIMITS)]))


def seconds_of_files(clearance: Clearance) -> float:
    """Seconds of reading a case and writing its clearance, Parquet."""
    with tempfile.TemporaryDirectory() as name:
        gridpact.write_case(clearance.case, Path(name, "case"), TableFormat.PARQUET)
        reading, case = timed(lambda: gridpact.read_case(Path(name, "case")))
        again = gridpact.clear(case, network=clearance.network)
        writing, _ = timed(lambda: gridpact.write_clearance(again, Path(name, "result")))
    return reading + writing


def measure_fleet(feeders: Sequence[int], folder: Path | None) -> list[FleetRun]:
    """The first so many feeders of a fleet, which is made where none is given."""
    with tempfile.TemporaryDirectory() as name:
        if folder is None:
            folder = Path(name) / "cases"
            make_fleet(folder, max(feeders), SEED, settled=False, workers=2)
        return [run_fleet(folder, first_feeders(folder, count), Path(name)) for count in sorted(feeders)]


def days_table(study: str, found: Sequence[Measured]) -> str:
    """A study in Markdown."""
    heads = (f"{study} | | {CAPS}, s | {NETWORK}, s | periods where it binds | runs | {FILES}, s",)
    rows = [
        f"| {one.size:,} | {one.note} | {one.caps:.3f} | {one.network:.3f} | {one.bound_periods} "
        f"| {one.network_runs} | {one.files:.3f} |"
        for one in found
    ]
    return "\n".join([f"| {heads[0]} |", "|---:|---|" + "---:|" * 5, *rows])


def fleet_table(found: Sequence[FleetRun]) -> str:
    """The fleets in Markdown."""
    rows = [
        f"| {one.feeders:,} | {one.seconds:.1f} | {one.feeders / one.seconds:.1f} | {one.peak_mib:.0f} |"
        for one in found
    ]
    heads = "| feeders | seconds, start included | feeders a second | peak memory of all processes, MiB |"
    return "\n".join([heads, "|---:|---:|---:|---:|", *rows])


def picture(days: dict[str, list[Measured]], fleet: Sequence[FleetRun]) -> str:
    """Cost against size, a panel for each study."""
    plots = [
        Plot(
            title=f"against {study}",
            sizes=tuple(one.size for one in found),
            points={
                CAPS: [(one.size, one.caps) for one in found],
                NETWORK: [(one.size, one.network) for one in found],
                FILES: [(one.size, one.files) for one in found],
            },
        )
        for study, found in days.items()
    ]
    if fleet:
        sizes = tuple(one.feeders for one in fleet)
        points = [(one.feeders, one.seconds) for one in fleet]
        plots.append(Plot(title="a fleet against feeders", sizes=sizes, points={FLEET: points}))
    return draw_curves("What a day costs", "s", LINES, plots)


def main() -> None:
    """Prints the tables in Markdown, and puts them and the picture into the documentation on request."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=(*DAYS, "feeders"), help="one study")
    parser.add_argument("--feeders", default=FEEDERS, help=f"of each fleet, {FEEDERS} without it; 0 for none")
    parser.add_argument("--fleet", type=Path, metavar="DIR", help="made by make_fleet.py before")
    parser.add_argument("--write", action="store_true", help="put tables and picture into docs")
    parser.add_argument("--runs", type=int, default=RUNS)
    options = parser.parse_args()
    if options.write and options.only:
        parser.error("only the whole is written")
    warnings.simplefilter("ignore")
    days: dict[str, list[Measured]] = {}
    for study in DAYS:
        if options.only in (None, study):
            days[study] = [measure(one, options.runs) for one in sizes_of(study)]
            print(f"{days_table(study, days[study])}\n", flush=True)
    feeders = [count for count in map(int, options.feeders.split(",")) if count > 0]
    fleet = []
    if feeders and options.only in (None, "feeders"):
        fleet = measure_fleet(feeders, options.fleet)
        print(f"{fleet_table(fleet)}\n")
    run = f"{described()} Peak memory of this process: {peak_mib():.0f} MiB."
    print(run)
    if options.write:
        tables = [days_table(study, found) for study, found in days.items()]
        put("days", "\n\n".join([*tables, run]))
        if fleet:
            put("feeders", fleet_table(fleet))
        PICTURE.write_text(picture(days, fleet), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
