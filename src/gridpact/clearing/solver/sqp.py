"""Sequential quadratic programming: the optimum of a programme on its network.

The power flow makes what is monitored a function of the variables, g(v). Each step solves a quadratic
programme with the exact gradients of the limits at work and the exact curvature of the Lagrangian, so that
the steps end like Newton's (Nocedal, Wright 2006, "Numerical Optimization", chapter 18). A limit is at work
from when a step breaks it, and a situation from when one of its limits is. Steps are taken whole until they
do not settle soon, or settle where it is worse than on the way; from then on one that makes an exact penalty
worse is taken back and tried shorter.
"""

from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Float
from gridpact.clearing.solver.budget import Budget
from gridpact.clearing.solver.joined_situations import KEPT, JoinedSituations, Point
from gridpact.clearing.solver.lockstep import Solve
from gridpact.clearing.solver.optimality import Lagrangian, is_minimum
from gridpact.clearing.solver.optimum import LimitsAtWork, Optimum, SolverStatus
from gridpact.clearing.solver.programme import Programme
from gridpact.clearing.solver.quadratic import QuadraticOptimum, QuadraticProgramme
from gridpact.clearing.solver.step_method import TIGHT_TOLERANCE, StepMethod, priced
from gridpact.clearing.solver.working_limits import TIE_BREAK_SHARE, WorkingLimits

DENSE_MAX = 80  # variables up to which an active-set method on dense matrices is faster
STEPS_MAX = 60
NEAR_SHARE = 1e-2  # of what each variable can move, within which two optima are one
WHOLE_STEPS = 12  # that are taken without looking back
KEPT_ROUGHLY, ROUGH_GAIN = 1e-6, 1e-4  # pu, and parts of a rating; of the objective
GAIN_MIN = 1e-6  # of the objective, by which another optimum has to be better beyond what tolerances explain
GAINS_LEFT = 100.0  # of a step, that the steps after it can gain at most
SMALL_STEP_KW = 1e-8
RETURNS_MAX = 3  # to a better point that was seen on the way
RETURN_RADIUS = 0.1  # of what each variable can move, of the steps from there
WORSE_KW = 1e-3  # by which an optimum is worse than what was seen on the way to it, beyond tolerances
PLAIN_EXCESS_KW = 1e-3  # by which limits are exceeded beyond doubt, whatever the tolerance
ROUNDED_GAIN_KW, ROUNDED_SHARE = 1e-11, 1e-13
SMALL_GAIN_KW = 1e-9
SHRINKING = 0.1  # of the step before, up to which steps are taken to shrink at a rate
CURVATURE_TOLERANCE = 1e-9  # kW of volume per kW²
BENDING_MIN = 1e-12  # of a step's programme, per kW, and per kW that the objective counts most for a kW
ADDED_AT_ONCE = 3
AWAY_FROM_ZERO = 0.99  # of the way to 0 that a variable with a logarithm may go in a step


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
        self._joined = JoinedSituations(programme.situations, programme.lower)
        self._limits = WorkingLimits(programme.situations)
        self._best: tuple[float, Float] | None = None
        self._is_dense = len(programme) <= DENSE_MAX
        self._span = np.maximum(programme.upper - programme.lower, 1e-9)
        self._greatest_weight = max(1.0, float(programme.objective.weight.max(initial=0.0)))
        self._method = StepMethod(self._span, is_dense=self._is_dense)

    def begin_with(self, limits: LimitsAtWork) -> None:
        """Puts limits to work with the multipliers that they have."""
        self._limits.begin_with(limits)
        self._joined.join(limits.situation)

    def run(self, start: Float) -> Solve[Optimum]:
        """See `maximise`."""
        programme = self._programme
        value = np.clip(start, programme.lower, programme.upper)
        before, is_settled, radius = value, False, np.inf
        whole_steps, returns, last_kw = WHOLE_STEPS, 0, np.inf
        model: Model | None = None
        optimum: QuadraticOptimum | None = None
        if not self._joined.are_all:
            yield from self._joined.join_broken(value)
        for step in range(STEPS_MAX):
            points = yield from self._joined.points(value)
            if points is None:
                if not self._budget.spend() or np.array_equal(value, before):
                    break
                value, is_settled = 0.5 * (before + value), False
                continue
            violation = max((one.violation for one in points), default=0.0)
            if is_settled and model is not None and optimum is not None and violation <= self._kept:
                is_settled = False
                if (yield from self._joined.join_broken(value)):
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
                self._limits.put_to_work(points, value, 2 if self._is_dense else ADDED_AT_ONCE)
                model = self._model(value, points, merit, violation)
                radius = 2.0 * radius if step > whole_steps else radius
            optimum = self._method.solved(model.quadratic, radius, optimum, model.limits.dual * model.scale)
            if optimum is None:
                break
            self._limits.price(model.limits, priced(optimum.limit_dual) / model.scale)
            step_kw = optimum.value
            gain_kw = abs(float(model.quadratic.gradient @ step_kw))
            if self._known is not None and self._adds_nothing(self._known, model, step_kw, gain_kw):
                return self._known
            greatest_kw = float(np.abs(step_kw).max(initial=0.0))
            is_small = self._is_small(greatest_kw, last_kw, gain_kw, abs(merit))
            last_kw = greatest_kw if optimum.excess <= SMALL_STEP_KW else np.inf
            if is_small and optimum.excess > PLAIN_EXCESS_KW:
                return self._given_up(SolverStatus.INFEASIBLE, value)
            if is_small and not optimum.is_exact and self._method.tolerance > TIGHT_TOLERANCE:
                self._method.tolerance, is_small = TIGHT_TOLERANCE, False
            elif gain_kw < 1e-3:
                self._method.tolerance = TIGHT_TOLERANCE
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

    def _merit(self, value: Float, points: list[Point]) -> float:
        """The exact penalty: the objective, negated, and every excess at more than the sum of all prices."""
        price = 2.0 * self._limits.prices + 1.0
        excess = sum(one.violation for one in points)
        return -self._programme.objective.value(value) + price * excess

    def _remember(self, value: Float, violation: float) -> None:
        """Remembers a point that keeps everything, if it is the best so far and all situations are joined."""
        programme = self._programme
        if violation > KEPT or not self._joined.are_all or programme.row_excess(value) > KEPT:
            return
        objective = programme.objective.value(value)
        if self._best is None or objective > self._best[0]:
            self._best = objective, value

    def _better_seen(self, value: Float) -> Float | None:
        """The best point on the way that keeps everything, where it is better than a value, (J,)."""
        if self._best is None or self._best[0] <= self._programme.objective.value(value) + WORSE_KW:
            return None
        return self._best[1]

    def _model(self, value: Float, points: list[Point], merit: float, violation: float) -> Model:
        """The quadratic programme at a value."""
        programme = self._programme
        around = self._limits.around(points)
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
            blocks=tuple(one.block for one in around),
            span=self._span,
        )
        coordinates = len(programme.situations.directions) if programme.situations else 0
        return Model(
            value=value,
            merit=merit,
            violation=violation,
            quadratic=quadratic,
            curvature=tuple(one.curvature for one in around),
            scale=np.concatenate([np.empty(0), *(one.scale for one in around)]),
            limits=LimitsAtWork.joined([one.limits for one in around], coordinates),
        )

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
        """The optimum at a value where the steps have settled, if nothing on the way was better."""
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
