"""GateEvent: something that happened, as the log has it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gridpact.gate.access.visibility import Audience

SESSION_OPENED, SESSION_CLOSED = "session.opened", "session.closed"
SESSION_CLEARED, SESSION_CANCELLED = "session.cleared", "session.cancelled"
TRADE_PROPOSED, TRADE_CONFIRMED, TRADE_REJECTED = "trade.proposed", "trade.confirmed", "trade.rejected"
SETTLEMENT_PUBLISHED, WEBHOOK_DISABLED = "settlement.published", "webhook.disabled"
KINDS = (
    SESSION_OPENED,
    SESSION_CLOSED,
    SESSION_CLEARED,
    SESSION_CANCELLED,
    TRADE_PROPOSED,
    TRADE_CONFIRMED,
    TRADE_REJECTED,
    SETTLEMENT_PUBLISHED,
    WEBHOOK_DISABLED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GateEvent:
    """An event.

    Attributes:
        sequence: of the entry of the log that it is, which is its id.
        kind: one of `KINDS`.
        facts: what is told of it.
        audience: whom it concerns.
    """

    sequence: int
    kind: str
    facts: Mapping[str, Any]
    audience: Audience
