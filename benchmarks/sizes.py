"""`python -m benchmarks.sizes`: seconds of one congested AC period against buses and trading pairs."""

import time
from dataclasses import replace

import numpy as np
from tests.instances import random_case

from gridpact.arrays import frozen
from gridpact.case import Case, Formulation
from gridpact.clearing.ac import solve_ac
from gridpact.clearing.problem.problem import pose
from gridpact.clearing.problem.solution import PeriodStatus
from gridpact.grid.compile import compile_source

SIZES = (
    ("cigre_lv", 12, 36, 200.0),
    ("kerber_dorfnetz", 60, 322, 60.0),
    ("kerber_vorstadtnetz_kabel_1", 140, 2000, 60.0),
    ("ieee_european_lv", 150, 12_000, 60.0),
)


def congested(network: str, participants: int, trades: int, power_kw: float) -> Case:
    """One period of random trades, all demand elastic, far more than the network carries."""
    case = random_case(
        1,
        network=f"pandapower/{network}",
        participants=participants,
        trades=trades,
        periods=1,
        power_kw=power_kw,
    )
    elastic = replace(case.participants, firm=frozen(np.zeros(participants), np.bool_))
    return replace(case, participants=elastic, formulation=Formulation.AC)


def main() -> None:
    """Prints a table in Markdown: the first solve builds the programme, the second finds it built."""
    print("| network | nodes | pairs | proposed kW | cleared kW | ended | first s | again s |")
    print("|---|---:|---:|---:|---:|---|---:|---:|")
    for size in SIZES:
        case = congested(*size)
        problem = pose(case, case.trades, compile_source(case.network))
        seconds = []
        for _ in range(2):
            start = time.perf_counter()
            solution = solve_ac(problem)
            seconds.append(time.perf_counter() - start)
        print(
            f"| {size[0]} | {problem.network.nodes} | {problem.offers.columns} "
            f"| {problem.offers.column_kw.sum():.1f} | {solution.column_kw.sum():.1f} "
            f"| {PeriodStatus(solution.status[0]).label} | {seconds[0]:.3f} | {seconds[1]:.3f} |"
        )


if __name__ == "__main__":
    main()
