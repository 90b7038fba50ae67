"""Batches of cases, and how they are handed to workers: never more at a time than keep these busy.

So memory does not grow with the fleet, and a batch is large enough to keep the cost of handing it over small.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count
from typing import Protocol

from gridpact.fleet.rows.fleet_tables import failed_row
from gridpact.fleet.workers.worker import Batch, Done, Plan, clear_batch

BATCH_MAX = 25
SHARES_PER_WORKER = 4
AHEAD_PER_WORKER, AHEAD = 2, 1
LOST_MAX = 5
LOST = f"the workers that were given this case were killed before it began, {LOST_MAX} times"

Answer = list[Done] | None  # nothing where the workers that were given the batch were killed
Task = Callable[[], list[Done]]


class Crew(Protocol):
    """The workers of a fleet, wherever they are."""

    def workers(self) -> int:
        """How many there are."""

    def submit(self, number: int, task: Task) -> None:
        """Has a task done, which can be pickled."""

    def next_done(self) -> tuple[int, Answer]:
        """Waits for a task, and gives its number and what it gave; raises what it raised."""


def batches(cases: Sequence[tuple[int, str]], workers: Callable[[], int]) -> Iterator[Batch]:
    """The cases in their order, in batches that shrink towards the end, so that all workers end together."""
    first = 0
    while first < len(cases):
        size = (len(cases) - first) // (SHARES_PER_WORKER * max(workers(), 1))
        end = first + min(max(size, 1), BATCH_MAX)
        yield cases[first:end]
        first = end


def done_in_batches(crew: Crew, plan: Plan, cases: Sequence[tuple[int, str]]) -> Iterator[list[Done]]:
    """The cases that workers are done with, as they come in.

    Args:
        crew: the workers.
        plan: of the run.
        cases: number and path of each, in an order that puts equal networks next to each other.

    Raises:
        GridpactError: the workers are gone, or one cannot work at all.
    """
    waiting = batches(cases, crew.workers)
    numbers = count()
    pending: dict[int, Batch] = {}
    lost: dict[int, int] = {}

    def submit(batch: Batch) -> None:
        number = next(numbers)
        pending[number] = batch
        crew.submit(number, partial(clear_batch, plan, batch))

    def top_up() -> None:
        room = AHEAD_PER_WORKER * crew.workers() + AHEAD - len(pending)
        for _, batch in zip(range(room), waiting, strict=False):
            submit(batch)

    top_up()
    while pending:
        number, done = crew.next_done()
        batch = pending.pop(number)
        if done is not None:
            yield done
        else:
            yield _given_up(batch, lost)
            for case in batch:
                if lost[case[0]] <= LOST_MAX:
                    submit([case])
        top_up()


def _given_up(batch: Batch, lost: dict[int, int]) -> list[Done]:
    """The cases of a batch that was lost once more than can be by chance; the others count it."""
    found = []
    for number, path in batch:
        lost[number] = lost.get(number, 0) + 1
        if lost[number] > LOST_MAX:
            found.append(Done(number=number, row=failed_row(path, LOST)))
    return found
