"""crew_of: the workers of a run, on this machine or on a cluster."""

from contextlib import AbstractContextManager

from gridpact.fleet.workers.batches import Crew
from gridpact.fleet.workers.dask_crew import dask_crew
from gridpact.fleet.workers.local_crew import local_crew


def crew_of(scheduler: str, workers: int | None) -> AbstractContextManager[Crew]:
    """The workers of the Dask scheduler at an address; without one, processes on this machine.

    Args:
        scheduler: its address, or nothing.
        workers: how many processes on this machine, as many as there are cores for none.

    Raises:
        InvalidUsage: nothing answers at the address.
        GridpactError: no worker has come up.
    """
    return dask_crew(scheduler) if scheduler else local_crew(workers)
