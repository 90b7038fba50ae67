"""Membership: from when until when each participant takes part, as instants and as periods."""

import numpy as np

from gridpact.arrays import Bool, frozen
from gridpact.case.horizon import Horizon
from gridpact.case.participants import Participants
from gridpact.case.times import MICROSECOND, microseconds


def membership(participants: Participants, horizon: Horizon) -> Bool:
    """Whether each participant is a member in each period, (T, P)."""
    step = horizon.step // MICROSECOND
    start = microseconds(horizon.start) + step * np.arange(horizon.periods)
    is_member = (start[:, None] >= participants.member_from) & (start[:, None] < participants.member_until)
    return frozen(is_member, np.bool_)
