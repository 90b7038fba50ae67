"""The sender: requests at their moments over connections that are kept, at little cost of its own.

Requests are bytes that were made before. Latency is counted from the moment at which a request was due, so
that a gate that makes others wait is not spared what they waited.
"""

import asyncio
from collections import Counter, deque
from dataclasses import dataclass, field

END = b"\r\n\r\n"
LENGTH = b"content-length:"


@dataclass(slots=True)
class Outcome:
    """What came of requests, by their places in the list."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    bodies: dict[int, bytes] = field(default_factory=dict)
    unanswered: list[int] = field(default_factory=list)
    wall_seconds: float = 0.0

    def at(self, fraction: float) -> float:
        """The latency that a fraction of the requests did not exceed, s."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(fraction * len(ordered)))] if ordered else float("nan")


class _Connection(asyncio.Protocol):
    def __init__(self, sender: "_Sender") -> None:
        self._sender, self._loop = sender, asyncio.get_running_loop()
        self._buffer = bytearray()
        self._place, self._due = -1, 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]
        self.next()

    def next(self) -> None:
        """Takes the next request, and sends it when it is due."""
        sender = self._sender
        if not sender.waiting or self._transport is None:
            self._place = -1
            sender.idle()
            return
        self._place = sender.waiting.popleft()
        self._due = sender.begin + self._place * sender.gap
        wait = self._due - self._loop.time()
        if wait > 0.0:
            self._loop.call_later(wait, self._send)
        else:
            self._send()

    def _send(self) -> None:
        if self._transport is None:
            self._sender.lost(self._place)
            return
        self._transport.write(self._sender.requests[self._place])

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer
        buffer += data
        head = buffer.find(END)
        if head < 0:
            return
        place = buffer.lower().find(LENGTH, 0, head)
        length = int(buffer[place + len(LENGTH) : buffer.index(b"\r", place)]) if place >= 0 else 0
        if len(buffer) < head + len(END) + length:
            return
        status = int(buffer[9:12])
        self._sender.answered(self._place, status, bytes(buffer[head + len(END) :]), self._due)
        buffer.clear()
        self.next()

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        if self._place >= 0:
            self._sender.lost(self._place)
            self._place = -1


class _Sender:
    def __init__(self, requests: list[bytes], gap: float, connections: int) -> None:
        self.requests, self.gap, self.connections = requests, gap, connections
        self.waiting = deque(range(len(requests)))
        self.outcome = Outcome()
        self.begin = 0.0
        self._left = len(requests)
        self._loop = asyncio.get_running_loop()
        self.done = asyncio.Event()

    def answered(self, place: int, status: int, body: bytes, due: float) -> None:
        self.outcome.seconds.append(self._loop.time() - due)
        self.outcome.statuses[status] += 1
        self.outcome.bodies[place] = b"%d " % status + body
        self._one_less()

    def lost(self, place: int) -> None:
        self.outcome.unanswered.append(place)
        self._one_less()

    def _one_less(self) -> None:
        self._left -= 1
        if not self._left:
            self.done.set()

    def idle(self) -> None:
        """Nothing is left to send."""


async def send(
    port: int, requests: list[bytes], *, seconds: float = 0.0, connections: int = 200, patience: float = 120.0
) -> Outcome:
    """Sends requests, evenly over a time, or as fast as they are answered.

    Args:
        port: on loopback.
        requests: whole ones, head and body.
        seconds: over which they are due; 0 for at once.
        connections: how many are open.
        patience: seconds after the last one was due, after which what is not answered is given up.
    """
    loop = asyncio.get_running_loop()
    sender = _Sender(requests, seconds / max(1, len(requests)), connections)
    sender.begin = loop.time() + 0.2
    opened = await asyncio.gather(
        *(loop.create_connection(lambda: _Connection(sender), "127.0.0.1", port) for _ in range(connections)),
        return_exceptions=True,
    )
    try:
        await asyncio.wait_for(sender.done.wait(), seconds + patience)
    except TimeoutError:
        sender.outcome.unanswered += list(sender.waiting)
    sender.outcome.wall_seconds = loop.time() - sender.begin
    for each in opened:
        if not isinstance(each, BaseException):
            each[0].close()
    return sender.outcome


def request(port: int, path: str, secret: str, body: bytes, jws: str | None = None) -> bytes:
    """A POST of JSON as bytes."""
    signature = f"JWS-Signature: {jws}\r\n" if jws else ""
    head = (
        f"POST /api/v1{path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {secret}\r\n"
        f"Content-Type: application/json\r\n{signature}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
