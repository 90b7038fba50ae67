"""Sequential quadratic programming: the optimum of a programme on its network.

The power flow makes what is monitored a function of the variables, g(v). Each step solves a quadratic
programme with the exact gradients of the limits at work and the exact curvature of the Lagrangian, so that
the steps end like Newton's (Nocedal, Wright 2006, "Numerical Optimization", chapter 18). A limit is at work
from when a step breaks it, and a situation from when one of its limits is. Steps are taken whole until they
do not settle soon, or settle where it is worse than on the way; from then on one that makes an exact penalty
worse is taken back and tried shorter.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

import numpy as np
from scipy.sparse import csr_array

from gridpact.arrays import Float, Int
from gridpact.clearing.network.sensitivities import Sensitivities
from gridpact.clearing.network.situations import Situations
from gridpact.clearing.solver.active_set import ActiveSet, held_bounds, solve_from
from gridpact.clearing.solver.budget import Budget
from gridpact.clearing.solver.dense_daqp import solve_dense
from gridpact.clearing.solver.lockstep import Solve
from gridpact.clearing.solver.optimality import Lagrangian, is_minimum
from gridpact.clearing.solver.optimum import LimitsAtWork, Optimum, SolverStatus
from gridpact.clearing.solver.programme import EVEN_CUT_WEIGHT, Programme
from gridpact.clearing.solver.quadratic import (
    NetworkBlock,
    QuadraticOptimum,
    QuadraticProgramme,
    bent_up,
)
from gridpact.clearing.solver.sparse_piqp import solve_sparse

DENSE_MAX = 80  # variables up to which an active-set method on dense matrices is faster
DENSE_AT_LAST_MAX = 500  # up to which it is tried where the other method fails
STEPS_MAX = 60
NEAR_SHARE = 1e-2  # of what each variable can move, within which two optima are one
WHOLE_STEPS = 12  # that are taken without looking back
KEPT = 1e-9  # pu, and parts of a rating
KEPT_ROUGHLY, ROUGH_GAIN = 1e-6, 1e-4  # pu, and parts of a rating; of the objective
GAIN_MIN = 1e-6  # of the objective, by which another optimum has to be better beyond what tolerances explain
GAINS_LEFT = 100.0  # of a step, that the steps after it can gain at most
SLACK = 1e-10  # of the linearised limits, for what rounding leaves of them
SMALL_STEP_KW = 1e-8
LOST_KW = 1e-9  # of all variables together, which voltages do not show beyond rounding
RETURNS_MAX = 3  # to a better point that was seen on the way
RETURN_RADIUS = 0.1  # of what each variable can move, of the steps from there
WORSE_KW = 1e-3  # by which an optimum is worse than what was seen on the way to it, beyond tolerances
PLAIN_EXCESS_KW = 1e-3  # by which limits are exceeded beyond doubt, whatever the tolerance
ROUNDED_GAIN_KW, ROUNDED_SHARE = 1e-11, 1e-13
SMALL_GAIN_KW = 1e-9
SHRINKING = 0.1  # of the step before, up to which steps are taken to shrink at a rate
CURVATURE_TOLERANCE = 1e-9  # kW of volume per kW²
ELASTIC_PRICE = 1e4  # kW of volume for a kW by which a limit is exceeded
LOOSE_TOLERANCE, TIGHT_TOLERANCE = 1e-7, 1e-12
BENDING_MIN = 1e-12  # of a step's programme, per kW, and per kW that the objective counts most for a kW
TIE_BREAK_SHARE = 10.0 * EVEN_CUT_WEIGHT  # kW of volume per kW of a trade
ADDED_AT_ONCE = 3
UNPRICED_SHARE = (
    1e-8  # kW of volume per kW of a variable, which an interior-point method leaves on idle limits
)
AWAY_FROM_ZERO = 0.99  # of the way to 0 that a variable with a logarithm may go in a step


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The network around a joined situation.

    Attributes:
        situation: which.
        around: the monitored quantities there.
        excess: how far they are above their greatest and below their least value, (2, M).
        violation: the greatest of that, not negative.
    """

    situation: int
    around: Sensitivities
    excess: Float
    violation: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """The programme around a point: its quadratic programme and what it was made from.

    Attributes:
        value: the point, (J,).
        merit: the exact penalty there.
        violation: the greatest excess of any monitored quantity there.
        quadratic: the programme of the step.
        curvature: exact Hessian of the Lagrangian of each block's situation, (K', K').
        scale: by which each limit was divided, (L,).
        limits: at work.
    """

    value: Float
    merit: float
    violation: float
    quadratic: QuadraticProgramme
    curvature: tuple[Float, ...]
    scale: Float
    limits: LimitsAtWork


def maximise(
    programme: Programme,
    start: Float,
    budget: Budget,
    known: Optimum | None = None,
    limits: LimitsAtWork | None = None,
    *,
    roughly: bool = False,
) -> Solve[Optimum]:
    """The optimum that the steps lead to from a start, (J,).

    Where they lead to none, what was best on the way and keeps everything, or the least excess that was
    found. Where they come near an optimum that is known already, or can gain no more than it has, that one.
    With the limits at work at the start, and their multipliers, the first step knows the curvature there,
    and does not leave for afar. Roughly, the steps end where they gain next to nothing.
    """
    steps = _Steps(programme, budget, known, roughly=roughly)
    if limits is not None:
        steps.begin_with(limits)
    return steps.run(start)


class _Steps:
    """The steps of one solve."""

    def __init__(
        self, programme: Programme, budget: Budget, known: Optimum | None, *, roughly: bool = False
    ) -> None:
        self._is_rough = roughly
        self._kept = KEPT_ROUGHLY if roughly else KEPT
        self._programme = programme
        self._budget = budget
        self._known = known if known is not None and known.status is SolverStatus.OPTIMAL else None
        self._situations = programme.situations
        count = len(programme.situations) if programme.situations else 0
        self._joined = np.zeros(count, dtype=np.bool_)
        self._keys: list[tuple[int, int, float]] = []
        self._dual: dict[tuple[int, int, float], float] = {}
        self._best: tuple[float, Float] | None = None
        self._is_dense = len(programme) <= DENSE_MAX
        self._tolerance = LOOSE_TOLERANCE
        self._held: Int | None = None
        self._last_value: Float = programme.lower
        self._last_points: list[Point] = []
        self._effects: dict[int, tuple[Int, csr_array]] = {}
        self._span = np.maximum(programme.upper - programme.lower, 1e-9)
        self._greatest_weight = max(1.0, float(programme.objective.weight.max(initial=0.0)))

    def begin_with(self, limits: LimitsAtWork) -> None:
        """Puts limits to work with the multipliers that they have."""
        self._keys = limits.keys
        self._dual = dict(zip(self._keys, limits.dual.tolist(), strict=True))
        self._joined[limits.situation] = True

    def run(self, start: Float) -> Solve[Optimum]:
        """See `maximise`."""
        programme = self._programme
        value = np.clip(start, programme.lower, programme.upper)
        before, is_settled, radius = value, False, np.inf
        whole_steps, returns, last_kw = WHOLE_STEPS, 0, np.inf
        model: Model | None = None
        optimum: QuadraticOptimum | None = None
        if self._situations is not None and len(self._situations):
            yield from self._join_broken(value)
        for step in range(STEPS_MAX):
            points = yield from self._points(value)
            if points is None:
                if not self._budget.spend() or np.array_equal(value, before):
                    break
                value, is_settled = 0.5 * (before + value), False
                continue
            violation = max((one.violation for one in points), default=0.0)
            if is_settled and model is not None and optimum is not None and violation <= self._kept:
                is_settled = False
                if (yield from self._join_broken(value)):
                    continue
                seen = self._better_seen(value)
                if seen is None or returns == RETURNS_MAX:
                    return self._found(model, optimum, value, points)
                value, before, model = seen, seen, None
                radius, whole_steps, returns = RETURN_RADIUS, step, returns + 1
                continue
            self._remember(value, violation)
            if not self._budget.spend():
                break
            merit = self._merit(value, points)
            if model is not None and step > whole_steps and merit > model.merit + SMALL_GAIN_KW:
                radius = 0.25 * float(np.abs((value - model.value) / self._span).max())
            else:
                self._put_to_work(points, value)
                model = self._model(value, points, merit, violation)
                radius = 2.0 * radius if step > whole_steps else radius
            optimum = self._solved(model, radius, optimum)
            if optimum is None:
                break
            self._price(model, optimum)
            step_kw = optimum.value
            gain_kw = abs(float(model.quadratic.gradient @ step_kw))
            if self._known is not None and self._adds_nothing(self._known, model, step_kw, gain_kw):
                return self._known
            greatest_kw = float(np.abs(step_kw).max(initial=0.0))
            is_small = self._is_small(greatest_kw, last_kw, gain_kw, abs(merit))
            last_kw = greatest_kw if optimum.excess <= SMALL_STEP_KW else np.inf
            if is_small and optimum.excess > PLAIN_EXCESS_KW:
                return self._given_up(SolverStatus.INFEASIBLE, value)
            if is_small and not optimum.is_exact and self._tolerance > TIGHT_TOLERANCE:
                self._tolerance, is_small = TIGHT_TOLERANCE, False
            elif gain_kw < 1e-3:
                self._tolerance = TIGHT_TOLERANCE
            if is_small and optimum.excess > SMALL_STEP_KW:
                return self._given_up(SolverStatus.INFEASIBLE, value)
            is_small |= self._is_rough and violation <= self._kept and gain_kw <= ROUGH_GAIN * abs(merit)
            if is_small and not self._is_rough and not self._is_minimum(model, optimum):
                break
            before, is_settled = model.value, is_small
            value = programme.within_rows(model.value + step_kw)
        stopped = not self._budget.is_left()
        return self._given_up(SolverStatus.STOPPED if stopped else SolverStatus.FAILED, value)

    def _adds_nothing(self, known: Optimum, model: Model, step_kw: Float, gain_kw: float) -> bool:
        """Whether a step is about to end at an optimum that is known, or such steps can gain no more."""
        apart = np.abs(model.value + step_kw - known.value) / self._span
        if float(apart.max(initial=0.0)) <= NEAR_SHARE:
            return True
        least_kw = known.objective + GAIN_MIN * max(abs(known.objective), 1.0)
        reach_kw = self._programme.objective.value(model.value) + GAINS_LEFT * gain_kw
        return model.violation <= KEPT_ROUGHLY and reach_kw <= least_kw

    def _is_small(self, step_kw: float, last_kw: float, gain_kw: float, objective: float) -> bool:
        """Whether nothing is left to change after a step, beyond rounding or what its method resolves.

        Near an optimum steps shrink at a rate: all that follow one move no more than it does, times that. A
        step that only lessens what is exceeded is on no such way.
        """
        if self._is_dense:
            left_kw = step_kw
            if 0.0 < step_kw <= SHRINKING * last_kw < np.inf:
                left_kw = step_kw**2 / (last_kw - step_kw)
            return left_kw <= SMALL_STEP_KW or (
                left_kw <= self._programme.objective.rounded_kw
                and gain_kw <= ROUNDED_GAIN_KW + ROUNDED_SHARE * objective
            )
        return gain_kw <= SMALL_GAIN_KW * max(1.0, objective)

    def _points(self, value: Float) -> Solve[list[Point] | None]:
        """The network around each joined situation; none where one has no operating point.

        A power flow does not tell values apart that differ by no more than `LOST_KW`: the last points serve.
        """
        situations = self._situations
        joined = np.flatnonzero(self._joined)
        if situations is None or not len(joined):
            return []
        if len(self._last_points) == len(joined) and np.abs(value - self._last_value).sum() <= LOST_KW:
            return self._last_points
        injected = situations.injected_kva(value, joined)
        voltages = yield injected
        if not np.isfinite(voltages).all():
            return None
        points = []
        for situation, voltage, power in zip(joined.tolist(), voltages, injected, strict=True):
            around = situations.oracle.around(voltage, power, situations.directions)
            excess = situations.excess(around.magnitude, situation)
            violation = float(excess.max(initial=0.0))
            points.append(Point(situation=situation, around=around, excess=excess, violation=violation))
        self._last_value, self._last_points = value, points
        return points

    def _join_broken(self, value: Float) -> Solve[bool]:
        """Whether situations that were not looked at break a limit at a value; these join the others."""
        situations = self._situations
        rest = np.flatnonzero(~self._joined)
        if situations is None or not len(rest):
            return False
        if len(self._joined) == 1:
            self._joined[:] = True
            return True
        voltages = yield situations.injected_kva(value, rest)
        tolerance = KEPT if value.any() else -KEPT
        broken = ~(situations.greatest_excess(rest, voltages) <= tolerance)
        self._joined[rest[broken]] = True
        return bool(broken.any())

    def _merit(self, value: Float, points: list[Point]) -> float:
        """The exact penalty: the objective, negated, and every excess at more than the sum of all prices."""
        price = 2.0 * sum(self._dual.values()) + 1.0
        excess = sum(one.violation for one in points)
        return -self._programme.objective.value(value) + price * excess

    def _remember(self, value: Float, violation: float) -> None:
        """Remembers a point that keeps everything, if it is the best so far and all situations are joined."""
        programme = self._programme
        if violation > KEPT or not self._joined.all() or programme.row_excess(value) > KEPT:
            return
        objective = programme.objective.value(value)
        if self._best is None or objective > self._best[0]:
            self._best = objective, value

    def _better_seen(self, value: Float) -> Float | None:
        """The best point on the way that keeps everything, where it is better than a value, (J,)."""
        if self._best is None or self._best[0] <= self._programme.objective.value(value) + WORSE_KW:
            return None
        return self._best[1]

    def _put_to_work(self, points: list[Point], value: Float) -> None:
        """Puts those limits to work that are exceeded most: by high and low voltages, and by loadings.

        Of quantities that are exceeded equally, as at nodes that nothing lies between, the first is at work.
        """
        situations = self._situations
        if situations is None:
            return
        tolerance = KEPT if value.any() else -KEPT
        voltages = len(situations.oracle.monitored.node)
        at_once = 2 if self._is_dense else ADDED_AT_ONCE
        for point in points:
            excess = point.excess
            kinds = ((excess[0, :voltages], 0, 1.0), (excess[1, :voltages], 0, -1.0))
            for exceeded, first, sign in (*kinds, (excess[0, voltages:], voltages, 1.0)):
                for row in _worst(exceeded, at_once, tolerance):
                    key = point.situation, first + row, sign
                    if key not in self._dual:
                        self._keys.append(key)
                        self._dual[key] = 0.0

    def _model(self, value: Float, points: list[Point], merit: float, violation: float) -> Model:
        """The quadratic programme at a value."""
        programme, situations = self._programme, self._situations
        self._keys.sort()
        blocks, curvatures, scales, parts = [], [], [], []
        for point in points:
            if situations is None:
                break
            keys = [key for key in self._keys if key[0] == point.situation]
            if not keys:
                continue
            part, block, curvature, scale = self._block(situations, keys, point)
            parts.append(part)
            blocks.append(block)
            curvatures.append(curvature)
            scales.append(scale)
        at_zero = programme.objective.log > 0.0
        lower = np.where(
            at_zero, np.maximum(programme.lower - value, -AWAY_FROM_ZERO * value), programme.lower - value
        )
        bending = programme.objective.bending(value)
        quadratic = QuadraticProgramme(
            diagonal=np.maximum(bending, BENDING_MIN * self._greatest_weight / self._span),
            gradient=-programme.objective.gradient(value),
            lower=np.minimum(lower, 0.0),
            upper=np.maximum(programme.upper - value, 0.0),
            rows=programme.rows,
            row_upper=programme.row_upper - programme.rows @ value,
            blocks=tuple(blocks),
            span=self._span,
        )
        coordinates = len(situations.directions) if situations else 0
        return Model(
            value=value,
            merit=merit,
            violation=violation,
            quadratic=quadratic,
            curvature=tuple(curvatures),
            scale=np.concatenate([np.empty(0), *scales]),
            limits=LimitsAtWork.joined(parts, coordinates),
        )

    def _block(
        self,
        situations: Situations,
        keys: list[tuple[int, int, float]],
        point: Point,
    ) -> tuple[LimitsAtWork, NetworkBlock, Float, Float]:
        row = np.array([key[1] for key in keys], dtype=np.int64)
        sign = np.array([key[2] for key in keys])
        dual = np.array([self._dual[key] for key in keys])
        moving, effect = self._effect(situations, point.situation)
        gradient = point.around.gradient(row, sign)
        priced = dual > 0.0
        curvature = point.around.curvature(row[priced], sign[priced], dual[priced])[np.ix_(moving, moving)]
        exceeded = np.where(sign > 0.0, point.excess[0, row], point.excess[1, row])
        scale = np.abs(gradient[:, moving]).max(axis=1, initial=0.0)
        scale = np.where(scale > 0.0, scale, 1.0)
        rows, upper = gradient[:, moving] / scale[:, None], (SLACK - exceeded) / scale
        hessian, by_rows = bent_up(curvature, rows, upper, dual * scale > TIE_BREAK_SHARE)
        block = NetworkBlock(effect=effect, hessian=hessian, gradient=by_rows, rows=rows, upper=upper)
        part = LimitsAtWork(
            situation=np.full(len(keys), point.situation),
            row=row,
            sign=sign,
            dual=dual,
            value=point.around.magnitude[row],
            gradient=gradient,
        )
        return part, block, curvature, scale

    def _effect(self, situations: Situations, situation: int) -> tuple[Int, csr_array]:
        """The coordinates that the variables move in a situation, and the rows of E for these, found once."""
        if situation not in self._effects:
            effect = situations.effects[situation]
            moving = np.flatnonzero(np.diff(effect.indptr))
            all_move = len(moving) == effect.shape[0]
            self._effects[situation] = moving, effect if all_move else csr_array(effect[moving])
        return self._effects[situation]

    def _solved(self, model: Model, radius: float, last: QuadraticOptimum | None) -> QuadraticOptimum | None:
        """The step of at most a radius; elastic where the linearised limits contradict one another.

        What the active set of the last step does not lead to goes to the interior-point method, and what that
        cannot solve to the active-set method for dense matrices, up to a size. A step of few variables that
        the active-set method fails on goes to the other one.
        """
        quadratic = model.quadratic
        if not np.isfinite(quadratic.gradient).all():
            return None
        if any(not (np.isfinite(b.rows).all() and np.isfinite(b.hessian).all()) for b in quadratic.blocks):
            return None
        bounded = replace(
            quadratic,
            lower=np.maximum(quadratic.lower, -radius * self._span),
            upper=np.minimum(quadratic.upper, radius * self._span),
        )
        methods: list[Callable[[QuadraticProgramme], QuadraticOptimum | None]] = []
        if not self._is_dense:
            methods.append(partial(solve_sparse, tolerance=self._tolerance))
        if self._is_dense or len(self._span) <= DENSE_AT_LAST_MAX:
            methods.append(solve_dense)
        found = None if self._is_dense else self._solved_from_last(model, bounded, last)
        for solve, elastic in product(methods, (None, ELASTIC_PRICE)):
            if found is not None:
                break
            if elastic is not None and not quadratic.blocks:
                continue
            found = solve(replace(bounded, elastic=elastic))
        if found is None and self._is_dense:
            price = ELASTIC_PRICE if quadratic.blocks else None
            found = solve_sparse(replace(bounded, elastic=price), tolerance=TIGHT_TOLERANCE)
        if found is not None and not self._is_dense:
            self._held = held_bounds(bounded, found.value, found.bound_dual)
        return found

    def _solved_from_last(
        self, model: Model, bounded: QuadraticProgramme, last: QuadraticOptimum | None
    ) -> QuadraticOptimum | None:
        """The step where what binds is nearly what bound in the last one."""
        if last is None or self._held is None:
            return None
        row_dual = np.where(last.row_dual > UNPRICED_SHARE, last.row_dual, 0.0)
        limit_dual = model.limits.dual * model.scale
        return solve_from(bounded, ActiveSet(held=self._held, row_dual=row_dual, limit_dual=limit_dual))

    def _price(self, model: Model, optimum: QuadraticOptimum) -> None:
        """Takes the multipliers of a step for the next one's curvature."""
        dual = np.where(optimum.limit_dual > UNPRICED_SHARE, optimum.limit_dual, 0.0) / model.scale
        for key, one in zip(model.limits.keys, dual.tolist(), strict=True):
            self._dual[key] = one

    def _is_minimum(self, model: Model, optimum: QuadraticOptimum) -> bool:
        """Whether the second-order condition holds; not looked at where there are too many variables."""
        if not self._is_dense or not model.curvature:
            return True
        hessian, rows, dual = self._dense_lagrangian(model, optimum)
        bounds = np.eye(len(optimum.value))[optimum.bound_dual != 0.0]
        held = np.vstack([bounds, rows[dual != 0.0]])
        return is_minimum(hessian, held, CURVATURE_TOLERANCE)

    def _dense_lagrangian(self, model: Model, optimum: QuadraticOptimum) -> tuple[Float, Float, Float]:
        """Exact Hessian of the Lagrangian, (J, J), rows and limits, (m + L, J), and their multipliers."""
        hessian = np.diag(model.quadratic.diagonal)
        limits = [np.empty((0, len(hessian)))]
        for block, curvature in zip(model.quadratic.blocks, model.curvature, strict=True):
            effect = block.effect.toarray()
            hessian = hessian + effect.T @ curvature @ effect
            limits.append(block.rows @ effect)
        rows = np.vstack([model.quadratic.rows.toarray(), *limits])
        return hessian, rows, np.concatenate([optimum.row_dual, optimum.limit_dual])

    def _found(self, model: Model, optimum: QuadraticOptimum, value: Float, points: list[Point]) -> Optimum:
        if self._better_seen(value) is not None:
            return self._given_up(SolverStatus.STOPPED, value)
        is_sure, corners = self._other_optima(model, optimum, value)
        limits, values = model.limits, []
        magnitude = {one.situation: one.around.magnitude for one in points}
        for situation, row in zip(limits.situation.tolist(), limits.row.tolist(), strict=True):
            values.append(magnitude[situation][row])
        return Optimum(
            status=SolverStatus.OPTIMAL,
            value=value,
            objective=self._programme.objective.value(value),
            bound_dual=optimum.bound_dual,
            row_dual=optimum.row_dual,
            limits=LimitsAtWork(
                situation=limits.situation,
                row=limits.row,
                sign=limits.sign,
                dual=optimum.limit_dual / model.scale,
                value=np.array(values),
                gradient=limits.gradient,
            ),
            is_sure=is_sure,
            corners=corners,
        )

    def _other_optima(
        self, model: Model, optimum: QuadraticOptimum, value: Float
    ) -> tuple[bool, tuple[Float, ...]]:
        """Whether no other optimum is to be expected, and where else one may be, (J,) each."""
        if not model.curvature:
            return True, ()
        if not self._is_dense:
            return False, ()
        hessian, rows, dual = self._dense_lagrangian(model, optimum)
        lagrangian = Lagrangian(
            hessian=hessian,
            rows=rows,
            dual=dual,
            caps=len(optimum.row_dual),
            bound_dual=optimum.bound_dual,
            span=self._span,
        )
        programme = self._programme
        return lagrangian.other_optima(value, programme.lower, programme.upper, TIE_BREAK_SHARE)

    def _given_up(self, status: SolverStatus, value: Float) -> Optimum:
        """The best point on the way that keeps everything, or the last one, which does not."""
        if self._best is not None:
            return Optimum.without_multipliers(self._programme, SolverStatus.STOPPED, self._best[1])
        status = max(status, SolverStatus.INFEASIBLE)
        return Optimum.without_multipliers(self._programme, status, value)


def _worst(exceeded: Float, count: int, tolerance: float) -> list[int]:
    """The quantities that are exceeded most, each amount once: the first of it."""
    over = np.flatnonzero(exceeded > tolerance)
    if not len(over):
        return []
    _, first = np.unique(-np.round(exceeded[over] / KEPT), return_index=True)
    return [int(row) for row in over[first[:count]]]
