"""AllocationRule: what a rule of allocation is, and the one that a name stands for."""

from collections.abc import Callable
from dataclasses import dataclass

from gridpact.clearing.rules.stage import Question, StagedAllocation
from gridpact.clearing.solver.lockstep import Solve
from gridpact.plug_ins import RULES, load


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationRule:
    """A rule of allocation, registered as an entry point of the group `gridpact.rules`.

    Attributes:
        clear: shares what a programme admits among its J variables. It is a generator that has the programme
            solved for objectives of its own, as in `optimum = yield from maximise(...)`, and returns what
            came of it: a value of the variables, the worst status of its stages, and the stages, by whose
            multipliers the cuts are explained; each variable is decided by one of them. It is asked for the
            periods that the caps alone or the network cut, and has to give the same for the same question.
        by_submission: whether it tells trades apart by when they were submitted, as `Question.rank` says.
        shares: whether it gives something to everything that can have something, so that of the decisions
            that terms leave open all are taken where that can be; else they are those of the greatest volume.
    """

    clear: Callable[[Question], Solve[StagedAllocation]]
    by_submission: bool = False
    shares: bool = False


def rule_of(name: str) -> AllocationRule:
    """The rule of a name.

    Raises:
        InvalidUsage: there is none, or it is of no use.
    """
    return load(RULES, name, AllocationRule)
