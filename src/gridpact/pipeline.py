"""The way from a case to its clearance."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic

import numpy as np

from gridpact.arrays import Float
from gridpact.case.case import Allocation, Case, Formulation, Robustness, need_case
from gridpact.case.trades import Trades
from gridpact.clearing.ac import solve_ac
from gridpact.clearing.auction.order_clearing import ClearedOrders
from gridpact.clearing.certificate.certify import Certificate, cones_cost_less_than_clearing
from gridpact.clearing.certificate.certify import certify as prove
from gridpact.clearing.contingencies import Contingencies
from gridpact.clearing.dc_clearing import solve_dc
from gridpact.clearing.dispatch_verification import verify
from gridpact.clearing.feed_in import FedIn, FeedInClearing
from gridpact.clearing.network.connections import connections
from gridpact.clearing.network.injection import at_nodes, participant_bus_position
from gridpact.clearing.network.network_state import Operation, operate
from gridpact.clearing.on_commitments import solve_on_commitments
from gridpact.clearing.option_agreement import check_options
from gridpact.clearing.problem.problem import ClearingProblem, pose
from gridpact.clearing.problem.solution import Solution
from gridpact.clearing.relaxed_limits import with_limits_decided
from gridpact.clearing.solver.budget import Budget, EndedBy
from gridpact.dispatch import dispatch
from gridpact.errors import InvalidUsage
from gridpact.fields.arguments import need
from gridpact.grid.compile import compile_source
from gridpact.grid.network import Network
from gridpact.matching import combined, match
from gridpact.order_auction import Auctioned, auction, is_auctioned
from gridpact.results.clearance import Clearance
from gridpact.stopwatch import Stopwatch

CLEARING_SHARE = 0.85  # of a time limit, as what clears has to be dispatched and verified too
SOLVERS: dict[Formulation, Callable[[ClearingProblem, Budget], Solution]] = {
    Formulation.AC: solve_ac,
    Formulation.DC: solve_dc,
}


def compile_network(case: Case) -> Network:
    """The network of a case, compiled once and reusable for every case on it.

    Raises:
        InvalidCase: the network cannot be read, or not be carried over exactly.
        InvalidUsage: `case` is no case.
    """
    need_case("compile_network", case)
    return compile_source(case.network)


def need_network(function: str, network: Network | None, case: Case) -> None:
    """Refuses the call of a function with something else in the place of a network, or of none.

    Raises:
        InvalidUsage: it is something else, or modelled otherwise than the case says.
    """
    if network is None:
        return
    need(function, Network, network, "give what gridpact.compile_network makes of a case")
    if network.is_three_phase != case.network.is_three_phase:
        raise InvalidUsage(
            f"the network of the case is {case.network.model}, and the one that is given is not",
            "give what gridpact.compile_network makes of this case",
        )


def clear(
    case: Case,
    *,
    network: Network | None = None,
    certify: bool | None = None,
    deadline: float | None = None,
    cancel: Callable[[], bool] | None = None,
) -> Clearance:
    """Clears the trades of a case, after matching its orders where there are any, and verifies the result.

    Args:
        case: a case, as `read_case` gives it.
        network: its compiled network; compiled here where there is none.
        certify: whether to prove an upper bound on the volume of any allocation under exact AC as well. Where
            nothing is said, it is proven by cones alone if the size of the problem says that this takes less
            time than the clearing, and no time limit, deadline or cancellation is set.
        deadline: moment of `time.monotonic` by which the clearing is to end with what is feasible then; the
            case's own time limit counts from here on, the compiling of the network excluded.
        cancel: asked again and again; once it says yes, the clearing ends with what is feasible then.

    Raises:
        InvalidCase: the network cannot be compiled, or does not have the participants' buses.
        InvalidUsage: the formulation offers no certificate or robustness, or `case` is no case.
        SolverFailed: no optimum was found over the caps, or in the DC model.
    """
    need_case("clear", case)
    need_network("clear", network, case)
    _check_usage(case, certify=bool(certify))
    watch = Stopwatch()
    with watch.step("compile"):
        network = network or compile_network(case)
        participant_bus_position(network, case.participants)
    budget = _budget(case, deadline, cancel)
    with watch.step("match"):
        on_network = is_auctioned(case)
        matched = Trades.none() if on_network else match(case)
        trades = combined(combined(case.commitments, case.trades), matched)
    with watch.step("clear"):
        problem = pose(case, trades, network, firm=len(case.commitments))
        if case.formulation is Formulation.AC:
            problem = with_limits_decided(problem, budget)
        solution = _solve(case.formulation, problem, budget)
        auctioned = auction(case, problem, solution, budget) if on_network else None
        if auctioned is not None:
            matched, problem, solution = auctioned.matched, auctioned.problem, auctioned.solution
            trades = combined(case.commitments, matched)
        greatest_kw = _greatest_volume_kw(case.formulation, problem, solution, budget, auctioned)
    contingencies = None
    feeding = FeedInClearing(problem, case, budget)
    if case.robustness is Robustness.DECLARED:
        with watch.step("robust"):
            solution, fed_in, contingencies = feeding.withstanding_outages(solution)
    else:
        with watch.step("feed_in"):
            fed_in = feeding.beside(solution)
    is_free = math.isinf(budget.deadline) and cancel is None and not on_network
    certificate = _certificate(case, problem, solution, watch, asked=certify, is_free=is_free)
    with watch.step("feed_in"):
        baseline = feeding.state_alone()
    found = _Found(
        solution=solution,
        fed_in=fed_in,
        greatest_volume_kw=greatest_kw,
        contingencies=contingencies,
        certificate=certificate,
        baseline=baseline,
        ended_by=budget.stopped_by,
        cleared_orders=auctioned.orders if auctioned else None,
    )
    return _dispatched(case, problem, trades, len(matched), found, watch)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What a clearing has decided, and what was proven and checked of it: as in `ClearanceArrays`."""

    solution: Solution
    fed_in: FedIn
    greatest_volume_kw: Float
    contingencies: Contingencies | None
    certificate: Certificate | None
    baseline: Operation
    ended_by: EndedBy
    cleared_orders: ClearedOrders | None


def _dispatched(
    case: Case, problem: ClearingProblem, trades: Trades, matched: int, found: _Found, watch: Stopwatch
) -> Clearance:
    """The clearance that follows from what was decided: its dispatch, operated and verified.

    Args:
        case: what was cleared.
        problem: with its limits decided.
        trades: all of them, of which the last ones were matched.
        matched: how many.
        found: what was decided of them.
        watch: of the steps.
    """
    network, traded = problem.network, np.flatnonzero(~problem.offers.column_is_fed)
    offers, solution = problem.offers.of(traded), found.solution.of(traded)
    with watch.step("dispatch"):
        sold_kw = offers.sold_kw(solution.column_kw, problem.shape)
        bought_kw = offers.bought_kw(solution.column_kw, problem.shape)
        schedule = dispatch(case.participants, case.profiles, sold_kw, bought_kw, found.fed_in.fed_in_kw)
        injection = schedule.injection(case.participants)
    with watch.step("power_flow"):
        near = solution.operation or problem.baseline_operation
        operation = operate(network, at_nodes(problem.connected, injection), near)
    with watch.step("verify"):
        bus_position = participant_bus_position(network, case.participants)
        connected = connections(network, bus_position, case.participants.phases)
        limits, nominal = problem.operating_limits, problem.nominal_limits
        verification = verify(network, connected, injection, operation, limits, nominal)
    return Clearance(
        case=case,
        network=network,
        trades=trades,
        matched=matched,
        committed=len(case.commitments),
        offers=offers,
        solution=solution,
        greatest_volume_kw=found.greatest_volume_kw,
        certificate=found.certificate,
        contingencies=found.contingencies,
        dispatch=schedule,
        fed_in=found.fed_in,
        bus_position=bus_position,
        bare=problem.baseline_operation,
        baseline=found.baseline,
        operation=operation,
        nominal_limits=nominal,
        operating_limits=limits,
        verification=verification,
        ended_by=found.ended_by,
        cleared_orders=found.cleared_orders,
        seconds=watch.seconds,
    )


def _certificate(
    case: Case,
    problem: ClearingProblem,
    solution: Solution,
    watch: Stopwatch,
    *,
    asked: bool | None,
    is_free: bool,
) -> Certificate | None:
    """The certificate of an allocation, with its time on the watch: where it is asked for, or is cheap.

    Nothing is cheap where time is limited. By cones alone it is where the problem's size says that they cost
    less than the clearing.
    """
    if asked is None:
        may_be = is_free and has_certificate(case)
        column_kw, bound_kw = solution.column_kw, solution.volume_bound_kw
        asked_or_cheap = may_be and cones_cost_less_than_clearing(problem, column_kw, bound_kw)
    else:
        asked_or_cheap = asked
    if not asked_or_cheap:
        return None
    with watch.step("certify"):
        return prove(problem, solution.column_kw, solution.volume_bound_kw, tightens=bool(asked))


def has_certificate(case: Case) -> bool:
    """Whether there is a proof of what an allocation of a case cannot exceed: under exact AC, in balance."""
    return case.formulation is Formulation.AC and not case.network.is_three_phase


def _budget(case: Case, deadline: float | None, cancel: Callable[[], bool] | None) -> Budget:
    """What a clearing may use: the case's limits, and those of the caller."""
    until = math.inf if deadline is None else deadline
    return Budget(
        search_work=case.work_max,
        deadline=min(monotonic() + CLEARING_SHARE * case.seconds_max, until),
        is_cancelled=cancel,
    )


def _check_usage(case: Case, *, certify: bool) -> None:
    """Refuses what no clearing of the case could do."""
    if np.any(case.trades.start < case.first_open):
        raise InvalidUsage(
            f"a trade starts in a closed period, before {case.horizon.instant(case.first_open).isoformat()}",
            "propose it for the periods that are open",
        )
    check_options(case)
    if certify and case.network.is_three_phase:
        raise InvalidUsage(
            "a certificate is proven by a relaxation of balanced networks, and this one has three phases",
            "clear without a certificate: the verification recomputes every limit phase by phase",
        )
    if certify and is_auctioned(case):
        raise InvalidUsage(
            f"a certificate bounds the volume of trades, and the mechanism '{case.mechanism}' clears orders "
            "by their welfare",
            "clear without a certificate",
        )
    if certify and case.formulation is not Formulation.AC:
        raise InvalidUsage(
            f"a certificate is about exact AC, and the formulation is '{case.formulation}'",
            "clear with formulation 'ac', or without a certificate",
        )


def _solve(formulation: Formulation, problem: ClearingProblem, budget: Budget) -> Solution:
    """The solution by the rule of a problem, on top of its commitments where it has any."""
    can_rank = formulation is Formulation.AC
    return solve_on_commitments(problem, lambda one: SOLVERS[formulation](one, budget), can_rank=can_rank)


def _greatest_volume_kw(
    formulation: Formulation,
    problem: ClearingProblem,
    solution: Solution,
    budget: Budget,
    auctioned: Auctioned | None,
) -> Float:
    """The volume of each period by `max-volume`, (T,): what the price of fairness is measured against.

    An auction on the network has no such price: no rule shares anything in it.
    """
    offers, periods = problem.offers, problem.shape[0]
    if auctioned is None and problem.rule != Allocation.MAX_VOLUME:
        solution = _solve(formulation, replace(problem, rule=Allocation.MAX_VOLUME), budget)
    return offers.volume_kw(solution.column_kw, periods)
