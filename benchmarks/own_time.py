"""`python -m benchmarks.own_time`: how much of the time of a worker of a fleet is gridpact's own Python.

python -m benchmarks.own_time [--feeders 24] [--fleet DIR] [--top 15] [--write]

Feeders of 100 connections and 96 quarter-hours are read from Parquet, cleared, verified and written by the
code of a worker of `gridpact fleet`, by the clock and under cProfile in passes of their own. Time belongs to
a group from the call that enters one of its functions until that returns:

- solvers: HiGHS, Clarabel, DAQP, and Ipopt with CasADi;
- power flow: gridpact's own batched power flow and its factors, and power-grid-model;
- files: PyArrow's Python functions, and calls of the operating system;
- own Python: all else, which is gridpact's code, and NumPy, SciPy and the standard library where it calls
  them.

The profiler slows down every call in Python and nothing inside the libraries: the share of own Python that it
finds is above the true one. The clock's passes, before and after, bound it from below: what the other groups
take under the profiler is taken off, and own Python is what is left.
"""

import argparse
import cProfile
import pstats
import statistics
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

import clarabel
import daqp

import gridpact
from benchmarks.fleet_run import first_feeders
from benchmarks.machine import described
from benchmarks.make_fleet import CODES, make_fleet
from benchmarks.page import put
from gridpact.fleet.workers.worker import Plan, clear_batch
from gridpact.fleet.workspace.workspace import workspace

FEEDERS, TOP, SEED = 24, 15, 1
ALLOWED_SHARE = 0.5
SOLVERS, POWER_FLOW, FILES, OWN = GROUPS = ("solvers", "power flow", "files", "own Python")
# In the path of a Python function's file, or in the name of one that is not in Python.
MARKS = {
    SOLVERS: (
        "/highspy/",
        "highspy._core",
        "/casadi/",
        "casadi._casadi",
        "DefaultSolver",
        "clarabel_solver",
        "daqp_solve",
    ),
    POWER_FLOW: ("gridpact/grid/flow/power_flow.py", "gridpact/grid/verification/", "/power_grid_model/"),
    FILES: ("/pyarrow/", "pyarrow.", "posix.", "io.open", "'_io.", "fcntl."),
}
CALLED_FOR = ("/numpy/", "/scipy/", "/pandas/")
BUILT_IN = "~"
# They call back what they are given: a generator, a key, a constructor.
NEVER_CALLED_FOR = (
    *(
        f"builtins.{name}"
        for name in ("next", "exec", "__import__", "any", "all", "sum", "sorted", "max", "min")
    ),
    *(f"method '{name}'" for name in ("send", "extend", "join", "update", "sort")),
)

Function = tuple[str, int, str]
Stats = Mapping[Function, tuple[int, int, float, float, Mapping[Function, tuple[int, int, float, float]]]]


def group_of(function: Function) -> str:
    """The group that the time of a call of a function belongs to."""
    where = "{} {}".format(function[0].replace("\\", "/"), function[2])
    for group, marks in MARKS.items():
        if any(mark in where for mark in marks):
            return group
    return OWN


def seconds_by_group(stats: Stats) -> dict[str, float]:
    """Seconds of each group, which add up to those of the profile."""
    seconds = dict.fromkeys(GROUPS, 0.0)
    for function, (_, _, _, _, callers) in stats.items():
        group = group_of(function)
        if group != OWN:
            outside = (edge[3] for caller, edge in callers.items() if group_of(caller) == OWN)
            seconds[group] += sum(outside)
    seconds[OWN] = sum(entry[2] for entry in stats.values()) - sum(seconds.values())
    return seconds


def own_seconds(stats: Stats) -> Counter[Function]:
    """Seconds of own Python by function of gridpact, with NumPy, SciPy and built-ins that it calls."""
    seconds: Counter[Function] = Counter()
    for function, (_, _, inside, _, callers) in stats.items():
        if group_of(function) != OWN:
            continue
        if is_of_gridpact(function):
            seconds[function] += inside
        elif is_called_for(function):
            for caller, edge in callers.items():
                if is_of_gridpact(caller) and group_of(caller) == OWN:
                    seconds[caller] += edge[3]
    return seconds


def is_of_gridpact(function: Function) -> bool:
    """Whether a function stands in the package."""
    return function[0].startswith(str(Path(gridpact.__file__).parent))


def is_called_for(function: Function) -> bool:
    """Whether the time of a function is its caller's: it does not call gridpact back."""
    if function[0] == BUILT_IN:
        return not any(mark in function[2] for mark in NEVER_CALLED_FOR)
    return any(mark in function[0].replace("\\", "/") for mark in CALLED_FOR)


@contextmanager
def solver_seen() -> Iterator[None]:
    """Lets the profiler see Clarabel's set-up and DAQP: a type and a Cython function are none to it."""
    made, solve = clarabel.DefaultSolver, daqp.solve

    def clarabel_solver(*data: Any) -> Any:
        return made(*data)

    def daqp_solve(*data: Any, **settings: Any) -> Any:
        return solve(*data, **settings)

    clarabel.DefaultSolver, daqp.solve = clarabel_solver, daqp_solve
    try:
        yield
    finally:
        clarabel.DefaultSolver, daqp.solve = made, solve


def clear_feeders(folder: Path, names: list[str], profiler: cProfile.Profile | None = None) -> list[float]:
    """Wall seconds of each feeder by the code of a worker, after one feeder of each network unmeasured.

    Raises:
        SystemExit: a feeder has no result.
    """
    seconds = []
    with (
        tempfile.TemporaryDirectory() as name,
        workspace(Path(name, "out"), tuple(names), quiet=True) as place,
    ):
        plan = Plan(cases=folder, place=place, version=gridpact.__version__)
        for number, feeder in enumerate(names):
            is_measured = number >= len(CODES)
            if profiler and is_measured:
                profiler.enable()
            start = perf_counter()
            done = clear_batch(plan, [(number, feeder)])
            taken = perf_counter() - start
            if profiler:
                profiler.disable()
            if done[0].row["status"] == "failed":
                raise SystemExit(f"{feeder}: {done[0].row['error']}")
            if is_measured:
                seconds.append(taken)
    return seconds


def profiled(folder: Path, names: list[str]) -> Stats:
    """The profile of clearing some feeders."""
    profiler = cProfile.Profile()
    with solver_seen():
        clear_feeders(folder, names, profiler)
    stats: Stats = pstats.Stats(profiler).stats  # type: ignore[attr-defined]
    return stats


def report(wall: list[float], stats: Stats, top: int) -> str:
    """The shares and the dearest functions in Markdown."""
    seconds, feeders = seconds_by_group(stats), len(wall)
    total = sum(seconds.values())
    lines = ["| group | ms a feeder, profiled | share |", "|---|---:|---:|"]
    lines += [f"| {name} | {1e3 * one / feeders:.1f} | {one / total:.0%} |" for name, one in seconds.items()]
    lines += [f"| all | {1e3 * total / feeders:.1f} | |", ""]
    lines += ["| own Python, by function of gridpact | ms a feeder, profiled | calls a feeder |"]
    lines += ["|---|---:|---:|"]
    for function, one in own_seconds(stats).most_common(top):
        path = Path(function[0]).relative_to(Path(gridpact.__file__).parent).as_posix()
        calls = stats[function][1] / feeders
        lines.append(f"| `{function[2]}`, {path}:{function[1]} | {1e3 * one / feeders:.1f} | {calls:,.1f} |")
    low, high = own_share(statistics.fmean(wall), seconds, feeders)
    lines += ["", f"Own Python is {high:.0%} of the profiled time. {verdict(low, high)}"]
    lines += [
        f"Without the profiler a feeder takes {1e3 * statistics.median(wall):.0f} ms in the median, "
        f"{1e3 * statistics.fmean(wall):.0f} ms in the mean, of {feeders}."
    ]
    return "\n".join(lines)


def own_share(wall_s: float, seconds: Mapping[str, float], feeders: int) -> tuple[float, float]:
    """Bounds on the share of own Python: without what the profiler costs, and with it.

    Args:
        wall_s: of a feeder without the profiler.
        seconds: of each group under it, of all feeders.
        feeders: how many.
    """
    total = sum(seconds.values())
    others = (total - seconds[OWN]) / feeders
    return max(1.0 - others / wall_s, 0.0), seconds[OWN] / total


def verdict(low: float, high: float) -> str:
    """Whether own Python is at most half, as far as the bounds on its share tell."""
    if high <= ALLOWED_SHARE:
        return "It is at most half."
    if low > ALLOWED_SHARE:
        return f"It is MORE THAN half: {low:.0%} even if all that the profiler costs is taken off it."
    return f"It lies between {low:.0%} and that: what the profiler costs counts as own Python."


def main() -> None:
    """Prints the shares of the groups."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.own_time", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--feeders", type=int, default=FEEDERS, help="that are measured")
    parser.add_argument("--fleet", type=Path, metavar="DIR", help="made by make_fleet.py before")
    parser.add_argument("--top", type=int, default=TOP, help="functions that are listed")
    parser.add_argument("--write", action="store_true", help="put it into docs/project/benchmarks.md")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    count = options.feeders + len(CODES)
    with tempfile.TemporaryDirectory() as name:
        folder = options.fleet or Path(name) / "cases"
        if options.fleet is None:
            make_fleet(folder, count, SEED, settled=False, workers=1)
        names = first_feeders(folder, count)
        before = clear_feeders(folder, names)
        stats = profiled(folder, names)
        after = clear_feeders(folder, names)
        wall = [(one + other) / 2.0 for one, other in zip(before, after, strict=True)]
        text = f"{report(wall, stats, options.top)}\n\n{described()}"
    print(text)
    if options.write:
        put("own time", text)


if __name__ == "__main__":
    main()
