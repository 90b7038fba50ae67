"""What makes orders quick: accesses of a market read together, headers found at once, gathered commits."""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest

pytest.importorskip("granian")

from benchmarks.gate.street import Trader, make_gate, make_street, open_sessions
from sqlalchemy import event

from gridpact.gate.access import user_commands
from gridpact.gate.access.visitor import secret_sha256
from gridpact.gate.api.access_cache import Access, AccessCache
from gridpact.gate.api.accesses_together import AccessesTogether
from gridpact.gate.api.order_request import FirstHeaders
from gridpact.gate.log.jws import (
    BadSignature,
    base64url,
    from_base64url,
    new_private_jwk,
    public_jwk,
    sign_compact,
    verify_compact,
)
from gridpact.gate.market.session_frames import frame_of
from gridpact.gate.store import writer as writer_module
from gridpact.gate.store.gate_home import Gate, open_gate
from gridpact.gate.store.transaction import Transaction, carry_out
from gridpact.gate.words.refused import Refused


@pytest.fixture
def street(tmp_path: Path) -> Iterator[tuple[Gate, list[Trader]]]:
    make_gate(tmp_path / "g")
    traders = make_street(tmp_path / "g", markets=2, participants=5)
    open_sessions(
        tmp_path / "g", markets=2, closes=datetime.now(UTC) + timedelta(hours=1), periods=24, prefix="s"
    )
    gate = open_gate(tmp_path / "g")
    yield gate, traders
    gate.database.close()


def _asked(gate: Gate, together: AccessesTogether, key: str, session: str) -> tuple[Access, list[str]]:
    """An access, and the statements that it took."""
    statements: list[str] = []

    def note(connection: object, cursor: object, statement: str, *others: object) -> None:
        statements.append(statement)

    async def read(query):  # type: ignore[no-untyped-def]
        with gate.database.reading() as connection:
            return query(connection)

    event.listen(gate.database.engine, "before_cursor_execute", note)
    try:
        return asyncio.run(together.access(key, session, read)), statements
    finally:
        event.remove(gate.database.engine, "before_cursor_execute", note)


def test_who_trades_first_in_a_market_brings_the_others_along(street: tuple[Gate, list[Trader]]) -> None:
    gate, traders = street
    cache = AccessCache()
    together = AccessesTogether(
        cache, lambda connection, state, _: frame_of(connection, state.row), gate.clock
    )
    keys = [secret_sha256(trader.secret) for trader in traders]
    first, _ = _asked(gate, together, keys[0], "s0000")
    for index in range(1, 5):
        kept = cache.find(keys[index], "s0000", gate.clock(), first.changed)
        assert kept is not None
        assert kept.visitor.rights("m0000", f"p{index:03}") == {"read", "trade"}
    assert cache.find(keys[5], "s0001", gate.clock(), first.changed) is None
    assert cache.find(keys[5], "s0000", gate.clock(), first.changed) is None
    _, statements = _asked(gate, together, keys[1], "s0000")
    assert not any("FROM seal" in each for each in statements)
    with pytest.raises(Refused) as refused:
        _asked(gate, together, keys[5], "s0000")
    assert refused.value.status == 404


def test_nothing_that_was_brought_along_outlasts_a_change(street: tuple[Gate, list[Trader]]) -> None:
    gate, traders = street
    cache = AccessCache()
    together = AccessesTogether(
        cache, lambda connection, state, _: frame_of(connection, state.row), gate.clock
    )
    keys = [secret_sha256(trader.secret) for trader in traders]
    _asked(gate, together, keys[0], "s0000")

    def revoke(transaction: Transaction) -> None:
        user_commands.revoke_key(transaction, "m0000.001", "k", actor="test", received_at=gate.clock())

    carry_out(gate.database, revoke)
    again, _ = _asked(gate, together, keys[0], "s0000")
    assert cache.find(keys[1], "s0000", gate.clock(), again.changed) is None
    assert cache.find(keys[2], "s0000", gate.clock(), again.changed) is not None
    with pytest.raises(Refused) as refused:
        _asked(gate, together, keys[1], "s0000")
    assert refused.value.status == 401


def test_commits_gather_after_many_came_together_alone(
    street: tuple[Gate, list[Trader]], monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, _ = street
    slept: list[float] = []
    monkeypatch.setattr(writer_module, "sleep", slept.append)
    writer = writer_module.Writer(gate.database)
    try:
        for _ in range(3):
            writer.carry_out(lambda transaction: None)
        assert slept == []
        is_held, goes_on = Event(), Event()

        def hold(transaction: Transaction) -> None:
            is_held.set()
            goes_on.wait(10)

        with ThreadPoolExecutor(writer_module.BUSY_MIN + 1) as pool:
            first = pool.submit(writer.carry_out, hold)
            assert is_held.wait(10)
            several = [
                pool.submit(writer.carry_out, lambda transaction: None) for _ in range(writer_module.BUSY_MIN)
            ]
            while writer._queue.qsize() < writer_module.BUSY_MIN:
                time.sleep(0.01)
            goes_on.set()
            for each in (first, *several):
                each.result(10)
        assert slept == []
        writer.carry_out(lambda transaction: None)
        assert slept
        slept.clear()
        writer.carry_out(lambda transaction: None)
        assert slept == []
    finally:
        writer.close()


def test_the_first_header_of_a_name_counts() -> None:
    headers = FirstHeaders([(b"authorization", b"Bearer a"), (b"x", b"1"), (b"authorization", b"Bearer b")])
    assert headers.get("Authorization") == "Bearer a"
    assert headers.getlist("authorization") == ["Bearer a", "Bearer b"]
    assert headers.get("y", "-") == "-" and headers.get("y") is None


@pytest.mark.parametrize("length", (0, 32, 63, 65, 128))
def test_a_signature_of_another_length_is_none(length: int) -> None:
    """Its bytes and those that are signed are one text for libsodium, which must not be cut elsewhere."""
    private = {**new_private_jwk(), "kid": "k"}
    head, payload, signature = sign_compact(b"{}", private).split(".")
    assert verify_compact(f"{head}.{payload}.{signature}", public_jwk(private)) == b"{}"
    content = (from_base64url(signature) + bytes(64))[:length]
    with pytest.raises(BadSignature):
        verify_compact(f"{head}.{payload}.{base64url(content)}", public_jwk(private))


@pytest.mark.parametrize("length", (0, 31, 33))
def test_a_key_of_another_length_verifies_nothing(length: int) -> None:
    private = {**new_private_jwk(), "kid": "k"}
    jws = sign_compact(b"{}", private)
    x = (from_base64url(private["x"]) + bytes(1))[:length]
    with pytest.raises(BadSignature):
        verify_compact(jws, {**public_jwk(private), "x": base64url(x)})


def test_a_session_that_has_closed_is_read_again(street: tuple[Gate, list[Trader]]) -> None:
    """Whether it is sealed changes nothing that is kept, and is asked where something is refused."""
    gate, traders = street
    cache, moments = AccessCache(), [gate.clock()]
    together = AccessesTogether(
        cache, lambda connection, state, _: frame_of(connection, state.row), lambda: moments[0]
    )
    key = secret_sha256(traders[0].secret)
    access, _ = _asked(gate, together, key, "s0000")
    _, statements = _asked(gate, together, key, "s0000")
    assert not any("FROM seal" in each for each in statements)
    moments[0] = access.state.row.closes_at
    _, statements = _asked(gate, together, key, "s0000")
    assert any("FROM seal" in each for each in statements)
