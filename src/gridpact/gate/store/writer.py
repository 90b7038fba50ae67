"""Writer: one thread that carries out all that waits in one transaction, and answers when it is on disk."""

import logging
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from gridpact.gate.store.database import Database
from gridpact.gate.store.transaction import Transaction
from gridpact.gate.words.refused import Refused

Answer = TypeVar("Answer")
GROUP_MAX, WAITING_MAX = 2_000, 20_000
_LOGGER = logging.getLogger("gridpact.gate")


def not_stored(detail: str) -> Refused:
    """The answer to what could not be stored."""
    return Refused(503, "not-stored", detail, headers={"Retry-After": "1"})


class _Work:
    """A unit of work and who waits for its answer."""

    __slots__ = ("answer", "carry_out", "future")

    def __init__(self, carry_out: Callable[[Transaction], Any]) -> None:
        self.carry_out = carry_out
        self.future: Future[Any] = Future()
        self.answer: Any = None


class Writer:
    """Group commit: units of work in the order in which they came, many in one transaction.

    A unit checks first and writes then: one that raises `Refused` has written nothing.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue: SimpleQueue[_Work | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def submit(self, carry_out: Callable[[Transaction], Answer]) -> "Future[Answer]":
        """Takes a unit of work on; its future is done once the answer is durable.

        Raises:
            Refused: 503, too much is waiting already.
        """
        if self._queue.qsize() >= WAITING_MAX:
            raise not_stored("Too many requests are waiting.")
        work = _Work(carry_out)
        self._queue.put(work)
        return work.future

    @property
    def is_alive(self) -> bool:
        """Whether its thread is."""
        return self._thread.is_alive()

    def carry_out(self, work: Callable[[Transaction], Answer]) -> Answer:
        """Carries a unit of work out, and waits for it."""
        return self.submit(work).result()

    def close(self) -> None:
        """Finishes what waits, and ends."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        is_open = True
        while is_open:
            group: list[_Work] = []
            item = self._queue.get()
            while item is not None:
                group.append(item)
                try:
                    item = self._queue.get_nowait() if len(group) < GROUP_MAX else _Full
                except Empty:
                    item = _Full
                if item is _Full:
                    break
            is_open = item is not None
            if group:
                self._carry_out_group(group)

    def _carry_out_group(self, group: list[_Work]) -> None:
        """Carries out a group together; where that fails, each by itself."""
        try:
            answers = self._committed(group)
        except Exception as error:
            if len(group) == 1:
                _LOGGER.error("could not be stored", exc_info=error)
                group[0].future.set_exception(not_stored("The database did not take it."))
                return
            for work in group:
                self._carry_out_group([work])
            return
        for work, answer in zip(group, answers, strict=True):
            if isinstance(answer, Refused):
                work.future.set_exception(answer)
            else:
                work.future.set_result(answer)

    def _committed(self, group: list[_Work]) -> list[Any]:
        """The answers of a group, once its transaction is committed."""
        answers: list[Any] = []
        with self._database.writing() as connection:
            transaction = Transaction(connection)
            transaction.lock_head()  # All writers, of all processes, follow each other.
            for work in group:
                before = transaction.writes
                try:
                    answers.append(work.carry_out(transaction))
                except Refused as refused:
                    if transaction.writes != before:
                        raise RuntimeError(f"refused after writing: {refused}") from refused
                    answers.append(refused)
            transaction.finish()
        return answers


_Full = _Work(lambda _: None)
