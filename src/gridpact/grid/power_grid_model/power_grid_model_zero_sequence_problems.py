"""What power-grid-model input lacks for three phases, or has that they cannot carry, element by element."""

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from gridpact.arrays import Bool, Float
from gridpact.errors import Problem
from gridpact.grid.power_grid_model.conductor_matrices import (
    NEUTRAL_PAIRS,
    PHASE_PAIRS,
    has_four_conductors,
    series_ohm,
)
from gridpact.grid.power_grid_model.power_grid_model_zero_sequence import DELTA, WYE_N, ZIGZAG_N, has_way_back
from gridpact.grid.source import NetworkSource, unused_neutral

NEEDED = {"line": ("r0", "x0", "c0", "tan0"), "shunt": ("g0", "b0")}
STATUS = {"line": ("from_status", "to_status"), "shunt": ("status",)}
REMEDY = {
    "line": "write the zero sequence of the line, which its manufacturer gives, or model = 'balanced'",
    "shunt": "write its zero sequence, 0 where it is not connected to the neutral",
}
SERIES_PAIRS = tuple(f"{part}_{pair}" for part in "rx" for pair in PHASE_PAIRS)
NEUTRAL_SERIES = tuple(f"{part}_{pair}" for part in "rx" for pair in NEUTRAL_PAIRS)
CAPACITANCES = tuple(f"c_{pair}" for pair in PHASE_PAIRS)
SINGULAR_SHARE = 1e-9
WINDING_WORDS = ("wye", "wye_n", "delta", "zigzag", "zigzag_n")

Rows = NDArray[np.void]


def in_service(carried: Mapping[str, Rows]) -> dict[str, Rows]:
    """The input without lines, transformers and shunts that are switched off: they need no zero sequence."""
    kept = {}
    for name, rows in carried.items():
        flags = ("status",) if name == "shunt" else ("from_status", "to_status")
        status = [column for column in flags if column in (rows.dtype.names or ())]
        left = rows[np.any([rows[column] != 0 for column in status], axis=0)] if status else rows
        if len(left):
            kept[name] = left
    return kept


def zero_sequence_problems(carried: Mapping[str, Rows], source: NetworkSource) -> Iterator[Problem]:
    """One problem for each element in service that lacks something, or has something of no meaning."""
    for name, columns in NEEDED.items():
        if name in carried:
            yield from _missing(carried[name], name, columns, source)
    if "asym_line" in carried:
        yield from _conductors(carried["asym_line"], source)
        yield from _singular(carried["asym_line"], source)
    if "asym_line" not in carried or not has_four_conductors(carried["asym_line"]).any():
        yield from unused_neutral(source)
    if "transformer" in carried:
        yield from _windings(carried["transformer"], source)


def _missing(rows: Rows, name: str, columns: tuple[str, ...], source: NetworkSource) -> Iterator[Problem]:
    active = np.any([rows[status] == 1 for status in STATUS[name]], axis=0)
    absent = np.stack([~np.isfinite(rows[column]) for column in columns], axis=1)
    for row in np.flatnonzero(active & absent.any(axis=1)).tolist():
        listed = [column for column, lacks in zip(columns, absent[row], strict=True) if lacks]
        yield _lacking(name, rows["id"][row], listed, source, REMEDY[name])
    if name == "line":
        for row in np.flatnonzero(active & (rows["r0"] == 0) & (rows["x0"] == 0)).tolist():
            what, field = "has no zero-sequence impedance", f"line {rows['id'][row]} r0"
            yield source.problem(what, field=field, value="0", remedy=REMEDY["line"])


def _lacking(name: str, index: int, columns: list[str], source: NetworkSource, remedy: str) -> Problem:
    what = "lacks a value" if len(columns) == 1 else "lack values"
    return source.problem(what, field=f"{name} {index} {', '.join(columns)}", remedy=remedy)


def _conductors(rows: Rows, source: NetworkSource) -> Iterator[Problem]:
    """Lines whose matrices are not whole: a line of two phases lacks the entries of the third."""
    active = (rows["from_status"] == 1) | (rows["to_status"] == 1)
    for row in np.flatnonzero(active).tolist():
        line = rows[row]
        lacks = [name for name in SERIES_PAIRS if not np.isfinite(line[name])]
        neutral = [name for name in NEUTRAL_SERIES if not np.isfinite(line[name])]
        if 0 < len(neutral) < len(NEUTRAL_SERIES):
            lacks += neutral
        sequences = np.isfinite(line["c0"]) and np.isfinite(line["c1"])
        if not sequences:
            lacks += [name for name in CAPACITANCES if not np.isfinite(line[name])]
        if lacks:
            remedy = (
                "three phases take lines of all three, with or without a neutral: write the whole matrices"
            )
            yield _lacking("asym_line", line["id"], lacks, source, remedy)


def _singular(rows: Rows, source: NetworkSource) -> Iterator[Problem]:
    """Lines whose matrices are whole, and have no inverse."""
    series = series_ohm(rows, source.neutral)
    whole: Bool = np.asarray(np.isfinite(series).all(axis=(1, 2)))
    known = np.where(whole[:, None, None], series, np.eye(3, dtype=np.complex128))
    sizes: Float = np.asarray(np.linalg.svd(known, compute_uv=False), np.float64)
    least, greatest = sizes[:, -1], sizes[:, 0]
    for row in np.flatnonzero(least <= SINGULAR_SHARE * greatest).tolist():
        what, field = "has no impedance in some direction", f"asym_line {rows['id'][row]}"
        yield source.problem(what, field=field, remedy="write the matrices of r and x in ohm")


def _windings(rows: Rows, source: NetworkSource) -> Iterator[Problem]:
    """Transformers that have no way back for the unbalanced current of their low-voltage side."""
    active = (rows["from_status"] == 1) | (rows["to_status"] == 1)
    from_low = rows["u1"] < rows["u2"]
    led_out = has_way_back(rows, from_low)
    for row in np.flatnonzero(active).tolist():
        end, other = ("from", "to") if from_low[row] else ("to", "from")
        winding, beyond = (int(rows[f"winding_{side}"][row]) for side in (end, other))
        field = f"transformer {rows['id'][row]} winding_{end}"
        if not 0 <= winding < len(WINDING_WORDS) or not 0 <= beyond < len(WINDING_WORDS):
            continue  # which validation finds
        value = f"{winding} ({WINDING_WORDS[winding]})"
        if not led_out[row]:
            yield source.problem(
                "has no neutral on its low-voltage side",
                field=field,
                value=value,
                remedy=f"write {WYE_N} (wye_n) or {ZIGZAG_N} (zigzag_n) where it is led out",
            )
        elif winding == WYE_N and beyond not in (WYE_N, DELTA) and not _magnetises(rows[row]):
            yield source.problem(
                f"has no way back for unbalanced current: the other winding is {WINDING_WORDS[beyond]}, "
                "and there is no magnetising current",
                field=field,
                value=value,
                remedy="write i0_zero_sequence and p0_zero_sequence, or the windings that it has",
            )


def _magnetises(row: np.void) -> bool:
    current, losses = (row[f"{name}_zero_sequence"] for name in ("i0", "p0"))
    current = row["i0"] if np.isnan(current) else current
    losses = row["p0"] if np.isnan(losses) else losses
    return bool(current > 0 or losses > 0)
