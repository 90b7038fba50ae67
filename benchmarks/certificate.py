"""`python -m benchmarks.certificate`: how near the proven bounds are to what clears, and what they cost."""

import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tests.ac_instances import MADE_HERE, ac_case, saved

from gridpact.case import Case, Formulation
from gridpact.clearing.ac import solve_ac
from gridpact.clearing.certificate.certify import ProvenBy, certify
from gridpact.clearing.certificate.relaxed_states import relaxed_states
from gridpact.clearing.problem.problem import pose
from gridpact.grid.compile import compile_source
from gridpact.published import cigre_extreme

TREES = {
    "cigre_lv": {"sellers": 8, "buyers": 8, "trades": 30, "power_kw": 110.0},
    "kerber_landnetz_kabel_1": {"power_kw": 70.0},
    "kerber_landnetz_freileitung_1": {"power_kw": 90.0},
    "village_1": {"sellers": 10, "buyers": 10, "trades": 40},
    "kerber_dorfnetz": {"sellers": 20, "buyers": 20, "trades": 60, "power_kw": 40.0},
    "ieee_european_lv": {"sellers": 10, "buyers": 10, "trades": 40},
}
FIRM_SHARES = (0.0, 0.5)
SEED = 2


def cases(folder: Path) -> Iterator[tuple[str, Case]]:
    """The cases of the table, each of one period, and their names."""
    yield "cigre_lv, the published extreme hour", replace(cigre_extreme(), formulation=Formulation.AC)
    for firm in FIRM_SHARES:
        for name, sizes in TREES.items():
            case = ac_case(SEED, f"pandapower/{name}", firm=firm, **sizes)
            yield f"{name}, {firm:.0%} firm", case
        for name in MADE_HERE:
            yield f"{name}, {firm:.0%} firm", ac_case(SEED, saved(name, folder), firm=firm)


def row(name: str, case: Case) -> str:
    """One row of the table."""
    problem = pose(case, case.trades, compile_source(case.network))
    started = time.perf_counter()
    solution = solve_ac(problem)
    cleared = time.perf_counter()
    certificate = certify(problem, solution.column_kw, solution.volume_bound_kw)
    certified = time.perf_counter()
    cones = relaxed_states(problem, 0)
    cones_kw = min(cones.states.greatest(cones.volume_kw).upper, solution.volume_bound_kw[0])
    cleared_kw, upper_kw = certificate.cleared_kw[0], certificate.upper_kw[0]
    cones_gap = 1.0 - cleared_kw / cones_kw if cones_kw > 0.0 else 0.0
    cells = (
        name,
        str(problem.network.nodes),
        f"{solution.volume_bound_kw[0]:.3f}",
        f"{cleared_kw:.3f}",
        f"{upper_kw:.3f}",
        f"{max(cones_gap, 0.0):.1e}",
        f"{certificate.gap[0]:.1e}",
        ProvenBy(certificate.proven_by[0]).label,
        f"{cleared - started:.2f}",
        f"{certified - cleared:.2f}",
    )
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Prints a table in Markdown."""
    print(
        "| network | nodes | caps kW | cleared kW | upper kW | gap of cones | gap | proven by "
        "| s to clear | s to prove |"
    )
    print("|---|" + "---:|" * 6 + "---|" + "---:|" * 2)
    with tempfile.TemporaryDirectory() as folder:
        for name, case in cases(Path(folder)):
            print(row(name, case), flush=True)


if __name__ == "__main__":
    main()
