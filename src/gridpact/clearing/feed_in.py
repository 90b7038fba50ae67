"""Feed-in: what retailers take of surplus once the trades are decided.

While trades are cleared, the feed-in of each exporter may be anything from nothing to all that it does not
sell; it counts nothing, and only may help. Then, with the trades as they are, it is the most that the network
carries, curtailed most evenly, or the greatest least share of each: a clearing of its own, on top of the
trades, within the same limits.
"""

from dataclasses import dataclass, replace

import numpy as np

from gridpact.arrays import Float, Int
from gridpact.case.case import Allocation, Case, Curtailment, Formulation
from gridpact.clearing.ac import AcClearing
from gridpact.clearing.contingencies import Contingencies
from gridpact.clearing.dc_clearing import DcClearing, FlowLimits
from gridpact.clearing.dc_model.dc_grid import DcGrid
from gridpact.clearing.network.network_state import Operation, operate, relaxed_limits
from gridpact.clearing.problem.offers import Offers
from gridpact.clearing.problem.problem import FEED_IN_MIN_KW, ClearingProblem
from gridpact.clearing.problem.solution import BindingLimits, LimitedBy, PeriodStatus, Solution
from gridpact.clearing.relaxed_limits import with_limits_decided
from gridpact.clearing.solver.budget import Budget
from gridpact.clearing.solver.optimum import LimitsAtWork
from gridpact.clearing.solver.volume_highs import FEASIBILITY_TOLERANCE_KW
from gridpact.grid.network_model import NO_PHASE

RULES = {Curtailment.MOST: Allocation.MAX_VOLUME, Curtailment.EVEN: Allocation.MAX_MIN}


@dataclass(frozen=True, slots=True, kw_only=True)
class FedIn:
    """What P participants feed in to retailers, in T periods.

    Attributes:
        available_kw: surplus that is not sold to peers, of those that export, (T, P).
        fed_in_kw: what of it is fed in, (T, P).
        limited_by: a `LimitedBy`, (T, P).
        element, phase: as in `BindingLimits`, −1 and `NO_PHASE` where nothing curtails, (T, P).
        binding: limits that hold it down, with the kW more that 1 % more of each would let in.
        status: how it was found, a `PeriodStatus`, (T,).
    """

    available_kw: Float
    fed_in_kw: Float
    limited_by: Int
    element: Int
    phase: Int
    binding: BindingLimits
    status: Int

    @classmethod
    def in_full(cls, available_kw: Float) -> "FedIn":
        """All that is available, (T, P)."""
        return cls(
            available_kw=available_kw,
            fed_in_kw=available_kw,
            limited_by=np.full(available_kw.shape, LimitedBy.NOTHING, dtype=np.int64),
            element=np.full(available_kw.shape, -1),
            phase=np.full(available_kw.shape, NO_PHASE),
            binding=BindingLimits.joined([]),
            status=np.full(len(available_kw), PeriodStatus.IN_FULL, dtype=np.int64),
        )

    def with_columns(self, offers: Offers, solution: Solution) -> "FedIn":
        """This feed-in, but for the columns that a solution has decided."""
        fed_in_kw, limited_by = self.fed_in_kw.copy(), self.limited_by.copy()
        element, phase, status = self.element.copy(), self.phase.copy(), self.status.copy()
        here = np.flatnonzero(offers.column_is_fed)
        at = offers.column_period[here], offers.column_seller[here]
        fed_in_kw[at] = np.minimum(solution.column_kw[here], self.available_kw[at])
        limited_by[at], element[at] = solution.limited_by[here], solution.element[here]
        phase[at], status[at[0]] = solution.phase[here], solution.status[at[0]]
        return replace(
            self,
            fed_in_kw=fed_in_kw,
            limited_by=limited_by,
            element=element,
            phase=phase,
            binding=solution.binding,
            status=status,
        )

    @property
    def curtailed_kw(self) -> Float:
        """What is available and not fed in, (T, P)."""
        return self.available_kw - self.fed_in_kw


class FeedInClearing:
    """Clears the feed-in of a problem.

    Args:
        problem: with limits decided; its trades and feed-in are columns.
        case: says who exports, and what is to be as great as possible.
        budget: of work and time.
    """

    def __init__(self, problem: ClearingProblem, case: Case, budget: Budget) -> None:
        self._problem = problem
        self._exported_kw = np.where(case.participants.exports, case.profiles.surplus_kw, 0.0)
        self._formulation = case.formulation
        self._rule = RULES[case.curtailment]
        self._budget = budget
        self._is_fed = problem.offers.column_is_fed
        self._near_kw = np.zeros(problem.shape)  # what a feed-in found and the trades sell, (T, P)
        self._near: dict[int, LimitsAtWork] = {}  # limits at work there, by period

    def beside(self, solution: Solution) -> FedIn:
        """The feed-in beside the trades of a solution, whose own feed-in keeps every limit."""
        traded_kw = np.where(self._is_fed, 0.0, solution.column_kw)
        full = self._in_full(traded_kw)
        columns = np.flatnonzero(self._is_fed)
        left_kw = full.available_kw[self._cells(columns)]
        period = self._problem.offers.column_period[columns]
        is_open = np.isin(period, period[solution.column_kw[columns] < left_kw - FEED_IN_MIN_KW])
        is_open &= left_kw > FEED_IN_MIN_KW
        if not is_open.any():
            return full
        columns, left_kw = columns[is_open], left_kw[is_open]
        problem = self._problem.on_top_of(traded_kw, columns, known_kw=solution.column_kw[columns])
        fed_in = full.with_columns(*self._cleared(self._counting(problem, left_kw), self._flow_limits))
        self._near_kw = fed_in.fed_in_kw + self._exported_kw - full.available_kw
        return fed_in

    def state_alone(self) -> Operation:
        """The true state of the network if nothing were traded."""
        problem, nothing = self._problem, Solution.in_full(self._problem.offers, self._problem.shape[0])
        if not self._is_fed.any():
            return problem.baseline_operation
        column_kw = np.where(self._is_fed, self.joined(nothing, self.alone()).column_kw, 0.0)
        at_nodes = problem.injection_at_nodes(column_kw)
        return operate(problem.network, at_nodes, problem.baseline_operation)

    def alone(self) -> FedIn:
        """The feed-in if nothing were traded, within the case's own limits wherever it can keep them.

        It is shown and nothing hangs on it: of several optima it may be any. Power that is sold to peers runs
        through the network as if it were fed in, so that the feed-in beside trades is next to it.
        """
        full = self._in_full(np.zeros(self._problem.offers.columns))
        columns = np.flatnonzero(self._is_fed)
        if not len(columns):
            return full
        bare = self._problem.only(columns)
        relaxed = relaxed_limits(bare.nominal_limits, bare.baseline_operation)
        near_kw = self._near_kw[self._cells(columns)]
        bare = replace(bare, operating_limits=relaxed, known_kw=near_kw)
        bare = self._counting(bare, bare.offers.column_kw)
        if self._formulation is Formulation.AC:
            bare = with_limits_decided(bare, self._budget)
        return full.with_columns(*self._cleared(bare, None, doubts=False))

    def withstanding_outages(self, solution: Solution) -> tuple[Solution, FedIn, Contingencies]:
        """The trades and the feed-in that survive every outage, instead of those of a solution.

        The trades are cleared again with outages, the feed-in free to help; then the feed-in with the trades
        as they are.
        """
        before = self.joined(solution, self.beside(solution))
        robust, of_trades = AcClearing(self._problem, self._budget).withstanding_outages(before)
        beside = self.beside(robust)
        if not self._is_fed.any():
            return robust, beside, of_trades
        decided = replace(self._decided(robust), known_kw=robust.column_kw)
        clearing = AcClearing(decided, self._budget)
        explained = self._explained(self.joined(robust, beside), beside)
        final, of_all = clearing.withstanding_outages(explained, known=robust)
        contingencies = replace(of_all, broken_before=of_trades.broken_before, cost_kw=of_trades.cost_kw)
        return robust, beside.with_columns(decided.offers, final), contingencies

    def joined(self, solution: Solution, fed_in: FedIn) -> Solution:
        """The trades of a solution and the feed-in beside them."""
        columns, column_kw = np.flatnonzero(self._is_fed), solution.column_kw.copy()
        column_kw[columns] = fed_in.fed_in_kw[self._cells(columns)]
        return replace(solution, column_kw=column_kw)

    def _explained(self, solution: Solution, fed_in: FedIn) -> Solution:
        """A solution with the reasons of the feed-in."""
        every = np.arange(self._problem.offers.columns)
        return replace(
            solution,
            limited_by=fed_in.limited_by[self._cells(every)],
            element=fed_in.element[self._cells(every)],
            phase=fed_in.phase[self._cells(every)],
            binding=fed_in.binding,
            status=fed_in.status,
        )

    def _in_full(self, traded_kw: Float) -> FedIn:
        """All that is not traded, (C,), of those that export."""
        sold_kw = self._problem.offers.sold_kw(traded_kw, self._problem.shape)
        return FedIn.in_full(np.maximum(self._exported_kw - sold_kw, 0.0))

    def _cells(self, columns: Int) -> tuple[Int, Int]:
        """Period and exporter of some columns, (n,) each."""
        offers = self._problem.offers
        return offers.column_period[columns], offers.column_seller[columns]

    def _counting(self, problem: ClearingProblem, power_kw: Float) -> ClearingProblem:
        """A problem whose columns are feed-in of some power, (n,), as what is to be cleared."""
        offers = replace(
            problem.offers, column_kw=power_kw, column_counts=np.ones(len(power_kw), dtype=np.bool_)
        )
        return replace(
            problem,
            offers=offers,
            rule=self._rule,
            seller_cap_kw=np.full(problem.shape, np.inf),
            buyer_cap_kw=np.full(problem.shape, np.inf),
            known_kw=np.minimum(problem.known_kw, power_kw),
        )

    def _decided(self, solution: Solution) -> ClearingProblem:
        """The problem with the trades of a solution decided, and feed-in as what is to be cleared."""
        offers = self._problem.offers
        available_kw = self._in_full(np.where(self._is_fed, 0.0, solution.column_kw)).available_kw
        every = np.arange(offers.columns)
        left_kw = np.maximum(available_kw[self._cells(every)], FEED_IN_MIN_KW)
        decided = replace(
            offers,
            column_kw=np.where(self._is_fed, left_kw, offers.column_kw),
            column_firm=~self._is_fed,
            column_counts=self._is_fed,
            column_unit=np.full(offers.columns, -1),
        )
        return replace(self._problem, offers=decided, parts=(), rule=self._rule)

    def _cleared(
        self, problem: ClearingProblem, limits: FlowLimits | None, *, doubts: bool = True
    ) -> tuple[Offers, Solution]:
        """The feed-in of a problem that counts it."""
        if self._formulation is Formulation.AC:
            clearing = AcClearing(problem, self._budget, doubts=doubts, near=self._near)
            solution = clearing.solve()
            self._near = clearing.limits_at_work
            return problem.offers, solution
        grid = DcGrid(problem.network, problem.limits)
        if limits is not None:
            flow_kw = grid.flows_kw(problem.baseline_at_nodes.p_kw)
            limits = limits.reaching(flow_kw, limits.kept(flow_kw, 2.0 * FEASIBILITY_TOLERANCE_KW))
        return problem.offers, DcClearing(problem, grid, self._budget, limits).solve()

    @property
    def _flow_limits(self) -> FlowLimits | None:
        """The limits of the DC model in the clearing of the trades."""
        if self._formulation is Formulation.AC:
            return None
        grid = DcGrid(self._problem.network, self._problem.limits)
        return DcClearing(self._problem, grid, self._budget).limits
