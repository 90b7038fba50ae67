"""All that a gate holds of a user, as a zip file."""

import io
import json
import zipfile
from typing import Any

from sqlalchemy import Connection, select

from gridpact.gate.access.visitor import Visitor
from gridpact.gate.closing.seal_session import entry_of
from gridpact.gate.store.gate_tables import BATCH, LOG, SUBMISSION
from gridpact.gate.views.user_views import logins_view
from gridpact.gate.webhooks.webhook_commands import webhooks_of

EPOCH = (1980, 1, 1, 0, 0, 0)  # The same content is the same file, whenever it is fetched.


def own_export(connection: Connection, visitor: Visitor, me: dict[str, Any]) -> bytes:
    """The user, how it logs in, its log entries, and each submission with its receipt and bytes."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:

        def add(name: str, content: str | bytes) -> None:
            archive.writestr(zipfile.ZipInfo(name, EPOCH), content, zipfile.ZIP_DEFLATED)

        add("me.json", _text(me))
        add("logins.json", _text(logins_view(connection, visitor.user)))
        add("webhooks.json", _text(webhooks_of(connection, visitor.user)))
        entries = connection.execute(
            select(LOG).where(LOG.c.actor == visitor.pseudonym).order_by(LOG.c.sequence)
        )
        add("log.json", _text([entry_of(row).as_json() for row in entries]))
        joined = SUBMISSION.join(LOG, LOG.c.sequence == SUBMISSION.c.sequence)
        joined = joined.outerjoin(BATCH, BATCH.c.batch == SUBMISSION.c.batch)
        query = select(SUBMISSION, BATCH.c.body.label("batch_body")).select_from(joined)
        for row in connection.execute(query.where(LOG.c.actor == visitor.pseudonym).order_by(LOG.c.sequence)):
            add(f"submissions/{row.submission}/receipt.json", row.receipt)
            add(f"submissions/{row.submission}/document", row.batch_body or row.body)
            if row.jws is not None:
                add(f"submissions/{row.submission}/signature.jws", row.jws)
    return sink.getvalue()


def _text(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False)
