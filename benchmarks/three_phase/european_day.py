"""A day of the European feeder, cleared as balanced, by one cut for all, and exactly on its phases.

Whatever clears is put on the phases of the feeder as it is, and judged there by two power flows, which know
nothing of the clearing but the schedule.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

import gridpact
from benchmarks.three_phase.judges import JUDGES
from gridpact.arrays import Float
from gridpact.case import Case
from gridpact.clearing.dispatch_verification import VOLTAGE_TOLERANCE_PU
from gridpact.clearing.network.connections import connections
from gridpact.clearing.network.injection import Injection, participant_bus_position
from gridpact.clearing.network.network_state import keeps_limits, operate
from gridpact.clearing.problem.problem import ClearingProblem, pose
from gridpact.dispatch import dispatch
from gridpact.grid.limits import THREE_PHASE_LIMITS, Limits
from gridpact.grid.network import Network
from gridpact.grid.network_model import NetworkModel

EXAMPLE = Path(__file__).parents[2] / "examples" / "european-lv-phases"
HALVINGS = 40
BALANCED, UNIFORM, EXACT = "balanced", "balanced, all trades cut alike", "three-phase"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What clears in one way, and the state of the feeder that a judge finds under it.

    Attributes:
        way: of clearing.
        cleared_kwh: over the day.
        verdict: status of the clearing itself; empty where nothing was cleared anew.
        judge: name and version of the power flow.
        highest_v: between a phase and the neutral.
        periods_above, homes_above: above the upper limit: periods, and homes in the worst of them.
    """

    way: str
    cleared_kwh: float
    verdict: str
    judge: str
    highest_v: float
    periods_above: int
    homes_above: int


class EuropeanDay:
    """The day of T periods with the case's P homes.

    Args:
        case: on a three-phase network, each home on one phase.
    """

    def __init__(self, case: Case) -> None:
        self.case = case

    @cached_property
    def network(self) -> Network:
        """The feeder with its phases."""
        return gridpact.compile_network(self.case)

    @cached_property
    def problem(self) -> ClearingProblem:
        """What is to be cleared on it."""
        return pose(self.case, self.case.trades, self.network)

    def outcomes(self) -> list[Outcome]:
        """Each way of clearing before each judge."""
        balanced = gridpact.clear(as_balanced(self.case))
        exact = gridpact.clear(self.case, network=self.network)
        balanced_kw = balanced.solution.column_kw
        cleared = (
            (BALANCED, balanced_kw, balanced.summary["status"]),
            (UNIFORM, self.cut_alike(balanced_kw), ""),
            (EXACT, exact.solution.column_kw, exact.summary["status"]),
        )
        return [self.judged(*each, judge) for each in cleared for judge in JUDGES]

    def judged(self, way: str, column_kw: Float, verdict: str, judge: str) -> Outcome:
        """What a judge finds where trades clear `column_kw`, (C,)."""
        case, problem, network = self.case, self.problem, self.network
        bus = participant_bus_position(network, case.participants)
        connected = connections(network, bus, case.participants.phases)
        voltage_pu = JUDGES[judge](network, case.network, connected, self.injection(column_kw))
        volts = 1e3 * network.bus_voltage_kv[connected.bus] / np.sqrt(3.0)
        above = voltage_pu > case.limits.voltage_max_pu + VOLTAGE_TOLERANCE_PU
        cleared_kw = problem.offers.volume_kw(column_kw, problem.shape[0])
        return Outcome(
            way=way,
            cleared_kwh=float(cleared_kw.sum()) * case.horizon.hours_per_period,
            verdict=verdict,
            judge=judge,
            highest_v=float((voltage_pu * volts).max()),
            periods_above=int(above.any(axis=1).sum()),
            homes_above=int(above.sum(axis=1).max()),
        )

    def injection(self, column_kw: Float) -> Injection:
        """What homes inject when trades clear `column_kw`, (T, P)."""
        case, problem = self.case, self.problem
        sold_kw = problem.offers.sold_kw(column_kw, problem.shape)
        bought_kw = problem.offers.bought_kw(column_kw, problem.shape)
        return dispatch(case.participants, case.profiles, sold_kw, bought_kw).injection(case.participants)

    def cut_alike(self, column_kw: Float) -> Float:
        """The trades of each period cut alike, only as much as the feeder needs to keep every limit, (C,)."""
        problem = self.problem
        low, high = np.zeros(problem.shape[0]), np.ones(problem.shape[0])
        for _ in range(HALVINGS):
            middle = 0.5 * (low + high)
            injection = problem.injection_at_nodes(middle[problem.offers.column_period] * column_kw)
            is_kept = keeps_limits(operate(self.network, injection), problem.nominal_limits)
            low, high = np.where(is_kept, middle, low), np.where(is_kept, high, middle)
        share: Float = low[problem.offers.column_period]
        return share * column_kw


def as_balanced(case: Case) -> Case:
    """The same case, its network and homes taken for balanced ones."""
    return replace(
        case,
        network=replace(case.network, model=NetworkModel.BALANCED),
        participants=replace(case.participants, phases=()),
        limits=replace(case.limits, **{name: getattr(Limits(), name) for name in THREE_PHASE_LIMITS}),
    )


def outcomes_table(outcomes: Sequence[Outcome], periods: int) -> str:
    """The outcomes in Markdown."""
    heads = (
        "way of clearing | cleared, kWh | its own word | judge | highest voltage at a home, V "
        "| quarter-hours above the limit | homes above it at once"
    )
    rows = [
        f"| {one.way} | {one.cleared_kwh:.2f} | {one.verdict} | {one.judge} | {one.highest_v:.1f} "
        f"| {one.periods_above} of {periods} | {one.homes_above} |"
        for one in outcomes
    ]
    return "\n".join([f"| {heads} |", "|---|---:|---|---|---:|---:|---:|", *rows])
