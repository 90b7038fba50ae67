"""Profiles: the forecast of every participant in every period."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from gridpact.arrays import Float, frozen
from gridpact.case.ranges import range_faults
from gridpact.case.schema import Kind
from gridpact.fields.case_part import CasePart, unchecked
from gridpact.fields.columns import numbers, said_shape
from gridpact.fields.refusals import Refusals


@dataclass(frozen=True, slots=True, kw_only=True)
class Profiles(CasePart):
    """Forecast load and available generation, mean power of each period.

    From load ℓ and generation g: own use u = min(ℓ, g), surplus a = g − u, residual demand r = ℓ − u.

    Attributes:
        load_kw: ℓ, (T, P), not negative.
        generation_kw: g, (T, P), not negative.

    Raises:
        InvalidCase: with everything that is wrong with them.
    """

    load_kw: Float
    generation_kw: Float

    def __post_init__(self) -> None:
        refusals, power = Refusals("profiles"), partial(range_faults, Kind.POWER)
        load_kw = numbers(refusals, "load_kw", self.load_kw, (None, None), power)
        generation_kw = numbers(refusals, "generation_kw", self.generation_kw, (None, None), power)
        if load_kw is not None and generation_kw is not None and load_kw.shape != generation_kw.shape:
            what = f"has the shape {said_shape(generation_kw.shape)}"
            refusals.add("generation_kw", what, f"that of load_kw is {said_shape(load_kw.shape)}")
        refusals.finish()
        self._set(load_kw=load_kw, generation_kw=generation_kw)

    @classmethod
    def none(cls, periods: int, participants: int) -> "Profiles":
        """No forecast: zeros, (T, P) each."""
        nothing = frozen(np.zeros((periods, participants)), np.float64)
        return unchecked(cls, load_kw=nothing, generation_kw=nothing)

    def __repr__(self) -> str:
        """One line: the arrays are too many to show."""
        periods, participants = self.load_kw.shape
        return f"<Profiles: {periods:,} periods, {participants:,} participants>"

    @property
    def own_use_kw(self) -> Float:
        """Own use u = min(ℓ, g), (T, P)."""
        return np.minimum(self.load_kw, self.generation_kw)

    @property
    def surplus_kw(self) -> Float:
        """Surplus a = g − u, (T, P)."""
        return self.generation_kw - self.own_use_kw

    @property
    def residual_demand_kw(self) -> Float:
        """Residual demand r = ℓ − u, (T, P)."""
        return self.load_kw - self.own_use_kw
