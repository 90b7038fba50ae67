"""`python -m benchmarks.against_ipopt [--periods N] [--seed S]`: congested periods, held against Ipopt.

Random periods of networks up to 100 buses, radial and meshed, with bare networks that break limits, exports
and power factors. Of each, what clears is compared with the best of ten solves by Ipopt from random starts; a
period in which more than a share of 1e-4 is missing is printed with its seed.

Ipopt keeps limits only within a tolerance. Where two limits meet that the bare network breaks, nothing lies
inside, and what clears is of the order of the root of such a tolerance; so it is given limits that are
narrower by as much, and a period in which it then finds nothing is told apart.
"""

import argparse
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

import numpy as np
from tests.ac_instances import ac_case, drawn_network
from tests.markets import keeps_everything, market, posed

from benchmarks.ipopt.optimum_by_ipopt import maximise_by_ipopt
from benchmarks.machine import described
from gridpact.arrays import Float
from gridpact.case import Case
from gridpact.clearing.ac import solve_ac
from gridpact.clearing.problem.market import Market
from gridpact.clearing.solver.budget import Budget
from gridpact.grid.limits import Limits

STARTS, SHORT_SHARE, SHORT_KW = 10, 1e-4, 1e-4
NARROWER = 1e-8  # pu, and parts of a rating


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A period by both: the volumes, and whether Ipopt found any that keeps everything."""

    seed: int
    period: int
    cleared_kw: float
    by_ipopt_kw: float
    seconds: float
    ipopt_seconds: float

    @property
    def is_short(self) -> bool:
        """Whether less cleared than Ipopt found."""
        missing_kw = self.by_ipopt_kw - self.cleared_kw
        return missing_kw > SHORT_SHARE * self.by_ipopt_kw + SHORT_KW


def random_case(seed: int, folder: Path) -> Case:
    """A congested case of one or two periods."""
    rng = np.random.default_rng(seed)
    network = drawn_network(rng, folder)
    kind = int(rng.integers(4))
    limits = (
        Limits(line_loading_max_percent=float(rng.uniform(8.0, 40.0))),
        Limits(transformer_loading_max_percent=float(rng.uniform(8.0, 30.0))),
        Limits(voltage_min_pu=float(rng.uniform(0.95, 0.99)), voltage_max_pu=1.3),
        Limits(voltage_min_pu=0.7, voltage_max_pu=float(rng.uniform(1.01, 1.04))),
    )[kind]
    return ac_case(
        seed,
        network,
        sellers=int(rng.integers(2, 8)),
        buyers=int(rng.integers(2, 8)),
        trades=int(rng.integers(3, 26)),
        periods=2,
        power_kw=float(rng.uniform(10.0, 90.0)),
        firm=float(rng.choice([0.0, 0.3, 1.0])),
        exports=float(rng.choice([0.0, 0.3])),
        power_factor=float(rng.choice([1.0, 0.95, 0.85])),
        limits=limits,
    )


def compared(seed: int, folder: Path) -> list[Compared]:
    """The congested periods of a case within the limits that hold when nothing else does, by both."""
    problem, tight = posed(random_case(seed, folder))
    start = perf_counter()
    solution = solve_ac(problem)
    seconds = (perf_counter() - start) / max(len(tight), 1)
    rows = []
    rng = np.random.default_rng(seed)
    for period in tight:
        one, best_kw, start = market(problem, period), 0.0, perf_counter()
        limits = one.situations
        narrower = limits.with_limits(limits.least + NARROWER, limits.greatest - NARROWER)
        programme = replace(one.programme, situations=narrower)
        for _ in range(STARTS):
            found = maximise_by_ipopt(programme, rng.random(len(programme)) * programme.upper, Budget())
            if found.status.is_kept and _keeps_all(one, found.value):
                best_kw = max(best_kw, float(found.value.sum()))
        cleared_kw = float(solution.column_kw[problem.offers.of_period(period)].sum())
        rows.append(
            Compared(
                seed=seed,
                period=period,
                cleared_kw=cleared_kw,
                by_ipopt_kw=best_kw,
                seconds=seconds,
                ipopt_seconds=perf_counter() - start,
            )
        )
    return rows


def _keeps_all(one: Market, value: Float) -> bool:
    """Whether caps and the limits as they are, not narrower, are kept without any tolerance."""
    every = np.arange(len(one.situations))
    voltages = one.situations.oracle.voltages(one.situations.injected_kva(value, every))
    return keeps_everything(one, value) and bool(one.situations.greatest_excess(every, voltages).max() <= 0.0)


def main() -> None:
    """Prints what is short, and how both compare."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--periods", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0, help="of the first case")
    arguments = parser.parse_args()
    rows, seed = list[Compared](), arguments.seed
    with tempfile.TemporaryDirectory() as folder:
        while len(rows) < arguments.periods:
            for row in compared(seed, Path(folder)):
                rows.append(row)
                if row.is_short:
                    volumes = f"{row.cleared_kw:.6f} of {row.by_ipopt_kw:.6f} kW"
                    print(f"seed {row.seed} period {row.period}: {volumes}")
            seed += 1
    short = sum(row.is_short for row in rows)
    more = sum(row.cleared_kw > row.by_ipopt_kw * (1 + SHORT_SHARE) + SHORT_KW for row in rows)
    seeds = f"seeds {arguments.seed} to {seed - 1}"
    nothing = sum(row.by_ipopt_kw == 0.0 for row in rows)
    print(f"{len(rows):,} periods of {seeds}: {short} short of Ipopt, {more} above it, ", end="")
    print(f"{nothing} where it finds nothing inside the limits")
    print(f"median ms a period: {1e3 * np.median([row.seconds for row in rows]):.1f}, ", end="")
    print(f"Ipopt from {STARTS} starts {1e3 * np.median([row.ipopt_seconds for row in rows]):.1f}")
    print(f"\n{described()}")


if __name__ == "__main__":
    main()
