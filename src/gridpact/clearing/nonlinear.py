"""Nonlinear clearing: one period by a rule of allocation, over caps alone or on the network too."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from gridpact.arrays import Float, Int
from gridpact.case.case import Allocation
from gridpact.clearing.ac_physics import AcPhysics
from gridpact.clearing.ac_reasons import active_limits, binding_limits, reasons
from gridpact.clearing.allocation import Stage, stages
from gridpact.clearing.pairs import Pairs
from gridpact.clearing.problem import ClearingProblem
from gridpact.clearing.programme import (
    Goal,
    Optimum,
    PeriodData,
    SolverStatus,
    programme_over_caps,
    programme_over_network,
)
from gridpact.clearing.solution import BindingLimits, LimitedBy, PeriodSolution, PeriodStatus

FIRST_POWER_SHARE, OTHER_POWER_SHARE = 0.5, 0.05
STATUS = {
    SolverStatus.OPTIMAL: PeriodStatus.OPTIMAL,
    SolverStatus.ACCEPTABLE: PeriodStatus.ACCEPTABLE,
    SolverStatus.FAILED: PeriodStatus.BEST_FOUND,
}


class NonlinearClearing:
    """Clears single periods of a problem, with a programme that is built once for all of them."""

    def __init__(self, problem: ClearingProblem, periods: Int, *, on_network: bool) -> None:
        """Takes the pairs that trade in any of `periods`."""
        offers = problem.offers
        columns = np.flatnonzero(np.isin(offers.column_period, periods))
        pairs, pair = Pairs.of(problem, columns)
        self._problem = problem
        self._pair_of_column = np.full(offers.columns, -1)
        self._pair_of_column[columns] = pair
        self._physics: AcPhysics | None = None
        if on_network:
            self._programme, self._physics = programme_over_network(pairs)
        else:
            self._programme = programme_over_caps(pairs)

    def solve(self, period: int, volume_bound_kw: float) -> PeriodSolution:
        """The allocation of a period; its status says where a solver failed."""
        offers = self._problem.offers
        columns = offers.of_period(period)
        data = self._data(period, columns)
        column_kw = np.zeros(len(columns))
        limited_by = np.full(len(columns), LimitedBy.NOTHING, dtype=np.int64)
        element = np.full(len(columns), -1, dtype=np.int64)
        status, bindings = PeriodStatus.OPTIMAL, list[BindingLimits]()
        for stage in self._stages(data, offers.column_rank[columns]):
            active = active_limits(self._physics, data, stage.optimum)
            kinds, elements = reasons(
                active, stage.optimum, offers.column_seller[columns], offers.column_buyer[columns]
            )
            decided = stage.decides
            column_kw[decided] = stage.column_kw[decided]
            limited_by[decided], element[decided] = kinds[decided], elements[decided]
            status = max(status, STATUS[stage.optimum.status])
            bindings.append(binding_limits(period, data, stage.optimum, active))
        return PeriodSolution(
            period=period,
            columns=columns,
            column_kw=column_kw,
            limited_by=limited_by,
            element=element,
            binding=self._binding(bindings),
            volume_bound_kw=volume_bound_kw,
            status=status,
        )

    def _stages(self, data: PeriodData, submitted: Int) -> Iterator[Stage]:
        """The stages of the rule, each solve tried from a second start where the first one fails."""

        def solve(lower_kw: Float, upper_kw: Float, goal: Goal) -> Optimum:
            first = self._programme.solve(data, lower_kw, upper_kw, goal, FIRST_POWER_SHARE)
            if first.status is not SolverStatus.FAILED or self._physics is None:
                return first
            voltage = self._physics.no_load_pu
            other = replace(data, start=np.concatenate([voltage.real, voltage.imag]))
            return self._programme.solve(other, lower_kw, upper_kw, goal, OTHER_POWER_SHARE)

        return stages(self._problem.rule, solve, data.proposed_kw, submitted)

    def _binding(self, bindings: list[BindingLimits]) -> BindingLimits:
        """The limits of the only stage, or of all stages; a price of volume has only `max-volume`."""
        if self._problem.rule is Allocation.MAX_VOLUME:
            return bindings[0]
        return BindingLimits.joined(bindings).distinct_without_price()

    def _data(self, period: int, columns: Int) -> PeriodData:
        problem, physics, nothing = self._problem, self._physics, np.empty(0)
        limit_lower, limit_upper = physics.limit_bounds(problem, period) if physics else (nothing, nothing)
        return PeriodData(
            pair=self._pair_of_column[columns],
            proposed_kw=problem.offers.column_kw[columns],
            seller_cap_kw=problem.seller_cap_kw[period],
            buyer_cap_kw=problem.buyer_cap_kw[period],
            parameters=physics.parameter_values(problem, period) if physics else nothing,
            limit_lower=limit_lower,
            limit_upper=limit_upper,
            start=physics.start(problem, period) if physics else nothing,
        )
