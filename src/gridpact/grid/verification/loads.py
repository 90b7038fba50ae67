"""Loads: what is injected where, as power-grid-model takes it."""

from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Float, Int
from gridpact.grid.network_model import PHASES


@dataclass(frozen=True, slots=True, kw_only=True)
class Loads:
    """Powers injected at n buses, those of each phase apart in a three-phase network.

    Attributes:
        bus: position of the bus in `Network.bus_ids`, (n,).
        p_kw: (T, n), or (T, n, 3).
        q_kvar: likewise.
    """

    bus: Int
    p_kw: Float
    q_kvar: Float

    def at(self, periods: Int) -> "Loads":
        """The loads of some periods, in their order."""
        return Loads(bus=self.bus, p_kw=self.p_kw[periods], q_kvar=self.q_kvar[periods])


def three_phase_loads(bus: Int, phase: Int, p_kw: Float, q_kvar: Float) -> Loads:
    """One load a bus for L connections to one phase of a bus each, (L,) and (T, L)."""
    buses, place = np.unique(bus, return_inverse=True)
    shape = (len(buses), len(PHASES), len(p_kw))
    powers = []
    for given in (p_kw, q_kvar):
        power = np.zeros(shape)
        np.add.at(power, (place, phase), given.T)
        powers.append(np.ascontiguousarray(power.transpose(2, 0, 1)))
    return Loads(bus=buses, p_kw=powers[0], q_kvar=powers[1])
