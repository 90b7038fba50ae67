"""The command line: `gridpact COMMAND`. Exit 0 done, 2 invalid input or usage, 1 anything else."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from gridpact.errors import GridpactError, InvalidCase, InvalidUsage

EXIT_FAILED, EXIT_INVALID = 1, 2

app = typer.Typer(
    help="Clears peer-to-peer electricity trades on low-voltage networks, proves and explains the result.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

CaseFolder = Annotated[Path, typer.Argument(metavar="CASE", help="A case folder.")]
OutFolder = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the result.")]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable result on stdout.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress on stderr.")]


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    if version:
        from gridpact import __version__

        _say(f"gridpact {__version__}")
        raise typer.Exit


@app.command()
def demo(out: OutFolder = Path("gridpact-demo"), as_json: Json = False, quiet: Quiet = False) -> None:
    """Clear the published 44-bus day: a first look at what gridpact gives."""
    from gridpact.case import read_case, write_case
    from gridpact.progress import progress
    from gridpact.published import cigre_day
    from gridpact.results.write import check_output_folder, output_folder

    check_output_folder(out / "result")
    with progress("writing the published 44-bus day as a case", quiet=quiet):
        with output_folder(out / "case", marker="case.toml") as folder:
            write_case(cigre_day(), folder)
        case = read_case(out / "case")
    _clear(case, out / "result", as_json=as_json, quiet=quiet)


@app.command()
def check(case_folder: CaseFolder, as_json: Json = False, quiet: Quiet = False) -> None:
    """Read a case and list every problem in it."""
    from gridpact.case import read_case
    from gridpact.progress import progress

    with progress(f"reading {case_folder}", quiet=quiet):
        case = read_case(case_folder)
    facts = {
        "name": case.name,
        "network": case.network.name,
        "periods": case.horizon.periods,
        "resolution": case.horizon.resolution,
        "participants": len(case.participants),
        "trades": len(case.trades),
        "orders": len(case.orders),
        "warnings": list(case.warnings),
    }
    if as_json:
        _say(json.dumps(facts, indent=2, ensure_ascii=False))
        return
    _say(f"{case_folder}: no problems")
    for name, value in facts.items():
        if name != "warnings":
            _say(f"  {name:<13}{value}")
    for warning in case.warnings:
        _say(f"  {'warning':<13}{warning}")


@app.command()
def match(case_folder: CaseFolder, out: OutFolder, as_json: Json = False, quiet: Quiet = False) -> None:
    """Match the orders of a case into trades, and write them as a trades table."""
    from gridpact.case import read_case
    from gridpact.case.write import write_trades
    from gridpact.matching import match as match_orders
    from gridpact.progress import progress
    from gridpact.results.write import output_folder

    with progress(f"reading and matching {case_folder}", quiet=quiet):
        case = read_case(case_folder)
        if not len(case.orders):
            raise InvalidUsage(f"{case_folder} has no orders to match", "give it an orders.csv")
        file = f"trades.{case.table_format}"
        with output_folder(out, marker=file) as folder:
            trades = match_orders(case)
            write_trades(case, trades, folder)
    hours = (trades.end - trades.start) * case.horizon.hours_per_period
    matched_kwh = float((trades.power_kw * hours).sum())
    facts = {
        "orders": len(case.orders),
        "trades": len(trades),
        "matched_kwh": round(matched_kwh, 9),
        "price_rule": str(case.price_rule),
        "file": str(out / file),
    }
    if as_json:
        _say(json.dumps(facts, indent=2, ensure_ascii=False))
    else:
        counts = f"{len(case.orders)} orders matched into {len(trades)} trades"
        _say(f"{case.name}: {counts}, {matched_kwh:.3f} kWh")
        _say(f"  trades in {facts['file']}")


@app.command()
def clear(
    case_folder: CaseFolder,
    out: OutFolder,
    formulation: Annotated[str, typer.Option(help="Network model: ac or dc.")] = "",
    allocation: Annotated[
        str, typer.Option(help="Rule: max-volume, max-min, proportional or priority.")
    ] = "",
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Clear the trades of a case, verify the dispatch, and write the result with its report."""
    from gridpact.case import Allocation, Formulation, read_case
    from gridpact.progress import progress
    from gridpact.results.write import check_output_folder

    chosen: dict[str, Any] = {}
    if formulation:
        chosen["formulation"] = _choice(Formulation, "--formulation", formulation)
    if allocation:
        chosen["allocation"] = _choice(Allocation, "--allocation", allocation)
    check_output_folder(out)
    with progress(f"reading {case_folder}", quiet=quiet):
        case = read_case(case_folder)
    _clear(replace(case, **chosen), out, as_json=as_json, quiet=quiet)


@app.command()
def reproduce(as_json: Json = False, quiet: Quiet = False) -> None:
    """Recompute the published 24-hour results and the extreme hour, and show them beside the published."""
    from gridpact.progress import progress
    from gridpact.published import reproduce as reproduce_published
    from gridpact.published.words import comparison

    with progress("clearing the published cases again", quiet=quiet):
        reproduction = reproduce_published()
    if as_json:
        _say(json.dumps(reproduction.as_dict(), indent=2, ensure_ascii=False))
    else:
        _say(comparison(reproduction))


def main() -> None:
    """Runs the command line, and turns what gridpact raises into an exit code and a message."""
    try:
        app()
    except (InvalidCase, InvalidUsage) as error:
        _fail(error, EXIT_INVALID)
    except (GridpactError, OSError) as error:
        _fail(error, EXIT_FAILED)


def _clear(case: Any, out: Path, *, as_json: bool, quiet: bool) -> None:
    import gridpact
    from gridpact.progress import progress
    from gridpact.report import report_page
    from gridpact.results.words import outcome

    with progress("compiling the network and clearing", quiet=quiet):
        clearance = gridpact.clear(case)
    with progress(f"writing {out}", quiet=quiet):
        gridpact.write_clearance(clearance, out, report=report_page(clearance))
    if as_json:
        _say(json.dumps(clearance.summary, indent=2, ensure_ascii=False))
    else:
        _say(outcome(clearance))
        _say(f"  result    {out}")
        _say(f"  report    {out / 'report.html'}")


def _choice(kind: Callable[[str], Any], option: str, value: str) -> Any:
    try:
        return kind(value)
    except ValueError:
        known = ", ".join(str(member) for member in kind)  # type: ignore[attr-defined]
        raise InvalidUsage(f"{option} '{value}' is not known", f"write {known}") from None


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _fail(error: Exception, code: int) -> None:
    if isinstance(error, InvalidCase) and "--json" in sys.argv:
        from dataclasses import asdict

        _say(
            json.dumps(
                {"problems": [asdict(problem) for problem in error.problems]}, indent=2, ensure_ascii=False
            )
        )
    sys.stderr.write(f"gridpact: {error}\n")
    sys.exit(code)
