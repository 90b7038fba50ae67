"""RetailOnly: the same meters with no trade and no sharing, all of it between participants and retailers."""

from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Int, frozen
from gridpact.settlement.amounts.money import amount_micro, sum_at
from gridpact.settlement.energy.meters import Meters
from gridpact.settlement.tariffs.tariffs import Tariffs


@dataclass(frozen=True, slots=True, kw_only=True)
class RetailOnly:
    """Money over the horizon, without losses, which are the same with and without trades.

    Attributes:
        participant_micro: what each participant pays in all, (P,).
        retailer_micro: what each retailer is paid for supply less what it pays for feed-in, (R,).
        dso_micro: network charges.
        tax_micro: taxes.
    """

    participant_micro: Int
    retailer_micro: Int
    dso_micro: int
    tax_micro: int


def retail_only(meters: Meters, tariffs: Tariffs) -> RetailOnly:
    """All import at the retailer's supply price with charge and tax, all export at its feed-in price.

    Each period and part is rounded by itself, as the entries of a ledger are.
    """
    retailer = tariffs.retailer_of_participant
    supply_price = np.stack([each.supply_micro_per_kwh for each in tariffs.retailers], axis=1)[:, retailer]
    feed_in_price = np.stack([each.feed_in_micro_per_kwh for each in tariffs.retailers], axis=1)[:, retailer]
    supply = _over_horizon(meters.import_wh, supply_price)
    feed_in = _over_horizon(meters.export_wh, feed_in_price)
    charge = _over_horizon(meters.import_wh, tariffs.retail_charge_micro_per_kwh[:, None])
    tax = _over_horizon(meters.import_wh, tariffs.tax_micro_per_kwh)
    return RetailOnly(
        participant_micro=frozen(supply + charge + tax - feed_in, np.int64),
        retailer_micro=frozen(sum_at(retailer, supply - feed_in, len(tariffs.retailers)), np.int64),
        dso_micro=int(charge.sum()),
        tax_micro=int(tax.sum()),
    )


def _over_horizon(energy_wh: Int, price_micro_per_kwh: Int | int) -> Int:
    """The amounts of all periods together, (P,)."""
    total: Int = amount_micro(energy_wh, price_micro_per_kwh).sum(axis=0)
    return total
