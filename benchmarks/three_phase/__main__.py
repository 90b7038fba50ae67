"""`python -m benchmarks.three_phase`: why networks are cleared phase by phase, and what that costs.

python -m benchmarks.three_phase [--feeders 1000] [--runs 3] [--write]

The day is that of `examples/european-lv-phases`, the fleets are those of `make_fleet.py` with either model.
"""

import argparse
import warnings

import gridpact
from benchmarks.machine import described
from benchmarks.page import DOCS, put
from benchmarks.three_phase.european_day import (
    BALANCED,
    EXACT,
    EXAMPLE,
    EuropeanDay,
    as_balanced,
    outcomes_table,
)
from benchmarks.three_phase.seconds import day_seconds, day_table, fleet_costs, fleet_table

PAGE = DOCS / "explanation" / "three-phases.md"
FEEDERS, RUNS = 1000, 3


def main() -> None:
    """Prints the tables in Markdown, and puts them into the documentation on request."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.three_phase", description=__doc__.splitlines()[0]
    )
    parser.add_argument(
        "--feeders", type=int, default=FEEDERS, help=f"of each fleet, {FEEDERS} without it; 0 for none"
    )
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument(
        "--write", action="store_true", help="put the tables into docs/explanation/three-phases.md"
    )
    options = parser.parse_args()
    if options.feeders < 0 or options.runs < 1:
        parser.error("a count is too small")
    warnings.simplefilter("ignore")
    case = gridpact.read_case(EXAMPLE)
    parts = {"day": outcomes_table(EuropeanDay(case).outcomes(), case.horizon.periods)}
    print(f"{parts['day']}\n", flush=True)
    days = {BALANCED: as_balanced(case), EXACT: case}
    parts["seconds"] = day_table({model: day_seconds(day, options.runs) for model, day in days.items()})
    parts["seconds"] += f"\n\n{described()}"
    print(f"{parts['seconds']}\n", flush=True)
    if options.feeders:
        parts["fleets"] = f"{fleet_table(fleet_costs(options.feeders, options.runs))}\n\n{described()}"
        print(parts["fleets"])
    if options.write:
        for part, text in parts.items():
            put(part, text, PAGE)


if __name__ == "__main__":
    main()
