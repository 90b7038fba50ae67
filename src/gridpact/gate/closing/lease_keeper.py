"""A lease that is kept for as long as the work goes on that it is for."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from sqlalchemy.exc import SQLAlchemyError

from gridpact.gate.store.database import Database
from gridpact.gate.store.transaction import Transaction, carry_out
from gridpact.gate.watch.json_log import say

RENEWAL_SECONDS = 5.0


@contextmanager
def lease_kept(database: Database, name: str, renew: Callable[[Transaction], bool]) -> Iterator[None]:
    """Renews a lease until the work on it ends, or somebody else has it.

    Args:
        database: of the gate.
        name: of what is worked on.
        renew: renews it once, and says whether it is held still.
    """
    done = Event()

    def keep() -> None:
        while not done.wait(RENEWAL_SECONDS):
            try:
                if not carry_out(database, renew):
                    return
            except SQLAlchemyError as error:  # The lease may run out, and the fence holds all the same.
                say("could not renew a lease", level=logging.ERROR, error=error)

    thread = Thread(target=keep, name=f"lease of {name}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
