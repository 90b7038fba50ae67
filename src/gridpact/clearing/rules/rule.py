"""AllocationRule: what a rule of allocation is, and the one that a name stands for."""

from collections.abc import Callable, Generator
from dataclasses import dataclass

import numpy as np

from gridpact.clearing.rules.stage import Question, StagedAllocation
from gridpact.clearing.solver.lockstep import Solve
from gridpact.errors import InvalidUsage
from gridpact.plug_ins import RULES, load

BEYOND_SHARE = 1e-6  # of a kW, and of what is proposed, by which a value may be beyond a bound by rounding


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


def shared_by(name: str, question: Question) -> Solve[StagedAllocation]:
    """What the rule of a name makes of a question.

    Raises:
        InvalidUsage: there is no such rule, or what it gives is no allocation of the question's variables.
    """
    solve = rule_of(name).clear(question)
    shared = (yield from solve) if isinstance(solve, Generator) else solve
    if fault := _fault(shared, question):
        raise InvalidUsage(f"the allocation '{name}' gives {fault}", "mend the rule")
    return shared


def _fault(shared: object, question: Question) -> str:
    """What makes something no allocation of a question's J variables; empty where it is one."""
    count, programme = len(question.proposed_kw), question.programme
    if not isinstance(shared, StagedAllocation):
        return "no StagedAllocation"
    if np.shape(shared.value) != (count,) or not np.isfinite(shared.value).all():
        return f"what is not {count} finite numbers"
    beyond_kw = np.maximum(programme.lower - shared.value, shared.value - programme.upper)
    is_beyond = (beyond_kw > BEYOND_SHARE * (1.0 + question.proposed_kw)).any()
    return "values beyond their bounds" if shared.status.is_kept and is_beyond else ""
