"""`python -m benchmarks.against_feed_in [--cases N] [--seed S]`: trades and feed-in, held against Ipopt.

Random periods with exporters of networks up to 100 buses, radial and meshed, in which feed-in breaks limits,
helps trades, gives way to them, or mends what firm loads break. Of each, the volume and the feed-in are
compared with those of `tests/feed_in/exact_feed_in.py`, another programme straight from pandapower's tables;
a case in which either is further away than a share of 1e-4 is printed with its seed.
"""

import argparse
import tempfile
from collections import Counter
from pathlib import Path

from pandapower.powerflow import LoadflowNotConverged
from tests.ac_instances import net_of
from tests.exact import NoOptimum
from tests.feed_in.exact_feed_in import FeedInPeriod
from tests.feed_in.random_feed_in import cleared, feed_in_case, trade_kw

from benchmarks.machine import described

APART_SHARE, APART_KW = 1e-4, 1e-4
AGREES, APART, UNKNOWN = "agree", "are apart", "have no optimum by Ipopt"


def compared(seed: int, folder: Path) -> tuple[str, str]:
    """How a case compares, and the figures of both."""
    case = feed_in_case(seed, folder)
    clearance = cleared(case)
    traded_kw, fed_in_kw = trade_kw(clearance), float(clearance.fed_in.fed_in_kw.sum())
    try:
        exact = FeedInPeriod(net_of(case), case)
        volume_kw = exact.volume_kw()
        other_kw = float(exact.most(traded_kw)[exact.is_fed].sum())
    except (NoOptimum, LoadflowNotConverged) as reason:
        return UNKNOWN, str(reason)
    pairs = ((float(traded_kw.sum()), volume_kw), (fed_in_kw, other_kw))
    near = all(abs(own - other) <= APART_SHARE * max(abs(other), 1.0) + APART_KW for own, other in pairs)
    said = ", ".join(f"{own:.6f} and {other:.6f} kW" for own, other in pairs)
    return AGREES if near else APART, f"trades {said.replace(', ', ', feed-in ')}"


def main() -> None:
    """Prints what is apart, and how many agree."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0, help="of the first case")
    arguments = parser.parse_args()
    found = Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(arguments.seed, arguments.seed + arguments.cases):
            how, figures = compared(seed, Path(folder))
            found[how] += 1
            if how != AGREES:
                print(f"seed {seed}: {how}: {figures}", flush=True)
    print("; ".join(f"{count} of {arguments.cases} {how}" for how, count in found.items()))
    print(f"\n{described()}")


if __name__ == "__main__":
    main()
