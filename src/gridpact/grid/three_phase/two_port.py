"""TwoPorts: how the currents into branches follow from the voltages at their ends, for one sequence."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Complex, Float, Int


@dataclass(frozen=True, slots=True)
class TwoPorts:
    """Admittances of n branches, (n, …) each: of the current at one end by the voltage at one end.

    For a sequence they are numbers, (n,), and for phases matrices, (n, 3, 3).
    """

    from_from: Complex
    from_to: Complex
    to_from: Complex
    to_to: Complex

    def __len__(self) -> int:
        return len(self.from_from)

    @property
    def reversed(self) -> "TwoPorts":
        """The same branches for voltages that turn the other way: the negative sequence of the positive."""
        return TwoPorts(
            from_from=self.from_from, from_to=self.to_from, to_from=self.from_to, to_to=self.to_to
        )

    def at(self, rows: Int) -> "TwoPorts":
        """Some of the branches, in their order."""
        return TwoPorts(*(part[rows] for part in self.parts))

    def times(self, scale: Complex | float) -> "TwoPorts":
        """The branches at another base, `scale` (n,) or one for all."""
        return TwoPorts(*(part * scale for part in self.parts))

    @property
    def parts(self) -> tuple[Complex, Complex, Complex, Complex]:
        """The four admittances."""
        return self.from_from, self.from_to, self.to_from, self.to_to


def pi_two_ports(
    series: Complex,
    shunt_from: Complex | Float,
    shunt_to: Complex | Float,
    ratio: Complex | Float | float = 1.0,
) -> TwoPorts:
    """Pi circuits behind an ideal transformer at the `from` end, (n,) each.

    Args:
        series: admittance at the `to` side.
        shunt_from: likewise, at the `from` end.
        shunt_to: likewise, at the `to` end.
        ratio: voltage at the `from` end over that behind it.
    """
    turned: Complex = np.asarray(ratio, dtype=np.complex128)
    return TwoPorts(
        from_from=(series + shunt_from) / np.abs(turned) ** 2,
        from_to=-series / turned.conj(),
        to_from=-series / turned,
        to_to=series + shunt_to,
    )


def no_two_ports(count: int) -> TwoPorts:
    """Branches that carry nothing."""
    return TwoPorts(*(np.zeros(count, dtype=np.complex128) for _ in range(4)))


def joined_two_ports(parts: Sequence[TwoPorts]) -> TwoPorts:
    """The branches of all parts, one after the other."""
    return TwoPorts(*(np.concatenate(same) for same in zip(*(part.parts for part in parts), strict=True)))
