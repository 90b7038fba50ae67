"""`gridpact envelope`: operating envelopes, which hold whatever anybody does in them."""

from typing import Annotated

import typer

from gridpact.cli.options import CaseFolder, Json, OutFolder, Quiet, choice
from gridpact.cli.terminal.output import json_text, say


def envelope(
    case_folder: CaseFolder,
    out: OutFolder,
    rule: Annotated[
        str, typer.Option(help="How they are shared out: equal (one share for all) or max-min.")
    ] = "equal",
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make operating envelopes: what each may take and feed in, whatever all others do in theirs."""
    import gridpact
    from gridpact.case import read_case
    from gridpact.envelopes.envelope_rule import EnvelopeRule
    from gridpact.envelopes.envelopes_outcome import outcome
    from gridpact.envelopes.envelopes_writer import OPERATING_RESULT, PAGE_FILE
    from gridpact.progress import progress
    from gridpact.report.envelopes.envelope_page import envelope_page
    from gridpact.results.output_folder import check_output_folder

    chosen = choice(EnvelopeRule, "--rule", rule)
    check_output_folder(out, OPERATING_RESULT, case_folder=case_folder)
    with progress(f"reading {case_folder}", quiet=quiet):
        case = read_case(case_folder)
    with progress("compiling the network and searching the envelopes", quiet=quiet):
        envelopes = gridpact.operating_envelopes(case, rule=chosen)
    with progress(f"writing {out}", quiet=quiet):
        gridpact.write_operating_envelopes(envelopes, out, page=envelope_page(envelopes))
    if as_json:
        say(json_text(envelopes.summary))
        return
    say(outcome(envelopes))
    say(f"  result    {out}")
    say(f"  picture   {out / PAGE_FILE}")
