"""The workers of a fleet on this machine: processes of Python's own, handed one batch after another."""

import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any

from gridpact.errors import GridpactError
from gridpact.fleet.workers.batches import Answer, Task
from gridpact.fleet.workers.cores import cores
from gridpact.fleet.workers.uninterrupted import uninterrupted

PROGRAM = "gridpact.fleet.workers.local_worker"
STARTS_MAX = 3
_ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_NO_TASK = -1


@contextmanager
def local_crew(workers: int | None) -> Iterator["LocalCrew"]:
    """So many processes, as many as there are cores for none, which are gone at the end."""
    with uninterrupted():
        crew = LocalCrew(workers or cores())
    try:
        yield crew
    finally:
        with uninterrupted():
            crew.close()


class LocalCrew:
    """Processes on this machine, and a thread for each, which hands it tasks.

    A process that was killed is started again, and its batch comes back as lost. To be made while Ctrl-C is
    held back: threads and processes inherit that.
    """

    def __init__(self, count: int) -> None:
        self._tasks = SimpleQueue[tuple[int, Task] | None]()
        self._answers = SimpleQueue[tuple[int, Answer | Exception]]()
        self._hands = [_Hand() for _ in range(count)]
        self._threads = [Thread(target=self._serve, args=(hand,), daemon=True) for hand in self._hands]
        for thread in self._threads:
            thread.start()

    def workers(self) -> int:
        """How many there are."""
        return len(self._hands)

    def submit(self, number: int, task: Task) -> None:
        """Has a task done by whoever is free first."""
        self._tasks.put((number, task))

    def next_done(self) -> tuple[int, Answer]:
        """The number of a task that is done, and its answer; `None` where its worker was killed.

        Raises:
            Exception: what the task has raised, or why workers cannot be started.
        """
        number, answer = self._answers.get()
        if isinstance(answer, Exception):
            raise answer
        return number, answer

    def close(self) -> None:
        """Ends all processes, wherever they are."""
        for hand in self._hands:
            hand.close()
            self._tasks.put(None)
        for thread in self._threads:
            thread.join()

    def _serve(self, hand: "_Hand") -> None:
        try:
            hand.start()
            while (handed := self._tasks.get()) is not None:
                number, task = handed
                self._answers.put((number, hand.answer(task)))
        except Exception as error:  # which would end this thread, and leave the run waiting for it
            self._answers.put((_NO_TASK, error))
        finally:
            hand.see_off()


class _Hand:
    """A process that works, or the next one after it was killed."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._is_closed = False
        self._lock = Lock()

    def start(self) -> None:
        """Starts a process, and waits until it can work.

        Raises:
            GridpactError: it does not come up, again and again.
        """
        reason = ""
        for _ in range(STARTS_MAX):
            try:
                with self._lock:
                    if self._is_closed:
                        return
                    self._process = _started()
                self._heard()
                return
            except OSError as error:
                reason = " ".join(str(error).split())
            except EOFError:
                reason = "they ended before they could work"
            self.see_off()
        if not self._is_closed:
            raise GridpactError(
                f"the workers could not be started: {reason}; start again, what is complete is kept"
            )

    def answer(self, task: Task) -> Answer | Exception:
        """What a task gives or raises; `None` where the process was killed in its midst."""
        try:
            self._say(task)
            answer: Answer | Exception = self._heard()
            return answer
        except (EOFError, OSError):
            self.see_off()
            self.start()
            return None

    def close(self) -> None:
        """Ends the process for good."""
        with self._lock:
            self._is_closed = True
            if self._process is not None:
                self._process.kill()

    def _say(self, task: Task) -> None:
        process = self._process
        if process is None or process.stdin is None:
            raise EOFError
        pickle.dump(task, process.stdin)
        process.stdin.flush()

    def _heard(self) -> Any:
        process = self._process
        if process is None or process.stdout is None:
            raise EOFError
        try:
            return pickle.load(process.stdout)
        except pickle.UnpicklingError as error:  # it was cut off
            raise EOFError from error

    def see_off(self) -> None:
        """Sees a process off, of which nothing more is to be heard."""
        with self._lock:
            process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(OSError):  # what was not written yet, to nobody
                    stream.close()
        process.wait()


def _started() -> "subprocess.Popen[bytes]":
    """A process that imports what this one does, with one thread to calculate unless told otherwise."""
    path = os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path)
    return subprocess.Popen(
        [sys.executable, "-P", "-m", PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**dict.fromkeys(_ONE_THREAD, "1"), **os.environ, "PYTHONPATH": path},
    )
