"""Tied clearing: periods that terms tie together, cleared as one under exact AC."""

from dataclasses import replace

import numpy as np

from gridpact.arrays import Float
from gridpact.clearing.ac_leaves import AcLeaves, AcOptimum
from gridpact.clearing.ac_reasons import LimitedRows, limits_with_dual
from gridpact.clearing.coupling import Part
from gridpact.clearing.part_rows import cap_rows
from gridpact.clearing.problem import ClearingProblem
from gridpact.clearing.programme import SolverStatus
from gridpact.clearing.reasons import ActiveCaps, ActiveLimits, binding_limits, reasons
from gridpact.clearing.search import Found, Search
from gridpact.clearing.situations import Situations
from gridpact.clearing.solution import PartOutcome, PeriodSolution, PeriodStatus, snapped

STATUS = {
    SolverStatus.OPTIMAL: PeriodStatus.OPTIMAL,
    SolverStatus.ACCEPTABLE: PeriodStatus.ACCEPTABLE,
    SolverStatus.FAILED: PeriodStatus.BEST_FOUND,
}


def solve_part(
    problem: ClearingProblem, part: Part, situations: Situations, seconds: float
) -> tuple[list[PeriodSolution], PartOutcome]:
    """The greatest volume of a part that every situation can carry, and how far its search got in a time."""
    caps = cap_rows(problem, part)
    leaves = AcLeaves(situations, caps)
    found = Search(part, leaves.programme(), leaves, seconds).run()
    optimum = leaves.optimum(found.taken, found.leaf.power_kw)
    power_kw = _safe_kw(part, leaves, found, optimum)
    is_optimum = power_kw is optimum.power_kw
    if not is_optimum:  # its duals explain nothing of what clears instead
        optimum = replace(optimum, row_dual=np.zeros_like(optimum.row_dual), joint=None)
    column_kw = part.matrix @ snapped(power_kw, part.upper_kw)
    rejected = part.rejected(found.taken)
    cap_dual = caps.by_period(optimum.row_dual, len(part.periods))
    solved = []
    for place, period in enumerate(part.periods.tolist()):
        here = part.period == place
        limits = _active_limits(leaves, situations, optimum, place, int(here.sum()))
        of_caps = _active_caps(problem, period, cap_dual[place])
        columns = part.columns[here]
        limited_by, element = reasons(
            limits, of_caps, problem.offers.column_seller[columns], problem.offers.column_buyer[columns]
        )
        one = PeriodSolution(
            period=period,
            columns=columns,
            column_kw=column_kw[here],
            limited_by=limited_by,
            element=element,
            binding=binding_limits(period, limits, of_caps),
            volume_bound_kw=float(problem.offers.column_kw[columns].sum()),
            status=STATUS[optimum.status] if is_optimum else PeriodStatus.BEST_FOUND,
        )
        solved.append(one.rejecting(rejected[here], stopped=not found.is_finished))
    return solved, PartOutcome(
        periods=part.periods,
        upper_kw=max(found.upper_kw, float(power_kw.sum())),
        is_finished=found.is_finished and is_optimum,
    )


def _safe_kw(part: Part, leaves: AcLeaves, found: Found, optimum: AcOptimum) -> Float:
    """The optimum; where it failed or breaks a limit, what does not: a leaf, a share of it, or nothing."""
    if optimum.status is not SolverStatus.FAILED and leaves.holds(optimum.power_kw):
        return optimum.power_kw
    if np.isfinite(found.leaf.volume_kw) and leaves.holds(found.leaf.power_kw):
        return found.leaf.power_kw
    return np.zeros_like(part.upper_kw) if part.decisions else leaves.retreat(found.leaf.power_kw)


def _active_caps(problem: ClearingProblem, period: int, dual: np.ndarray) -> ActiveCaps:
    seller_dual, buyer_dual = np.split(dual, 2)
    return ActiveCaps(
        seller_cap_kw=problem.seller_cap_kw[period],
        buyer_cap_kw=problem.buyer_cap_kw[period],
        seller_dual=seller_dual,
        buyer_dual=buyer_dual,
    )


def _active_limits(
    leaves: AcLeaves, situations: Situations, optimum: AcOptimum, place: int, columns: int
) -> ActiveLimits:
    """The limits of a period that have a dual in any of its situations."""
    joint, physics = optimum.joint, leaves.physics
    if joint is None or joint.status is SolverStatus.FAILED:
        return ActiveLimits.none(columns)
    found = []
    for row, situation in enumerate(optimum.joined.tolist()):
        if situations.period[situation] != place:
            continue
        lower, upper = physics.limit_bounds(situations.problem, int(situations.at[situation]))
        rows = LimitedRows(value=joint.limit_value[row], dual=joint.limit_dual[row], lower=lower, upper=upper)
        effect = situations.column_effect(situation)
        found.append(limits_with_dual(physics, joint.state[row], rows, effect))
    return ActiveLimits.joined(found, columns)
