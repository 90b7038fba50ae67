"""IncomingBody: what comes of a request's body, and what of it is thrown away when it is refused early.

A client that still sends when the connection closes never hears why. What it still has to send is therefore
read before a refusal is answered, as far as that is not much and keeps coming.
"""

import asyncio

from starlette.types import Message, Receive, Scope

DISCARDED_MAX = 8 * 1024 * 1024
QUIET_SECONDS, DISCARDING_SECONDS = 1.0, 10.0


class IncomingBody:
    """A body that is read by whoever answers.

    Args:
        scope: of the request.
        receive: gives its messages.
    """

    __slots__ = ("_headers", "_length", "_receive", "is_whole")

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._headers, self._receive = scope["headers"], receive
        self._length, self.is_whole = 0, False

    async def receive(self) -> Message:
        """The next message."""
        message = await self._receive()
        self._length += len(message.get("body", b""))
        self.is_whole = not message.get("more_body", False)
        return message

    async def discard(self) -> None:
        """Reads what is left, where it is worth it."""
        if self.is_whole or not self._is_worth_it():
            return
        most = self._length + DISCARDED_MAX
        try:
            async with asyncio.timeout(DISCARDING_SECONDS):
                while not self.is_whole and self._length <= most:
                    async with asyncio.timeout(QUIET_SECONDS):
                        await self.receive()
        except TimeoutError:
            return

    def _is_worth_it(self) -> bool:
        """Whether a client is sending, and not more than is read: one that expects `100` waits first."""
        headers = dict(self._headers)
        declared = headers.get(b"content-length", b"0")
        is_little = not declared.isdigit() or int(declared) - self._length <= DISCARDED_MAX
        return b"expect" not in headers and is_little
