"""Verification of submissions: their content and their receipts, in several processes where that pays.

A receipt is made anew and compared as text: signatures of Ed25519 depend on nothing but key and content, and
to sign takes a third of the time of verifying. One that is another text is looked at member by member.
"""

import json
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha256
from itertools import groupby
from multiprocessing import get_context
from typing import Any

from sqlalchemy import Connection, func, select

from gridpact.gate.door.case_rows import TRADE
from gridpact.gate.door.intake import receipt_facts
from gridpact.gate.log.jws import BadSignature, read_header
from gridpact.gate.log.receipt import SIGNATURE, signed_text, verified
from gridpact.gate.store.database import Database
from gridpact.gate.store.gate_tables import BATCH, LOG, SUBMISSION
from gridpact.gate.verification.verify_tables import READ_AT_ONCE
from gridpact.gate.words.json_bodies import compact_json, read_json, same_content
from gridpact.gate.words.moments import moment_text

Keys = Mapping[str, Mapping[str, Any]]
OF_PROCESS_MIN = 20_000  # entries, below which starting a process takes longer than to look at them

_ROWS = select(
    SUBMISSION.c.submission,
    SUBMISSION.c.session,
    SUBMISSION.c.participant,
    SUBMISSION.c.kind,
    SUBMISSION.c.name,
    SUBMISSION.c.body,
    SUBMISSION.c.batch,
    SUBMISSION.c.batch_index,
    SUBMISSION.c.counterparty,
    SUBMISSION.c.receipt,
    LOG.c.sequence,
    LOG.c.kind.label("logged_kind"),
    LOG.c.session.label("logged_session"),
    LOG.c.received_at,
    LOG.c.sha256,
    LOG.c.chain,
).select_from(SUBMISSION.join(LOG, LOG.c.sequence == SUBMISSION.c.sequence))


def submission_deviations(
    connection: Connection, private: Mapping[str, Any], keys: Keys, *, processes: int | None = None
) -> Iterator[str]:
    """Deviations of submissions and their receipts; of many, which other processes look at from now on.

    Args:
        connection: to the gate's database.
        private: the gate's own key.
        keys: all public keys of the gate.
        processes: how many look at once; as many as there are cores, where it is not given.
    """
    ends = select(func.min(SUBMISSION.c.sequence), func.max(SUBMISSION.c.sequence))
    first, last = connection.execute(ends).one()
    if first is None:
        return iter(())
    wanted = min(processes or os.cpu_count() or 1, (last - first) // OF_PROCESS_MIN + 1)
    if wanted == 1:
        return _between(connection, private, keys, first, last)
    url = connection.engine.url.render_as_string(hide_password=False)
    step = (last - first) // (wanted * 4) + 1
    ranges = [(begin, min(begin + step - 1, last)) for begin in range(first, last + 1, step)]
    pool = ProcessPoolExecutor(wanted, get_context("spawn"), _open, (url, dict(private), dict(keys)))
    return _gathered(pool, pool.map(_of_range, ranges))


def _gathered(pool: ProcessPoolExecutor, found: Iterator[list[str]]) -> Iterator[str]:
    """What the processes of a pool found, which end then."""
    with pool:
        for deviations in found:
            yield from deviations


class _Opened:
    """What a process of the pool looks with."""

    database: Database
    private: Mapping[str, Any]
    keys: Keys


def _open(url: str, private: Mapping[str, Any], keys: Keys) -> None:
    _Opened.database, _Opened.private, _Opened.keys = Database(url), private, keys


def _of_range(sequences: tuple[int, int]) -> list[str]:
    with _Opened.database.reading() as connection:
        return list(_between(connection, _Opened.private, _Opened.keys, *sequences))


def _between(
    connection: Connection, private: Mapping[str, Any], keys: Keys, first: int, last: int
) -> Iterator[str]:
    """Deviations of submissions between two entries of the log, both among them."""
    query = _ROWS.where(SUBMISSION.c.sequence.between(first, last)).order_by(SUBMISSION.c.sequence)
    rows = connection.execution_options(yield_per=READ_AT_ONCE).execute(query)
    for batch, of_batch in groupby(rows, lambda row: row.batch):
        whole = _Batch(connection, batch)
        for row in of_batch:
            yield from _deviations(row, whole, private, keys)


class _Batch:
    """The orders of a batch as it came, and their digests; nothing for what is in none."""

    def __init__(self, connection: Connection, batch: int | None) -> None:
        self.digest, self._orders = b"", []
        if batch is None:
            return
        body = connection.execute(select(BATCH.c.body).where(BATCH.c.batch == batch)).scalar()
        if isinstance(body, bytes):
            self.digest = sha256(body).digest()
            try:
                self._orders = list(read_json(body)["orders"])
            except Exception:  # Its orders are told to be others, one by one.
                self._orders = []

    def order_sha256(self, index: int, body: bytes) -> str:
        """What the log must have for an order as it is stored; nothing where its batch has another one."""
        try:
            order = compact_json(self._orders[index])
            if order.encode() != body and not same_content(json.loads(order), json.loads(body)):
                return ""
        except Exception:
            return ""
        return sha256(self.digest + index.to_bytes(4, "big")).hexdigest()


def _deviations(row: Any, batch: _Batch, private: Mapping[str, Any], keys: Keys) -> Iterator[str]:
    """What of a submission is not as its receipt says."""
    is_single = row.batch is None
    body = row.body if isinstance(row.body, bytes) else b"\0"
    digest = sha256(body).hexdigest() if is_single else batch.order_sha256(row.batch_index, body)
    if digest != row.sha256:
        yield f"submission {row.submission}: its content was changed"
    if row.kind == TRADE and not _has_sides(row, body):
        yield f"submission {row.submission}: it has another side than it was proposed to"
    facts = receipt_facts(
        submission=row.submission,
        kind=row.kind,
        session=row.session,
        participant=row.participant,
        name=row.name,
        sequence=row.sequence,
        moment=moment_text(row.received_at),
        digest=row.sha256,
        chain=row.chain,
        of_batch=None if is_single else (batch.digest.hex(), row.batch_index),
    )
    if (row.logged_kind, row.logged_session) != (row.kind, row.session):
        yield f"submission {row.submission}: its receipt does not say what the log has"
    elif row.receipt != (signed_text(facts, private) if is_single else facts):
        yield from _receipt_deviations(row, facts, keys)


def _has_sides(row: Any, body: bytes) -> bool:
    """Whether a trade is of the sides that its proposal names."""
    try:
        document = read_json(body)
    except Exception:
        return False
    return {row.participant, row.counterparty} == {document.get("seller"), document.get("buyer")}


def _receipt_deviations(row: Any, facts: str, keys: Keys) -> Iterator[str]:
    """Deviations of a receipt that is not the text that the gate would write now."""
    receipt, expected = json.loads(row.receipt), json.loads(facts)
    if {name: value for name, value in receipt.items() if name != SIGNATURE} != expected:
        yield f"submission {row.submission}: its receipt does not say what the log has"
    if row.batch is None and (fault := signature_fault(receipt, keys)):
        yield f"submission {row.submission}: its receipt {fault}"


def signature_fault(answer: Mapping[str, Any], keys: Keys) -> str | None:
    """What is wrong with the gate's signature of an answer; `None` where nothing is."""
    try:
        header = read_header(str(answer.get(SIGNATURE, "")))
        key = keys.get(str(header.get("kid")))
        if key is None:
            return "is not signed by a key of this gate"
        verified(answer, key)
    except (BadSignature, ValueError) as error:
        return f"has a signature that {error}"
    return None
