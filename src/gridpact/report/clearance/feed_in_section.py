"""What retailers take of surplus, what is curtailed, and why."""

from typing import Any

from gridpact.fields.said import counted
from gridpact.report.pictures.period_axis import PeriodAxis
from gridpact.report.pictures.stack import Layer, stack
from gridpact.report.pictures.traces import GREY, ORANGE, Picture, empty_picture
from gridpact.report.shell.html import HtmlColumn, Tile, figure, paragraph, section, table
from gridpact.report.shell.numbers import energy
from gridpact.report.shell.sentences import capitalised
from gridpact.results.clearance import Clearance
from gridpact.results.clearance_outcome import loadings_are_of
from gridpact.results.curtailment import curtailed_runs
from gridpact.results.words.limit_kinds import reason
from gridpact.results.words.phrases import share_of, significant, span
from gridpact.results.words.place_words import name_of

RUNS_SHOWN = 100


def feed_in_picture(clearance: Clearance, axis: PeriodAxis) -> Picture:
    """What exporters feed in, and what they could; empty where nobody exports."""
    fed_in = clearance.fed_in
    if not fed_in.available_kw.any():
        return empty_picture()
    return stack(
        axis,
        "Feed-in (kW)",
        Layer(name="Fed in", kw=fed_in.fed_in_kw.sum(axis=1), colour=GREY),
        Layer(name="Curtailed", kw=fed_in.curtailed_kw.sum(axis=1), colour=ORANGE, pattern="x"),
    )


def feed_in_tiles(clearance: Clearance) -> list[Tile]:
    """The key figure of feed-in; nothing where nobody exports."""
    figures = clearance.summary.get("feed_in")
    if not figures:
        return []
    remark = (
        f"{energy(figures['curtailed_kwh'])} kWh curtailed" if figures["curtailed_kwh"] else "none curtailed"
    )
    return [Tile(name="Fed in to retailers", value=f"{energy(figures['fed_in_kwh'])} kWh", remark=remark)]


def feed_in_section(clearance: Clearance, picture: Picture) -> str:
    """The section about feed-in; nothing where nobody exports."""
    figures = clearance.summary.get("feed_in")
    if not figures or not picture["data"]:
        return ""
    available, fed_in = figures["available_kwh"], figures["fed_in_kwh"]
    said = (
        f"Exporters have {energy(available)} kWh that they do not sell to peers. Retailers take "
        f"{energy(fed_in)} kWh of it ({share_of(fed_in, available)})."
    )
    if figures["curtailed_kwh"]:
        said += f" {energy(figures['curtailed_kwh'])} kWh are curtailed: the network cannot carry them."
    caption = "Mean power of all exporters in each period that is not sold to peers."
    drawn = figure(
        "feed-in", "Stacked bars: feed-in and what is curtailed of it in each period, in kW", caption
    )
    return section("What retailers take", paragraph(said), drawn, _runs(clearance), _limits(clearance))


def _runs(clearance: Clearance) -> str:
    """The curtailments, those that lost most energy first."""
    runs = curtailed_runs(clearance)
    if not runs:
        return ""
    columns = (
        HtmlColumn(name="Participant"),
        HtmlColumn(name="When", is_time=True),
        HtmlColumn(name="Curtailed", is_number=True),
        HtmlColumn(name="Lost kWh", is_number=True),
        HtmlColumn(name="Reason"),
    )
    model, horizon = loadings_are_of(clearance), clearance.case.horizon
    rows = [
        (
            run.participant,
            span(horizon, run.first, run.last),
            f"{run.share:.1%}",
            energy(run.kwh),
            capitalised(
                reason(
                    *run.key[:2], run.values, model, run.key.phase, name_of(clearance.network, *run.key[:2])
                )
            ),
        )
        for run in runs[:RUNS_SHOWN]
    ]
    caption = f"Curtailed feed-in of {counted(len({run.participant for run in runs}), 'participant')}"
    if len(runs) > RUNS_SHOWN:
        rest = f"{len(runs) - RUNS_SHOWN} more are in curtailed.{clearance.case.table_format}"
        return table(f"{caption}. The {RUNS_SHOWN} that lost most are shown; {rest}.", columns, rows)
    return table(f"{caption}; those that lost most come first.", columns, rows)


def _limits(clearance: Clearance) -> str:
    """The limits that curtail, with what a little more of each would let in."""
    limits = clearance.summary["feed_in"]["limits"]
    if not limits:
        return ""
    columns = (
        HtmlColumn(name="Limit"),
        HtmlColumn(name="Curtailed kWh", is_number=True),
        HtmlColumn(name="Let in by 1 % more of it", is_number=True),
    )
    rows = [
        (
            _limit(clearance, each),
            energy(each["curtailed_kwh"]),
            "none" if each["kwh_per_percent"] is None else f"{significant(each['kwh_per_percent'])} kWh",
        )
        for each in limits
    ]
    return table("Limits that curtail feed-in, those that curtail most first.", columns, rows)


def _limit(clearance: Clearance, figures: dict[str, Any]) -> str:
    """A limit that curtails, in words."""
    kind, element = figures["limited_by"], figures["element"]
    name, model = name_of(clearance.network, kind, element), loadings_are_of(clearance)
    return capitalised(reason(kind, element, [], model, figures.get("phase", ""), name))
