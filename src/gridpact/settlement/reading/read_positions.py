"""Positions and the schedule, from a clearance or from the folder that holds it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gridpact.arrays import Bool, Float, Int, frozen
from gridpact.case.case import Case
from gridpact.case.folder.part_tables import refuse_repeated_cells
from gridpact.case.horizon import Horizon
from gridpact.case.reading.problems import Problems
from gridpact.case.reading.reader import TableReader
from gridpact.case.schema import SELLER_PRICE, Column, Kind, Schema
from gridpact.case.sessions.cleared import read_parties, refuse_repeated_trades
from gridpact.errors import InvalidUsage
from gridpact.settlement.amounts.whole import MICRO, nearest_wh, nearest_whole
from gridpact.settlement.energy.positions import Positions
from gridpact.settlement.tariffs.prices import PRICE_MAX_PER_KWH, PRICE_REMEDY

if TYPE_CHECKING:
    from gridpact.results.clearance import Clearance

SCHEDULE_NAME = "schedule"
NET_INJECTION = "net_injection_kw"


def schedule_schema() -> Schema:
    """The schedule of a clearance, of which time, participant and net injection are read."""
    from gridpact.results.clearance_tables import SCHEDULE

    read = {
        "time": Column(name="time", kind=Kind.TIME, meaning="start of the period"),
        "participant": Column(name="participant", kind=Kind.ID, meaning="name of the metered connection"),
        NET_INJECTION: Column(
            name=NET_INJECTION, kind=Kind.SIGNED_POWER, meaning="net injection, positive into the network"
        ),
    }
    columns = (
        read.get(name, Column(name=name, kind=Kind.ID, meaning="not read", required=False))
        for name in SCHEDULE
    )
    return Schema(name=SCHEDULE_NAME, columns=tuple(columns))


def positions_of(clearance: "Clearance") -> Positions:
    """The positions that a clearance leaves, as its table of cleared trades has them."""
    import pandas as pd

    trades, offers, table = clearance.trades, clearance.offers, clearance.cleared
    prices = trades.price_per_kwh, trades.received_per_kwh
    if any((np.abs(each) > PRICE_MAX_PER_KWH).any() for each in prices):
        raise InvalidUsage("the clearance has a price that is out of range", PRICE_REMEDY)
    code, names = pd.factorize(np.array(trades.ids, dtype=object)[offers.trade])
    return _positions(
        tuple(map(str, names)),
        code.astype(np.int64),
        offers.period,
        trades.seller[offers.trade],
        trades.buyer[offers.trade],
        nearest_wh(table["cleared_kw"].to_numpy(np.float64), clearance.case.horizon.hours_per_period),
        *(each[offers.trade] for each in prices),
    )


def scheduled_wh(clearance: "Clearance") -> Int:
    """Net injection of the schedule of a clearance, whole watt-hours, (T, P)."""
    shape = (clearance.case.horizon.periods, len(clearance.case.participants))
    net_kw = clearance.schedule[NET_INJECTION].to_numpy(np.float64).reshape(shape)
    return nearest_wh(net_kw, clearance.case.horizon.hours_per_period)


def read_positions(reader: TableReader, case: Case, horizon: Horizon, member: Bool) -> Positions:
    """The positions in the table of cleared trades; what was cut to nothing is not among them.

    Args:
        reader: of the table, whose schema is `CLEARED`.
        case: whose participants they are of.
        horizon: of the result, t periods, which its rows count.
        member: who is a member in them, (t, P).
    """
    names = reader.names("trade")
    period = reader.period("time", horizon)
    refuse_repeated_trades(reader, np.where(period >= 0, names.of_row, -1), period)
    seller, buyer = read_parties(reader, names.of_row, case)
    energy_wh = nearest_wh(reader.number("cleared_kw"), horizon.hours_per_period)
    for name, party in (("seller", seller), ("buyer", buyer)):
        known = (period >= 0) & (party >= 0) & (energy_wh > 0)
        stranger = known & ~member[np.maximum(period, 0), np.maximum(party, 0)]
        remedy = "clear its trades within member_from and member_until, or change those"
        reader.refuse(name, stranger, "is not a member at that time", remedy)
    price_per_kwh = reader.number("price_per_kwh")
    fits = np.abs(price_per_kwh) <= PRICE_MAX_PER_KWH
    reader.refuse("price_per_kwh", ~fits, "is out of range", PRICE_REMEDY)
    price_per_kwh = np.where(fits, price_per_kwh, 0.0)
    received_per_kwh = reader.number_or(SELLER_PRICE.name, price_per_kwh)
    fits = np.abs(received_per_kwh) <= PRICE_MAX_PER_KWH
    reader.refuse(SELLER_PRICE.name, ~fits, "is out of range", PRICE_REMEDY)
    prices = price_per_kwh, np.where(fits, received_per_kwh, 0.0)
    return _positions(names.distinct, names.of_row, period, seller, buyer, energy_wh, *prices)


def read_schedule(
    reader: TableReader, case: Case, horizon: Horizon, wanted: Bool, problems: Problems
) -> tuple[Int, Bool]:
    """Net injection in the schedule of a clearance, whole watt-hours, and where it says any, (t, P) each.

    Args:
        reader: of the table, whose schema is `schedule_schema()`.
        case: whose participants they are.
        horizon: of the result, t periods.
        wanted: where it is needed, (t, P); a row that is missing there is a problem.
        problems: takes in what is wrong.
    """
    before = len(problems)
    index = {name: position for position, name in enumerate(case.participants.ids)}
    period = reader.period("time", horizon)
    column = reader.lookup("participant", index, f"participants.{case.table_format}")
    shape = (horizon.periods, len(case.participants))
    cell = np.where((period >= 0) & (column >= 0), period * shape[1] + column, -1)
    refuse_repeated_cells(reader, cell)
    net_wh, is_there = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.bool_)
    used = cell >= 0
    energy_wh = nearest_wh(reader.number(NET_INJECTION), horizon.hours_per_period)
    net_wh.reshape(-1)[cell[used]] = energy_wh[used]
    is_there.reshape(-1)[cell[used]] = True
    absent = np.argwhere(wanted & ~is_there)
    if len(absent) and len(problems) == before:
        at, who = absent[0].tolist()
        first = f"{horizon.instant(at).isoformat(timespec='minutes')} of '{case.participants.ids[who]}'"
        more = f" and {len(absent) - 1:,} more" if len(absent) > 1 else ""
        what = f"has no row for {first}{more}, where the meter has no reading either"
        reader.refuse_table(what, "give the schedule as it was written")
    return net_wh, is_there


def _positions(
    names: Sequence[str],
    trade: Int,
    period: Int,
    seller: Int,
    buyer: Int,
    energy_wh: Int,
    price_per_kwh: Float,
    received_per_kwh: Float,
) -> Positions:
    """The rows with energy; both prices are rounded to the micro, half to even."""
    rows = np.flatnonzero(energy_wh)
    paid, received = (nearest_whole(each[rows] * MICRO) for each in (price_per_kwh, received_per_kwh))
    return Positions(
        trade_ids=tuple(names),
        trade=frozen(trade[rows], np.int64),
        period=frozen(period[rows], np.int64),
        seller=frozen(seller[rows], np.int64),
        buyer=frozen(buyer[rows], np.int64),
        energy_wh=frozen(energy_wh[rows], np.int64),
        price_micro_per_kwh=frozen(received, np.int64),
        congestion_micro_per_kwh=frozen(paid - received, np.int64),
    )
