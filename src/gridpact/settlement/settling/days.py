"""Days: a settled horizon day by day, each part a horizon of its own.

Every period is settled by itself, so that the parts together are the whole. A ledger of a month may be larger
than memory; that of a day is not.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from typing import Any, TypeVar

import numpy as np

from gridpact.arrays import Int
from gridpact.settlement.energy.delivery import Delivery
from gridpact.settlement.energy.keys import SharingKey
from gridpact.settlement.energy.losses import Losses
from gridpact.settlement.energy.meters import Meters
from gridpact.settlement.energy.positions import Positions
from gridpact.settlement.ledger.entries import as_entries, as_ledger
from gridpact.settlement.ledger.ledger import Ledger
from gridpact.settlement.settling.settled_energy import SettledEnergy
from gridpact.settlement.tariffs.tariffs import Retailer, Tariffs

SMALL_PART = 100_000  # readings and rows of positions, below which several days are one part
_Table = TypeVar("_Table", bound=Any)


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """Some periods of a settled horizon.

    Attributes:
        first: the first of them in the whole.
        energy: of them alone, with the earlier entries about them.
    """

    first: int
    energy: SettledEnergy


def in_days(energy: SettledEnergy) -> Iterator[Days]:
    """The parts of a settled horizon, in order: days, or runs of days where those are small."""
    periods, day = energy.horizon.periods, timedelta(days=1) // energy.horizon.step
    size = max(energy.meters.import_wh.size, len(energy.positions.period)) / periods * day
    step = day * max(1, int(SMALL_PART / max(size, 1)))
    if step >= periods:
        yield Days(first=0, energy=energy)
        return
    rows, entries = _by_period(energy.positions.period), None
    if energy.previous is not None:
        entries = _by_period(energy.previous.period)
    for first in range(0, periods, step):
        end = min(first + step, periods)
        yield Days(first=first, energy=_part(energy, first, end, rows, entries))


def _part(
    energy: SettledEnergy, first: int, end: int, rows: "_ByPeriod", entries: "_ByPeriod | None"
) -> SettledEnergy:
    """The energies of the periods from `first` to before `end`."""
    span, horizon, row = slice(first, end), energy.horizon, rows.within(first, end)
    previous = energy.previous
    if previous is not None and entries is not None:
        previous = _ledger(previous, entries.within(first, end), first)
    return replace(
        energy,
        horizon=replace(horizon, start=horizon.instant(first), periods=end - first),
        tariffs=_tariffs(energy.tariffs, span),
        keys=None if energy.keys is None else _key(energy.keys, span),
        meters=_meters(energy.meters, span),
        positions=_positions(energy.positions, row, first),
        delivery=_delivery(energy.delivery, row, span),
        shared=_tables(energy.shared, span),
        retail=_tables(energy.retail, span),
        losses=_losses(energy.losses, span),
        previous=previous,
        bill_entries=energy.bill_entries if end == horizon.periods else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _ByPeriod:
    """Rows in the order of their periods, each period's in their own order."""

    row: Int
    period: Int

    def within(self, first: int, end: int) -> Int:
        """The rows of the periods from `first` to before `end`."""
        begin, stop = np.searchsorted(self.period, (first, end))
        return self.row[begin:stop]


def _by_period(period: Int) -> _ByPeriod:
    """The rows of some periods, (R,), in their order."""
    row = np.argsort(period, kind="stable")
    return _ByPeriod(row=row, period=period[row])


def _tables(whole: _Table, span: slice) -> _Table:
    """A dataclass of tables, (T, P) each, with some of the periods."""
    return replace(whole, **{field.name: getattr(whole, field.name)[span] for field in fields(whole)})


def _tariffs(tariffs: Tariffs, span: slice) -> Tariffs:
    charges = ("p2p_charge_micro_per_kwh", "retail_charge_micro_per_kwh")
    return replace(
        tariffs,
        **{name: getattr(tariffs, name)[span] for name in charges},
        retailers=tuple(_retailer(each, span) for each in tariffs.retailers),
        table_prices=tuple(replace(each, is_given=each.is_given[span]) for each in tariffs.table_prices),
    )


def _retailer(retailer: Retailer, span: slice) -> Retailer:
    prices = [field.name for field in fields(retailer) if field.name != "name"]
    return replace(retailer, **{name: getattr(retailer, name)[span] for name in prices})


def _key(key: SharingKey, span: slice) -> SharingKey:
    names = ("member", "coefficient_ppm", "priority")
    return replace(key, **{name: getattr(key, name)[span] for name in names})


def _meters(meters: Meters, span: slice) -> Meters:
    names = [field.name for field in fields(meters) if field.name not in ("member", "outside")]
    return replace(
        meters,
        **{name: getattr(meters, name)[span] for name in names},
        member=None if meters.member is None else meters.member[span],
        outside=None if meters.outside is None else _tables(meters.outside, span),
    )


def _positions(positions: Positions, row: Int, first: int) -> Positions:
    names = [field.name for field in fields(positions) if field.name != "trade_ids"]
    columns = {name: getattr(positions, name)[row] for name in names}
    return replace(positions, **(columns | {"period": positions.period[row] - first}))


def _delivery(delivery: Delivery, row: Int, span: slice) -> Delivery:
    names = [field.name for field in fields(delivery) if field.name != "energy_wh"]
    tables = {name: getattr(delivery, name)[span] for name in names}
    return replace(delivery, energy_wh=delivery.energy_wh[row], **tables)


def _losses(losses: Losses, span: slice) -> Losses:
    return replace(
        losses,
        head_import_wh=losses.head_import_wh[span],
        losses_wh=losses.losses_wh[span],
        shares_wh=None if losses.shares_wh is None else losses.shares_wh[span],
    )


def _ledger(ledger: Ledger, row: Int, first: int) -> Ledger:
    rows = as_entries(ledger).at(row)
    return as_ledger(
        replace(rows, period=rows.period - first),
        accounts=ledger.accounts,
        trade_ids=ledger.trade_ids,
        version=ledger.version[row],
    )
