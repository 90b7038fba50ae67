"""Situations: what the network has to carry, a period as scheduled or one with something missing.

In a situation the powers injected at the essential nodes, those where anything is, are s = s₀ + z U: z = E v
is what J variables v make of K coordinates, what each participant sells and what each one buys, and U what a
kW of each does.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array, hstack

from gridpact.arrays import Complex, Float, Int
from gridpact.clearing.network.oracle import NetworkOracle


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Situations:
    """S situations of a network with R essential nodes and M monitored quantities.

    Attributes:
        oracle: of the network.
        base_kva: complex power injected with every variable at 0, (S, R).
        directions: U, (K, R).
        effects: E of each situation, S times (K, J).
        least, greatest: of the monitored quantities, pu of voltage and parts of a rating, (S, M).
    """

    oracle: NetworkOracle
    base_kva: Complex
    directions: Complex
    effects: tuple[csr_array, ...]
    least: Float
    greatest: Float

    def __len__(self) -> int:
        return len(self.effects)

    def injected_kva(self, value: Float, situations: Int) -> Complex:
        """Complex power injected in some situations, (m, R), at a value of the variables, (J,)."""
        coordinates = [self.effects[k] @ value for k in situations.tolist()]
        traded = np.array(coordinates).reshape(len(situations), len(self.directions)) @ self.directions
        injected: Complex = self.base_kva[situations] + traded
        return injected

    def excess(self, magnitude: Float, situation: int) -> Float:
        """How far quantities (M,) are above their greatest and below their least value, (2, M)."""
        return np.stack([magnitude - self.greatest[situation], self.least[situation] - magnitude])

    def greatest_excess(self, situations: Int, voltages: Complex) -> Float:
        """The greatest excess of some situations, (m,), at voltages (m, N); NaN without a state."""
        magnitude = self.oracle.magnitudes(voltages)
        excess = np.maximum(magnitude - self.greatest[situations], self.least[situations] - magnitude)
        greatest: Float = excess.max(axis=1, initial=-np.inf)
        return greatest

    def followed_by(self, other: "Situations") -> "Situations":
        """These situations, then others of the same coordinates and variables."""
        return replace(
            self,
            base_kva=np.vstack([self.base_kva, other.base_kva]),
            effects=(*self.effects, *other.effects),
            least=np.vstack([self.least, other.least]),
            greatest=np.vstack([self.greatest, other.greatest]),
        )

    def alone(self, situation: int) -> "Situations":
        """One situation."""
        chosen = slice(situation, situation + 1)
        return replace(
            self,
            base_kva=self.base_kva[chosen],
            effects=self.effects[chosen],
            least=self.least[chosen],
            greatest=self.greatest[chosen],
        )

    def with_limits(self, least: Float, greatest: Float) -> "Situations":
        """The same situations within other limits, (S, M) each."""
        return replace(self, least=least, greatest=greatest)

    def widened(self, more: int) -> "Situations":
        """The same situations with so many variables more, which do nothing to the network."""
        nothing = csr_array((len(self.directions), more))
        return replace(self, effects=tuple(csr_array(hstack([one, nothing])) for one in self.effects))
