"""Orders and trades as rows of a case's tables, called by their submission."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from gridpact.case.schema import ORDERS, SELLER_PRICE, TRADES, Schema

ORDER, TRADE = "order", "trade"
NOT_HANDED_IN = ("submitted", SELLER_PRICE.name)  # What the gate says itself, and what an auction does.
SCHEMA_OF: Mapping[str, Schema] = {ORDER: ORDERS, TRADE: TRADES}


def case_row(kind: str, document: Mapping[str, Any], *, submission: str, participant: str) -> dict[str, Any]:
    """The row of a submission.

    Args:
        kind: `ORDER` or `TRADE`.
        document: as it was handed in.
        submission: its id, which rises with the log, so that equal prices queue as they were received.
        participant: who submits, whose own groups and links are: nobody else's can join them.
    """
    row = {column.name: document.get(column.name) for column in SCHEMA_OF[kind].columns}
    row[kind] = submission
    for name in ("group", "link"):
        if isinstance(label := row.get(name), str):
            row[name] = f"{quote(participant, safe='')}:{quote(label, safe='')}"
    return row
