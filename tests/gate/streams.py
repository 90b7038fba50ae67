"""Streams of events as a client reads them: by the standard, without a library."""

import json
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any

import httpx

ANSWER_SECONDS = 60


@dataclass
class Stream:
    """What came of a stream so far.

    Attributes:
        last_id: to send when it is gone on with.
        events: id, kind and facts of each.
        comments: how many came.
        status: of the answer.
    """

    last_id: str = ""
    events: list[tuple[str, str, Any]] = field(default_factory=list)
    comments: int = 0
    status: int = 0
    _held: socket.socket | None = None

    def kinds(self) -> list[str]:
        return [kind for _, kind, _ in self.events]

    def listen(
        self, client: httpx.Client, *, seconds: float, count: int = 1_000_000, kind: str = ""
    ) -> "Stream":
        """Reads on until there are so many events, one of a kind, or the time is up.

        Args:
            client: of the user.
            seconds: for which it listens.
            count: of events at which it stops.
            kind: of the event at which it stops.
        """
        headers = {"Authorization": client.headers["Authorization"]} | (
            {"Last-Event-ID": self.last_id} if self.last_id else {}
        )
        place = client.base_url
        line = HTTPConnection(place.host, place.port, timeout=ANSWER_SECONDS)
        try:
            line.request("GET", f"{place.path}events", headers=headers)
            self._held, answer = line.sock, line.getresponse()
            self.status = answer.status
            if answer.status == 200:
                assert str(answer.getheader("Content-Type")).startswith("text/event-stream")
                self._read(self._held, answer, time.monotonic() + seconds, count, kind)
        except (OSError, HTTPException):  # The time is up, or the gate was killed.
            pass
        finally:
            line.close()
        return self

    def stop(self) -> None:
        """Ends the listening of another thread."""
        if self._held is not None:
            with suppress(OSError):  # It has ended.
                self._held.shutdown(socket.SHUT_RDWR)

    def _read(self, held: Any, answer: HTTPResponse, end: float, count: int, kind: str) -> None:
        block: dict[str, str] = {}
        while (left := end - time.monotonic()) > 0:
            held.settimeout(left)
            line = answer.readline().decode()
            if not line:
                return
            name, _, value = line.rstrip("\n").partition(":")
            if line.startswith(":"):
                self.comments += 1
            elif name:
                block[name] = value.removeprefix(" ")
            else:
                self._take(block)
                if len(self.events) >= count or (block.get("event") == kind and "data" in block):
                    return
                block = {}

    def _take(self, block: dict[str, str]) -> None:
        self.last_id = block.get("id", self.last_id)
        if "data" in block:
            self.events.append((self.last_id, block["event"], json.loads(block["data"])))
