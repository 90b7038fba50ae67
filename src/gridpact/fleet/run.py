"""run_fleet: clears every case of a fleet, and sums up what came of it."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import perf_counter

from gridpact.case.case import Allocation, Formulation
from gridpact.errors import InvalidUsage
from gridpact.extras import CLUSTER
from gridpact.fields.arguments import chosen, path_of
from gridpact.fields.said import a
from gridpact.fields.scalars import whole
from gridpact.fleet.find import find_cases
from gridpact.fleet.fleet_reports import write_reports
from gridpact.fleet.fleet_result import FleetResult
from gridpact.fleet.interrupted import Interrupted
from gridpact.fleet.page.fleet_outcome import outcome
from gridpact.fleet.page.fleet_page import fleet_page
from gridpact.fleet.page.fleet_progress import FleetProgress
from gridpact.fleet.rows.fleet_summary import INTERRUPTED, RUNNING, summarise
from gridpact.fleet.rows.fleet_tables import FAILED, write_tables
from gridpact.fleet.rows.record import other_results
from gridpact.fleet.rows.spool import Spool
from gridpact.fleet.rows.tally import Tally
from gridpact.fleet.workers.batches import done_in_batches
from gridpact.fleet.workers.crew import crew_of
from gridpact.fleet.workers.digest import network_key
from gridpact.fleet.workers.worker import Plan
from gridpact.fleet.workspace.fleet_files import HOURS_FILE, PAGE_FILE, ROWS_FILE, SUMMARY_FILE
from gridpact.fleet.workspace.workspace import Workspace, check_out, workspace
from gridpact.plug_ins import RULES, unknown_name
from gridpact.progress import progress
from gridpact.version import __version__

REPORTS = 5


def run_fleet(
    cases: str | Path,
    out: str | Path,
    *,
    manifest: str | Path | None = None,
    scheduler: str = "",
    workers: int | None = None,
    formulation: Formulation | str | None = None,
    allocation: Allocation | str | None = None,
    reports: int = REPORTS,
    quiet: bool = True,
) -> FleetResult:
    """Clears every case below a folder, each on its own, and gives the tables and the summary of all.

    Workers write the results. A case that cannot be cleared becomes a row with the reason, and the others go
    on. A run that was killed is started again in the same way: cases whose results are complete, of the same
    inputs, settings and version, are not done again.

    Args:
        cases: the folder that the cases are below.
        out: the folder of the results, new, empty or of an earlier fleet.
        manifest: a file with the path of one case a line, relative to `cases`; without it, all cases.
        scheduler: address of a Dask scheduler whose workers see both folders; without it, processes are
            started on this machine.
        workers: how many of these; as many as there are cores without it.
        formulation: instead of what the cases say.
        allocation: instead of what the cases say.
        reports: how many cases at the head of each list of the page, the unsafe, the congested and those
            beyond their limits without any trade, get a report that the page leads to; they are cleared
            again for it.
        quiet: says nothing on stderr about how far it is.

    Raises:
        InvalidUsage: the call cannot be carried out as asked.
        InvalidCase: the manifest or the layout of the cases is wrong, with every problem.
        GridpactError: the workers do not work.
        Interrupted: a KeyboardInterrupt, which says how many cases are complete.
    """
    start = perf_counter()
    folder, target = (path_of("run_fleet", path).absolute() for path in (cases, out))
    settings = _checked(scheduler, workers, formulation, allocation)
    if (count := whole(reports)) is None or count < 0:
        said = reports if isinstance(reports, int) else a(reports)
        raise InvalidUsage(f"reports is {said}, not a number of cases", "write 0 or more")
    check_out(folder, target)
    with progress(f"looking for cases below {cases}", quiet=quiet):
        paths = find_cases(folder, target, None if manifest is None else path_of("run_fleet", manifest))
    with workspace(target, paths, quiet=quiet) as place, Spool(place.rows, len(paths)) as spool:
        plan = Plan(
            cases=folder, place=place, version=__version__, formulation=settings[0], allocation=settings[1]
        )
        with _state(place, spool, len(paths)):
            complete_before, used = _clear(plan, paths, spool, scheduler, workers, quiet=quiet)
            with progress("summing up", quiet=quiet):
                tally = Tally()
                write_tables(tally.counting(spool.rows()), place.private, with_phases=spool.with_phases)
                summary = summarise(
                    tally,
                    settings=plan.settings,
                    version=__version__,
                    complete_before=complete_before,
                    other_results=other_results(place.out, paths),
                    workers=used,
                    seconds=perf_counter() - start,
                )
                reported = write_reports(plan, tally, count)
                page = fleet_page(tally, summary, folder.name, str(cases), reported)
                for name in (ROWS_FILE, HOURS_FILE):
                    (place.private / name).replace(place.out / name)
                place.write(PAGE_FILE, page)
                _write_summary(place, summary)
    return FleetResult(out=Path(out), summary=summary, words=outcome(summary, tally, str(cases)))


@contextmanager
def _state(place: Workspace, spool: Spool, cases: int) -> Iterator[None]:
    """Says in the summary that the run goes on, and that it was interrupted where it ends before its time."""
    known = {"cases": cases, "version": __version__}
    _write_summary(place, {"state": RUNNING, **known})
    try:
        yield
    except BaseException as stop:
        _write_summary(place, {"state": INTERRUPTED, **known})
        if isinstance(stop, KeyboardInterrupt):
            raise Interrupted(spool.complete, cases) from stop
        raise


def _checked(
    scheduler: str,
    workers: int | None,
    formulation: Formulation | str | None,
    allocation: Allocation | str | None,
) -> tuple[Formulation | None, str | None]:
    """The settings as what they are, after a look at whether they go together."""
    if workers is not None and whole(workers) is None:
        raise InvalidUsage(f"workers is {a(workers)}, not a whole number", "write 1 or more")
    if workers is not None and workers < 1:
        raise InvalidUsage(f"{workers} workers are not possible", "write 1 or more")
    if workers and scheduler:
        raise InvalidUsage("the scheduler has workers of its own", "leave their number out")
    if scheduler:
        CLUSTER.need("a scheduler is reached by Dask, which is not installed")
    network = None if formulation is None else chosen(Formulation, "formulation", formulation)
    if allocation is not None and (fault := unknown_name(RULES, allocation)):
        raise InvalidUsage(f"allocation '{allocation}' {fault[0]}", fault[1])
    return network, allocation


def _clear(
    plan: Plan, paths: tuple[str, ...], spool: Spool, scheduler: str, workers: int | None, *, quiet: bool
) -> tuple[int, int]:
    """Has all cases cleared, and tells how many were complete before, and how many workers there were."""
    with progress("starting", quiet=quiet):
        order = sorted(enumerate(paths), key=lambda case: (network_key(plan.cases / case[1]), case[1]))
    complete_before = 0
    with crew_of(scheduler, workers) as crew:
        used, so_far = crew.workers(), FleetProgress(len(paths), quiet=quiet)
        with closing(so_far):
            for done in done_in_batches(crew, plan, order):
                new = [one for one in done if spool.add(one.number, one.row)]
                complete_before += sum(one.is_old for one in new)
                so_far.add(len(new), sum(one.row["status"] == FAILED for one in new))
    return complete_before, used


def _write_summary(place: Workspace, summary: dict[str, object]) -> None:
    """Writes the figures of the run so far."""
    place.write(SUMMARY_FILE, json.dumps(summary, indent=2, ensure_ascii=False) + "\n")
