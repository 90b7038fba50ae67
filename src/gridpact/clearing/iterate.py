"""Iterate: where the sequential steps of a period are, and the step from there."""

from dataclasses import dataclass, replace
from enum import Enum, auto

import numpy as np

from gridpact.arrays import Complex, Float, Int
from gridpact.clearing.even_cut import EVEN_CUT_WEIGHT
from gridpact.clearing.expansion import Expansion
from gridpact.clearing.quadratic import (
    QuadraticOptimum,
    convexified,
    is_best_corner,
    is_minimum,
    solve_quadratic,
)
from gridpact.clearing.reasons import TIE_BREAK_SHARE

SMALL_STEP_KW = 1e-8
KEPT = 1e-9  # pu, and parts of a rating
SLACK = 1e-10  # of the linearised limits, for what rounding leaves of them
CURVATURE_TOLERANCE = 1e-9  # kW of volume per kW²
PRICED_SHARE_MAX = 100.0  # kW of volume that limits take of a kW of a trade, where their prices are finite


class Progress(Enum):
    """How far the steps of a period are."""

    MOVING = auto()
    SETTLED = auto()
    FOUND = auto()
    LOST = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What the n columns of a period can do, with c caps that can bind and M monitored quantities.

    Attributes:
        period: which.
        columns: (n,).
        proposed_kw: q, (n,).
        baseline_kva: complex power injected at the nodes that no supply holds with no trade cleared, (R,).
        injected: change of it per kW of each column, (n, R).
        seller, buyer: participants that have a finite cap, (S,) and (B,).
        under: the columns under each cap, of sellers, then of buyers, (c, n).
        cap_kw: (c,).
        least, greatest: of the monitored quantities, (M,).
    """

    period: int
    columns: Int
    proposed_kw: Float
    baseline_kva: Complex
    injected: Complex
    seller: Int
    buyer: Int
    under: Float
    cap_kw: Float
    least: Float
    greatest: Float

    def excess(self, magnitude: Float) -> Float:
        """How far quantities (M,) are above their greatest and below their least value, (2, M)."""
        return np.stack([magnitude - self.greatest, self.least - magnitude])


@dataclass(frozen=True, slots=True, kw_only=True)
class Iterate:
    """Where the steps of a period are, with L limits at work.

    Attributes:
        progress: how far.
        is_sure: whether no other optimum is to be expected from prices and curvature where the steps ended.
        power_kw: y, (n,).
        before_kw: y before the last step, (n,).
        row: monitored quantity of each limit at work, (L,).
        sign: 1 where its greatest value is the limit, −1 where its least is, (L,).
        value: where the quantities stand, (L,).
        gradient: change of sign · quantity per kW of each column before the last step, (L, n).
        dual: kW of volume per unit of each limit, not negative, (L,).
        cap_dual: kW of volume per kW of each cap, not negative, (c,).
    """

    progress: Progress
    is_sure: bool
    power_kw: Float
    before_kw: Float
    row: Int
    sign: Float
    value: Float
    gradient: Float
    dual: Float
    cap_dual: Float

    @classmethod
    def at_baseline(cls, period: Period) -> "Iterate":
        """Nothing clears, and no limit is at work."""
        nothing = np.zeros_like(period.proposed_kw)
        return cls(
            progress=Progress.MOVING,
            is_sure=False,
            power_kw=nothing,
            before_kw=nothing,
            row=np.empty(0, dtype=np.int64),
            sign=np.empty(0),
            value=np.empty(0),
            gradient=np.empty((0, len(nothing))),
            dual=np.empty(0),
            cap_dual=np.zeros_like(period.cap_kw),
        )

    def again(self) -> "Iterate":
        """The baseline once more, with the same limits at work; nothing is left to do if this is it."""
        if not self.power_kw.any():
            return replace(self, progress=Progress.LOST)
        nothing = np.zeros_like(self.power_kw)
        return replace(
            self,
            progress=Progress.MOVING,
            power_kw=nothing,
            before_kw=nothing,
            dual=np.zeros_like(self.dual),
        )

    def half_way_back(self) -> "Iterate":
        """Half of the last step taken back, as it ended at no operating point, or at the edge of collapse."""
        power_kw = 0.5 * (self.before_kw + self.power_kw)
        return replace(self, progress=Progress.MOVING, power_kw=power_kw)

    def with_worst(self, excess: Float, voltages: int, tolerance: float) -> "Iterate":
        """Also those limits at work that are exceeded most: by high and by low voltages, and by loadings.

        A limit that is exceeded as much as one at work is not added: of quantities that are always
        equal, as at nodes that nothing lies between, the first is at work.

        Args:
            excess: (2, M), as `Period.excess` gives it.
            voltages: how many of the quantities are voltages; they come first.
            tolerance: least excess to be added.
        """
        row, sign = self.row.tolist(), self.sign.tolist()
        at_work = set(zip(row, sign, strict=True))
        kinds = ((excess[0, :voltages], 0, 1.0), (excess[1, :voltages], 0, -1.0))
        for exceeded, first, direction in (*kinds, (excess[0, voltages:], voltages, 1.0)):
            worst = int(np.argmax(np.round(exceeded / KEPT))) if len(exceeded) else -1
            if worst < 0 or exceeded[worst] <= tolerance or (first + worst, direction) in at_work:
                continue
            row.append(first + worst)
            sign.append(direction)
        dual = np.append(self.dual, np.zeros(len(row) - len(self.row)))
        return replace(self, row=np.array(row, dtype=np.int64), sign=np.array(sign), dual=dual)


def _hessian(period: Period, at: Iterate, expansion: Expansion) -> Float:
    """Hessian of the Lagrangian, (n, n)."""
    priced = at.dual > 0.0
    curvature = expansion.curvature(at.row[priced], at.sign[priced], at.dual[priced])
    hessian: Float = curvature + np.diag(2.0 * EVEN_CUT_WEIGHT / period.proposed_kw)
    return hessian


def stepped(period: Period, at: Iterate, expansion: Expansion) -> Iterate:
    """The iterate after the quadratic programme at it."""
    q, y = period.proposed_kw, at.power_kw
    hessian = _hessian(period, at, expansion)
    exceeded = at.sign * (
        expansion.magnitude[at.row] - np.where(at.sign > 0.0, period.greatest[at.row], period.least[at.row])
    )
    gradient = expansion.gradient(at.row, at.sign)
    if not (np.isfinite(gradient).all() and np.isfinite(hessian).all()):
        return at.half_way_back()
    rows = np.vstack([period.under, gradient])
    found = solve_quadratic(
        convexified(hessian, EVEN_CUT_WEIGHT / q.max()),
        -1.0 - 2.0 * EVEN_CUT_WEIGHT * (q - y) / q,
        rows,
        np.concatenate([period.cap_kw - period.under @ y, SLACK - exceeded]),
        -y,
        q - y,
    )
    if found is None:
        return at.again()
    cap_dual, dual = np.split(found.row_dual, [len(period.cap_kw)])
    is_small = bool(np.abs(found.value).max() <= SMALL_STEP_KW)
    if is_small and not is_minimum(hessian, _held(rows, found), CURVATURE_TOLERANCE):
        return replace(at, progress=Progress.LOST)
    return replace(
        at,
        progress=Progress.SETTLED if is_small else Progress.MOVING,
        is_sure=is_small and _is_sure(hessian, rows, found, period),
        power_kw=_within_caps(period, np.clip(y + found.value, 0.0, q)),
        before_kw=y,
        value=expansion.magnitude[at.row],
        gradient=gradient,
        dual=np.maximum(dual, 0.0),
        cap_dual=np.maximum(cap_dual, 0.0),
    )


def _within_caps(period: Period, power_kw: Float) -> Float:
    """Powers (n,) without what rounding adds to caps, the same share of all that a cap holds."""
    total_kw = period.under @ power_kw
    share = np.divide(period.cap_kw, total_kw, out=np.ones_like(total_kw), where=total_kw > period.cap_kw)
    within: Float = power_kw * np.where(period.under > 0.0, share[:, None], 1.0).min(axis=0, initial=1.0)
    return within


def _is_sure(hessian: Float, rows: Float, found: QuadraticOptimum, period: Period) -> bool:
    """Whether no other optimum is to be expected.

    At most one limit of the network has a price, and all prices are finite. Over what is proposed, curvature
    must not outweigh the kW that a kW of a trade takes of the limits, so that what they admit is in one
    piece, nor what another corner of it costs.
    """
    taken = found.row_dual * np.abs(rows).max(axis=1, initial=0.0)
    limits_priced = int(np.sum(taken[len(period.cap_kw) :] > TIE_BREAK_SHARE))
    bent = 0.5 * np.minimum(hessian, 0.0) @ period.proposed_kw
    if limits_priced > 1 or taken.max(initial=0.0) > PRICED_SHARE_MAX or np.any(bent < -1.0):
        return False
    priced = rows[found.row_dual != 0.0]
    return is_best_corner(hessian, priced, found.bound_dual, period.proposed_kw)


def _held(rows: Float, found: QuadraticOptimum) -> Float:
    """The directions that constraints with a multiplier hold, (h, n)."""
    bounds = np.eye(len(found.value))[found.bound_dual != 0.0]
    return np.vstack([bounds, rows[found.row_dual != 0.0]])
