"""What became of orders: matched or not, cleared on the network or not, and why no more."""

from collections.abc import Iterable

import numpy as np

from gridpact.case.orders import SELL
from gridpact.results.explanation.explanation_facts import OrderOutcome
from gridpact.results.explanation.tables.result_tables import MATCHING, ResultTables
from gridpact.results.words.phrases import significant

KWH_MIN = 1e-9


def order_outcomes(
    tables: ResultTables, names: frozenset[str], *, is_participant: bool
) -> tuple[OrderOutcome, ...]:
    """The outcome of some orders, or of those of some participants, by name."""
    column = "participant" if is_participant else "order"
    found = [*_matched(tables, names, column), *_auctioned(tables, names, column)]
    return tuple(sorted(found, key=lambda one: one.order))


def _matched(tables: ResultTables, names: frozenset[str], column: str) -> Iterable[OrderOutcome]:
    """Orders that were to be matched to trades."""
    rows = tables.rows(MATCHING)
    for at in np.flatnonzero([name in names for name in rows[column]]).tolist():
        offered, matched = float(rows["offered_kwh"][at]), float(rows["matched_kwh"][at])
        limit, best = float(rows["limit_price_per_kwh"][at]), float(rows["best_price_per_kwh"][at])
        sells = rows["side"][at] == SELL
        yield OrderOutcome(
            order=str(rows["order"][at]),
            participant=str(rows["participant"][at]),
            side=str(rows["side"][at]),
            offered_kwh=offered,
            done_kwh=matched,
            limit_price_per_kwh=limit,
            best_price_per_kwh=None if np.isnan(best) else best,
            why=_why_unmatched(offered, matched, limit, best, sells=sells),
        )


def _why_unmatched(offered: float, matched: float, limit: float, best: float, *, sells: bool) -> str:
    """Why no more of an order was matched; empty where all was."""
    if matched >= offered - KWH_MIN and offered > 0.0:
        return ""
    side, across = ("sell", "bid") if sells else ("buy", "ask")
    if offered <= KWH_MIN:
        return f"the forecast leaves its participant nothing to {side}"
    if np.isnan(best):
        return f"nobody else gave a {across} for that time"
    is_met = limit <= best if sells else limit >= best
    if not is_met:
        order = "highest" if sells else "lowest"
        return f"its price is not met: the {order} {across} for that time is {significant(best)}"
    return f"better orders, or its participant's other ones, were matched first with what {across}s there are"


def _auctioned(tables: ResultTables, names: frozenset[str], column: str) -> Iterable[OrderOutcome]:
    """Orders that were cleared on the network."""
    rows = tables.rows("orders")
    is_chosen = np.array([name in names for name in rows[column]], dtype=np.bool_)
    for order in sorted(set(rows["order"][is_chosen])):
        at = np.flatnonzero(rows["order"] == order)
        side = str(rows["side"][at[0]])
        offered = float(rows["offered_kw"][at].sum() * tables.hours)
        done = float(rows["cleared_kw"][at].sum() * tables.hours)
        limit = float(rows["limit_price_per_kwh"][at[0]])
        here = (
            np.isin(rows["period"], rows["period"][at]) & (rows["side"] == side) & (rows["cleared_kw"] > 0.0)
        )
        prices = rows["price_per_kwh"][here]
        sells = side == SELL
        best = float(prices.max() if sells else prices.min()) if len(prices) else np.nan
        yield OrderOutcome(
            order=order,
            participant=str(rows["participant"][at[0]]),
            side=side,
            offered_kwh=offered,
            done_kwh=done,
            limit_price_per_kwh=limit,
            best_price_per_kwh=None if np.isnan(best) else best,
            why=_why_not_cleared(offered, done, limit, best, sells=sells),
        )


def _why_not_cleared(offered: float, done: float, limit: float, best: float, *, sells: bool) -> str:
    """Why no more of an order clears in an auction on the network; empty where all does."""
    if done >= offered - KWH_MIN and offered > 0.0:
        return ""
    if offered <= KWH_MIN:
        return "better orders of its participant and commitments leave it nothing"
    if np.isnan(best):
        return "nobody on its side clears anything at that time"
    is_met = limit <= best if sells else limit >= best
    if not is_met:
        return f"its price is not met: its side clears at {significant(best)} at best at that time"
    if done > KWH_MIN:
        return "where it clears in part the price at its place is just its limit, and elsewhere it is not met"
    return "its price is met elsewhere, not at its own place, where limits of the network make it dearer"
