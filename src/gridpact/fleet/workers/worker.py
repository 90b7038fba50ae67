"""What a worker does: clears the cases of a batch one after the other, each on its own.

Whatever is wrong with a case becomes its row. What is wrong with the worker is raised, and ends the run.
"""

import os
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from socket import gethostname
from threading import Lock
from typing import Any

from gridpact.case import Formulation, TableFormat, read_case
from gridpact.errors import GridpactError, InvalidUsage
from gridpact.fleet.rows.fleet_tables import Row, failed_row
from gridpact.fleet.rows.record import FLEET_CLEARANCE, delete_result, finished, write_record
from gridpact.fleet.rows.row import row_of
from gridpact.fleet.workers.digest import inputs_sha256
from gridpact.fleet.workspace.workspace import Workspace
from gridpact.pipeline import clear
from gridpact.results.clearance_writer import write_files
from gridpact.results.output_folder import output_folder
from gridpact.stopwatch import Stopwatch
from gridpact.version import __version__

ATTEMPTS_MAX = 3
KILLED = f"its worker was killed {ATTEMPTS_MAX} times while it was at this case; is there enough memory?"
READERS = ("pyarrow.compute", "pyarrow.parquet", "power_grid_model.validation")
CSV_READERS = ("pyarrow.csv", "pandas")  # which pyarrow imports to make its arrays of NumPy's
_ONE_AT_A_TIME = Lock()

Batch = Sequence[tuple[int, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What all tasks of a run share.

    Attributes:
        cases: the folder that the cases are below.
        place: where the results go.
        version: of gridpact.
        formulation, allocation: instead of what the cases say, where given.
    """

    cases: Path
    place: Workspace
    version: str
    formulation: Formulation | None = None
    allocation: str | None = None

    @property
    def chosen(self) -> dict[str, Any]:
        """What is asked for instead of what the cases say."""
        chosen = {"formulation": self.formulation, "allocation": self.allocation}
        return {name: value for name, value in chosen.items() if value is not None}

    @property
    def settings(self) -> Row:
        """The same as text."""
        return {name: str(value) for name, value in self.chosen.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A case that a worker is done with.

    Attributes:
        number: its place among the paths of the run.
        row: its row, with a result or without.
        is_old: whether an earlier run has made its result.
    """

    number: int
    row: Row
    is_old: bool = False


def clear_batch(plan: Plan, batch: Batch) -> list[Done]:
    """The rows of some cases, (number, path) each, whose results stand on the disk.

    Raises:
        InvalidUsage: the worker does not see the folders, or runs another version of gridpact.
    """
    if __version__ != plan.version:
        what = f"a worker on {gethostname()} has gridpact {__version__}, and this is {plan.version}"
        raise InvalidUsage(what, "install the same version on all of them")
    if not plan.place.is_current:
        what = f"a worker on {gethostname()} does not see {plan.place.out} as this run does"
        raise InvalidUsage(what, "put the folders where all workers find them under the same path")
    done = []
    with _ONE_AT_A_TIME, plan.place.at_work():
        for number, path in batch:
            if not plan.place.is_current:
                raise InvalidUsage("the run is over", "start it again")
            done.append(_done(plan, number, path))
    return done


def _done(plan: Plan, number: int, path: str) -> Done:
    """A case done, unless it has killed its worker too often."""
    if (complete := _complete(plan, number, path)) is not None:
        return complete
    attempts = plan.place.attempts / str(number)
    with attempts.open("a+", encoding="utf-8") as file:
        file.seek(0)
        if len(file.readlines()) >= ATTEMPTS_MAX:
            return _failed(plan, number, path, KILLED)
        file.write(f"{gethostname()} {os.getpid()}\n")
    done = _cleared(plan, number, path)
    attempts.unlink(missing_ok=True)
    return done


def _complete(plan: Plan, number: int, path: str) -> Done | None:
    """A case whose result is complete."""
    digest = partial(inputs_sha256, plan.cases / path)
    found = finished(plan.place.out / path, path, digest, plan.settings, plan.version)
    return found and Done(number=number, row=found[0], is_old=found[1] != plan.place.run)


def _cleared(plan: Plan, number: int, path: str) -> Done:
    """A case, after it was cleared or could not be."""
    try:
        return Done(number=number, row=_clear(plan, path))
    except GridpactError as error:
        reason = str(error)
    except Exception as error:  # Nothing that one case does may take the others with it.
        reason = f"unexpected {type(error).__name__}: {error}\n{traceback.format_exc()}"
    # A worker that was only thought dead may have been faster.
    return _complete(plan, number, path) or _failed(plan, number, path, reason)


def _failed(plan: Plan, number: int, path: str, reason: str) -> Done:
    """A case that has no result, nor one of earlier inputs."""
    delete_result(plan.place.out / path)
    return Done(number=number, row=failed_row(path, reason))


@cache
def _import_readers(*, is_csv: bool) -> None:
    """Imports what reading takes, once in a process, so that the first case is not said to take so long."""
    for module in READERS + CSV_READERS if is_csv else READERS:
        import_module(module)


def _clear(plan: Plan, path: str) -> Row:
    """Clears a case and writes its result with its record, and gives its row."""
    _import_readers(is_csv=(plan.cases / path / f"participants.{TableFormat.CSV}").is_file())
    watch = Stopwatch()
    with watch.step("read"):
        case = read_case(plan.cases / path)
    clearance = clear(replace(case, **plan.chosen))
    with output_folder(plan.place.out / path, FLEET_CLEARANCE) as aside:
        with watch.step("write"):
            write_files(clearance, aside, None)
        row = row_of(path, clearance, watch.seconds)
        write_record(aside, row, plan.settings, plan.place.run)
    return row
