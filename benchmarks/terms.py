"""`python -m benchmarks.terms`: time and gap of clearings in which a third of the trades have terms."""

import resource
import time

from benchmarks.cases import CONGESTED_KW, feeder_day, with_terms
from gridpact.clearing.ac import solve_ac
from gridpact.clearing.problem.problem import pose
from gridpact.grid.compile import compile_source

SIZES = (500, 2000)


def main() -> None:
    """Prints a table in Markdown: 96 quarter-hours on a congested 100-bus feeder."""
    print("| trades | with terms | decisions | cleared kWh | bound kWh | gap | finished | s |")
    print("|---:|---:|---:|---:|---:|---:|---|---:|")
    for count in SIZES:
        case = with_terms(feeder_day(count, CONGESTED_KW))
        problem = pose(case, case.trades, compile_source(case.network))
        start = time.perf_counter()
        solution = solve_ac(problem)
        seconds = time.perf_counter() - start
        volume_kw = problem.offers.volume_kw(solution.column_kw, problem.shape[0])
        upper_kwh = solution.upper_kw(volume_kw, exact=True) * problem.hours_per_period
        cleared_kwh = float(volume_kw.sum()) * problem.hours_per_period
        print(
            f"| {count} | {int(case.trades.terms.given.sum())} "
            f"| {sum(part.decisions for part in problem.parts)} | {cleared_kwh:.1f} | {upper_kwh:.1f} "
            f"| {(upper_kwh - cleared_kwh) / upper_kwh:.4%} "
            f"| {all(part.is_finished for part in solution.parts)} | {seconds:.1f} |",
            flush=True,
        )
    print(f"\npeak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    main()
