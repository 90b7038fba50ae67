"""`python -m benchmarks.envelopes`: whether operating envelopes keep every limit and are those of the rules.

python -m benchmarks.envelopes [--combinations 1000] [--networks 20] [--people 20] [--few 5]

On each network, by each rule: random combinations, half of them corners, and the corners that hold the
envelopes, judged by pandapower where the network is balanced and by OpenDSS where it has three phases; these
and every single flip of the corners, judged by power-grid-model. With a few participants, all corners tried:
the shares of `equal` beside those of bisection, and the shares of `max-min` that could be raised alone.
"""

import argparse
import tempfile
import warnings
from itertools import islice
from pathlib import Path
from time import perf_counter

import numpy as np
from tests.envelopes.made import Judge, random_and_worst, single_flips
from tests.envelopes.other_engines import OpenDSSJudge, excess_by_pandapower
from tests.envelopes.raising import raisable

import gridpact
from benchmarks.envelopes.networks import Tried, networks
from benchmarks.machine import described
from gridpact.arrays import Float
from gridpact.case import Case
from gridpact.envelopes import EnvelopeRule

KEPT = 1e-6  # pu, and parts of a rating: the rounding of currents through short lines
THETA_MAX = 1e-3
COMBINATIONS, NETWORKS, PEOPLE, FEW = 1000, 20, 20, 5
LARGER = 4.0  # connections of the few, so that the network limits them
KEEPING = (
    "| network | rule | export | import | other engine | tried | worst excess | power-grid-model | seconds |"
)
RULES = "| network | θ export | θ import | difference from bisection | `max-min` raisable | shares below 1 |"


def excess_elsewhere(tried: Tried, case: Case, power_kw: Float) -> Float:
    """The greatest excess of any limit by an engine that gridpact does not use, (m,)."""
    if tried.phases:
        return OpenDSSJudge(case, tried.net).excess(power_kw)
    return excess_by_pandapower(case, tried.net, power_kw)


def kept(tried: Tried, people: int, count: int) -> tuple[float, int]:
    """Prints a row for each rule; the worst excess, and how many combinations were judged."""
    case = tried.case(people)
    network = gridpact.compile_network(case)
    worst, judged = -np.inf, 0
    for rule in EnvelopeRule:
        start = perf_counter()
        found = gridpact.operating_envelopes(case, network, rule=rule)
        seconds = perf_counter() - start
        power_kw, flips = random_and_worst(found, count, tried.place), single_flips(found)
        elsewhere = float(excess_elsewhere(tried, case, power_kw).max())
        own = float(Judge(case, network).excess(np.vstack([power_kw, flips])).max())
        worst, judged = max(worst, elsewhere, own), judged + len(power_kw) + len(flips)
        export, imported = (found.summary[f"{side}_max_kw"] for side in ("export", "import"))
        print(
            f"| {tried.name} | {rule} | {export:.1f} kW | {imported:.1f} kW | "
            f"{'OpenDSS' if tried.phases else 'pandapower'} | {len(power_kw):,} | {elsewhere:.1e} | "
            f"{own:.1e} of {len(power_kw) + len(flips):,} | {seconds:.2f} |",
            flush=True,
        )
    return worst, judged


def by_the_rules(tried: Tried, people: int) -> tuple[float, int]:
    """Prints a row; how far the shares of `equal` are from bisection, and how many could be raised alone."""
    case = tried.case(people, LARGER)
    network = gridpact.compile_network(case)
    judge, connection = Judge(case, network), case.participants.connection_kw
    equal = gridpact.operating_envelopes(case, network)
    imports, exports = ((kw[0] / connection).min() for kw in (equal.import_max_kw, equal.export_max_kw))
    expected = judge.equal_by_bisection()
    difference = float(np.abs(np.subtract((imports, exports), expected)).max())
    uneven = gridpact.operating_envelopes(case, network, rule=EnvelopeRule.MAX_MIN)
    free = raisable(judge, uneven)
    below = sum(
        int((kw[0] < connection * (1.0 - 1e-9)).sum()) for kw in (uneven.import_max_kw, uneven.export_max_kw)
    )
    print(
        f"| {tried.name} | {exports:.6f} | {imports:.6f} | {difference:.1e} | {len(free)} | {below} |",
        flush=True,
    )
    return difference, len(free)


def main() -> None:
    """Prints both tables; ends with 1 where a combination breaks a limit, or envelopes are not the rule's."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.envelopes", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--combinations", type=int, default=COMBINATIONS)
    parser.add_argument("--networks", type=int, default=NETWORKS)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--few", type=int, default=FEW, help="participants of whom all corners are tried")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        all_tried = list(islice(networks(Path(folder)), options.networks))
        print(f"{RULES}\n{'|---' * (RULES.count('|') - 1)}|")
        ruled = [by_the_rules(tried, options.few) for tried in all_tried]
        print(f"\n{KEEPING}\n{'|---' * (KEEPING.count('|') - 1)}|")
        keeping = [kept(tried, options.people, options.combinations) for tried in all_tried]
    worst, judged = max(row[0] for row in keeping), sum(row[1] for row in keeping)
    difference, free = max(row[0] for row in ruled), sum(row[1] for row in ruled)
    print(
        f"\n{judged:,} combinations, worst excess {worst:.1e} (pu, parts of a rating); shares of `equal` "
        f"within {difference:.1e} of bisection; {free} of `max-min` could be raised alone. {described()}"
    )
    raise SystemExit(not (worst <= KEPT and difference <= THETA_MAX and free == 0))


if __name__ == "__main__":
    main()
