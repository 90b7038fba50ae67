"""The Dask cluster that a fleet is cleared on: one of its own on this machine, or one that runs already."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from gridpact.errors import GridpactError, InvalidUsage
from gridpact.fleet.workers.uninterrupted import uninterrupted

if TYPE_CHECKING:
    from distributed import Client

LOOPBACK = "127.0.0.1"
CONNECT_SECONDS = 15
WORKERS_SECONDS = 120
_ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
# No pages over HTTP, no profile of what runs, and fewer looks at the clock and the memory of processes than
# Dask's 50 and 10 a second: all that costs time. Libraries that calculate with several threads would fight.
# Dask's own MALLOC_TRIM_THRESHOLD_ is left out: with it, memory goes back to the system after every step of a
# case, and coming by it again takes an eighth of the time.
_LOCAL_SETTINGS = {
    "distributed.nanny.pre-spawn-environ": dict.fromkeys(_ONE_THREAD, 1),
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.worker.memory.monitor-interval": "500ms",
    "distributed.scheduler.no-workers-timeout": f"{WORKERS_SECONDS}s",
}


@contextmanager
def connected(scheduler: str, workers: int | None) -> Iterator["Client"]:
    """A client of the scheduler at an address; without one, of a cluster that ends with it.

    A cluster of its own has `workers` processes with one thread each, as many as there are cores for none.
    It is reached from this machine only, over the loopback interface.

    Raises:
        InvalidUsage: nothing answers at the address.
        GridpactError: no worker has come up.
    """
    with _at(scheduler) if scheduler else _of_this_machine(workers) as client:
        _wait_for_workers(client)
        yield client


@contextmanager
def _of_this_machine(workers: int | None) -> Iterator["Client"]:
    """A cluster on this machine, closed at the end."""
    import dask
    from dask.system import CPU_COUNT
    from distributed import Client, LocalCluster

    with dask.config.set(_LOCAL_SETTINGS):
        started = ExitStack()
        try:
            with uninterrupted(), _start_explained():
                cluster = LocalCluster(
                    n_workers=workers or CPU_COUNT,
                    threads_per_worker=1,
                    processes=True,
                    host=LOOPBACK,
                    dashboard_address=None,
                    scheduler_kwargs={"dashboard": False, "dashboard_address": f"{LOOPBACK}:0"},
                    silence_logs=logging.CRITICAL,
                )
                started.enter_context(cluster)
                client = started.enter_context(Client(cluster, set_as_default=False))
            yield client
        finally:
            with uninterrupted():
                started.close()


@contextmanager
def _start_explained() -> Iterator[None]:
    """Turns what keeps a cluster from starting into a failure in words."""
    try:
        yield
    except (RuntimeError, OSError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise GridpactError(
            f"the workers could not be started: {reason}; start again, what is complete is kept"
        ) from error


def _at(scheduler: str) -> "Client":
    """A client of the scheduler that runs at an address."""
    from distributed import Client
    from distributed.comm import get_address_host_port, resolve_address

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
