"""Firm: the trade is the position, and a meter that differs from it is an imbalance.

The position is sold − bought, the net meter export − import. A meter above its position is long, which is
left as an export; one below it is short, which is left as an import.
"""

import numpy as np

from gridpact.arrays import frozen
from gridpact.settlement.energy.delivery import Delivery, sold_and_bought
from gridpact.settlement.energy.meters import Meters
from gridpact.settlement.energy.positions import Positions


def deliver_as_cleared(positions: Positions, meters: Meters) -> Delivery:
    """The delivery under mode `firm`: all that was cleared."""
    sold, bought = sold_and_bought(positions, positions.energy_wh, meters)
    deviation = (meters.export_wh - meters.import_wh) - (sold - bought)
    return Delivery(
        energy_wh=positions.energy_wh,
        sold_wh=frozen(sold, np.int64),
        bought_wh=frozen(bought, np.int64),
        left_import_wh=frozen(np.maximum(-deviation, 0), np.int64),
        left_export_wh=frozen(np.maximum(deviation, 0), np.int64),
    )
