"""The clearing problem: how much of each column can the network carry, all of them at once."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array

from gridpact.arrays import Bool, Float, Int
from gridpact.case.case import Case, FeedIn
from gridpact.case.participants import Participants
from gridpact.case.trades import Trades
from gridpact.clearing.network import network_state
from gridpact.clearing.network.connections import connections_of
from gridpact.clearing.network.injection import (
    Injection,
    at_nodes,
    injection,
    used_kw,
)
from gridpact.clearing.network.network_state import (
    OperatingLimits,
    Operation,
    nominal_limits,
    operate,
    relaxed_limits,
)
from gridpact.clearing.problem.offers import Offers, spread
from gridpact.clearing.problem.parts import Part, parts_of
from gridpact.clearing.problem.term_units import Units, units_of
from gridpact.clearing.rules.rule import rule_of
from gridpact.grid.limits import Limits
from gridpact.grid.network import Network

CAP_TOLERANCE_KW = 1e-9
FEED_IN_MIN_KW = 1e-6  # below which surplus is fed in without a decision


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearingProblem:
    """Choose the power y of each column: 0 ≤ y ≤ proposed, within every cap and every limit.

    Attributes:
        network: the compiled network.
        limits: of its buses, lines and transformers, as the case states them.
        offers: rows and columns of the trades.
        units: the trades whose terms bind them.
        parts: the periods that their terms tie together.
        participants: P of them.
        feeds_in_firm: whose surplus retailers take in any case, so that a sale injects nothing more, (P,).
        seller_cap_kw: surplus of each participant, infinite where all it proposes to sell is within, (T, P).
        buyer_cap_kw: residual demand of each participant, infinite where all it proposes to buy is, (T, P).
        baseline_at_nodes: injection at each node of all that is not decided: the bare network, (T, N).
        baseline_operation: its true state.
        nominal_limits: the limits of every period, as the case states them.
        operating_limits: the same, relaxed where the baseline breaks them.
        connected: incidence of participants on nodes, shares of its power at each of its phases, (P, N).
        rule: name of the one that chooses among what the network can carry.
        hours_per_period: kW times this is kWh.
        known_kw: an allocation of the columns that is known to keep everything, or nothing at all, (C,).
    """

    network: Network
    limits: Limits
    offers: Offers
    units: Units
    parts: tuple[Part, ...]
    participants: Participants
    feeds_in_firm: Bool
    seller_cap_kw: Float
    buyer_cap_kw: Float
    baseline_at_nodes: Injection
    baseline_operation: Operation
    nominal_limits: OperatingLimits
    operating_limits: OperatingLimits
    connected: csr_array
    rule: str
    hours_per_period: float
    known_kw: Float

    @property
    def shape(self) -> tuple[int, int]:
        """(T, P)."""
        periods, participants = self.seller_cap_kw.shape
        return periods, participants

    @property
    def seller_injects(self) -> Float:
        """More injection at a seller per kW it sells: 1, or 0 where it feeds in anyway, (P,)."""
        return np.where(self.feeds_in_firm, 0.0, 1.0)

    @property
    def buyer_draws(self) -> Float:
        """More load at a buyer per kW it buys: 1, or 0 where it is firm, (P,)."""
        return np.where(self.participants.firm, 0.0, 1.0)

    def injection_at_nodes(self, column_kw: Float) -> Injection:
        """The injection at each node, (T, N), when the columns clear `column_kw` (C,)."""
        sold_kw = self.offers.sold_kw(column_kw, self.shape)
        bought_kw = self.offers.bought_kw(column_kw, self.shape)
        return self._injection(self.baseline_at_nodes, sold_kw, bought_kw)

    @property
    def untied(self) -> Bool:
        """Whether each period can be cleared by itself, without a decision, (T,)."""
        untied = np.ones(self.shape[0], dtype=np.bool_)
        for part in self.parts:
            untied[part.periods] = False
        return untied

    def on_top_of(
        self,
        firm_kw: Float,
        columns: Int,
        *,
        keeps_limits: Bool | None = None,
        known_kw: Float | None = None,
    ) -> "ClearingProblem":
        """The problem of clearing some columns where others, `firm_kw` (C,), clear already.

        What is firm becomes part of the baseline, and leaves the caps.

        Args:
            firm_kw: power of all columns, 0 for the open ones, (C,).
            columns: the open ones, n of them.
            keeps_limits: whether what is firm keeps its limits by itself within the tolerance of a
                clearing, (T,), where that is known: there limits are relaxed to the state that it leaves.
                In other periods the open columns have to relieve the network.
            known_kw: power of the open columns that is known to keep everything, (n,).
        """
        sold_kw, bought_kw = (
            self.offers.sold_kw(firm_kw, self.shape),
            self.offers.bought_kw(firm_kw, self.shape),
        )
        at_nodes = self.injection_at_nodes(firm_kw)
        operation = operate(self.network, at_nodes, self.baseline_operation)
        offers = self.offers.of(columns)
        relaxed = relaxed_limits(self.operating_limits, operation)
        if keeps_limits is None:
            keeps_limits = network_state.keeps_limits(operation, self.operating_limits.widened())
        return replace(
            self,
            offers=offers,
            parts=tuple(parts_of(offers, self.units, self.shape[0])),
            seller_cap_kw=np.maximum(self.seller_cap_kw - sold_kw, 0.0),
            buyer_cap_kw=np.maximum(self.buyer_cap_kw - bought_kw, 0.0),
            baseline_at_nodes=at_nodes,
            baseline_operation=operation,
            operating_limits=self.operating_limits.replaced(keeps_limits, relaxed),
            known_kw=np.zeros(len(columns)) if known_kw is None else known_kw,
        )

    def only(self, columns: Int) -> "ClearingProblem":
        """The problem in which some columns, ascending, are all that there is."""
        offers = self.offers.of(columns)
        offered_kw = offers.sold_kw(offers.column_kw, self.shape)
        return replace(
            self,
            offers=offers,
            parts=tuple(parts_of(offers, self.units, self.shape[0])),
            seller_cap_kw=_reachable(self.seller_cap_kw, offered_kw),
            known_kw=self.known_kw[columns],
        )

    def traded_kw(self, period: int, candidates_kw: Float) -> tuple[Float, Float]:
        """Power sold and bought by each participant, (m, P) each, under m allocations of a period, (m, n)."""
        columns = self.offers.of_period(period)
        sold, bought = (np.zeros((self.shape[1], len(candidates_kw))) for _ in range(2))
        np.add.at(sold, self.offers.column_seller[columns], candidates_kw.T)
        by_peers = ~self.offers.column_is_fed[columns]
        np.add.at(bought, self.offers.column_buyer[columns[by_peers]], candidates_kw.T[by_peers])
        return sold.T, bought.T

    def candidate_injection(self, period: int, candidates_kw: Float) -> Injection:
        """The injection at each node, (m, N), under m allocations of a period, (m, n)."""
        baseline = Injection(
            p_kw=self.baseline_at_nodes.p_kw[period], q_kvar=self.baseline_at_nodes.q_kvar[period]
        )
        return self._injection(baseline, *self.traded_kw(period, candidates_kw))

    def _injection(self, baseline: Injection, sold_kw: Float, bought_kw: Float) -> Injection:
        """What is injected at each node on top of a baseline when participants sell and buy."""
        made, used = sold_kw * self.seller_injects, bought_kw * self.buyer_draws
        traded = at_nodes(self.connected, injection(self.participants, made, used))
        return Injection(p_kw=baseline.p_kw + traded.p_kw, q_kvar=baseline.q_kvar + traded.q_kvar)


def pose(case: Case, trades: Trades, network: Network, *, firm: int = 0) -> ClearingProblem:
    """The clearing problem of `trades` in a case on its compiled network.

    Args:
        case: the case; its own trades are not looked at.
        trades: to be cleared.
        network: the compiled network.
        firm: number of leading trades that are commitments.

    Raises:
        InvalidCase: a participant is on a bus that `network` does not have.
    """
    participants, profiles = case.participants, case.profiles
    fed_in_kw = np.where(participants.exports, profiles.surplus_kw, 0.0)
    is_decided = (fed_in_kw > FEED_IN_MIN_KW) & (case.feed_in is FeedIn.AFTER_TRADES)
    baseline = injection(
        participants,
        profiles.own_use_kw + np.where(is_decided, 0.0, fed_in_kw),
        used_kw(participants, profiles, np.zeros_like(profiles.load_kw)),
    )
    connected = connections_of(network, participants).incidence(len(participants), network.nodes)
    baseline_at_nodes = at_nodes(connected, baseline)
    operation = operate(network, baseline_at_nodes)
    nominal = nominal_limits(network, case.limits, case.horizon.periods)
    units = units_of(trades)
    offers = spread(
        trades,
        len(participants),
        unit=units.of_trade,
        firm=firm,
        by_submission=rule_of(case.allocation).by_submission,
    ).with_feed_in(np.where(is_decided, fed_in_kw, 0.0))
    shape = profiles.load_kw.shape
    return ClearingProblem(
        network=network,
        limits=case.limits,
        offers=offers,
        units=units,
        parts=tuple(parts_of(offers, units, case.horizon.periods)),
        participants=participants,
        feeds_in_firm=participants.exports & (case.feed_in is FeedIn.FIRM),
        seller_cap_kw=_reachable(profiles.surplus_kw, offers.sold_kw(offers.column_kw, shape)),
        buyer_cap_kw=_reachable(profiles.residual_demand_kw, offers.bought_kw(offers.column_kw, shape)),
        baseline_at_nodes=baseline_at_nodes,
        baseline_operation=operation,
        nominal_limits=nominal,
        operating_limits=relaxed_limits(nominal, operation),
        connected=connected,
        rule=case.allocation,
        hours_per_period=case.horizon.hours_per_period,
        known_kw=np.zeros(offers.columns),
    )


def _reachable(cap_kw: Float, proposed_kw: Float) -> Float:
    """The caps that what is proposed exceeds; a cap that cannot bind is none, and has no shadow price."""
    return np.where(proposed_kw <= cap_kw + CAP_TOLERANCE_KW, np.inf, cap_kw)
