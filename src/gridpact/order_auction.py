"""The network auction of a case: its orders cleared on the network, and what cleared as trades."""

from dataclasses import dataclass, replace

import numpy as np

from gridpact.arrays import Float
from gridpact.case.case import Case
from gridpact.case.mechanism_traits import traits_of
from gridpact.case.trades import Trades
from gridpact.clearing.auction.order_clearing import ClearedOrders, clear_orders
from gridpact.clearing.problem.offers import Offers
from gridpact.clearing.problem.problem import ClearingProblem, pose
from gridpact.clearing.problem.solution import Solution
from gridpact.clearing.solver.budget import Budget
from gridpact.matching.matches import combined
from gridpact.matching.mechanisms.network_auction import paired, rows_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Auctioned:
    """A case whose orders were cleared on its network.

    Attributes:
        orders: what of them clears, and at which prices.
        matched: what clears, as trades.
        problem: of the commitments and these trades, within the limits that held.
        solution: in which they clear in full.
    """

    orders: ClearedOrders
    matched: Trades
    problem: ClearingProblem
    solution: Solution


def is_auctioned(case: Case) -> bool:
    """Whether a case has orders that are cleared on its network."""
    return len(case.orders) > 0 and traits_of(case.mechanism).is_on_network


def auction(case: Case, problem: ClearingProblem, solution: Solution, budget: Budget) -> Auctioned:
    """The orders of a case, cleared beside its commitments.

    Args:
        case: the case.
        problem: of its commitments and feed-in.
        solution: of that; the commitments stay as they are in it.
        budget: of work and time.
    """
    is_fed = problem.offers.column_is_fed
    firm_kw, fed = np.where(is_fed, 0.0, solution.column_kw), np.flatnonzero(is_fed)
    beside = problem.on_top_of(firm_kw, fed, known_kw=solution.column_kw[fed])
    sold_kw = problem.offers.sold_kw(firm_kw, problem.shape)
    left_kw = np.maximum(case.profiles.surplus_kw - sold_kw, 0.0)
    found = clear_orders(beside, case.orders, rows_of(case), left_kw, budget)
    matched, cleared_kw = paired(case, found.rows, found.cleared_kw, found.price_per_kwh)
    found = replace(found, cleared_kw=cleared_kw)
    final = pose(case, combined(case.commitments, matched), problem.network, firm=len(case.commitments))
    final = replace(final, operating_limits=found.operating_limits)
    return Auctioned(
        orders=found,
        matched=matched,
        problem=final,
        solution=_solution(case, final, problem.offers, solution, beside.offers, found),
    )


def _solution(
    case: Case,
    problem: ClearingProblem,
    before: Offers,
    firm: Solution,
    feed_in: Offers,
    found: ClearedOrders,
) -> Solution:
    """The solution in which what was auctioned clears in full, beside commitments and feed-in as they are."""
    offers, periods = problem.offers, problem.shape[0]
    whole = Solution.in_full(offers, periods)
    column_kw, limited_by = whole.column_kw.copy(), whole.limited_by.copy()
    element, phase = whole.element.copy(), whole.phase.copy()
    place = {key: column for column, key in enumerate(_keys(before)) if key[-1]}
    keys = _keys(offers)
    here = np.array([column for column, key in enumerate(keys) if key in place], dtype=np.int64)
    known = np.array([place[keys[column]] for column in here.tolist()], dtype=np.int64)
    column_kw[here], limited_by[here] = firm.column_kw[known], firm.limited_by[known]
    element[here], phase[here] = firm.element[known], firm.phase[known]
    fed = np.flatnonzero(offers.column_is_fed)
    column_kw[fed] = _fed_in(offers, fed, feed_in, found.fed_in_kw)
    return replace(
        whole,
        column_kw=column_kw,
        limited_by=limited_by,
        element=element,
        phase=phase,
        binding=found.binding,
        status=np.maximum(found.status, firm.status),
        volume_bound_kw=np.maximum(offers.volume_kw(column_kw, periods), _most_kw(case, before, firm, found)),
        shares=firm.shares.within(known, before.columns).placed(here),
    )


def _most_kw(case: Case, before: Offers, firm: Solution, found: ClearedOrders) -> Float:
    """The volume that commitments and what either side offers cannot exceed, (T,)."""
    periods = len(found.status)
    sells = case.orders.sells[found.rows.order]
    sides = [
        np.bincount(found.rows.period[side], found.rows.offered_kw[side], periods) for side in (sells, ~sells)
    ]
    most: Float = before.volume_kw(firm.column_kw, periods) + np.minimum(*sides)
    return most


def _keys(offers: Offers) -> list[tuple[int, int, int, bool]]:
    """What tells the columns of commitments apart, and whether each is one."""
    columns = (offers.column_period, offers.column_seller, offers.column_buyer, offers.column_firm)
    return list(zip(*(one.tolist() for one in columns), strict=True))


def _fed_in(offers: Offers, fed: np.ndarray, feed_in: Offers, fed_in_kw: Float) -> Float:
    """Feed-in of some columns, by its period and exporter, (n,)."""
    cells = zip(feed_in.column_period.tolist(), feed_in.column_seller.tolist(), strict=True)
    known = dict(zip(cells, fed_in_kw.tolist(), strict=True))
    wanted = zip(offers.column_period[fed].tolist(), offers.column_seller[fed].tolist(), strict=True)
    return np.array([known.get(cell, 0.0) for cell in wanted])
