"""The outsider: who all participants sell to and buy from while the other side of their trades is open.

It trades without a cap, and the network does not feel it, as if it stood at the supply: it has no load and no
generation of its own, its demand is firm and its surplus exported, so that a trade with it changes what the
other participant injects, and nothing else.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridpact.arrays import Bool, Float, frozen
from gridpact.case.case import Case, FeedIn, Formulation
from gridpact.case.participants import Participants
from gridpact.case.profiles import Profiles
from gridpact.case.schema import DEFAULT_RETAILER
from gridpact.case.terms import Terms
from gridpact.case.trades import Trades
from gridpact.clearing.on_commitments import solve_on_commitments
from gridpact.clearing.problem.problem import CAP_TOLERANCE_KW, ClearingProblem, pose
from gridpact.clearing.solver.budget import Budget
from gridpact.fields.case_part import unchecked
from gridpact.grid.network import Network
from gridpact.grid.network_model import ALL_PHASES
from gridpact.pipeline import SOLVERS


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTrading:
    """What could still be traded, and the problem of clearing all of it with the outsider.

    Attributes:
        sale_cap_kw, purchase_cap_kw: surplus and residual demand of each participant, less what its
            commitments take of them; nothing in closed periods, (T, P).
        problem: of P + 1 participants, the outsider last. Its baseline is what is injected before anything of
            this is traded: that of the case, and its commitments as far as they are kept.
    """

    sale_cap_kw: Float
    purchase_cap_kw: Float
    problem: ClearingProblem


def open_trading(case: Case, network: Network) -> OpenTrading:
    """All that participants could still sell and buy, in place of the case's own trades and orders.

    Raises:
        InvalidCase: a participant is on a bus that `network` does not have.
        SolverFailed: commitments that a new forecast makes infeasible could not be cut.
    """
    joined, people = _joined_by_outsider(case, network), len(case.participants)
    firm = pose(joined, case.commitments, network, firm=len(case.commitments))
    kept_kw = _kept_kw(firm, case.formulation)
    every = np.ones(firm.shape[0], dtype=np.bool_)
    before = firm.on_top_of(kept_kw, np.arange(0), keeps_limits=every)
    is_open = (np.arange(case.horizon.periods) >= case.first_open)[:, None]
    sold_kw, bought_kw = firm.offers.sold_kw(kept_kw, firm.shape), firm.offers.bought_kw(kept_kw, firm.shape)
    sale_cap_kw = _what_is_left(case.profiles.surplus_kw - sold_kw[:, :people], is_open)
    purchase_cap_kw = _what_is_left(case.profiles.residual_demand_kw - bought_kw[:, :people], is_open)
    posed = pose(joined, _trades_with_outsider(sale_cap_kw, purchase_cap_kw), network)
    uncapped = np.full(posed.shape, np.inf)  # nobody offers more than is left, and the outsider takes it all
    problem = replace(
        posed,
        seller_cap_kw=uncapped,
        buyer_cap_kw=uncapped,
        baseline_at_nodes=before.baseline_at_nodes,
        baseline_operation=before.baseline_operation,
        operating_limits=before.operating_limits,
    )
    return OpenTrading(sale_cap_kw=sale_cap_kw, purchase_cap_kw=purchase_cap_kw, problem=problem)


def _kept_kw(firm: ClearingProblem, formulation: Formulation) -> Float:
    """How much of each firm column is kept, (C,): all of it, unless a new forecast has made it infeasible."""
    can_rank = formulation is Formulation.AC
    budget = Budget()
    found = solve_on_commitments(
        firm, lambda problem: SOLVERS[formulation](problem, budget), can_rank=can_rank
    )
    return found.column_kw


def _what_is_left(kw: Float, is_open: Bool) -> Float:
    """Power that is more than rounding, in open periods; same shape."""
    return np.where(is_open & (kw > CAP_TOLERANCE_KW), kw, 0.0)


def _joined_by_outsider(case: Case, network: Network) -> Case:
    """The case with the outsider as its last participant, who exports in any case: it injects nothing.

    Feed-in that is a decision gives way to trades: nothing of it stands in their way, nor helps them.
    """
    people, profiles = case.participants, case.profiles
    exports = people.exports & (case.feed_in is FeedIn.FIRM)
    nothing = np.zeros((case.horizon.periods, 1))
    return replace(
        case,
        feed_in=FeedIn.FIRM,
        participants=unchecked(
            Participants,
            ids=(*people.ids, ""),
            bus=_appended(people.bus, network.bus_ids[0]),  # any bus will do: it never injects anything
            firm=_appended(people.firm, True),
            exports=_appended(exports, True),
            load_power_factor=_appended(people.load_power_factor, 1.0),
            generation_power_factor=_appended(people.generation_power_factor, 1.0),
            retailer=(*people.retailer, DEFAULT_RETAILER),
            connection_kw=_appended(people.connection_kw, np.nan),
            phases=(*people.phases, ALL_PHASES),
        ),
        profiles=Profiles(
            load_kw=frozen(np.hstack([profiles.load_kw, nothing]), np.float64),
            generation_kw=frozen(np.hstack([profiles.generation_kw, nothing]), np.float64),
        ),
    )


def _trades_with_outsider(sale_kw: Float, purchase_kw: Float) -> Trades:
    """A sale and a purchase of all that each participant has in each period, (T, P) each."""
    sale_period, seller = np.nonzero(sale_kw)
    purchase_period, buyer = np.nonzero(purchase_kw)
    outsider, count = sale_kw.shape[1], len(seller) + len(buyer)
    start = np.concatenate([sale_period, purchase_period])
    power_kw = np.concatenate([sale_kw[sale_period, seller], purchase_kw[purchase_period, buyer]])
    return unchecked(
        Trades,
        ids=("",) * count,
        seller=frozen(np.concatenate([seller, np.full(len(buyer), outsider)]), np.int64),
        buyer=frozen(np.concatenate([np.full(len(seller), outsider), buyer]), np.int64),
        start=frozen(start, np.int64),
        end=frozen(start + 1, np.int64),
        power_kw=frozen(power_kw, np.float64),
        price_per_kwh=frozen(np.zeros(count), np.float64),
        submitted=frozen(np.zeros(count), np.int64),
        terms=Terms.none(count),
    )


def _appended(values: NDArray[Any], last: Any) -> NDArray[Any]:
    """The values and one more, of the same type."""
    return frozen(np.append(values, last), values.dtype)
