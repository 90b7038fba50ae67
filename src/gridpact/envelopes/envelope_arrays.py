"""EnvelopeArrays: operating envelopes, apart from the tables that are made of them."""

from dataclasses import dataclass

from gridpact.arrays import Float, Int
from gridpact.case.case import Case
from gridpact.clearing.dispatch_verification import Verification
from gridpact.envelopes.envelope_rule import EnvelopeRule
from gridpact.grid.network import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Corners:
    """Combinations of net powers that hold envelopes back, C of them, each at one limit.

    Attributes:
        power_kw: net power of each participant at the meter, export positive, (C, P).
        limited_by: a `LimitedBy`, (C,).
        element: bus position or rated element, (C,).
        phase: of the limit, position in `PHASE_LABELS`, (C,).
        value: of the limited quantity under the combination, pu or percent, (C,).
        limit: in the same unit, (C,).
    """

    power_kw: Float
    limited_by: Int
    element: Int
    phase: Int
    value: Float
    limit: Float

    def __len__(self) -> int:
        return len(self.limited_by)


@dataclass(frozen=True, kw_only=True)
class EnvelopeArrays:
    """What each participant may take and feed in, whatever all the others do in their envelopes.

    Attributes:
        case: what they are of; its forecasts and trades do not enter.
        network: its compiled network.
        rule: by which they were shared out.
        import_max_kw, export_max_kw: at the meter, not negative, the same in every period, (T, P).
        import_limited_by, export_limited_by: a `LimitedBy` of what holds each back, (P,).
        import_element, export_element: the participant where that is its connection, else the bus position
            or rated element, −1 where the network has no operating point with more, (P,).
        import_phase, export_phase: of that limit, position in `PHASE_LABELS`; the first one, which is empty,
            in a balanced network, (P,).
        corners: the combinations that hold the envelopes back, or, where none does, the one nearest to a
            limit.
        tried: distinct combinations of these envelopes that were tried, each by a power flow.
        broken: how many of the case's limits the network breaks while nobody takes or feeds in anything;
            where it breaks one, all envelopes are 0.
        verification: power-grid-model's power flow of the worst combination of each limit.
        verified: how many combinations these are.
    """

    case: Case
    network: Network
    rule: EnvelopeRule
    import_max_kw: Float
    export_max_kw: Float
    import_limited_by: Int
    export_limited_by: Int
    import_element: Int
    export_element: Int
    import_phase: Int
    export_phase: Int
    corners: Corners
    tried: int
    broken: int
    verification: Verification
    verified: int
