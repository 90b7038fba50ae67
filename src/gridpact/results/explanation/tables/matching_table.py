"""What became of orders in matching: offered and matched energy, and the best price across from each."""

from typing import Any

import numpy as np

from gridpact.arrays import Float
from gridpact.case.orders import BUY, SELL
from gridpact.case.writing.table_file import Coded
from gridpact.results.clearance_arrays import ClearanceArrays
from gridpact.results.clearance_tables import Columns
from gridpact.results.decimals import rounded
from gridpact.results.explanation.tables.matched_orders import orders_of

MATCHING_COLUMNS = (
    "order",
    "participant",
    "side",
    "offered_kwh",
    "matched_kwh",
    "limit_price_per_kwh",
    "best_price_per_kwh",
)


def matching_columns(clearance: ClearanceArrays) -> Columns | None:
    """One row per order, matched or not; nothing without orders, or in a network auction."""
    orders = clearance.case.orders
    if not len(orders) or clearance.cleared_orders is not None:
        return None
    hours = clearance.case.horizon.hours_per_period
    columns: dict[str, Any] = {
        "order": Coded(labels=orders.ids, codes=np.arange(len(orders))),
        "participant": Coded(labels=clearance.case.participants.ids, codes=orders.participant),
        "side": Coded(labels=(BUY, SELL), codes=orders.sells.astype(np.int64)),
        "offered_kwh": rounded(_offered_kw_periods(clearance) * hours),
        "matched_kwh": rounded(_matched_kw_periods(clearance) * hours),
        "limit_price_per_kwh": orders.price_per_kwh,
        "best_price_per_kwh": _best_price(clearance),
    }
    return {name: columns[name] for name in MATCHING_COLUMNS}


def _offered_kw_periods(clearance: ClearanceArrays) -> Float:
    """Power of each order within what its participant has, summed over its window, (N,)."""
    orders, profiles = clearance.case.orders, clearance.case.profiles
    offered = np.zeros(len(orders))
    for k in range(len(orders)):
        own_kw = profiles.surplus_kw if orders.sells[k] else profiles.residual_demand_kw
        room_kw = own_kw[orders.start[k] : orders.end[k], orders.participant[k]]
        offered[k] = np.minimum(orders.power_kw[k], room_kw).sum()
    return offered


def _matched_kw_periods(clearance: ClearanceArrays) -> Float:
    """Power that each order was matched with, summed over periods, (N,)."""
    trades, orders = clearance.trades, clearance.case.orders
    index = {name: place for place, name in enumerate(orders.ids)}
    matched = np.zeros(len(orders))
    for k in range(len(trades) - clearance.matched, len(trades)):
        power = trades.power_kw[k] * (trades.end[k] - trades.start[k])
        for name in orders_of(trades.ids[k], index):
            matched[index[name]] += power
    return matched


def _best_price(clearance: ClearanceArrays) -> Float:
    """The best price of others across from each order in its window; NaN where there is none, (N,)."""
    orders = clearance.case.orders
    best = np.full(len(orders), np.nan)
    for k in range(len(orders)):
        across = (orders.sells != orders.sells[k]) & (orders.participant != orders.participant[k])
        across &= (orders.start < orders.end[k]) & (orders.end > orders.start[k])
        prices = orders.price_per_kwh[across]
        if len(prices):
            best[k] = prices.max() if orders.sells[k] else prices.min()
    return best
