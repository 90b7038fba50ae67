"""Orders that are handed in, one by one or in batches."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from gridpact.gate.access.visibility import need_trade
from gridpact.gate.door.arrival import Arrival, need_open
from gridpact.gate.door.case_rows import ORDER
from gridpact.gate.door.intake import REPLACED, Item, alive, end, state_of, store, stored_before
from gridpact.gate.log.receipt import signed
from gridpact.gate.market.session_frames import SessionFrame
from gridpact.gate.store.gate_tables import BATCH, FATE, SUBMISSION
from gridpact.gate.store.transaction import Transaction
from gridpact.gate.words.gate_names import shown
from gridpact.gate.words.json_bodies import compact_json
from gridpact.gate.words.refused import FieldProblem, Refused, invalid

BATCH_MAX = 1000
Taken = tuple[int, dict[str, Any]]


def order_item(arrival: Arrival) -> Item:
    """The one order of an arrival, whose form is right."""
    document = arrival.document
    return Item(
        kind=ORDER,
        participant=document["participant"],
        name=document["order"],
        document=document,
        digest=arrival.digest.hex(),
        body=arrival.body,
    )


def batch_items(arrival: Arrival) -> list[Item]:
    """The orders of a batch, whose form is right."""
    return [
        Item(
            kind=ORDER,
            participant=document["participant"],
            name=document["order"],
            document=document,
            digest=arrival.order_digest(index),
            body=compact_json(document).encode(),
            index=index,
        )
        for index, document in enumerate(arrival.document["orders"])
    ]


def take_orders(
    transaction: Transaction,
    arrival: Arrival,
    items: Sequence[Item],
    frame: SessionFrame,
    private: Mapping[str, Any],
) -> list[tuple[bool, dict[str, Any]]]:
    """Stores orders, all or none, and gives for each whether it is new, and its receipt."""
    state = state_of(transaction, arrival.session)
    for participant in dict.fromkeys(item.participant for item in items):
        need_trade(arrival.visitor, frame.market, participant)
    before = [stored_before(transaction, arrival.session, item) for item in items]
    new = [item for item, receipt in zip(items, before, strict=True) if receipt is None]
    if not new:
        return [(False, receipt) for receipt in before if receipt is not None]
    need_open(state, arrival.received_at)
    problems = _repeats(new)
    replaced = {}
    for item in new:
        target, problem = _replaced(transaction, arrival.session, item)
        problems += [problem] if problem else []
        replaced[item.index] = target
    problems += _too_many(transaction, arrival.session, new, frame.rules.orders_max)
    if problems:
        raise invalid(problems)
    batch = None
    answers = []
    for item, receipt in zip(items, before, strict=True):
        if receipt is not None:
            answers.append((False, receipt))
            continue
        if item.index is not None and batch is None:
            batch = transaction.lock_head()[0] + 1
            transaction.insert(BATCH, batch=batch, body=arrival.body)
        receipt = store(transaction, state, arrival, item, private, batch=batch)
        if (target := replaced[item.index]) is not None:
            end(transaction, target, REPLACED, receipt["submission"])
        answers.append((True, receipt))
    return answers


def take_order(
    transaction: Transaction, arrival: Arrival, frame: SessionFrame, private: Mapping[str, Any]
) -> Taken:
    """Stores one order, and gives status and receipt."""
    ((is_new, receipt),) = take_orders(transaction, arrival, [order_item(arrival)], frame, private)
    return (201 if is_new else 200), receipt if "jws" in receipt else signed(receipt, private)


def take_batch(
    transaction: Transaction, arrival: Arrival, frame: SessionFrame, private: Mapping[str, Any]
) -> Taken:
    """Stores a batch of orders, and gives status and receipts."""
    answers = take_orders(transaction, arrival, batch_items(arrival), frame, private)
    is_new = any(new for new, _ in answers)
    receipts = [{name: value for name, value in receipt.items() if name != "jws"} for _, receipt in answers]
    return (201 if is_new else 200), signed({"receipts": receipts}, private)


def _place(item: Item, name: str) -> str:
    return f"/{name}" if item.index is None else f"/orders/{item.index}/{name}"


def _repeats(items: Sequence[Item]) -> list[FieldProblem]:
    """Orders of one batch that have the same name, or replace the same order."""
    problems = []
    for name in ("order", "replaces"):
        keys = [(item.participant, item.document.get(name)) for item in items]
        count = Counter(keys)
        problems += [
            FieldProblem(pointer=_place(item, name), value=shown(key[1]), what="is there more than once")
            for item, key in zip(items, keys, strict=True)
            if key[1] is not None and count[key] > 1
        ]
    return problems


def _replaced(transaction: Transaction, session: str, item: Item) -> tuple[str | None, FieldProblem | None]:
    """The submission that an order replaces, or what is wrong with that."""
    name = item.document.get("replaces")
    if name is None:
        return None, None
    joined = SUBMISSION.outerjoin(FATE, FATE.c.submission == SUBMISSION.c.submission)
    row = transaction.row(
        select(SUBMISSION.c.submission, FATE.c.state)
        .select_from(joined)
        .where(
            SUBMISSION.c.session == session,
            SUBMISSION.c.participant == item.participant,
            SUBMISSION.c.kind == ORDER,
            SUBMISSION.c.name == name,
        )
    )
    if row is None:
        what, remedy = "is not an own order of this session", "name one that was handed in"
        return None, FieldProblem(pointer=_place(item, "replaces"), value=name, what=what, remedy=remedy)
    if row.state is not None:
        raise Refused(409, "wrong-state", f"The order '{name}' is {row.state}.")
    return str(row.submission), None


def _too_many(transaction: Transaction, session: str, items: Sequence[Item], most: int) -> list[FieldProblem]:
    """Participants that would have more orders and trades in a session than its market takes."""
    problems = []
    for participant, count in Counter(item.participant for item in items).items():
        if alive(transaction, session, participant) + count > most:
            what = f"would have more than {most:,} orders and trades in the session"
            remedy = "withdraw some, or hand in fewer"
            problems.append(FieldProblem(pointer="/participant", value=participant, what=what, remedy=remedy))
    return problems
