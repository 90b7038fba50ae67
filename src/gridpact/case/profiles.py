"""Profiles: the forecast of every participant in every period."""

from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Float


@dataclass(frozen=True, slots=True, kw_only=True)
class Profiles:
    """Forecast load and available generation, mean power of each period.

    From load ℓ and generation g: own use u = min(ℓ, g), surplus a = g − u, residual demand r = ℓ − u.

    Attributes:
        load_kw: ℓ, (T, P), not negative.
        generation_kw: g, (T, P), not negative.
    """

    load_kw: Float
    generation_kw: Float

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
