"""RelaxedStates: the relaxed states of a network in one period, with what its trading pairs clear."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.sparse import csr_array, eye_array, hstack, vstack

from gridpact.arrays import Float
from gridpact.clearing.certificate.cones_clarabel import ConeSet
from gridpact.clearing.certificate.relaxation import SCALE_KVA, Relaxation
from gridpact.clearing.network.network_state import KEPT_LOADING_PERCENT, KEPT_VOLTAGE_PU
from gridpact.clearing.problem.offers import RETAILER
from gridpact.clearing.problem.problem import ClearingProblem
from gridpact.clearing.problem.trading_pairs import Pairs
from gridpact.grid.network import Network

KEPT_RELAXATIONS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class RelaxedStates:
    """The relaxed states of one period.

    Attributes:
        relaxation: of the network; its variables come first.
        states: the set, over these and the power of each pair that trades in the period, in `SCALE_KVA`.
        volume_kw: the volume that each variable stands for, (n,).
    """

    relaxation: Relaxation
    states: ConeSet
    volume_kw: Float


def relaxed_states(problem: ClearingProblem, period: int) -> RelaxedStates:
    """The relaxed states of a period within caps and limits.

    Limits are wider by the tolerance with which an allocation is accepted.
    """
    relaxation = relaxation_of(problem.network)
    columns = problem.offers.of_period(period)
    pairs, pair = Pairs.of(problem, columns)
    proposed = np.bincount(pair, weights=problem.offers.column_kw[columns]) / SCALE_KVA
    lowest, highest, loading_max = _limits(problem, relaxation, period)
    state_lower, state_upper = relaxation.reach(lowest, highest, loading_max)
    lower = np.concatenate([state_lower, np.zeros(len(pairs))])
    upper = np.concatenate([state_upper, proposed])
    boxed = np.concatenate([relaxation.monitored_columns, relaxation.size + np.arange(len(pairs))])
    box = csr_array(eye_array(len(upper), format="csr")[boxed])
    loadings, idle = relaxation.squared_loadings
    capped, cap = _caps(problem, period, pairs, relaxation.size)
    cones, offset = relaxation.cones
    states = ConeSet(
        equations=_equations(relaxation, pairs),
        equal_to=_baseline(problem, relaxation, period),
        rows=csr_array(vstack([_widened(loadings, len(pairs)), capped, box, -box])),
        at_most=np.concatenate([loading_max**2 - idle, cap, upper[boxed], -lower[boxed]]),
        cones=_widened(cones, len(pairs)),
        cone_offset=offset,
        lower=lower,
        upper=upper,
    )
    counts = np.where(pairs.buyer == RETAILER, 0.0, SCALE_KVA)
    volume_kw = np.concatenate([np.zeros(relaxation.size), counts])
    return RelaxedStates(relaxation=relaxation, states=states, volume_kw=volume_kw)


@lru_cache(maxsize=KEPT_RELAXATIONS)
def relaxation_of(network: Network) -> Relaxation:
    """The relaxation of a network, made once."""
    return Relaxation(network)


def _limits(problem: ClearingProblem, relaxation: Relaxation, period: int) -> tuple[Float, Float, Float]:
    """Least and greatest ρ of the monitored nodes, (V,) each, and greatest loading, 1 at 100 %, (I,)."""
    monitored = relaxation.monitored
    least, greatest, loading = monitored.bounds(problem.operating_limits, period)
    no_load = np.abs(relaxation.no_load_pu[monitored.node])
    lowest: Float = (np.maximum(least - KEPT_VOLTAGE_PU, 0.0) / no_load) ** 2
    highest: Float = ((greatest + KEPT_VOLTAGE_PU) / no_load) ** 2
    return lowest, highest, (loading + KEPT_LOADING_PERCENT) / 100.0


def _equations(relaxation: Relaxation, pairs: Pairs) -> csr_array:
    """Balances of p and q at the free nodes, then the differences, as rows that equal `_baseline`."""
    injected = vstack([pairs.injected_p[relaxation.free], pairs.injected_q[relaxation.free]])
    balances = hstack([relaxation.balances, -injected])
    return csr_array(vstack([balances, _widened(relaxation.differences, len(pairs))]))


def _baseline(problem: ClearingProblem, relaxation: Relaxation, period: int) -> Float:
    baseline, free = problem.baseline_at_nodes, relaxation.free
    p, q = baseline.p_kw[period, free], baseline.q_kvar[period, free]
    return np.concatenate([p / SCALE_KVA, q / SCALE_KVA, np.zeros(relaxation.differences.shape[0])])


def _caps(problem: ClearingProblem, period: int, pairs: Pairs, before: int) -> tuple[csr_array, Float]:
    """What sellers and buyers with a cap trade, as rows over `before` variables and the pairs; the caps."""
    people = len(problem.participants)
    rows, caps = [], []
    for participant, cap_kw in (
        (pairs.seller, problem.seller_cap_kw[period]),
        (pairs.buyer, problem.buyer_cap_kw[period]),
    ):
        capped = np.intersect1d(participant, np.flatnonzero(np.isfinite(cap_kw)))
        peers = np.flatnonzero(participant != RETAILER)
        entry = np.ones(len(peers)), (participant[peers], before + peers)
        rows.append(csr_array(entry, shape=(people, before + len(pairs)))[capped])
        caps.append(cap_kw[capped] / SCALE_KVA)
    return csr_array(vstack(rows)), np.concatenate(caps)


def _widened(rows: csr_array, more: int) -> csr_array:
    """Rows over so many more variables, on which they do not depend."""
    return csr_array(hstack([rows, csr_array((rows.shape[0], more))]))
