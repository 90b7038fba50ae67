"""EnvelopeRule: how operating envelopes share out what the network has."""

from enum import StrEnum


class EnvelopeRule(StrEnum):
    """How operating envelopes share out what the network has.

    `EQUAL`: the same share of the connection for all, one of exports and one of imports. `MAX_MIN`: from
    there, raised further for those that no limit holds, the smallest share first.
    """

    EQUAL = "equal"
    MAX_MIN = "max-min"
