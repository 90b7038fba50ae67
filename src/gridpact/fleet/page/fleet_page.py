"""The page of a fleet, whose size does not grow with the fleet."""

import shlex
from importlib.metadata import version
from typing import Any

from gridpact.fleet.page.fleet_cells import figure_text, share_text
from gridpact.fleet.page.fleet_outcome import (
    cases,
    energy_cleared,
    energy_cut,
    kind_name,
    other_results,
    pace,
    verdict,
)
from gridpact.fleet.page.fleet_pictures import hours_picture, shares_picture
from gridpact.fleet.page.fleet_progress import duration
from gridpact.fleet.page.fleet_times import phases_table, slowest_table
from gridpact.fleet.page.watched_cases import (
    beyond_section,
    congested_table,
    failed_section,
    phases_section,
    unsafe_section,
)
from gridpact.fleet.rows.tally import Tally
from gridpact.fleet.workspace.fleet_files import ROWS_FILE
from gridpact.report.clearance.verdict import Mood, verdict_box
from gridpact.report.pictures.traces import Picture
from gridpact.report.shell.document import Head, Pictures, document
from gridpact.report.shell.html import HtmlColumn, Tile, command, figure, paragraph, section, table
from gridpact.report.shell.numbers import energy
from gridpact.report.shell.sentences import capitalised, sentence
from gridpact.report.svg.picture_svg import drawn_pictures
from gridpact.results.words.phrases import share_of


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
            failed_section(tally),
            unsafe_section(tally, reported),
            section("Energy by hour", _hours(pictures["hours"])),
            section("How much of what was proposed clears", _shares(tally, pictures["shares"])),
            section(
                "Congested feeders",
                congested_table(tally, reported),
                _report(tally, summary, folder),
                _limits(tally),
            ),
            phases_section(tally, reported),
            beyond_section(tally, reported),
            section("Where the time goes", slowest_table(tally, reported), phases_table(tally)),
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
            name="Failed",
            value=f"{tally.failures.count:,}",
            remark=share_text(tally.failures.count, tally.cases),
        ),
        Tile(
            name="Not safe",
            value=f"{tally.unsafe.count:,}",
            remark=share_text(tally.unsafe.count, tally.cases),
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
            remark=f"{share_text(cleared, summary['load_kwh'])} from peers",
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
        (
            capitalised(kind_name(limit)),
            f"{tally.limited[limit]:,}",
            figure_text(tally.sums[f"{limit}_cut_kwh"]),
        )
        for limit in ranked
    ]
    said = "All that networks cut, by what cut it; several kinds can cut one case."
    return "<h3>Kinds of limits</h3>" + table(said, columns, rows)


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
