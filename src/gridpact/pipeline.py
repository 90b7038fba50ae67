"""The way from a case to its clearance."""

from collections.abc import Callable

from gridpact.case.case import Case, Formulation
from gridpact.clearing.ac import solve_ac
from gridpact.clearing.dc import solve_dc
from gridpact.clearing.injection import at_nodes, participant_bus_position
from gridpact.clearing.operation import operate
from gridpact.clearing.problem import ClearingProblem, pose
from gridpact.clearing.solution import Solution
from gridpact.clearing.verify import verify
from gridpact.dispatch import dispatch
from gridpact.errors import InvalidUsage
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
    """
    return compile_source(case.network)


def clear(case: Case, *, network: Network | None = None) -> Clearance:
    """Clears the trades of a case, after matching its orders where there are any, and verifies the result.

    Args:
        case: a case, as `read_case` gives it.
        network: its compiled network; compiled here where there is none.

    Raises:
        InvalidCase: the network cannot be compiled, or does not have the participants' buses.
        InvalidUsage: the formulation does not offer the allocation.
        SolverFailed: no optimum was found over the caps, or in the DC model.
    """
    if not case.formulation.offers(case.allocation):
        raise InvalidUsage(
            f"allocation '{case.allocation}' does not go with formulation '{case.formulation}'",
            "clear with formulation 'ac', or by 'max-volume'",
        )
    watch = Stopwatch()
    with watch.step("compile"):
        network = network or compile_network(case)
        bus_position = participant_bus_position(network, case.participants)
    with watch.step("match"):
        matched = match(case)
        trades = combined(case.trades, matched)
    with watch.step("clear"):
        problem = pose(case, trades, network)
        solution = SOLVERS[case.formulation](problem)
    with watch.step("dispatch"):
        sold_kw = problem.offers.sold_kw(solution.column_kw, problem.shape)
        bought_kw = problem.offers.bought_kw(solution.column_kw, problem.shape)
        schedule = dispatch(case.participants, case.profiles, sold_kw, bought_kw)
        injection = schedule.injection(case.participants)
    with watch.step("power_flow"):
        operation = operate(network, at_nodes(problem.connected, injection))
    with watch.step("verify"):
        verification = verify(network, bus_position, injection, operation, problem.operating_limits)
    return Clearance(
        case=case,
        network=network,
        trades=trades,
        matched=len(matched),
        offers=problem.offers,
        solution=solution,
        dispatch=schedule,
        bus_position=bus_position,
        baseline=problem.baseline_operation,
        operation=operation,
        nominal_limits=problem.nominal_limits,
        operating_limits=problem.operating_limits,
        verification=verification,
        seconds=watch.seconds,
    )
