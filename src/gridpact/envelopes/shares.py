"""Shares: what part of its connection each participant may export and import, and what limits it."""

from dataclasses import dataclass

from gridpact.arrays import Float, Int
from gridpact.envelopes.search.box import Box
from gridpact.envelopes.search.worst_corners import Worst

CONNECTION, NO_STATE_LIMIT = -1, -2  # in place of a limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """The shares of P participants, and the worst corners of the box that they make.

    Attributes:
        import_share, export_share: of the connection, 0 to 1, (P,).
        import_limit, export_limit: the limit that holds each, `CONNECTION`, or `NO_STATE_LIMIT` where the
            network has no operating point with more, (P,).
        box: the same in kW.
        worst: what loads the limits of the box most.
    """

    import_share: Float
    export_share: Float
    import_limit: Int
    export_limit: Int
    box: Box
    worst: Worst
