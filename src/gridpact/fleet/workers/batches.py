"""Batches of cases, and how they are handed to workers: never more at a time than keep these busy.

So memory does not grow with the fleet, and a batch is large enough to keep the cost of handing it over small.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from time import monotonic, sleep
from typing import TYPE_CHECKING

from gridpact.errors import GridpactError
from gridpact.fleet.rows.fleet_tables import failed_row
from gridpact.fleet.workers.cluster import WORKERS_SECONDS
from gridpact.fleet.workers.worker import Batch, Done, Plan, clear_batch

if TYPE_CHECKING:
    from distributed import Client, Future, as_completed

BATCH_MAX = 25
SHARES_PER_WORKER = 4
AHEAD_PER_WORKER, AHEAD = 2, 1
LOST_MAX = 5
POLL_SECONDS, LOOK_SECONDS = 0.02, 1.0
LOST = f"the workers that were given this case were killed before it began, {LOST_MAX} times"


def batches(cases: Sequence[tuple[int, str]], workers: Callable[[], int]) -> Iterator[Batch]:
    """The cases in their order, in batches that shrink towards the end, so that all workers end together."""
    first = 0
    while first < len(cases):
        size = (len(cases) - first) // (SHARES_PER_WORKER * max(workers(), 1))
        end = first + min(max(size, 1), BATCH_MAX)
        yield cases[first:end]
        first = end


def done_in_batches(client: "Client", plan: Plan, cases: Sequence[tuple[int, str]]) -> Iterator[list[Done]]:
    """The cases that workers are done with, as they come in.

    Args:
        client: of the cluster.
        plan: of the run.
        cases: number and path of each, in an order that puts equal networks next to each other.

    Raises:
        GridpactError: the cluster is gone, or a worker cannot work at all.
    """
    from distributed import as_completed

    def workers() -> int:
        return sum(client.nthreads().values())

    waiting = batches(cases, workers)
    pending: dict[Future, Batch] = {}
    lost: dict[int, int] = {}
    completed = as_completed(loop=client.loop)

    def submit(batch: Batch) -> None:
        future = client.submit(clear_batch, plan, batch, pure=False)
        pending[future] = batch
        completed.add(future)

    def top_up() -> None:
        room = AHEAD_PER_WORKER * workers() + AHEAD - len(pending)
        for _, batch in zip(range(room), waiting, strict=False):
            submit(batch)

    top_up()
    while pending:
        _wait(completed, workers)
        future = next(completed)
        batch = pending.pop(future)
        done = _result(future)
        future.release()
        if done is not None:
            yield done
        else:
            yield _given_up(batch, lost)
            for case in batch:
                if lost[case[0]] <= LOST_MAX:
                    submit([case])
        top_up()


def _wait(completed: "as_completed", workers: Callable[[], int]) -> None:
    """Waits for a batch as long as there are workers, or new ones come up in time."""
    looked = deserted = monotonic()
    while not completed.has_ready():
        sleep(POLL_SECONDS)
        now = monotonic()
        if now - looked < LOOK_SECONDS:
            continue
        looked = now
        with suppress(OSError):  # Where the scheduler is gone, its batches come back as cancelled.
            deserted = now if workers() else deserted
        if now - deserted > WORKERS_SECONDS:
            raise GridpactError(
                f"there has been no worker for {WORKERS_SECONDS} seconds; can they import gridpact? "
                "start again, what is complete is kept"
            )


def _given_up(batch: Batch, lost: dict[int, int]) -> list[Done]:
    """The cases of a batch that was lost once more than can be by chance; the others count it."""
    found = []
    for number, path in batch:
        lost[number] = lost.get(number, 0) + 1
        if lost[number] > LOST_MAX:
            found.append(Done(number=number, row=failed_row(path, LOST)))
    return found


def _result(future: "Future") -> list[Done] | None:
    """What a batch gave; `None` where its workers were killed again and again."""
    from distributed.scheduler import KilledWorker

    try:  # This waits again where the worker was killed before its rows had come over.
        done: list[Done] = future.result()
    except KilledWorker:
        return None
    except CancelledError as error:
        raise GridpactError("the Dask cluster is gone; start again, what is complete is kept") from error
    return done
