"""`gridpact convert`: a case in the other format of tables."""

from typing import Annotated

import typer

from gridpact.cli.options import CaseFolder, Json, OutFolder, Quiet, choice
from gridpact.cli.terminal.output import json_text, say


def convert(
    case_folder: CaseFolder,
    to: Annotated[str, typer.Option("--to", help="Format of the tables: parquet or csv.")],
    out: OutFolder,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write a case with Parquet tables and a network that is read fast, or with CSV tables."""
    from gridpact.case import TableFormat
    from gridpact.case.conversion.conversion_mark import is_as_converted
    from gridpact.case.conversion.convert import convert_case
    from gridpact.progress import progress
    from gridpact.results.output_folder import ResultKind, check_output_folder, output_folder

    table_format = choice(TableFormat, "--to", to)
    converted = ResultKind(
        words="a converted case", names=frozenset(), is_one=is_as_converted, is_a_case=True
    )
    check_output_folder(out, converted, case_folder=case_folder)
    with (
        progress(f"converting {case_folder}", quiet=quiet),
        output_folder(out, converted, case_folder=case_folder) as folder,
    ):
        conversion = convert_case(case_folder, folder, table_format)
    facts = {
        "name": conversion.case.name,
        "files": list(conversion.files),
        "left": list(conversion.left),
        "warnings": list(conversion.case.warnings),
        "network_is_unchanged": conversion.network_is_unchanged,
        "max_difference_pu": conversion.difference.voltage_pu,
        "max_difference_percent": conversion.difference.loading_percent,
        "folder": str(out),
    }
    if as_json:
        say(json_text(facts))
        return
    say(f"{conversion.case.name}: converted to {table_format}")
    say(f"  files     {', '.join(conversion.files)}")
    if conversion.left:
        say(f"  left      {', '.join(conversion.left)}")
    for warning in conversion.case.warnings:
        say(f"  warning   {warning}")
    agreement = f"voltages agree within {conversion.difference.voltage_pu:.1e} pu under the forecast"
    say(f"  network   {'unchanged' if conversion.network_is_unchanged else agreement}")
    say(f"  case      {out}")
