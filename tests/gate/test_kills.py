"""Promises 2, 3 and 5 where processes are killed, and where two workers clear one session."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("granian")

import httpx
from sqlalchemy import insert, select

from gridpact.gate.closing.clear_session import ClearedSession
from gridpact.gate.closing.clearing_jobs import TRIES_MAX, Claim, claim, fail, publish
from gridpact.gate.closing.leases import LEASE_MICROSECONDS, release
from gridpact.gate.log.jws import new_private_jwk
from gridpact.gate.market.market_commands import put_market_file
from gridpact.gate.market.session_frames import market_file
from gridpact.gate.store.database import Database
from gridpact.gate.store.gate_tables import JOB, LOG_HEAD, MARKET, PUBLICATION, SEAL, SESSION
from gridpact.gate.store.schema_version import migrate
from gridpact.gate.store.transaction import Transaction, carry_out
from gridpact.gate.store.writer import Writer
from gridpact.gate.words.refused import Refused
from tests.gate.served import (
    HUNGRY,
    SUNNY,
    Served,
    command,
    environment,
    free_port,
    make_market,
    make_session,
    ok,
    order,
    served,
    wait_for,
)


def children(process: int) -> dict[int, str]:
    """The processes that one has started, with their command lines."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if parent == process:
                found[int(entry.name)] = line
    return found


FORKS = """
import os, sys, threading
from pathlib import Path
from gridpact.gate.running.gate_server import serve_gate
def say():
    held = [each for each in Path("/proc/self/fd").iterdir() if str(each.resolve()).endswith("gate.db")]
    sys.stderr.write(f"fork: {[each.name for each in threading.enumerate()]}, {len(held)} open\\n")
os.register_at_fork(before=say)
serve_gate(Path(sys.argv[1]), host="127.0.0.1", port=int(sys.argv[2]), workers=1, clearing_workers=1)
"""


def test_2_a_process_that_forks_has_no_thread_and_no_connection(tmp_path: Path) -> None:
    """Whose locks a fork would leave held: a serving process then waited for good for a module's."""
    port = free_port()
    call = [sys.executable, "-c", FORKS, str(tmp_path / "g"), str(port)]
    with subprocess.Popen(
        call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    ) as gate:
        assert gate.stdout is not None and gate.stderr is not None
        try:
            assert gate.stdout.readline() == f"gate on http://127.0.0.1:{port}\n"
        finally:
            gate.terminate()
        forks = [line for line in gate.stderr.read().splitlines() if line.startswith("fork")]
        assert forks == ["fork: ['MainThread'], 0 open"]


def test_2_a_killed_serving_process_is_followed_by_another(tmp_path: Path) -> None:
    with served(tmp_path / "g") as gate:
        assert gate.process is not None
        serving = [pid for pid, line in children(gate.process.pid).items() if "gridpact serve" in line]
        assert len(serving) == 1
        ok(gate.operator.put("/users/ann", json={"name": "Ann", "roles": []}), 201)
        os.kill(serving[0], signal.SIGKILL)
        end = time.monotonic() + 60
        while True:
            try:
                assert "ann" in {each["user"] for each in ok(gate.operator.get("/users"))["items"]}
                break
            except httpx.TransportError:
                assert time.monotonic() < end
                time.sleep(0.1)
        ok(gate.operator.put("/users/ben", json={"name": "Ben", "roles": []}), 201)
        assert serving[0] not in children(gate.process.pid)


@pytest.mark.chaos
def test_5_a_killed_clearing_worker_is_followed_by_another(tmp_path: Path) -> None:
    with served(tmp_path / "g") as gate:
        homes = make_market(gate)
        make_session(gate, "s", 3)
        ok(homes["h1"].put("/sessions/s/forecasts/h1", json=SUNNY), 200)
        ok(homes["h2"].put("/sessions/s/forecasts/h2", json=HUNGRY), 200)
        ok(homes["h1"].post("/sessions/s/orders", json=order("a", "h1", "sell")), 201)
        ok(homes["h2"].post("/sessions/s/orders", json=order("b", "h2", "buy")), 201)
        assert gate.process is not None
        workers = [pid for pid, line in children(gate.process.pid).items() if "worker_process" in line]
        assert len(workers) == 1
        _wait_until_it_is_cleared(gate)
        os.kill(workers[0], signal.SIGKILL)
        # Long before the lease of the dead one has run out.
        assert wait_for(gate, "s", "cleared", seconds=60)["cleared_kwh"] == 5.0
        fence = "SELECT fence FROM job WHERE session = 's'"
        with closing(sqlite3.connect(gate.folder / "gate.db")) as connection:
            assert connection.execute(fence).fetchone() == (2,)
    assert command("gate", "verify", str(tmp_path / "g"), "--clear").stdout == "nothing deviates\n"


@pytest.mark.chaos
def test_2_a_gate_whose_first_process_is_killed_can_be_served_again(tmp_path: Path) -> None:
    with served(tmp_path / "g") as gate:
        homes = make_market(gate)
        make_session(gate, "s", 60)
        receipt = ok(homes["h1"].post("/sessions/s/orders", json=order("a", "h1", "sell")), 201)
        assert gate.process is not None
        inner = list(children(gate.process.pid))
        os.kill(gate.process.pid, signal.SIGKILL)
        gate.process.wait()
        end = time.monotonic() + 20
        while any(Path(f"/proc/{pid}").exists() for pid in inner) and time.monotonic() < end:
            time.sleep(0.1)
        gate.start()
        assert ok(homes["h1"].post("/sessions/s/orders", json=order("a", "h1", "sell")), 200) == receipt


def _wait_until_it_is_cleared(gate: Served) -> None:
    """Returns in the middle of the clearing of the one session that there is."""
    end = time.monotonic() + 60
    with closing(sqlite3.connect(gate.folder / "gate.db")) as connection:
        while connection.execute("SELECT state FROM job").fetchone() != ("clearing",):
            assert time.monotonic() < end
            time.sleep(0.002)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'gate.db'}")
    migrate(made)
    yield made
    made.close()


NOW = 1_900_000_000_000_000


def _seal_one(database: Database) -> None:
    """A sealed session without anything else."""
    with database.writing() as connection:
        connection.execute(
            insert(SESSION).values(
                session="s",
                market="m",
                document="{}",
                created_at=1,
                opens_at=1,
                closes_at=2,
                horizon="1:2",
                last_received_at=1,
                version=1,
            )
        )
        connection.execute(
            insert(SEAL).values(
                session="s", sealed_at=NOW, submissions=0, last_sequence=0, root="00", chain="00"
            )
        )
        connection.execute(
            insert(JOB).values(session="s", state="closed", fence=0, lease_until=0, document="{}")
        )


def test_5_what_a_dead_worker_held_is_claimed_at_once_and_not_for_ever(database: Database) -> None:
    _seal_one(database)

    def claims(worker: str, now: int) -> Claim | None:
        return carry_out(database, lambda transaction: claim(transaction, now, worker))

    for attempt in range(1, TRIES_MAX + 1):
        claimed = claims(f"w{attempt}", NOW)
        assert claimed is not None and claimed.fence == attempt
        assert claims("other", NOW + LEASE_MICROSECONDS - 1) is None
        released = [
            carry_out(database, lambda transaction, w=worker: release(transaction, w))  # type: ignore[misc]
            for worker in ("other", f"w{attempt}")
        ]
        assert released == [0, 1]
    assert claims("last", NOW) is None
    with database.reading() as connection:
        job = connection.execute(select(JOB)).one()
    assert job.state == "failed" and "20 workers" in job.document


def test_5_of_two_workers_with_one_session_the_later_publishes(database: Database) -> None:
    private, now = new_private_jwk(), NOW
    _seal_one(database)
    first = carry_out(database, lambda transaction: claim(transaction, now))
    assert carry_out(database, lambda transaction: claim(transaction, now + 1)) is None
    later = now + LEASE_MICROSECONDS + 1
    second = carry_out(database, lambda transaction: claim(transaction, later))
    assert first is not None and second is not None and second.fence > first.fence
    result = ClearedSession(
        files={"cleared.csv": b"x"},
        summary={"status": "cleared", "proposed_kwh": 1.0, "cleared_kwh": 1.0},
        problems=(),
    )
    assert not carry_out(database, lambda transaction: publish(transaction, first, result, private, later))
    assert not carry_out(database, lambda transaction: fail(transaction, first, ["x"], later))
    assert carry_out(database, lambda transaction: publish(transaction, second, result, private, later))
    assert not carry_out(database, lambda transaction: publish(transaction, second, result, private, later))
    with database.reading() as connection:
        assert len(connection.execute(select(PUBLICATION)).all()) == 1


async def outcomes(database: Database, works: list[Callable[[Transaction], int]]) -> list[Any]:
    """What comes of units of work that wait together."""
    writer = Writer(database)
    futures = [writer.submit(work) for work in works]
    found = await asyncio.gather(*futures, return_exceptions=True)
    writer.close()
    return found


def test_2_one_that_fails_takes_no_others_with_it(database: Database) -> None:
    def act(transaction: Transaction) -> int:
        logged = transaction.act(kind="x", subject="s", actor="a", received_at=1, body=b"x")
        return logged.entry.sequence

    def break_down(transaction: Transaction) -> int:
        act(transaction)
        raise RuntimeError("broken")

    def refuse(transaction: Transaction) -> int:
        raise Refused(409, "wrong-state")

    def refuse_after_writing(transaction: Transaction) -> int:
        act(transaction)
        raise Refused(409, "wrong-state")

    works = [act, break_down, refuse, act, refuse_after_writing, act]
    found = asyncio.run(outcomes(database, works))
    assert [each.status if isinstance(each, Refused) else each for each in found] == [1, 503, 409, 2, 503, 3]
    with database.reading() as connection:
        assert connection.execute(select(LOG_HEAD.c.sequence)).scalar_one() == 3


def test_5_a_session_that_opens_while_a_table_is_stored_keeps_the_one_before(database: Database) -> None:
    """Others may have read it, and let submissions in by it."""

    def put(content: bytes, received_at: int, now: int) -> None:
        def work(transaction: Transaction) -> None:
            put_market_file(
                transaction, "m", "participants", content, actor="a", received_at=received_at, now=now
            )

        carry_out(database, work)

    with database.writing() as connection:
        connection.execute(insert(MARKET).values(market="m", document="{}"))
        for name, opens_at in (("one", NOW + 10), ("two", NOW + 5_000_000)):
            values = {"created_at": 1, "closes_at": NOW * 2, "horizon": "1:2", "last_received_at": 0}
            connection.execute(
                insert(SESSION).values(
                    session=name, market="m", document="{}", opens_at=opens_at, version=1, **values
                )
            )
    put(b"old", NOW - 2_000_000, NOW - 2_000_000)
    put(b"new", NOW, NOW + 20)
    with database.reading() as connection:
        assert market_file(connection, "m", "participants", NOW + 10) == b"old"
        assert market_file(connection, "m", "participants", NOW + 5_000_000) == b"new"
