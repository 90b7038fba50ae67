"""What must hold of cleared powers, whatever the optimum: the terms themselves."""

import numpy as np

from gridpact.case import Case
from tests.terms_oracle import Shares

SAME_FRACTION = 1e-9


def assert_terms_hold(case: Case, cleared_kw: np.ndarray) -> None:
    """Blocks and links clear evenly, nothing clears below its least fraction, and of a group only one."""
    shares = Shares(case)
    fraction = cleared_kw / case.trades.power_kw[:, None]
    assert np.all(fraction >= 0.0)
    assert np.all(fraction <= 1.0 + SAME_FRACTION)
    for index, share in enumerate(shares.all):
        here = fraction[shares.of == index]
        assert np.ptp(here) <= SAME_FRACTION, share
        assert np.all((here == 0.0) | (here >= share.least - SAME_FRACTION)), share
    accepted = shares.accepted(shares.fraction(cleared_kw))
    assert np.all(shares.exclusive.astype(int) @ accepted <= 1)
