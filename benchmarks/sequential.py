"""`python -m benchmarks.sequential [--fleet DIR]`: congested periods by sequential steps and by Ipopt.

Without a fleet, of a day of a 100-bus feeder with more and more trades; with one, of all its feeders.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np

from benchmarks.cases import feeder_day
from benchmarks.fleet_run import all_feeders
from benchmarks.machine import described
from gridpact.arrays import Float
from gridpact.case import Case, read_case
from gridpact.clearing import sequential
from gridpact.clearing.nonlinear import NonlinearClearing
from gridpact.clearing.operation import keeps_limits, operate
from gridpact.clearing.over_caps import solve_over_caps
from gridpact.clearing.problem import ClearingProblem, pose
from gridpact.clearing.sequential import SequentialClearing
from gridpact.clearing.solution import PeriodStatus
from gridpact.grid.compile import compile_source
from gridpact.matching import combined, match

TRADES = (300, 500, 1_000, 1_500, 2_000)
PEAK_KW = 40.0
PERIODS_MAX = 12


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A period by both.

    Attributes:
        columns: of the period.
        is_found: whether the steps end at an optimum.
        is_sure: whether they expect no other one.
        steps_ms, ipopt_ms: what each takes.
        volume_apart_kw: volume by steps less that by Ipopt; 0 where either has none.
        power_apart_kw: the greatest difference of a column's power; 0 where either has none.
    """

    columns: int
    is_found: bool
    is_sure: bool
    steps_ms: float
    ipopt_ms: float
    volume_apart_kw: float
    power_apart_kw: float


def posed(case: Case) -> ClearingProblem:
    """The clearing problem of a case after its matching."""
    trades = combined(combined(case.commitments, case.trades), match(case))
    return pose(case, trades, compile_source(case.network))


def congested_periods(problem: ClearingProblem, count: int) -> tuple[list[int], Float]:
    """Some of the periods that the network cuts, and the volume bounds, (T,); each baseline has a state."""
    over_caps = solve_over_caps(problem)
    operation = operate(problem.network, problem.injection_at_nodes(over_caps.column_kw))
    kept = keeps_limits(operation, problem.operating_limits)
    tight = np.flatnonzero(~kept & problem.baseline_operation.converged)
    spread = np.linspace(0, len(tight) - 1, min(count, len(tight))).astype(int)
    return tight[spread].tolist(), over_caps.volume_bound_kw


def compared(problem: ClearingProblem, count: int) -> Iterator[Compared]:
    """Some of the congested periods of a problem by both ways, whose programmes are built before."""
    periods, bound_kw = congested_periods(problem, count)
    if not periods:
        return
    steps, ipopt = SequentialClearing(problem), NonlinearClearing(problem, np.array(periods), on_network=True)
    for period in periods:
        start = perf_counter()
        found = steps.solve([period], bound_kw)
        middle = perf_counter()
        other = ipopt.solve(period, float(bound_kw[period]))
        end = perf_counter()
        both = bool(found) and other.status is not PeriodStatus.BEST_FOUND
        apart_kw = found[0].solution.column_kw - other.column_kw if both else np.zeros(1)
        yield Compared(
            columns=len(other.columns),
            is_found=bool(found),
            is_sure=bool(found) and found[0].is_sure,
            steps_ms=1e3 * (middle - start),
            ipopt_ms=1e3 * (end - middle),
            volume_apart_kw=float(apart_kw.sum()),
            power_apart_kw=float(np.abs(apart_kw).max()),
        )


def row(name: str, all_compared: list[Compared]) -> str:
    """A row of the table."""
    cells = (
        name,
        f"{median(one.columns for one in all_compared):.0f}",
        f"{len(all_compared):,}",
        f"{sum(not one.is_found for one in all_compared):,}",
        f"{sum(one.is_found and not one.is_sure for one in all_compared):,}",
        f"{median(one.steps_ms for one in all_compared):.1f}",
        f"{median(one.ipopt_ms for one in all_compared):.1f}",
        f"{max(abs(one.volume_apart_kw) for one in all_compared):.0e}",
        f"{max(one.power_apart_kw for one in all_compared):.0e}",
    )
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Prints a table in Markdown."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--fleet", type=Path, metavar="DIR", help="made by make_fleet.py before")
    fleet = parser.parse_args().fleet
    names = "trades", "columns of a period", "congested periods", "left to Ipopt", "asked too"
    print(f"| {' | '.join(names)} | steps, ms | Ipopt, ms | volumes differ by, kW | powers differ by, kW |")
    print("|---" + 8 * "|---:" + "|")
    if fleet is None:
        sequential.COLUMNS_MAX = 10**9
        for count in TRADES:
            problem = posed(feeder_day(count, PEAK_KW))
            print(row(f"{count:,} on one feeder", list(compared(problem, PERIODS_MAX))), flush=True)
    else:
        feeders = all_feeders(fleet)
        problems = (posed(read_case(fleet / name)) for name in feeders)
        everything = [one for problem in problems for one in compared(problem, problem.shape[0])]
        print(row(f"of {len(feeders):,} feeders", everything))
    print(f"\n{described()}")


if __name__ == "__main__":
    main()
