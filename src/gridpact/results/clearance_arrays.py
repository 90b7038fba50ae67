"""ClearanceArrays: the result of a clearing, apart from the tables that are made of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gridpact.arrays import Bool, Float, Int
from gridpact.case.case import Case
from gridpact.case.trades import Trades
from gridpact.clearing.auction.order_clearing import ClearedOrders
from gridpact.clearing.certificate.certify import Certificate
from gridpact.clearing.contingencies import Contingencies
from gridpact.clearing.dispatch_verification import Verification
from gridpact.clearing.feed_in import FedIn
from gridpact.clearing.network.network_state import OperatingLimits, Operation
from gridpact.clearing.problem.offers import Offers
from gridpact.clearing.problem.solution import Solution
from gridpact.clearing.solver.budget import EndedBy
from gridpact.dispatch import Schedule
from gridpact.grid.network import Network


@dataclass(frozen=True, kw_only=True)
class ClearanceArrays:
    """How much of each trade clears, the dispatch that follows, and the proof.

    Attributes:
        case: what was cleared.
        network: its compiled network.
        trades: the commitments, the bilateral trades, and those matched from orders.
        matched: how many of them, the last ones, were matched from orders.
        committed: how many of them, the first ones, are commitments: a trade may be several of them.
        offers: the trades spread over periods.
        solution: cleared power and reasons.
        greatest_volume_kw: volume of each period by `max-volume`, (T,).
        certificate: a proven bound on the volume; only where it was asked for.
        contingencies: how the allocation survives outages; only where it was asked for.
        dispatch: the schedule as arrays, (T, P).
        fed_in: feed-in to retailers, and what curtails it.
        bus_position: position of each participant's bus in `network.bus_ids`, (P,).
        bare: the true state of the network under all that is not decided.
        baseline: its true state if nothing were traded, feed-in included.
        operation: the true state of the network under the dispatch.
        nominal_limits: as the case states them.
        operating_limits: relaxed to the bare network's values where nothing keeps the case's own.
        verification: the independent power flow of the dispatch.
        cleared_orders: what of the orders clears and at which prices, where that was on the network.
        ended_by: what ended the clearing before it was through, if anything did.
        seconds: wall time of each step.
    """

    case: Case
    network: Network
    trades: Trades
    matched: int
    committed: int = 0
    offers: Offers
    solution: Solution
    greatest_volume_kw: Float
    certificate: Certificate | None
    contingencies: Contingencies | None = None
    dispatch: Schedule
    fed_in: FedIn
    bus_position: Int
    bare: Operation
    baseline: Operation
    operation: Operation
    nominal_limits: OperatingLimits
    operating_limits: OperatingLimits
    verification: Verification
    cleared_orders: ClearedOrders | None = None
    ended_by: EndedBy = EndedBy.NOTHING
    seconds: Mapping[str, float] = field(compare=False)

    @property
    def is_committed(self) -> Bool:
        """Whether each row of `cleared` is of a commitment, (R,)."""
        return self.offers.trade < self.committed
