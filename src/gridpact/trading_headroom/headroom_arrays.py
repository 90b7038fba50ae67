"""HeadroomArrays: what each participant could sell and buy, apart from the table that is made of it."""

from dataclasses import dataclass

from gridpact.arrays import Bool, Float, Int
from gridpact.case.case import Case
from gridpact.clearing.network.network_state import OperatingLimits
from gridpact.grid.network import Network


@dataclass(frozen=True, kw_only=True)
class HeadroomArrays:
    """The most that each participant could sell and buy, alone and all together, and what stops it alone.

    Attributes:
        case: what they are of.
        network: its compiled network.
        surplus_kw: of each participant, (T, P).
        residual_demand_kw: of each participant, (T, P).
        sale_cap_kw, purchase_cap_kw: what it could still propose to sell and to buy: that, less its
            commitments, and nothing in closed periods, (T, P).
        sale_alone_kw, purchase_alone_kw: while nobody else trades, (T, P).
        sale_together_kw, purchase_together_kw: while all propose all that they could, (T, P).
        sale_limited_by, purchase_limited_by: a `LimitedBy` of what stops it alone, `NOTHING` where there is
            nothing to trade, (T, P).
        sale_element, purchase_element: the participant, bus position or rated element of that, −1 for none,
            (T, P).
        sale_phase, purchase_phase: of that limit, position in `PHASE_LABELS`; the first one, which is empty,
            in a balanced network, (T, P).
        operating_limits: of the network, relaxed where it breaks them before anything is traded.
        together_status: a `PeriodStatus` of how `together` was found, (T,).
        together_kept: whether `together` keeps every limit under exact AC, (T,).
        has_state: whether the network has an operating point before anything is traded, (T,).
    """

    case: Case
    network: Network
    surplus_kw: Float
    residual_demand_kw: Float
    sale_cap_kw: Float
    sale_alone_kw: Float
    sale_together_kw: Float
    sale_limited_by: Int
    sale_element: Int
    sale_phase: Int
    purchase_cap_kw: Float
    purchase_alone_kw: Float
    purchase_together_kw: Float
    purchase_limited_by: Int
    purchase_element: Int
    purchase_phase: Int
    operating_limits: OperatingLimits
    together_status: Int
    together_kept: Bool
    has_state: Bool
