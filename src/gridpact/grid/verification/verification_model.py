"""VerificationModel: the second conversion of a network, for power-grid-model."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gridpact.arrays import Bool, Float, Int, frozen
from gridpact.grid.network_model import BALANCED_PHASES


def _none() -> Int:
    return frozen(np.zeros(0), np.int64)


def _nothing() -> Bool:
    return frozen(np.zeros(0), np.bool_)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationModel:
    """A network as power-grid-model takes it, without loads and generators.

    It is made from the network file directly, never from `Network`, so that an error in one conversion
    shows as a difference between the two power flows.

    Attributes:
        dataset: power-grid-model input, one structured array a component type.
        bus_component_id: power-grid-model node id of each bus in `Network.bus_ids`, (B,).
        element_component_id: power-grid-model branch id of each rated element in `Network.elements`, (E,).
        rating_from_a, rating_to_a: current in A at each end that counts as 100 % loading, infinite where
            there is none, (E,).
        phases: "a", "b" and "c", or the empty one of a balanced network, for which all below is empty.
        to_component_id: power-grid-model branch id of the `to` end of each element, (E,).
        has_neutral: whether a loading of its neutral is asked of each element, (E,).
        unbalance_bus: position of each bus whose unbalance is asked, (U,).
    """

    dataset: Mapping[str, NDArray[np.void]]
    bus_component_id: Int
    element_component_id: Int
    rating_from_a: Float
    rating_to_a: Float
    phases: tuple[str, ...] = BALANCED_PHASES
    to_component_id: Int = field(default_factory=_none)
    has_neutral: Bool = field(default_factory=_nothing)
    unbalance_bus: Int = field(default_factory=_none)

    @property
    def is_three_phase(self) -> bool:
        """Whether it is calculated phase by phase."""
        return len(self.phases) > 1

    @property
    def columns(self) -> tuple[int, int, int]:
        """The numbers V, L and U of voltages, loadings and unbalances."""
        count, neutrals = len(self.phases), int(self.has_neutral.sum())
        return (
            count * len(self.bus_component_id),
            count * len(self.element_component_id) + neutrals,
            len(self.unbalance_bus),
        )
