"""Refused: what the gate answers in place of what was asked, with every problem at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

SHOWN_MAX = 100
TITLES = {
    "not-json": "The body is not a JSON object",
    "no-key": "A key is needed",
    "not-let-in": "Not let in",
    "foreign-form": "Not a form of a page that is open",
    "right-missing": "The right for this is missing",
    "not-found": "Not found",
    "name-taken": "The name is taken by other content",
    "gate-not-open": "The gate is not open yet",
    "gate-closed": "The gate is closed",
    "wrong-state": "Not in this state",
    "changed-meanwhile": "It was changed meanwhile",
    "too-large": "The body is too large",
    "method": "Not a method of this",
    "media-type": "Not a type that is taken here",
    "not-acceptable": "Not a type that is given here",
    "invalid": "The content has problems",
    "needs-if-match": "The change needs If-Match",
    "too-many": "Too many requests",
    "verification-long": "The verification takes long",
    "too-many-tries": "Too many tries",
    "not-ready": "Not ready",
    "not-stored": "It could not be stored",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldProblem:
    """One thing that is wrong with a request.

    Attributes:
        pointer: JSON pointer into the body, or `?name` of a query parameter.
        value: what stands there, as text.
        what: what is wrong with it.
        remedy: what would be right.
    """

    pointer: str
    what: str
    value: str = ""
    remedy: str = ""

    def as_json(self) -> dict[str, str]:
        """The problem as a JSON object."""
        return {"pointer": self.pointer, "value": self.value, "what": self.what, "remedy": self.remedy}


class Refused(Exception):
    """A request that is not carried out; nothing of it was stored.

    Args:
        status: of the answer.
        name: of the kind of refusal, a key of `TITLES`.
        detail: one sentence.
        problems: of its content.
        facts: further members of the answer.
        headers: of the answer.
    """

    def __init__(
        self,
        status: int,
        name: str,
        detail: str = "",
        *,
        problems: Iterable[FieldProblem] = (),
        facts: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {name}: {detail}")
        self.status = status
        self.name = name
        self.detail = detail
        self.problems = tuple(problems)
        self.facts = dict(facts or {})
        self.headers = dict(headers or {})

    def as_json(self) -> dict[str, Any]:
        """The answer as problem details (RFC 9457)."""
        answer: dict[str, Any] = {
            "type": f"/problems/{self.name}",
            "title": TITLES[self.name],
            "status": self.status,
            "detail": self.detail or TITLES[self.name],
            **self.facts,
        }
        if self.problems:
            answer["problems"] = [problem.as_json() for problem in self.problems[:SHOWN_MAX]]
            answer["total"] = len(self.problems)
        return answer


def not_found() -> Refused:
    """The one answer to what does not exist and to what is another's."""
    return Refused(404, "not-found")


def right_missing(right: str) -> Refused:
    """The answer to one who sees a thing, but may not do this with it."""
    return Refused(403, "right-missing", f"It takes the right '{right}'.")


def invalid(problems: Iterable[FieldProblem]) -> Refused:
    """The answer to content with problems."""
    found = tuple(problems)
    noun = "problem" if len(found) == 1 else "problems"
    return Refused(422, "invalid", f"{len(found)} {noun}; nothing was stored.", problems=found)
