"""The rule `max-min`: from the shares of `equal`, raised further where nothing stands in the way.

The smallest shares that are not at a limit are raised together, to the next greater ones or until a limit
holds them, and so on. A share is at a limit where raising it alone by 1 % of the connection loads more a
limit that is within 1e-5 of its bound: raising others never relieves that limit, as their boxes only grow.
"""

from dataclasses import replace

import numpy as np

from gridpact.arrays import Bool, Float, Int
from gridpact.envelopes.equal_rule import SPARE, equal_shares, nearest_limit
from gridpact.envelopes.search.box import Box
from gridpact.envelopes.search.greatest_box import greatest_box
from gridpact.envelopes.search.worst_corners import Worst, WorstCorners
from gridpact.envelopes.shares import CONNECTION, Shares

RAISED = 0.01  # of the connection
LOADED_MORE = 1e-9  # pu of voltage, and parts of a rating
SAME_SHARE = 1e-9
UNDECIDED = -3
ATTEMPTS_MAX = 5


def max_min_shares(corners: WorstCorners, connection_kw: Float) -> Shares:
    """The shares by the rule `max-min`; zeros where the idle network breaks a limit already.

    Args:
        corners: of the network.
        connection_kw: of each participant, (P,).
    """
    equal = equal_shares(corners, connection_kw)
    if np.any(corners.metered.idle_excess > 0.0):
        return equal
    for _ in range(ATTEMPTS_MAX):
        raised = _raised(corners, connection_kw, equal)
        worst = corners.search(raised.box, thorough=True)
        if worst.greatest <= 0.0:
            return replace(raised, worst=worst)
        corners.remember(worst.parts[worst.excess > 0.0])
        equal = equal_shares(corners, connection_kw)
    return equal


def _raised(corners: WorstCorners, connection_kw: Float, start: Shares) -> Shares:
    """The shares raised from a start as far as they go."""
    people = len(connection_kw)
    share = np.concatenate([start.import_share, start.export_share])
    limit = np.where(share >= 1.0, CONNECTION, UNDECIDED)
    worst, box = start.worst, start.box
    while True:
        _hold(corners, connection_kw, box, worst, limit)
        free = np.flatnonzero(limit == UNDECIDED)
        if not len(free):
            break
        lowest = share[free].min()
        group = free[share[free] <= lowest + SAME_SHARE]
        above = share[free][share[free] > lowest + SAME_SHARE]
        level = float(above.min(initial=1.0))
        goal = share.copy()
        goal[group] = level
        for spare in (SPARE, 0.0):  # Who hardly touches a limit may spend what is spared of it.
            growth = greatest_box(corners, box, _box(connection_kw, goal), spare=spare)
            share[group] += growth.share * (goal[group] - share[group])
            box, worst = growth.box, growth.worst
            if growth.share == 1.0:
                share[group] = level
                limit[group] = CONNECTION if level >= 1.0 else UNDECIDED
                break
            _hold(corners, connection_kw, box, worst, limit)
            if np.any(limit[group] != UNDECIDED):
                break
        else:  # Rounding is all that is left to raise.
            limit[group] = nearest_limit(worst.excess)
    return Shares(
        import_share=share[:people],
        export_share=share[people:],
        import_limit=limit[:people],
        export_limit=limit[people:],
        box=box,
        worst=worst,
    )


def _box(connection_kw: Float, share: Float) -> Box:
    """The box of the shares of imports, then exports, (2P,)."""
    imports, exports = np.split(share, 2)
    return Box.of_shares(connection_kw, imports, exports)


def _hold(corners: WorstCorners, connection_kw: Float, box: Box, worst: Worst, limit: Int) -> None:
    """Notes the limit of each undecided share that is at one, (2P,)."""
    for at, parts in zip(worst.holding.tolist(), worst.holding_parts, strict=True):
        undecided = np.flatnonzero(limit == UNDECIDED)
        if not len(undecided):
            return
        loaded = loads_more(corners, connection_kw, box, parts, at, undecided)
        limit[undecided[loaded]] = at


def loads_more(
    corners: WorstCorners, connection_kw: Float, box: Box, parts: Float, limit: int, shares: Int
) -> Bool:
    """Whether raising each of some shares alone by 1 % of its connection loads a limit more, (s,).

    Args:
        corners: of the network.
        connection_kw: of each participant, (P,).
        box: that is raised.
        parts: the combination that loads the limit most, (P,).
        limit: which, of Q.
        shares: places among the shares of imports, then exports, (s,).
    """
    people = len(connection_kw)
    participant, is_export = shares % people, shares >= people
    power_kw = np.tile(box.power_kw(parts[None])[0], (len(shares), 1))
    further = np.where(is_export, box.export_kw[participant], -box.import_kw[participant])
    further = further + np.where(is_export, RAISED, -RAISED) * connection_kw[participant]
    power_kw[np.arange(len(shares)), participant] = further
    before = corners.metered.excess(box.power_kw(parts[None]))[0, limit]
    more: Bool = corners.metered.excess(power_kw)[:, limit] > before + LOADED_MORE
    return more
