"""Orders that are handed in, one by one or in batches, those that come at the same time together."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from gridpact.gate.access.visibility import need_some_trade, need_trade
from gridpact.gate.access.visitor import Visitor, no_key, visitors_of
from gridpact.gate.door.arrival import Arrival, need_open
from gridpact.gate.door.case_rows import ORDER
from gridpact.gate.door.handed_in_before import HandedInBefore, Key, StoredOrder
from gridpact.gate.door.intake import REPLACED, Item, end, store_text
from gridpact.gate.door.signed_submissions import Keys, need_key, signing_keys
from gridpact.gate.log.receipt import signed_text
from gridpact.gate.market.session_frames import SessionFrame, frame_of
from gridpact.gate.store.gate_tables import BATCH
from gridpact.gate.store.transaction import Transaction
from gridpact.gate.words.gate_names import shown
from gridpact.gate.words.json_bodies import compact_json
from gridpact.gate.words.refused import FieldProblem, Refused, invalid

BATCH_MAX = 1000
_SIGNATURE = ',"jws":"'
Taken = tuple[int, str]


@dataclass(frozen=True, kw_only=True)
class OrderArrival(Arrival):
    """A request with one order in it, or a batch of them, whose form is right.

    Attributes:
        frame: that its meaning was checked by.
        changed: last entry of the log that changed what a visitor may or a session is, as it was checked by.
        is_batch: whether it has `orders`.
        private: the gate's own key.
    """

    frame: SessionFrame
    changed: int
    is_batch: bool = False
    private: Mapping[str, Any]

    @cached_property
    def items(self) -> list[Item]:
        """Its orders."""
        if not self.is_batch:
            document = self.document
            return [
                Item(
                    kind=ORDER,
                    participant=document["participant"],
                    name=document["order"],
                    document=document,
                    digest=self.digest.hex(),
                    body=self.body,
                )
            ]
        return [
            Item(
                kind=ORDER,
                participant=document["participant"],
                name=document["order"],
                document=document,
                digest=self.order_digest(index),
                body=compact_json(document).encode(),
                index=index,
            )
            for index, document in enumerate(self.document["orders"])
        ]

    def key(self, name: str, item: Item) -> Key:
        """What an order of that name would be found by."""
        return self.session, item.participant, name


class _JudgedAgain:
    """Asks once more whether visitors may do this, as something was changed since they were asked.

    Args:
        transaction: that their orders are to be stored in.
        arrivals: that were judged by what was before.
        before: what is known of their sessions.
    """

    def __init__(
        self, transaction: Transaction, arrivals: Sequence[OrderArrival], before: HandedInBefore
    ) -> None:
        self._transaction, self._before = transaction, before
        self._frames: dict[str, SessionFrame] = {}
        self._visitors: dict[str, Visitor] = {}
        self._keys: dict[str, Keys] = {}
        if arrivals:
            connection, now = transaction.connection, max(each.received_at for each in arrivals)
            self._visitors = visitors_of(connection, {each.visitor.key_sha256 for each in arrivals}, now)
            self._keys = signing_keys(connection, {each.visitor.user for each in arrivals})

    def judge(self, arrival: OrderArrival) -> None:
        """Judges an arrival by what is there now.

        Raises:
            Refused: as it would have been at first, or 503 where its session is another now.
        """
        visitor, market = self._visitors.get(arrival.visitor.key_sha256), arrival.frame.market
        if visitor is None:
            raise no_key()
        need_some_trade(visitor, market)
        for participant in dict.fromkeys(item.participant for item in arrival.items):
            need_trade(visitor, market, participant)
        if arrival.jws is not None:
            need_key(self._keys[visitor.user], arrival.jws)
        if not arrival.frame.is_that_of(self._frame(arrival.session)):
            detail = "The session was changed while this was checked."
            raise Refused(503, "not-stored", detail, headers={"Retry-After": "1"})

    def _frame(self, session: str) -> SessionFrame:
        if session not in self._frames:
            row = self._before.state(session).row
            self._frames[session] = frame_of(self._transaction.connection, row)
        return self._frames[session]


def take_orders(transaction: Transaction, arrivals: Sequence[OrderArrival]) -> list[Taken | Refused]:
    """Stores the orders of arrivals, of each all or none, and gives status and receipts as JSON text.

    Receipts are as each would have got them alone, in this order.
    """
    head = transaction.lock_head()
    before = HandedInBefore(transaction, (key for arrival in arrivals for key in _keys(arrival)))
    again = _JudgedAgain(transaction, [each for each in arrivals if each.changed != head.changed], before)
    answers: list[Taken | Refused] = []
    for arrival in arrivals:
        writes = transaction.writes
        try:
            if arrival.changed != head.changed:
                again.judge(arrival)
            answers.append(_take(transaction, arrival, before))
        except Refused as refused:
            if transaction.writes != writes:
                raise RuntimeError(f"refused after writing: {refused}") from refused
            answers.append(refused)
    return answers


def _keys(arrival: OrderArrival) -> list[Key]:
    keys = []
    for item in arrival.items:
        keys.append(arrival.key(item.name, item))
        if (name := item.document.get("replaces")) is not None:
            keys.append(arrival.key(name, item))
    return keys


def _take(transaction: Transaction, arrival: OrderArrival, before: HandedInBefore) -> Taken:
    """Stores the orders of one arrival, all or none."""
    items = arrival.items
    state = before.state(arrival.session)
    known = [before.receipt(arrival.key(item.name, item), item.body) for item in items]
    new = [item for item, receipt in zip(items, known, strict=True) if receipt is None]
    if not new:
        return 200, _answer(arrival, [receipt for receipt in known if receipt is not None])
    need_open(state, arrival.received_at)
    replaced = _need_fit(arrival, new, before)
    batch = None
    if arrival.is_batch:
        batch = transaction.lock_head().sequence + 1
        transaction.insert(BATCH, batch=batch, body=arrival.body)
    receipts = []
    for item, receipt in zip(items, known, strict=True):
        if receipt is None:
            submission, receipt = store_text(transaction, state.row, arrival, item, arrival.private, batch)
            key = arrival.key(item.name, item)
            before.orders[key] = StoredOrder(
                submission=submission, body=item.body, receipt=receipt, state=None
            )
            before.alive[key[:2]] += 1
            if (target := replaced.get(item.index)) is not None:
                end(transaction, target.submission, REPLACED, submission)
                target.state = REPLACED
                before.alive[key[:2]] -= 1
        receipts.append(receipt)
    return 201, _answer(arrival, receipts)


def _answer(arrival: OrderArrival, receipts: list[str]) -> str:
    """What is answered to an arrival: a receipt of its own, or one over those of all its orders."""
    if not arrival.is_batch:
        (receipt,) = receipts
        return receipt if _SIGNATURE in receipt else signed_text(receipt, arrival.private)
    plain = [
        receipt.partition(_SIGNATURE)[0] + "}" if _SIGNATURE in receipt else receipt for receipt in receipts
    ]
    return signed_text(f'{{"receipts":[{",".join(plain)}]}}', arrival.private)


def _need_fit(
    arrival: OrderArrival, new: list[Item], before: HandedInBefore
) -> dict[int | None, StoredOrder]:
    """The orders that new ones replace, by the place of these in their batch.

    Raises:
        Refused: 422 or 409, they do not go together with each other, or with what is there.
    """
    problems = _repeats(new)
    replaced: dict[int | None, StoredOrder] = {}
    for item in new:
        name = item.document.get("replaces")
        if name is None:
            continue
        target = before.orders.get(arrival.key(name, item))
        if target is None:
            what, remedy = "is not an own order of this session", "name one that was handed in"
            problems.append(
                FieldProblem(pointer=_place(item, "replaces"), value=name, what=what, remedy=remedy)
            )
        elif target.state is not None:
            raise Refused(409, "wrong-state", f"The order '{name}' is {target.state}.")
        else:
            replaced[item.index] = target
    problems += _too_many(arrival, new, before)
    if problems:
        raise invalid(problems)
    return replaced


def _place(item: Item, name: str) -> str:
    return f"/{name}" if item.index is None else f"/orders/{item.index}/{name}"


def _repeats(items: Sequence[Item]) -> list[FieldProblem]:
    """Orders of one batch that have the same name, or replace the same order."""
    problems = []
    for name in ("order", "replaces") if len(items) > 1 else ():
        keys = [(item.participant, item.document.get(name)) for item in items]
        count = Counter(keys)
        problems += [
            FieldProblem(
                pointer=_place(item, name),
                value=shown(key[1]),
                what="is there more than once",
                remedy="give each order its own name, and replace each by one",
            )
            for item, key in zip(items, keys, strict=True)
            if key[1] is not None and count[key] > 1
        ]
    return problems


def _too_many(arrival: OrderArrival, items: Sequence[Item], before: HandedInBefore) -> list[FieldProblem]:
    """Participants that would have more orders and trades in a session than its market takes."""
    problems, most = [], arrival.frame.rules.orders_max
    for participant, count in Counter(item.participant for item in items).items():
        if before.alive[arrival.session, participant] + count > most:
            what = f"would have more than {most:,} orders and trades in the session"
            remedy = "withdraw some, or hand in fewer"
            problems.append(FieldProblem(pointer="/participant", value=participant, what=what, remedy=remedy))
    return problems
