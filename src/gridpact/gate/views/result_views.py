"""What is shown of results: to each their own, without what it says of others."""

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, select

from gridpact.case.horizon import RESOLUTION_MINUTES
from gridpact.clearing.problem.solution import LimitedBy
from gridpact.gate.door.case_rows import ORDER
from gridpact.gate.market.market_documents import Rules
from gridpact.gate.market.session_states import SessionState
from gridpact.gate.store.gate_tables import FAILED_FILE, PUBLISHED_FILE, SUBMISSION
from gridpact.gate.views.matched_trades import is_matched, orders_of
from gridpact.gate.views.table_text import ResultRows, table_rows
from gridpact.gate.words.json_bodies import read_json
from gridpact.gate.words.refused import not_found
from gridpact.results.output_folder import OF_EXPLANATIONS
from gridpact.units import MINUTES_PER_HOUR

OF_RETAILER = ("time", "participant", "retail_import_kw", "retail_export_kw")
OWN_TABLES = ("cleared", "schedule")
ALL_TABLES = (
    *OWN_TABLES,
    "network",
    "limits",
    "exchange",
    "commitments",
    "trades",
    "curtailed",
    *OF_EXPLANATIONS,
)
_OF_PARTIES = {LimitedBy.SELLER_SURPLUS.label, LimitedBy.BUYER_DEMAND.label}


def published_file(
    connection: Connection, state: SessionState, name: str, *, sees_failed: bool = False
) -> bytes:
    """A file of a published result.

    Args:
        connection: to the results.
        state: of the session.
        name: of the file.
        sees_failed: whether the result of a session that failed is given too, which is not firm.

    Raises:
        Refused: 404, there is none, or not yet.
    """
    is_failed = sees_failed and state.publication is None
    table = FAILED_FILE if is_failed else PUBLISHED_FILE
    where = (table.c.session == state.row.session, table.c.name == name)
    row = connection.execute(select(table.c.content).where(*where)).first()
    if (state.publication is None and not is_failed) or row is None:
        raise not_found()
    return bytes(row.content)


def own_rows(rows: ResultRows, table: str, participants: frozenset[str], rules: Rules) -> ResultRows:
    """The rows of a table that are of some participants, without what they say of others."""
    if table == "schedule":
        return [row for row in rows if row["participant"] in participants]
    return [
        _without_others(row, participants, rules)
        for row in rows
        if participants & {row["seller"], row["buyer"]}
    ]


def supplied_rows(rows: ResultRows, participants: frozenset[str]) -> ResultRows:
    """What a retailer sees of the schedule: what it supplies and takes."""
    return [{name: row[name] for name in OF_RETAILER} for row in rows if row["participant"] in participants]


def _without_others(row: dict[str, Any], own: frozenset[str], rules: Rules) -> dict[str, Any]:
    """A cleared row as one of its sides may see it."""
    shown = {**row, "element": _element(row, own, rules)}
    if not is_matched(row["trade"]) or not rules.anonymous:
        return shown
    orders = dict(zip(("seller", "buyer"), orders_of(row["trade"]), strict=True))
    for side in orders:
        if row[side] not in own:
            shown[side] = None
            shown["trade"] = next(each for other, each in orders.items() if other != side)
    return shown


def _element(row: dict[str, Any], own: frozenset[str], rules: Rules) -> Any:
    """What cut a row, as far as its reader may know."""
    if row["limited_by"] in _OF_PARTIES:
        return row["element"] if row["element"] in own else None
    return row["element"] if rules.show_elements else None


def results_view(
    connection: Connection,
    state: SessionState,
    participants: frozenset[str],
    rules: Rules,
    supplied: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    """The result of a session for some participants.

    Args:
        connection: to the results.
        state: of the session.
        participants: whose results are shown.
        rules: of the market.
        supplied: participants of which a retailer sees what it supplies and takes.
    """
    cleared = table_rows(published_file(connection, state, "cleared.csv"))
    schedule = table_rows(published_file(connection, state, "schedule.csv"))
    answer = json.loads(state.publication.answer) if state.publication is not None else {}
    summary = {name: answer[name] for name in ("proposed_kwh", "cleared_kwh", "published_at")}
    resolution = json.loads(published_file(connection, state, "summary.json"))["resolution"]
    hours = RESOLUTION_MINUTES[resolution] / MINUTES_PER_HOUR
    return {
        "session": state.row.session,
        "status": answer["status"],
        "summary": summary,
        "orders": list(_order_results(connection, state, participants, cleared, hours)),
        "trades": [trade for row in cleared for trade in _trade_results(row, participants, rules)],
        "schedule": own_rows(schedule, "schedule", participants, rules)
        + supplied_rows(schedule, supplied - participants),
    }


def _trade_results(row: dict[str, Any], own: frozenset[str], rules: Rules) -> Iterable[dict[str, Any]]:
    """A cleared row once for each of its sides that is own."""
    for role, other in (("seller", "buyer"), ("buyer", "seller")):
        if row[role] not in own:
            continue
        is_hidden = rules.anonymous and is_matched(row["trade"]) and row[other] not in own
        shown = _without_others(row, own, rules)
        yield {
            "trade": shown["trade"],
            "participant": row[role],
            "time": row["time"],
            "role": role,
            "counterparty": None if is_hidden else row[other],
            **{name: row[name] for name in ("proposed_kw", "cleared_kw", "price_per_kwh", "limited_by")},
            "element": shown["element"],
        }


def _order_results(
    connection: Connection,
    state: SessionState,
    participants: frozenset[str],
    cleared: ResultRows,
    hours: float,
) -> Iterable[dict[str, Any]]:
    """What became of each own order."""
    of_order: dict[str, ResultRows] = defaultdict(list)
    for row in cleared:
        if is_matched(row["trade"]):
            for order in orders_of(row["trade"]):
                of_order[order].append(row)
    query = select(SUBMISSION).where(
        SUBMISSION.c.session == state.row.session,
        SUBMISSION.c.kind == ORDER,
        SUBMISSION.c.participant.in_(participants),
    )
    for submission in connection.execute(query.order_by(SUBMISSION.c.sequence)):
        rows = of_order[submission.submission]
        cleared_kw = sum(row["cleared_kw"] for row in rows)
        paid = sum(row["cleared_kw"] * row["price_per_kwh"] for row in rows)
        yield {
            "order": read_json(submission.body)["order"],
            "participant": submission.participant,
            "submission": submission.submission,
            "matched_kwh": round(sum(row["proposed_kw"] for row in rows) * hours, 9),
            "cleared_kwh": round(cleared_kw * hours, 9),
            "average_price": round(paid / cleared_kw, 9) if cleared_kw else None,
            "limited_by": _cut_most_by(rows),
        }


def _cut_most_by(rows: ResultRows) -> str | None:
    """What cut the most of some cleared rows; `None` where nothing did."""
    cut_kw: dict[str, float] = defaultdict(float)
    for row in rows:
        if row["limited_by"]:
            cut_kw[row["limited_by"]] += row["proposed_kw"] - row["cleared_kw"]
    return max(sorted(cut_kw), key=cut_kw.__getitem__) if cut_kw else None
