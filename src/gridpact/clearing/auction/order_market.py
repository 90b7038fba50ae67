"""OrderMarket: the orders of a period and the feed-in beside them, as a programme on their network.

    maximise    Σ bid · bought − Σ ask · sold
    subject to  Σ bought = Σ sold,  0 ≤ each ≤ offered,  sold + fed in ≤ surplus,
                every monitored quantity of the network within its limits

Prices are in units of the greatest of them, so that a kW is worth about as much as in other programmes. The
orders that are worth nothing either way share evenly, as a kW of evenness is worth next to nothing.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array, vstack

from gridpact.arrays import Bool, Float, Int
from gridpact.case.orders import OrderRows, Orders
from gridpact.clearing.network.network_state import OperatingLimits
from gridpact.clearing.network.oracle import NetworkOracle
from gridpact.clearing.network.situations import Situations
from gridpact.clearing.problem.market import Coordinates
from gridpact.clearing.problem.problem import ClearingProblem
from gridpact.clearing.solver.programme import INDIFFERENCE, Objective, Programme

EVENNESS = 1e-2  # of the even cut's, which orders of equal worth share by
BALANCE_ROWS = 2  # Σ bought − Σ sold ≤ 0, and the same with the other sign


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderMarket:
    """The programme of a period: n orders, then m columns of feed-in, J variables in all.

    Attributes:
        period: which.
        rows: of the orders that offer something, (n,).
        columns: of feed-in, of the problem, (m,).
        participant: of each variable, (J,).
        sells: whether each variable is a sale or feed-in, (J,).
        price_per_kwh: limit price of each order, (n,).
        price_unit: that prices are divided by.
        programme: on the network; its rows are the balance, then the surplus of exporters.
        exporter: participant of each row of surplus, (e,).
    """

    period: int
    rows: Int
    columns: Int
    participant: Int
    sells: Bool
    price_per_kwh: Float
    price_unit: float
    programme: Programme
    exporter: Int

    @property
    def orders(self) -> int:
        """Number of orders n."""
        return len(self.rows)

    @property
    def situations(self) -> Situations:
        """Of its programme."""
        if self.programme.situations is None:
            raise ValueError("the market has no network")
        return self.programme.situations

    @property
    def worth(self) -> Float:
        """What a kW of each variable adds, in units of price, (J,)."""
        return self.programme.objective.weight

    def within(self, oracle: NetworkOracle, limits: OperatingLimits) -> "OrderMarket":
        """The same within other limits."""
        least, greatest = oracle.monitored.least_and_greatest(limits, np.array([self.period]))
        situations = self.situations.with_limits(least, greatest)
        return replace(self, programme=replace(self.programme, situations=situations))

    def draft(self, rows: OrderRows, fed_in_kw: Float) -> Float:
        """A value of the variables, (J,): the draft, and feed-in, (m,), as far as that is left."""
        sold_kw = np.where(self.sells[: self.orders], rows.draft_kw[self.rows], 0.0)
        of_participant = np.bincount(
            self.participant[: self.orders], sold_kw, int(self.participant.max(initial=-1)) + 1
        )
        surplus = dict(zip(self.exporter.tolist(), self.programme.row_upper[BALANCE_ROWS:], strict=True))
        left_kw = [surplus[p] - of_participant[p] for p in self.participant[self.orders :].tolist()]
        fed_kw = np.clip(np.array(left_kw), 0.0, fed_in_kw)
        return np.concatenate([rows.draft_kw[self.rows], fed_kw])


def market_of_orders(
    problem: ClearingProblem,
    orders: Orders,
    rows: OrderRows,
    oracle: NetworkOracle,
    coordinates: Coordinates,
    surplus_kw: Float,
    period: int,
) -> OrderMarket:
    """The market of a period.

    Args:
        problem: whose columns are feed-in; what is firm is part of its baseline.
        orders: of the case.
        rows: of all periods.
        oracle: of the network.
        coordinates: of all participants with orders or feed-in.
        surplus_kw: what each participant has left to sell or feed in, (T, P).
        period: which.
    """
    chosen = np.flatnonzero((rows.period == period) & (rows.offered_kw > 0.0))
    columns = problem.offers.of_period(period)
    order, fed_by = rows.order[chosen], problem.offers.column_seller[columns]
    participant = np.concatenate([orders.participant[order], fed_by])
    sells = np.concatenate([orders.sells[order], np.ones(len(columns), dtype=np.bool_)])
    limit = orders.price_per_kwh[order]
    unit = float(np.abs(limit).max(initial=0.0)) or 1.0
    offered_kw = rows.offered_kw[chosen]
    fed_kw = np.minimum(problem.offers.column_kw[columns], surplus_kw[period, fed_by])
    exporter = np.unique(fed_by)
    programme = Programme(
        lower=np.zeros(len(participant)),
        upper=np.concatenate([offered_kw, fed_kw]),
        rows=_rows(len(chosen), participant, sells, exporter),
        row_upper=np.concatenate([np.zeros(BALANCE_ROWS), surplus_kw[period, exporter]]),
        situations=_situation(problem, oracle, coordinates, participant, sells, period),
        objective=_welfare(np.where(orders.sells[order], -limit, limit) / unit, offered_kw, fed_kw),
    )
    return OrderMarket(
        period=period,
        rows=chosen,
        columns=columns,
        participant=participant,
        sells=sells,
        price_per_kwh=limit,
        price_unit=unit,
        programme=programme,
        exporter=exporter,
    )


def _welfare(worth: Float, offered_kw: Float, fed_kw: Float) -> Objective:
    """Σ worth · cleared; of feed-in as little as helps."""
    size_kw = np.maximum(np.concatenate([offered_kw, fed_kw]), np.finfo(float).tiny)
    plain = Objective.volume(size_kw, np.concatenate([worth, np.zeros_like(fed_kw)]))
    is_order = np.arange(len(size_kw)) < len(worth)
    return replace(
        plain,
        evenness=np.where(is_order, EVENNESS, INDIFFERENCE) / size_kw,
        target=np.where(is_order, size_kw, 0.0),
    )


def _rows(orders: int, participant: Int, sells: Bool, exporter: Int) -> csr_array:
    """The balance, both ways, and what exporters sell and feed in, (2 + e, J)."""
    is_order = np.arange(len(participant)) < orders
    balance = csr_array(np.where(is_order, np.where(sells, -1.0, 1.0), 0.0)[None, :])
    own = csr_array(((exporter[:, None] == participant) & sells).astype(np.float64))
    return csr_array(vstack([balance, -balance, own]))


def _situation(
    problem: ClearingProblem,
    oracle: NetworkOracle,
    coordinates: Coordinates,
    participant: Int,
    sells: Bool,
    period: int,
) -> Situations:
    """The period with everything delivered."""
    baseline, here = problem.baseline_at_nodes, np.array([period])
    row = np.where(sells, coordinates.sold[participant], coordinates.bought[participant])
    seen = np.flatnonzero(row >= 0)
    shape = (len(coordinates.directions), len(participant))
    least, greatest = oracle.monitored.least_and_greatest(problem.operating_limits, here)
    return Situations(
        oracle=oracle,
        base_kva=(baseline.p_kw + 1j * baseline.q_kvar)[here][:, oracle.factors.free],
        directions=coordinates.directions,
        effects=(csr_array((np.ones(len(seen)), (row[seen], seen)), shape=shape),),
        least=least,
        greatest=greatest,
    )
