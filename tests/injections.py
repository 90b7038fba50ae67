"""What participants make, written apart from gridpact, where feed-in is firm."""

import numpy as np

from gridpact.arrays import Float
from gridpact.case import Participants, Profiles


def made_kw(participants: Participants, profiles: Profiles, sold_kw: Float) -> Float:
    """Generation that runs, (T, P), for `sold_kw` (T, P): exporters' surplus does in any case."""
    own_use_kw = np.minimum(profiles.load_kw, profiles.generation_kw)
    surplus_kw = profiles.generation_kw - own_use_kw
    return own_use_kw + np.where(participants.exports, surplus_kw, sold_kw)
