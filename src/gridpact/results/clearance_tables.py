"""Tables: a clearance as columns, each table with one declared list of them, and as data frames.

Times are local and carry their offset. Powers and energies are rounded to 1e-9 of their unit, far below
anything metered, so that the same input gives the same bytes.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING, Any

import numpy as np

from gridpact.arrays import Float, Int
from gridpact.case.horizon import Horizon
from gridpact.case.writing.table_file import Coded, Instants
from gridpact.clearing.problem.solution import LimitedBy
from gridpact.grid.network import ElementKind, Network
from gridpact.results.clearance_arrays import ClearanceArrays
from gridpact.results.decimals import rounded

if TYPE_CHECKING:
    import pandas as pd


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
STATE = ("baseline", "cleared")
NETWORK = ("time", "kind", "element", "quantity", *STATE, "limit_min", "limit_max")
EXCHANGE = ("time", "baseline_import_kw", "import_kw", "losses_kw")
LIMITS = ("time", "limited_by", "element", "value", "limit", "shadow_price")

LABELS = tuple(reason.label for reason in LimitedBy)

Columns = Mapping[str, Any]


def frame(columns: Columns) -> "pd.DataFrame":
    """Columns as a data frame, texts as objects and times in local time with their offset."""
    import pandas as pd

    def plain(values: Any) -> Any:
        if isinstance(values, Coded):
            return values.texts()
        return period_times(values.horizon)[values.period] if isinstance(values, Instants) else values

    return pd.DataFrame({name: plain(values) for name, values in columns.items()})


def cleared_columns(clearance: ClearanceArrays) -> Columns:
    """Proposed and cleared power of each trade in each period of its window, and what cut it."""
    trades, offers, solution = clearance.trades, clearance.offers, clearance.solution
    ids = clearance.case.participants.ids
    limited_by = np.append(solution.limited_by, LimitedBy.NOTHING)[offers.column]
    element = np.append(solution.element, -1)[offers.column]
    columns: dict[str, Any] = {
        "trade": Coded(labels=trades.ids, codes=offers.trade),
        "time": Instants(horizon=clearance.case.horizon, period=offers.period),
        "seller": Coded(labels=ids, codes=trades.seller[offers.trade]),
        "buyer": Coded(labels=ids, codes=trades.buyer[offers.trade]),
        "proposed_kw": rounded(offers.proposed_kw),
        "cleared_kw": rounded(offers.row_kw(solution.column_kw)),
        "price_per_kwh": trades.price_per_kwh[offers.trade],
        "limited_by": Coded(labels=LABELS, codes=limited_by),
        "element": element_labels(clearance, limited_by, element),
    }
    return {name: columns[name] for name in CLEARED}


def commitments_columns(clearance: ClearanceArrays) -> Columns:
    """The commitments that are cut, in each period in which they are, and why."""
    cleared = cleared_columns(clearance)
    committed_kw, kept_kw = cleared["proposed_kw"], cleared["cleared_kw"]
    is_cut = np.flatnonzero(clearance.is_committed & (kept_kw < committed_kw))
    columns = {**cleared, "committed_kw": committed_kw, "kept_kw": kept_kw}
    return {name: _rows(columns[name], is_cut) for name in COMMITMENTS}


def schedule_columns(clearance: ClearanceArrays) -> Columns:
    """The dispatch schedule, ordered by time, then as the participants are."""
    participants = clearance.case.participants
    periods, count = clearance.dispatch.load_kw.shape
    every = np.arange(count)
    columns: dict[str, Any] = {
        "time": Instants(horizon=clearance.case.horizon, period=np.repeat(np.arange(periods), count)),
        "participant": Coded(labels=participants.ids, codes=np.tile(every, periods)),
        "bus": np.tile(participants.bus, periods),
    }
    for name in SCHEDULE[len(columns) :]:
        columns[name] = rounded(getattr(clearance.dispatch, name).ravel())
    return columns


def network_columns(clearance: ClearanceArrays) -> Columns:
    """Voltages and loadings of the baseline and of the dispatch, with the limits that held."""
    network, limits = clearance.network, clearance.operating_limits
    baseline, operation = clearance.baseline, clearance.operation
    periods, buses = operation.voltage_pu.shape
    kinds = [ElementKind.BUS] * buses + list(network.elements.kind)
    known = list(ElementKind)
    kind = np.array([known.index(one) for one in kinds], dtype=np.int64)
    quantity = (np.arange(len(kinds)) >= buses).astype(np.int64)
    no_minimum = np.full_like(limits.loading_max_percent, np.nan)
    columns: dict[str, Any] = {
        "time": Instants(horizon=clearance.case.horizon, period=np.repeat(np.arange(periods), len(kinds))),
        "kind": Coded(labels=[str(one) for one in known], codes=np.tile(kind, periods)),
        "element": np.tile(np.concatenate([network.bus_ids, network.elements.id]), periods),
        "quantity": Coded(labels=("voltage_pu", "loading_percent"), codes=np.tile(quantity, periods)),
        "baseline": _side_by_side(baseline.voltage_pu, baseline.loading_percent),
        "cleared": _side_by_side(operation.voltage_pu, operation.loading_percent),
        "limit_min": _side_by_side(limits.voltage_min_pu, no_minimum),
        "limit_max": _side_by_side(limits.voltage_max_pu, limits.loading_max_percent),
    }
    return {name: columns[name] for name in NETWORK}


def exchange_columns(clearance: ClearanceArrays) -> Columns:
    """What the network draws from its supplies, and what it loses."""
    horizon = clearance.case.horizon
    columns = {
        "time": Instants(horizon=horizon, period=np.arange(horizon.periods)),
        "baseline_import_kw": rounded(clearance.baseline.import_kw),
        "import_kw": rounded(clearance.operation.import_kw),
        "losses_kw": rounded(clearance.operation.losses_kw),
    }
    return {name: columns[name] for name in EXCHANGE}


def limits_columns(clearance: ClearanceArrays) -> Columns:
    """The limits that hold the volume down, with kW more cleared per 1 % more of each."""
    binding = clearance.solution.binding
    columns: dict[str, Any] = {
        "time": Instants(horizon=clearance.case.horizon, period=binding.period),
        "limited_by": Coded(labels=LABELS, codes=binding.limited_by),
        "element": element_labels(clearance, binding.limited_by, binding.element),
        "value": rounded(binding.value),
        "limit": rounded(binding.limit),
        "shadow_price": rounded(binding.shadow_price_kw_per_percent),
    }
    return {name: columns[name] for name in LIMITS}


def period_times(horizon: Horizon) -> "pd.DatetimeIndex":
    """Start of each period in local time, (T,)."""
    import pandas as pd

    start = horizon.start.astimezone(UTC)
    return pd.date_range(start, periods=horizon.periods, freq=horizon.step).tz_convert(horizon.timezone)


def element_labels(clearance: ClearanceArrays, limited_by: Int, element: Int) -> Coded:
    """Each element as the results call it: a participant's id, or a bus's, line's or transformer's index.

    Where the network has no operating point with more, no element is to blame, and the text is empty.
    """
    network: Network = clearance.network
    ids, buses, elements = clearance.case.participants.ids, network.bus_ids, network.elements.id
    labels = ("", *ids, *map(str, buses.tolist()), *map(str, elements.tolist()))
    first_bus = 1 + len(ids)
    first = np.zeros(len(LimitedBy), dtype=np.int64)
    first[[LimitedBy.SELLER_SURPLUS, LimitedBy.BUYER_DEMAND]] = 1
    first[[LimitedBy.VOLTAGE_MAX, LimitedBy.VOLTAGE_MIN, LimitedBy.VOLTAGE_UNBALANCE]] = first_bus
    first[[LimitedBy.LINE, LimitedBy.TRANSFORMER, LimitedBy.NEUTRAL]] = first_bus + len(buses)
    is_named = (first[limited_by] > 0) & (element >= 0)
    return Coded(labels=labels, codes=np.where(is_named, first[limited_by] + element, 0))


def _rows(values: Any, index: Int) -> Any:
    """Some rows of a column."""
    if isinstance(values, Coded):
        return replace(values, codes=values.codes[index])
    return replace(values, period=values.period[index]) if isinstance(values, Instants) else values[index]


def _side_by_side(buses: Float, elements: Float) -> Float:
    """Values of buses (T, B) and elements (T, E), period by period, infinite limits as missing."""
    values = np.hstack([buses, elements]).ravel()
    return rounded(np.where(np.isinf(values), np.nan, values))
