"""Orders on the network: what of them clears in each period, and the price of each participant.

1. Where the network carries what the double auction would match, with all feed-in or without any, that is
   the optimum: its welfare is the greatest within the balance alone.
2. In the other periods, the greatest welfare on the network.
3. Where no steps end at an optimum, the best point on the way, or the greatest share of that draft that keeps
   every limit.
"""

from dataclasses import dataclass, replace

import numpy as np

from gridpact.arrays import Float, Int
from gridpact.case.orders import OrderRows, Orders
from gridpact.clearing.auction.locational_prices import AuctionPrices, is_cleared, prices_of
from gridpact.clearing.auction.order_market import OrderMarket, market_of_orders
from gridpact.clearing.explain import limit_kinds, limit_phases
from gridpact.clearing.network.network_state import OperatingLimits
from gridpact.clearing.problem.market import coordinates_for, oracle_of
from gridpact.clearing.problem.problem import ClearingProblem
from gridpact.clearing.problem.solution import BindingLimits, PeriodStatus
from gridpact.clearing.relaxed_limits import keeps_some_choice
from gridpact.clearing.rules.stage import best_of, holds
from gridpact.clearing.solver.budget import Budget
from gridpact.clearing.solver.lockstep import Solve, run_together
from gridpact.clearing.solver.optimum import Optimum, SolverStatus

BATCH_PERIODS = 96
SHARES = 1000
PRICED = 1e-6  # of the unit of price, that the greatest effect of a limit costs at least


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearedOrders:
    """What of R rows of orders clears, beside what is firm already.

    Attributes:
        rows: of the orders.
        cleared_kw: of each, (R,).
        balance_per_kwh: what a kWh is worth in balance, where no limit makes it dearer, NaN where nothing
            clears, (T,).
        price_per_kwh: of its participant, NaN where nothing clears in the period, (R,).
        fed_in_kw: feed-in of the columns of the problem that helps, or is in the way of nothing, (C,).
        operating_limits: that held.
        binding: limits of the network with a price: its `shadow_price_kw_per_percent` is welfare per hour
            for 1 % more of the limit, in the case's currency.
        status: a `PeriodStatus` per period, (T,).
    """

    rows: OrderRows
    cleared_kw: Float
    balance_per_kwh: Float
    price_per_kwh: Float
    fed_in_kw: Float
    operating_limits: OperatingLimits
    binding: BindingLimits
    status: Int


@dataclass(frozen=True, slots=True, kw_only=True)
class _PeriodFound:
    """What was found in a period: the optimum of its market, and how; where it is none, a draft beside it."""

    market: OrderMarket
    optimum: Optimum
    status: PeriodStatus
    draft: Float | None = None


def clear_orders(
    problem: ClearingProblem, orders: Orders, rows: OrderRows, surplus_kw: Float, budget: Budget
) -> ClearedOrders:
    """The orders of a case cleared on its network, with the greatest welfare.

    Args:
        problem: whose only columns are feed-in; what is firm is part of its baseline.
        orders: of the case.
        rows: of the orders, with what the double auction would match.
        surplus_kw: what each participant has left to sell or feed in, (T, P).
        budget: of work and time.
    """
    return _OrderClearing(problem, orders, rows, surplus_kw, budget).run()


class _OrderClearing:
    """The clearing of the orders of all periods."""

    def __init__(
        self, problem: ClearingProblem, orders: Orders, rows: OrderRows, surplus_kw: Float, budget: Budget
    ) -> None:
        self._problem = problem
        self._rows = rows
        self._budget = budget
        self._oracle = oracle_of(problem)
        sellers = np.append(problem.offers.column_seller, orders.participant[orders.sells])
        coordinates = coordinates_for(problem, self._oracle, sellers, orders.participant[~orders.sells])
        periods = np.unique(rows.period[rows.offered_kw > 0.0]).tolist()
        self._markets = [
            market_of_orders(problem, orders, rows, self._oracle, coordinates, surplus_kw, period)
            for period in periods
        ]

    def run(self) -> ClearedOrders:
        """See `clear_orders`."""
        self._decide_limits()
        found, hard = [], []
        drafts = [self._drafts(market) for market in self._markets]
        kept = run_together(
            self._oracle,
            [holds(one.programme, draft) for one, draft in zip(self._markets, drafts, strict=True)],
        )
        for market, draft, is_kept in zip(self._markets, drafts, kept, strict=True):
            if is_kept.any():
                value = draft[int(np.argmax(is_kept))]
                optimum = Optimum.without_multipliers(market.programme, SolverStatus.OPTIMAL, value)
                found.append(_PeriodFound(market=market, optimum=optimum, status=PeriodStatus.IN_FULL))
            else:
                hard.append((market, draft))
        for first in range(0, len(hard), BATCH_PERIODS):
            batch = hard[first : first + BATCH_PERIODS]
            found.extend(run_together(self._oracle, [self._solve(*one) for one in batch]))
        return self._together(found)

    def _decide_limits(self) -> None:
        """Takes the case's own limits wherever orders and feed-in can keep them."""
        problem = self._problem
        relaxed = problem.operating_limits.differs_from(problem.nominal_limits)
        chosen = [one for one in self._markets if relaxed[one.period]]
        own = [one.within(self._oracle, problem.nominal_limits) for one in chosen]
        kept = run_together(self._oracle, [keeps_some_choice(one.programme, self._budget) for one in own])
        periods = [one.period for one, is_kept in zip(own, kept, strict=True) if is_kept]
        is_own = np.isin(np.arange(problem.shape[0]), periods)
        limits = problem.operating_limits.replaced(is_own, problem.nominal_limits)
        self._problem = replace(problem, operating_limits=limits)
        own_of = {one.period: one for one, is_kept in zip(own, kept, strict=True) if is_kept}
        self._markets = [own_of.get(one.period, one) for one in self._markets]

    def _drafts(self, market: OrderMarket) -> Float:
        """The draft with all feed-in that it leaves, and without any, (2, J)."""
        fed_kw = market.programme.upper[market.orders :]
        return np.vstack([market.draft(self._rows, fed) for fed in (fed_kw, np.zeros_like(fed_kw))])

    def _solve(self, market: OrderMarket, drafts: Float) -> Solve[_PeriodFound]:
        """The greatest welfare of a period, or the best of what was seen and shares of the draft."""
        programme = market.programme
        known = np.concatenate([np.zeros(market.orders), self._problem.known_kw[market.columns]])
        starts = (np.minimum(known, programme.upper), drafts[1], drafts[0])
        optimum = yield from best_of(programme, starts, self._budget, doubts=True)
        if optimum.status < SolverStatus.STOPPED:
            return _PeriodFound(market=market, optimum=optimum, status=PeriodStatus.OPTIMAL)
        shares = np.linspace(1.0, 0.0, SHARES + 1)[:, None]
        seen = [optimum.value] if optimum.status.is_kept else []
        candidates = np.vstack([*seen, *(shares * draft for draft in drafts)])
        kept = yield from holds(programme, candidates)
        chosen = np.flatnonzero(kept)
        welfare = candidates[chosen] @ market.worth
        value = candidates[chosen[np.argmax(welfare)]] if len(chosen) else np.zeros(len(programme))
        taken_back = Optimum.without_multipliers(programme, SolverStatus.STOPPED, value)
        best = PeriodStatus.BEST_FOUND
        return _PeriodFound(market=market, optimum=taken_back, status=best, draft=drafts[1])

    def _together(self, found: list[_PeriodFound]) -> ClearedOrders:
        """What was found, over all periods."""
        problem, rows = self._problem, self._rows
        cleared_kw, price = np.zeros(len(rows)), np.full(len(rows), np.nan)
        fed_in_kw = problem.known_kw.copy()
        status = np.full(problem.shape[0], PeriodStatus.IN_FULL, dtype=np.int64)
        bindings, balance = [], np.full(problem.shape[0], np.nan)
        for one in found:
            market, value = one.market, one.optimum.value
            fed_in_kw[market.columns] = value[market.orders :]
            status[market.period] = one.status
            is_traded = is_cleared(market, value)[: market.orders]
            if not is_traded.any():
                continue
            prices = prices_of(market, one.optimum, one.draft)
            cleared_kw[market.rows] = np.where(is_traded, value[: market.orders], 0.0)
            balance[market.period] = prices.balance
            price[market.rows] = prices.of_variable[: market.orders]
            bindings.append(_binding(market, one.optimum, prices))
        return ClearedOrders(
            rows=rows,
            cleared_kw=cleared_kw,
            balance_per_kwh=balance,
            price_per_kwh=price,
            fed_in_kw=fed_in_kw,
            operating_limits=problem.operating_limits,
            binding=BindingLimits.joined(bindings),
            status=status,
        )


def _binding(market: OrderMarket, optimum: Optimum, prices: AuctionPrices) -> BindingLimits:
    """The limits of the network with a price."""
    limits, situations = optimum.limits, market.situations
    effect = np.abs(limits.gradient @ situations.effects[0]).max(axis=1, initial=0.0)
    chosen = np.flatnonzero(prices.limit_dual * effect > PRICED * market.price_unit)
    row, sign = limits.row[chosen], limits.sign[chosen]
    monitored = situations.oracle.monitored
    unit = np.where(row < len(monitored.node), 1.0, 100.0)
    limit = np.where(sign > 0.0, situations.greatest[0, row], situations.least[0, row])
    return BindingLimits(
        period=np.full(len(chosen), market.period, dtype=np.int64),
        limited_by=limit_kinds(monitored, row, sign),
        element=monitored.place[row],
        phase=limit_phases(monitored, row),
        value=limits.value[chosen] * unit,
        limit=limit * unit,
        shadow_price_kw_per_percent=prices.limit_dual[chosen] * limit / 100.0,
    )
