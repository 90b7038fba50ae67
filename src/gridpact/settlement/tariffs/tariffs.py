"""Tariffs: how a case is settled, what its network charges, and what its retailers ask and pay."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from gridpact.arrays import Bool, Int


class Mode(StrEnum):
    """What governs: the meters, or the cleared trades; the first is the default."""

    SHARING = "sharing"
    FIRM = "firm"


class Missing(StrEnum):
    """What a missing reading is: an error, or what the schedule says; the first is the default."""

    ERROR = "error"
    SCHEDULE = "schedule"


class LossAllocation(StrEnum):
    """Who pays for losses: the DSO, everybody by energy, or by marginal losses; the first is the default."""

    DSO = "dso"
    PRO_RATA = "pro-rata"
    MARGINAL = "marginal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retailer:
    """A retailer's prices in every period, micro-currency per kWh, (T,) each.

    Attributes:
        name: as in `retailer/NAME`.
        supply_micro_per_kwh: that it asks for what it supplies.
        feed_in_micro_per_kwh: that it pays for what it takes.
        imbalance_long_micro_per_kwh: that it pays for what is above a position.
        imbalance_short_micro_per_kwh: that it asks for what is below a position.
    """

    name: str
    supply_micro_per_kwh: Int
    feed_in_micro_per_kwh: Int
    imbalance_long_micro_per_kwh: Int
    imbalance_short_micro_per_kwh: Int


@dataclass(frozen=True, slots=True, kw_only=True)
class TablePrice:
    """A price of a retailer that the table of prices gives, in place of tariffs.toml.

    Attributes:
        retailer: index into the retailers.
        field: of `Retailer`, that it is.
        is_given: in which periods, (T,).
    """

    retailer: int
    field: str
    is_given: Bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariffs:
    """What tariffs.toml and the table of prices say, for T periods.

    Attributes:
        mode: what governs.
        missing: what a missing reading is.
        loss_allocation: who pays for losses.
        p2p_charge_micro_per_kwh: paid by the buyer to the DSO on traded energy, (T,).
        retail_charge_micro_per_kwh: paid by the customer to the DSO on retail supply, (T,).
        tax_micro_per_kwh: on every kWh bought.
        retailers: in the order of their names.
        retailer_of_participant: index into `retailers`, (P,).
        table_prices: prices that a table gives from period to period.
    """

    mode: Mode
    missing: Missing
    loss_allocation: LossAllocation
    p2p_charge_micro_per_kwh: Int
    retail_charge_micro_per_kwh: Int
    tax_micro_per_kwh: int
    retailers: tuple[Retailer, ...]
    retailer_of_participant: Int
    table_prices: tuple[TablePrice, ...] = ()

    def is_of_table(self, field: str) -> Bool:
        """Whether the price of a field of each retailer is the table's in each period, (T, R)."""
        periods = len(getattr(self.retailers[0], field))
        found = np.zeros((periods, len(self.retailers)), dtype=np.bool_)
        for each in (each for each in self.table_prices if each.field == field):
            found[:, each.retailer] = each.is_given
        return found
