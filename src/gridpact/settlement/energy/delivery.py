"""Delivery: what of the cleared trades counts as traded, and what it leaves of each meter."""

from dataclasses import dataclass

from gridpact.arrays import Int
from gridpact.settlement.amounts.money import sum_at
from gridpact.settlement.energy.meters import Meters
from gridpact.settlement.energy.positions import Positions


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Traded energy of T periods and P participants, whole watt-hours.

    Attributes:
        energy_wh: z, that counts of each of R rows of the positions, (R,).
        sold_wh, bought_wh: its sums over the trades of each participant, (T, P).
        left_import_wh, left_export_wh: what is left to be shared, or settled with the retailer, (T, P).
    """

    energy_wh: Int
    sold_wh: Int
    bought_wh: Int
    left_import_wh: Int
    left_export_wh: Int


def sold_and_bought(positions: Positions, energy_wh: Int, meters: Meters) -> tuple[Int, Int]:
    """Sums of an energy of each row over the sales, and over the purchases, of each participant, (T, P)."""
    shape = periods, participants = meters.import_wh.shape
    first = positions.period * participants
    sold = sum_at(first + positions.seller, energy_wh, periods * participants)
    bought = sum_at(first + positions.buyer, energy_wh, periods * participants)
    return sold.reshape(shape), bought.reshape(shape)
