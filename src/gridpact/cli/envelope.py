"""`gridpact envelope`: how much each participant could sell and buy."""

from gridpact.cli.options import CaseFolder, Commitments, Json, OutFolder, Quiet
from gridpact.cli.output import json_text, say


def envelope(
    case_folder: CaseFolder,
    out: OutFolder,
    commitments: Commitments = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find how much each participant could sell and buy, alone and all together."""
    import gridpact
    from gridpact.case import read_case, with_commitments
    from gridpact.envelopes.envelopes_outcome import outcome
    from gridpact.envelopes.envelopes_writer import ENVELOPES_RESULT, PICTURE_FILE
    from gridpact.progress import progress
    from gridpact.report.envelopes.envelope_page import envelope_page
    from gridpact.results.output_folder import check_output_folder

    check_output_folder(out, ENVELOPES_RESULT, case_folder=case_folder, commitments=commitments)
    with progress(f"reading {case_folder}", quiet=quiet):
        case = read_case(case_folder)
        if commitments is not None:
            case = with_commitments(case, commitments)
    with progress("compiling the network and finding the envelopes", quiet=quiet):
        envelopes = gridpact.envelope(case)
    with progress(f"writing {out}", quiet=quiet):
        gridpact.write_envelopes(envelopes, out, picture=envelope_page(envelopes))
    if as_json:
        say(json_text(envelopes.summary))
        return
    say(outcome(envelopes))
    say(f"  result    {out}")
    say(f"  picture   {out / PICTURE_FILE}")
