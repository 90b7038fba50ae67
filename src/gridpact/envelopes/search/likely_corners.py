"""Likely corners: for each limit, the corners that load it most if the network answered linearly.

Without injection the power flow is linear in conj(s) to first order, and a limited quantity is the magnitude
|z₀ + Σ aₖ| of a form, with aₖ the share of what each participant does: its whole export, its whole import, or
nothing. The greatest magnitude of such a sum lies, for some direction φ, where each participant does what
goes farthest in that direction (the support function of a zonotope), and so mixed combinations over feeders
and phases are found as well as those where all do the same. Least voltages go against the direction of z₀.
"""

import numpy as np

from gridpact.arrays import Bool, Complex, Float, Int
from gridpact.envelopes.search.box import Box
from gridpact.envelopes.search.metered_network import MeteredNetwork

DIRECTIONS = 36
NEAR = 0.6  # a limit that is not filled so far by the sum of all magnitudes is out of reach
CORNERS_MAX = 400


def likely_corners(metered: MeteredNetwork, box: Box) -> Float:
    """Distinct corners of a box as parts −1, 0 and 1, those that load their limit most first, (m, P)."""
    people = len(box.export_kw)
    form, response = metered.idle_form, metered.idle_response
    exported, imported = response[:, :people] * box.export_kw, response[:, people:] * box.import_kw
    voltages = len(metered.oracle.monitored.node)
    angles = np.angle(form[:voltages])
    up = _towards(exported[:voltages], imported[:voltages], angles, box)
    down = _towards(exported[:voltages], imported[:voltages], angles + np.pi, box)
    width = np.maximum(1e-9, -metered.idle_excess)
    corners = [up[1], down[1]]
    filled = [up[0] / width[:voltages], down[0] / width[voltages : 2 * voltages]]
    others = voltages + _within_reach(
        form[voltages:],
        exported[voltages:],
        imported[voltages:],
        metered.bound[2 * voltages :] * metered.idle_size[voltages:],
    )
    if len(others):
        bound = metered.bound[others + voltages] * metered.idle_size[others]
        for half in (0, 1):
            reach, found = _farthest(form[others], exported[others], imported[others], box, half)
            corners.append(found)
            filled.append(reach / bound)
    return _distinct(np.vstack(corners), np.concatenate(filled))


def _towards(exported: Complex, imported: Complex, angle: Float, box: Box) -> tuple[Float, Float]:
    """How far each form, (M,), goes in a direction of its own, (M,), and the corner, (M, P)."""
    turn = np.exp(-1j * angle)[:, None]
    by_export, by_import = (exported * turn).real, (imported * turn).real
    parts = np.where(by_export >= by_import, 1.0, -1.0)
    gain = np.maximum(by_export, by_import)
    parts = np.where(gain > 0.0, parts, 0.0)
    return np.maximum(gain, 0.0).sum(axis=1), _used(parts, box)


def _within_reach(form: Complex, exported: Complex, imported: Complex, bound: Float) -> Int:
    """The forms whose magnitude can come near their bound, (M,)."""
    most = np.abs(form) + np.maximum(np.abs(exported), np.abs(imported)).sum(axis=1)
    return np.flatnonzero(most > NEAR * bound)


def _farthest(
    form: Complex, exported: Complex, imported: Complex, box: Box, half: int
) -> tuple[Float, Float]:
    """The greatest magnitude over the directions of a half plane, (M,), and the corner, (M, P)."""
    reach, corner = np.full(len(form), -np.inf), np.zeros(exported.shape)
    for step in range(DIRECTIONS // 2):
        angle = np.full(len(form), 2.0 * np.pi * (step + half * DIRECTIONS // 2) / DIRECTIONS)
        gain, parts = _towards(exported, imported, angle, box)
        found = (form * np.exp(-1j * angle)).real + gain
        better: Bool = found > reach
        reach[better], corner[better] = found[better], parts[better]
    return reach, corner


def _used(parts: Float, box: Box) -> Float:
    """Parts without those of a side that has no power, so that equal combinations are equal."""
    used: Float = np.where(parts > 0.0, box.export_kw > 0.0, box.import_kw > 0.0) * parts
    return used


def _distinct(corners: Float, filled: Float) -> Float:
    """Distinct corners, those that fill their limit most first, `CORNERS_MAX` of them at most."""
    order = np.argsort(-filled, kind="stable")
    ordered = corners[order]
    _, first = np.unique(ordered, axis=0, return_index=True)
    return ordered[np.sort(first)[:CORNERS_MAX]]
