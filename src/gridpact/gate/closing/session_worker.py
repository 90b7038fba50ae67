"""The worker: seals what has closed, clears what is sealed, publishes what is cleared."""

import logging
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from gridpact.errors import GridpactError, InvalidCase
from gridpact.gate.closing.clear_session import clear_session, sealed_case_of
from gridpact.gate.closing.clearing_jobs import Claim, claim, fail, publish, renew, seal_case
from gridpact.gate.closing.sealed_case import write_sealed_case
from gridpact.gate.store.database import Database
from gridpact.gate.store.transaction import carry_out
from gridpact.gate.watch.json_log import say
from gridpact.gate.words.moments import Clock

RENEWAL_SECONDS = 5.0


def clear_next(database: Database, clock: Clock, private: Mapping[str, Any], worker: str = "") -> str | None:
    """Clears the next sealed session and publishes it, and gives its name; `None` where none waits.

    Args:
        database: of the gate.
        clock: the gate's time.
        private: the key that it signs with.
        worker: name of the worker, by which its leases are released once it is dead.
    """
    claimed = carry_out(database, lambda transaction: claim(transaction, clock(), worker))
    if claimed is None:
        return None
    files: Mapping[str, bytes] = {}
    with _held(database, clock, claimed), tempfile.TemporaryDirectory(prefix="gridpact-") as name:
        try:
            problems, files = _clear(database, clock, private, claimed, Path(name))
        except InvalidCase as error:
            problems = tuple(str(problem) for problem in error.problems)
        except GridpactError as error:
            problems = (str(error),)
        except (
            SQLAlchemyError,
            OSError,
        ):  # Neither is about the session: the lease ends, and it is tried again.
            raise
        except Exception as error:
            say("session failed", level=logging.ERROR, error=error, session=claimed.session)
            problems = ("it could not be cleared, for a reason that the log of its worker has",)
        if problems:
            carry_out(database, lambda transaction: fail(transaction, claimed, problems, clock(), files))
            say("session failed", level=logging.ERROR, session=claimed.session)
    return claimed.session


def _clear(
    database: Database, clock: Clock, private: Mapping[str, Any], claimed: Claim, folder: Path
) -> tuple[tuple[str, ...], Mapping[str, bytes]]:
    """Clears a session in a folder of its own, and gives what is wrong with the result, and its files."""
    with database.reading() as connection:
        commitments = write_sealed_case(connection, claimed.session, folder)
    case = sealed_case_of(folder, commitments)

    def sign(transaction: Any) -> bool:
        return seal_case(transaction, claimed, case.inputs_sha256, private, clock())

    if not carry_out(database, sign):
        return (), {}
    cleared = clear_session(case, folder)
    if not cleared.problems:
        carry_out(database, lambda transaction: publish(transaction, claimed, cleared, private, clock()))
    return cleared.problems, cleared.files


@contextmanager
def _held(database: Database, clock: Clock, claimed: Claim) -> Iterator[None]:
    """Renews a claim until the work on it ends."""
    done = Event()

    def keep() -> None:
        while not done.wait(RENEWAL_SECONDS):
            try:
                if not carry_out(database, lambda transaction: renew(transaction, claimed, clock())):
                    return
            except SQLAlchemyError as error:  # The lease may run out, and the fence holds all the same.
                say("could not renew a lease", level=logging.ERROR, error=error)

    thread = Thread(target=keep, name=f"lease of {claimed.session}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
