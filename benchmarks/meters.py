"""Meters of a clearance: what they read where everybody does what the schedule says."""

import numpy as np

from gridpact.arrays import frozen
from gridpact.results import Clearance
from gridpact.settlement.amounts.whole import nearest_wh
from gridpact.settlement.energy.meters import Meters
from gridpact.settlement.reading.read_positions import scheduled_wh


def scheduled_meters(clearance: Clearance) -> Meters:
    """A reading of every participant in every period, and of the head."""
    net_wh = scheduled_wh(clearance)
    hours = clearance.case.horizon.hours_per_period
    return Meters(
        import_wh=frozen(np.maximum(-net_wh, 0), np.int64),
        export_wh=frozen(np.maximum(net_wh, 0), np.int64),
        given=frozen(np.ones(net_wh.shape), np.bool_),
        estimated=frozen(np.zeros(net_wh.shape), np.bool_),
        head_import_wh=frozen(nearest_wh(clearance.operation.import_kw, hours), np.int64),
        head_given=frozen(np.ones(len(net_wh)), np.bool_),
    )
