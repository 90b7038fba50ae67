"""`gridpact explain`: why a trade, an order or a participant of a result gets what it gets."""

from pathlib import Path
from typing import Annotated

import typer

from gridpact.cli.options import Json, Quiet
from gridpact.cli.terminal.output import json_text, say


def explain(
    result: Annotated[Path, typer.Argument(metavar="RESULT", help="A result of `gridpact clear`.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="A trade, a participant or an order of it.")],
    what: Annotated[
        str,
        typer.Option(
            help="What the name is of, where it could be several: trade, participant or order.",
            show_default=False,
        ),
    ] = "",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder for the page of the explanation.")
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Explain a trade or a participant: what cuts it, who else loads that, what would have to change."""
    import gridpact
    from gridpact.progress import progress
    from gridpact.report.explanation.explanation_page import explanation_page
    from gridpact.results.explanation.explanation_writer import (
        EXPLANATION_PAGE_FILE,
        EXPLANATION_RESULT,
        write_explanation,
    )
    from gridpact.results.output_folder import check_output_folder

    inputs: dict[str, Path | None] = {"the result": result}
    if out is not None:
        check_output_folder(out, EXPLANATION_RESULT, inputs=inputs)
    with progress(f"reading {result}", quiet=quiet):
        explanation = gridpact.explain(result, name, what=what or None)
    if out is not None:
        with progress(f"writing {out}", quiet=quiet):
            write_explanation(explanation, out, page=explanation_page(explanation), inputs=inputs)
    if as_json:
        say(json_text(explanation.facts()))
        return
    say(str(explanation))
    if out is not None:
        say(f"  page      {out / EXPLANATION_PAGE_FILE}")
