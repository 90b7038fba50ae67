"""The seconds of every phase, from the case folder to the written result and its settlement."""

import os
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

import pandapower  # noqa: F401  Imports are no part of compiling a network.
import simbench  # noqa: F401

import gridpact
from benchmarks.cases import Benchmark
from benchmarks.meters import scheduled_meters
from benchmarks.settlement import prices
from gridpact.case import Case, TableFormat
from gridpact.grid.cache import FOLDER_VARIABLE
from gridpact.grid.compile import _compiled_builtin
from gridpact.grid.flow.power_flow import factors_of
from gridpact.grid.network import Network
from gridpact.results import Clearance
from gridpact.settlement.reading.read_positions import positions_of
from gridpact.settlement.settling.settle import settle
from gridpact.stopwatch import Stopwatch

PHASES = (
    "read",
    "compile, cold",
    "compile, cached",
    "match",
    "clear, first",
    "clear",
    "dispatch",
    "power_flow",
    "verify",
    "tables",
    "write",
    "settle",
)
IN_PROCESS = ("match", "clear", "dispatch", "power_flow", "verify")

Seconds = dict[str, float]


def measure(benchmark: Benchmark) -> Seconds:
    """Median seconds of each phase of a benchmark.

    A network is compiled cold, once, and as often as there are runs from the cache on the disk. "clear,
    first" builds the nonlinear programme of the network where one is needed; "clear" finds it built. A
    benchmark of one run has only the first.
    """
    case = benchmark.make()
    with empty_cache():
        seconds, network = compile_both_ways(case, benchmark.runs)
    forget_programmes()
    first = gridpact.clear(case, network=network).seconds["clear"]
    runs = [one_run(case, network) for _ in range(benchmark.runs)] if benchmark.runs > 1 else []
    if not runs:
        forget_programmes()
        runs = [one_run(case, network)]
        first = runs[0]["clear"]
    seconds |= {"clear, first": first}
    seconds |= {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    seconds["in process"] = statistics.median(sum(run[name] for name in IN_PROCESS) for run in runs)
    return seconds


@contextmanager
def empty_cache() -> Iterator[None]:
    """An empty cache of compiled networks on the disk instead of the user's."""
    before = os.environ.get(FOLDER_VARIABLE)
    with tempfile.TemporaryDirectory() as name:
        os.environ[FOLDER_VARIABLE] = name
        try:
            yield
        finally:
            del os.environ[FOLDER_VARIABLE]
            if before is not None:
                os.environ[FOLDER_VARIABLE] = before


def compile_both_ways(case: Case, runs: int) -> tuple[Seconds, Network]:
    """Seconds to compile the built-in network of a case, without and with the cache on the disk."""
    seconds = []
    for _ in range(1 + runs):
        _compiled_builtin.cache_clear()
        taken, network = timed(lambda: gridpact.compile_network(case))
        seconds.append(taken)
    return {"compile, cold": seconds[0], "compile, cached": statistics.median(seconds[1:])}, network


def forget_programmes() -> None:
    """Drops what was built for networks that were cleared on before."""
    factors_of.cache_clear()


def one_run(case: Case, network: Network) -> Seconds:
    """Seconds of each phase of one run on a compiled network."""
    watch = Stopwatch()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        gridpact.write_case(case, folder / "case", TableFormat.PARQUET)
        with watch.step("read"):
            read = gridpact.read_case(folder / "case")
        clearance = gridpact.clear(read, network=network)
        with watch.step("tables"):
            tables = (clearance.cleared, clearance.schedule, clearance.network_state, clearance.exchange)
            _ = (*tables, clearance.limits, clearance.summary)
        with watch.step("write"):
            gridpact.write_clearance(clearance, folder / "result")
        settle_as_scheduled(clearance, watch)
    return {**watch.seconds, **{name: clearance.seconds[name] for name in IN_PROCESS}}


def settle_as_scheduled(clearance: Clearance, watch: Stopwatch) -> None:
    """Settles a clearance by meters that read what its schedule says."""
    case = clearance.case
    tariffs = prices(case.horizon.periods, len(case.participants))
    positions, meters = positions_of(clearance), scheduled_meters(clearance)
    with watch.step("settle"):
        settle(case.participants, clearance.network, case.horizon, positions, meters, tariffs)


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of a call, and what it returned."""
    start = perf_counter()
    result = call()
    return perf_counter() - start, result
