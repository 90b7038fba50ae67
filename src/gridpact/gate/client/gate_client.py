"""GateClient: what users and operators do at a gate, as calls."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Self
from urllib.parse import quote

from gridpact.gate.client.gate_events import HeardEvent, heard
from gridpact.gate.client.gate_receipt import GateReceipt
from gridpact.gate.client.http_connection import GateAnswer, GateConnection

CSV, TOML, MADE = "text/csv", "application/toml", 201
TIMEOUT_SECONDS, PATIENCE_SECONDS = 30.0, 60.0
Document = Mapping[str, Any]


class GateClient:
    """A user at a gate, for one thread.

    Whatever is handed in has a name, so that it is sent again without harm where an answer was lost, the gate
    is away for a while, or asks to wait.

    Args:
        url: of the gate, as `gridpact serve` prints it.
        key: secret of a key; none for what is open to all.
        signing_key: a private JWK by which all submissions are signed.
        timeout_seconds: for one answer.
        patience_seconds: for which something is sent again.

    Raises:
        ValueError: the URL is not one of HTTP.
    """

    def __init__(
        self,
        url: str,
        key: str = "",
        *,
        signing_key: Document | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._connection = GateConnection(
            url, key, timeout_seconds=timeout_seconds, patience_seconds=patience_seconds
        )
        self._signing_key = signing_key
        self._patience_seconds = patience_seconds
        self._gate = ""

    def __enter__(self) -> Self:
        """Gives the client."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ends the connection."""
        self.close()

    def close(self) -> None:
        """Ends the connection."""
        self._connection.close()

    def get(self, path: str, **query: str | int) -> Any:
        """What is at a path below `/api/v1`.

        Raises:
            GateRefused: it is refused.
            GateUnreachable: there was no answer in time.
        """
        return self._connection.ask("GET", path, query=query).document()

    def items(self, path: str) -> Iterator[dict[str, Any]]:
        """All items of a list, whatever its length."""
        query: dict[str, str | int] = {"limit": 1000}
        while True:
            page = self._connection.ask("GET", path, query=query).document()
            yield from page["items"]
            if page["next"] is None:
                return
            query["after"] = page["next"]

    def now(self) -> str:
        """The gate's time, RFC 3339."""
        return str(self.get("/time")["now"])

    def keys(self) -> dict[str, Any]:
        """The gate's name and its public keys."""
        found: dict[str, Any] = self.get("/keys")
        return found

    def session(self, session: str) -> dict[str, Any]:
        """A session and its state."""
        found: dict[str, Any] = self.get(f"/sessions/{_part(session)}")
        return found

    def seal(self, session: str) -> dict[str, Any]:
        """The seal of a session."""
        found: dict[str, Any] = self.get(f"/sessions/{_part(session)}/seal")
        return found

    def results(self, session: str) -> dict[str, Any]:
        """What came of a session for the participants that the user may read."""
        found: dict[str, Any] = self.get(f"/sessions/{_part(session)}/results")
        return found

    def explanation(self, session: str, name: str) -> dict[str, Any]:
        """Why an own trade, order or participant of a published session gets what it gets."""
        found: dict[str, Any] = self.get(f"/sessions/{_part(session)}/explanation?name={_part(name)}")
        return found

    def orders(self, session: str) -> list[dict[str, Any]]:
        """Own orders of a session, with their state."""
        return list(self.items(f"/sessions/{_part(session)}/orders"))

    def trades(self, session: str) -> list[dict[str, Any]]:
        """Own trades of a session, of either side, with their state."""
        return list(self.items(f"/sessions/{_part(session)}/trades"))

    def submission(self, submission: str) -> dict[str, Any]:
        """A submission: receipt, state, and the bytes as they came."""
        found: dict[str, Any] = self.get(f"/submissions/{_part(submission)}")
        return found

    def proof(self, submission: str) -> dict[str, Any]:
        """The proof that a seal counts a submission."""
        found: dict[str, Any] = self.get(f"/submissions/{_part(submission)}/proof")
        return found

    def hand_in_order(self, session: str, order: Document) -> GateReceipt:
        """Hands in an order."""
        return self._submit("POST", session, "/orders", order)

    def hand_in_orders(self, session: str, orders: Sequence[Document]) -> list[GateReceipt]:
        """Hands in up to 1000 orders, all or none."""
        answer = self._send("POST", session, "/order-batches", {"orders": list(orders)})
        whole = answer.document()
        is_new = answer.status == MADE
        return [GateReceipt.of(each, is_new=is_new, signed=whole) for each in whole["receipts"]]

    def propose_trade(self, session: str, trade: Document) -> GateReceipt:
        """Proposes a trade, as one of its sides."""
        return self._submit("POST", session, "/trades", trade)

    def confirm_trade(self, session: str, submission: str) -> GateReceipt:
        """Confirms a trade that the other side proposed, as it is now; read it before."""
        from base64 import urlsafe_b64decode

        proposal = self.submission(submission)
        document = proposal["document"]
        payload = urlsafe_b64decode(document + "=" * (-len(document) % 4))
        place = f"/trades/{_part(submission)}/confirmation"
        content = {"sha256": proposal["receipt"]["sha256"]}
        answer = self._send("POST", session, place, content, signed=payload)
        return GateReceipt.of(answer.document(), is_new=answer.status == MADE)

    def reject_trade(self, session: str, submission: str) -> GateReceipt:
        """Rejects a trade that the other side proposed."""
        return self._submit("POST", session, f"/trades/{_part(submission)}/rejection", {})

    def withdraw(self, session: str, name: str, submission: str) -> GateReceipt:
        """Withdraws an own order, or an own trade that is not confirmed."""
        return self._submit("POST", session, "/withdrawals", {"withdrawal": name, "submission": submission})

    def forecast(
        self, session: str, participant: str, load_kw: Iterable[float], generation_kw: Iterable[float]
    ) -> GateReceipt:
        """Gives the forecast of an own participant.

        Args:
            session: that it is for.
            participant: that it is of.
            load_kw: of each period, (T,).
            generation_kw: of each period, (T,).
        """
        document = {"load_kw": _numbers(load_kw), "generation_kw": _numbers(generation_kw)}
        return self._submit("PUT", session, f"/forecasts/{_part(participant)}", document)

    def take_on_settlement(
        self, market: str, settlement: str, start: str, until: str, *, corrects: str = ""
    ) -> dict[str, Any]:
        """Has the cleared sessions of a span settled, as an operator; `settlement` says when it is published.

        Args:
            market: whose sessions they are.
            settlement: a new name.
            start: first moment, with an offset.
            until: the moment after the last one.
            corrects: the settlement that it corrects.
        """
        document = {"settlement": settlement, "from": start, "until": until}
        content = _json({**document, **({"corrects": corrects} if corrects else {})})
        answer = self._connection.ask("POST", f"/markets/{_part(market)}/settlements", content=content)
        made: dict[str, Any] = answer.document()
        return made

    def settlement(self, settlement: str) -> dict[str, Any]:
        """A settlement: its state, own bills, and what changed since the one that it corrects."""
        found: dict[str, Any] = self.get(f"/settlements/{_part(settlement)}")
        return found

    def statements(self, settlement: str) -> list[dict[str, Any]]:
        """The statements of own participants."""
        return list(self.get(f"/settlements/{_part(settlement)}/statements"))

    def ledger(self, settlement: str) -> list[dict[str, Any]]:
        """The entries of own accounts."""
        return list(self.get(f"/settlements/{_part(settlement)}/ledger"))

    def residuals(self, settlement: str) -> list[dict[str, Any]]:
        """What a retailer has to bring and take beside the peers."""
        return list(self.get(f"/settlements/{_part(settlement)}/residuals"))

    def bill(self, settlement: str, participant: str, media_type: str = "text/html") -> bytes:
        """The bill of an own participant, as a page or, where the gate has it, as `application/pdf`."""
        path = f"/settlements/{_part(settlement)}/bills/{_part(participant)}"
        return self._connection.ask("GET", path, headers={"Accept": media_type}).content

    def events(self, last_id: str = "") -> Iterator[HeardEvent]:
        """What happens at the gate and concerns the user, for as long as one listens.

        Args:
            last_id: of the last event that is known, after which it goes on; from now on without it.

        Raises:
            GateRefused: it is refused.
            GateUnreachable: the gate was away for too long.
        """
        return heard(self._connection, last_id, self._patience_seconds)

    def put_webhook(self, webhook: str, url: str, events: Sequence[str] = ()) -> dict[str, Any]:
        """Has events sent to a URL, or has a webhook that was disabled go on.

        Args:
            webhook: its name.
            url: that they are sent to.
            events: kinds that are; all without them.
        """
        document = {"url": url, **({"events": list(events)} if events else {})}
        made: dict[str, Any] = self.put(f"/webhooks/{_part(webhook)}", document)
        return made

    def webhooks(self) -> list[dict[str, Any]]:
        """Own webhooks, and how far each has come."""
        return list(self.get("/webhooks")["items"])

    def end_webhook(self, webhook: str) -> None:
        """Ends a webhook."""
        self._connection.ask("DELETE", f"/webhooks/{_part(webhook)}")

    def put(self, path: str, document: Document, *, reason: str = "", version: str = "") -> Any:
        """Makes or replaces what an operator does: users, mandates, markets, participants, sessions.

        Args:
            path: below `/api/v1`.
            document: what it shall be.
            reason: of a change that needs one.
            version: ETag of what is changed, where that is needed.
        """
        headers = {"If-Match": version} if version else {}
        query = {"reason": reason} if reason else {}
        content = _json(document)
        return self._connection.ask("PUT", path, content=content, headers=headers, query=query).document()

    def put_table(self, path: str, content: bytes, media_type: str = CSV) -> Any:
        """Replaces a table or tariffs of a market."""
        headers = {"Content-Type": media_type}
        return self._connection.ask("PUT", path, content=content, headers=headers).document()

    def new_key(self, user: str, key: str, **narrowing: Any) -> str | None:
        """Makes a key of a user, and gives its secret; `None` where it was made before."""
        content = _json({"key": key, **narrowing})
        answer = self._connection.ask("POST", f"/users/{_part(user)}/keys", content=content)
        secret = answer.document().get("secret")
        return None if secret is None else str(secret)

    def _submit(self, method: str, session: str, place: str, document: Document) -> GateReceipt:
        answer = self._send(method, session, place, document)
        return GateReceipt.of(answer.document(), is_new=answer.status == MADE)

    def _send(
        self, method: str, session: str, place: str, document: Document, signed: bytes | None = None
    ) -> GateAnswer:
        """Sends a submission, signed where the client has a key to sign with."""
        content = _json(document)
        headers = {}
        if self._signing_key is not None:
            headers["JWS-Signature"] = self._signature(session, content if signed is None else signed)
        path = f"/sessions/{_part(session)}{place}"
        return self._connection.ask(method, path, content=content, headers=headers)

    def _signature(self, session: str, payload: bytes) -> str:
        from gridpact.gate.log.jws import detached, sign_compact

        self._gate = self._gate or str(self.keys()["gate"])
        header = {"aud": self._gate, "sub": session}
        return detached(sign_compact(payload, dict(self._signing_key or {}), header))


def _part(name: str) -> str:
    """A name as a part of a path."""
    return quote(name, safe="")


def _numbers(values: Iterable[float]) -> list[float]:
    return [float(value) for value in values]


def _json(document: Document) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
