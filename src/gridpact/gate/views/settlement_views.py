"""What is shown of settlements: to each its own, without what they say of others."""

import json
import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, select

from gridpact.gate.market.market_documents import Rules
from gridpact.gate.settlement.settlement_commands import taken_on
from gridpact.gate.settlement.settlement_state import SettlementState
from gridpact.gate.store.gate_tables import SETTLED_FILE
from gridpact.gate.views.matched_trades import is_matched, orders_of
from gridpact.gate.views.table_text import ResultRows, csv_text, names_of, text_rows
from gridpact.gate.words.moments import moment_text
from gridpact.gate.words.refused import not_found
from gridpact.results.file_names import file_names
from gridpact.settlement.tariffs.accounts import RETAILER

STATEMENTS, LEDGER, RESIDUALS, FIGURES = "statements.csv", "ledger.csv", "residuals.csv", "settlement.json"
P2P = "p2p"
_TEXTS = frozenset({"participant", "retailer", "time", "entry", "kind", "debit", "credit", "trade"})
_PLAIN = re.compile(r"[\w./-]+")
_OF_BILLS = (
    "participant",
    "number",
    "version",
    "issued",
    "due",
    "net_cents",
    "vat_cents",
    "total_cents",
    "difference_cents",
)


def settled_file(connection: Connection, state: SettlementState, name: str) -> bytes:
    """A file of a published settlement.

    Raises:
        Refused: 404, there is none, or not yet.
    """
    where = (SETTLED_FILE.c.settlement == state.row.settlement, SETTLED_FILE.c.name == name)
    row = connection.execute(select(SETTLED_FILE.c.content).where(*where)).first()
    if row is None:
        raise not_found()
    return bytes(row.content)


def settlement_view(
    connection: Connection,
    state: SettlementState,
    own: frozenset[str] | None,
    *,
    for_operator: bool,
    is_whole: bool = True,
) -> dict[str, Any]:
    """A settlement and its state; once it is published, the bills of some participants and what changed.

    Args:
        connection: to the settlements.
        state: of the settlement.
        own: the participants; `None` for all, and the gate's signed word on the whole of it.
        for_operator: whether it is told why it could not be made.
        is_whole: whether it has all that, or its state alone.
    """
    view = {**taken_on(state.row.market, state.document), "state": state.job.state}
    published = state.publication
    view["published_at"] = None if published is None else moment_text(published.published_at)
    if for_operator and state.problems:
        view["problems"] = state.problems
    if published is None or not is_whole:
        return view
    figures = json.loads(settled_file(connection, state, FIGURES))
    view["version"] = state.answer["version"]
    view["bills"] = [
        {name: bill[name] for name in _OF_BILLS}
        for bill in figures["bills"]
        if own is None or bill["participant"] in own
    ]
    view["changed"] = {name: each for name, each in figures["changed"].items() if own is None or name in own}
    if own is None:
        view["publication"] = state.answer
    return view


def bill_file(state: SettlementState, participant: str) -> str:
    """Name of the file of a bill.

    Raises:
        Refused: 404, the settlement has no such participant.
    """
    participants = state.answer.get("participants", [])
    if participant not in participants:
        raise not_found()
    return f"bills/{file_names(participants)[participants.index(participant)]}.html"


def statement_rows(content: bytes, own: frozenset[str] | None, wanted: str | None) -> ResultRows:
    """The statements of some participants, or of the one of them that is asked for."""
    return [
        row
        for row in text_rows(content)
        if (own is None or row["participant"] in own) and wanted in (None, row["participant"])
    ]


def residual_rows(content: bytes, retailer: str | None) -> ResultRows:
    """What a retailer has to bring and take, or all of them where none is named."""
    return [row for row in text_rows(content) if retailer in (None, row["retailer"])]


def ledger_rows(
    content: bytes,
    own: frozenset[str] | None,
    retailer: str,
    participants: Collection[str],
    rules: Rules,
) -> Iterator[dict[str, Any]]:
    """The entries of some accounts, without what they say of other participants.

    Whom a trade was with is shown where its sides agreed on it, or the market names them. What is shared has
    no counterpart but in the ledger.

    Args:
        content: of the ledger.
        own: participants whose entries they are; `None` for the whole ledger.
        retailer: whose entries they are too; empty for none.
        participants: of the settlement.
        rules: of the market.
    """
    if own is None:
        yield from text_rows(content)
        return
    accounts = own | ({f"{RETAILER}{retailer}"} if retailer else frozenset())
    people = frozenset(participants)
    for row in text_rows(_lines_of(content, accounts)):
        if accounts & {row["debit"], row["credit"]}:
            yield _without_others(row, accounts, people, rules)


def _without_others(
    row: dict[str, Any], own: Collection[str], people: Collection[str], rules: Rules
) -> dict[str, Any]:
    """An entry as one of its accounts may see it."""
    trade = row["trade"]
    if trade and not (rules.anonymous and is_matched(trade)):
        return row
    shown = dict(row)
    for side in ("debit", "credit"):
        if row[side] in people and row[side] not in own:
            shown[side] = None
    if trade:
        ask, bid = orders_of(trade)
        known = [bid] if row["debit"] in own else []
        known += [ask] if row["credit"] in own and row["kind"] == P2P else []
        shown["trade"] = trade if len(known) > 1 else "".join(known) or None
    return shown


def _lines_of(content: bytes, names: Iterable[str]) -> bytes:
    """The header and those lines that may have one of some names, so that not every line is taken apart."""
    if not all(_PLAIN.fullmatch(name) for name in names):
        return content
    sought = [name.encode() for name in names]
    header, *lines = content.splitlines(keepends=True)
    return header + b"".join(line for line in lines if any(name in line for name in sought))


def whole_numbers(rows: Iterable[dict[str, Any]]) -> ResultRows:
    """Rows of texts with whole numbers in place of those of watt-hours and micro-currency."""
    return [
        {
            name: int(value) if isinstance(value, str) and name not in _TEXTS else value
            for name, value in row.items()
        }
        for row in rows
    ]


def table_of(content: bytes, rows: Iterable[dict[str, Any]], *, is_csv: bool) -> bytes | ResultRows:
    """Rows as JSON, or as CSV with the columns of the table that they are of."""
    return csv_text(list(rows), names_of(content)) if is_csv else whole_numbers(rows)
