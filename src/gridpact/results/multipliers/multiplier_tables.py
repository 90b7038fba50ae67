"""Multiplier tables: what limits cost, how they move, and what a kW more at each participant is worth."""

from typing import Any

import numpy as np

from gridpact.arrays import Float, Int
from gridpact.case.writing.table_file import Coded, Instants
from gridpact.clearing.problem.solution import LimitedBy
from gridpact.grid.network_model import PHASE_LABELS
from gridpact.results.clearance_arrays import ClearanceArrays
from gridpact.results.clearance_tables import LABELS, PHASE, Columns, columns_of, element_labels
from gridpact.results.decimals import rounded
from gridpact.results.multipliers.limit_sensitivities import LimitSensitivities, limit_sensitivities

DUALS = ("time", "limited_by", "element", PHASE, "value", "limit", "unit", "dual")
SENSITIVITIES = ("time", "limited_by", "element", PHASE, "participant", "injected", "drawn")
PRICES = ("time", "participant", "limited_by", "element", PHASE, "injected", "drawn")
BALANCE = "balance"  # in the place of a limit: what a kWh is worth in an auction wherever limits cost nothing
UNITS = ("kW", "pu", "percent")
_UNIT_OF = {
    LimitedBy.SELLER_SURPLUS: 0,
    LimitedBy.BUYER_DEMAND: 0,
    LimitedBy.VOLTAGE_MAX: 1,
    LimitedBy.VOLTAGE_MIN: 1,
}


def duals_columns(clearance: ClearanceArrays) -> Columns:
    """The caps and limits that bind, with what one unit more of each adds.

    That is kW of volume, or in an auction on the network welfare per hour: per kW of a cap, per pu of a
    voltage, and per percentage point of a loading or an unbalance.
    """
    binding = clearance.solution.binding
    unit = np.array([_UNIT_OF.get(LimitedBy(kind), 2) for kind in binding.limited_by.tolist()], np.int64)
    columns: dict[str, Any] = {
        **_limits(clearance, np.arange(len(binding.limit))),
        "value": rounded(binding.value),
        "limit": rounded(binding.limit),
        "unit": Coded(labels=UNITS, codes=unit),
        "dual": _duals(clearance),
    }
    return {name: columns[name] for name in columns_of(DUALS, clearance)}


def sensitivities_columns(clearance: ClearanceArrays) -> Columns:
    """The limits of the network that bind, and how a kW more at each participant moves them."""
    found = limit_sensitivities(clearance)
    columns = _by_participant(clearance, found, found.injected, found.drawn)
    return {name: columns[name] for name in columns_of(SENSITIVITIES, clearance)}


def prices_columns(clearance: ClearanceArrays) -> Columns:
    """What a kW more that a participant injects or draws is worth, split into the limits that it moves.

    An upper limit costs what moves its quantity up, a lower one what moves it down. In an auction the worth
    in balance comes first, `BALANCE`, which who draws pays.
    """
    found = limit_sensitivities(clearance)
    binding = clearance.solution.binding
    is_lower = binding.limited_by[found.binding] == LimitedBy.VOLTAGE_MIN
    cost = np.where(is_lower, 1.0, -1.0) * _duals(clearance)[found.binding]
    of_limits = _by_participant(clearance, found, cost[:, None] * found.injected, cost[:, None] * found.drawn)
    columns = _with_balance(clearance, of_limits)
    return {name: columns[name] for name in columns_of(PRICES, clearance)}


def _with_balance(clearance: ClearanceArrays, of_limits: dict[str, Any]) -> dict[str, Any]:
    """The worth in balance in each period of an auction, then that of limits."""
    auctioned = clearance.cleared_orders
    if auctioned is None:
        return of_limits
    people = clearance.case.participants.ids
    period = np.flatnonzero(np.isfinite(auctioned.balance_per_kwh))
    count = len(period) * len(people)
    worth = np.repeat(auctioned.balance_per_kwh[period], len(people))
    first: dict[str, Any] = {
        "time": Instants(horizon=clearance.case.horizon, period=np.repeat(period, len(people))),
        "participant": Coded(labels=people, codes=np.tile(np.arange(len(people)), len(period))),
        "limited_by": Coded(labels=(BALANCE,), codes=np.zeros(count, dtype=np.int64)),
        "element": Coded(labels=("",), codes=np.zeros(count, dtype=np.int64)),
        PHASE: Coded(labels=PHASE_LABELS, codes=np.full(count, PHASE_LABELS.index(""))),
        "injected": worth,
        "drawn": -worth,
    }
    return {name: _joined(first[name], of_limits[name]) for name in first}


def _joined(first: Any, second: Any) -> Any:
    """Two parts of a column, one after the other."""
    if isinstance(first, Instants):
        return Instants(horizon=first.horizon, period=np.concatenate([first.period, second.period]))
    if isinstance(first, Coded):
        labels = (*first.labels, *second.labels)
        return Coded(labels=labels, codes=np.concatenate([first.codes, second.codes + len(first.labels)]))
    return np.concatenate([first, second])


def _by_participant(
    clearance: ClearanceArrays, found: LimitSensitivities, injected: Float, drawn: Float
) -> dict[str, Any]:
    """A row for each limit and participant."""
    people = clearance.case.participants.ids
    limits, count = len(found.binding), len(people)
    return {
        **_limits(clearance, np.repeat(found.binding, count)),
        "participant": Coded(labels=people, codes=np.tile(np.arange(count), limits)),
        "injected": injected.ravel(),
        "drawn": drawn.ravel(),
    }


def _limits(clearance: ClearanceArrays, chosen: Int) -> dict[str, Any]:
    """Which limits some of those that bind are, by their index."""
    binding = clearance.solution.binding.at(chosen)
    return {
        "time": Instants(horizon=clearance.case.horizon, period=binding.period),
        "limited_by": Coded(labels=LABELS, codes=binding.limited_by),
        "element": element_labels(clearance, binding.limited_by, binding.element),
        PHASE: Coded(labels=PHASE_LABELS, codes=binding.phase),
    }


def _duals(clearance: ClearanceArrays) -> Float:
    """What one unit more of each limit that binds adds; NaN where the rule has no price, or a limit is 0."""
    binding = clearance.solution.binding
    limit = np.where(binding.limit != 0.0, binding.limit, np.nan)
    return 100.0 * binding.shadow_price_kw_per_percent / limit
