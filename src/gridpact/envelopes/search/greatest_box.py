"""GreatestBox: how far a box can grow towards another one before a combination in it breaks a limit."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Float
from gridpact.envelopes.search.box import Box
from gridpact.envelopes.search.likely_corners import likely_corners
from gridpact.envelopes.search.worst_corners import Worst, WorstCorners

SHARE_PRECISION = 1e-8
STEPS = 8
FIRST_CORNERS = 64  # of the likely ones, by which a first share is found
ROUNDS_MAX = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """A box that keeps every limit, as far as its worst corners are known.

    Attributes:
        share: of the way from the first box to the second one, 0 to 1.
        box: the box there.
        worst: what loads its limits most.
    """

    share: float
    box: Box
    worst: Worst


def greatest_box(
    corners: WorstCorners, first: Box, second: Box, *, thorough: bool = False, spare: float = 0.0
) -> Growth:
    """The box nearest to a second one, on the way from a first one, that keeps every limit.

    Corners that break a limit are gathered one search after the other, and the way is shortened to the first
    place where one of them does, until a search finds no other. The first box is taken to keep every limit.

    Args:
        corners: of the network.
        first: within the second one.
        second: all that is asked for.
        thorough: whether the box is searched thoroughly at the end.
        spare: what is left of each limit besides, pu of voltage and parts of a rating.
    """
    share, gathered = 1.0, np.zeros((0, len(first.export_kw)))
    if not np.any(second.export_kw > first.export_kw) and not np.any(second.import_kw > first.import_kw):
        return Growth(share=1.0, box=second, worst=corners.search(second, thorough=thorough))
    # Far beyond its limits a network may have no operating point, which takes long to find out.
    likely = likely_corners(corners.metered, second)[:FIRST_CORNERS]
    share = _share_kept(corners, first, second, np.vstack([corners.known, likely]), share, spare)
    for _ in range(ROUNDS_MAX):
        box = first.towards(second, share)
        worst = corners.search(box)
        if worst.greatest <= 0.0 and thorough:
            worst = corners.search(box, thorough=True)
        if worst.greatest <= 0.0 or share == 0.0:
            return Growth(share=share, box=box, worst=worst)
        broken = np.unique(worst.parts[worst.excess > 0.0], axis=0)
        gathered = np.unique(np.vstack([gathered, broken]), axis=0)
        corners.remember(broken)
        share = _share_kept(corners, first, second, gathered, share, spare)
    return Growth(share=0.0, box=first, worst=corners.search(first, thorough=thorough))


def _share_kept(
    corners: WorstCorners, first: Box, second: Box, parts: Float, most: float, spare: float
) -> float:
    """The greatest share, up to `most`, below which none of some combinations, (m, P), breaks a limit."""
    margin = corners.metered.margin + spare

    def excess(share: float) -> float:
        power_kw = first.towards(second, share).power_kw(parts)
        return float((corners.metered.excess(power_kw) + margin).max(initial=-np.inf))

    low = 0.0
    for step in range(1, STEPS + 1):
        high = most * step / STEPS
        if excess(high) > 0.0:
            return _crossing(excess, low, high)
        low = high
    return most


def _crossing(excess: Callable[[float], float], low: float, high: float) -> float:
    """Where an excess becomes positive between a place where it is not and one where it is, from below."""
    from scipy.optimize import elementwise

    if excess(low) > 0.0:
        return low

    def each(shares: Float) -> Float:
        return np.array([excess(float(one)) for one in np.atleast_1d(shares)]).reshape(np.shape(shares))

    found = elementwise.find_root(each, (low, high), tolerances={"xatol": SHARE_PRECISION, "xrtol": 0.0})
    ends = sorted(zip((float(x) for x in found.bracket), (float(f) for f in found.f_bracket), strict=True))
    return max((x for x, value in ends if value <= 0.0), default=low)
