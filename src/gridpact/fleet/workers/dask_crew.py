"""The workers of a Dask cluster that runs already; Dask is an extra."""

from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from time import monotonic, sleep
from typing import TYPE_CHECKING

from gridpact.errors import GridpactError, InvalidUsage
from gridpact.fleet.workers.batches import Answer, Task

if TYPE_CHECKING:
    from distributed import Client, Future

CONNECT_SECONDS = 15
WORKERS_SECONDS = 120
POLL_SECONDS, LOOK_SECONDS = 0.02, 1.0


@contextmanager
def dask_crew(scheduler: str) -> Iterator["DaskCrew"]:
    """The workers of the scheduler at an address.

    Raises:
        InvalidUsage: nothing answers at the address.
        GridpactError: no worker has come up.
    """
    with _at(scheduler) as client:
        _wait_for_workers(client)
        yield DaskCrew(client)


class DaskCrew:
    """The workers that a client of Dask reaches."""

    def __init__(self, client: "Client") -> None:
        from distributed import as_completed

        self._client = client
        self._completed: as_completed = as_completed(loop=client.loop)
        self._numbers: dict[Future, int] = {}

    def workers(self) -> int:
        """How many processes there are."""
        return len(self._client.nthreads())

    def submit(self, number: int, task: Task) -> None:
        """Has a task done; tried again by Dask itself where its worker is killed."""
        future = self._client.submit(task, pure=False)
        self._numbers[future] = number
        self._completed.add(future)

    def next_done(self) -> tuple[int, Answer]:
        """The number of a task that is done, and its answer; `None` where its workers were killed.

        Raises:
            Exception: what the task has raised.
            GridpactError: the cluster is gone.
        """
        self._wait()
        future = next(self._completed)
        number = self._numbers.pop(future)
        try:
            return number, _result(future)
        finally:
            future.release()

    def _wait(self) -> None:
        """Waits for a batch as long as there are workers, or new ones come up in time."""
        looked = deserted = monotonic()
        while not self._completed.has_ready():
            sleep(POLL_SECONDS)
            now = monotonic()
            if now - looked < LOOK_SECONDS:
                continue
            looked = now
            with suppress(OSError):  # Where the scheduler is gone, its batches come back as cancelled.
                deserted = now if self.workers() else deserted
            if now - deserted > WORKERS_SECONDS:
                raise GridpactError(
                    f"there has been no worker for {WORKERS_SECONDS} seconds; can they import gridpact? "
                    "start again, what is complete is kept"
                )


def _result(future: "Future") -> Answer:
    """What a batch gave; `None` where its workers were killed again and again."""
    from distributed.scheduler import KilledWorker

    try:  # This waits again where the worker was killed before its rows had come over.
        answer: Answer = future.result()
    except KilledWorker:
        return None
    except CancelledError as error:
        raise GridpactError("the Dask cluster is gone; start again, what is complete is kept") from error
    return answer


def _at(scheduler: str) -> "Client":
    """A client of the scheduler that runs at an address."""
    import dask
    from distributed import Client
    from distributed.comm import get_address_host_port, resolve_address

    # What matters is said in the rows, and at the end.
    dask.config.set({"logging": {"distributed": "critical", "distributed.client": "critical"}})
    try:
        get_address_host_port(scheduler)
        resolve_address(scheduler)
        return Client(scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InvalidUsage(
            f"no Dask scheduler answers at {scheduler}: {reason}", "write its address, as in tcp://host:8786"
        ) from error


def _wait_for_workers(client: "Client") -> None:
    """Waits until there is a worker, and no longer than is of use."""
    try:
        client.wait_for_workers(1, timeout=WORKERS_SECONDS)
    except TimeoutError as error:
        raise GridpactError(f"no worker has come up within {WORKERS_SECONDS} seconds") from error
