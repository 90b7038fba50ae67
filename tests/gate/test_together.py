"""What comes together is stored as each would be alone; nothing is kept of visitors for too long."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("granian")

from sqlalchemy import Connection, func, select

from gridpact.gate.access import user_commands as users
from gridpact.gate.access.visitor import Visitor, secret_sha256, visitor_of_key, visitors_of
from gridpact.gate.closing import sealer as sealing
from gridpact.gate.closing.seal_session import session_entries
from gridpact.gate.closing.sealer import Sealer
from gridpact.gate.door.take_orders import OrderArrival, take_orders
from gridpact.gate.log.jws import public_jwk
from gridpact.gate.log.merkle import merkle_root
from gridpact.gate.log.receipt import verified
from gridpact.gate.market.market_commands import put_market, put_market_file
from gridpact.gate.market.participant_tables import stored
from gridpact.gate.market.session_commands import cancel_session, put_session
from gridpact.gate.market.session_frames import PARTICIPANTS_FILE, frame_of
from gridpact.gate.market.session_states import session_state
from gridpact.gate.running.new_gate import new_gate
from gridpact.gate.store.database import Database
from gridpact.gate.store.gate_home import Gate, open_gate
from gridpact.gate.store.gate_tables import LOG, SEAL, SESSION, SUBMISSION
from gridpact.gate.store.transaction import Transaction, carry_out, known_changes
from gridpact.gate.store.writer import Writer
from gridpact.gate.verification import verify_submissions
from gridpact.gate.verification.verify_gate import deviations
from gridpact.gate.words.json_bodies import read_json
from gridpact.gate.words.moments import moment_text, read_moment
from gridpact.gate.words.refused import Refused
from tests.gate.served import (
    DELIVERY,
    MARKET,
    PERIODS,
    Served,
    make_market,
    make_session,
    ok,
    order,
    served,
    text,
)

NOW = 1_900_000_000_000_000  # before the delivery
CLOSES = NOW + 60_000_000


class Street:
    """A gate without a server: one market, two homes with a key each, sessions that are open at `NOW`."""

    def __init__(self, folder: Path, *sessions: str, **rules: Any) -> None:
        new_gate(folder)
        self.gate: Gate = open_gate(folder)
        self.secrets: dict[str, str] = {}

        def work(transaction: Transaction) -> None:
            put_market(transaction, "elm", {**MARKET, "rules": rules}, actor="t", received_at=1)
            columns = {"participant": ["h1", "h2"], "bus": ["11", "15"], "connection_kw": ["10", "10"]}
            put_market_file(transaction, "elm", PARTICIPANTS_FILE, stored(columns), actor="t", received_at=2)
            for home in ("h1", "h2"):
                users.put_user(transaction, home, {"name": home, "roles": []}, actor="t", received_at=3)
                _, made = users.make_key(transaction, home, {"key": "k"}, by=None, actor="t", received_at=3)
                rights = {"rights": ["read", "trade"]}
                users.put_mandate(transaction, "elm", home, home, rights, actor="t", received_at=3)
                self.secrets[home] = made["secret"]
            for session in sessions:
                self.put(transaction, session)

        self.do(work)

    def put(self, transaction: Transaction, session: str) -> None:
        document = {
            "delivery_start": DELIVERY,
            "periods": PERIODS,
            "gate_opens": moment_text(NOW - 1),
            "gate_closes": moment_text(CLOSES),
        }
        put_session(transaction, "elm", session, document, actor="t", received_at=NOW - 2)

    def do(self, work: Any) -> Any:
        return carry_out(self.gate.database, work)

    def arrival(
        self, document: dict[str, Any], *, at: int = NOW, session: str = "s", **others: Any
    ) -> OrderArrival:
        """What comes of an order, or a batch of them, judged by what the database has now."""
        body = text(document).encode()
        orders = document.get("orders", [document])
        with self.gate.database.reading() as connection:
            state = session_state(connection, session)
            assert state is not None
            return OrderArrival(
                visitor=self.visitor(connection, orders[0]["participant"]),
                session=session,
                body=body,
                document=read_json(body),
                received_at=at,
                frame=frame_of(connection, state.row),
                changed=known_changes(connection),
                is_batch="orders" in document,
                private=self.gate.private,
            )

    def visitor(self, connection: Connection, home: str) -> Visitor:
        return visitor_of_key(connection, secret_sha256(self.secrets[home]), NOW)

    def take(self, *arrivals: OrderArrival) -> list[Any]:
        """Status and receipt of each, or why it was refused."""
        answers = self.do(lambda transaction: take_orders(transaction, list(arrivals)))
        return [
            (each.status, each.name) if isinstance(each, Refused) else (each[0], json.loads(each[1]))
            for each in answers
        ]

    def count(self, table: Any) -> int:
        with self.gate.database.reading() as connection:
            return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    made = Street(tmp_path / "g", "s", orders_max=3)
    yield made
    made.gate.database.close()


def test_orders_that_come_together_are_judged_one_after_the_other(street: Street) -> None:
    a, b = order("a", "h1", "sell"), order("b", "h1", "sell", replaces="a")
    answers = street.take(
        street.arrival(a, at=NOW + 5),
        street.arrival(a, at=NOW + 6),
        street.arrival({**a, "power_kw": 1}, at=NOW + 7),
        street.arrival(b, at=NOW + 3),
        street.arrival(order("c", "h1", "sell", replaces="a"), at=NOW + 8),
        street.arrival(order("d", "h1", "sell", replaces="zz"), at=NOW + 8),
        street.arrival(order("late", "h1", "sell"), at=CLOSES),
        street.arrival(order("o", "h2", "buy"), at=NOW + 9),
    )
    assert [each[0] for each in answers] == [201, 200, 409, 201, 409, 422, 409, 201]
    assert [each[1] for each in answers if each[0] in (409, 422)] == [
        "name-taken",
        "wrong-state",
        "invalid",
        "gate-closed",
    ]
    first, again, other, last = answers[0][1], answers[1][1], answers[3][1], answers[7][1]
    assert first == again
    assert [each["sequence"] for each in (first, other, last)] == [first["sequence"] + k for k in range(3)]
    assert other["received_at"] == first["received_at"] == moment_text(NOW + 5)  # It never falls.
    assert last["received_at"] == moment_text(NOW + 9)
    for receipt in (first, other, last):
        verified(receipt, public_jwk(street.gate.private))
    with street.gate.database.reading() as connection:
        assert list(deviations(connection, street.gate.private)) == []


def test_limits_count_what_the_same_transaction_stores(street: Street) -> None:
    together = [street.arrival(order(f"o{k}", "h1", "sell")) for k in range(5)]
    assert [each[0] for each in street.take(*together)] == [201, 201, 201, 422, 422]
    batch = {"orders": [order(f"b{k}", "h2", "buy") for k in range(3)]}
    one, other = (
        street.arrival(batch),
        street.arrival({"orders": [*batch["orders"], order("x", "h2", "buy")]}),
    )
    answers = street.take(one, other, one)
    assert [each[0] for each in answers] == [201, 422, 200]
    assert answers[0][1] == answers[2][1]
    receipt = answers[0][1]["receipts"][2]
    whole = sha256(one.body).digest()
    assert receipt["sha256"] == sha256(whole + (2).to_bytes(4, "big")).hexdigest()
    assert (receipt["batch_sha256"], receipt["index"]) == (whole.hex(), 2)
    assert street.count(SUBMISSION) == 6


def test_a_batch_counts_what_was_handed_in_alone(street: Street) -> None:
    alone = order("b1", "h1", "sell")
    batch = street.arrival({"orders": [order("b0", "h1", "sell"), alone]})
    single, whole = street.take(street.arrival(alone), batch)
    assert (single[0], whole[0]) == (201, 201)
    assert whole[1]["receipts"][1] == {name: value for name, value in single[1].items() if name != "jws"}
    verified(whole[1], public_jwk(street.gate.private))


def test_what_was_changed_meanwhile_is_asked_again_where_it_is_stored(street: Street) -> None:
    def revoke(transaction: Transaction) -> None:
        users.revoke_key(transaction, "h1", "k", actor="t", received_at=NOW)
        users.end_mandate(transaction, "elm", "h2", "h2", actor="t", received_at=NOW)

    before = [street.arrival(order("a", "h1", "sell")), street.arrival(order("b", "h2", "buy"))]
    street.do(revoke)
    assert street.take(*before) == [(401, "no-key"), (404, "not-found")]
    assert street.count(SUBMISSION) == 0


def test_a_session_that_became_another_takes_nothing_that_was_checked_before(
    street: Street,
) -> None:
    checked = street.arrival(order("a", "h1", "sell"))
    wrong = replace(checked.frame, first_open=2)
    street.do(lambda transaction: street.put(transaction, "other"))
    assert street.take(replace(checked, frame=wrong)) == [(503, "not-stored")]
    assert street.take(checked)[0][0] == 201


def test_visitors_change_with_time_alone(street: Street) -> None:
    def narrow(transaction: Transaction) -> None:
        document = {"rights": ["trade"], "until": moment_text(NOW + 10)}
        users.put_mandate(transaction, "elm", "h1", "h1", document, actor="t", received_at=NOW)

    street.do(narrow)
    key = secret_sha256(street.secrets["h1"])
    with street.gate.database.reading() as connection:
        before = visitors_of(connection, [key, "none"], NOW)
        after = visitors_of(connection, [key], NOW + 10)
    assert list(before) == [key]
    assert before[key].until == NOW + 10 and before[key].rights("elm", "h1") == {"trade"}
    assert after[key].until is None and not after[key].rights("elm", "h1")


def test_sessions_are_sealed_together_by_trees_that_are_kept_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"s{k}" for k in range(6)]
    street = Street(tmp_path / "g", *names)
    now, transactions = NOW, 0

    def carry(work: Any) -> Any:
        nonlocal transactions
        transactions += 1
        return street.do(work)

    made = Sealer(street.gate.database, lambda: now, 1_000_000, carry)
    for k in range(3):
        street.take(*(street.arrival(order(f"o{k}", "h1", "sell"), session=name) for name in names[:5]))
        assert made.seal_due() == 0
    read_whole = []
    monkeypatch.setattr(sealing, "_tree", lambda connection, name: read_whole.append(name))
    street.take(street.arrival(order("last", "h2", "buy"), session="s0"))
    street.do(
        lambda transaction: cancel_session(
            transaction, "s4", actor="t", received_at=NOW, if_match="1", reason="no"
        )
    )
    now = CLOSES + 999_999
    assert (made.seal_due(), street.count(SEAL)) == (0, 0)
    now += 1
    assert (made.seal_due(), transactions, read_whole) == (5, 1, [])
    with street.gate.database.reading() as connection:
        seals = {row.session: row for row in connection.execute(select(SEAL))}
        assert set(seals) == set(names) - {"s4"}
        for name, seal in seals.items():
            leaves = [entry.leaf() for entry in session_entries(connection, name)]
            assert (seal.root, seal.submissions) == (merkle_root(leaves).hex(), len(leaves))
    assert [seals[name].submissions for name in ("s0", "s1", "s5")] == [4, 3, 0]
    assert made.seal_due() == 0


def test_a_tree_that_lacks_something_is_made_anew(tmp_path: Path) -> None:
    street, now = Street(tmp_path / "g", "s"), NOW
    made = Sealer(street.gate.database, lambda: now, 0, street.do)
    street.take(street.arrival(order("a", "h1", "sell")))
    made.seal_due()
    made._trees["s"] = sealing.GrowingTree()
    now = CLOSES
    assert made.seal_due() == 1
    with street.gate.database.reading() as connection:
        assert connection.execute(select(SEAL.c.submissions)).scalar_one() == 1
        assert list(deviations(connection, street.gate.private)) == []


class LosesAnswers(Database):
    """A database that commits, and whose answer to that is lost."""

    commits = True

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        from sqlalchemy.exc import OperationalError

        lost, self.loses = self.loses, False
        with self.engine.connect() as connection:
            connection = connection.execution_options(is_writer=True)
            with connection.begin() as transaction:
                yield connection
                if lost and not self.commits:
                    transaction.rollback()
        if lost:
            raise OperationalError("COMMIT", None, Exception("the connection is gone"))

    loses = False


@pytest.mark.parametrize("commits", [True, False])
def test_2_a_commit_without_an_answer_is_looked_up(tmp_path: Path, commits: bool) -> None:
    street = Street(tmp_path / "g", "s")
    database = LosesAnswers(str(street.gate.database.engine.url))
    database.commits, database.loses = commits, True

    async def hand_in() -> list[Any]:
        writer = Writer(database)
        arrivals = [street.arrival(order(name, "h1", "sell")) for name in ("a", "b")]
        futures = [writer.submit_part(take_orders, arrival, 1) for arrival in arrivals]
        found = await asyncio.gather(*futures, return_exceptions=True)
        writer.close()
        return found

    answers = asyncio.run(hand_in())
    taken = [json.loads(each[1]) for each in answers if not isinstance(each, Refused)]
    refused = [each.status for each in answers if isinstance(each, Refused)]
    assert street.count(SUBMISSION) == len({each["submission"] for each in taken}) == 2 - len(refused)
    assert refused in ([], [503])
    assert not commits or [each[0] for each in answers] == [201, 201]


def test_7_several_processes_find_what_one_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    street = Street(tmp_path / "g", "s")
    batch = {"orders": [order(f"b{k}", "h2", "buy") for k in range(3)]}
    street.take(*(street.arrival(order(f"o{k}", "h1", "sell")) for k in range(6)), street.arrival(batch))
    with street.gate.database.writing() as connection:
        for table in ("submission", "batch"):
            connection.exec_driver_sql(f'DROP TRIGGER "{table}_no_update"')
        where = "WHERE name = 'o1'"
        connection.exec_driver_sql(f"UPDATE submission SET body = CAST('{{}}' AS BLOB) {where}")
        connection.exec_driver_sql(
            "UPDATE submission SET receipt = replace(receipt, '\"h1\"', '\"h2\"') WHERE name = 'o3'"
        )
        connection.exec_driver_sql(
            "UPDATE submission SET receipt = replace(receipt, '\"b2\"', '\"b9\"') WHERE name = 'b2'"
        )
        connection.exec_driver_sql(
            "UPDATE submission SET receipt = substr(receipt, 1, length(receipt) - 8) || 'AAAAAA\"}' "
            "WHERE name = 'o4'"
        )
    monkeypatch.setattr(verify_submissions, "OF_PROCESS_MIN", 3)
    private = street.gate.private
    keys = {private["kid"]: public_jwk(private)}
    with street.gate.database.reading() as connection:
        alone, several = (
            list(verify_submissions.submission_deviations(connection, private, keys, processes=count))
            for count in (1, 2)
        )
    assert alone == several
    assert [line.partition(": ")[2] for line in alone] == [
        "its content was changed",
        "its receipt does not say what the log has",
        "its receipt has a signature that is over other content",
        "its receipt has a signature that does not verify",
        "its receipt does not say what the log has",
    ]


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("gate") / "g") as running:
        yield running


def test_what_other_processes_change_counts_from_the_next_request_on(gate: Served) -> None:
    homes = make_market(gate)
    make_session(gate, "s", 200)
    path, there = "/sessions/s/orders", open_gate(gate.folder)
    for home in ("h1", "h2"):
        ok(homes[home].post(path, json=order("a", home, "sell")), 201)
    ok(homes["h1"].post(path, json=order("b", "h2", "sell")), 404)
    now = there.clock()
    rights = {"rights": ["trade"]}
    carry_out(
        there.database,
        lambda transaction: users.put_mandate(
            transaction, "elm", "h1", "h2", rights, actor="t", received_at=now
        ),
    )
    ok(homes["h1"].post(path, json=order("b", "h2", "sell")), 201)
    carry_out(
        there.database,
        lambda transaction: users.end_mandate(transaction, "elm", "h1", "h2", actor="t", received_at=now),
    )
    ok(homes["h1"].post(path, json=order("c", "h2", "sell")), 404)
    carry_out(
        there.database,
        lambda transaction: users.revoke_key(transaction, "h2", "for-elm", actor="t", received_at=now),
    )
    ok(homes["h2"].post(path, json=order("d", "h2", "sell")), 401)
    ok(homes["h2"].post("/sessions/s/order-batches", json={"orders": [order("d", "h2", "sell")]}), 401)
    there.database.close()


def test_moments_are_those_that_were_read() -> None:
    for moment in (NOW, NOW + 1, NOW + 999_999, NOW + 123_456):
        assert read_moment(moment_text(moment)) == moment


def test_the_log_of_a_group_has_no_gap(street: Street) -> None:
    street.take(
        street.arrival(order("a", "h1", "sell")), street.arrival({"orders": [order("b", "h2", "buy")]})
    )
    with street.gate.database.reading() as connection:
        sequences = list(connection.execute(select(LOG.c.sequence).order_by(LOG.c.sequence)).scalars())
        last = connection.execute(select(SESSION.c.last_received_at)).scalar_one()
    assert sequences == list(range(1, len(sequences) + 1))
    assert last == NOW
