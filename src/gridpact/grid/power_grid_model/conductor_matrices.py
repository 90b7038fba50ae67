"""Lines of power-grid-model that are given by their conductors: their matrices in phases.

With the neutral n as the way back of all that the phases carry, i_n = −(i_a + i_b + i_c), the voltages of the
phases to it fall along the line by the loop impedance

    Z = Z_pp − Z_pn 1ᵀ − 1 Z_np + Z_nn 1 1ᵀ.

With the neutral earthed at both ends of every line, v_n = 0, it is Z = Z_pp − Z_pn Z_nn⁻¹ Z_np (Kron).
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from gridpact.arrays import Bool, Complex, Float
from gridpact.grid.network_model import Neutral

CONDUCTORS = "abcn"
PHASE_PAIRS = ("aa", "ba", "bb", "ca", "cb", "cc")
NEUTRAL_PAIRS = ("na", "nb", "nc", "nn")

Rows = NDArray[np.void]


def has_four_conductors(rows: Rows) -> Bool:
    """Whether each line gives its neutral, as power-grid-model decides it, (n,)."""
    four: Bool = ~(np.isnan(rows["r_na"]) & np.isnan(rows["x_na"]))
    return four


def series_ohm(rows: Rows, neutral: Neutral) -> Complex:
    """Series impedance of each line in phases, (n, 3, 3)."""
    matrix = _matrix(rows, "r") + 1j * _matrix(rows, "x")
    phases, back, own = matrix[:, :3, :3], matrix[:, :3, 3:], matrix[:, 3:, 3:]
    if neutral is Neutral.RETURN:
        reduced = phases - back - back.transpose(0, 2, 1) + own
    else:
        with np.errstate(all="ignore"):
            reduced = phases - back * (1 / own) * back.transpose(0, 2, 1)
    series: Complex = np.where(has_four_conductors(rows)[:, None, None], reduced, phases)
    return series


def capacitance_f(rows: Rows) -> Float:
    """Capacitance of each line in phases, (n, 3, 3)."""
    zero, one = rows["c0"], rows["c1"]
    by_sequence = (zero - one)[:, None, None] / 3 + one[:, None, None] * np.eye(3)
    given = ~np.isnan(zero) & ~np.isnan(one)
    return np.where(given[:, None, None], by_sequence, _matrix(rows, "c")[:, :3, :3])


def loop_rows(rows: Rows) -> Rows:
    """The lines with the neutral as the way back, as lines of three conductors."""
    made = rows.copy()
    four = has_four_conductors(rows)
    for part in "rx":
        own = rows[f"{part}_nn"]
        for pair in PHASE_PAIRS:
            one, other = (rows[f"{part}_n{conductor}"] for conductor in pair)
            loop = rows[f"{part}_{pair}"] - one - other + own
            made[f"{part}_{pair}"] = np.where(four, loop, rows[f"{part}_{pair}"])
        for pair in NEUTRAL_PAIRS:
            made[f"{part}_{pair}"] = np.nan
    return made


def comparable_conductors(carried: Mapping[str, Rows]) -> dict[str, Rows]:
    """Components as power-grid-model's validation is to see them.

    It refuses mutual resistances and capacitances that are zero, and capacitances between conductors that
    are negative, as those of a nodal matrix are; here only whether they are given is left to it.
    """
    if "asym_line" not in carried:
        return dict(carried)
    rows = carried["asym_line"].copy()
    for name in rows.dtype.names or ():
        if name[:2] in ("r_", "x_", "c_") or name in ("c0", "c1"):
            rows[name] = np.where(np.isfinite(rows[name]), 1.0, rows[name])
    return {**carried, "asym_line": rows}


def _matrix(rows: Rows, part: str) -> Float:
    """The symmetric matrix of one attribute, (n, 4, 4); NaN where an entry is not given."""
    matrix = np.full((len(rows), 4, 4), np.nan)
    for pair in (*PHASE_PAIRS, *NEUTRAL_PAIRS):
        name = f"{part}_{pair}"
        if name in (rows.dtype.names or ()):
            first, second = (CONDUCTORS.index(conductor) for conductor in pair)
            matrix[:, first, second] = matrix[:, second, first] = rows[name]
    return matrix
