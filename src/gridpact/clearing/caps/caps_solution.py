"""The solution over caps: what would clear if the network carried all, with the reason of every cut."""

from dataclasses import replace

import numpy as np

from gridpact.clearing.caps.caps_optimum import CapsOptimum, caps_fit, clear_over_caps
from gridpact.clearing.problem.problem import ClearingProblem
from gridpact.clearing.problem.reasons import ActiveCaps, ActiveLimits, binding_limits, reasons
from gridpact.clearing.problem.solution import BindingLimits, PeriodStatus, Solution, snapped


def solve_over_caps(problem: ClearingProblem) -> Solution:
    """The greatest volume within the caps, cut most evenly, in every period that no terms tie to others.

    In those that are tied everything clears.

    Raises:
        SolverFailed: HiGHS or Clarabel ended without an optimum.
    """
    offers, (periods, participants) = problem.offers, problem.shape
    in_full = Solution.in_full(offers, periods)
    is_tight = problem.untied & ~caps_fit(problem)
    if not is_tight.any():
        return in_full
    optimum = clear_over_caps(problem, np.flatnonzero(is_tight))
    column_kw = snapped(optimum.column_kw, offers.column_kw)
    cut = np.flatnonzero(column_kw < offers.column_kw)
    caps = _caps_of_all_periods(problem, optimum)
    first = offers.column_period[cut] * participants
    found = reasons(
        ActiveLimits.none(len(cut)),
        caps,
        first + offers.column_seller[cut],
        first + offers.column_buyer[cut],
    )
    limited_by, element = in_full.limited_by.copy(), in_full.element.copy()
    limited_by[cut] = found.limited_by
    element[cut] = np.where(found.element >= 0, found.element % participants, -1)
    return replace(
        in_full,
        column_kw=column_kw,
        limited_by=limited_by,
        element=element,
        binding=_binding(caps, participants),
        shares=replace(found.shares, element=found.shares.element % participants).placed(cut),
        volume_bound_kw=offers.volume_kw(optimum.column_kw, periods),
        status=np.where(is_tight, PeriodStatus.OPTIMAL, in_full.status),
    )


def _caps_of_all_periods(problem: ClearingProblem, optimum: CapsOptimum) -> ActiveCaps:
    """The caps of all periods as if all were of one, those of period t from t · P on."""
    seller_dual, buyer_dual = optimum.dual.reshape(2, -1)
    return ActiveCaps(
        seller_cap_kw=problem.seller_cap_kw.ravel(),
        buyer_cap_kw=problem.buyer_cap_kw.ravel(),
        seller_dual=seller_dual,
        buyer_dual=buyer_dual,
    )


def _binding(caps: ActiveCaps, participants: int) -> BindingLimits:
    cells = binding_limits(0, ActiveLimits.none(0), caps)
    period, element = np.divmod(cells.element, participants)
    return BindingLimits.joined([replace(cells, period=period, element=element)])
