"""UnitSlip: values of one column that must be in another unit, and the bounds of what there is."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Bool, Float, Int
from gridpact.errors import Problem
from gridpact.grid.source import NetworkSource

LOW_VOLTAGE_KV = 1.0
LINE_KA_MAX, HIGH_LINE_KA_MAX = 5.0, 50.0
WINDING_KA_MAX, HIGH_WINDING_KA_MAX = 10.0, 50.0
SHUNT_MVA_MAX, HIGH_SHUNT_MVA_MAX = 5.0, 500.0
DROP_MAX_PU = 1.0
UNRATED_KA = 0.1
IRON_LOSS_SHARE_MAX = 0.1
TAP_STEP_SHARE_MAX = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitSlip:
    """Which of n values of a column must be in another unit.

    Attributes:
        table, column: where they stand.
        id: the elements, (n,).
        value: as the file has them, (n,).
        wrong: (n,).
        what: what is wrong with one.
        remedy: what to write, and the question.
    """

    table: str
    column: str
    id: Int
    value: Float
    wrong: Bool
    what: str
    remedy: str


def slip_problems(slips: Iterable[UnitSlip], source: NetworkSource) -> Iterator[Problem]:
    """A problem for each value that must be in another unit.

    Args:
        slips: of each column; of several in one column, the first that names an element counts.
        source: where they come from, for the problems.
    """
    asked: set[tuple[str, str, int]] = set()
    for slip in slips:
        for row in np.flatnonzero(slip.wrong).tolist():
            place = (slip.table, slip.column, int(slip.id[row]))
            if place not in asked:
                asked.add(place)
                yield source.problem(
                    slip.what,
                    field=f"{slip.table} {slip.id[row]} {slip.column}".strip(),
                    value=f"{slip.value[row]:g}",
                    remedy=slip.remedy,
                )


def most(voltage_kv: Float, low_voltage: float, high_voltage: float) -> Float:
    """The bound for each of n elements: one below 1 kV, and one from there on."""
    return np.where(voltage_kv < LOW_VOLTAGE_KV, low_voltage, high_voltage)


def drop_pu(ohm: Float, voltage_kv: Float, rating_ka: Float) -> Float:
    """What n lines would drop at their ratings, as a share of the nominal voltage: √3 I |z| / V.

    Args:
        ohm: magnitude of the series impedance of the whole line.
        voltage_kv: nominal voltage, line to line.
        rating_ka: NaN or unlikely where a line has none: `UNRATED_KA` is taken there.
    """
    believed = (rating_ka > 0) & (rating_ka <= most(voltage_kv, LINE_KA_MAX, HIGH_LINE_KA_MAX))
    drop: Float = np.sqrt(3) * np.where(believed, rating_ka, UNRATED_KA) * ohm / voltage_kv
    return drop
