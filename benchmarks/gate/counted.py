"""Whether a gate counts what it acknowledged: each once, and nothing that it refused."""

import json
from pathlib import Path

from sqlalchemy import func, select

from benchmarks.gate.sender import Outcome
from gridpact.gate.store.gate_home import open_gate
from gridpact.gate.store.gate_tables import LOG, LOG_HEAD, SUBMISSION
from gridpact.gate.words.moments import moment_text


def acknowledged(outcome: Outcome) -> dict[str, tuple[str, str]]:
    """The digest and the moment of every submission that a receipt was given for, by its id.

    Raises:
        SystemExit: one id was given to two.
    """
    found: dict[str, tuple[str, str]] = {}
    for answer in outcome.bodies.values():
        status, _, body = answer.partition(b" ")
        if status not in (b"200", b"201"):
            continue
        document = json.loads(body)
        for receipt in document.get("receipts", [document]):
            said = receipt["sha256"], receipt["received_at"]
            if found.setdefault(receipt["submission"], said) != said:
                raise SystemExit(f"{receipt['submission']} was given to two")
    return found


def faults(
    folder: Path, sessions: list[str], known: dict[str, tuple[str, str]], *, unknown: int = 0
) -> list[str]:
    """What is wrong with what a gate has of sessions, beside what it acknowledged.

    Args:
        folder: of the gate.
        sessions: that were handed in to.
        known: what it acknowledged.
        unknown: how many submissions got no answer, which may be stored or not.
    """
    gate, found = open_gate(folder), []
    with gate.database.reading() as connection:
        query = select(
            SUBMISSION.c.submission, SUBMISSION.c.session, SUBMISSION.c.participant, SUBMISSION.c.name
        )
        joined = SUBMISSION.join(LOG, LOG.c.sequence == SUBMISSION.c.sequence)
        query = query.add_columns(LOG.c.sequence, LOG.c.sha256, LOG.c.received_at).select_from(joined)
        rows = connection.execute(
            query.where(SUBMISSION.c.session.in_(sessions)).order_by(LOG.c.sequence)
        ).all()
        count, last = connection.execute(select(func.count(), func.max(LOG.c.sequence))).one()
        head = connection.execute(select(LOG_HEAD.c.sequence)).scalar_one()
    gate.database.close()
    has = {row.submission: (row.sha256, moment_text(row.received_at)) for row in rows}
    lost = [name for name, said in known.items() if has.get(name) != said]
    if lost:
        found.append(f"{len(lost)} acknowledged submissions are lost, as {lost[0]}")
    if len(has) - len(known) > unknown:
        found.append(f"{len(has) - len(known)} submissions are stored and were not acknowledged")
    names = {(row.session, row.participant, row.name) for row in rows}
    if len(names) != len(rows):
        found.append(f"{len(rows) - len(names)} names are there twice")
    if not count == last == head:
        found.append(f"{count} entries, the last one is {last}, and the head says {head}")
    moments: dict[str, int] = {}
    for row in rows:
        if row.received_at < moments.get(row.session, 0):
            found.append(f"received_at falls at {row.sequence}")
            break
        moments[row.session] = row.received_at
    return found
