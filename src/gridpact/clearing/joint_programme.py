"""JointProgramme: one nonlinear programme over several situations of a network that share their variables.

    maximise    Σ_j w_j v_j − ε e Σ_j (u_j − v_j)² / u_j
    subject to  lower ≤ v ≤ upper,  rows·v ≤ row_upper
                the physics of the network with the injection p_s + E_s v, in every situation s

With w = 1 and e = 1 that is the greatest volume, cut evenly. The physics of one situation is an expression
that is mapped over all of them. Solved by Ipopt through CasADi.
"""

from dataclasses import dataclass
from typing import Any

import casadi as ca
import numpy as np
from scipy.sparse import csr_array

from gridpact.arrays import Float
from gridpact.clearing.ac_physics import AcPhysics, as_matrix
from gridpact.clearing.even_cut import EVEN_CUT_WEIGHT
from gridpact.clearing.programme import IPOPT_OPTIONS, SolverStatus, status_of
from gridpact.solvers.ipopt import silent_ipopt

INFEASIBLE = "Infeasible_Problem_Detected"


@dataclass(frozen=True, slots=True, kw_only=True)
class JointData:
    """The numbers of a solve, for S situations, J variables, m rows, and a physics of A nodes and L limits.

    Attributes:
        baseline_p_kw, baseline_q_kvar: injection at the nodes with participants, (S, A).
        limit_lower, limit_upper: of the limited rows, (S, L).
        row_upper: (m,).
        lower_kw, upper_kw: bounds of the variables, (J,).
        proposed_kw: u, (J,).
        weight: w, (J,).
        evenness: e.
        start_state: the physics' variables to start from, (S, 2R).
        start_kw: v to start from, (J,).
    """

    baseline_p_kw: Float
    baseline_q_kvar: Float
    limit_lower: Float
    limit_upper: Float
    row_upper: Float
    lower_kw: Float
    upper_kw: Float
    proposed_kw: Float
    weight: Float
    evenness: float
    start_state: Float
    start_kw: Float


@dataclass(frozen=True, slots=True, kw_only=True)
class JointOptimum:
    """What a solve found.

    Attributes:
        status: how it ended; where it failed the rest is of no use.
        is_impossible: whether it failed because no point is near that keeps everything.
        power_kw: v, (J,).
        state: the physics' variables, (S, 2R).
        limit_dual: of the limited rows, kW of volume per unit, positive at an upper bound, (S, L).
        limit_value: of these rows, (S, L).
        row_dual: of the rows, (m,).
    """

    status: SolverStatus
    is_impossible: bool
    power_kw: Float
    state: Float
    limit_dual: Float
    limit_value: Float
    row_dual: Float


class JointProgramme:
    """The programme of S situations.

    Args:
        physics: of one situation.
        effect_p, effect_q: kW and kvar at the nodes with participants per kW of each variable, (S·A, J).
        rows: (m, J).
    """

    def __init__(self, physics: AcPhysics, effect_p: csr_array, effect_q: csr_array, rows: csr_array) -> None:
        nodes = len(physics.active)
        self._situations = effect_p.shape[0] // nodes
        variables = effect_p.shape[1]
        self._state_count = physics.variables.shape[0]
        p, q = ca.SX.sym("p", nodes), ca.SX.sym("q", nodes)
        limited = physics.limited()
        self._limits = limited.shape[0]
        one = ca.Function("situation", [physics.variables, p, q], [physics.equations_at(p, q), limited])
        state = ca.MX.sym("state", self._state_count, self._situations)
        power, proposed = ca.MX.sym("v", variables), ca.MX.sym("u", variables)
        weight, evenness = ca.MX.sym("w", variables), ca.MX.sym("e")
        baseline_p = ca.MX.sym("baseline_p", nodes, self._situations)
        baseline_q = ca.MX.sym("baseline_q", nodes, self._situations)
        shape = (nodes, self._situations)
        equations, limits = one.map(self._situations)(
            state,
            baseline_p + ca.reshape(as_matrix(effect_p) @ power, *shape),
            baseline_q + ca.reshape(as_matrix(effect_q) @ power, *shape),
        )
        unevenness = ca.sum1((proposed - power) ** 2 / proposed)
        self._programme: dict[str, Any] = {
            "x": ca.vertcat(ca.vec(state), power),
            "p": ca.vertcat(ca.vec(baseline_p), ca.vec(baseline_q), proposed, weight, evenness),
            "f": -ca.dot(weight, power) + EVEN_CUT_WEIGHT * evenness * unevenness,
            "g": ca.densify(ca.vertcat(ca.vec(equations), ca.vec(limits), as_matrix(rows) @ power)),
        }
        self._equations = equations.numel()
        self._rows = rows.shape[0]

    def solve(self, data: JointData, *, cautious: bool = False) -> JointOptimum:
        """The optimum; the cautious way is slower, for what the first one fails on."""
        strategy = {"mu_strategy": "monotone"} if cautious else {}
        solver = silent_ipopt("joint_clearing", self._programme, IPOPT_OPTIONS | strategy)
        free = np.full(self._state_count * self._situations, np.inf)
        equal = np.zeros(self._equations)
        parameters = (
            data.baseline_p_kw.reshape(-1),
            data.baseline_q_kvar.reshape(-1),
            data.proposed_kw,
            data.weight,
            [data.evenness],
        )
        result = solver(
            x0=np.concatenate([data.start_state.reshape(-1), data.start_kw]),
            p=np.concatenate(parameters),
            lbx=np.concatenate([-free, data.lower_kw]),
            ubx=np.concatenate([free, data.upper_kw]),
            lbg=np.concatenate([equal, data.limit_lower.reshape(-1), np.full(self._rows, -np.inf)]),
            ubg=np.concatenate([equal, data.limit_upper.reshape(-1), data.row_upper]),
        )
        variables = np.asarray(result["x"]).ravel()
        ends = [self._equations, self._equations + self._situations * self._limits]
        _, limit_dual, row_dual = np.split(np.asarray(result["lam_g"]).ravel(), ends)
        _, limit_value, _ = np.split(np.asarray(result["g"]).ravel(), ends)
        states = self._state_count * self._situations
        return JointOptimum(
            status=status_of(solver.stats()),
            is_impossible=solver.stats()["return_status"] == INFEASIBLE,
            power_kw=variables[states:],
            state=variables[:states].reshape(self._situations, -1),
            limit_dual=limit_dual.reshape(self._situations, -1),
            limit_value=limit_value.reshape(self._situations, -1),
            row_dual=np.maximum(row_dual, 0.0),
        )
