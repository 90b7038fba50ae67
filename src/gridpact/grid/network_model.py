"""NetworkModel: how a network is modelled, and what its neutral is taken for."""

from enum import StrEnum

BALANCED_PHASES = ("",)
PHASES = ("a", "b", "c")
NEUTRAL = "n"
NO_PHASE = 0
PHASE_LABELS = ("", *PHASES, NEUTRAL)  # of what stands at a phase, at a neutral, or, with none, at all


class NetworkModel(StrEnum):
    """Whether a network is its positive sequence, or has three phases."""

    BALANCED = "balanced"
    THREE_PHASE = "three-phase"


class Neutral(StrEnum):
    """What the neutral conductor of a line that is given by four conductors is.

    `RETURN`: the way back of all unbalanced current, earthed at the transformer alone. `EARTHED`: earthed
    at both ends of every line.
    """

    RETURN = "return"
    EARTHED = "earthed"
