"""NetworkModel: how a network is modelled, and what its neutral is taken for."""

from enum import StrEnum

BALANCED_PHASES = ("",)
PHASES = ("a", "b", "c")
NEUTRAL = "n"
ALL_PHASES = "abc"
CONNECTIONS = (ALL_PHASES, "a", "b", "c", "ab", "ac", "bc")  # what a participant may be connected to
SET_MODEL = 'set model = "three-phase" for the network, or leave it out'
OF_THREE_PHASES = ("is of three phases, and the network is balanced", SET_MODEL)
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
