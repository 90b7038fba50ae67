"""The clearing problem: how much of each column can the network carry, all of them at once."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from gridpact.arrays import Float, Int
from gridpact.case.case import Case
from gridpact.case.participants import Participants
from gridpact.case.trades import Trades
from gridpact.clearing.injection import (
    Injection,
    at_nodes,
    connection,
    injection,
    made_kw,
    participant_node,
    used_kw,
)
from gridpact.clearing.offers import Offers, spread
from gridpact.grid.limits import Limits
from gridpact.grid.network import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearingProblem:
    """Choose the power y of each column: 0 ≤ y ≤ proposed, within every cap and every limit.

    Attributes:
        network: the compiled network.
        limits: of its buses, lines and transformers.
        offers: rows and columns of the trades.
        participants: P of them.
        surplus_kw: cap on what each participant sells, (T, P).
        residual_demand_kw: cap on what each participant buys, (T, P).
        baseline: injection of each participant with no trade cleared, (T, P).
        baseline_at_nodes: the same at each node, (T, N).
        participant_node: node of each participant, (P,).
        connected: incidence of participants on nodes, (P, N).
        hours_per_period: kW times this is kWh.
    """

    network: Network
    limits: Limits
    offers: Offers
    participants: Participants
    surplus_kw: Float
    residual_demand_kw: Float
    baseline: Injection
    baseline_at_nodes: Injection
    participant_node: Int
    connected: csr_array
    hours_per_period: float

    @property
    def shape(self) -> tuple[int, int]:
        """(T, P)."""
        periods, participants = self.surplus_kw.shape
        return periods, participants

    @property
    def seller_injects(self) -> Float:
        """More injection at a seller per kW it sells: 1, or 0 where it exports anyway, (P,)."""
        return np.where(self.participants.exports, 0.0, 1.0)

    @property
    def buyer_draws(self) -> Float:
        """More load at a buyer per kW it buys: 1, or 0 where it is firm, (P,)."""
        return np.where(self.participants.firm, 0.0, 1.0)

    def change_kw(self, column_kw: Float) -> Float:
        """Change of each participant's active injection from the baseline, (T, P), for `column_kw` (C,)."""
        sold = self.offers.sold_kw(column_kw, self.shape) * self.seller_injects
        return sold - self.offers.bought_kw(column_kw, self.shape) * self.buyer_draws


def pose(case: Case, trades: Trades, network: Network) -> ClearingProblem:
    """The clearing problem of `trades` in a case on its compiled network.

    Raises:
        InvalidCase: a participant is on a bus that `network` does not have.
    """
    participants, profiles = case.participants, case.profiles
    nothing = np.zeros_like(profiles.load_kw)
    baseline = injection(
        participants,
        made_kw(participants, profiles, nothing),
        used_kw(participants, profiles, nothing),
    )
    node = participant_node(network, participants)
    connected = connection(node, network.nodes)
    return ClearingProblem(
        network=network,
        limits=case.limits,
        offers=spread(trades, len(participants)),
        participants=participants,
        surplus_kw=profiles.surplus_kw,
        residual_demand_kw=profiles.residual_demand_kw,
        baseline=baseline,
        baseline_at_nodes=at_nodes(connected, baseline),
        participant_node=node,
        connected=connected,
        hours_per_period=case.horizon.hours_per_period,
    )
