"""Tables: a clearance as data frames, each with one declared list of columns.

Times are local and carry their offset. Powers and energies are rounded to 1e-9 of their unit, far below
anything metered, so that the same input gives the same bytes.
"""

from datetime import UTC
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gridpact.arrays import Float, Int
from gridpact.case.horizon import Horizon
from gridpact.clearing.solution import LimitedBy
from gridpact.grid.network import ElementKind, Network

if TYPE_CHECKING:
    from gridpact.results.clearance import Clearance

CLEARED = (
    "trade",
    "time",
    "seller",
    "buyer",
    "proposed_kw",
    "cleared_kw",
    "price_per_kwh",
    "limited_by",
    "element",
)
COMMITMENTS = ("trade", "time", "committed_kw", "kept_kw", "limited_by", "element")
SCHEDULE = (
    "time",
    "participant",
    "bus",
    "load_kw",
    "generation_kw",
    "own_use_kw",
    "p2p_bought_kw",
    "p2p_sold_kw",
    "retail_import_kw",
    "retail_export_kw",
    "curtailed_kw",
    "unserved_kw",
    "net_injection_kw",
)
NETWORK = ("time", "kind", "element", "quantity", "baseline", "cleared", "limit_min", "limit_max")
EXCHANGE = ("time", "baseline_import_kw", "import_kw", "losses_kw")
LIMITS = ("time", "limited_by", "element", "value", "limit", "shadow_price")

DECIMALS = 9


def cleared_table(clearance: "Clearance") -> pd.DataFrame:
    """Proposed and cleared power of each trade in each period of its window, and what cut it."""
    trades, offers, solution = clearance.trades, clearance.offers, clearance.solution
    ids = np.array(clearance.case.participants.ids, dtype=object)
    limited_by = np.append(solution.limited_by, LimitedBy.NOTHING)[offers.column]
    element = np.append(solution.element, -1)[offers.column]
    columns: dict[str, Any] = {
        "trade": np.array(trades.ids, dtype=object)[offers.trade],
        "time": period_times(clearance.case.horizon)[offers.period],
        "seller": ids[trades.seller[offers.trade]],
        "buyer": ids[trades.buyer[offers.trade]],
        "proposed_kw": _rounded(offers.proposed_kw),
        "cleared_kw": _rounded(offers.row_kw(solution.column_kw)),
        "price_per_kwh": trades.price_per_kwh[offers.trade],
        "limited_by": _labels()[limited_by],
        "element": element_labels(clearance, limited_by, element),
    }
    return pd.DataFrame({name: columns[name] for name in CLEARED})


def commitments_table(clearance: "Clearance") -> pd.DataFrame:
    """The commitments that are cut, in each period in which they are, and why."""
    cleared = clearance.cleared.rename(columns={"proposed_kw": "committed_kw", "cleared_kw": "kept_kw"})
    is_cut = clearance.is_committed & (cleared["kept_kw"] < cleared["committed_kw"])
    return cleared.loc[is_cut, list(COMMITMENTS)].reset_index(drop=True)


def schedule_table(clearance: "Clearance") -> pd.DataFrame:
    """The dispatch schedule, ordered by time, then as the participants are."""
    participants = clearance.case.participants
    periods, count = clearance.dispatch.load_kw.shape
    columns: dict[str, Any] = {
        "time": period_times(clearance.case.horizon)[np.repeat(np.arange(periods), count)],
        "participant": np.tile(np.array(participants.ids, dtype=object), periods),
        "bus": np.tile(participants.bus, periods),
    }
    for name in SCHEDULE[len(columns) :]:
        columns[name] = _rounded(getattr(clearance.dispatch, name).ravel())
    return pd.DataFrame(columns)


def network_table(clearance: "Clearance") -> pd.DataFrame:
    """Voltages and loadings of the baseline and of the dispatch, with the limits that held."""
    network, limits = clearance.network, clearance.operating_limits
    baseline, operation = clearance.baseline, clearance.operation
    periods, buses = operation.voltage_pu.shape
    kinds = [ElementKind.BUS] * buses + list(network.elements.kind)
    no_minimum = np.full_like(limits.loading_max_percent, np.nan)
    quantities = ["voltage_pu"] * buses + ["loading_percent"] * len(network.elements)
    columns: dict[str, Any] = {
        "time": period_times(clearance.case.horizon)[np.repeat(np.arange(periods), len(kinds))],
        "kind": np.tile(np.array([str(kind) for kind in kinds], dtype=object), periods),
        "element": np.tile(np.concatenate([network.bus_ids, network.elements.id]), periods),
        "quantity": np.tile(np.array(quantities, dtype=object), periods),
        "baseline": _side_by_side(baseline.voltage_pu, baseline.loading_percent),
        "cleared": _side_by_side(operation.voltage_pu, operation.loading_percent),
        "limit_min": _side_by_side(limits.voltage_min_pu, no_minimum),
        "limit_max": _side_by_side(limits.voltage_max_pu, limits.loading_max_percent),
    }
    return pd.DataFrame({name: columns[name] for name in NETWORK})


def exchange_table(clearance: "Clearance") -> pd.DataFrame:
    """What the network draws from its supplies, and what it loses."""
    columns = {
        "time": period_times(clearance.case.horizon),
        "baseline_import_kw": _rounded(clearance.baseline.import_kw),
        "import_kw": _rounded(clearance.operation.import_kw),
        "losses_kw": _rounded(clearance.operation.losses_kw),
    }
    return pd.DataFrame({name: columns[name] for name in EXCHANGE})


def limits_table(clearance: "Clearance") -> pd.DataFrame:
    """The limits that hold the volume down, with kW more cleared per 1 % more of each."""
    binding = clearance.solution.binding
    columns: dict[str, Any] = {
        "time": period_times(clearance.case.horizon)[binding.period],
        "limited_by": _labels()[binding.limited_by],
        "element": element_labels(clearance, binding.limited_by, binding.element),
        "value": _rounded(binding.value),
        "limit": _rounded(binding.limit),
        "shadow_price": _rounded(binding.shadow_price_kw_per_percent),
    }
    return pd.DataFrame({name: columns[name] for name in LIMITS})


def period_times(horizon: Horizon) -> pd.DatetimeIndex:
    """Start of each period in local time, (T,)."""
    start = horizon.start.astimezone(UTC)
    return pd.date_range(start, periods=horizon.periods, freq=horizon.step).tz_convert(horizon.timezone)


def element_labels(clearance: "Clearance", limited_by: Int, element: Int) -> np.ndarray:
    """Each element as the results call it: a participant's id, or a bus's, line's or transformer's index.

    Where the network has no operating point with more, no element is to blame, and the text is empty.
    """
    network: Network = clearance.network
    labels = np.full(len(element), "", dtype=object)
    names = {
        LimitedBy.SELLER_SURPLUS: clearance.case.participants.ids,
        LimitedBy.BUYER_DEMAND: clearance.case.participants.ids,
        LimitedBy.VOLTAGE_MAX: network.bus_ids,
        LimitedBy.VOLTAGE_MIN: network.bus_ids,
        LimitedBy.LINE: network.elements.id,
        LimitedBy.TRANSFORMER: network.elements.id,
    }
    for kind, known in names.items():
        chosen = (limited_by == kind) & (element >= 0)
        labels[chosen] = np.array([str(name) for name in known], dtype=object)[element[chosen]]
    return labels


def _labels() -> np.ndarray:
    return np.array([reason.label for reason in LimitedBy], dtype=object)


def _side_by_side(buses: Float, elements: Float) -> Float:
    """Values of buses (T, B) and elements (T, E), period by period, infinite limits as missing."""
    values = np.hstack([buses, elements]).ravel()
    return _rounded(np.where(np.isinf(values), np.nan, values))


def _rounded(values: Float) -> Float:
    rounded: Float = np.round(values, DECIMALS) + 0.0
    return rounded
