"""The worker's part in settlements: it makes the next one, and publishes it or says why it cannot."""

import logging
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from gridpact.errors import GridpactError, InvalidCase, Problem
from gridpact.gate.closing.lease_keeper import lease_kept
from gridpact.gate.settlement.settle_folder import settle_folder
from gridpact.gate.settlement.settlement_case import CASE, write_settlement_case
from gridpact.gate.settlement.settlement_jobs import (
    SettlingClaim,
    claim_settlement,
    fail_settlement,
    is_one_waiting,
    publish_settlement,
    renew_settlement,
)
from gridpact.gate.settlement.settlement_state import settlement_state
from gridpact.gate.settlement.table_cuts import Lines, with_lines_before
from gridpact.gate.store.database import OUTAGES, Database
from gridpact.gate.store.transaction import Transaction, carry_out
from gridpact.gate.watch.json_log import say
from gridpact.gate.words.moments import Clock

Said = list[dict[str, Any]]
PROBLEMS_MAX = 100


def settle_next(database: Database, clock: Clock, private: Mapping[str, Any], worker: str = "") -> str | None:
    """Makes the next settlement that waits, and gives its name; `None` where none waits.

    Args:
        database: of the gate.
        clock: the gate's time.
        private: the key that it signs with.
        worker: name of the worker, by which its leases are released once it is dead.
    """
    with database.reading() as connection:  # so that nothing is locked where nothing waits
        if not is_one_waiting(connection, clock()):
            return None
    claimed = carry_out(database, lambda transaction: claim_settlement(transaction, clock(), worker))
    if claimed is None:
        return None

    def keep(transaction: Transaction) -> bool:
        return renew_settlement(transaction, claimed, clock())

    held, folder = lease_kept(database, claimed.settlement, keep), tempfile.TemporaryDirectory
    with held, folder(prefix="gridpact-") as name:
        problems = _made(database, clock, private, claimed, Path(name))
        if problems:
            carry_out(database, lambda transaction: fail_settlement(transaction, claimed, problems, clock()))
            say("settlement failed", level=logging.ERROR, settlement=claimed.settlement)
    return claimed.settlement


def _made(
    database: Database, clock: Clock, private: Mapping[str, Any], claimed: SettlingClaim, folder: Path
) -> Said:
    """Makes and publishes a settlement, and gives what is wrong with it."""
    lines: Lines = {}
    try:
        with database.reading() as connection:
            state = settlement_state(connection, claimed.settlement)
            if state is None:
                return []
            lines = write_settlement_case(connection, state, folder)
        settled = settle_folder(folder)
        carry_out(
            database,
            lambda transaction: publish_settlement(transaction, claimed, settled, private, clock()),
        )
    except InvalidCase as error:
        return said_problems(error, lines, folder)
    except GridpactError as error:
        return [{"what": str(error).replace(f"{folder}/", "")}]
    except OUTAGES:  # The lease ends, and it is tried again.
        raise
    except Exception as error:
        say("settlement failed", level=logging.ERROR, error=error, settlement=claimed.settlement)
        return [{"what": "it could not be made, for a reason that the log of its worker has"}]
    return []


def said_problems(error: InvalidCase, lines: Lines, folder: Path) -> Said:
    """What is wrong with a case, as problems of what was put, each with file, line, field and remedy."""
    found = [one for problem in error.problems for one in _each(problem, lines, folder)]
    return found[:PROBLEMS_MAX]


def _each(problem: Problem, lines: Lines, folder: Path) -> Iterator[dict[str, Any]]:
    """A problem and those that it stands for, each where it is in what was put."""
    file = problem.file.replace(f"{folder.as_posix()}/", "").removeprefix(f"{CASE}/")
    for each in (problem, *problem.also):
        one = with_lines_before(replace(each, file=file, also=()), lines)
        parts = [file, *([str(one.line)] if one.line else []), *([one.field] if one.field else [])]
        yield {
            "pointer": "/" + "/".join(part.replace("~", "~0").replace("/", "~1") for part in parts),
            "file": file,
            "line": one.line or None,
            "field": one.field or None,
            "value": one.value,
            "what": one.what,
            "remedy": one.remedy,
        }
