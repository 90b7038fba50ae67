"""`python -m benchmarks`: the median seconds of every phase, from the case folder to the written result.

python -m benchmarks [--json] [--only TEXT]
"""

import argparse
import json
import resource
import statistics
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import gridpact
from benchmarks.by_hand import clear_day
from benchmarks.cases import BENCHMARKS, Benchmark
from gridpact.case import Case, TableFormat
from gridpact.clearing.nonlinear import programme_over_network
from gridpact.grid.builtin import builtin_net
from gridpact.grid.compile import _compiled_builtin
from gridpact.grid.network import Network
from gridpact.published import cigre_day
from gridpact.stopwatch import Stopwatch

PHASES = (
    "read",
    "compile, cold",
    "match",
    "clear, first",
    "clear",
    "dispatch",
    "power_flow",
    "verify",
    "tables",
    "write",
)
IN_PROCESS = ("match", "clear", "dispatch", "power_flow", "verify")
BY_HAND_RUNS = 5
KIB_PER_MIB = 1024

Seconds = dict[str, float]


def measure(benchmark: Benchmark) -> Seconds:
    """Median seconds of each phase of a benchmark.

    A network is compiled cold, once. "clear, first" builds the nonlinear programme of the network where one
    is needed; "clear" finds it built. A benchmark of one run has only the first.
    """
    case = benchmark.make()
    _compiled_builtin.cache_clear()
    compiled, network = timed(lambda: gridpact.compile_network(case))
    programme_over_network.cache_clear()
    first = gridpact.clear(case, network=network).seconds["clear"]
    runs = [one_run(case, network) for _ in range(benchmark.runs)] if benchmark.runs > 1 else []
    if not runs:
        programme_over_network.cache_clear()
        runs = [one_run(case, network)]
        first = runs[0]["clear"]
    seconds = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    seconds |= {"compile, cold": compiled, "clear, first": first}
    seconds["in process"] = statistics.median(sum(run[name] for name in IN_PROCESS) for run in runs)
    return seconds


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
    return {**watch.seconds, **{name: clearance.seconds[name] for name in IN_PROCESS}}


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of a call, and what it returned."""
    start = perf_counter()
    result = call()
    return perf_counter() - start, result


def compare_with_by_hand() -> dict[str, float]:
    """The published day by hand and by gridpact, in turns: median seconds of each, and their ratio."""
    case = cigre_day()
    network = gridpact.compile_network(case)
    trades = gridpact.clear(case, network=network).trades
    ours, theirs = [], []
    for _ in range(BY_HAND_RUNS):
        net = builtin_net(case.network)[0]
        seconds, (cleared_kw, _) = timed(lambda net=net: clear_day(case, trades, net))
        theirs.append(seconds)
        seconds, clearance = timed(lambda: gridpact.clear(case, network=network))
        ours.append(seconds)
        difference = abs(clearance.summary["cleared_kwh"] - float(cleared_kw.sum()))
        if difference > 1e-6:
            raise SystemExit(f"by hand and gridpact clear {difference:.2e} kWh apart")
    by_hand, in_process = statistics.median(theirs), statistics.median(ours)
    return {"by hand": by_hand, "gridpact": in_process, "ratio": by_hand / in_process}


def main() -> None:
    """Prints the figures: tables in Markdown, or JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--only", default="", help="measure only benchmarks with this in their name")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    measured = {name: measure(one) for name, one in BENCHMARKS.items() if options.only in name}
    compared = compare_with_by_hand()
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_PER_MIB
    if options.json:
        found = {"seconds": measured, "published day": compared, "peak_memory_mib": peak_mib}
        print(json.dumps(found, indent=2))
        return
    print_tables(measured, compared)
    print(f"\nPeak memory of all: {peak_mib:.0f} MiB.")


def print_tables(measured: dict[str, Seconds], compared: dict[str, float]) -> None:
    """Phases by benchmarks, and the published day both ways, in Markdown."""
    print("| seconds | " + " | ".join(f"{name} (runs: {BENCHMARKS[name].runs})" for name in measured) + " |")
    print("|---|" + "---:|" * len(measured))
    for phase in (*PHASES, "in process"):
        print(f"| {phase} | " + " | ".join(f"{one[phase]:.4f}" for one in measured.values()) + " |")
    print("\n| published 44-bus day | seconds |\n|---|---:|")
    print(f"| one model and one power flow per hour, by hand | {compared['by hand']:.4f} |")
    print(f"| gridpact, verification included | {compared['gridpact']:.4f} |")
    print(f"| ratio | {compared['ratio']:.0f} × |")


if __name__ == "__main__":
    main()
