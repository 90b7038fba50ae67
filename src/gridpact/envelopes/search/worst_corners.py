"""Worst corners: the combinations in a box that load each limit most, as far as a search finds them.

It starts at the likely corners of a linear network, at those that were worst before, and at random ones. From
there each limit that is near its bound climbs: at the corner that loads it most, its exact gradient says what
each participant would have to do; all of that is tried at once, then single flips. Whatever is found was
confirmed by a power flow, and no more is claimed than that: the number of combinations tried is counted.
"""

from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Float, Int
from gridpact.envelopes.search.box import Box
from gridpact.envelopes.search.corner_trial import CornerTrial
from gridpact.envelopes.search.likely_corners import likely_corners
from gridpact.envelopes.search.metered_network import MeteredNetwork

NEAR = 0.7  # of the way from the idle network to its bound, from which on a limit climbs
CLIMBERS_MAX, CLIMBS_MAX, FLIPS = 48, 6, 6
KEPT_CORNERS_MAX = 300
THOROUGH_LIMITS, THOROUGH_VALUES = 24, 6000
RANDOM_COMBINATIONS = 1000
SEED = 20240721


@dataclass(frozen=True, slots=True, kw_only=True)
class Worst:
    """What loads each of Q limits of a box most, of the combinations tried.

    Attributes:
        excess: of each limit, (Q,).
        parts: the combination, (Q, P).
        holding: the limits that some combination brings within `AT_BOUND` of their bounds, (H,): one that is
            reached from several sides, as a line by export and by import, is there once for each.
        holding_parts: the combination, (H, P).
        tried: distinct combinations that were tried, each by a power flow.
    """

    excess: Float
    parts: Float
    holding: Int
    holding_parts: Float
    tried: int

    @property
    def greatest(self) -> float:
        """The greatest excess of all limits."""
        return float(self.excess.max(initial=-np.inf))


class WorstCorners:
    """Searches the worst corners of boxes, and remembers which corners were worst before.

    Args:
        metered: the network.
    """

    def __init__(self, metered: MeteredNetwork) -> None:
        self.metered = metered
        self.known = np.zeros((1, len(metered.participants)))

    def search(self, box: Box, *, thorough: bool = False) -> Worst:
        """What loads each limit of a box most.

        Args:
            box: whose combinations are tried.
            thorough: whether all single flips of the worst corners, parts of them, and random combinations,
                corners and others, are tried too.
        """
        trial = CornerTrial(self.metered, box)
        trial.take(np.vstack([self.known, likely_corners(self.metered, box)]))
        self._climb(trial)
        if thorough:
            trial.take(_random(len(box.export_kw)))
            trial.take(_all_flips(trial))
            self._climb(trial)
        self._remember(trial)
        holding, holding_parts = trial.holding()
        return Worst(
            excess=trial.excess,
            parts=trial.parts,
            holding=holding,
            holding_parts=holding_parts,
            tried=trial.tried,
        )

    def remember(self, parts: Float) -> None:
        """Keeps combinations, (m, P), to be tried in every later search."""
        self.known = np.unique(np.vstack([self.known, parts]), axis=0)

    def _climb(self, trial: CornerTrial) -> None:
        """Climbs from the worst corners of the limits that are near their bounds, as long as any rises."""
        for _ in range(CLIMBS_MAX):
            before = trial.excess.copy()
            limits = trial.nearest(CLIMBERS_MAX, NEAR)
            if not len(limits):
                return
            trial.take(_steps(trial, limits))
            if not np.any(trial.excess[limits] > before[limits] + 1e-10):
                return

    def _remember(self, trial: CornerTrial) -> None:
        limits = trial.nearest(KEPT_CORNERS_MAX, NEAR)
        known = np.unique(np.vstack([self.known, trial.parts[limits]]), axis=0)
        if len(known) > KEPT_CORNERS_MAX:
            known = np.unique(np.vstack([self.known[:1], trial.parts[limits]]), axis=0)
        self.known = known


def _steps(trial: CornerTrial, limits: Int) -> Float:
    """What gradients say of the worst corner of each limit: all changes at once, and the best single ones."""
    box, people = trial.box, len(trial.box.export_kw)
    corners, which = np.unique(trial.parts[limits], axis=0, return_inverse=True)
    found = []
    for place, corner in enumerate(corners):
        here = limits[which.reshape(-1) == place]
        gradients = trial.metered.gradients(box.power_kw(corner[None])[0], here)
        by_export, by_import = gradients[:, :people] * box.export_kw, gradients[:, people:] * box.import_kw
        options = np.stack([by_import, np.zeros_like(by_export), by_export])
        now = np.where(corner >= 0.0, corner * by_export, -corner * by_import)
        gain = options - now  # of import, nothing and export, (3, L, P)
        best = gain.argmax(axis=0)
        rises = gain.max(axis=0) > 1e-12
        found.append(np.where(rises, best - 1.0, corner))
        for index in range(len(here)):
            for each in np.argsort(-gain[:, index].max(axis=0), kind="stable")[:FLIPS]:
                flipped = corner.copy()
                flipped[each] = best[index, each] - 1.0
                found.append(flipped[None])
    return np.vstack(found)


def _all_flips(trial: CornerTrial) -> Float:
    """Every single flip of the worst corners of the limits nearest to their bounds, and halves of them."""
    people = len(trial.box.export_kw)
    limits = trial.nearest(THOROUGH_LIMITS, NEAR)
    corners = np.unique(trial.parts[limits], axis=0)[: max(1, THOROUGH_VALUES // (5 * people))]
    found = list(corners)
    for corner in corners:
        for part in (-1.0, -0.5, 0.0, 0.5, 1.0):
            flipped = np.tile(corner, (people, 1))
            np.fill_diagonal(flipped, part)
            found.extend(flipped)
    return np.array(found).reshape(-1, people)


def _random(people: int) -> Float:
    """Random corners and random combinations between them, the same on every run."""
    random = np.random.default_rng(SEED)
    corners = random.integers(-1, 2, (RANDOM_COMBINATIONS // 2, people)).astype(np.float64)
    return np.vstack([corners, random.uniform(-1.0, 1.0, (RANDOM_COMBINATIONS // 2, people))])
