"""`gridpact clear`: the trades of a case, cleared."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridpact.cli.options import (
    CaseFolder,
    Commitments,
    Json,
    NoReport,
    OutFolder,
    Quiet,
    Strict,
    choice,
    plug_in,
)
from gridpact.cli.terminal.failure import EXIT_NOT_CLEARED
from gridpact.cli.terminal.output import json_text, say
from gridpact.errors import InvalidUsage
from gridpact.plug_ins import RULES

if TYPE_CHECKING:
    from gridpact.case import Case
    from gridpact.results import Clearance


def clear(
    case_folder: CaseFolder,
    out: OutFolder,
    formulation: Annotated[str, typer.Option(help="Network model: ac or dc.")] = "",
    allocation: Annotated[
        str, typer.Option(help="Rule: max-volume, max-min, proportional, priority, or one of a package.")
    ] = "",
    robust: Annotated[
        str, typer.Option(help="What the result has to survive: none, or declared (a seller or trade fails).")
    ] = "",
    time_limit_s: Annotated[
        float,
        typer.Option(
            "--time-limit-s",
            help="Guard for the whole clearing, in seconds; the case's own.",
            show_default=False,
        ),
    ] = 0.0,
    certify: Annotated[
        bool | None,
        typer.Option(
            help="Prove an upper bound on what any allocation could clear; without it, where that is cheap."
        ),
    ] = None,
    commitments: Commitments = None,
    no_report: NoReport = False,
    strict: Strict = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Clear the trades of a case, verify the dispatch, and write the result with its report."""
    from gridpact.case import Formulation, Robustness, read_case, with_commitments
    from gridpact.case.sessions.cleared import CLEARED_STATUS
    from gridpact.progress import progress
    from gridpact.results.output_folder import check_output_folder

    chosen: dict[str, Any] = {}
    if formulation:
        chosen["formulation"] = choice(Formulation, "--formulation", formulation)
    if allocation:
        chosen["allocation"] = plug_in(RULES, "--allocation", allocation)
    if robust:
        chosen["robustness"] = choice(Robustness, "--robust", robust)
    if time_limit_s < 0.0:
        raise InvalidUsage(f"--time-limit-s {time_limit_s:g} is negative", "write the seconds")
    if time_limit_s:
        chosen["seconds_max"] = time_limit_s
    check_output_folder(out, case_folder=case_folder, commitments=commitments)
    with progress(f"reading {case_folder}", quiet=quiet):
        case = read_case(case_folder)
        if commitments is not None:
            case = with_commitments(case, commitments)
    case = replace(case, **chosen)
    clearance = clear_and_say(case, out, certify=certify, report=not no_report, as_json=as_json, quiet=quiet)
    if strict and clearance.verification.status != CLEARED_STATUS:
        raise typer.Exit(EXIT_NOT_CLEARED)


def clear_and_say(
    case: "Case", out: Path, *, certify: bool | None = None, report: bool, as_json: bool, quiet: bool
) -> "Clearance":
    """Clears a case, writes its result, says the outcome, and gives the clearance."""
    import gridpact
    from gridpact.progress import progress
    from gridpact.results.clearance_outcome import outcome
    from gridpact.results.output_folder import REPORT_FILE

    with progress("compiling the network and clearing", quiet=quiet):
        clearance = gridpact.clear(case, certify=certify)
    with progress(f"writing {out}", quiet=quiet):
        gridpact.write_clearance(clearance, out, report=_report(clearance) if report else None)
    if as_json:
        say(json_text(clearance.summary))
        return clearance
    say(outcome(clearance))
    say(f"  result    {out}")
    if report:
        say(f"  report    {out / REPORT_FILE}")
    return clearance


def _report(clearance: "Clearance") -> str:
    """The report page; what draws it is imported only where there is one."""
    from gridpact.report.clearance.clearance_page import report_page

    return report_page(clearance)
