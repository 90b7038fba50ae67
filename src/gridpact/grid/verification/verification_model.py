"""VerificationModel: the second conversion of a network, for power-grid-model."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gridpact.arrays import Float, Int


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
    """

    dataset: Mapping[str, NDArray[np.void]]
    bus_component_id: Int
    element_component_id: Int
    rating_from_a: Float
    rating_to_a: Float
