"""Writer: one thread that carries out all that waits in one transaction, and answers when it is on disk."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from itertools import groupby
from queue import Empty, SimpleQueue
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from gridpact.gate.store.database import Database
from gridpact.gate.store.gate_tables import LOG
from gridpact.gate.store.transaction import LogHead, Transaction
from gridpact.gate.words.refused import Refused

Answer = TypeVar("Answer")
Part = TypeVar("Part")
Together = Callable[[Transaction, Sequence[Part]], Iterable[Answer | Refused]]
GROUP_MAX = 4_000  # submissions in one transaction
WAITING_MAX = 40_000  # submissions that wait
WAITING_SECONDS = 10.0  # after which what waits is refused
ASKING_SECONDS = 0.2
BUSY_MIN = 8  # requests in a transaction, from which on the next one lets more of them gather
GATHERED_MAX, GATHERING_SECONDS, GATHERING_STEP_SECONDS = 64, 0.02, 0.004
_LOGGER = logging.getLogger("gridpact.gate")


def not_stored(detail: str) -> Refused:
    """The answer to what could not be stored."""
    return Refused(503, "not-stored", detail, headers={"Retry-After": "1"})


class _Work:
    """A part of a unit of work, how much it is, and who waits for its answer."""

    __slots__ = ("carry_out", "future", "part", "since", "size")

    def __init__(
        self, carry_out: Together[Any, Any], part: Any, size: int, future: "Future[Any] | asyncio.Future[Any]"
    ) -> None:
        self.carry_out, self.part, self.size, self.future = carry_out, part, size, future
        self.since = monotonic()


class Writer:
    """Group commit: units of work in the order in which they came, many in one transaction.

    A unit checks first and writes then: one that raises `Refused` has written nothing.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue: SimpleQueue[_Work | None] = SimpleQueue()
        self._taken, self._done = 0, 0  # Each is changed by one thread alone.
        self._last_size = 0
        self.changed = 0  # `LogHead.changed` as the last transaction left it
        self._is_closing = Event()
        self._thread = Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def carry_out(self, work: Callable[[Transaction], Answer]) -> Answer:
        """Carries a unit of work out, and waits for it in this thread.

        Raises:
            Refused: it was refused, or could not be stored (503).
        """
        future: Future[Answer] = Future()
        self._put(_Work(_one_by_one, work, 1, future))
        return future.result()

    def submit(self, work: Callable[[Transaction], Answer]) -> "asyncio.Future[Answer]":
        """Takes a unit of work on; its future, of the running loop, is done once the answer is durable.

        Raises:
            Refused: 503, too much is waiting already.
        """
        return self.submit_part(_one_by_one, work, 1)

    @property
    def is_alive(self) -> bool:
        """Whether its thread is."""
        return self._thread.is_alive()

    def submit_part(
        self, carry_out: "Together[Part, Answer]", part: Part, size: int
    ) -> "asyncio.Future[Answer]":
        """Takes on what is carried out together with others of its kind that wait beside it.

        Args:
            carry_out: takes parts in their order, and gives for each its answer or why it is refused.
            part: one of them.
            size: how many submissions it has.

        Raises:
            Refused: 503, too much is waiting already.
        """
        if self._taken - self._done >= WAITING_MAX:
            raise not_stored("Too many requests are waiting.")
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._put(_Work(carry_out, part, size, future))
        return future

    def close(self) -> None:
        """Finishes what waits, and ends."""
        self._is_closing.set()
        self._queue.put(None)
        self._thread.join()

    def _put(self, work: _Work) -> None:
        self._taken += work.size
        self._queue.put(work)

    def _run(self) -> None:
        is_open = True
        while is_open:
            group, is_open = self._next_group()
            if group:
                self._last_size = len(group)
                self._done += sum(work.size for work in group)
                in_time = _in_time(group)
                if in_time:
                    self._carry_out_group(in_time)

    def _next_group(self) -> tuple[list[_Work], bool]:
        """All that waits, as far as it is to go into one transaction, and whether more can come.

        Under load it waits a little: what a transaction takes whatever its size is then shared by more.
        """
        group: list[_Work] = []
        size = 0
        item = self._queue.get()
        if self._last_size >= BUSY_MIN:
            self._gather()
        while item is not None:
            group.append(item)
            size += item.size
            try:
                if size >= GROUP_MAX:
                    return group, True
                item = self._queue.get_nowait()
            except Empty:
                return group, True
        return group, False

    def _gather(self) -> None:
        """Waits until many requests wait, though not for long."""
        end = monotonic() + GATHERING_SECONDS
        while self._queue.qsize() < GATHERED_MAX and monotonic() < end:
            sleep(GATHERING_STEP_SECONDS)

    def _carry_out_group(self, group: list[_Work]) -> None:
        """Carries out a group together; where that fails, its halves."""
        try:
            answers = self._committed(group)
        except Exception as error:
            if len(group) == 1 or not self._answers():
                _LOGGER.error("could not be stored", exc_info=error)
                _settle([(work, not_stored("The database did not take it.")) for work in group])
                return
            middle = len(group) // 2
            for half in (group[:middle], group[middle:]):
                self._carry_out_group(half)
            return
        _settle(list(zip(group, answers, strict=True)))

    def _answers(self) -> bool:
        """Whether the database does."""
        try:
            with self._database.reading() as connection:
                connection.execute(select(LOG.c.sequence).limit(1)).first()
        except SQLAlchemyError:
            return False
        return True

    def _committed(self, group: list[_Work]) -> list[Any]:
        """The answers of a group, once its transaction is committed."""
        answers: list[Any] = []
        end: LogHead | None = None
        is_whole = False
        try:
            with self._database.writing() as connection:
                transaction = Transaction(connection)
                transaction.lock_head()  # All writers, of all processes, follow each other.
                for carry_out, works in groupby(group, lambda work: work.carry_out):
                    answers += carry_out(transaction, [work.part for work in works])
                end = transaction.finish()
                changed = transaction.lock_head().changed
                is_whole = True
        except Exception:
            if not is_whole or end is None or not self._is_stored(end):
                raise
        self.changed = changed
        return answers

    def _is_stored(self, end: LogHead) -> bool:
        """Whether a transaction whose commit got no answer was committed all the same.

        It waits for the database, and gives no answer in place of one: what gets 503 is not stored.
        """
        while True:
            try:
                with self._database.writing() as connection:
                    Transaction(connection).lock_head()  # Until the database has done with that transaction.
                    chain = connection.execute(select(LOG.c.chain).where(LOG.c.sequence == end.sequence))
                    return chain.scalar() == end.chain.hex()
            except SQLAlchemyError as error:
                _LOGGER.error("not known whether it is stored: %s", type(error).__name__)
                if self._is_closing.wait(ASKING_SECONDS):
                    raise _Unknown from error


class _Unknown(BaseException):
    """The gate ends, and nobody knows whether something was stored: it gets no answer."""


def _one_by_one(transaction: Transaction, works: Sequence[Callable[[Transaction], Any]]) -> Iterator[Any]:
    """Carries out units of work each by itself."""
    for work in works:
        before = transaction.writes
        try:
            answer = work(transaction)
        except Refused as refused:
            if transaction.writes != before:
                raise RuntimeError(f"refused after writing: {refused}") from refused
            answer = refused
        yield answer


def _in_time(group: list[_Work]) -> list[_Work]:
    """What of a group has not waited too long; the rest is refused."""
    since = monotonic() - WAITING_SECONDS
    late = [work for work in group if work.since < since]
    if late:
        _settle([(work, not_stored("It waited too long.")) for work in late])
    return [work for work in group if work.since >= since] if late else group


def _settle(outcomes: list[tuple[_Work, Any]]) -> None:
    """Tells those who wait what came of it, each loop at once."""
    of_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Any]]] = defaultdict(list)
    for work, outcome in outcomes:
        if isinstance(work.future, asyncio.Future):
            of_loop[work.future.get_loop()].append((work.future, outcome))
        elif isinstance(outcome, Refused):
            work.future.set_exception(outcome)
        else:
            work.future.set_result(outcome)
    for loop, told in of_loop.items():
        try:
            loop.call_soon_threadsafe(_tell, told)
        except RuntimeError:  # The loop has ended, and with it who waited.
            continue


def _tell(told: list[tuple["asyncio.Future[Any]", Any]]) -> None:
    for future, outcome in told:
        if future.done():  # Who waited has gone.
            continue
        if isinstance(outcome, Refused):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
