"""`gridpact match`: the orders of a case as trades."""

from gridpact.cli.options import CaseFolder, Json, OutFolder, Quiet
from gridpact.cli.terminal.output import json_text, say
from gridpact.errors import InvalidUsage
from gridpact.plug_ins import DOUBLE_AUCTION


def match(case_folder: CaseFolder, out: OutFolder, as_json: Json = False, quiet: Quiet = False) -> None:
    """Match the orders of a case into trades, and write them as a trades table."""
    from gridpact.case import read_case
    from gridpact.case.writing.case_writer import write_trades
    from gridpact.fields.said import counted
    from gridpact.matching import match as match_orders
    from gridpact.progress import progress
    from gridpact.results.output_folder import MATCHED_TRADES, check_output_folder, output_folder

    check_output_folder(out, MATCHED_TRADES, case_folder=case_folder)
    with progress(f"reading and matching {case_folder}", quiet=quiet):
        case = read_case(case_folder)
        if not len(case.orders):
            raise InvalidUsage(f"{case_folder} has no orders to match", "give it an orders.csv")
        with output_folder(out, MATCHED_TRADES, case_folder=case_folder) as folder:
            trades = match_orders(case)
            write_trades(case, trades, folder)
    hours = (trades.end - trades.start) * case.horizon.hours_per_period
    matched_kwh = float((trades.power_kw * hours).sum())
    facts = {
        "orders": len(case.orders),
        "trades": len(trades),
        "matched_kwh": round(matched_kwh, 9),
        "mechanism": case.mechanism,
        **({"price_rule": str(case.price_rule)} if case.mechanism == DOUBLE_AUCTION else {}),
        "file": str(out / f"trades.{case.table_format}"),
    }
    if as_json:
        say(json_text(facts))
    else:
        counts = f"{counted(len(case.orders), 'order')} matched into {counted(len(trades), 'trade')}"
        say(f"{case.name}: {counts}, {matched_kwh:.3f} kWh")
        say(f"  trades in {facts['file']}")
