"""DC clearing: the published model, by any rule.

    maximise    Σ_c y_c, or what the rule asks for
    subject to  0 ≤ y_c ≤ q_c
                Σ_c y_c ≤ a_s                    over the columns that s sells
                Σ_c y_c ≤ r_d                    over the columns that d buys
                p_i = Σ_j B_ij (θ_i − θ_j)       at every node without a supply
                −F_l ≤ B_l (θ_i − θ_j) ≤ F_l     on every line and transformer l

(Fernandes, Christin, Kar 2024, arXiv 2407.21403). The angles are eliminated: a flow is that of the baseline
plus its sensitivities to y, so that limits are rows of the market programme. All periods are cleared
against the caps alone first: where the flows of that keep their limits, it is the optimum. Where the
baseline breaks a flow limit and no choice keeps it, the limit is the baseline's own flow.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array, vstack

from gridpact.arrays import Bool, Float
from gridpact.case.case import Allocation as Rule
from gridpact.clearing.dc_model.dc_grid import DcGrid
from gridpact.clearing.explain import explained
from gridpact.clearing.over_caps import allocate_over_caps
from gridpact.clearing.problem.linear_limits import PartRows, flow_rows
from gridpact.clearing.problem.market import Market, market_of
from gridpact.clearing.problem.parts import Part, period_part
from gridpact.clearing.problem.problem import ClearingProblem
from gridpact.clearing.problem.reasons import DUAL_MIN, ActiveLimits, element_kinds
from gridpact.clearing.problem.solution import PeriodSolution, Solution
from gridpact.clearing.problem.trading_pairs import Pairs
from gridpact.clearing.rules.rule import shared_by
from gridpact.clearing.rules.stage import Question, Stage, StagedAllocation
from gridpact.clearing.solver.budget import Budget
from gridpact.clearing.solver.lockstep import run_together
from gridpact.clearing.solver.optimum import Optimum
from gridpact.clearing.solver.volume_highs import FEASIBILITY_TOLERANCE_KW
from gridpact.clearing.terms.joint_clearing import has_choice, solve_parts
from gridpact.clearing.terms.linear_choices import LinearChoices
from gridpact.errors import SolverFailed
from gridpact.grid.network_model import NO_PHASE


def solve_dc(problem: ClearingProblem, budget: Budget | None = None) -> Solution:
    """The allocation by the problem's rule within what the DC model admits, in every period.

    Raises:
        SolverFailed: HiGHS or Clarabel ended without an optimum.
    """
    return DcClearing(problem, DcGrid(problem.network, problem.limits), budget or Budget()).solve()


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowLimits:
    """Least and greatest flow of each of M branches in kW, (T, M) each."""

    lower_kw: Float
    upper_kw: Float

    def reaching(self, flow_kw: Float, periods: Bool) -> "FlowLimits":
        """These limits, but in some periods, (T,), no nearer than flows, (T, M)."""
        chosen = periods[:, None]
        return FlowLimits(
            lower_kw=np.where(chosen, np.minimum(self.lower_kw, flow_kw), self.lower_kw),
            upper_kw=np.where(chosen, np.maximum(self.upper_kw, flow_kw), self.upper_kw),
        )

    def kept(self, flow_kw: Float, slack_kw: float = FEASIBILITY_TOLERANCE_KW) -> Bool:
        """Whether flows, (T, M), are within them, within a tolerance, (T,)."""
        is_kept: Bool = np.all(
            (flow_kw >= self.lower_kw - slack_kw) & (flow_kw <= self.upper_kw + slack_kw), axis=1
        )
        return is_kept


class DcClearing:
    """Clears a problem over its caps and the flow limits of a DC grid."""

    def __init__(
        self, problem: ClearingProblem, grid: DcGrid, budget: Budget, limits: FlowLimits | None = None
    ) -> None:
        self._problem = problem
        self._grid = grid
        self._budget = budget
        self._baseline_kw = grid.flows_kw(problem.baseline_at_nodes.p_kw)
        own_kw = np.tile(grid.flow_limit_kw, (problem.shape[0], 1))
        self.limits = limits or FlowLimits(lower_kw=-own_kw, upper_kw=own_kw)
        every = np.arange(problem.offers.columns)
        self._pairs, self._pair = Pairs.of(problem, every)
        self._effect = grid.effect(self._pairs) if problem.offers.columns else csr_array((0, 0))
        self._flows: dict[int, PartRows] = {}
        if limits is None:
            self._relax_where_no_choice_keeps_limits()

    def solve(self) -> Solution:
        """See `solve_dc`."""
        problem, offers = self._problem, self._problem.offers
        solution = allocate_over_caps(problem, self._budget)
        is_kept = self._keeps_limits(solution.column_kw)
        if offers.column_helps.any() and not is_kept.all():
            solution = solution.without_help(offers, ~is_kept)
            is_kept = self._keeps_limits(solution.column_kw)
        tight = np.flatnonzero(problem.untied & ~is_kept)
        solved = []
        for period in np.intersect1d(tight, offers.column_period[offers.column_counts]).tolist():
            solved.extend(self._solve_period(period))
        solution = solution.with_periods(offers, solved)
        markets = [self._market(part) for part in problem.parts]
        for its_periods, outcome in solve_parts(markets, self._budget, self._active_limits):
            solution = solution.with_periods(offers, its_periods).with_parts([outcome])
        return solution

    def _relax_where_no_choice_keeps_limits(self) -> None:
        """Relaxes flow limits to the baseline's own flows in periods in which no choice keeps them."""
        is_broken = ~self.limits.kept(self._baseline_kw)
        alone = np.intersect1d(
            np.flatnonzero(is_broken & self._problem.untied), self._problem.offers.column_period
        )
        kept = [t for t in alone.tolist() if self._has_choice(period_part(self._problem.offers, t))]
        for part in self._problem.parts:
            if is_broken[part.periods].any() and self._has_choice(part):
                kept.extend(part.periods.tolist())
        is_broken[kept] = False
        self.limits = self.limits.reaching(self._baseline_kw, is_broken)

    def _has_choice(self, part: Part) -> bool:
        return has_choice(self._market(part), self._budget)

    def _solve_period(self, period: int) -> list[PeriodSolution]:
        """The solution of a period that no terms tie to others."""
        problem = self._problem
        market = self._market(period_part(problem.offers, period))
        choices = LinearChoices.of(market.part, market.programme)
        greatest = choices.optimum(np.zeros(0), market.part.upper_kw, self._budget)
        if not greatest.status.is_kept:
            raise SolverFailed(
                solver="HiGHS", status="Infeasible", where=f"the linear clearing of period {period}"
            )
        every = np.ones(len(market.part.upper_kw), dtype=np.bool_)
        allocation = StagedAllocation(
            value=greatest.value, status=greatest.status, stages=(Stage(optimum=greatest, decides=every),)
        )
        if problem.rule != Rule.MAX_VOLUME:
            question = Question(
                programme=market.programme,
                proposed_kw=market.part.upper_kw,
                rank=problem.offers.column_rank[market.part.columns],
                starts=(greatest.value,),
                budget=self._budget,
            )
            [allocation] = run_together(None, [shared_by(problem.rule, question)])
        bound_kw = np.zeros(problem.shape[0])
        bound_kw[period] = market.part.volume_kw(greatest.value)
        return explained(market, allocation, bound_kw, self._active_limits)

    def _market(self, part: Part) -> Market:
        """The market of a part with its flow limits as rows after its caps, upper ones, then lower ones."""
        periods = part.periods
        effects = [self._effect[:, self._pair[part.columns[part.period == k]]] for k in range(len(periods))]
        flows = flow_rows(
            part,
            [csr_array(one) for one in effects],
            self.limits.lower_kw[periods] - self._baseline_kw[periods],
            self.limits.upper_kw[periods] - self._baseline_kw[periods],
        )
        self._flows[int(periods[0])] = flows
        market = market_of(self._problem, part)
        rows = csr_array(vstack([flows.matrix, -flows.matrix]))
        bounds = np.concatenate([flows.upper, -flows.lower])
        return replace(market, programme=market.programme.with_rows(rows, bounds))

    def _active_limits(self, market: Market, optimum: Optimum, place: int) -> ActiveLimits:
        """The flow limits with a dual, as percent of the rating; a negative flow is one the other way."""
        part = market.part
        period, flows = int(part.periods[place]), self._flows[int(part.periods[0])]
        first, count = len(market.caps.cell), len(flows.cell)
        dual = optimum.row_dual[first : first + count] - optimum.row_dual[first + count : first + 2 * count]
        flow_dual = flows.by_period(dual, len(part.periods))[place]
        active = np.flatnonzero(np.abs(flow_dual) > DUAL_MIN)
        at_upper = flow_dual[active] > 0.0
        limits = self.limits
        limit_kw = np.where(at_upper, limits.upper_kw[period, active], limits.lower_kw[period, active])
        kw_per_percent = self._grid.loading_base_kw[active] / 100.0
        direction = np.sign(limit_kw)
        element = self._problem.network.branches.element[active]
        effect = csr_array(self._effect[active])[:, self._pair[part.columns[part.period == place]]]
        return ActiveLimits(
            limited_by=element_kinds(self._problem.network, element),
            element=element,
            phase=np.full(len(element), NO_PHASE),
            value=np.abs(limit_kw) / kw_per_percent,
            limit=np.abs(limit_kw) / kw_per_percent,
            dual=flow_dual[active] * direction * kw_per_percent,
            effect=effect.toarray() * (direction / kw_per_percent)[:, None],
        )

    def _keeps_limits(self, column_kw: Float) -> Bool:
        """Whether the flows of each period are within their limits under an allocation, (C,), (T,)."""
        return self.limits.kept(self._grid.flows_kw(self._problem.injection_at_nodes(column_kw).p_kw))
