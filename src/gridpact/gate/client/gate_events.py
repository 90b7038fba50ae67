"""Events as a client hears them, over connections that break, and what webhooks bring."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any

from gridpact.gate.client.http_connection import GateConnection, GateUnreachable

SILENCE_SECONDS = 45.0  # The gate says something every 15 s.
PAUSE_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardEvent:
    """Something that happened.

    Attributes:
        id: by which a client goes on after it.
        kind: as in `session.cleared`.
        facts: what is said of it.
    """

    id: str
    kind: str
    facts: Mapping[str, Any]


def heard(connection: GateConnection, last_id: str, patience_seconds: float) -> Iterator[HeardEvent]:
    """Events after one of them, or from now on, one after the other, for as long as one listens.

    Args:
        connection: to the gate.
        last_id: of the last event that is known; empty for none.
        patience_seconds: for which the gate may be away.

    Raises:
        GateRefused: they are refused.
        GateUnreachable: the gate is away.
    """
    since = time.monotonic()
    while True:
        try:
            headers = {"Last-Event-ID": last_id} if last_id else {}
            lines = connection.lines("/events", headers=headers, silence_seconds=SILENCE_SECONDS)
            for known_id, event in _blocks(lines, last_id):
                last_id, since = known_id, time.monotonic()
                if event is not None:
                    yield event
        except (OSError, HTTPException) as error:
            if time.monotonic() - since > patience_seconds:
                raise GateUnreachable(f"no stream of events ({type(error).__name__})") from error
        time.sleep(PAUSE_SECONDS)


def _blocks(lines: Iterable[str], last_id: str) -> Iterator[tuple[str, HeardEvent | None]]:
    """The id after each block of lines, and the event that it is, if it is one."""
    block: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        if name:
            block[name] = value.removeprefix(" ")
        elif not line:
            last_id = block.get("id", last_id)
            event = None
            if "data" in block:
                event = HeardEvent(id=last_id, kind=block["event"], facts=json.loads(block["data"]))
            yield last_id, event
            block = {}


def is_from_gate(body: bytes, signature: str, keys: Mapping[str, Any], url: str) -> bool:
    """Whether a webhook is the gate's, and for this place.

    Args:
        body: as it came.
        signature: of its header `JWS-Signature`.
        keys: of the gate, as `GateClient.keys` gives them.
        url: of the webhook, as the gate has it.
    """
    from gridpact.gate.log.jws import BadSignature, read_header, verify_detached

    try:
        header = read_header(signature)
        public = next(key for key in keys["keys"] if key["kid"] == header.get("kid"))
        verify_detached(signature, body, public)
        return header.get("aud") == url and header.get("sub") == json.loads(body)["id"]
    except (BadSignature, StopIteration, ValueError, KeyError):
        return False
