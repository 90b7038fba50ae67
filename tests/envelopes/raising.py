"""Whether a share of an envelope can be raised alone, all corners of few participants tried."""

import numpy as np

from gridpact.envelopes import OperatingEnvelopes
from tests.envelopes.made import Judge, all_corners

AT_BOUND, RAISED, LOADS_MORE = 1e-5, 0.01, 1e-10


def raisable(judge: Judge, found: OperatingEnvelopes) -> list[tuple[int, str]]:
    """The participants and sides whose shares, below 1, are not at a limit.

    A share is at a limit where raising it alone by 1 % of the connection loads more a limit that is within
    1e-5 of its bound.
    """
    people, connection = len(judge.case.participants), judge.case.participants.connection_kw
    corners = all_corners(people)
    boxes = {"import": found.import_max_kw[0], "export": found.export_max_kw[0]}
    powers = judge.powers(corners, boxes["import"], boxes["export"])
    before = judge.every_excess(powers).max(axis=0)
    near = before >= -AT_BOUND
    free = []
    for side, box in boxes.items():
        for one in np.flatnonzero(box < connection * (1.0 - 1e-9)).tolist():
            raised = {name: kw.copy() for name, kw in boxes.items()}
            raised[side][one] += RAISED * connection[one]
            powers = judge.powers(corners, raised["import"], raised["export"])
            after = judge.every_excess(powers).max(axis=0)
            if not np.any(near & (after > before + LOADS_MORE)):
                free.append((one, side))
    return free
