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
from gridpact.case.orders import BUY, SELL
from gridpact.case.schema import SELLER_PRICE
from gridpact.case.writing.table_file import Coded, Instants
from gridpact.clearing.network.network_state import Operation
from gridpact.clearing.problem.solution import LimitedBy
from gridpact.dispatch import FLOWS
from gridpact.grid.network import ElementKind, Network
from gridpact.grid.network_model import NO_PHASE, PHASE_LABELS
from gridpact.grid.places import places
from gridpact.results.clearance_arrays import ClearanceArrays
from gridpact.results.decimals import rounded

if TYPE_CHECKING:
    import pandas as pd


PHASE = "phase"
CLEARED = (
    "trade",
    "time",
    "seller",
    "buyer",
    "proposed_kw",
    "cleared_kw",
    "price_per_kwh",
    SELLER_PRICE.name,
    "limited_by",
    "element",
    PHASE,
)
ORDERS = (
    "time",
    "order",
    "participant",
    "side",
    "offered_kw",
    "cleared_kw",
    "limit_price_per_kwh",
    "price_per_kwh",
)
COMMITMENTS = ("trade", "time", "committed_kw", "kept_kw", "limited_by", "element", PHASE)
SCHEDULE = ("time", "participant", "bus", "phases", *FLOWS, "net_injection_kw")
CURTAILED = ("time", "participant", "available_kw", "curtailed_kw", "limited_by", "element", PHASE)
CURTAILED_MIN_KW = 1e-6
STATE = ("baseline", "cleared")
NETWORK = ("time", "kind", "element", PHASE, "quantity", *STATE, "limit_min", "limit_max")
EXCHANGE = ("time", "baseline_import_kw", "import_kw", "losses_kw")
LIMITS = ("time", "limited_by", "element", PHASE, "value", "limit", "shadow_price")
THREE_PHASE = (PHASE, "phases")  # columns that the tables of a balanced network do not have

QUANTITIES = ("voltage_pu", "loading_percent", "unbalance_percent")
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
    phase = np.append(solution.phase, NO_PHASE)[offers.column]
    columns: dict[str, Any] = {
        "trade": Coded(labels=trades.ids, codes=offers.trade),
        "time": Instants(horizon=clearance.case.horizon, period=offers.period),
        "seller": Coded(labels=ids, codes=trades.seller[offers.trade]),
        "buyer": Coded(labels=ids, codes=trades.buyer[offers.trade]),
        "proposed_kw": rounded(offers.proposed_kw),
        "cleared_kw": rounded(offers.row_kw(solution.column_kw)),
        "price_per_kwh": trades.price_per_kwh[offers.trade],
        SELLER_PRICE.name: trades.received_per_kwh[offers.trade],
        "limited_by": Coded(labels=LABELS, codes=limited_by),
        "element": element_labels(clearance, limited_by, element),
        PHASE: Coded(labels=PHASE_LABELS, codes=phase),
    }
    return {name: columns[name] for name in columns_of(CLEARED, clearance)}


def orders_columns(clearance: ClearanceArrays) -> Columns:
    """The orders that were cleared on the network, in each open period of their windows, by time.

    Where nothing clears in a period its prices are missing.
    """
    found, orders = clearance.cleared_orders, clearance.case.orders
    if found is None:
        return {name: np.empty(0) for name in ORDERS}
    rows = found.rows
    by_time = np.argsort(rows.period, kind="stable")
    order = rows.order[by_time]
    columns: dict[str, Any] = {
        "time": Instants(horizon=clearance.case.horizon, period=rows.period[by_time]),
        "order": Coded(labels=orders.ids, codes=order),
        "participant": Coded(labels=clearance.case.participants.ids, codes=orders.participant[order]),
        "side": Coded(labels=(BUY, SELL), codes=orders.sells[order].astype(np.int64)),
        "offered_kw": rounded(rows.offered_kw[by_time]),
        "cleared_kw": rounded(found.cleared_kw[by_time]),
        "limit_price_per_kwh": orders.price_per_kwh[order],
        "price_per_kwh": found.price_per_kwh[by_time],
    }
    return {name: columns[name] for name in ORDERS}


def commitments_columns(clearance: ClearanceArrays) -> Columns:
    """The commitments that are cut, in each period in which they are, and why."""
    cleared = cleared_columns(clearance)
    committed_kw, kept_kw = cleared["proposed_kw"], cleared["cleared_kw"]
    is_cut = np.flatnonzero(clearance.is_committed & (kept_kw < committed_kw))
    columns = {**cleared, "committed_kw": committed_kw, "kept_kw": kept_kw}
    return {name: _rows(columns[name], is_cut) for name in columns_of(COMMITMENTS, clearance)}


def schedule_columns(clearance: ClearanceArrays) -> Columns:
    """The dispatch schedule, ordered by time, then as the participants are."""
    participants = clearance.case.participants
    periods, count = clearance.dispatch.load_kw.shape
    every = np.arange(count)
    columns: dict[str, Any] = {
        "time": Instants(horizon=clearance.case.horizon, period=np.repeat(np.arange(periods), count)),
        "participant": Coded(labels=participants.ids, codes=np.tile(every, periods)),
        "bus": np.tile(participants.bus, periods),
        "phases": Coded(labels=participants.phases, codes=np.tile(every, periods)),
    }
    for name in SCHEDULE[len(columns) :]:
        columns[name] = rounded(getattr(clearance.dispatch, name).ravel())
    return {name: columns[name] for name in columns_of(SCHEDULE, clearance)}


def curtailed_columns(clearance: ClearanceArrays) -> Columns:
    """The feed-in that is curtailed, in each period in which it is, and why."""
    fed_in, ids = clearance.fed_in, clearance.case.participants.ids
    at = period, participant = np.nonzero(fed_in.curtailed_kw > CURTAILED_MIN_KW)
    limited_by = fed_in.limited_by[at]
    columns: dict[str, Any] = {
        "time": Instants(horizon=clearance.case.horizon, period=period),
        "participant": Coded(labels=ids, codes=participant),
        "available_kw": rounded(fed_in.available_kw[at]),
        "curtailed_kw": rounded(fed_in.curtailed_kw[at]),
        "limited_by": Coded(labels=LABELS, codes=limited_by),
        "element": element_labels(clearance, limited_by, fed_in.element[at]),
        PHASE: Coded(labels=PHASE_LABELS, codes=fed_in.phase[at]),
    }
    return {name: columns[name] for name in columns_of(CURTAILED, clearance)}


def network_columns(clearance: ClearanceArrays) -> Columns:
    """Voltages, loadings and unbalances of the baseline and the dispatch, with the limits that held."""
    network, limits = clearance.network, clearance.operating_limits
    found, elements = places(network), network.elements
    periods, voltages = clearance.operation.voltage_pu.shape
    loadings, unbalances = len(found.loading_element), len(found.unbalance_bus)
    known, bus = list(ElementKind), list(ElementKind).index(ElementKind.BUS)
    element_kind = np.array([known.index(one) for one in elements.kind], dtype=np.int64)
    kind = np.concatenate(
        [np.full(voltages, bus), element_kind[found.loading_element], np.full(unbalances, bus)]
    )
    element = np.concatenate(
        [
            network.bus_ids[found.voltage_bus],
            elements.id[found.loading_element],
            network.bus_ids[found.unbalance_bus],
        ]
    )
    labels = (*found.voltage_phase, *found.loading_phase, *[""] * unbalances)
    phase = np.array([PHASE_LABELS.index(label) for label in labels], dtype=np.int64)
    quantity = np.repeat(np.arange(len(QUANTITIES)), [voltages, loadings, unbalances])
    no_minimum = np.full((periods, loadings + unbalances), np.nan)
    columns: dict[str, Any] = {
        "time": Instants(horizon=clearance.case.horizon, period=np.repeat(np.arange(periods), len(kind))),
        "kind": Coded(labels=[str(one) for one in known], codes=np.tile(kind, periods)),
        "element": np.tile(element, periods),
        PHASE: Coded(labels=PHASE_LABELS, codes=np.tile(phase, periods)),
        "quantity": Coded(labels=QUANTITIES, codes=np.tile(quantity, periods)),
        "baseline": _side_by_side(*_state(clearance.baseline)),
        "cleared": _side_by_side(*_state(clearance.operation)),
        "limit_min": _side_by_side(limits.voltage_min_pu, no_minimum),
        "limit_max": _side_by_side(
            limits.voltage_max_pu, limits.loading_max_percent, limits.unbalance_max_percent
        ),
    }
    return {name: columns[name] for name in columns_of(NETWORK, clearance)}


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
        PHASE: Coded(labels=PHASE_LABELS, codes=binding.phase),
        "value": rounded(binding.value),
        "limit": rounded(binding.limit),
        "shadow_price": rounded(binding.shadow_price_kw_per_percent),
    }
    return {name: columns[name] for name in columns_of(LIMITS, clearance)}


def columns_of(columns: tuple[str, ...], clearance: ClearanceArrays) -> tuple[str, ...]:
    """The columns that a table has: phases in three-phase networks, prices of sellers where they differ."""
    absent = () if clearance.network.is_three_phase else THREE_PHASE
    trades = clearance.trades
    if clearance.cleared_orders is None and np.array_equal(trades.received_per_kwh, trades.price_per_kwh):
        absent = (*absent, SELLER_PRICE.name)
    return tuple(name for name in columns if name not in absent)


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


def _state(operation: Operation) -> tuple[Float, Float, Float]:
    """The values of a state of the network, (T, V), (T, L) and (T, U)."""
    return operation.voltage_pu, operation.loading_percent, operation.unbalance_percent


def _side_by_side(*parts: Float) -> Float:
    """Values of places, (T, K) each, period by period, infinite limits as missing."""
    values = np.hstack(parts).ravel()
    return rounded(np.where(np.isinf(values), np.nan, values))
