"""Linear clearing: over caps and the flow limits of the DC model.

All periods are cleared against the caps alone first. Where the flows of that optimum keep their limits, it is
the optimum: no other allocation within the caps has a greater volume, or is as great and cut more evenly. The
other periods are programmes of their own.
"""

from time import monotonic

import numpy as np
from scipy.sparse import csr_array

from gridpact.arrays import Bool, Float, Int
from gridpact.clearing.coupling import Part
from gridpact.clearing.dc_grid import DcGrid
from gridpact.clearing.linear_leaves import LinearLeaves
from gridpact.clearing.linear_programme import (
    FEASIBILITY_TOLERANCE_KW,
    LinearOptimum,
    LinearPeriod,
    LinearProgramme,
)
from gridpact.clearing.over_caps import solve_over_caps
from gridpact.clearing.pairs import Pairs
from gridpact.clearing.part_rows import cap_rows, flow_rows
from gridpact.clearing.problem import ClearingProblem
from gridpact.clearing.reasons import (
    DUAL_MIN,
    ActiveCaps,
    ActiveLimits,
    binding_limits,
    element_kinds,
    reasons,
)
from gridpact.clearing.search import Search
from gridpact.clearing.solution import PartOutcome, PeriodSolution, PeriodStatus, Solution, snapped


class LinearClearing:
    """Clears a problem over its caps and the flow limits of a DC grid.

    Where the baseline breaks a flow limit, the limit is the baseline's own flow.
    """

    def __init__(self, problem: ClearingProblem, grid: DcGrid) -> None:
        self._problem = problem
        self._grid = grid
        self._baseline_kw = grid.flows_kw(problem.baseline_at_nodes.p_kw)
        self._lower_kw = np.minimum(self._baseline_kw, -grid.flow_limit_kw)
        self._upper_kw = np.maximum(self._baseline_kw, grid.flow_limit_kw)

    def solve(self) -> Solution:
        """The greatest volume, cut most evenly, in every period.

        Raises:
            SolverFailed: HiGHS or Clarabel ended without an optimum.
        """
        problem, offers = self._problem, self._problem.offers
        solution = solve_over_caps(problem)
        tight = np.flatnonzero(problem.untied & ~self._keeps_limits(solution.column_kw))
        periods = np.concatenate([tight, *(part.periods for part in problem.parts)])
        columns = np.flatnonzero(np.isin(offers.column_period, periods))
        if not len(columns):
            return solution
        pairs, pair = Pairs.of(problem, columns)
        effect = self._grid.effect(pairs)
        pair_of_column = np.full(offers.columns, -1)
        pair_of_column[columns] = pair
        programme = LinearProgramme(pairs, effect)
        data = [self._data(period, pair_of_column) for period in tight.tolist()]
        solved = [self._explained(one, programme.solve(one), csr_array(effect[:, one.pair])) for one in data]
        searched = []
        until = monotonic() + problem.seconds_max
        for part in problem.parts:
            its_periods, outcome = self._solve_part(part, effect, pair_of_column, until - monotonic())
            solved.extend(its_periods)
            searched.append(outcome)
        return solution.with_periods(offers, solved).with_parts(searched)

    def _solve_part(
        self, part: Part, effect: csr_array, pair_of_column: Int, seconds: float
    ) -> tuple[list[PeriodSolution], PartOutcome]:
        """The solution of the periods of a part, and how far its search got in some time."""
        periods = part.periods.tolist()
        data = [self._data(period, pair_of_column) for period in periods]
        effects = [csr_array(effect[:, one.pair]) for one in data]
        rise_min_kw = np.stack([one.rise_min_kw for one in data])
        rise_max_kw = np.stack([one.rise_max_kw for one in data])
        caps, flows = (
            cap_rows(self._problem, part),
            flow_rows(part, effects, rise_min_kw, rise_max_kw),
        )
        leaves = LinearLeaves(part, [caps, flows])
        found = Search(part, leaves.programme(), leaves, seconds).run()
        even = leaves.even(found.taken)
        power_kw, row_dual = (found.leaf.power_kw, np.zeros(leaves.rows)) if even is None else even
        power_kw = snapped(power_kw, part.upper_kw)
        cap_dual, flow_dual = np.split(row_dual, [len(caps.cell)])
        column_kw, rejected = part.matrix @ power_kw, part.rejected(found.taken)
        duals = zip(
            caps.by_period(cap_dual, len(periods)), flows.by_period(flow_dual, len(periods)), strict=True
        )
        solved = []
        for place, (of_caps, of_flows) in enumerate(duals):
            here = part.period == place
            seller_dual, buyer_dual = np.split(of_caps, 2)
            optimum = LinearOptimum(
                column_kw=column_kw[here],
                volume_kw=float(data[place].proposed_kw.sum()),
                seller_dual=seller_dual,
                buyer_dual=buyer_dual,
                flow_dual=of_flows,
            )
            explained = self._explained(data[place], optimum, effects[place])
            solved.append(explained.rejecting(rejected[here], stopped=not found.is_finished))
        return solved, PartOutcome(
            periods=part.periods, upper_kw=found.upper_kw, is_finished=found.is_finished
        )

    def _data(self, period: int, pair_of_column: Int) -> LinearPeriod:
        problem, columns = self._problem, self._problem.offers.of_period(period)
        return LinearPeriod(
            period=period,
            pair=pair_of_column[columns],
            proposed_kw=problem.offers.column_kw[columns],
            seller_cap_kw=problem.seller_cap_kw[period],
            buyer_cap_kw=problem.buyer_cap_kw[period],
            rise_min_kw=self._lower_kw[period] - self._baseline_kw[period],
            rise_max_kw=self._upper_kw[period] - self._baseline_kw[period],
        )

    def _explained(self, data: LinearPeriod, optimum: LinearOptimum, effect: csr_array) -> PeriodSolution:
        """The solution of a period: the optimum with its reasons and binding limits."""
        offers, period = self._problem.offers, data.period
        columns = offers.of_period(period)
        limits = self._active_limits(period, optimum, effect)
        caps = ActiveCaps(
            seller_cap_kw=data.seller_cap_kw,
            buyer_cap_kw=data.buyer_cap_kw,
            seller_dual=optimum.seller_dual,
            buyer_dual=optimum.buyer_dual,
        )
        limited_by, element = reasons(
            limits, caps, offers.column_seller[columns], offers.column_buyer[columns]
        )
        return PeriodSolution(
            period=period,
            columns=columns,
            column_kw=optimum.column_kw,
            limited_by=limited_by,
            element=element,
            binding=binding_limits(period, limits, caps),
            volume_bound_kw=optimum.volume_kw,
            status=PeriodStatus.OPTIMAL,
        )

    def _active_limits(self, period: int, optimum: LinearOptimum, effect: csr_array) -> ActiveLimits:
        """The flow limits with a dual, as percent of the rating; a negative flow is one the other way."""
        active = np.flatnonzero(np.abs(optimum.flow_dual) > DUAL_MIN)
        at_upper = optimum.flow_dual[active] > 0.0
        limit_kw = np.where(at_upper, self._upper_kw[period, active], self._lower_kw[period, active])
        kw_per_percent = self._grid.loading_base_kw[active] / 100.0
        direction = np.sign(limit_kw)
        element = self._problem.network.branches.element[active]
        return ActiveLimits(
            limited_by=element_kinds(self._problem.network, element),
            element=element,
            value=np.abs(limit_kw) / kw_per_percent,
            limit=np.abs(limit_kw) / kw_per_percent,
            dual=optimum.flow_dual[active] * direction * kw_per_percent,
            effect=effect[active].toarray() * (direction / kw_per_percent)[:, None],
        )

    def _keeps_limits(self, column_kw: Float) -> Bool:
        """Whether the flows of each period are within their limits under an allocation, (C,), (T,)."""
        flow = self._grid.flows_kw(self._problem.injection_at_nodes(column_kw).p_kw)
        slack = FEASIBILITY_TOLERANCE_KW
        kept: Bool = np.all((flow >= self._lower_kw - slack) & (flow <= self._upper_kw + slack), axis=1)
        return kept
