"""`gridpact compare`: two results of one case side by side."""

from pathlib import Path
from typing import Annotated

import typer

from gridpact.cli.options import Json, Quiet
from gridpact.cli.terminal.output import json_text, say


def compare(
    first: Annotated[Path, typer.Argument(metavar="RESULT", help="A result of `gridpact clear`.")],
    second: Annotated[Path, typer.Argument(metavar="RESULT", help="Another result of the same case.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder for the comparison.")
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Compare two results of one case: energy, limits, who gains and who loses."""
    import gridpact
    from gridpact.comparison.comparison_words import outcome
    from gridpact.comparison.comparison_writer import COMPARISON_RESULT, PAGE_FILE
    from gridpact.progress import progress
    from gridpact.report.comparison.comparison_page import comparison_page
    from gridpact.results.output_folder import check_output_folder

    inputs: dict[str, Path | None] = {"the first result": first, "the second result": second}
    if out is not None:
        check_output_folder(out, COMPARISON_RESULT, inputs=inputs)
    with progress(f"reading {first} and {second}", quiet=quiet):
        comparison = gridpact.compare(first, second)
    if out is not None:
        with progress(f"writing {out}", quiet=quiet):
            gridpact.write_comparison(comparison, out, page=comparison_page(comparison), inputs=inputs)
    if as_json:
        say(json_text(comparison.summary))
        return
    say(outcome(comparison))
    if out is not None:
        say(f"  result    {out}")
        say(f"  page      {out / PAGE_FILE}")
