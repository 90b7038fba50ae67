"""Verification: whether a gate still holds what it once signed, entry by entry and session by session."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from gridpact.errors import GridpactError, InvalidUsage
from gridpact.gate.closing.clear_session import clear_session, sealed_case_of
from gridpact.gate.closing.seal_session import entry_of, session_entries
from gridpact.gate.closing.sealed_case import write_sealed_case
from gridpact.gate.log.entry import leaf_hash
from gridpact.gate.log.hash_chain import START, next_link
from gridpact.gate.log.jws import public_jwk
from gridpact.gate.log.merkle import merkle_root
from gridpact.gate.store.gate_home import public_keys
from gridpact.gate.store.gate_tables import (
    ACTION,
    LOG,
    LOG_HEAD,
    PUBLICATION,
    PUBLISHED_FILE,
    SEAL,
    SEALED_CASE,
    SUBMISSION,
)
from gridpact.gate.store.transaction import action_sha256
from gridpact.gate.verification.verify_submissions import Keys, signature_fault, submission_deviations
from gridpact.gate.verification.verify_tables import READ_AT_ONCE, signature_deviations, table_deviations
from gridpact.gate.words.moments import moment_text

TABLE_SUFFIX, SEQUENCE_MAX = ".csv", 2**63 - 1
_LOG = select(LOG).order_by(LOG.c.sequence)


def need_sealed(connection: Connection, session: str) -> None:
    """Refuses a session that has nothing to be verified.

    Raises:
        InvalidUsage: there is none of that name, or it is not sealed yet.
    """
    if connection.execute(select(SEAL.c.session).where(SEAL.c.session == session)).first() is None:
        raise InvalidUsage(f"there is no sealed session '{session}'", "give the name of one")


def deviations(
    connection: Connection, private: Mapping[str, Any], *, session: str | None = None, clears: bool = False
) -> Iterator[str]:
    """Everything in which a gate differs from what was logged, sealed and signed, as lines.

    Args:
        connection: to the gate's database.
        private: the gate's own key, whose public part has to be among the known ones.
        session: whose seal and result are looked at; every one where it is not given.
        clears: whether sessions are cleared again, and their tables compared byte by byte.
    """
    keys: Keys = {str(key["kid"]): key for key in public_keys(connection)}
    if keys.get(private["kid"]) != public_jwk(private):
        yield "the gate's own key is not among its public keys"
    of_submissions = submission_deviations(connection, private, keys)
    yield from _told("the log", _chain(connection))
    yield from _told("the log", _bodies(connection))
    yield from _told("a submission", of_submissions)
    yield from _told("a table", table_deviations(connection))
    yield from _told("a signature of a user", signature_deviations(connection))
    yield from _told("a seal", _gone_seals(connection, session))
    seals = select(SEAL).order_by(SEAL.c.last_sequence)
    for seal in connection.execute(
        seals if session is None else seals.where(SEAL.c.session == session)
    ).all():
        name = f"session {seal.session}: what was sealed of it"
        yield from _told(name, _seal(connection, seal))
        yield from _told(name, _sealed_case(connection, seal.session, keys))
        yield from _told(name, _publication(connection, seal.session, keys))
        yield from _told(name, _cleared_again(connection, seal.session, clears=clears))


def _told(what: str, found: Iterator[str]) -> Iterator[str]:
    """The deviations that are found, and one more where what is looked at cannot even be read."""
    try:
        yield from found
    except Exception:  # what was changed can make anything fail
        yield f"{what} cannot be read any more"


def _sha256(content: object) -> str:
    """Digest of bytes, in hexadecimal digits; nothing of what a column of bytes should not hold."""
    return sha256(content).hexdigest() if isinstance(content, bytes) else ""


def _chain(connection: Connection) -> Iterator[str]:
    """Deviations of the log in itself."""
    link, expected = START, 0
    rows = connection.execution_options(yield_per=READ_AT_ONCE).execute(_LOG)
    for sequence, kind, session, actor, received_at, digest, chain in rows:
        expected += 1
        if sequence != expected:
            yield f"log entry {expected} is missing"
            expected = sequence
        moment = moment_text(received_at)
        leaf = leaf_hash(
            sequence=sequence, kind=kind, session=session, actor=actor, received_at=moment, digest=digest
        )
        link = next_link(link, leaf)
        if link.hex() != chain:
            yield f"log entry {sequence} was changed: its link of the chain is another"
            link = bytes.fromhex(chain)
    head = connection.execute(select(LOG_HEAD)).one()
    if (head.sequence, head.chain) != (expected, link.hex()):
        yield f"the log ends at entry {expected}, and its head says {head.sequence}"


def _bodies(connection: Connection) -> Iterator[str]:
    """Deviations of actions, and entries without a body."""
    joined = LOG.outerjoin(ACTION).outerjoin(SUBMISSION, SUBMISSION.c.sequence == LOG.c.sequence)
    columns = (LOG.c.sequence, LOG.c.kind, LOG.c.sha256, ACTION.c.body, ACTION.c.subject)
    bare = ACTION.c.body.is_(None) & SUBMISSION.c.submission.is_(None)
    query = select(*columns).select_from(joined).where(ACTION.c.body.is_not(None) | bare)
    for row in connection.execute(query.order_by(LOG.c.sequence)):
        if row.body is None:
            yield f"log entry {row.sequence} ({row.kind}) has lost what it is of"
        elif _of_action(row.subject, row.body) != row.sha256:
            yield f"log entry {row.sequence} ({row.kind}): its content was changed"


def _of_action(subject: str, body: object) -> str:
    """Digest of an action; nothing of what a column of bytes should not hold."""
    return action_sha256(subject, body) if isinstance(body, bytes) else ""


def _gone_seals(connection: Connection, session: str | None) -> Iterator[str]:
    """Seals that the log has, and that are not there any more."""
    joined = LOG.outerjoin(SEAL, SEAL.c.session == LOG.c.session)
    query = select(LOG.c.session).select_from(joined).order_by(LOG.c.sequence)
    for name in connection.execute(query.where(LOG.c.kind == "seal", SEAL.c.session.is_(None))).scalars():
        if session in (None, name):
            yield f"session {name}: its seal is gone"


def _seal(connection: Connection, seal: Any) -> Iterator[str]:
    """Deviations of a seal from the submissions of its session."""
    entries = session_entries(connection, seal.session)
    root = merkle_root([entry.leaf() for entry in entries]).hex()
    if (root, len(entries)) != (seal.root, seal.submissions):
        yield f"session {seal.session}: its submissions are not those that were sealed"
    if entries and entries[-1].sequence > seal.last_sequence:
        yield f"session {seal.session}: a submission came after its seal"
    last = connection.execute(select(LOG.c.chain).where(LOG.c.sequence == seal.last_sequence)).scalar()
    if last != seal.chain:
        yield f"session {seal.session}: its seal has another chain than the log"
    said = {"session": seal.session, "submissions": seal.submissions, "root": seal.root}
    if said not in _actions(connection, seal.session, "seal"):
        yield f"session {seal.session}: its seal is not the one that was logged"


def _actions(connection: Connection, session: str, kind: str) -> list[Any]:
    """What was logged of a session, of one kind."""
    query = select(ACTION.c.body).join(LOG, LOG.c.sequence == ACTION.c.sequence)
    rows = connection.execute(query.where(LOG.c.session == session, LOG.c.kind == kind)).scalars()
    found = []
    for body in rows:
        try:
            found.append(json.loads(body))
        except ValueError:  # It was changed, which the digest of its entry says.
            continue
    return found


def _sealed_case(connection: Connection, session: str, keys: Keys) -> Iterator[str]:
    """Deviations of what the gate signed of the case of a session."""
    rows = connection.execute(select(SEALED_CASE).where(SEALED_CASE.c.session == session)).all()
    logged = _actions(connection, session, "case")
    for row in rows:
        answer = json.loads(row.answer)
        if fault := signature_fault(answer, keys):
            yield f"session {session}: its seal {fault}"
        if answer not in logged or answer.get("case_sha256") != row.case_sha256:
            yield f"session {session}: its seal is not the one that was logged"
    if len(rows) != len(logged):
        yield f"session {session}: {len(logged)} cases were sealed, and {len(rows)} are there"


def _publication(connection: Connection, session: str, keys: Keys) -> Iterator[str]:
    """Deviations of the files that were published."""
    row = connection.execute(select(PUBLICATION).where(PUBLICATION.c.session == session)).first()
    logged = _actions(connection, session, "published")
    if row is None:
        if logged:
            yield f"session {session}: its publication is gone"
        return
    answer = json.loads(row.answer)
    if fault := signature_fault(answer, keys):
        yield f"session {session}: its publication {fault}"
    if answer not in logged:
        yield f"session {session}: its publication is not the one that was logged"
    files = connection.execute(select(PUBLISHED_FILE).where(PUBLISHED_FILE.c.session == session)).all()
    found = {file.name: _sha256(file.content) for file in files}
    for name in sorted(found.keys() | answer["files"].keys()):
        if found.get(name) != answer["files"].get(name):
            yield f"session {session}: the published file {name} was changed"


def _cleared_again(connection: Connection, session: str, *, clears: bool) -> Iterator[str]:
    """Deviations of the sealed case, and of its clearing where that is asked for."""
    newest = select(SEALED_CASE).where(SEALED_CASE.c.session == session)
    row = connection.execute(newest.order_by(SEALED_CASE.c.attempt.desc()).limit(1)).first()
    if row is None:
        return
    with tempfile.TemporaryDirectory(prefix="gridpact-") as name:
        folder = Path(name)
        try:
            case = sealed_case_of(folder, write_sealed_case(connection, session, folder))
            if case.inputs_sha256 != row.case_sha256:
                yield f"session {session}: its case is not the one that was sealed"
            if clears:
                yield from _other_tables(connection, session, clear_session(case, folder).files)
        except GridpactError as error:
            yield f"session {session}: its case cannot be cleared any more: {error}"


def _other_tables(connection: Connection, session: str, files: Mapping[str, bytes]) -> Iterator[str]:
    """Tables of a clearing that are not those that were published."""
    rows = connection.execute(select(PUBLISHED_FILE).where(PUBLISHED_FILE.c.session == session)).all()
    published = {row.name: bytes(row.content) for row in rows if row.name.endswith(TABLE_SUFFIX)}
    made = {name: content for name, content in files.items() if name.endswith(TABLE_SUFFIX)}
    for name in sorted(published.keys() | made.keys()) if published else ():
        if published.get(name) != made.get(name):
            yield f"session {session}: cleared again, {name} is another"


def receipt_deviations(connection: Connection, receipt: Mapping[str, Any]) -> Iterator[str]:
    """In what a gate differs from a receipt that a user kept."""
    keys: Keys = {str(key["kid"]): key for key in public_keys(connection)}
    if fault := signature_fault(receipt, keys):
        yield f"the receipt {fault}"
    several = receipt.get("receipts", [receipt])
    for one in several if isinstance(several, list) else [receipt]:
        if not isinstance(one, dict):
            yield "the receipt has a part that is none"
            continue
        row = known = None
        number, name = one.get("sequence"), str(one.get("submission")).replace("\0", "")
        if type(number) is int and 0 < number <= SEQUENCE_MAX:
            row = connection.execute(select(LOG).where(LOG.c.sequence == number)).first()
            known = connection.execute(select(SUBMISSION).where(SUBMISSION.c.submission == name)).first()
        if row is None or known is None:
            yield f"submission {one.get('submission')} of the receipt is not there"
            continue
        said = {name: one.get(name) for name in ("kind", "session", "received_at", "sha256", "chain")}
        has = {**entry_of(row).as_json(), "chain": row.chain}
        if any(has[name] != value for name, value in said.items()) or known.sequence != row.sequence:
            yield f"submission {one.get('submission')} is not what the receipt says"
