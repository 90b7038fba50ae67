"""The zero sequence of power-grid-model's branches and shunts, as power-grid-model has it.

A winding is reached by the zero sequence where its neutral is led out. Through a transformer it goes between
two such star windings; a delta winding short-circuits it; a zigzag winding has a tenth of the short-circuit
impedance; behind any other winding the magnetising admittance is all there is. A winding that is not reached
has a tiny admittance to earth.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from gridpact.arrays import Bool, Complex, Float
from gridpact.grid.power_grid_model.pi_branches import (
    BASE_VA,
    SYSTEM_FREQUENCY_HZ,
    TRANSFORMER,
    PiBranches,
    tapped_volts,
)
from gridpact.grid.three_phase.two_port import TwoPorts, joined_two_ports, no_two_ports, pi_two_ports

WYE, WYE_N, DELTA, ZIGZAG, ZIGZAG_N = range(5)
REVERSED_CLOCKS = (2, 6, 10)
ZIGZAG_SHARE = 0.1
FLOATING_SHARE = 1e-8
DEFAULT_ZERO_RATIO = 1.0

Rows = NDArray[np.void]


def zero_two_ports(carried: Mapping[str, Rows], pi: PiBranches) -> TwoPorts:
    """The zero sequence of all branches and sources, in the order of their pi circuits, pu of 1 kVA.

    Lines that are given by their conductors carry nothing here.
    """
    node = carried["node"]
    parts = []
    if "line" in carried:
        rows = carried["line"]
        parts.append(_lines(rows, _rated(node, rows["from_node"])))
    if "asym_line" in carried:
        parts.append(no_two_ports(len(carried["asym_line"])))
    if "transformer" in carried:
        rows = carried["transformer"]
        rated = _rated(node, rows["from_node"]), _rated(node, rows["to_node"])
        parts.append(_transformers(rows, pi.rows(pi.kind == TRANSFORMER), *rated))
    if "source" in carried:
        rows = carried["source"]
        ratio = np.where(np.isnan(rows["z01_ratio"]), DEFAULT_ZERO_RATIO, rows["z01_ratio"])
        nothing = np.zeros(len(rows))
        parts.append(pi_two_ports(pi.series[len(pi.series) - len(rows) :] / ratio, nothing, nothing))
    return joined_two_ports(parts)


def magnetising_pu(rows: Rows, rated_to: Float) -> Complex:
    """Zero-sequence magnetising admittance of each transformer at its `to` side, pu of 1 kVA.

    That of the positive sequence where nothing is given; losses that are not given grow with the current.
    """
    current = np.where(np.isnan(rows["i0_zero_sequence"]), rows["i0"], rows["i0_zero_sequence"])
    grown = rows["p0"] + rows["pk"] * (current**2 - rows["i0"] ** 2)
    losses = np.where(np.isnan(rows["p0_zero_sequence"]), grown, rows["p0_zero_sequence"])
    reactive = np.sqrt(np.maximum((current * rows["sn"]) ** 2 - losses**2, 0.0))
    admittance: Complex = (losses - 1j * reactive) / BASE_VA * (rated_to / tapped_volts(rows)[1]) ** 2
    return admittance


def has_way_back(rows: Rows, from_low: Bool) -> Bool:
    """Whether the low-voltage winding of each transformer has its neutral led out, (n,)."""
    low = np.where(from_low, rows["winding_from"], rows["winding_to"])
    return np.isin(low, (WYE_N, ZIGZAG_N))


def _lines(rows: Rows, rated: Float) -> TwoPorts:
    base = BASE_VA / rated**2
    half = np.pi * SYSTEM_FREQUENCY_HZ * rows["c0"] * (rows["tan0"] + 1j) / base
    with np.errstate(all="ignore"):
        return pi_two_ports(1 / (rows["r0"] + 1j * rows["x0"]) / base, half, half)


def _transformers(rows: Rows, pi: PiBranches, rated_from: Float, rated_to: Float) -> TwoPorts:
    """Transformers by their windings, groundings and magnetising, as power-grid-model has them."""
    earthing_from, earthing_to = (
        (np.nan_to_num(rows[f"r_grounding_{end}"]) + 1j * np.nan_to_num(rows[f"x_grounding_{end}"]))
        * BASE_VA
        / rated**2
        for end, rated in (("from", rated_from), ("to", rated_to))
    )
    ratio = np.abs(pi.ratio)
    at_from, at_to = 3 * earthing_from / ratio**2, 3 * earthing_to
    winding_from, winding_to = rows["winding_from"], rows["winding_to"]
    magnetising = magnetising_pu(rows, rated_to)
    through = (winding_from == WYE_N) & (winding_to == WYE_N)
    sign = np.where(np.isin(rows["clock"] % 12, REVERSED_CLOCKS), -1.0, 1.0)
    with np.errstate(all="ignore"):
        series = 1 / (1 / pi.series + at_from + at_to)
        ports = pi_two_ports(series, magnetising / 2, magnetising / 2, ratio * sign)
        seen_from = _one_sided(winding_from, winding_to, magnetising, pi.series, at_from)
        seen_to = _one_sided(winding_to, winding_from, magnetising, pi.series, at_to)
    floating = -1j * FLOATING_SHARE * rows["sn"] / BASE_VA / rows["uk"]
    reached_from, reached_to = _is_reached(winding_from, winding_to), _is_reached(winding_to, winding_from)
    by_from = seen_from / ratio**2 + np.where(reached_from, 0.0, floating)
    by_to = seen_to + np.where(reached_to, 0.0, floating)
    return TwoPorts(
        np.where(through, ports.from_from, by_from),
        np.where(through, ports.from_to, 0.0),
        np.where(through, ports.to_from, 0.0),
        np.where(through, ports.to_to, by_to),
    )


def _one_sided(own: Rows, other: Rows, magnetising: Complex, series: Complex, earthing: Complex) -> Complex:
    """Admittance to earth of a winding whose zero sequence does not go through, at the `to` side."""
    star = magnetising + np.where(other == DELTA, series, 0.0)
    seen = np.where(star == 0, 0.0, 1 / (1 / star + earthing))
    zigzag = 1 / (ZIGZAG_SHARE / series + earthing)
    admittance: Complex = np.select([own == WYE_N, own == ZIGZAG_N], [seen, zigzag], 0.0)
    return admittance


def _is_reached(own: Rows, other: Rows) -> Bool:
    reached: Bool = (own == ZIGZAG_N) | ((own == WYE_N) & np.isin(other, (WYE_N, DELTA)))
    return reached


def _rated(node: Rows, wanted: Rows) -> Float:
    rated: Float = node["u_rated"][np.searchsorted(node["id"], wanted)]
    return rated
