"""`gridpact import uftp`: FlexOrders of a DSO as orders of a session."""

from pathlib import Path
from typing import Annotated

import typer

from gridpact.cli.exports.options import StandardsFile
from gridpact.cli.options import Json, Quiet
from gridpact.cli.terminal.output import json_text, say


def uftp(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="FlexOrders (UFTP), signed or not.")],
    standards: StandardsFile,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to: orders.csv or .parquet.")],
    dso_key: Annotated[
        Path | None,
        typer.Option(
            "--dso-key", metavar="FILE", help="Public key of the DSO, in base64: all must be signed."
        ),
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Turn FlexOrders of a DSO (UFTP) into orders: more power is bought, less is sold."""
    from gridpact.bridges.single_table import check_table_file, write_table_file
    from gridpact.bridges.uftp.flex_orders import import_flex_orders
    from gridpact.case.schema import ORDERS
    from gridpact.progress import progress

    table_format = check_table_file(out, ORDERS, (*files, standards))
    with progress(f"reading {len(files):,} messages", quiet=quiet):
        found = import_flex_orders(files, standards, dso_key=dso_key)
    with progress(f"writing {out}", quiet=quiet):
        write_table_file(found.columns(), out, ORDERS, table_format)
    if as_json:
        paid = [dict(zip(("order", "price", "currency"), each, strict=True)) for each in found.paid]
        say(json_text({"file": str(out), "orders": len(found.orders), "flex_orders": paid}))
        return
    say(f"{out}: {len(found.orders):,} orders of {found.messages:,} FlexOrders")
    for reference, price, currency in found.paid:
        say(f"  {reference}: the DSO pays {price} {currency}")
