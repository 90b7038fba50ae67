"""Virtual sharing: what a community feeds in and draws within the same clock hour, as Italy counts it."""

from itertools import pairwise

import numpy as np

from gridpact.arrays import Int
from gridpact.case.horizon import Horizon
from gridpact.settlement.amounts.money import sum_at
from gridpact.settlement.energy.meters import Meters


def virtual_shared_wh(horizon: Horizon, meters: Meters) -> int:
    """The sum over clock hours of the lesser of all members' exports and all their imports, whole Wh.

    Hours are those of the local clock; one that comes twice counts as two.
    """
    hour = _clock_hours(horizon)
    exported, imported = (
        sum_at(hour, table.sum(axis=1), int(hour[-1]) + 1) for table in (meters.export_wh, meters.import_wh)
    )
    return int(np.minimum(exported, imported).sum())


def _clock_hours(horizon: Horizon) -> Int:
    """The clock hour that each period is in, counted from the first, (T,)."""
    hours = [(instant.date(), instant.hour, instant.utcoffset()) for instant in horizon.instants()]
    hour: Int = np.cumsum([0, *(one != other for one, other in pairwise(hours))])
    return hour
