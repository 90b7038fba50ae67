"""Certificate: a proven upper bound on what any allocation can clear under exact AC, in every period."""

from dataclasses import dataclass
from enum import IntEnum
from importlib.metadata import version

import numpy as np

from gridpact.arrays import Float, Int, frozen
from gridpact.clearing.certificate.bound_tightening import tightened
from gridpact.clearing.certificate.relaxed_states import relaxed_states
from gridpact.clearing.problem.problem import ClearingProblem
from gridpact.errors import SolverFailed

VOLUME_TOLERANCE_KW = 1e-6
GAP_SOUGHT = 1e-5
# Columns of a period, and per node of the network, beyond which cones alone cost less than its clearing.
CERTIFIED_COLUMNS, CERTIFIED_COLUMNS_PER_NODE = 80, 0.25
CERTIFIED_COLUMNS_MAX = 10_000  # of all periods that need cones


class ProvenBy(IntEnum):
    """What the upper bound of a period comes from; `label` is the word in the summary.

    `CAPS_MET`: the caps, and what cleared reaches them. `RELAXATION`: the second-order cones. `TIGHTENED`:
    the cones and what was proven about flows. `CAPS`: the caps, where nothing less could be proven.
    `NO_STATE`: the network has no state within its limits, so nothing clears.
    """

    CAPS_MET = 0
    RELAXATION = 1
    TIGHTENED = 2
    CAPS = 3
    NO_STATE = 4

    @property
    def label(self) -> str:
        """Lower case."""
        return self.name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What is proven about the volume of each of T periods.

    Attributes:
        cleared_kw: the volume that the certificate is about, (T,).
        upper_kw: no allocation within caps and limits clears more, whatever its rule, (T,).
        gap: share of `upper_kw` that did not clear, 0 where nothing could, (T,).
        proven_by: a `ProvenBy` per period, (T,).
        engine: name and version of the solver that proposed the proofs.
    """

    cleared_kw: Float
    upper_kw: Float
    gap: Float
    proven_by: Int
    engine: str


def certify(
    problem: ClearingProblem, column_kw: Float, caps_kw: Float, *, tightens: bool = True
) -> Certificate:
    """The certificate of an allocation: how far its volume is from the most that is possible.

    Where an allocation clears all that the caps allow, that is the proof. In the other periods the bound is
    of a convex relaxation of the exact AC equations; its gap is that of the relaxation and of the
    allocation together. Limits count as kept within the tolerance with which an allocation is accepted.

    Args:
        problem: the clearing problem.
        column_kw: cleared power of each column, (C,), which keeps caps and limits.
        caps_kw: the greatest volume within the caps alone, (T,): `Solution.volume_bound_kw` of `solve_ac`.
        tightens: whether to go on where the cones alone leave a gap, which may take long.

    Raises:
        SolverFailed: more cleared than is proven possible, so the allocation or the proof is wrong.
    """
    cleared_kw = problem.offers.volume_kw(column_kw, problem.shape[0])
    upper_kw = caps_kw.astype(np.float64)
    proven_by = np.full(len(upper_kw), ProvenBy.CAPS_MET, dtype=np.int64)
    for period in np.flatnonzero(cleared_kw < caps_kw - _tolerance_kw(caps_kw)).tolist():
        upper_kw[period], proven_by[period] = _proven(
            problem, period, float(cleared_kw[period]), float(caps_kw[period]), tightens=tightens
        )
    excess_kw = cleared_kw - upper_kw
    for period in np.flatnonzero(excess_kw > _tolerance_kw(upper_kw)).tolist():
        raise SolverFailed(
            solver="Clarabel",
            status=f"a proof that no more than {upper_kw[period]:.6f} kW can clear",
            where=f"period {period}, in which {cleared_kw[period]:.6f} kW did",
        )
    upper_kw = np.maximum(upper_kw, cleared_kw)
    gap = np.divide(upper_kw - cleared_kw, upper_kw, out=np.zeros_like(upper_kw), where=upper_kw > 0.0)
    return Certificate(
        cleared_kw=frozen(cleared_kw, np.float64),
        upper_kw=frozen(upper_kw, np.float64),
        gap=frozen(gap, np.float64),
        proven_by=frozen(proven_by, np.int64),
        engine=f"clarabel {version('clarabel')}",
    )


def cones_cost_less_than_clearing(problem: ClearingProblem, column_kw: Float, caps_kw: Float) -> bool:
    """Whether the size of a problem says that a certificate by cones alone takes less time than its clearing.

    So it is where every period that needs cones has many columns: cones grow with the network, a clearing
    with what is proposed on it. Beyond many columns in all a proof takes seconds: it has to be asked for.
    """
    cleared_kw = problem.offers.volume_kw(column_kw, problem.shape[0])
    cut = cleared_kw < caps_kw - _tolerance_kw(caps_kw)
    columns = np.bincount(problem.offers.column_period, minlength=problem.shape[0])
    enough = max(CERTIFIED_COLUMNS, CERTIFIED_COLUMNS_PER_NODE * problem.network.nodes)
    is_short = columns[cut].sum() <= CERTIFIED_COLUMNS_MAX
    return bool(cut.any() and is_short and (columns[cut] > enough).all())


def _tolerance_kw(volume_kw: Float) -> Float:
    """What volumes may differ by without a contradiction."""
    tolerance: Float = VOLUME_TOLERANCE_KW * np.maximum(1.0, volume_kw)
    return tolerance


def _proven(
    problem: ClearingProblem, period: int, cleared_kw: float, caps_kw: float, *, tightens: bool
) -> tuple[float, ProvenBy]:
    """The least bound that is proven for a period, and by what."""
    relaxed = relaxed_states(problem, period)
    first = relaxed.states.greatest(relaxed.volume_kw)
    if first.upper == -np.inf:
        return 0.0, ProvenBy.NO_STATE
    bound_kw = min(first.upper, caps_kw)
    proven_by = ProvenBy.RELAXATION if first.upper < caps_kw else ProvenBy.CAPS
    if bound_kw - cleared_kw <= GAP_SOUGHT * bound_kw or not tightens:
        return bound_kw, proven_by
    tightened_kw = tightened(relaxed, first.point, cleared_kw, bound_kw, GAP_SOUGHT)
    return (tightened_kw, ProvenBy.TIGHTENED) if tightened_kw < bound_kw else (bound_kw, proven_by)
