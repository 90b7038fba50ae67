"""`gridpact settle`: the cleared trades of a case, settled by its meters."""

from pathlib import Path
from typing import Annotated, Any

import typer

from gridpact.cli.options import CaseFolder, Json, NoReport, OutFolder, Quiet, choice
from gridpact.cli.terminal.output import json_text, say

Clearances = Annotated[
    list[Path] | None,
    typer.Option(
        "--clearance",
        metavar="DIR",
        help="A result of clearing, or a folder of such; as often as there are.",
    ),
]
Previous = Annotated[
    Path | None,
    typer.Option("--previous", metavar="DIR", help="An earlier settlement, which this one corrects."),
]
Statements = Annotated[bool, typer.Option("--statements", help="Also write a page for each participant.")]
Bills = Annotated[
    bool, typer.Option("--bills", help="Also write a bill for each participant, by [bill] of tariffs.toml.")
]
Workbook = Annotated[
    bool, typer.Option("--xlsx", help="Also write the accounts, month by month, as accounts.xlsx.")
]


def settle(
    case_folder: CaseFolder,
    out: OutFolder,
    clearance: Clearances = None,
    previous: Previous = None,
    mode: Annotated[str, typer.Option(help="What governs: sharing (meters) or firm (trades).")] = "",
    missing: Annotated[str, typer.Option(help="A missing reading: error, or schedule.")] = "",
    loss_allocation: Annotated[str, typer.Option(help="Who pays losses: dso, pro-rata or marginal.")] = "",
    statements: Statements = False,
    bills: Bills = False,
    xlsx: Workbook = False,
    no_report: NoReport = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Settle a case by its meters and tariffs, with what was cleared: ledger, statements, residuals."""
    import gridpact
    from gridpact.progress import progress
    from gridpact.report.bills.bill_page import bill_pages
    from gridpact.report.bills.bill_pdf import PdfMaker, pdf_maker, with_pdf
    from gridpact.report.settlement.settlement_page import settlement_page
    from gridpact.report.settlement.statement_page import statement_pages
    from gridpact.results.output_folder import REPORT_FILE, check_output_folder
    from gridpact.settlement.accounts_workbook import accounts_workbook, check_workbook
    from gridpact.settlement.settlement_outcome import outcome
    from gridpact.settlement.settlement_writer import (
        BILLS_FOLDER,
        CLEARED,
        EARLIER,
        PAGES_FOLDER,
        SETTLEMENT_RESULT,
        WORKBOOK_FILE,
    )

    chosen = _settings(mode, missing, loss_allocation)
    if xlsx:
        check_workbook()
    pdf = pdf_maker() if bills else PdfMaker(make=None)
    results = clearance or []
    words = [CLEARED] if len(results) == 1 else [f"{CLEARED} {result}" for result in results]
    inputs = {**dict(zip(words, results, strict=True)), EARLIER: previous}
    check_output_folder(out, SETTLEMENT_RESULT, case_folder=case_folder, inputs=inputs)
    with progress(f"reading and settling {case_folder}", quiet=quiet):
        settled = gridpact.settle(case_folder, results, previous=previous, bills=bills, **chosen)
    with progress(f"writing {out}", quiet=quiet):
        gridpact.write_settlement(
            settled,
            out,
            report=None if no_report else settlement_page(settled),
            pages=statement_pages(settled) if statements else (),
            bills=with_pdf(bill_pages(settled), pdf.make),
            workbook=accounts_workbook(settled) if xlsx else None,
        )
    if as_json:
        say(json_text(settled.summary))
        return
    say(outcome(settled))
    say(f"  result    {out}")
    if not no_report:
        say(f"  report    {out / REPORT_FILE}")
    if statements:
        say(f"  pages     {out / PAGES_FOLDER}")
    if bills:
        without = f", without PDF: {pdf.remedy}" if pdf.remedy else ""
        say(f"  bills     {out / BILLS_FOLDER}{without}")
    if xlsx:
        say(f"  accounts  {out / WORKBOOK_FILE}")


def _settings(mode: str, missing: str, loss_allocation: str) -> dict[str, Any]:
    """What options say in place of tariffs.toml, `None` where they say nothing."""
    from gridpact.settlement.tariffs.tariffs import LossAllocation, Missing, Mode

    return {
        "mode": choice(Mode, "--mode", mode) if mode else None,
        "missing": choice(Missing, "--missing", missing) if missing else None,
        "loss_allocation": (
            choice(LossAllocation, "--loss-allocation", loss_allocation) if loss_allocation else None
        ),
    }
