"""Which worker sends which webhook, with a lease and a fence, and what came of it.

None of it is of the log but that a webhook was disabled.
"""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, select, update

from gridpact.gate.closing.seal_session import SYSTEM
from gridpact.gate.events.event_source import last_event
from gridpact.gate.store.database import Database
from gridpact.gate.store.gate_tables import USER, WEBHOOK
from gridpact.gate.store.transaction import Transaction, carry_out
from gridpact.gate.words.json_bodies import compact_json

LEASE_MICROSECONDS = 120_000_000
PAUSE_SECONDS_MAX, DOUBLED_MAX = 3_600.0, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldWebhook:
    """A webhook that one worker sends, as long as nobody else has a later fence.

    Attributes:
        user: whose it is.
        webhook: its name.
        url: that it is at.
        events: kinds that it wants.
        key_sha256: of the key that it sees by.
        position: last entry of the log that it is done with.
        failures: how many there were since it was last taken.
        fence: of the claim.
    """

    user: str
    webhook: str
    url: str
    events: frozenset[str]
    key_sha256: str
    position: int
    failures: int
    fence: int


def claim_webhooks(database: Database, now: int, worker: str, limit: int) -> list[HeldWebhook]:
    """Claims webhooks for which there may be something to send, at most so many."""
    with database.reading() as connection:
        last = last_event(connection)
        if connection.execute(_due(last, now, 1)).first() is None:
            return []
    with database.writing() as connection:
        rows = connection.execute(_due(last, now, limit).with_for_update(skip_locked=True)).all()
        for row in rows:
            values = {"fence": row.fence + 1, "worker": worker, "lease_until": now + LEASE_MICROSECONDS}
            one = (WEBHOOK.c.user == row.user, WEBHOOK.c.webhook == row.webhook)
            connection.execute(update(WEBHOOK).where(*one).values(**values))
    return [_held(row) for row in rows]


def store_outcome(database: Database, held: HeldWebhook, **values: Any) -> None:
    """Notes how far a webhook has come, unless somebody else has it by now.

    Args:
        database: of the gate.
        held: the webhook.
        values: of its columns.
    """
    with database.writing() as connection:
        connection.execute(update(WEBHOOK).where(*_claimed(held)).values(**values))


def note_failure(
    database: Database,
    held: HeldWebhook,
    problem: str,
    now: int,
    *,
    pause_seconds: float,
    failures_max: float,
) -> None:
    """Notes that a webhook was not taken: it is sent again after a pause, or disabled, and its user told.

    Args:
        database: of the gate.
        held: the webhook, done with up to its position.
        problem: what went wrong.
        now: the gate's time.
        pause_seconds: after the first failure; each one doubles it.
        failures_max: after how many it is disabled.
    """
    failures = held.failures + 1
    if failures >= failures_max:
        disable(database, held, problem, now)
        return
    pause = min(pause_seconds * 2.0 ** min(held.failures, DOUBLED_MAX), PAUSE_SECONDS_MAX)
    due_at = now + int(pause * 1_000_000)
    store_outcome(
        database,
        held,
        position=held.position,
        failures=failures,
        problem=problem,
        due_at=due_at,
        lease_until=0,
    )


def disable(database: Database, held: HeldWebhook, problem: str, now: int) -> None:
    """Disables a webhook, and tells its user by an event."""

    def work(transaction: Transaction) -> None:
        values = {
            "position": held.position,
            "failures": held.failures + 1,
            "problem": problem,
            "disabled_at": now,
            "lease_until": 0,
        }
        if transaction.write(update(WEBHOOK).where(*_claimed(held)).values(**values)) == 0:
            return
        user = transaction.row(select(USER.c.pseudonym).where(USER.c.user == held.user))
        if user is None:
            return
        subject = f"{user.pseudonym}/{held.webhook}"
        body = compact_json({"problem": problem}).encode()
        transaction.act(kind="webhook-disabled", subject=subject, actor=SYSTEM, received_at=now, body=body)

    carry_out(database, work)


def _due(last: int, now: int, limit: int) -> Select[Any]:
    """Webhooks behind the last event that nobody sends, those first that have waited longest."""
    columns = WEBHOOK.c
    is_due = (columns.position < last) & (columns.due_at <= now) & (columns.lease_until < now)
    query = select(WEBHOOK).where(columns.disabled_at.is_(None), is_due)
    return query.order_by(columns.due_at, columns.position).limit(limit)


def _claimed(held: HeldWebhook) -> tuple[Any, ...]:
    columns = WEBHOOK.c
    return columns.user == held.user, columns.webhook == held.webhook, columns.fence == held.fence


def _held(row: Row[Any]) -> HeldWebhook:
    document = json.loads(row.document)
    return HeldWebhook(
        user=row.user,
        webhook=row.webhook,
        url=document["url"],
        events=frozenset(document["events"]),
        key_sha256=row.key_sha256,
        position=row.position,
        failures=row.failures,
        fence=row.fence + 1,
    )
