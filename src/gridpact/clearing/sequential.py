"""Sequential clearing: the greatest volume of periods with few columns, over the power of the columns alone.

    minimise    −Σ y + ε Σ (q − y)² / q
    subject to  0 ≤ y ≤ q,  sold ≤ a,  bought ≤ r,  g(v(y)) within its limits

is the nonlinear programme of `programme` with the voltages v put in as the function of y that the power flow
makes of them. Each step solves a quadratic programme with the exact gradients of the limits and the exact
Hessian of the Lagrangian, so the steps end like Newton's (Nocedal, Wright 2006, "Numerical Optimization",
chapter 18). They begin at the baseline, which keeps every limit. A limit is at work from when a step breaks
it. Where linearised limits contradict one another, the steps begin again at the baseline with all limits
found by then.

What is found satisfies the first- and second-order conditions of an optimum and keeps all limits; a period
in which no such point is found is left to another solver.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

import numpy as np

from gridpact.arrays import Complex, Float, Int
from gridpact.clearing.even_cut import EVEN_CUT_WEIGHT
from gridpact.clearing.expansion import Expansion
from gridpact.clearing.monitored import Monitored
from gridpact.clearing.pairs import Pairs
from gridpact.clearing.problem import ClearingProblem
from gridpact.clearing.quadratic import QuadraticOptimum, convexified, is_minimum, solve_quadratic
from gridpact.clearing.reasons import (
    DUAL_MIN,
    ActiveCaps,
    ActiveLimits,
    binding_limits,
    element_kinds,
    reasons,
)
from gridpact.clearing.solution import LimitedBy, PeriodSolution, PeriodStatus
from gridpact.grid.power_flow import factors_of, run_power_flow
from gridpact.grid.response import Response

COLUMNS_MAX = 150  # beyond, a sparse interior-point method is faster
STEPS_MAX = 20
SMALL_STEP_KW = 1e-8
KEPT = 1e-9  # pu, and parts of a rating
SLACK = 1e-10  # of the linearised limits, for what rounding leaves of them
CURVATURE_TOLERANCE = 1e-9  # kW of volume per kW²


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
        """Half of the last step taken back, as it ended where there is no operating point."""
        power_kw = 0.5 * (self.before_kw + self.power_kw)
        return replace(self, progress=Progress.MOVING, power_kw=power_kw)

    def with_worst(self, excess: Float, voltages: int, tolerance: float) -> "Iterate":
        """Also those limits at work that are exceeded most: by high and by low voltages, and by loadings.

        A limit that is exceeded as much as one at work is not added, so that of quantities that are always
        equal, as at nodes that nothing lies between, only the first is ever at work.

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


class SequentialClearing:
    """Clears periods of a problem by `max-volume` on the network."""

    def __init__(self, problem: ClearingProblem) -> None:
        self._problem = problem
        self._network = problem.network
        self._factors = factors_of(problem.network)
        self._monitored = Monitored(problem.network)

    def solve(self, periods: Sequence[int], volume_bound_kw: Float) -> list[PeriodSolution]:
        """The optima of the periods in which one is found.

        Args:
            periods: whose power flow of the baseline has a solution.
            volume_bound_kw: no allocation clears more in a period, (T,).
        """
        data = self._periods([t for t in periods if len(self._problem.offers.of_period(t)) <= COLUMNS_MAX])
        at = [Iterate.at_baseline(period) for period in data]
        for _ in range(STEPS_MAX):
            moving = [k for k, one in enumerate(at) if one.progress in (Progress.MOVING, Progress.SETTLED)]
            if not moving:
                break
            injected = np.array([data[k].baseline_kva + at[k].power_kw @ data[k].injected for k in moving])
            for k, injected_kva, voltage_pu in zip(moving, injected, self._voltages(injected), strict=True):
                at[k] = self._advanced(data[k], at[k], injected_kva, voltage_pu)
        return [
            self._explained(period, found, float(volume_bound_kw[period.period]))
            for period, found in zip(data, at, strict=True)
            if found.progress is Progress.FOUND
        ]

    def _periods(self, periods: Sequence[int]) -> list[Period]:
        problem, offers, free = self._problem, self._problem.offers, self._factors.free
        if not periods:
            return []
        columns = [offers.of_period(t) for t in periods]
        pairs, pair = Pairs.of(problem, np.concatenate(columns))
        injected = (pairs.injected_p + 1j * pairs.injected_q).tocsr()[free].T.toarray()
        pairs_by_period = np.split(pair, np.cumsum([len(one) for one in columns])[:-1])
        return [
            self._period(t, its_columns, injected[its_pairs])
            for t, its_columns, its_pairs in zip(periods, columns, pairs_by_period, strict=True)
        ]

    def _period(self, t: int, columns: Int, injected: Complex) -> Period:
        problem, offers, free = self._problem, self._problem.offers, self._factors.free
        sellers, sold = _under(offers.column_seller[columns], problem.seller_cap_kw[t])
        buyers, bought = _under(offers.column_buyer[columns], problem.buyer_cap_kw[t])
        least_pu, greatest_pu, loading_percent = self._monitored.bounds(problem.operating_limits, t)
        baseline = problem.baseline_at_nodes
        return Period(
            period=t,
            columns=columns,
            proposed_kw=offers.column_kw[columns],
            baseline_kva=baseline.p_kw[t, free] + 1j * baseline.q_kvar[t, free],
            injected=injected,
            seller=sellers,
            buyer=buyers,
            under=np.vstack([sold, bought]),
            cap_kw=np.concatenate([problem.seller_cap_kw[t, sellers], problem.buyer_cap_kw[t, buyers]]),
            least=np.concatenate([least_pu, np.full(len(loading_percent), -np.inf)]),
            greatest=np.concatenate([greatest_pu, loading_percent / 100.0]),
        )

    def _voltages(self, injected_kva: Complex) -> Complex:
        """Voltages of all nodes, (m, N), for powers injected at those that no supply holds, (m, R)."""
        at_nodes = np.zeros((len(injected_kva), self._network.nodes), dtype=np.complex128)
        at_nodes[:, self._factors.free] = injected_kva
        return run_power_flow(self._network, at_nodes.real, at_nodes.imag).voltage_pu

    def _advanced(self, period: Period, at: Iterate, injected_kva: Complex, voltage_pu: Complex) -> Iterate:
        """One step on, or the end of the steps; `voltage_pu` (N,) is of the powers where they are."""
        if not np.isfinite(voltage_pu).all():
            return at.half_way_back()
        expansion = Expansion(
            self._monitored,
            voltage_pu,
            Response(self._factors, voltage_pu[self._factors.free], injected_kva),
            period.injected,
        )
        excess = period.excess(expansion.magnitude)
        if at.progress is Progress.SETTLED and excess.max() <= KEPT:
            return replace(at, progress=Progress.FOUND, value=expansion.magnitude[at.row])
        tolerance = KEPT if at.power_kw.any() else -KEPT
        return _stepped(period, at.with_worst(excess, len(self._monitored.node), tolerance), expansion)

    def _explained(self, period: Period, found: Iterate, volume_bound_kw: float) -> PeriodSolution:
        """The solution of a period: the optimum with its reasons and binding limits."""
        problem, t = self._problem, period.period
        offers = problem.offers
        limits = self._active_limits(period, found)
        seller_dual, buyer_dual = np.zeros(problem.shape[1]), np.zeros(problem.shape[1])
        seller_dual[period.seller], buyer_dual[period.buyer] = np.split(found.cap_dual, [len(period.seller)])
        caps = ActiveCaps(
            seller_cap_kw=problem.seller_cap_kw[t],
            buyer_cap_kw=problem.buyer_cap_kw[t],
            seller_dual=seller_dual,
            buyer_dual=buyer_dual,
        )
        seller, buyer = offers.column_seller[period.columns], offers.column_buyer[period.columns]
        limited_by, element = reasons(limits, caps, seller, buyer)
        return PeriodSolution(
            period=t,
            columns=period.columns,
            column_kw=found.power_kw,
            limited_by=limited_by,
            element=element,
            binding=binding_limits(t, limits, caps),
            volume_bound_kw=volume_bound_kw,
            status=PeriodStatus.OPTIMAL,
        )

    def _active_limits(self, period: Period, found: Iterate) -> ActiveLimits:
        """The limits that have a dual, voltages in pu and loadings in percent."""
        monitored = self._monitored
        active = np.flatnonzero(found.dual > DUAL_MIN)
        active = active[np.lexsort((found.sign[active], found.row[active]))]
        row, sign = found.row[active], found.sign[active]
        is_voltage = row < len(monitored.node)
        unit = np.where(is_voltage, 1.0, 100.0)
        element = np.concatenate([monitored.bus, monitored.element])[row]
        kinds = np.where(sign > 0.0, LimitedBy.VOLTAGE_MAX, LimitedBy.VOLTAGE_MIN).astype(np.int64)
        kinds[~is_voltage] = element_kinds(self._network, element[~is_voltage])
        return ActiveLimits(
            limited_by=kinds,
            element=element,
            value=found.value[active] * unit,
            limit=np.where(sign > 0.0, period.greatest[row], period.least[row]) * unit,
            dual=sign * found.dual[active] / unit,
            effect=found.gradient[active] * (sign * unit)[:, None],
        )


def _hessian(period: Period, at: Iterate, expansion: Expansion) -> Float:
    """Hessian of the Lagrangian, (n, n)."""
    priced = at.dual > 0.0
    curvature = expansion.curvature(at.row[priced], at.sign[priced], at.dual[priced])
    hessian: Float = curvature + np.diag(2.0 * EVEN_CUT_WEIGHT / period.proposed_kw)
    return hessian


def _stepped(period: Period, at: Iterate, expansion: Expansion) -> Iterate:
    """The iterate after the quadratic programme at it."""
    q, y = period.proposed_kw, at.power_kw
    hessian = _hessian(period, at, expansion)
    exceeded = at.sign * (
        expansion.magnitude[at.row] - np.where(at.sign > 0.0, period.greatest[at.row], period.least[at.row])
    )
    gradient = expansion.gradient(at.row, at.sign)
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
        power_kw=np.clip(y + found.value, 0.0, q),
        before_kw=y,
        value=expansion.magnitude[at.row],
        gradient=gradient,
        dual=np.maximum(dual, 0.0),
        cap_dual=np.maximum(cap_dual, 0.0),
    )


def _held(rows: Float, found: QuadraticOptimum) -> Float:
    """The directions that constraints with a multiplier hold, (h, n)."""
    bounds = np.eye(len(found.value))[found.bound_dual != 0.0]
    return np.vstack([bounds, rows[found.row_dual != 0.0]])


def _under(participant: Int, cap_kw: Float) -> tuple[Int, Float]:
    """The participants of n columns that have a finite cap, (S,), and which columns each one caps, (S, n)."""
    capped = np.unique(participant[np.isfinite(cap_kw[participant])])
    return capped, (participant[None, :] == capped[:, None]).astype(np.float64)
