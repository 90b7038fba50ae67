"""Participants: the metered connections of a network."""

from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Bool, Float, Int

DEFAULT_RETAILER = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Participants:
    """A metered connection per index, P of them.

    Attributes:
        ids: names, (P,).
        bus: the network's bus index, (P,).
        firm: true where the whole load is served whatever clears, false where only what was bought is
            consumed (`elastic`), (P,).
        exports: true where unsold surplus is injected and taken by the retailer, false where it is
            curtailed, (P,).
        load_power_factor: in (0, 1], lagging, (P,).
        generation_power_factor: in (0, 1], producing reactive power, (P,).
        retailer: name of the retailer, (P,).
    """

    ids: tuple[str, ...]
    bus: Int
    firm: Bool
    exports: Bool
    load_power_factor: Float
    generation_power_factor: Float
    retailer: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def load_tan_phi(self) -> Float:
        """Reactive over active power of the load, kvar per kW, (P,)."""
        return _tan_phi(self.load_power_factor)

    @property
    def generation_tan_phi(self) -> Float:
        """Reactive over active power of the generation, kvar per kW, (P,)."""
        return _tan_phi(self.generation_power_factor)


def _tan_phi(power_factor: Float) -> Float:
    tangent: Float = np.sqrt(1.0 - power_factor**2) / power_factor
    return tangent
