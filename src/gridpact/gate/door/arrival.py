"""Arrival: a submission as it came, and what is said of it before it is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

from gridpact.gate.access.visitor import Visitor
from gridpact.gate.market.json_tables import escaped
from gridpact.gate.market.session_states import SessionState
from gridpact.gate.words.gate_names import shown
from gridpact.gate.words.moments import moment_text
from gridpact.gate.words.refused import FieldProblem, Refused, invalid


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """A request with a submission in it.

    Attributes:
        visitor: who sent it.
        session: that it is for.
        body: the bytes as they came.
        document: what they say.
        received_at: when the last of them came.
        jws: its signature, checked; `None` where it has none.
    """

    visitor: Visitor
    session: str
    body: bytes
    document: dict[str, Any]
    received_at: int
    jws: str | None = None

    @cached_property
    def digest(self) -> bytes:
        """SHA-256 of the body."""
        return sha256(self.body).digest()

    def order_digest(self, index: int) -> str:
        """What the log has for order `index` of a batch, in hexadecimal digits."""
        return sha256(self.digest + index.to_bytes(4, "big")).hexdigest()


def need_open(state: SessionState, received_at: int) -> None:
    """Refuses what did not come while the gate was open, or cannot be counted any more.

    Raises:
        Refused: 409, or 503 where it came in time and the session is sealed already.
    """
    row = state.row
    if row.cancelled_at is not None:
        raise Refused(409, "wrong-state", "The session is cancelled.")
    if not row.opens_at <= received_at < row.closes_at:
        facts = {
            "gate_opens": moment_text(row.opens_at),
            "gate_closes": moment_text(row.closes_at),
            "received_at": moment_text(received_at),
        }
        raise Refused(409, "gate-not-open" if received_at < row.opens_at else "gate-closed", facts=facts)
    if state.seal is not None:
        detail = "It came in time, but the session was sealed before it could be stored."
        raise Refused(503, "not-stored", detail, headers={"Retry-After": "1"})


def refuse_problems(problems: Sequence[FieldProblem], state: SessionState, received_at: int) -> None:
    """Refuses content with problems; outside of the gate's hours that comes first."""
    if problems:
        need_open(state, received_at)
        raise invalid(problems)


def unknown_members(document: Mapping[str, Any], *names: str) -> list[FieldProblem]:
    """The members of a document that are not known."""
    remedy = f"known are {', '.join(names)}" if names else "leave it out"
    return [
        FieldProblem(pointer=f"/{escaped(name)}", value=shown(value), what="is not known", remedy=remedy)
        for name, value in document.items()
        if name not in names
    ]
