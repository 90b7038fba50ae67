"""ExplanationFacts: why a trade, an order or a participant gets what it gets, as typed facts."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOnLimit:
    """What one trade, or what one participant uses or feeds in beside its trades, puts on a limit.

    Attributes:
        kind: `trade`, `use` (power drawn beside trades), `feed_in`, or `others`, all that is not named.
        name: of the trade or the participant; how many they are where it is `others`.
        kw: its mean power in the periods of the cause.
        amount: what it adds towards the limit, in the limit's unit, below 0 where it relieves it: its power
            times the sensitivity there, to first order; of a cap, its power.
        per_kw: `amount` over `kw`; `None` where that is 0.
        is_own: whether it is of whom the explanation is about.
    """

    kind: str
    name: str
    kw: float
    amount: float
    per_kw: float | None
    is_own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseOfCut:
    """A limit, a cap or a term that cuts, in all periods in which it does.

    Attributes:
        of: `trades`, or `feed_in` that is curtailed.
        limited_by, element, phase: as in the table `cleared`.
        name: of the element in the network file, or empty.
        when: the periods, in words.
        periods: how many.
        share: of the energy that is cut, 0 to 1.
        lost_kwh: that energy.
        unit: of the limit: `kW`, `pu` or `%`; empty for terms.
        value, limit: greatest in the periods, of `voltage_min` least; `None` where unknown.
        room: how much more of the limit, in its unit and at the most in a period, all that it cuts here would
            take while all else stays as it is: the kW that are cut times their sensitivity, to first order;
            of a cap, exactly these kW.
        room_a: the same of a line in A; `room_v`: of a voltage in V, line to line in balanced networks and to
            the neutral in three-phase ones.
        cut_kw: that is cut at the most in a period, of all trades that the explanation is of.
        loads: what loads the limit, greatest first; empty where unknown.
        rest: value less all loads, what the limit would stand at without them to first order; `None` where
            unknown.
        without_load: trades that run in these periods and do not load it.
        also_cut: how many other trades it cuts too.
        is_beyond_before: whether the network is beyond this limit without any trade in some period.
        terms: why terms cut, in words; empty where they do not.
    """

    of: str
    limited_by: str
    element: str
    phase: str
    name: str
    when: str
    periods: int
    share: float
    lost_kwh: float
    unit: str
    value: float | None
    limit: float | None
    room: float | None
    room_a: float | None
    room_v: float | None
    cut_kw: float
    loads: tuple[LoadOnLimit, ...] = ()
    rest: float | None = None
    without_load: tuple[str, ...] = ()
    also_cut: int = 0
    is_beyond_before: bool = False
    terms: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRun:
    """Neighbouring periods in which the same powers are proposed and cleared."""

    trade: str
    when: str
    proposed_kw: float
    cleared_kw: float
    limited_by: str
    element: str
    phase: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeOutcome:
    """What became of a trade.

    Attributes:
        trade, seller, buyer: names.
        is_firm: whether an earlier clearing made it firm.
        proposed_kwh, cleared_kwh: its energy.
        price_per_kwh: what the buyer pays, of the energy that clears or else is proposed.
        seller_price_per_kwh: what the seller receives, where that differs.
        when: its window, in words.
    """

    trade: str
    seller: str
    buyer: str
    is_firm: bool
    proposed_kwh: float
    cleared_kwh: float
    price_per_kwh: float
    seller_price_per_kwh: float
    when: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderOutcome:
    """What became of an order.

    Attributes:
        order, participant, side: as it was given; side is `sell` or `buy`.
        offered_kwh: within what its participant has.
        done_kwh: what was matched of it, or cleared in an auction on the network.
        limit_price_per_kwh: its limit price.
        best_price_per_kwh: the best price across from it, or in an auction the price at which its side clears
            that is hardest to meet; `None` where there is none.
        why: why no more of it, in words; empty where all of it is done.
    """

    order: str
    participant: str
    side: str
    offered_kwh: float
    done_kwh: float
    limit_price_per_kwh: float
    best_price_per_kwh: float | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PressedLimit:
    """A limit that holds trades down, and what a participant puts on it in all.

    Attributes:
        limited_by, element, phase, name, when: as in `CauseOfCut`.
        unit: of `amount` and `limit`.
        amount: that it adds towards the limit in the mean, by all it injects and draws, to first order.
        limit: the limit.
    """

    limited_by: str
    element: str
    phase: str
    name: str
    when: str
    unit: str
    amount: float
    limit: float | None


@dataclass(frozen=True, kw_only=True)
class ExplanationFacts:
    """Why a trade, an order or a participant gets what it gets.

    Attributes:
        case: name of the case.
        kind: `trade`, `order` or `participant`.
        name: of what is explained.
        formulation, allocation, status: of the result.
        proposed_kwh, cleared_kwh: of its trades.
        trades: what became of each.
        orders: what became of its orders, where the result says that.
        causes: what cuts it, most energy first.
        runs: its trades period by period.
        pressed: of a participant, the limits that it loads.
        energy_kwh: of a participant: its load and generation and where they go, by the columns of `schedule`.
        notes: what else the reader should know, what the result does not hold among it.
        is_auction: whether orders were cleared on the network itself, so that nothing cuts their trades.
    """

    case: str
    kind: str
    name: str
    formulation: str
    allocation: str
    status: str
    proposed_kwh: float
    cleared_kwh: float
    trades: tuple[TradeOutcome, ...]
    orders: tuple[OrderOutcome, ...]
    causes: tuple[CauseOfCut, ...]
    runs: tuple[OutcomeRun, ...]
    pressed: tuple[PressedLimit, ...]
    energy_kwh: Mapping[str, float]
    notes: tuple[str, ...]
    is_auction: bool
