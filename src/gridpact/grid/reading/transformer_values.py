"""Values of power-grid-model's transformers that depend on one another: losses, impedances and the rating.

power-grid-model's validation takes no-load losses that exceed the no-load power by the last digit for an
error, and so the uk of a transformer without a rating, which is a share of a rating that is none.
"""

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from gridpact.arrays import Bool, Float
from gridpact.errors import Problem
from gridpact.grid.reading.rounding import exceeds_by_rounding, is_worth_saying
from gridpact.grid.source import NetworkSource
from gridpact.grid.unrated import is_placeholder_power
from gridpact.units import VA_PER_MVA

Carried = Mapping[str, NDArray[np.void]]

# A share of the rated values, the losses that it holds, and what both are of.
SHARES = (
    ("i0", "p0", "no-load"),
    ("uk", "pk", "short-circuit"),
    ("uk_min", "pk_min", "short-circuit"),
    ("uk_max", "pk_max", "short-circuit"),
)
ORDINARY_UK = 0.1


def rounded_transformers(carried: Carried) -> tuple[dict[str, NDArray[np.void]], tuple[str, ...]]:
    """Components whose transformers have no losses that exceed their share by a rounding, and notices.

    Such a share is set to that of the losses: there is no reactance beside them.
    """
    rows = _transformers(carried)
    notices = []
    for share, losses, kind in SHARES:
        part, whole = _loss_share(rows, losses), rows[share]
        said = is_worth_saying(part, whole)
        rows[share] = np.where(exceeds_by_rounding(part, whole), part, whole)
        if said.any():
            ids = ", ".join(str(index) for index in rows["id"][said][:5])
            notices.append(f"{share} raised to the {kind} losses, a rounding above it: transformer {ids}")
    return _with(carried, rows), tuple(notices)


def impossible_transformers(carried: Carried, source: NetworkSource) -> Iterator[Problem]:
    """Transformers whose losses exceed what they are a part of by more than a rounding."""
    rows = _transformers(carried)
    for share, losses, kind in SHARES:
        part = _loss_share(rows, losses)
        for row in np.flatnonzero(part > rows[share]):
            yield source.problem(
                f"is below {losses}/sn, which is {part[row]:.4g}: the {kind} losses exceed the {kind} power",
                field=f"transformer {rows['id'][row]} {share}",
                value=f"{rows[share][row]:g}",
                remedy=f"write {share} as a share of the rated value and {losses} in W",
            )


def comparable_transformers(carried: Carried) -> dict[str, NDArray[np.void]]:
    """Components as power-grid-model's validation is to see them: it finds what is not found here.

    Transformers without a rating are referred to the rating at which their uk is ordinary, which changes
    neither their impedances nor their losses, and losses are within what they are a part of.
    """
    rows = _transformers(carried)
    scale = np.where(_is_unrated(rows) & (rows["uk"] > 0), ORDINARY_UK / rows["uk"], 1.0)
    rows["sn"] *= scale
    rows["i0"] /= scale
    for share, losses, _ in SHARES[1:]:
        rows[share] *= scale
        rows[losses] *= scale**2
    for share, losses, _ in SHARES:
        part = _loss_share(rows, losses)
        rows[share] = np.where(part > rows[share], part, rows[share])
    return _with(carried, rows)


def _loss_share(rows: NDArray[np.void], losses: str) -> Float:
    """Losses over the rated power, NaN where that is not positive."""
    share = np.full(len(rows), np.nan)
    np.divide(rows[losses], rows["sn"], out=share, where=rows["sn"] > 0)
    return share


def _is_unrated(rows: NDArray[np.void]) -> Bool:
    rated: Float = rows["sn"] / VA_PER_MVA
    return is_placeholder_power(rated)


def _transformers(carried: Carried) -> NDArray[np.void]:
    """A copy of the transformers, of which there may be none."""
    from power_grid_model import initialize_array

    none: NDArray[np.void] = initialize_array("input", "transformer", 0)
    return carried.get("transformer", none).copy()


def _with(carried: Carried, rows: NDArray[np.void]) -> dict[str, NDArray[np.void]]:
    return {**carried, "transformer": rows} if len(rows) else dict(carried)
