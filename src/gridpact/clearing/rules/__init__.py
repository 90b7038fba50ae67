"""The rules of allocation, each a sequence of stages over the same programme."""

from collections.abc import Callable, Mapping

from gridpact.case.case import Allocation as Rule
from gridpact.clearing.rules import max_min, max_volume, priority, proportional
from gridpact.clearing.rules.stage import Question, StagedAllocation
from gridpact.clearing.solver.lockstep import Solve

RULES: Mapping[Rule, Callable[[Question], Solve[StagedAllocation]]] = {
    Rule.MAX_VOLUME: max_volume.clear,
    Rule.MAX_MIN: max_min.clear,
    Rule.PROPORTIONAL: proportional.clear,
    Rule.PRIORITY: priority.clear,
}
