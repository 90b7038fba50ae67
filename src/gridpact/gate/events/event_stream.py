"""EventStream: events to one who listens, as a stream of text/event-stream."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from time import monotonic

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from gridpact.gate.access.visibility import concerns
from gridpact.gate.access.visitor import Visitor, no_key
from gridpact.gate.events.event_feed import EventFeed
from gridpact.gate.events.gate_event import GateEvent
from gridpact.gate.words.json_bodies import compact_json
from gridpact.gate.words.moments import Clock
from gridpact.gate.words.refused import Refused

EVENT_STREAM = "text/event-stream"
COMMENT_SECONDS = 15.0
SENDING_SECONDS = 30.0  # for which a client may take nothing in
STREAM_SECONDS = 900.0  # after which a client has to come again: one that is gone without a word is let go
AGAIN_SECONDS = 1.0
RETRY_MILLISECONDS = 2_000
COMMENT = b":\n\n"
_HEADERS = [
    (b"content-type", f"{EVENT_STREAM}; charset=utf-8".encode()),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # Proxies are not to keep what is meant for now.
]


class EventStream(Response):
    """An answer that goes on until the client, its key or the server ends it.

    Args:
        feed: of the serving process.
        visitor: who listens.
        after: the entry of the log after which it begins.
        end: of the log, as it was read lately.
        again: who it is now, where rights may have changed; refused with 401 where it is nobody any more.
        clock: the gate's time.
    """

    def __init__(
        self,
        feed: EventFeed,
        visitor: Visitor,
        after: int,
        end: int,
        again: Callable[[], Awaitable[Visitor]],
        clock: Clock,
    ) -> None:
        super().__init__(media_type=EVENT_STREAM)
        self._feed, self._visitor, self._after = feed, visitor, after
        self._end, self._again, self._clock = end, again, clock
        self._known_changes = -1  # Rights are asked for anew before the first event.

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends the stream."""
        with self._feed.stream_of(self._visitor.pseudonym, self._end):
            gone = asyncio.create_task(_gone(receive))
            try:
                await self._send(gone, send)
            finally:
                gone.cancel()

    async def _send(self, gone: "asyncio.Task[None]", send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})
        try:
            async for chunk in self._chunks(gone):
                await _sent(send, {"type": "http.response.body", "body": chunk, "more_body": True})
            if not gone.done():
                await _sent(send, {"type": "http.response.body", "body": b"", "more_body": False})
        except (TimeoutError, OSError):  # Nobody takes it in any more.
            return

    async def _chunks(self, gone: "asyncio.Task[None]") -> AsyncIterator[bytes]:
        """The text of the stream, until it is to end."""
        begun = said = monotonic()
        yield f"retry: {RETRY_MILLISECONDS}\nid: {self._after}\n\n".encode()
        while not (gone.done() or self._feed.is_ended or monotonic() - begun > STREAM_SECONDS):
            news = self._feed.news()
            try:
                chunk, has_more = await self._next()
            except Refused as refused:
                if refused.status == no_key().status:
                    return
                chunk, has_more = b"", False  # What cannot be told now is told later.
                news = asyncio.Event()
                asyncio.get_running_loop().call_later(AGAIN_SECONDS, news.set)
            if not chunk and monotonic() - said >= COMMENT_SECONDS:
                chunk = COMMENT
            if chunk:
                said = monotonic()
                yield chunk
            if not has_more:
                await _first_of(gone, news, max(said + COMMENT_SECONDS - monotonic(), 0.0))

    async def _next(self) -> tuple[bytes, bool]:
        """The events that are there for the visitor, and whether there are more behind them."""
        page = await self._feed.after(self._after)
        until = self._visitor.until
        if page.changed != self._known_changes or (until is not None and until <= self._clock()):
            self._visitor = await self._again()
            self._known_changes = page.changed
        self._after = page.until
        told = [event for event in page.events if concerns(self._visitor, event.audience)]
        return b"".join(map(event_text, told)), not page.is_last


def event_text(event: GateEvent) -> bytes:
    """An event as the lines of a stream."""
    return f"id: {event.sequence}\nevent: {event.kind}\ndata: {compact_json(event.facts)}\n\n".encode()


async def _gone(receive: Receive) -> None:
    """Waits until the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _sent(send: Send, message: Message) -> None:
    async with asyncio.timeout(SENDING_SECONDS):
        await send(message)


async def _first_of(gone: "asyncio.Task[None]", news: asyncio.Event, seconds: float) -> None:
    """Waits until there is more, the client has gone, or some seconds have passed."""
    waiting = asyncio.create_task(news.wait())
    try:
        await asyncio.wait({gone, waiting}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
