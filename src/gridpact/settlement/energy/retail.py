"""Retail: what is left of each meter to its retailer."""

from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Int, frozen
from gridpact.settlement.energy.delivery import Delivery
from gridpact.settlement.energy.keys import Shared
from gridpact.settlement.tariffs.tariffs import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Retail:
    """Energy between participants and their retailers, whole watt-hours, (T, P) each, not negative.

    Attributes:
        supply_wh, feed_in_wh: imported and exported beside trades and sharing; 0 under `firm`.
        long_wh, short_wh: above and below the position; 0 under `sharing`.
    """

    supply_wh: Int
    feed_in_wh: Int
    long_wh: Int
    short_wh: Int


def retail(mode: Mode, delivery: Delivery, shared: Shared) -> Retail:
    """What trades and sharing leave: supply and feed-in, or the imbalance of a firm position."""
    imported = frozen(delivery.left_import_wh - shared.used_wh, np.int64)
    exported = frozen(delivery.left_export_wh - shared.given_wh, np.int64)
    nothing = frozen(np.zeros_like(imported), np.int64)
    if mode is Mode.FIRM:
        return Retail(supply_wh=nothing, feed_in_wh=nothing, long_wh=exported, short_wh=imported)
    return Retail(supply_wh=imported, feed_in_wh=exported, long_wh=nothing, short_wh=nothing)
