"""Programme: a nonlinear programme over the power of trading pairs, built once and solved period by period.

    minimise    −Σ_c w_c y_c + ε Σ_c w_c (q_c − y_c)² / q_c − Σ_c λ_c q_c log(y_c + δ) − μ z Σ_c q_c
    subject to  lower_c ≤ y_c ≤ upper_c,  y_c ≥ z q_c for the columns of a level,
                sold = Σ y ≤ a of every seller,  bought = Σ y ≤ r of every buyer,
                the physics of the network with what is sold and bought

One objective serves every rule of allocation: w picks the columns whose volume counts, λ those that share
proportionally, μ raises the common level. The even cut has a weight ε instead of a programme of its own: it
costs at most ε Σ q (1 − x)² of volume, and nothing wherever constraints are straight. Solved by Ipopt through
CasADi to 1e-12, so that a result does not depend on where the solver started.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Any

import casadi as ca
import numpy as np

from gridpact.arrays import Bool, Float, Int
from gridpact.clearing.ac_physics import AcPhysics
from gridpact.clearing.even_cut import EVEN_CUT_WEIGHT
from gridpact.clearing.pairs import Pairs
from gridpact.solvers.ipopt import silent_ipopt

LOG_SHIFT_KW = 1e-8
TOLERANCE = 1e-12
OPTIMAL_RESIDUAL = 1e-10
ACCEPTABLE_TOLERANCE = 1e-8
BOUND_RELAXATION = 1e-10
ITERATIONS_MAX = 300
START_SHARE, CAUTIOUS_START_SHARE = 0.5, 0.05
KEPT_PROGRAMMES = 8


class SolverStatus(StrEnum):
    """How a solve ended."""

    OPTIMAL = "optimal"
    ACCEPTABLE = "acceptable"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What a solve is after, for n columns.

    Attributes:
        volume: weight w of each column's volume, (n,).
        log: weight λ of each column's q log y, (n,).
        level: weight μ of the common level z.
        levelled: 1 for columns that clear at least the common level, (n,).
    """

    volume: Float
    log: Float
    levelled: Float
    level: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodData:
    """What distinguishes one period from another, for n columns, P participants, L limited rows.

    Attributes:
        pair: pair of each column, (n,).
        proposed_kw: q, (n,).
        seller_cap_kw, buyer_cap_kw: the caps, (P,).
        parameters: of the physics.
        limit_lower, limit_upper: of the physics' limited rows, (L,).
        start: of the physics' variables.
    """

    pair: Int
    proposed_kw: Float
    seller_cap_kw: Float
    buyer_cap_kw: Float
    parameters: Float
    limit_lower: Float
    limit_upper: Float
    start: Float


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimum:
    """What a solve found, for the n columns of its period.

    Multipliers are of the objective, so for volume kW per kW of a cap; not negative but for those of limits,
    which are positive at an upper bound and negative at a lower.

    Attributes:
        status: how it ended; where it failed the rest is of no use.
        state: the physics' variables.
        column_kw: y, (n,).
        level: z.
        seller_dual, buyer_dual: of the caps, (P,).
        limit_dual: of the physics' limited rows, (L,).
        limit_value: of these rows, (L,).
        level_dual: of the columns' level, (n,).
    """

    status: SolverStatus
    state: Float
    column_kw: Float
    level: float
    seller_dual: Float
    buyer_dual: Float
    limit_dual: Float
    limit_value: Float
    level_dual: Float


class Programme:
    """The programme for K trading pairs: over caps alone, or over the physics of their network too."""

    def __init__(self, pairs: Pairs, physics: AcPhysics | None, *, with_levels: bool) -> None:
        """Builds the programme; without levels it serves every goal that has none."""
        self._count = len(pairs)
        self._levels = self._count if with_levels else 0
        self._sellers, of_seller, by_seller = _grouping(pairs.seller)
        self._buyers, of_buyer, by_buyer = _grouping(pairs.buyer)
        self._groups = (of_seller, of_buyer)
        nothing = ca.SX(0, 1)
        power, proposed = ca.SX.sym("y", self._count), ca.SX.sym("q", self._count)
        sold, bought = ca.SX.sym("sold", len(self._sellers)), ca.SX.sym("bought", len(self._buyers))
        level, levelled = ca.SX.sym("z"), ca.SX.sym("levelled", self._count)
        volume, shared = ca.SX.sym("w", self._count), ca.SX.sym("lambda", self._count)
        rise = ca.SX.sym("mu")
        state = physics.variables if physics else nothing
        rows = (
            physics.equations(sold, bought) if physics else nothing,
            physics.limited() if physics else nothing,
            by_seller @ power - sold,
            by_buyer @ power - bought,
            power - level * levelled * proposed if with_levels else nothing,
        )
        objective = (
            -ca.dot(volume, power)
            + EVEN_CUT_WEIGHT * ca.sum1(volume * (proposed - power) ** 2 / proposed)
            - ca.dot(shared * proposed, ca.log(power + LOG_SHIFT_KW))
            - rise * level * ca.sum1(proposed)
        )
        self._states = state.shape[0]
        self._traded = self._states + len(self._sellers) + len(self._buyers)
        self._equations = rows[0].shape[0]
        self._row_ends = np.cumsum([row.shape[0] for row in rows])[:-1]
        parameters = physics.parameters if physics else nothing
        self._programme: dict[str, Any] = {
            "x": ca.vertcat(state, sold, bought, power, level),
            "p": ca.vertcat(parameters, proposed, volume, shared, levelled, rise),
            "f": objective,
            "g": ca.densify(ca.vertcat(*rows)),
        }
        self._solver = silent_ipopt("clearing", self._programme, IPOPT_OPTIONS)

    @cached_property
    def _cautious_solver(self) -> Any:
        """For what the first solver fails on: slower, with a barrier that only ever falls."""
        return silent_ipopt("cautious_clearing", self._programme, IPOPT_OPTIONS | {"mu_strategy": "monotone"})

    def solve(
        self, data: PeriodData, lower_kw: Float, upper_kw: Float, goal: Goal, *, cautious: bool = False
    ) -> Optimum:
        """The optimum of a period over lower ≤ y ≤ upper, (n,) each.

        Starts half-way up; the cautious solver near the bottom.
        """
        solver = self._cautious_solver if cautious else self._solver
        start_share = CAUTIOUS_START_SHARE if cautious else START_SHARE
        lower, upper = self._by_pair(lower_kw, data), self._by_pair(upper_kw, data)
        parameters = (
            data.parameters,
            self._by_pair(data.proposed_kw, data, otherwise=1.0),
            self._by_pair(goal.volume, data),
            self._by_pair(goal.log, data),
            self._by_pair(goal.levelled, data),
            [goal.level],
        )
        caps = data.seller_cap_kw[self._sellers], data.buyer_cap_kw[self._buyers]
        unbounded = np.full(self._states, np.inf)
        no_minimum = np.full(len(caps[0]) + len(caps[1]), -np.inf)
        equal, linked = np.zeros(self._equations), np.zeros(len(no_minimum))
        start = lower + start_share * (upper - lower)
        traded = [np.bincount(group, weights=start) for group in self._groups]
        result = solver(
            x0=np.concatenate([data.start, *traded, start, [0.0]]),
            p=np.concatenate(parameters),
            lbx=np.concatenate([-unbounded, no_minimum, lower, [0.0]]),
            ubx=np.concatenate([unbounded, *caps, upper, [1.0 if goal.level else 0.0]]),
            lbg=np.concatenate([equal, data.limit_lower, linked, np.zeros(self._levels)]),
            ubg=np.concatenate([equal, data.limit_upper, linked, np.full(self._levels, np.inf)]),
        )
        return self._optimum(result, status_of(solver.stats()), data)

    def _optimum(self, result: Any, status: SolverStatus, data: PeriodData) -> Optimum:
        variables = np.asarray(result["x"]).ravel()
        _, limit, _, _, level = np.split(np.asarray(result["lam_g"]).ravel(), self._row_ends)
        bound = np.asarray(result["lam_x"]).ravel()[self._states : self._traded]
        seller, buyer = np.split(bound, [len(self._sellers)])
        _, limit_value, *_ = np.split(np.asarray(result["g"]).ravel(), self._row_ends)
        participants = len(data.seller_cap_kw)
        return Optimum(
            status=status,
            state=variables[: self._states],
            column_kw=variables[self._traded : -1][data.pair],
            level=float(variables[-1]),
            seller_dual=_spread(np.maximum(seller, 0.0), self._sellers, participants),
            buyer_dual=_spread(np.maximum(buyer, 0.0), self._buyers, participants),
            limit_dual=limit,
            limit_value=limit_value,
            level_dual=np.maximum(-level, 0.0)[data.pair] if self._levels else np.zeros(len(data.pair)),
        )

    def _by_pair(self, values: Float, data: PeriodData, *, otherwise: float = 0.0) -> Float:
        return _spread(values, data.pair, self._count, otherwise)


@lru_cache(maxsize=KEPT_PROGRAMMES)
def programme_over_caps(pairs: Pairs) -> Programme:
    """The programme of these pairs without a network, made once; levels have a closed form there."""
    return Programme(pairs, None, with_levels=False)


@lru_cache(maxsize=KEPT_PROGRAMMES)
def programme_over_network(pairs: Pairs, *, with_levels: bool) -> tuple[Programme, AcPhysics]:
    """The programme of these pairs on their network, and its physics, made once."""
    physics = AcPhysics(pairs)
    return Programme(pairs, physics, with_levels=with_levels), physics


def status_of(stats: dict[str, Any]) -> SolverStatus:
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
    return SolverStatus.FAILED


IPOPT_OPTIONS: dict[str, Any] = {
    "tol": TOLERANCE,
    "acceptable_tol": ACCEPTABLE_TOLERANCE,
    "max_iter": ITERATIONS_MAX,
    "mu_strategy": "adaptive",
    "fixed_variable_treatment": "make_parameter",
    "bound_relax_factor": BOUND_RELAXATION,
    "honor_original_bounds": "yes",
}


def _grouping(participant: Int) -> tuple[Int, Int, Any]:
    """The distinct participants, (S,), which one each pair has, (K,), and the sum by them, (S, K)."""
    distinct, row = np.unique(participant, return_inverse=True)
    sparsity = ca.Sparsity.triplet(len(distinct), len(row), row.tolist(), list(range(len(row))))
    return distinct, row, ca.DM(sparsity, 1.0)


def _spread(values: Float | Bool, index: Int, count: int, otherwise: float = 0.0) -> Float:
    """An array of `count` values that holds `values` at `index`, and `otherwise` elsewhere."""
    spread = np.full(count, otherwise)
    spread[index] = values
    return spread
