"""Rated voltages that do not go together: those of buses, of the windings at them, and of what joins them."""

from collections.abc import Iterator
from itertools import permutations

import numpy as np

from gridpact.arrays import Bool, Float
from gridpact.errors import Problem
from gridpact.grid.plausibility.rated_voltages import Joints, RatedVoltages, Windings
from gridpact.grid.source import NetworkSource

BUS_KV_MIN, BUS_KV_MAX = 0.05, 1200.0
SIDE_SPREAD = 0.2
RATIO_SPREAD = 0.1
ROUNDING = 1e-9


def voltage_problems(voltages: RatedVoltages, source: NetworkSource) -> Iterator[Problem]:
    """What is wrong with rated voltages.

    A bus, or a winding, whose value is about 1,000 times what stands beside it is asked about as a slip of
    the unit, and what is at it is then not looked at any further.

    Args:
        voltages: of the network file; values that are no numbers are passed over.
        source: where it comes from, for the problems.
    """
    with np.errstate(all="ignore"):
        slipped = _slipped_buses(voltages)
        yield from _bus_problems(voltages, slipped, source)
        for windings in voltages.windings:
            yield from _winding_problems(voltages, windings, slipped, source)
        for joints in voltages.joints:
            yield from _joint_problems(voltages, joints, slipped, source)


def _slipped_buses(voltages: RatedVoltages) -> Bool:
    """Which buses must have their nominal voltage in another unit, (b,)."""
    words, kv = voltages.words, voltages.bus_kv
    slipped = (kv > BUS_KV_MAX) if words.slip_factor > 1 else (kv > 0) & (kv < BUS_KV_MIN)
    for windings in voltages.windings:
        slipped[windings.bus[_is_slip(kv[windings.bus] / windings.rated_kv, words.slip_factor)]] = True
    for joints in voltages.joints:
        for one, other in ((0, 1), (1, 0)):
            ratio = kv[joints.bus[:, one]] / kv[joints.bus[:, other]]
            slipped[joints.bus[_is_slip(ratio, words.slip_factor), one]] = True
    found: Bool = slipped & voltages.bus_in_service
    return found


def _is_slip(ratio: Float, factor: float) -> Bool:
    slip: Bool = np.abs(ratio / factor - 1) < SIDE_SPREAD
    return slip


def _bus_problems(voltages: RatedVoltages, slipped: Bool, source: NetworkSource) -> Iterator[Problem]:
    words = voltages.words
    for row in np.flatnonzero(slipped).tolist():
        yield source.problem(
            "is no nominal voltage that goes with the rest",
            field=f"{words.table} {voltages.bus_id[row]} {words.column}",
            value=f"{voltages.bus_kv[row] / words.unit_kv:g}",
            remedy=f"write it in {words.unit}; is the value in {words.slip}?",
        )


def _winding_problems(
    voltages: RatedVoltages, windings: Windings, slipped: Bool, source: NetworkSource
) -> Iterator[Problem]:
    """Windings whose rated voltage is in another unit, or not that of their buses."""
    words = voltages.words
    rated, bus_kv = windings.rated_kv, voltages.bus_kv[windings.bus]
    share = rated / bus_kv
    wrong_unit = _is_slip(share, words.slip_factor) & ~slipped[windings.bus]
    for row, side in np.argwhere(wrong_unit).tolist():
        yield source.problem(
            f"is no rated voltage at {words.table} {voltages.bus_id[windings.bus[row, side]]} "
            f"of {bus_kv[row, side]:g} kV",
            field=f"{windings.table} {windings.id[row]} {windings.columns[side]}",
            value=f"{rated[row, side] / words.unit_kv:g}",
            remedy=f"write it in {words.unit}; is the value in {words.slip}?",
        )
    factor = _ratio_off_by(windings, share)
    off = (_is_off_its_bus(share).any(axis=1) | ~np.isnan(factor)) & ~slipped[windings.bus].any(axis=1)
    for row in np.flatnonzero(off & ~wrong_unit.any(axis=1)).tolist():
        ratio = "" if np.isnan(factor[row]) else f": the ratio is off by a factor {factor[row]:.3g}"
        remedy = f"check {', '.join(windings.columns)}, and {words.column} of its {words.tables}"
        yield source.problem(
            f"is rated {_listed(rated[row], '/')} kV between {words.tables} of "
            f"{_listed(bus_kv[row], ' and ')} kV{ratio}",
            field=f"{windings.table} {windings.id[row]}",
            remedy="are its sides exchanged?" if _is_exchanged(rated[row], bus_kv[row]) else remedy,
        )


def _is_off_its_bus(share: Float) -> Bool:
    off: Bool = np.abs(share - 1) > SIDE_SPREAD + ROUNDING
    return off


def _ratio_off_by(windings: Windings, share: Float) -> Float:
    """The factor by which the ratio of the rated voltages is off that of the buses, NaN where it is not.

    Off is what no tap position brings to within `RATIO_SPREAD`. Of three windings, the ratios to the first
    are looked at, and the one that is off most is given.
    """
    factor = share[:, :1] / share[:, 1:]
    low = factor * windings.tap_low[:, :1] / windings.tap_high[:, 1:]
    high = factor * windings.tap_high[:, :1] / windings.tap_low[:, 1:]
    off = (low > 1 + RATIO_SPREAD + ROUNDING) | (high < 1 - RATIO_SPREAD - ROUNDING)
    largest = np.where(off, np.maximum(factor, 1 / factor), 0.0).max(axis=1)
    return np.where(largest > 0, largest, np.nan)


def _is_exchanged(rated: Float, bus_kv: Float) -> bool:
    """Whether the windings would fit the buses in another order."""
    return any(
        not _is_off_its_bus(rated[list(order)] / bus_kv).any() for order in permutations(range(len(rated)))
    )


def _joint_problems(
    voltages: RatedVoltages, joints: Joints, slipped: Bool, source: NetworkSource
) -> Iterator[Problem]:
    kv = voltages.bus_kv[joints.bus]
    apart = kv.max(axis=1, initial=0) / kv.min(axis=1, initial=np.inf) > 1 + joints.spread + ROUNDING
    for row in np.flatnonzero(apart & ~slipped[joints.bus].any(axis=1)).tolist():
        yield source.problem(
            f"joins {voltages.words.tables} of {kv[row, 0]:g} kV and {kv[row, 1]:g} kV",
            field=f"{joints.table} {joints.id[row]}",
            remedy="only a transformer can, or write the same voltage at both",
        )


def _listed(kv: Float, between: str) -> str:
    return between.join(f"{value:g}" for value in kv)
