"""The market of a part: the programme of its caps and terms, and what the network has to carry."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array, vstack

from gridpact.arrays import Complex, Float, Int
from gridpact.clearing.network.network_state import OperatingLimits
from gridpact.clearing.network.oracle import NetworkOracle, oracle_at
from gridpact.clearing.network.situations import Situations
from gridpact.clearing.problem.linear_limits import PartRows, cap_rows
from gridpact.clearing.problem.parts import Part
from gridpact.clearing.problem.problem import ClearingProblem
from gridpact.clearing.solver.programme import Programme


@dataclass(frozen=True, slots=True, kw_only=True)
class Coordinates:
    """K coordinates of injection: what a participant sells, or buys, where the network sees it.

    Attributes:
        directions: change of the power injected at the R essential nodes per kW of each, (K, R).
        sold: coordinate of what each participant sells, −1 where the network does not see it, (P,).
        failing: coordinate of what is missing at each participant when it does not deliver, (P,): that of
            what it sells, or one of its own where it exports what it does not sell.
        bought: coordinate of what each participant buys, and the retailer last, −1 where the network does
            not see it, (P + 1,).
    """

    directions: Complex
    sold: Int
    failing: Int
    bought: Int


def oracle_of(problem: ClearingProblem) -> NetworkOracle:
    """The oracle of a problem's network: something is injected at its participants and its other loads."""
    baseline = problem.baseline_at_nodes
    injects = (baseline.p_kw != 0.0).any(axis=0) | (baseline.q_kvar != 0.0).any(axis=0)
    injects[problem.connected.indices[problem.connected.data != 0.0]] = True
    injects[problem.network.slack_node] = False
    return oracle_at(problem.network, np.flatnonzero(injects))


def coordinates_of(problem: ClearingProblem, oracle: NetworkOracle) -> Coordinates:
    """The coordinates of all participants that trade."""
    return coordinates_for(problem, oracle, problem.offers.column_seller, problem.offers.column_buyer)


def coordinates_for(
    problem: ClearingProblem, oracle: NetworkOracle, sellers: Int, buyers: Int
) -> Coordinates:
    """The coordinates of what some participants sell, and some buy, in any order and number."""
    people = problem.participants
    sells, buys = np.unique(sellers), np.unique(buyers)
    buys = buys[np.append(problem.buyer_draws, 0.0)[buys] > 0.0]
    power = np.append(1.0 + 1j * people.generation_tan_phi[sells], -1.0 - 1j * people.load_tan_phi[buys])
    shares = problem.connected[np.append(sells, buys)].toarray()[:, oracle.factors.free]
    failing, bought = np.full(len(people), -1), np.full(len(people) + 1, -1)
    failing[sells] = np.arange(len(sells))
    bought[buys] = len(sells) + np.arange(len(buys))
    sold = np.where(problem.seller_injects > 0.0, failing, -1)
    return Coordinates(directions=power[:, None] * shares, sold=sold, failing=failing, bought=bought)


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """The programme of a part with n columns and J variables, and what its rows and situations are.

    Attributes:
        problem: the clearing problem.
        part: the part.
        caps: the first rows of the programme.
        programme: by the greatest volume, cut most evenly.
        coordinates: of injection; none where there is no network.
        place: of each situation's period among those of the part, (S,).
        missing: share of each column that is not delivered in each situation, (S, n).
    """

    problem: ClearingProblem
    part: Part
    caps: PartRows
    programme: Programme
    coordinates: Coordinates | None
    place: Int
    missing: csr_array

    @property
    def oracle(self) -> NetworkOracle | None:
        """Of its network, where there is one."""
        return self.programme.situations.oracle if self.programme.situations else None

    @property
    def situations(self) -> Situations:
        """Of its programme."""
        if self.programme.situations is None:
            raise ValueError("the market has no network")
        return self.programme.situations

    def column_effect(self, situation: int) -> csr_array:
        """kW of each coordinate per kW of each column of the situation's period, (K, n')."""
        here = np.flatnonzero(self.part.period == self.place[situation])
        missing = _share(self.missing, situation, here)
        entry, row, place = _effects(self.problem, self.part, self._coordinates, here, missing)
        shape = (len(self._coordinates.directions), len(here))
        return csr_array((entry, (row, place)), shape=shape)

    @property
    def _coordinates(self) -> Coordinates:
        if self.coordinates is None:
            raise ValueError("the market has no network")
        return self.coordinates


def market_of(problem: ClearingProblem, part: Part) -> Market:
    """The market of a part without a network."""
    caps = cap_rows(problem, part)
    programme = Programme(
        lower=np.zeros_like(part.upper_kw),
        upper=part.upper_kw,
        rows=caps.matrix,
        row_upper=caps.upper,
        situations=None,
        objective=part.volume(),
    )
    nothing = csr_array((0, len(part.columns)))
    return Market(
        problem=problem,
        part=part,
        caps=caps,
        programme=programme,
        coordinates=None,
        place=np.empty(0, dtype=np.int64),
        missing=nothing,
    )


def on_network(
    problem: ClearingProblem,
    part: Part,
    oracle: NetworkOracle,
    coordinates: Coordinates,
    limits: OperatingLimits,
) -> Market:
    """The market of a part on its network: each period with everything delivered."""
    count = len(part.periods)
    market = replace(market_of(problem, part), coordinates=coordinates)
    return with_contingencies(market, oracle, np.arange(count), csr_array((count, len(part.columns))), limits)


def with_contingencies(
    market: Market, oracle: NetworkOracle, place: Int, missing: csr_array, limits: OperatingLimits
) -> Market:
    """A market with more situations, in which some shares of columns, (S, n), are not delivered.

    What is not delivered is missing at the seller, while the buyer uses what it bought: its retailer steps
    in.

    Args:
        market: with the same coordinates.
        oracle: of the network.
        place: of each situation's period among those of the part, (S,).
        missing: share of each column that is missing in each situation, (S, n).
        limits: of the network.
    """
    problem, part, coordinates = market.problem, market.part, market._coordinates
    baseline, periods = problem.baseline_at_nodes, part.periods[place]
    least, greatest = oracle.monitored.least_and_greatest(limits, periods)
    effects = []
    for situation, one in enumerate(place.tolist()):
        here = np.flatnonzero(part.period == one)
        share = _share(missing, situation, here)
        entry, row, column = _effects(problem, part, coordinates, here, share)
        effects.append(part.by_variable(entry, row, here[column], len(coordinates.directions)))
    added = Situations(
        oracle=oracle,
        base_kva=(baseline.p_kw + 1j * baseline.q_kvar)[periods][:, oracle.factors.free],
        directions=coordinates.directions,
        effects=tuple(effects),
        least=least,
        greatest=greatest,
    )
    own = market.programme.situations
    programme = replace(market.programme, situations=own.followed_by(added) if own else added)
    return replace(
        market,
        programme=programme,
        place=np.concatenate([market.place, place]),
        missing=csr_array(vstack([market.missing, missing])) if own else missing,
    )


def _share(missing: csr_array, situation: int, here: Int) -> Float:
    """Share of some columns that is missing in a situation, (n',)."""
    if not missing.nnz:
        return np.zeros(len(here))
    share: Float = csr_array(missing[[situation]])[:, here].toarray()[0]
    return share


def _effects(
    problem: ClearingProblem, part: Part, coordinates: Coordinates, here: Int, missing: Float
) -> tuple[Float, Int, Int]:
    """kW of coordinates per kW of some columns, (n',), of which shares, (n',), are missing.

    Returns:
        Each effect, its coordinate, and the place of its column among these; equal places add up.
    """
    columns = part.columns[here]
    seller, buyer = problem.offers.column_seller[columns], problem.offers.column_buyer[columns]
    every = np.arange(len(here))
    row = np.concatenate([coordinates.sold[seller], coordinates.failing[seller], coordinates.bought[buyer]])
    entry = np.concatenate([np.ones(len(here)), -missing, np.ones(len(here))])
    seen = (row >= 0) & (entry != 0.0)
    return entry[seen], row[seen], np.tile(every, 3)[seen]
