"""`python -m benchmarks.against_enumeration [--cases N] [--seed S]`: terms, held against every combination.

Random trades with least fractions, blocks, groups and links on congested networks, up to 12 decisions in a
case. What clears is compared with the best of all combinations, each solved by Ipopt as one polar programme
that knows nothing of gridpact's clearing; a case in which more than a share of 1e-4 is missing is printed
with its seed. Cases whose bare network breaks a limit, or in which nothing is congested, are left out.
"""

import argparse
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

import numpy as np
from tests.ac_instances import ac_case, drawn_network, net_of
from tests.terms_exact import ExactTerms
from tests.terms_instances import named, with_terms
from tests.terms_oracle import Linear

import gridpact
from benchmarks.machine import described
from gridpact.case import Case
from gridpact.case.terms import NONE
from gridpact.clearing.network.network_state import keeps_limits
from gridpact.clearing.problem.problem import pose
from gridpact.grid.limits import Limits

DECISIONS_MAX = 12
SHORT_SHARE, SHORT_KW = 1e-4, 1e-4
CONGESTED_KW = 1e-3


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A case by both, and the bound that its clearing reports."""

    seed: int
    decisions: int
    cleared_kw: float
    best_kw: float
    bound_kw: float
    seconds: float

    @property
    def is_short(self) -> bool:
        """Whether less cleared than the best combination admits."""
        return self.best_kw - self.cleared_kw > SHORT_SHARE * self.best_kw + SHORT_KW

    @property
    def is_bound_false(self) -> bool:
        """Whether the reported bound is below what a combination admits."""
        return self.bound_kw < self.best_kw - SHORT_SHARE * self.best_kw - SHORT_KW


def random_case(seed: int, folder: Path) -> Case:
    """A case of one or two periods whose trades have terms."""
    rng = np.random.default_rng(seed)
    network = drawn_network(rng, folder)
    limits = (
        Limits(line_loading_max_percent=float(rng.uniform(8.0, 40.0))),
        Limits(transformer_loading_max_percent=float(rng.uniform(8.0, 30.0))),
        Limits(voltage_min_pu=float(rng.uniform(0.95, 0.99)), voltage_max_pu=1.3),
        Limits(voltage_min_pu=0.7, voltage_max_pu=float(rng.uniform(1.01, 1.04))),
    )[int(rng.integers(4))]
    count = int(rng.integers(3, 9))
    case = ac_case(
        seed,
        network,
        sellers=int(rng.integers(2, 4)),
        buyers=int(rng.integers(2, 4)),
        trades=count,
        periods=int(rng.integers(1, 3)),
        power_kw=float(rng.uniform(10.0, 90.0)),
        firm=float(rng.choice([0.0, 0.3])),
        power_factor=float(rng.choice([1.0, 0.95])),
        limits=limits,
    )
    block = rng.random(count) < 0.5
    link = np.where(rng.random(count) < 0.3, 0, NONE)
    link = np.where(np.sum(link == 0) > 1, link, NONE)
    group = np.where((rng.random(count) < 0.3) & (link == NONE), rng.integers(0, 2, count), NONE)
    return with_terms(
        replace(case, trades=named(case.trades)),
        block=block | (link != NONE),
        min_fraction=rng.choice([0.001, 0.3, 0.7, 1.0], count),
        group=group,
        link=link,
    )


def compared(seed: int, folder: Path) -> Compared | None:
    """A case by both, or none where it is left out."""
    case = random_case(seed, folder)
    network = gridpact.compile_network(case)
    problem = pose(case, case.trades, network)
    decisions = sum(part.decisions for part in problem.parts)
    if not 0 < decisions <= DECISIONS_MAX:
        return None
    if len(np.unique(problem.offers.column_period)) < case.horizon.periods:
        return None
    if not keeps_limits(problem.baseline_operation, problem.nominal_limits).all():
        return None
    start = perf_counter()
    clearance = gridpact.clear(case, network=network)
    seconds = perf_counter() - start
    net = net_of(case)
    best_kw = ExactTerms(net, case).best().volume
    if best_kw > Linear(case).best().volume - CONGESTED_KW:
        return None
    hours = case.horizon.hours_per_period
    return Compared(
        seed=seed,
        decisions=decisions,
        cleared_kw=clearance.summary["cleared_kwh"] / hours,
        best_kw=best_kw,
        bound_kw=clearance.summary["bound"]["upper_kwh"] / hours,
        seconds=seconds,
    )


def main() -> None:
    """Prints what is short, and how both compare."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0, help="of the first case")
    arguments = parser.parse_args()
    rows, seed = list[Compared](), arguments.seed
    with tempfile.TemporaryDirectory() as folder:
        while len(rows) < arguments.cases:
            row = compared(seed, Path(folder))
            seed += 1
            if row is None:
                continue
            rows.append(row)
            if row.is_short or row.is_bound_false:
                what = f"{row.cleared_kw:.6f} of {row.best_kw:.6f} kW, bound {row.bound_kw:.6f} kW"
                print(f"seed {row.seed}, {row.decisions} decisions: {what}", flush=True)
    short, false = sum(row.is_short for row in rows), sum(row.is_bound_false for row in rows)
    more = sum(row.cleared_kw > row.best_kw * (1 + SHORT_SHARE) + SHORT_KW for row in rows)
    print(
        f"{len(rows):,} cases of seeds {arguments.seed} to {seed - 1}, up to {DECISIONS_MAX} decisions: "
        f"{short} short of the best combination, {more} above it, {false} false bounds"
    )
    print(f"median ms a case: {1e3 * np.median([row.seconds for row in rows]):.1f}")
    print(f"\n{described()}")


if __name__ == "__main__":
    main()
