"""The rule `equal`: one share of the connection for all exports, and one for all imports.

θ_E is the greatest share for exports while imports are zero, θ_I that for imports while exports are zero.
Where combinations of both break a limit, both are multiplied by the greatest common factor that makes all
safe.
"""

import numpy as np

from gridpact.arrays import Float
from gridpact.envelopes.search.box import Box
from gridpact.envelopes.search.corner_trial import AT_BOUND
from gridpact.envelopes.search.greatest_box import Growth, greatest_box
from gridpact.envelopes.search.worst_corners import WorstCorners
from gridpact.envelopes.shares import CONNECTION, NO_STATE_LIMIT, Shares

SPARE = 2e-8  # pu and parts of one, which `max-min` spends where a share hardly touches a limit


def equal_shares(corners: WorstCorners, connection_kw: Float, *, thorough: bool = True) -> Shares:
    """The shares by the rule `equal`; zeros where the idle network breaks a limit already.

    Args:
        corners: of the network.
        connection_kw: of each participant, (P,).
        thorough: whether the worst corners are searched thoroughly.
    """
    people, nothing = len(connection_kw), np.zeros(len(connection_kw))
    idle = Box(import_kw=nothing, export_kw=nothing)
    exports = greatest_box(corners, idle, Box(import_kw=nothing, export_kw=connection_kw), spare=SPARE)
    imports = greatest_box(corners, idle, Box(import_kw=connection_kw, export_kw=nothing), spare=SPARE)
    both = Box(import_kw=imports.box.import_kw, export_kw=exports.box.export_kw)
    mixed = greatest_box(corners, idle, both, thorough=thorough, spare=SPARE)
    export_limit, import_limit = _limit(exports), _limit(imports)
    if mixed.share < 1.0:
        export_limit = import_limit = _limit(mixed)
    return Shares(
        import_share=np.full(people, imports.share * mixed.share),
        export_share=np.full(people, exports.share * mixed.share),
        import_limit=np.full(people, import_limit),
        export_limit=np.full(people, export_limit),
        box=mixed.box,
        worst=mixed.worst,
    )


def _limit(growth: Growth) -> int:
    """The limit that ends a growth."""
    return CONNECTION if growth.share == 1.0 else nearest_limit(growth.worst.excess)


def nearest_limit(excess: Float) -> int:
    """The limit nearest to its bound; `NO_STATE_LIMIT` where none is near."""
    nearest = int(excess.argmax())
    return nearest if excess[nearest] >= -AT_BOUND else NO_STATE_LIMIT
