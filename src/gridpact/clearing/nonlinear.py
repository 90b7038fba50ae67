"""Nonlinear clearing: single periods by a rule of allocation, over caps alone or on the network too."""

from dataclasses import dataclass, replace

import numpy as np

from gridpact.arrays import Bool, Float, Int
from gridpact.case.case import Allocation
from gridpact.clearing.ac_physics import AcPhysics
from gridpact.clearing.ac_reasons import active_limits
from gridpact.clearing.allocation import stages
from gridpact.clearing.operation import keeps_limits, operate
from gridpact.clearing.pairs import Pairs
from gridpact.clearing.problem import CAP_TOLERANCE_KW, ClearingProblem
from gridpact.clearing.programme import (
    Goal,
    Optimum,
    PeriodData,
    Programme,
    SolverStatus,
    programme_over_caps,
    programme_over_network,
)
from gridpact.clearing.reasons import ActiveCaps, binding_limits, reasons
from gridpact.clearing.solution import BindingLimits, LimitedBy, PeriodSolution, PeriodStatus

LEVEL_TOLERANCE = 1e-12
INSIDE = 1e-6  # pu and percentage points
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
        self._pairs = pairs
        self._pair_of_column = np.full(offers.columns, -1)
        self._pair_of_column[columns] = pair
        self._physics: AcPhysics | None = None
        if on_network:
            with_levels = problem.rule is Allocation.MAX_MIN
            self._programme, self._physics = programme_over_network(pairs, with_levels=with_levels)
        else:
            self._programme = programme_over_caps(pairs)

    def solve(self, period: int, volume_bound_kw: float) -> PeriodSolution:
        """The allocation of a period; its status says where a solver failed."""
        problem, offers = self._problem, self._problem.offers
        columns = offers.of_period(period)
        constraints = self._constraints(period, columns)
        data = constraints.data
        column_kw = np.zeros(len(columns))
        limited_by = np.full(len(columns), LimitedBy.NOTHING, dtype=np.int64)
        element = np.full(len(columns), -1, dtype=np.int64)
        status, bindings = PeriodStatus.OPTIMAL, list[BindingLimits]()
        for stage in stages(problem.rule, constraints, data.proposed_kw, offers.column_rank[columns]):
            limits = active_limits(self._physics, data, stage.optimum)
            caps = ActiveCaps(
                seller_cap_kw=data.seller_cap_kw,
                buyer_cap_kw=data.buyer_cap_kw,
                seller_dual=stage.optimum.seller_dual,
                buyer_dual=stage.optimum.buyer_dual,
            )
            kinds, elements = reasons(limits, caps, constraints.seller, constraints.buyer)
            decided = stage.decides
            column_kw[decided] = stage.column_kw[decided]
            limited_by[decided], element[decided] = kinds[decided], elements[decided]
            status = max(status, STATUS[stage.optimum.status])
            bindings.append(binding_limits(period, limits, caps))
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

    def _binding(self, bindings: list[BindingLimits]) -> BindingLimits:
        """The limits of the only stage, or of all stages; a price of volume has only `max-volume`."""
        if self._problem.rule is Allocation.MAX_VOLUME:
            return bindings[0]
        return BindingLimits.joined(bindings).distinct_without_price()

    def _constraints(self, period: int, columns: Int) -> "PeriodConstraints":
        problem, physics, nothing = self._problem, self._physics, np.empty(0)
        limit_lower, limit_upper = physics.limit_bounds(problem, period) if physics else (nothing, nothing)
        data = PeriodData(
            pair=self._pair_of_column[columns],
            proposed_kw=problem.offers.column_kw[columns],
            seller_cap_kw=problem.seller_cap_kw[period],
            buyer_cap_kw=problem.buyer_cap_kw[period],
            parameters=physics.parameter_values(problem, period) if physics else nothing,
            limit_lower=limit_lower,
            limit_upper=limit_upper,
            start=physics.start(problem, period) if physics else nothing,
        )
        return PeriodConstraints(
            problem=problem,
            pairs=self._pairs,
            programme=self._programme,
            physics=physics,
            period=period,
            data=data,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodConstraints:
    """What limits the columns of one period, as the rules of allocation ask for it."""

    problem: ClearingProblem
    pairs: Pairs
    programme: Programme
    physics: AcPhysics | None
    period: int
    data: PeriodData

    @property
    def seller(self) -> Int:
        """Participant that sells each column, (n,)."""
        return self.pairs.seller[self.data.pair]

    @property
    def buyer(self) -> Int:
        """Participant that buys each column, (n,)."""
        return self.pairs.buyer[self.data.pair]

    @property
    def has_inside(self) -> bool:
        """Whether the baseline is inside every limit, so that a little of anything can be added to it."""
        if self.physics is None:
            return True
        problem, period = self.problem, self.period
        operation, limits = problem.baseline_operation, problem.nominal_limits
        voltage, loading = operation.voltage_pu[period], operation.loading_percent[period]
        inside = (
            np.all(voltage > limits.voltage_min_pu[period] + INSIDE),
            np.all(voltage < limits.voltage_max_pu[period] - INSIDE),
            np.all(loading < limits.loading_max_percent[period] - INSIDE),
        )
        return all(map(bool, inside))

    def solve(self, lower_kw: Float, upper_kw: Float, goal: Goal) -> Optimum:
        """The optimum over lower ≤ y ≤ upper; tried again otherwise and elsewhere where that fails."""
        if self.physics is None and goal.level:
            return self._level_over_caps(upper_kw, goal)
        first = self.programme.solve(self.data, lower_kw, upper_kw, goal)
        if first.status is not SolverStatus.FAILED or self.physics is None:
            return first
        other = replace(self.data, start=self.physics.state_of(self.physics.no_load_pu))
        return self.programme.solve(other, lower_kw, upper_kw, goal, cautious=True)

    def hold(self, candidates_kw: Float) -> Bool:
        """Whether each of m allocations, (m, n), keeps every cap and limit, (m,)."""
        sold, bought = self.problem.traded_kw(self.period, candidates_kw)
        within: Bool = np.all(sold <= self.data.seller_cap_kw + CAP_TOLERANCE_KW, axis=1)
        within &= np.all(bought <= self.data.buyer_cap_kw + CAP_TOLERANCE_KW, axis=1)
        if self.physics is None:
            return within
        injection = self.problem.candidate_injection(self.period, candidates_kw)
        limits = self.problem.operating_limits.repeated(self.period, len(candidates_kw))
        return within & keeps_limits(operate(self.problem.network, injection), limits)

    def room_kw(self, held_kw: Float) -> Float:
        """How much more the caps leave each column on top of an allocation, (n,) each."""
        sold, bought = self.problem.traded_kw(self.period, held_kw[None, :])
        surplus, demand = self.data.seller_cap_kw - sold[0], self.data.buyer_cap_kw - bought[0]
        room: Float = np.maximum(np.minimum(surplus[self.seller], demand[self.buyer]), 0.0)
        return room

    def used_up(self, held_kw: Float) -> Optimum:
        """An allocation (n,) as an optimum in which the caps that it uses up have a dual."""
        sold, bought = self.problem.traded_kw(self.period, held_kw[None, :])
        no_surplus = sold[0] >= self.data.seller_cap_kw - CAP_TOLERANCE_KW
        no_demand = bought[0] >= self.data.buyer_cap_kw - CAP_TOLERANCE_KW
        return Optimum(
            status=SolverStatus.OPTIMAL,
            state=np.empty(0),
            column_kw=held_kw,
            level=0.0,
            seller_dual=no_surplus.astype(np.float64),
            buyer_dual=no_demand.astype(np.float64),
            limit_dual=np.zeros_like(self.data.limit_lower),
            limit_value=np.zeros_like(self.data.limit_lower),
            level_dual=np.zeros_like(held_kw),
        )

    def _level_over_caps(self, upper_kw: Float, goal: Goal) -> Optimum:
        """The greatest common level within the caps, in closed form: the least that one of them admits."""
        is_open = goal.levelled > 0.0
        held_sold, held_bought = self.problem.traded_kw(
            self.period, np.where(is_open, 0.0, upper_kw)[None, :]
        )
        open_sold, open_bought = self.problem.traded_kw(
            self.period, np.where(is_open, upper_kw, 0.0)[None, :]
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            by_seller = np.where(open_sold > 0.0, (self.data.seller_cap_kw - held_sold) / open_sold, np.inf)[
                0
            ]
            by_buyer = np.where(
                open_bought > 0.0, (self.data.buyer_cap_kw - held_bought) / open_bought, np.inf
            )[0]
        level = max(min(float(by_seller.min()), float(by_buyer.min()), 1.0), 0.0)
        tight_seller = by_seller <= level + LEVEL_TOLERANCE
        tight_buyer = by_buyer <= level + LEVEL_TOLERANCE
        stuck = is_open & (tight_seller[self.seller] | tight_buyer[self.buyer])
        return Optimum(
            status=SolverStatus.OPTIMAL,
            state=np.empty(0),
            column_kw=np.where(is_open, level * upper_kw, upper_kw),
            level=level,
            seller_dual=tight_seller.astype(np.float64),
            buyer_dual=tight_buyer.astype(np.float64),
            limit_dual=np.empty(0),
            limit_value=np.empty(0),
            level_dual=stuck.astype(np.float64),
        )
