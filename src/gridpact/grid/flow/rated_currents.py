"""RatedCurrents: the currents of a network at both ends of what carries them, of phases and of neutrals."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.sparse import csr_array, vstack

from gridpact.arrays import Float, Int
from gridpact.grid.network import Network
from gridpact.grid.network_model import NEUTRAL
from gridpact.grid.places import places

KEPT_NETWORKS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedCurrents:
    """C currents: those of all branches, then those of the neutrals of lines, sums of their phases.

    Attributes:
        at_from, at_to: current at each end by all voltages, (C, N) complex, kVA at nominal voltage.
        rating_from_kva, rating_to_kva: infinite at an end that has none, (C,).
        column: column of each in a table of loadings, −1 for a branch that is no rated element, (C,).
    """

    at_from: csr_array
    at_to: csr_array
    rating_from_kva: Float
    rating_to_kva: Float
    column: Int


@lru_cache(maxsize=KEPT_NETWORKS)
def rated_currents(network: Network) -> RatedCurrents:
    """The currents of a network, found once for each."""
    branches = network.branches
    if not network.is_three_phase:
        return RatedCurrents(
            at_from=branches.admittance_from,
            at_to=branches.admittance_to,
            rating_from_kva=branches.rating_from_kva,
            rating_to_kva=branches.rating_to_kva,
            column=branches.element,
        )
    count, found = len(network.phases), places(network)
    phase = np.arange(len(branches)) % count
    column = np.where(branches.element >= 0, found.loading_first()[branches.element] + phase, -1)
    neutral = np.flatnonzero(np.array(found.loading_phase) == NEUTRAL)
    first = _first_rows(branches.element, found.loading_element[neutral])
    rows = first[:, None] + np.arange(count)
    sums = csr_array(
        (np.ones(rows.size), rows.ravel(), count * np.arange(len(rows) + 1)), shape=(len(rows), len(branches))
    )
    return RatedCurrents(
        at_from=csr_array(vstack([branches.admittance_from, sums @ branches.admittance_from])),
        at_to=csr_array(vstack([branches.admittance_to, sums @ branches.admittance_to])),
        rating_from_kva=np.concatenate([branches.rating_from_kva, branches.rating_from_kva[first]]),
        rating_to_kva=np.concatenate([branches.rating_to_kva, branches.rating_to_kva[first]]),
        column=np.concatenate([column, neutral]),
    )


def _first_rows(element: Int, wanted: Int) -> Int:
    """The first branch of each wanted element."""
    known, first = np.unique(element, return_index=True)
    rows: Int = first[np.searchsorted(known, wanted)]
    return rows
