"""AllLimits: what each limit of a network is called, all of them side by side."""

from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Float, Int
from gridpact.clearing.network.network_state import OperatingLimits
from gridpact.clearing.problem.reasons import element_kinds
from gridpact.clearing.problem.solution import LimitedBy
from gridpact.grid.network import Network
from gridpact.grid.network_model import NEUTRAL, PHASE_LABELS
from gridpact.grid.places import places


@dataclass(frozen=True, slots=True, kw_only=True)
class AllLimits:
    """The limits of a network with V voltages, L loadings and U unbalances side by side: 2V + L + U.

    Attributes:
        limited_by: a `LimitedBy`, that of high voltages before that of low ones, (2V + L + U,).
        element: as in `BindingLimits`, same shape.
        phase: position in `PHASE_LABELS`, same shape.
    """

    limited_by: Int
    element: Int
    phase: Int

    @classmethod
    def of(cls, network: Network) -> "AllLimits":
        """All limits of a network, in the order of an excess."""
        found = places(network)
        voltages, unbalances = len(found.voltage_bus), len(found.unbalance_bus)
        is_neutral = np.array(found.loading_phase) == NEUTRAL
        phases = (*found.voltage_phase * 2, *found.loading_phase, *("",) * unbalances)
        return cls(
            limited_by=np.concatenate(
                [
                    np.full(voltages, LimitedBy.VOLTAGE_MAX),
                    np.full(voltages, LimitedBy.VOLTAGE_MIN),
                    np.where(is_neutral, LimitedBy.NEUTRAL, element_kinds(network, found.loading_element)),
                    np.full(unbalances, LimitedBy.VOLTAGE_UNBALANCE),
                ]
            ),
            element=np.concatenate(
                [found.voltage_bus, found.voltage_bus, found.loading_element, found.unbalance_bus]
            ),
            phase=np.array([PHASE_LABELS.index(one) for one in phases], dtype=np.int64),
        )

    @property
    def column(self) -> dict[tuple[int, int, int], int]:
        """The place of each limit, by its kind, element and phase."""
        names = zip(self.limited_by.tolist(), self.element.tolist(), self.phase.tolist(), strict=True)
        return {name: place for place, name in enumerate(names)}


def side_by_side(limits: OperatingLimits) -> Float:
    """The values of all limits, pu and percent, (T, 2V + L + U)."""
    return np.hstack(
        [
            limits.voltage_max_pu,
            limits.voltage_min_pu,
            limits.loading_max_percent,
            limits.unbalance_max_percent,
        ]
    )
