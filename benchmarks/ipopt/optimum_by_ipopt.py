"""Another opinion: the same programme over voltages and variables together, by Ipopt.

It takes much longer than the steps, and shares only the oracle with them. Solved to 1e-12, so that a result
does not depend on where it started.
"""

from typing import Any

import casadi as ca
import numpy as np
from scipy.sparse import csr_array

from benchmarks.ipopt.silent import silent_ipopt
from benchmarks.ipopt.voltage_equations import VoltageEquations, as_matrix
from gridpact.arrays import Float
from gridpact.clearing.network.situations import Situations
from gridpact.clearing.solver.budget import Budget
from gridpact.clearing.solver.optimum import LimitsAtWork, Optimum, SolverStatus
from gridpact.clearing.solver.programme import EVEN_CUT_WEIGHT, Programme

TOLERANCE = 1e-12
OPTIMAL_RESIDUAL, ACCEPTABLE_TOLERANCE = 1e-10, 1e-8
BOUND_RELAXATION = 1e-10
ITERATIONS_MAX = 300
LOG_SHIFT_KW = 1e-9
TIGHT_TOLERANCE, TIGHT_SCALE = 1e-5, 1e-4  # of the squared rows; a barrier leaves multipliers on others too
INFEASIBLE = "Infeasible_Problem_Detected"


def maximise_by_ipopt(
    programme: Programme, start: Float, budget: Budget, *, cautious: bool = False
) -> Optimum:
    """The optimum that Ipopt finds from a start, (J,). What it gives keeps limits only within its tolerance.

    Args:
        programme: with at least one situation.
        start: values of the variables.
        budget: whose deadline it heeds.
        cautious: in a way that is slower, for what fails otherwise.
    """
    situations = programme.situations
    if situations is None:
        raise ValueError("the programme has no network")
    injects = np.any(situations.base_kva != 0.0, axis=0) | np.any(situations.directions != 0.0, axis=0)
    equations = VoltageEquations(situations.oracle, np.flatnonzero(injects))
    start = np.clip(start, programme.lower, programme.upper)
    every = np.arange(len(situations))
    voltages = situations.oracle.voltages(situations.injected_kva(start, every))
    nlp, parts = _programme(programme, situations, equations)
    solver = silent_ipopt("clearing", nlp, _options(budget, cautious=cautious))
    free = np.full(parts["state"], np.inf)
    lower_squares = np.where(situations.least > 0.0, situations.least, 0.0) ** 2
    lower_squares[~np.isfinite(situations.least)] = -np.inf
    upper_squares = situations.greatest**2
    equal = np.zeros(parts["balances"])
    result = solver(
        x0=np.concatenate([*(equations.variables_at(one) for one in voltages), start]),
        lbx=np.concatenate([-free, programme.lower]),
        ubx=np.concatenate([free, programme.upper]),
        lbg=np.concatenate([equal, lower_squares.ravel(), np.full(len(programme.row_upper), -np.inf)]),
        ubg=np.concatenate([equal, upper_squares.ravel(), programme.row_upper]),
    )
    budget.spend(float(solver.stats().get("iter_count", 0)))
    value = programme.within_rows(np.asarray(result["x"]).ravel()[parts["state"] :])
    status = _status(solver.stats())
    _, limit_dual, row_dual = np.split(
        np.asarray(result["lam_g"]).ravel(), [parts["balances"], parts["balances"] + parts["squares"]]
    )
    if not status.is_kept:
        none = LimitsAtWork.none(len(situations.directions))
        return Optimum(
            status=status,
            value=value,
            objective=-np.inf,
            bound_dual=np.zeros_like(value),
            row_dual=np.zeros_like(row_dual),
            limits=none,
        )
    return Optimum(
        status=status,
        value=value,
        objective=programme.objective.value(value),
        bound_dual=np.asarray(result["lam_x"]).ravel()[parts["state"] :],
        row_dual=np.maximum(row_dual, 0.0),
        limits=_limits(situations, value, limit_dual.reshape(situations.greatest.shape)),
    )


def _programme(
    programme: Programme, situations: Situations, equations: VoltageEquations
) -> tuple[dict[str, Any], dict[str, int]]:
    """The programme as CasADi takes it, and the sizes of its parts."""
    active, objective = equations.active, programme.objective
    count, size = len(situations), len(programme)
    p, q = ca.SX.sym("p", len(active)), ca.SX.sym("q", len(active))
    one = ca.Function(
        "situation",
        [equations.variables, p, q],
        [equations.balances(p, q), equations.monitored_squares()],
    )
    states = ca.MX.sym("state", equations.variables.shape[0], count)
    value = ca.MX.sym("v", size)
    directions = csr_array(situations.directions[:, active].T)
    injected: list[Any] = []
    for part in (np.real, np.imag):
        columns = [
            part(situations.base_kva[k][active])
            + as_matrix(csr_array(csr_array(part(directions)) @ situations.effects[k])) @ value
            for k in range(count)
        ]
        injected.append(ca.horzcat(*columns))
    balances, squares = one.map(count)(states, *injected)
    aim = -ca.dot(objective.weight, value)
    aim += EVEN_CUT_WEIGHT * ca.sum1(objective.evenness * (objective.target - value) ** 2)
    shared = np.flatnonzero(objective.log > 0.0).tolist()
    if shared:
        aim -= ca.dot(objective.log[shared], ca.log(value[shared] + LOG_SHIFT_KW))
    nlp = {
        "x": ca.vertcat(ca.vec(states), value),
        "f": aim,
        "g": ca.densify(ca.vertcat(ca.vec(balances), ca.vec(squares), as_matrix(programme.rows) @ value)),
    }
    return nlp, {"state": states.numel(), "balances": balances.numel(), "squares": squares.numel()}


def _limits(situations: Situations, value: Float, dual: Float) -> LimitsAtWork:
    """The limits that have a multiplier, (S, M), and are reached, with it by magnitude instead of square."""
    every = np.arange(len(situations))
    injected = situations.injected_kva(value, every)
    voltages = situations.oracle.voltages(injected)
    magnitude = situations.oracle.magnitudes(voltages)
    bound = np.where(dual > 0.0, situations.greatest, situations.least)
    with np.errstate(invalid="ignore"):
        tight = TIGHT_TOLERANCE * np.minimum(1.0, np.abs(bound) ** 2 / TIGHT_SCALE)
        reached = np.isfinite(bound) & (np.abs(magnitude**2 - bound**2) <= np.maximum(tight, 1e-12))
    situation, row = np.nonzero((dual != 0.0) & reached)
    sign = np.sign(dual[situation, row])
    gradient = np.zeros((len(row), len(situations.directions)))
    for one in np.unique(situation).tolist():
        here = situation == one
        around = situations.oracle.around(voltages[one], injected[one], situations.directions)
        gradient[here] = around.gradient(row[here], sign[here])
    return LimitsAtWork(
        situation=situation.astype(np.int64),
        row=row.astype(np.int64),
        sign=sign,
        dual=np.abs(dual[situation, row]) * 2.0 * np.abs(bound[situation, row]),
        value=magnitude[situation, row],
        gradient=gradient,
    )


def _status(stats: dict[str, Any]) -> SolverStatus:
    """How Ipopt ended: by its own word, or where it stopped short of its tolerance by how little is left.

    At 1e-12 it may end for want of a step that changes anything in double precision; the point is then as
    good as any, if its residuals say so.
    """
    if stats["return_status"] == "Solve_Succeeded":
        return SolverStatus.OPTIMAL
    last = stats.get("iterations", {})
    left = [last.get(name, [np.inf])[-1] for name in ("inf_pr", "inf_du", "mu")]
    if max(left) <= OPTIMAL_RESIDUAL:
        return SolverStatus.OPTIMAL
    if stats["return_status"] == "Solved_To_Acceptable_Level" or max(left) <= ACCEPTABLE_TOLERANCE:
        return SolverStatus.ACCEPTABLE
    return SolverStatus.INFEASIBLE if stats["return_status"] == INFEASIBLE else SolverStatus.FAILED


def _options(budget: Budget, *, cautious: bool) -> dict[str, Any]:
    ipopt: dict[str, Any] = {
        "tol": TOLERANCE,
        "acceptable_tol": ACCEPTABLE_TOLERANCE,
        "max_iter": ITERATIONS_MAX,
        "mu_strategy": "monotone" if cautious else "adaptive",
        "fixed_variable_treatment": "make_parameter",
        "bound_relax_factor": BOUND_RELAXATION,
        "honor_original_bounds": "yes",
    }
    if np.isfinite(budget.deadline):
        ipopt["max_wall_time"] = max(budget.seconds_left, 0.01)
    return ipopt
