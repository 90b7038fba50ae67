"""Submissions that come at the same time are checked as one table, which costs little more than one row."""

import asyncio
from typing import Any

from starlette.concurrency import run_in_threadpool

from gridpact.gate.door.meaning import problems_by_document
from gridpact.gate.market.session_frames import SessionFrame
from gridpact.gate.words.refused import FieldProblem

Waiting = list[tuple[Any, "asyncio.Future[list[FieldProblem]]"]]


class ChecksTogether:
    """Checks what waits of one session and kind together, while the next ones gather."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, int], Waiting] = {}
        self._tasks: dict[tuple[str, int], asyncio.Task[None]] = {}

    async def problems(self, kind: str, document: Any, frame: SessionFrame) -> list[FieldProblem]:
        """Everything that is wrong with an order or a trade."""
        key = kind, id(frame)  # The task holds the frame, so that no other one gets its id meanwhile.
        future: asyncio.Future[list[FieldProblem]] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, []).append((document, future))
        if key not in self._tasks:
            self._tasks[key] = asyncio.create_task(self._check(key, frame))
        return await future

    async def _check(self, key: tuple[str, int], frame: SessionFrame) -> None:
        """Checks the documents that wait for a session in one go, and those that come meanwhile."""
        while waiting := self._waiting.pop(key, None):
            documents = [document for document, _ in waiting]
            try:
                found = await run_in_threadpool(problems_by_document, key[0], documents, frame)
            except Exception as error:
                for _, future in waiting:
                    if not future.done():
                        future.set_exception(error)
                continue
            for (_, future), problems in zip(waiting, found, strict=True):
                if not future.done():
                    future.set_result(problems)
        del self._tasks[key]
