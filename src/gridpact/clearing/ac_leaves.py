"""AcLeaves: the exact allocations of a part on its network, under every situation that it has to carry."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array

from gridpact.arrays import Float, Int
from gridpact.clearing.ac_physics import AcPhysics
from gridpact.clearing.joint_programme import JointData, JointOptimum, JointProgramme
from gridpact.clearing.linear_leaves import LinearLeaves
from gridpact.clearing.mixed_integer import MixedInteger
from gridpact.clearing.operation import operate
from gridpact.clearing.part_rows import PartRows
from gridpact.clearing.problem import CAP_TOLERANCE_KW
from gridpact.clearing.programme import SolverStatus
from gridpact.clearing.search import Cuts, Leaf
from gridpact.clearing.situations import Situations
from gridpact.clearing.tangents import broken, tangents

HALVINGS = 40
CAP_EXCESS_KW = 1e-6  # that a solution may have by the tolerance of its solver
PROVEN_DECISIONS_MAX = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class AcOptimum:
    """The allocation of a choice, and what explains it.

    Attributes:
        power_kw: v, (J,).
        row_dual: of the caps, (m,).
        joint: the optimum over the situations that reach a limit; none where no situation does.
        joined: which situations these are.
        status: how it was found.
    """

    power_kw: Float
    row_dual: Float
    joint: JointOptimum | None
    joined: Int
    status: SolverStatus


class AcLeaves:
    """What a network makes of a choice.

    Only the situations that reach a limit are in the programme: those that a draft or an optimum without them
    breaks are added until none is left.

    Args:
        situations: all that have to be carried, S of them.
        caps: of the part.
    """

    def __init__(self, situations: Situations, caps: PartRows) -> None:
        self._situations = situations
        self._part = situations.part
        self._caps = caps
        self._over_caps = LinearLeaves(self._part, [caps])
        self._limits = situations.problem.operating_limits.at(situations.at)
        self._physics = AcPhysics(situations.pairs)
        self._joined = np.zeros(len(situations), dtype=np.bool_)
        self._programme: JointProgramme | None = None
        self._latest: tuple[bytes, AcOptimum] | None = None

    @property
    def physics(self) -> AcPhysics:
        """Of one situation."""
        return self._physics

    @property
    def _in_programme(self) -> Int:
        """The situations that are in the programme."""
        return np.flatnonzero(self._joined)

    def programme(self) -> MixedInteger:
        """The linear relaxation to begin with: the caps and the decisions."""
        return self._over_caps.programme()

    def leaf(self, taken: Float, draft_kw: Float) -> Leaf:
        """The greatest volume of a choice."""
        lower, upper = self._part.bounds(taken)
        if np.array_equal(lower, upper):
            return self._fixed(upper)
        found = self.optimum(taken, draft_kw)
        if found.status is not SolverStatus.FAILED:
            return Leaf(power_kw=found.power_kw, volume_kw=float(found.power_kw.sum()))
        is_known = found.joint is None or found.joint.is_impossible
        return Leaf(power_kw=found.power_kw, volume_kw=-np.inf, is_known=is_known)

    def cuts(self, power_kw: Float) -> Cuts | None:
        """What cuts an allocation (J,) off, or none where every situation can be carried."""
        wrong = np.flatnonzero(broken(self._situations, self._limits, power_kw))
        if not len(wrong):
            return None
        self._join(wrong)
        cuts, situation = tangents(
            self._situations.of(wrong), self._limits.at(wrong), self._physics.monitored, power_kw
        )
        if self._part.decisions > PROVEN_DECISIONS_MAX:
            return cuts
        return self._as_far_as_reached(cuts, wrong[situation], power_kw)

    def optimum(self, taken: Float, draft_kw: Float) -> AcOptimum:
        """The exact optimum of a choice, (K,), near a draft, (J,)."""
        key = taken.tobytes()
        if self._latest is None or self._latest[0] != key:
            self._latest = key, self._find(taken, draft_kw)
        return self._latest[1]

    def _find(self, taken: Float, draft_kw: Float) -> AcOptimum:
        if not self._joined.any():
            even = self._over_caps.even(taken)
            if even is None:
                return self._impossible()
            power_kw, row_dual = even
            if not self._join_broken(power_kw):
                return AcOptimum(
                    power_kw=power_kw,
                    row_dual=row_dual,
                    joint=None,
                    joined=self._in_programme,
                    status=SolverStatus.OPTIMAL,
                )
            draft_kw = power_kw
        while True:
            joined = self._in_programme
            joint = self._solve(taken, draft_kw)
            if joint.status is SolverStatus.FAILED or not self._join_broken(joint.power_kw):
                lower, upper = self._part.bounds(taken)
                return AcOptimum(
                    power_kw=self._within_caps(np.clip(joint.power_kw, lower, upper), lower),
                    row_dual=joint.row_dual,
                    joint=joint,
                    joined=joined,
                    status=joint.status,
                )
            draft_kw = joint.power_kw

    def _impossible(self) -> AcOptimum:
        return AcOptimum(
            power_kw=np.zeros_like(self._part.upper_kw),
            row_dual=np.zeros(len(self._caps.cell)),
            joint=None,
            joined=self._in_programme,
            status=SolverStatus.FAILED,
        )

    def retreat(self, power_kw: Float) -> Float:
        """The greatest share of an allocation (J,) that keeps every cap and limit, the same of everything."""
        power_kw = np.clip(np.nan_to_num(power_kw), 0.0, self._part.upper_kw)
        low, high = 0.0, 1.0
        for _ in range(HALVINGS):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if self.holds(middle * power_kw) else (low, middle)
        return power_kw if self.holds(power_kw) else low * power_kw

    def _as_far_as_reached(self, cuts: Cuts, situation: Int, draft_kw: Float) -> Cuts:
        """Tangents of some situations, (k,), moved out as far as the network reaches beyond them.

        Nothing is beyond them where the set of what can be carried is convex.
        """
        everything = np.ones(self._part.decisions)
        upper = cuts.upper.copy()
        for row, weight in enumerate(cuts.rows.toarray()):
            chosen = self._situations.of(situation[[row]])
            programme = _joint_programme(chosen, self._physics, self._caps)
            data = replace(
                _joint_data(chosen, self._physics, self._caps, everything, 0.5 * draft_kw),
                weight=weight,
                evenness=0.0,
                lower_kw=np.zeros_like(draft_kw),
                upper_kw=np.where(weight != 0.0, self._part.upper_kw, 0.0),
            )
            reach = programme.solve(data)
            is_found = reach.status is not SolverStatus.FAILED
            upper[row] = max(upper[row], float(weight @ reach.power_kw)) if is_found else np.inf
        return Cuts(rows=cuts.rows, upper=upper)

    def _within_caps(self, power_kw: Float, lower_kw: Float) -> Float:
        """An allocation (J,) that exceeds caps by no more than a solver's tolerance, taken back by that."""
        power_kw = power_kw.copy()
        for row in np.flatnonzero(self._caps.matrix @ power_kw > self._caps.upper).tolist():
            cap = csr_array(self._caps.matrix[[row]])
            over_kw = float((cap @ power_kw)[0]) - self._caps.upper[row]
            room_kw = (power_kw - lower_kw)[cap.indices] * cap.data
            if over_kw <= CAP_EXCESS_KW and room_kw.max() >= over_kw > 0.0:
                widest = int(room_kw.argmax())
                power_kw[cap.indices[widest]] -= over_kw / cap.data[widest]
        return power_kw

    def _fixed(self, power_kw: Float) -> Leaf:
        holds = self.holds(power_kw)
        return Leaf(power_kw=power_kw, volume_kw=float(power_kw.sum()) if holds else -np.inf)

    def holds(self, power_kw: Float) -> bool:
        """Whether an allocation (J,) keeps every cap and limit in every situation."""
        rows = np.asarray(self._caps.matrix @ power_kw)
        if np.any(rows > self._caps.upper + CAP_TOLERANCE_KW):
            return False
        return not power_kw.any() or not broken(self._situations, self._limits, power_kw).any()

    def _join_broken(self, power_kw: Float) -> bool:
        """Whether an allocation breaks a situation that is not in the programme, which then joins it."""
        wrong = broken(self._situations, self._limits, power_kw) & ~self._joined
        if wrong.any():
            self._join(np.flatnonzero(wrong))
        return bool(wrong.any())

    def _join(self, situations: Int) -> None:
        if not self._joined[situations].all():
            self._joined[situations] = True
            self._programme = None

    def _solve(self, taken: Float, draft_kw: Float) -> JointOptimum:
        """The optimum over the situations in the programme, tried again where the first attempt fails."""
        chosen = self._situations.of(self._in_programme)
        if self._programme is None:
            self._programme = _joint_programme(chosen, self._physics, self._caps)
        first = self._programme.solve(_joint_data(chosen, self._physics, self._caps, taken, draft_kw))
        if first.status is not SolverStatus.FAILED:
            return first
        nothing = np.zeros_like(draft_kw)
        data = _joint_data(chosen, self._physics, self._caps, taken, nothing)
        return self._programme.solve(data, cautious=True)


def _joint_programme(situations: Situations, physics: AcPhysics, caps: PartRows) -> JointProgramme:
    effect_p, effect_q = situations.effects()
    first_row = np.arange(len(situations)) * situations.problem.network.nodes
    rows = (first_row[:, None] + physics.active_node[None, :]).reshape(-1)
    return JointProgramme(physics, csr_array(effect_p[rows]), csr_array(effect_q[rows]), caps.matrix)


def _joint_data(
    situations: Situations, physics: AcPhysics, caps: PartRows, taken: Float, draft_kw: Float
) -> JointData:
    problem, part = situations.problem, situations.part
    lower, upper = part.bounds(taken)
    start_kw = np.clip(draft_kw, lower, upper)
    operation = operate(problem.network, situations.injection(start_kw))
    voltage = operation.node_voltage_pu[:, physics.free]
    voltage = np.where(np.isfinite(voltage), voltage, physics.no_load_pu[None, :])
    bounds = [physics.limit_bounds(problem, period) for period in situations.at.tolist()]
    baseline, cells = problem.baseline_at_nodes, np.ix_(situations.at, physics.active_node)
    return JointData(
        baseline_p_kw=baseline.p_kw[cells],
        baseline_q_kvar=baseline.q_kvar[cells],
        limit_lower=np.stack([least for least, _ in bounds]),
        limit_upper=np.stack([greatest for _, greatest in bounds]),
        row_upper=caps.upper,
        lower_kw=lower,
        upper_kw=upper,
        proposed_kw=part.upper_kw,
        weight=np.ones_like(upper),
        evenness=1.0,
        start_state=np.stack([physics.state_of(one) for one in voltage]),
        start_kw=start_kw,
    )
