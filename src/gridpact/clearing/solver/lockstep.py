"""Lockstep: many solves that ask the network for its states at the same time, in one batch of power flows.

A solve is a generator: it yields the powers injected in the situations that it wants to know about, (m, R),
is sent the voltages of all nodes there, (m, N), and returns what it found. So an algorithm reads as if it
were alone.
"""

from collections.abc import Generator, Sequence
from typing import TypeVar

import numpy as np

from gridpact.arrays import Complex
from gridpact.clearing.network.oracle import NetworkOracle

Result = TypeVar("Result")
Solve = Generator[Complex, Complex, Result]


def run_together(oracle: NetworkOracle | None, solves: Sequence[Solve[Result]]) -> list[Result]:
    """What each solve returns.

    Args:
        oracle: of the network of all of them; none where no solve asks for anything.
        solves: each at its beginning.
    """
    results: dict[int, Result] = {}
    asked: dict[int, Complex] = {}

    def advance(place: int, answer: Complex | None) -> None:
        try:
            asked[place] = next(solves[place]) if answer is None else solves[place].send(answer)
        except StopIteration as end:
            results[place] = end.value

    for place in range(len(solves)):
        advance(place, None)
    while asked:
        if oracle is None:
            raise RuntimeError("a solve without a network asks for its state")
        waiting, asked = asked, {}
        voltages = oracle.voltages(np.vstack(list(waiting.values())))
        ends = np.cumsum([len(one) for one in waiting.values()])[:-1]
        for place, answer in zip(waiting, np.split(voltages, ends), strict=True):
            advance(place, answer)
    return [results[place] for place in range(len(solves))]
