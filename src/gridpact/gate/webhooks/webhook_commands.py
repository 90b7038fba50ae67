"""What users do to their webhooks, each an entry of the log, which has digests of their URLs alone."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update

from gridpact.gate.access.visitor import Visitor
from gridpact.gate.events.event_source import end_of_log
from gridpact.gate.events.gate_event import KINDS
from gridpact.gate.store.gate_tables import WEBHOOK
from gridpact.gate.store.transaction import Transaction
from gridpact.gate.webhooks.webhook_address import NoAddress, address_of
from gridpact.gate.words.gate_names import SESSION_NAME, shown
from gridpact.gate.words.json_bodies import compact_json, same_content
from gridpact.gate.words.moments import moment_text
from gridpact.gate.words.refused import FieldProblem, invalid, not_found

WEBHOOKS_MAX = 10
ACTIVE, DISABLED = "active", "disabled"
_MEMBERS = ("url", "events")


def put_webhook(
    transaction: Transaction,
    visitor: Visitor,
    webhook: str,
    document: Mapping[str, Any],
    *,
    received_at: int,
    permits_private: bool,
) -> tuple[int, dict[str, Any]]:
    """Makes a webhook of a user, or changes one; one that was disabled goes on where it stopped.

    It sees what the key sees that it came with, and ends with it.

    Args:
        transaction: that it is part of.
        visitor: whose it is.
        webhook: its name.
        document: `url` and, where not all are wanted, `events`.
        received_at: when it came.
        permits_private: whether it may be at an address that is not public, and without TLS.
    """
    known = transaction.row(select(WEBHOOK).where(*_named(visitor.user, webhook)))
    problems = _problems(webhook, document, permits_private=permits_private)
    if known is None and _count(transaction.connection, visitor.user) >= WEBHOOKS_MAX:
        what, remedy = f"would be one of more than {WEBHOOKS_MAX}", "end another one"
        problems.append(FieldProblem(pointer="/webhook", value=webhook, what=what, remedy=remedy))
    if problems:
        raise invalid(problems)
    told = {"url": document["url"], "events": _events(document)}
    values = {"document": compact_json(told), "key_sha256": visitor.key_sha256}
    if known is not None and known.disabled_at is None and _is_same(known, values):
        return 200, shown_webhook(known)
    _log(transaction, "webhook", visitor, webhook, received_at, told)
    if known is None:
        position = end_of_log(transaction.connection)
        transaction.insert(
            WEBHOOK,
            user=visitor.user,
            webhook=webhook,
            position=position,
            fence=0,
            worker="",
            lease_until=0,
            **values,
            **_AFRESH,
        )
    else:
        fresh = {**values, **_AFRESH, "fence": known.fence + 1, "lease_until": 0}
        transaction.write(update(WEBHOOK).where(*_named(visitor.user, webhook)).values(**fresh))
    row = transaction.row(select(WEBHOOK).where(*_named(visitor.user, webhook)))
    if row is None:
        raise RuntimeError(f"the webhook {webhook} was written, and is not there")
    return (201 if known is None else 200), shown_webhook(row)


_AFRESH: dict[str, Any] = {"failures": 0, "due_at": 0, "disabled_at": None, "problem": ""}


def end_webhook(transaction: Transaction, visitor: Visitor, webhook: str, *, received_at: int) -> None:
    """Ends a webhook of a user.

    Raises:
        Refused: 404, it has none of that name.
    """
    if transaction.row(select(WEBHOOK).where(*_named(visitor.user, webhook))) is None:
        raise not_found()
    _log(transaction, "webhook-ended", visitor, webhook, received_at, None)
    transaction.write(delete(WEBHOOK).where(*_named(visitor.user, webhook)))


def webhooks_of(connection: Connection, user: str) -> list[dict[str, Any]]:
    """The webhooks of a user, by their names."""
    query = select(WEBHOOK).where(WEBHOOK.c.user == user).order_by(WEBHOOK.c.webhook)
    return [shown_webhook(row) for row in connection.execute(query)]


def shown_webhook(row: Row[Any]) -> dict[str, Any]:
    """A webhook as its user sees it."""
    document = json.loads(row.document)
    return {
        "webhook": row.webhook,
        "url": document["url"],
        "events": document["events"],
        "state": ACTIVE if row.disabled_at is None else DISABLED,
        "after": str(row.position),
        "failures": row.failures,
        "problem": row.problem or None,
        "disabled_at": None if row.disabled_at is None else moment_text(row.disabled_at),
    }


def _events(document: Mapping[str, Any]) -> list[str]:
    wanted = document.get("events")
    return list(KINDS) if wanted is None else [kind for kind in KINDS if kind in wanted]


def _is_same(known: Row[Any], values: Mapping[str, Any]) -> bool:
    same = same_content(json.loads(known.document), json.loads(values["document"]))
    return same and known.key_sha256 == values["key_sha256"]


def _named(user: str, webhook: str) -> tuple[Any, ...]:
    return WEBHOOK.c.user == user, WEBHOOK.c.webhook == webhook


def _count(connection: Connection, user: str) -> int:
    query = select(func.count()).select_from(WEBHOOK).where(WEBHOOK.c.user == user)
    return int(connection.execute(query).scalar_one())


def _log(
    transaction: Transaction,
    kind: str,
    visitor: Visitor,
    webhook: str,
    received_at: int,
    told: Mapping[str, Any] | None,
) -> None:
    """Logs an action; a URL can have secrets and names in it, which no log is to have for ever."""
    digest = None if told is None else sha256(str(told["url"]).encode()).hexdigest()
    body = b"" if told is None else compact_json({"events": told["events"], "url_sha256": digest}).encode()
    subject = f"{visitor.pseudonym}/{webhook}"
    transaction.act(kind=kind, subject=subject, actor=visitor.pseudonym, received_at=received_at, body=body)


def _problems(webhook: str, document: Mapping[str, Any], *, permits_private: bool) -> list[FieldProblem]:
    """Everything that is wrong with a webhook."""
    problems = []
    if not SESSION_NAME.fullmatch(webhook):
        remedy = "write 1 to 64 of the characters A-Z, a-z, 0-9, point, hyphen and underscore"
        problems.append(FieldProblem(pointer="/webhook", value=webhook, what="is not a name", remedy=remedy))
    for name, value in document.items():
        if name not in _MEMBERS:
            what, remedy = "is not known", f"known are {', '.join(_MEMBERS)}"
            problems.append(FieldProblem(pointer=f"/{name}", value=shown(value), what=what, remedy=remedy))
    url = document.get("url")
    what = "is missing" if url is None else "is not text"
    if isinstance(url, str):
        try:
            address_of(url, permits_private=permits_private)
            what = ""
        except NoAddress as error:
            what = str(error)
    if what:
        remedy = "write a URL of https at a public address"
        problems.append(FieldProblem(pointer="/url", value=shown(url or ""), what=what, remedy=remedy))
    return problems + _event_problems(document.get("events"))


def _event_problems(wanted: object) -> list[FieldProblem]:
    """What is wrong with the events that a webhook asks for."""
    if wanted is None:
        return []
    if not isinstance(wanted, list) or not wanted:
        remedy = "list some, or leave it out for all"
        return [
            FieldProblem(pointer="/events", value=shown(wanted), what="is no list of events", remedy=remedy)
        ]
    return [
        FieldProblem(
            pointer=f"/events/{place}",
            value=shown(each),
            what="is not an event",
            remedy=f"known are {', '.join(KINDS)}",
        )
        for place, each in enumerate(wanted)
        if each not in KINDS
    ]
