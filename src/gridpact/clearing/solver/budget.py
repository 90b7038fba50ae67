"""Budget: how much work a clearing may do, when it has to end, and whether somebody wants it to stop.

Work is counted: a step of the sequential method is one unit, and so is a node of a search among decisions. A
limit of work ends a search at the same point on every run; a deadline is a guard that does not.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from time import monotonic


class EndedBy(StrEnum):
    """What ended a clearing before it was through."""

    NOTHING = ""
    WORK = "work"
    TIME = "time"
    CANCEL = "cancel"


@dataclass(slots=True, kw_only=True)
class Budget:
    """What is left to a clearing or to a part of it.

    Attributes:
        work: units that may be spent; infinite where there is no limit.
        deadline: time of `monotonic` at which it ends; infinite where there is none.
        is_cancelled: asked at every step.
        search_work: units that the searches among decisions may spend, together.
        spent: units spent so far.
        ended_by: what ended it first.
        parts_ended_by: what ended a share of it first.
    """

    work: float = float("inf")
    search_work: float = float("inf")
    deadline: float = float("inf")
    is_cancelled: Callable[[], bool] | None = None
    spent: float = 0.0
    ended_by: EndedBy = EndedBy.NOTHING
    parts_ended_by: EndedBy = EndedBy.NOTHING

    def of_searches(self) -> "Budget":
        """What the searches of a problem may spend."""
        return Budget(work=self.search_work, deadline=self.deadline, is_cancelled=self.is_cancelled)

    def share(self, fraction: float) -> "Budget":
        """A part of what is left, which is given back by `took`."""
        return Budget(
            work=max(self.work - self.spent, 0.0) * fraction,
            deadline=monotonic() + self.seconds_left * fraction,
            is_cancelled=self.is_cancelled,
        )

    def took(self, share: "Budget") -> None:
        """Counts what a share of it spent."""
        self.spent += share.spent
        self.parts_ended_by = self.parts_ended_by or share.ended_by or share.parts_ended_by

    @property
    def stopped_by(self) -> EndedBy:
        """What ended it or a share of it before they were through."""
        return self.ended_by or self.parts_ended_by

    def spend(self, units: float = 1.0) -> bool:
        """Spends some units; whether there is anything left."""
        self.spent += units
        return self.is_left()

    def is_left(self) -> bool:
        """Whether work may go on."""
        if self.ended_by is not EndedBy.NOTHING:
            return False
        if self.is_cancelled is not None and self.is_cancelled():
            self.ended_by = EndedBy.CANCEL
        elif monotonic() >= self.deadline:
            self.ended_by = EndedBy.TIME
        elif self.spent >= self.work:
            self.ended_by = EndedBy.WORK
        return self.ended_by is EndedBy.NOTHING

    @property
    def seconds_left(self) -> float:
        """Seconds until the deadline, infinite where there is none, never below 0."""
        return max(self.deadline - monotonic(), 0.0)
