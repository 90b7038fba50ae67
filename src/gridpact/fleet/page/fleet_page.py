"""The page of a fleet, whose size does not grow with the fleet."""

import shlex
from importlib.metadata import version
from typing import Any
from urllib.parse import quote

from gridpact.clearing.dispatch_verification import Status
from gridpact.fleet.page.fleet_outcome import (
    cases,
    energy_cleared,
    energy_cut,
    kind_name,
    limit_name,
    other_results,
    pace,
    reason,
    verdict,
)
from gridpact.fleet.page.fleet_pictures import hours_picture, shares_picture
from gridpact.fleet.page.meter import duration
from gridpact.fleet.rows.fleet_tables import PHASES, WORST_PHASE, Row
from gridpact.fleet.rows.tally import Tally, Top
from gridpact.fleet.workspace.fleet_files import ROWS_FILE
from gridpact.grid.network_model import PHASES as PHASE_NAMES
from gridpact.report.clearance.verdict import Mood, verdict_box
from gridpact.report.pictures.traces import Picture
from gridpact.report.shell.document import Head, Pictures, document
from gridpact.report.shell.html import HtmlColumn, Link, Tile, command, figure, paragraph, section, table
from gridpact.report.shell.numbers import energy
from gridpact.report.shell.sentences import capitalised, sentence
from gridpact.report.svg.picture_svg import drawn_pictures
from gridpact.results.output_folder import REPORT_FILE
from gridpact.results.words.phrases import share_of

RANKED = 25
SLOWEST = 15
SHARE_SHOWN_MIN = 0.001
REASON_CHARACTERS = 400
DECIMALS, MILLISECOND_DECIMALS = 3, 1
STATUS_WORDS = {
    Status.CLEARED: "limits kept",
    Status.BASELINE_UNSAFE: "limits broken before any trade, none made worse",
    Status.LIMITS_BROKEN: "limits broken by the dispatch",
    Status.NOT_CONVERGED: "no power-flow solution",
}
UNKNOWN = "none"
PHASE_WORDS = {"power_flow": "power flow"}


def fleet_page(
    tally: Tally,
    summary: dict[str, Any],
    title: str,
    folder: str,
    reported: frozenset[str] = frozenset(),
) -> str:
    """The page of a fleet: verdict, energies, congested feeders, failed and slowest cases.

    Args:
        tally: of all rows.
        summary: of the run.
        title: names the fleet.
        folder: that the cases are below, as a command takes it.
        reported: the paths of the cases that have a report beside their result, which their rows lead to.

    Returns:
        A self-contained HTML document.
    """
    mood, words = _mood(tally)
    pictures = {"shares": shares_picture(tally.shares), "hours": hours_picture(tally.by_hour)}
    head = Head(
        title=f"{title}: {words}",
        heading=title,
        below=[f"{cases(tally.cases)}, {tally.sums['participants']:,} participants"],
        said=verdict_box(mood, words, _said(summary)),
        tiles=_tiles(tally, summary),
        notices=[sentence(others)] if (others := other_results(summary)) else [],
    )
    return document(
        head,
        [
            _failed(tally),
            _unsafe(tally, reported),
            section("Energy by hour", _hours(pictures["hours"])),
            section("How much of what was proposed clears", _shares(tally, pictures["shares"])),
            section(
                "Congested feeders",
                _congested(tally, reported),
                _report(tally, summary, folder),
                _limits(tally),
            ),
            _phases_and_neutrals(tally, reported),
            _beyond(tally, reported),
            section("Where the time goes", _slowest(tally, reported), _phases(tally)),
        ],
        _origin(summary),
        styles=["fleet.css"],
        pictures=Pictures(drawn=drawn_pictures(pictures)),
    )


def _said(summary: dict[str, Any]) -> str:
    """The outcome in one or two sentences."""
    cut = f" Cut: {cuts}." if (cuts := energy_cut(summary)) else ""
    return f"{verdict(summary)}; {energy_cleared(summary)}.{cut}"


def _mood(tally: Tally) -> tuple[Mood, str]:
    """The colour of the verdict, and the worst that there is to say."""
    if tally.unsafe.count:
        return Mood.UNSAFE, f"{cases(tally.unsafe.count)} not safe to operate"
    if tally.failures.count:
        return Mood.UNSAFE, f"{cases(tally.failures.count)} failed: no result"
    if tally.beyond.count:
        return Mood.CARE, "Every case done and every limit kept, some only by their dispatch"
    if tally.congested.count:
        return Mood.CARE, "Every case done and every limit kept, some trades cut by networks"
    return Mood.SAFE, "Every case done and every limit kept"


def _tiles(tally: Tally, summary: dict[str, Any]) -> list[Tile]:
    """The key figures."""
    proposed, cleared = summary["proposed_kwh"], summary["cleared_kwh"]
    done = tally.cases - tally.failures.count
    return [
        Tile(name="Cases done", value=f"{done:,}", remark=f"of {tally.cases:,}"),
        Tile(
            name="Failed", value=f"{tally.failures.count:,}", remark=_share(tally.failures.count, tally.cases)
        ),
        Tile(
            name="Not safe", value=f"{tally.unsafe.count:,}", remark=_share(tally.unsafe.count, tally.cases)
        ),
        Tile(
            name="Congested",
            value=f"{tally.congested.count:,}",
            remark=f"{energy(summary['network_cut_kwh'])} kWh cut by networks",
        ),
        Tile(name="Proposed", value=f"{energy(proposed)} kWh", remark=f"{summary['trades']:,} trades"),
        Tile(
            name="Cleared",
            value=f"{energy(cleared)} kWh",
            remark=f"{share_of(cleared, proposed)} of proposed" if proposed else "nothing was proposed",
        ),
        *_fed_in(summary),
        Tile(
            name="Load",
            value=f"{energy(summary['load_kwh'])} kWh",
            remark=f"{_share(cleared, summary['load_kwh'])} from peers",
        ),
        Tile(
            name="Took",
            value=duration(summary["seconds"]),
            remark=pace(summary),
        ),
    ]


def _fed_in(summary: dict[str, Any]) -> list[Tile]:
    """The key figure of feed-in; nothing where nobody exports."""
    fed_in, curtailed = summary["fed_in_kwh"], summary["curtailed_kwh"]
    if not fed_in and not curtailed:
        return []
    remark = f"{energy(curtailed)} kWh curtailed" if curtailed else "none curtailed"
    return [Tile(name="Fed in to retailers", value=f"{energy(fed_in)} kWh", remark=remark)]


def _failed(tally: Tally) -> str:
    """The section of failed cases; empty where there are none."""
    if not tally.failures.count:
        return ""
    rows = [(row["path"], reason(row["error"], REASON_CHARACTERS)) for row in tally.failures.rows]
    caption = _caption(
        "These cases have no result, and everything else is complete without them.", tally.failures
    )
    content = table(caption, (HtmlColumn(name="Case"), HtmlColumn(name="Reason")), rows)
    return section("Failed cases", content)


def _unsafe(tally: Tally, reported: frozenset[str]) -> str:
    """The section of cases that are not safe to operate; empty where there are none."""
    if not tally.unsafe.count:
        return ""
    columns = (
        HtmlColumn(name="Case"),
        HtmlColumn(name="Title"),
        HtmlColumn(name="Why"),
        HtmlColumn(name="Limits broken", is_number=True),
    )
    rows = [
        (_case(row, reported), row["name"], STATUS_WORDS[Status(row["status"])], str(row["violations"]))
        for row in tally.unsafe.rows
    ]
    content = table(
        _caption("The dispatch of these cases cannot be operated as it is.", tally.unsafe), columns, rows
    )
    return section("Cases that are not safe", content)


def _hours(picture: Picture) -> str:
    """The picture of energy by hour of the day, or why there is none."""
    if not picture["data"]:
        return paragraph("There is no energy in any case.")
    caption = (
        "Energy of all cases in each hour of the local day; the bars together are what was proposed. What is "
        "cut otherwise is cut by the participants' own surplus and demand, terms or the rule of allocation."
    )
    return figure(
        "hours", "Bars: energy proposed and cleared in each hour of the day, with the load", caption
    )


def _shares(tally: Tally, picture: Picture) -> str:
    """How much of what was proposed the cases clear, in words and as a picture."""
    said = [f"{capitalised(cases(tally.in_full))} cleared all that was proposed."]
    if tally.idle:
        said.append(f"In {cases(tally.idle)} nothing was proposed.")
    if not picture["data"]:
        return paragraph(" ".join(said))
    caption = " ".join([*said, "The picture shows the cases that cleared less, whatever cut them."])
    return figure("shares", "Bars: number of cases by the share of the proposed energy that cleared", caption)


def _congested(tally: Tally, reported: frozenset[str]) -> str:
    """The table of the cases whose networks cut most."""
    if not tally.congested.count:
        return paragraph("No network cut any trade.")
    columns = (
        HtmlColumn(name="Case"),
        HtmlColumn(name="Cleared", is_number=True),
        HtmlColumn(name="Cut by the network kWh", is_number=True),
        HtmlColumn(name="Periods", is_number=True),
        HtmlColumn(name="The one limit that cuts most"),
        HtmlColumn(name="It cuts kWh", is_number=True),
        HtmlColumn(name="Shadow price", is_number=True),
    )
    rows = [
        (
            _case(row, reported),
            f"{row['cleared_share']:.1%}",
            _figure(row["network_cut_kwh"]),
            f"{row['congested_periods']:,}",
            limit_name(row),
            _figure(row["element_cut_kwh"]),
            "none" if row["shadow_price"] is None else _figure(row["shadow_price"]),
        )
        for row in tally.congested.rows[:RANKED]
    ]
    said = (
        "Those with most energy cut come first. The shadow price is in kW more cleared per 1 % more of the "
        "limit; under a lower voltage, per 1 % less."
    )
    return table(_caption(said, tally.congested, RANKED), columns, rows)


def _report(tally: Tally, summary: dict[str, Any], folder: str) -> str:
    """How to get the report of the most congested case; empty where none is congested."""
    if not tally.congested.count:
        return ""
    case = f"{folder.rstrip('/')}/{tally.congested.rows[0]['path']}"
    chosen = [part for name, value in summary["settings"].items() for part in (f"--{name}", value)]
    typed = shlex.join(["gridpact", "clear", case, "--out", "report", *chosen])
    return command(
        "The first of them as a report, with its cuts, voltages and loadings in each period:", typed
    )


def _limits(tally: Tally) -> str:
    """The table of kinds of limits, those that cut most first."""
    ranked = sorted(
        (limit for limit, count in tally.limited.items() if count),
        key=lambda limit: -tally.sums[f"{limit}_cut_kwh"],
    )
    if not ranked:
        return ""
    columns = (
        HtmlColumn(name="Limit"),
        HtmlColumn(name="Cases that it cuts", is_number=True),
        HtmlColumn(name="Cut kWh", is_number=True),
    )
    rows = [
        (capitalised(kind_name(limit)), f"{tally.limited[limit]:,}", _figure(tally.sums[f"{limit}_cut_kwh"]))
        for limit in ranked
    ]
    said = "All that networks cut, by what cut it; several kinds can cut one case."
    return "<h3>Kinds of limits</h3>" + table(said, columns, rows)


def _phases_and_neutrals(tally: Tally, reported: frozenset[str]) -> str:
    """The section of cases on three phases; empty where there are none."""
    if not tally.unbalanced.count:
        return ""
    columns = (
        HtmlColumn(name="Case"),
        HtmlColumn(name="Worst phase"),
        HtmlColumn(name="Highest unbalance %", is_number=True),
        HtmlColumn(name="At bus", is_number=True),
        HtmlColumn(name="Highest neutral loading %", is_number=True),
        HtmlColumn(name="Of line", is_number=True),
    )
    rows = [
        (
            _case(row, reported),
            row[WORST_PHASE] or UNKNOWN,
            _known_figure(row["highest_unbalance_percent"]),
            row["highest_unbalance_bus"] or UNKNOWN,
            _known_figure(row["highest_neutral_percent"]),
            row["highest_neutral_line"] or UNKNOWN,
        )
        for row in tally.unbalanced.rows[:RANKED]
    ]
    counts = [f"{each} in {cases(tally.worst_phases[each])}" for each in PHASE_NAMES]
    said = (
        f"{capitalised(cases(tally.unbalanced.count))} on three phases. The worst phase of each has the "
        f"voltage or loading that comes nearest to its limit, or furthest beyond it: {', '.join(counts)}."
    )
    caption = _caption("Those with the highest unbalance come first.", tally.unbalanced, RANKED)
    return section("Phases, neutrals and unbalance", paragraph(said), table(caption, columns, rows))


def _known_figure(value: float | None) -> str:
    """A figure, or that there is none."""
    return UNKNOWN if value is None else _figure(value)


def _beyond(tally: Tally, reported: frozenset[str]) -> str:
    """The section of cases with limits broken before any trade; empty where there are none."""
    if not tally.beyond.count:
        return ""
    columns = (
        HtmlColumn(name="Case"),
        HtmlColumn(name="Title"),
        HtmlColumn(name="Limits broken before any trade", is_number=True),
        HtmlColumn(name="With the trades"),
    )
    rows = [
        (
            _case(row, reported),
            row["name"],
            str(row["baseline_violations"]),
            STATUS_WORDS[Status(row["status"])],
        )
        for row in tally.beyond.rows[:RANKED]
    ]
    said = "The networks break these limits by themselves."
    content = table(_caption(said, tally.beyond, RANKED), columns, rows)
    return section("Networks beyond their limits without any trade", content)


def _slowest(tally: Tally, reported: frozenset[str]) -> str:
    """The table of the cases that took longest."""
    rows = [
        (
            _case(row, reported),
            f"{row['periods']:,}",
            f"{row['trades']:,}",
            f"{row['congested_periods']:,}",
            _figure(row["seconds"]),
            _longest_phase(row),
        )
        for row in tally.slowest.rows[:SLOWEST]
    ]
    if not rows:
        return paragraph("No case was cleared.")
    columns = (
        HtmlColumn(name="Case"),
        HtmlColumn(name="Periods", is_number=True),
        HtmlColumn(name="Trades", is_number=True),
        HtmlColumn(name="Congested periods", is_number=True),
        HtmlColumn(name="Seconds", is_number=True),
        HtmlColumn(name="Most of it"),
    )
    return "<h3>Slowest cases</h3>" + table("In the run in which each was cleared.", columns, rows)


def _phases(tally: Tally) -> str:
    """The table of where the time went; empty where none was taken."""
    total = tally.seconds["seconds"]
    if not total:
        return ""
    columns = (
        HtmlColumn(name="Phase"),
        HtmlColumn(name="Seconds of all cases", is_number=True),
        HtmlColumn(name="Share", is_number=True),
        HtmlColumn(name="Milliseconds a case", is_number=True),
    )
    cleared = tally.cases - tally.failures.count
    rows = [
        (
            PHASE_WORDS.get(phase, phase),
            _figure(seconds),
            f"{seconds / total:.1%}",
            _figure(1000.0 * seconds / cleared, MILLISECOND_DECIMALS),
        )
        for phase in (*PHASES, "all")
        if (seconds := tally.seconds["seconds" if phase == "all" else f"seconds_{phase}"])
    ]
    return "<h3>Phases</h3>" + table(
        "Wall time of the workers, in the run in which each case was cleared.", columns, rows
    )


def _origin(summary: dict[str, Any]) -> list[tuple[str, str]]:
    """Names and values of how the fleet was cleared."""
    settings = ", ".join(f"{name} {value}" for name, value in summary["settings"].items())
    return [
        ("Settings", settings or "as each case says"),
        ("Workers", str(summary["workers"])),
        ("All figures", f"{ROWS_FILE}, one row a case"),
        ("gridpact", str(summary["version"])),
        ("Engine", f"distributed {version('distributed')}"),
    ]


def _longest_phase(row: Row) -> str:
    """The step that took a case longest, with its seconds."""
    phase = max(PHASES, key=lambda name: float(row[f"seconds_{name}"]))
    return f"{PHASE_WORDS.get(phase, phase)}, {row[f'seconds_{phase}']:.3f} s"


def _case(row: Row, reported: frozenset[str]) -> str | Link:
    """The path of a case, which leads to its report where there is one."""
    path = str(row["path"])
    return Link(text=path, address=f"{quote(path)}/{REPORT_FILE}") if path in reported else path


def _caption(said: str, top: Top, shown: int | None = None) -> str:
    """A caption that says how many of all rows are shown, where not all are."""
    count = min(len(top.rows), shown or top.count)
    return (
        said if count == top.count else f"{said} {count} of {top.count:,} are shown; all are in {ROWS_FILE}."
    )


def _share(part: float, whole: float) -> str:
    """A share in percent, also where it is too small to show."""
    if not whole:
        return "none"
    return "<0.1%" if 0.0 < part / whole < SHARE_SHOWN_MIN else f"{part / whole:.1%}"


def _figure(value: float, decimals: int = DECIMALS) -> str:
    """A number with as many decimals as all of its column have."""
    least = 10.0**-decimals
    return f"<{least:.{decimals}f}" if 0.0 < value < least / 2.0 else f"{value:,.{decimals}f}"
