"""Sessions in few words: a case on top of what an earlier clearance made firm."""

import tempfile
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

import gridpact
from gridpact.arrays import frozen
from gridpact.case import Case, Profiles
from gridpact.results import Clearance


def after(case: Case, earlier: Clearance) -> Case:
    """The case with the commitments of an earlier clearance, by way of its result folder."""
    with tempfile.TemporaryDirectory() as folder:
        return gridpact.with_commitments(case, gridpact.write_clearance(earlier, f"{folder}/earlier"))


def rolled(sessions: Iterable[Case]) -> list[Clearance]:
    """The clearances of cases without commitments, each on top of the one before."""
    clearances: list[Clearance] = []
    network = None
    for case in sessions:
        network = network or gridpact.compile_network(case)
        case = after(case, clearances[-1]) if clearances else case
        clearances.append(gridpact.clear(case, network=network))
    return clearances


def with_forecast(case: Case, load: float | np.ndarray, generation: float | np.ndarray) -> Case:
    """The case with its forecast times some factors."""
    profiles = Profiles(
        load_kw=frozen(case.profiles.load_kw * load, float),
        generation_kw=frozen(case.profiles.generation_kw * generation, float),
    )
    return replace(case, profiles=profiles)


def split(case: Case, sessions: int, seed: int) -> list[Case]:
    """The case as several, with each of its trades in one of them."""
    session = np.random.default_rng(seed).integers(0, sessions, len(case.trades))
    return [
        replace(case, trades=case.trades.at(np.flatnonzero(session == number))) for number in range(sessions)
    ]
