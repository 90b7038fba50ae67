"""Residuals: what each retailer must supply and take in each period, and its imbalance."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gridpact.arrays import Int, frozen
from gridpact.results.clearance_tables import period_times
from gridpact.settlement.amounts.money import sum_at
from gridpact.settlement.ledger.ledger import EntryKind, Ledger
from gridpact.settlement.settling.settled_energy import SettledEnergy
from gridpact.settlement.settling.settlement import Settlement

if TYPE_CHECKING:
    import pandas as pd

RESIDUALS = (
    "time",
    "retailer",
    "supply_wh",
    "feed_in_wh",
    "imbalance_long_wh",
    "imbalance_short_wh",
    "losses_wh",
    "net_wh",
    "amount_micro",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Residuals:
    """The accounts of R retailers over T periods, (T, R) each, whole watt-hours and micro-currency.

    Attributes:
        supply_wh: supplied to participants.
        feed_in_wh: taken from them, and of shares that they could not use.
        imbalance_long_wh: taken from them above their positions.
        imbalance_short_wh: supplied to them below their positions.
        losses_wh: supplied to the DSO for losses; negative where the meters contradict each other.
        amount_micro: what the retailer is paid, negative where it pays.
    """

    supply_wh: Int
    feed_in_wh: Int
    imbalance_long_wh: Int
    imbalance_short_wh: Int
    losses_wh: Int
    amount_micro: Int

    @property
    def net_wh(self) -> Int:
        """What the retailer has to bring into the network, negative where it takes out of it, (T, R)."""
        brought_wh = self.supply_wh + self.imbalance_short_wh + self.losses_wh
        return brought_wh - self.feed_in_wh - self.imbalance_long_wh


def make_residuals(settlement: Settlement) -> Residuals:
    """The residuals of all retailers, from every entry of the ledger."""
    ledger, participants = settlement.ledger, len(settlement.participants)
    shape = (len(EntryKind), settlement.horizon.periods, len(settlement.tariffs.retailers))
    brought_wh, received_micro = _of_retailers(ledger, ledger.credit - participants, shape)
    taken_wh, spent_micro = _of_retailers(ledger, ledger.debit - participants, shape)
    net_wh = brought_wh - taken_wh
    figures = {
        "supply_wh": net_wh[EntryKind.SUPPLY],
        "feed_in_wh": -net_wh[EntryKind.FEED_IN] - net_wh[EntryKind.UNUSED],
        "imbalance_long_wh": taken_wh[EntryKind.IMBALANCE],
        "imbalance_short_wh": brought_wh[EntryKind.IMBALANCE],
        "losses_wh": net_wh[EntryKind.LOSS],
        "amount_micro": (received_micro - spent_micro).sum(axis=0),
    }
    return Residuals(**{name: frozen(values, np.int64) for name, values in figures.items()})


def residuals_table(settlement: SettledEnergy, residuals: Residuals) -> "pd.DataFrame":
    """One row per period and retailer, columns `RESIDUALS`."""
    import pandas as pd

    periods, count = residuals.supply_wh.shape
    names = np.array([retailer.name for retailer in settlement.tariffs.retailers], dtype=object)
    columns = {
        "time": period_times(settlement.horizon)[np.repeat(np.arange(periods), count)],
        "retailer": np.tile(names, periods),
    }
    columns |= {name: getattr(residuals, name).ravel() for name in RESIDUALS if name not in columns}
    return pd.DataFrame({name: columns[name] for name in RESIDUALS})


def _of_retailers(ledger: Ledger, retailer: Int, shape: tuple[int, int, int]) -> tuple[Int, Int]:
    """Energy and money of each kind, period and retailer, of the entries on whose side one stands."""
    rows = np.flatnonzero((retailer >= 0) & (retailer < shape[2]))
    place = np.ravel_multi_index((ledger.kind[rows], ledger.period[rows], retailer[rows]), shape)
    size = int(np.prod(shape))
    energy_wh = sum_at(place, ledger.energy_wh[rows], size)
    amount_micro = sum_at(place, ledger.amount_micro[rows], size)
    return energy_wh.reshape(shape), amount_micro.reshape(shape)
