"""The way from a case to its clearance."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from gridpact.arrays import Float
from gridpact.case.case import Allocation, Case, Formulation, Robustness, need_case
from gridpact.clearing.ac import solve_ac
from gridpact.clearing.certify import certify as prove
from gridpact.clearing.commitments import solve_on_commitments
from gridpact.clearing.dc import solve_dc
from gridpact.clearing.injection import at_nodes, participant_bus_position
from gridpact.clearing.operation import operate
from gridpact.clearing.problem import ClearingProblem, pose
from gridpact.clearing.robust import make_robust
from gridpact.clearing.solution import Solution
from gridpact.clearing.verify import verify
from gridpact.dispatch import dispatch
from gridpact.errors import InvalidUsage
from gridpact.fields.arguments import need
from gridpact.grid.compile import compile_source
from gridpact.grid.network import Network
from gridpact.matching import combined, match
from gridpact.results.clearance import Clearance
from gridpact.stopwatch import Stopwatch

SOLVERS: dict[Formulation, Callable[[ClearingProblem], Solution]] = {
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


def need_network(function: str, network: Network | None) -> None:
    """Refuses the call of a function with something else in the place of a network, or of none.

    Raises:
        InvalidUsage: it is something else.
    """
    if network is not None:
        need(function, Network, network, "give what gridpact.compile_network makes of a case")


def clear(case: Case, *, network: Network | None = None, certify: bool = False) -> Clearance:
    """Clears the trades of a case, after matching its orders where there are any, and verifies the result.

    Args:
        case: a case, as `read_case` gives it.
        network: its compiled network; compiled here where there is none.
        certify: also prove an upper bound on the volume of any allocation under exact AC.

    Raises:
        InvalidCase: the network cannot be compiled, or does not have the participants' buses.
        InvalidUsage: the formulation does not offer the allocation, a certificate or robustness, terms or
            commitments do not go with what is asked for, or `case` is no case.
        SolverFailed: no optimum was found over the caps, or in the DC model.
    """
    need_case("clear", case)
    need_network("clear", network)
    _check_usage(case, certify=certify)
    watch = Stopwatch()
    with watch.step("compile"):
        network = network or compile_network(case)
        bus_position = participant_bus_position(network, case.participants)
    with watch.step("match"):
        matched = match(case)
        trades = combined(combined(case.commitments, case.trades), matched)
    with watch.step("clear"):
        problem = pose(case, trades, network, firm=len(case.commitments))
        _check_terms(problem)
        solution = _solve(case.formulation, problem)
        greatest_kw = _greatest_volume_kw(case.formulation, problem, solution)
    robustness = None
    if case.robustness is Robustness.DECLARED:
        with watch.step("robust"):
            solution, robustness = make_robust(problem, solution)
    certificate = None
    if certify:
        with watch.step("certify"):
            certificate = prove(problem, solution.column_kw, solution.volume_bound_kw)
    with watch.step("dispatch"):
        sold_kw = problem.offers.sold_kw(solution.column_kw, problem.shape)
        bought_kw = problem.offers.bought_kw(solution.column_kw, problem.shape)
        schedule = dispatch(case.participants, case.profiles, sold_kw, bought_kw)
        injection = schedule.injection(case.participants)
    with watch.step("power_flow"):
        operation = operate(network, at_nodes(problem.connected, injection), problem.baseline_operation)
    with watch.step("verify"):
        verification = verify(network, bus_position, injection, operation, problem.operating_limits)
    return Clearance(
        case=case,
        network=network,
        trades=trades,
        matched=len(matched),
        committed=len(case.commitments),
        offers=problem.offers,
        solution=solution,
        greatest_volume_kw=greatest_kw,
        certificate=certificate,
        robustness=robustness,
        dispatch=schedule,
        bus_position=bus_position,
        baseline=problem.baseline_operation,
        operation=operation,
        nominal_limits=problem.nominal_limits,
        operating_limits=problem.operating_limits,
        verification=verification,
        seconds=watch.seconds,
    )


def _check_usage(case: Case, *, certify: bool) -> None:
    if not case.formulation.offers(case.allocation):
        raise InvalidUsage(
            f"allocation '{case.allocation}' does not go with formulation '{case.formulation}'",
            "clear with formulation 'ac', or by 'max-volume'",
        )
    if np.any(case.trades.start < case.first_open):
        raise InvalidUsage(
            f"a trade starts in a closed period, before {case.horizon.instant(case.first_open).isoformat()}",
            "propose it for the periods that are open",
        )
    if certify and case.formulation is not Formulation.AC:
        raise InvalidUsage(
            f"a certificate is about exact AC, and the formulation is '{case.formulation}'",
            "clear with formulation 'ac', or without a certificate",
        )
    if case.robustness is Robustness.NONE:
        return
    if case.formulation is not Formulation.AC or case.allocation is not Allocation.MAX_VOLUME:
        raise InvalidUsage(
            f"robustness '{case.robustness}' is about exact AC and the greatest volume",
            "clear with formulation 'ac' and allocation 'max-volume', or without robustness",
        )
    if len(case.commitments):
        raise InvalidUsage(
            "robustness does not go with commitments, which may be what fails",
            "clear without one of them",
        )


def _check_terms(problem: ClearingProblem) -> None:
    if problem.parts and problem.rule is not Allocation.MAX_VOLUME:
        raise InvalidUsage(
            f"trades have terms (block, min_fraction, group or link), and the allocation is '{problem.rule}'",
            f"clear them by '{Allocation.MAX_VOLUME}', or without terms",
        )


def _solve(formulation: Formulation, problem: ClearingProblem) -> Solution:
    """The solution by the rule of a problem, on top of its commitments where it has any."""
    can_rank = formulation is Formulation.AC
    return solve_on_commitments(problem, SOLVERS[formulation], can_rank=can_rank)


def _greatest_volume_kw(formulation: Formulation, problem: ClearingProblem, solution: Solution) -> Float:
    """The volume of each period by `max-volume`, (T,): what the price of fairness is measured against."""
    offers, periods = problem.offers, problem.shape[0]
    if problem.rule is not Allocation.MAX_VOLUME:
        solution = _solve(formulation, replace(problem, rule=Allocation.MAX_VOLUME))
    return offers.volume_kw(solution.column_kw, periods)
