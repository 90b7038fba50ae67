"""The worker: seals what has closed, clears what is sealed, publishes what is cleared."""

import logging
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gridpact.errors import GridpactError, InvalidCase
from gridpact.gate.closing.clear_session import clear_session, sealed_case_of
from gridpact.gate.closing.clearing_jobs import Claim, claim, fail, publish, renew, seal_case
from gridpact.gate.closing.lease_keeper import lease_kept
from gridpact.gate.closing.sealed_case import write_sealed_case
from gridpact.gate.store.database import OUTAGES, Database
from gridpact.gate.store.transaction import Transaction, carry_out
from gridpact.gate.watch.json_log import say
from gridpact.gate.words.moments import Clock


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

    def keep(transaction: Transaction) -> bool:
        return renew(transaction, claimed, clock())

    with lease_kept(database, claimed.session, keep), tempfile.TemporaryDirectory(prefix="gridpact-") as name:
        try:
            problems, files = _clear(database, clock, private, claimed, Path(name))
        except InvalidCase as error:
            problems = tuple(str(problem) for problem in error.problems)
        except GridpactError as error:
            problems = (str(error),)
        except OUTAGES:  # The lease ends, and it is tried again.
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
