"""`gridpact headroom`: how much each participant could sell and buy under the forecast."""

from gridpact.cli.options import CaseFolder, Commitments, Json, OutFolder, Quiet
from gridpact.cli.terminal.output import json_text, say


def headroom(
    case_folder: CaseFolder,
    out: OutFolder,
    commitments: Commitments = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find how much each participant could sell and buy under the forecast, alone and all together."""
    import gridpact
    from gridpact.case import read_case, with_commitments
    from gridpact.progress import progress
    from gridpact.report.headroom.headroom_page import headroom_page
    from gridpact.results.output_folder import check_output_folder
    from gridpact.trading_headroom.headroom_outcome import outcome
    from gridpact.trading_headroom.headroom_writer import HEADROOM_RESULT, PICTURE_FILE

    check_output_folder(out, HEADROOM_RESULT, case_folder=case_folder, commitments=commitments)
    with progress(f"reading {case_folder}", quiet=quiet):
        case = read_case(case_folder)
        if commitments is not None:
            case = with_commitments(case, commitments)
    with progress("compiling the network and finding the headroom", quiet=quiet):
        headroom = gridpact.headroom(case)
    with progress(f"writing {out}", quiet=quiet):
        gridpact.write_headroom(headroom, out, picture=headroom_page(headroom))
    if as_json:
        say(json_text(headroom.summary))
        return
    say(outcome(headroom))
    say(f"  result    {out}")
    say(f"  picture   {out / PICTURE_FILE}")
