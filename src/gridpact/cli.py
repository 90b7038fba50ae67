"""The command line: `gridpact COMMAND`. Exit 0 done, 2 invalid input or usage, 1 anything else."""

import filecmp
import io
import json
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from gridpact.errors import GridpactError, InvalidCase, InvalidUsage

EXIT_FAILED, EXIT_INVALID = 1, 2
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")

app = typer.Typer(
    help="Clears peer-to-peer electricity trades on low-voltage networks, proves and explains the result.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@dataclass(slots=True)
class _Invocation:
    """What `main` has to know of the command that ran."""

    as_json: bool = False


def _note_json(context: typer.Context, value: bool) -> bool:
    if isinstance(context.obj, _Invocation):
        context.obj.as_json = value
    return value


CaseFolder = Annotated[Path, typer.Argument(metavar="CASE", help="A case folder.")]
OutFolder = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the result.")]
Commitments = Annotated[
    Path | None,
    typer.Option("--commitments", metavar="DIR", help="An earlier result: what it cleared is firm."),
]
Json = Annotated[
    bool,
    typer.Option("--json", help="Machine-readable result on stdout.", callback=_note_json, is_eager=True),
]
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
    from gridpact.case import read_case
    from gridpact.progress import progress
    from gridpact.published import cigre_day
    from gridpact.results.output_folder import check_output_folder

    check_output_folder(out / "result", case_folder=out / "case")
    with progress("writing the published 44-bus day as a case", quiet=quiet):
        _write_or_keep(cigre_day(), out / "case")
        case = read_case(out / "case")
    _clear(case, out / "result", report=True, as_json=as_json, quiet=quiet)


@app.command()
def check(case_folder: CaseFolder, as_json: Json = False, quiet: Quiet = False) -> None:
    """Read a case and list every problem in it."""
    from gridpact.case import read_case
    from gridpact.progress import progress

    try:
        with progress(f"reading {case_folder}", quiet=quiet):
            case = read_case(case_folder)
    except InvalidCase as error:  # The list is what was asked for, and so it goes to stdout.
        _say(_as_json(_told(error)) if as_json else f"{case_folder}: {error}")
        raise typer.Exit(EXIT_INVALID) from None
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
        _say(_as_json(facts))
        return
    _say(f"{case_folder}: no problems")
    for name, value in facts.items():
        if name != "warnings":
            _say(f"  {name:<13}{value}")
    for warning in case.warnings:
        _say(f"  {'warning':<13}{warning}")


@app.command()
def convert(
    case_folder: CaseFolder,
    to: Annotated[str, typer.Option("--to", help="Format of the tables: parquet or csv.")],
    out: OutFolder,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write a case with Parquet tables and a network that is read fast, or with CSV tables."""
    from gridpact.case import TableFormat
    from gridpact.case.convert import convert_case
    from gridpact.progress import progress
    from gridpact.results.output_folder import ResultKind, check_output_folder, output_folder

    table_format = _choice(TableFormat, "--to", to)
    new_folder = ResultKind(words="a converted case", names=frozenset(), is_one=lambda folder: False)
    check_output_folder(out, new_folder, case_folder=case_folder)
    with (
        progress(f"converting {case_folder}", quiet=quiet),
        output_folder(out, new_folder, case_folder=case_folder) as folder,
    ):
        conversion = convert_case(case_folder, folder, table_format)
    facts = {
        "name": conversion.case.name,
        "files": list(conversion.files),
        "left": list(conversion.left),
        "warnings": list(conversion.case.warnings),
        "max_difference_pu": conversion.difference.voltage_pu,
        "max_difference_percent": conversion.difference.loading_percent,
        "folder": str(out),
    }
    if as_json:
        _say(_as_json(facts))
        return
    _say(f"{conversion.case.name}: converted to {table_format}")
    _say(f"  files     {', '.join(conversion.files)}")
    if conversion.left:
        _say(f"  left      {', '.join(conversion.left)}")
    for warning in conversion.case.warnings:
        _say(f"  warning   {warning}")
    _say(f"  network   voltages agree within {conversion.difference.voltage_pu:.1e} pu under the forecast")
    _say(f"  case      {out}")


@app.command()
def match(case_folder: CaseFolder, out: OutFolder, as_json: Json = False, quiet: Quiet = False) -> None:
    """Match the orders of a case into trades, and write them as a trades table."""
    from gridpact.case import read_case
    from gridpact.case.write import write_trades
    from gridpact.matching import match as match_orders
    from gridpact.progress import progress
    from gridpact.results.output_folder import MATCHED_TRADES, check_output_folder, output_folder
    from gridpact.results.phrases import counted

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
        "price_rule": str(case.price_rule),
        "file": str(out / f"trades.{case.table_format}"),
    }
    if as_json:
        _say(_as_json(facts))
    else:
        counts = f"{counted(len(case.orders), 'order')} matched into {counted(len(trades), 'trade')}"
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
    robust: Annotated[
        str, typer.Option(help="What the result has to survive: none, or declared (a seller or trade fails).")
    ] = "",
    time_limit_s: Annotated[
        float,
        typer.Option(
            "--time-limit-s", help="Time for the search among terms; the case's own.", show_default=False
        ),
    ] = 0.0,
    certify: Annotated[
        bool, typer.Option("--certify", help="Prove an upper bound on what any allocation could clear.")
    ] = False,
    commitments: Commitments = None,
    no_report: Annotated[bool, typer.Option("--no-report", help="Leave report.html out.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Clear the trades of a case, verify the dispatch, and write the result with its report."""
    from gridpact.case import Allocation, Formulation, Robustness, read_case, with_commitments
    from gridpact.progress import progress
    from gridpact.results.output_folder import check_output_folder

    chosen: dict[str, Any] = {}
    if formulation:
        chosen["formulation"] = _choice(Formulation, "--formulation", formulation)
    if allocation:
        chosen["allocation"] = _choice(Allocation, "--allocation", allocation)
    if robust:
        chosen["robustness"] = _choice(Robustness, "--robust", robust)
    if time_limit_s < 0.0:
        raise InvalidUsage(f"--time-limit-s {time_limit_s:g} is negative", "write the seconds")
    if time_limit_s:
        chosen["seconds_max"] = time_limit_s
    check_output_folder(out, case_folder=case_folder, commitments=commitments)
    with progress(f"reading {case_folder}", quiet=quiet):
        case = read_case(case_folder)
        if commitments is not None:
            case = with_commitments(case, commitments)
    case = replace(case, **chosen)
    _clear(case, out, certify=certify, report=not no_report, as_json=as_json, quiet=quiet)


@app.command()
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
    from gridpact.envelopes.words import outcome
    from gridpact.envelopes.write import ENVELOPES_RESULT, PICTURE_FILE
    from gridpact.progress import progress
    from gridpact.report.envelope_page import envelope_page
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
        _say(_as_json(envelopes.summary))
        return
    _say(outcome(envelopes))
    _say(f"  result    {out}")
    _say(f"  picture   {out / PICTURE_FILE}")


@app.command()
def settle(
    case_folder: CaseFolder,
    out: OutFolder,
    clearance: Annotated[
        Path, typer.Option("--clearance", metavar="DIR", help="The result of clearing this case.")
    ],
    previous: Annotated[
        Path | None,
        typer.Option("--previous", metavar="DIR", help="An earlier settlement, which this one corrects."),
    ] = None,
    mode: Annotated[str, typer.Option(help="What governs: sharing (meters) or firm (trades).")] = "",
    missing: Annotated[str, typer.Option(help="A missing reading: error, or schedule.")] = "",
    loss_allocation: Annotated[str, typer.Option(help="Who pays losses: dso, pro-rata or marginal.")] = "",
    statements: Annotated[
        bool, typer.Option("--statements", help="Also write a page for each participant.")
    ] = False,
    no_report: Annotated[bool, typer.Option("--no-report", help="Leave report.html out.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Settle the cleared trades of a case by its meters and tariffs: ledger, statements, residuals."""
    import gridpact
    from gridpact.progress import progress
    from gridpact.report.settlement_page import settlement_page
    from gridpact.report.statement_page import statement_pages
    from gridpact.results.output_folder import REPORT_FILE, check_output_folder
    from gridpact.settlement.tariffs import LossAllocation, Missing, Mode
    from gridpact.settlement.words import outcome
    from gridpact.settlement.write import CLEARED, EARLIER, PAGES_FOLDER, SETTLEMENT_RESULT

    chosen = {
        "mode": _choice(Mode, "--mode", mode) if mode else None,
        "missing": _choice(Missing, "--missing", missing) if missing else None,
        "loss_allocation": (
            _choice(LossAllocation, "--loss-allocation", loss_allocation) if loss_allocation else None
        ),
    }
    inputs = {CLEARED: clearance, EARLIER: previous}
    check_output_folder(out, SETTLEMENT_RESULT, case_folder=case_folder, inputs=inputs)
    with progress(f"reading and settling {case_folder}", quiet=quiet):
        settled = gridpact.settle(case_folder, clearance, previous=previous, **chosen)
    with progress(f"writing {out}", quiet=quiet):
        gridpact.write_settlement(
            settled,
            out,
            report=None if no_report else settlement_page(settled),
            pages=statement_pages(settled) if statements else (),
        )
    if as_json:
        _say(_as_json(settled.summary))
        return
    _say(outcome(settled))
    _say(f"  result    {out}")
    if not no_report:
        _say(f"  report    {out / REPORT_FILE}")
    if statements:
        _say(f"  pages     {out / PAGES_FOLDER}")


@app.command()
def fleet(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Every case folder below it is cleared.")],
    out: OutFolder,
    manifest: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Only the cases that it lists, one path below DIR a line."),
    ] = None,
    scheduler: Annotated[
        str, typer.Option(metavar="ADDRESS", help="A Dask scheduler, as in tcp://host:8786.")
    ] = "",
    workers: Annotated[int, typer.Option(metavar="N", help="Processes; as many as cores without it.")] = 0,
    formulation: Annotated[str, typer.Option(help="For all cases: ac or dc.")] = "",
    allocation: Annotated[
        str, typer.Option(help="For all cases: max-volume, max-min, proportional or priority.")
    ] = "",
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Clear every case below a folder, on all cores or a Dask cluster; start it again to go on."""
    import dask

    from gridpact.case import Allocation, Formulation
    from gridpact.fleet import run_fleet

    # What matters is said in the rows, and at the end.
    dask.config.set({"logging": {"distributed": "critical", "distributed.client": "critical"}})
    result = run_fleet(
        folder,
        out,
        manifest=manifest,
        scheduler=scheduler,
        workers=workers,
        formulation=_choice(Formulation, "--formulation", formulation) if formulation else None,
        allocation=_choice(Allocation, "--allocation", allocation) if allocation else None,
        quiet=quiet,
    )
    if as_json:
        _say(_as_json(result.summary))
    else:
        _say(result.words)
        _say(f"  table     {result.rows}")
        _say(f"  page      {result.page}")
    if result.failed:
        raise typer.Exit(EXIT_FAILED)


@app.command()
def network(
    name: Annotated[
        str, typer.Argument(metavar="[NAME_OR_FILE]", help="A built-in network's name, or a network file.")
    ] = "",
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """List the buses, lines and transformers of a network; without a name, the built-in networks."""
    from gridpact.grid.builtin import builtin_names, near_builtin
    from gridpact.grid.compile import compile_source
    from gridpact.grid.listing import listed, listing
    from gridpact.grid.source import NetworkSource
    from gridpact.progress import progress

    if not name:
        _say(_as_json(builtin_names()) if as_json else "\n".join(builtin_names()))
        return
    is_file = Path(name).is_file()
    if not is_file and name not in builtin_names():
        raise InvalidUsage(f"'{name}' is neither a built-in network nor a file", near_builtin(name))
    source = NetworkSource(file=Path(name)) if is_file else NetworkSource(builtin=name)
    with progress(f"compiling {name}", quiet=quiet):
        facts = listing(compile_source(source))
    _say(_as_json(facts) if as_json else listed(facts))


@app.command()
def reproduce(as_json: Json = False, quiet: Quiet = False) -> None:
    """Recompute the published 24-hour results and the extreme hour, and show them beside the published."""
    from gridpact.progress import progress
    from gridpact.published import reproduce as reproduce_published
    from gridpact.published.words import comparison

    with progress("clearing the published cases again", quiet=quiet):
        reproduction = reproduce_published()
    if as_json:
        _say(_as_json(reproduction.as_dict()))
    else:
        _say(comparison(reproduction))


def main() -> None:
    """Runs the command line, and turns what gridpact raises into an exit code and a message."""
    for variable in THREADS:  # The matrices are small: more threads only wait for each other.
        os.environ.setdefault(variable, "1")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # A terminal may not know every letter of a name.
            stream.reconfigure(errors="backslashreplace")
    invocation = _Invocation()
    try:
        app(obj=invocation)
    except (InvalidCase, InvalidUsage) as error:
        _fail(error, EXIT_INVALID, as_json=invocation.as_json)
    except (GridpactError, OSError) as error:
        _fail(error, EXIT_FAILED, as_json=invocation.as_json)


def _clear(case: Any, out: Path, *, certify: bool = False, report: bool, as_json: bool, quiet: bool) -> None:
    import gridpact
    from gridpact.progress import progress
    from gridpact.results.output_folder import REPORT_FILE
    from gridpact.results.words import outcome

    with progress("compiling the network and clearing", quiet=quiet):
        clearance = gridpact.clear(case, certify=certify)
    with progress(f"writing {out}", quiet=quiet):
        gridpact.write_clearance(clearance, out, report=_report(clearance) if report else None)
    if as_json:
        _say(_as_json(clearance.summary))
        return
    _say(outcome(clearance))
    _say(f"  result    {out}")
    if report:
        _say(f"  report    {out / REPORT_FILE}")


def _report(clearance: Any) -> str:
    from gridpact.report.page import report_page

    return report_page(clearance)


def _write_or_keep(case: Any, folder: Path) -> None:
    """Writes a case folder; the same one is kept where it is there already, and no other is touched."""
    from gridpact.case import write_case

    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        write_case(case, folder)
        return
    with tempfile.TemporaryDirectory() as aside:
        write_case(case, aside)
        names = sorted(path.name for path in Path(aside).iterdir())
        found = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
        if found != names or filecmp.cmpfiles(aside, folder, names, shallow=False)[0] != names:
            raise InvalidUsage(f"{folder} holds something else than the demo's case", "name another --out")


def _choice(kind: Callable[[str], Any], option: str, value: str) -> Any:
    try:
        return kind(value)
    except ValueError:
        known = ", ".join(str(member) for member in kind)  # type: ignore[attr-defined]
        raise InvalidUsage(f"{option} '{value}' is not known", f"write {known}") from None


def _as_json(facts: Any) -> str:
    return json.dumps(facts, indent=2, ensure_ascii=False)


def _told(error: Exception) -> dict[str, Any]:
    """An error for programs: every problem of a case, or the message."""
    if isinstance(error, InvalidCase):
        problems = [asdict(problem) for problem in error.problems]
        return {"total": error.total, "problems": problems, "unchecked": list(error.unchecked)}
    return {"error": str(error)}


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _fail(error: Exception, code: int, *, as_json: bool) -> None:
    if as_json:
        _say(_as_json(_told(error)))
    sys.stderr.write(f"gridpact: {error}\n")
    sys.exit(code)
