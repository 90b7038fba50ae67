"""Sharing: the meters govern, and a trade counts as far as both of them carry it.

With e the cleared energy of a row, X_s the export of its seller, M_d the import of its buyer, and E the sums
of e over all sales of the one and all purchases of the other in the period,

    z = min(e, ⌊e · X_s / E_s⌋, ⌊e · M_d / E_d⌋)

which is e · min(1, X_s / E_s, M_d / E_d) rounded down to whole watt-hours.
"""

import numpy as np

from gridpact.arrays import frozen
from gridpact.settlement.amounts.money import whole_part
from gridpact.settlement.energy.delivery import Delivery, sold_and_bought
from gridpact.settlement.energy.meters import Meters
from gridpact.settlement.energy.positions import Positions


def deliver_as_metered(positions: Positions, meters: Meters) -> Delivery:
    """The delivery under mode `sharing`; what it leaves is never negative."""
    cleared = positions.energy_wh
    cleared_sold, cleared_bought = sold_and_bought(positions, cleared, meters)
    sale, purchase = (positions.period, positions.seller), (positions.period, positions.buyer)
    carried_by_seller = whole_part(cleared, meters.export_wh[sale], cleared_sold[sale])
    carried_by_buyer = whole_part(cleared, meters.import_wh[purchase], cleared_bought[purchase])
    energy = np.minimum(cleared, np.minimum(carried_by_seller, carried_by_buyer))
    sold, bought = sold_and_bought(positions, energy, meters)
    return Delivery(
        energy_wh=frozen(energy, np.int64),
        sold_wh=frozen(sold, np.int64),
        bought_wh=frozen(bought, np.int64),
        left_import_wh=frozen(meters.import_wh - bought, np.int64),
        left_export_wh=frozen(meters.export_wh - sold, np.int64),
    )
