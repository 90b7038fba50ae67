"""TransformerPlate: transformers by the values of power-grid-model, which stand on a name plate.

power-grid-model makes of them the pi circuit with, at the tapped voltage u2 of the `to` side,

    |z| = uk u2²/sn,  Re z = pk u2²/sn²,  |y| = i0 sn/u2²,  Re y = p0/u2²,

ratio u1/u2 and a phase shift of 30° times the clock. Here that is solved for the plate, for the pi circuit
that is exactly pandapower's T circuit.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from gridpact.arrays import Bool, Float, Int
from gridpact.grid.pandapower.to_power_grid_model import GenericBranches, transformer_rated_va

WYE_N, DELTA = 1, 2
FROM_SIDE, TO_SIDE = 0, 1
DEGREES_PER_CLOCK = 30.0
CLOCK_ERROR_DEGREES = 1e-9
STEPS_MAX = 127
RATIO_ERROR = 1e-12
TURNED = "a phase shift that is no multiple of 30°"
UNLIKE_TAP = "a tap position that power-grid-model does not have"
NO_PLATE = "an equivalent circuit that no name plate gives"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformerPlate:
    """Name plates of n transformers, (n,) each, in V, VA, W and shares of the rated values.

    Attributes:
        obstacle: what the plate cannot say, empty where it says all.
    """

    u1: Float
    u2: Float
    sn: Float
    uk: Float
    pk: Float
    i0: Float
    p0: Float
    clock: Int
    tap_side: Int
    tap_pos: Int
    tap_min: Int
    tap_max: Int
    tap_nom: Int
    tap_size: Float
    obstacle: tuple[str, ...]

    @property
    def is_whole(self) -> Bool:
        """Whether the plate says all, (n,)."""
        return np.array([not obstacle for obstacle in self.obstacle], dtype=np.bool_)

    def record(self, row: int) -> dict[str, Any]:
        """The plate of one transformer as power-grid-model's attributes."""
        names = [name for name in self.__dataclass_fields__ if name != "obstacle"]
        record = {name: getattr(self, name)[row].item() for name in names}
        odd = self.clock[row] % 2 == 1
        return record | {"winding_from": DELTA if odd else WYE_N, "winding_to": WYE_N}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taps:
    """The tap changers of n transformers, (n,) each; `step_v` is what they add to the winding at `side`."""

    side: Int
    position: Int
    minimum: Int
    maximum: Int
    nominal: Int
    size_v: Float
    step_v: Float


def transformer_plate(net: Any, branches: GenericBranches) -> TransformerPlate:
    """The plates of all transformers of a pandapower net.

    Args:
        net: whose columns are complete.
        branches: its transformers as pi circuits.
    """
    trafo = net.trafo
    volts = [1e3 * trafo[column].to_numpy().astype(float) for column in ("vn_hv_kv", "vn_lv_kv")]
    taps = _taps(trafo, volts)
    tapped = [
        volt + np.where(taps.side == side, taps.step_v, 0.0)
        for volt, side in zip(volts, (FROM_SIDE, TO_SIDE), strict=True)
    ]
    nominal = net.bus.vn_kv.reindex(trafo.hv_bus).to_numpy() / net.bus.vn_kv.reindex(trafo.lv_bus).to_numpy()
    with np.errstate(all="ignore"):
        rated_va = transformer_rated_va(trafo)
        base_ohm = tapped[1] ** 2 / rated_va
        impedance, admittance = branches.impedance_ohm / base_ohm, branches.admittance_s * base_ohm
        clock = np.rint(np.rad2deg(branches.shift_rad) / DEGREES_PER_CLOCK)
        turned = np.abs(np.rad2deg(branches.shift_rad) - DEGREES_PER_CLOCK * clock) > CLOCK_ERROR_DEGREES
        unlike = ~np.isclose(branches.ratio * nominal, tapped[0] / tapped[1], rtol=RATIO_ERROR, atol=0.0)
        good = (impedance.real >= 0) & (impedance.imag >= 0) & (np.abs(impedance) < 1)
        good &= (admittance.real >= 0) & (admittance.imag <= 0) & (np.abs(admittance) < 1)
    return TransformerPlate(
        u1=volts[0],
        u2=volts[1],
        sn=rated_va,
        uk=np.abs(impedance),
        pk=np.minimum(impedance.real, np.abs(impedance)) * rated_va,
        i0=np.abs(admittance),
        p0=np.minimum(admittance.real, np.abs(admittance)) * rated_va,
        clock=(np.nan_to_num(clock) % 12).astype(np.int64),
        tap_side=taps.side,
        tap_pos=taps.position,
        tap_min=taps.minimum,
        tap_max=taps.maximum,
        tap_nom=taps.nominal,
        tap_size=taps.size_v,
        obstacle=tuple(np.select([turned, unlike, ~good], [TURNED, UNLIKE_TAP, NO_PLATE], "").tolist()),
    )


def _taps(trafo: Any, volts: list[Float]) -> _Taps:
    """The changers in the `tap_…` columns; a position outside their range widens it, as in pandapower."""
    side, kind = (_texts(trafo, name) for name in ("tap_side", "tap_changer_type"))
    acts = np.isin(kind, ["Ratio", "Symmetrical"]) & np.isin(side, ["hv", "lv"])
    position = _numbers(trafo, "tap_pos", _numbers(trafo, "tap_neutral", 0.0, acts), acts)
    neutral = _numbers(trafo, "tap_neutral", position, acts)
    low, high = (_numbers(trafo, name, neutral, acts) for name in ("tap_min", "tap_max"))
    whole = [
        np.clip(np.rint(values), -STEPS_MAX, STEPS_MAX).astype(np.int64)
        for values in (position, neutral, low, high)
    ]
    first, last = np.min(whole, axis=0), np.max(whole, axis=0)
    at_to = acts & (side == "lv")
    size_v = np.where(at_to, volts[1], volts[0]) * _numbers(trafo, "tap_step_percent", 0.0, acts) / 100
    backward = size_v < 0
    return _Taps(
        side=np.where(at_to, TO_SIDE, FROM_SIDE),
        position=whole[0],
        minimum=np.where(backward, last, first),
        maximum=np.where(backward, first, last),
        nominal=whole[1],
        size_v=np.abs(size_v),
        step_v=(whole[0] - whole[1]) * size_v,
    )


def _texts(trafo: Any, name: str) -> Any:
    """A column of texts, empty where there is none."""
    if name not in trafo:
        return np.full(len(trafo), "", dtype=object)
    return trafo[name].astype(object).where(trafo[name].notna(), "").to_numpy()


def _numbers(trafo: Any, name: str, absent: Float | float, acts: Bool) -> Float:
    """A column of numbers, with what is to be taken where there is none, and zero where no changer acts."""
    if name not in trafo:
        return np.where(acts, absent, 0.0)
    values = trafo[name].astype(float).to_numpy()
    return np.where(acts, np.where(np.isnan(values), absent, values), 0.0)
