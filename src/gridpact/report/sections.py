"""The sections of the page between its head and its foot: pictures with captions, tables with sentences."""

from html import escape
from importlib.metadata import version
from typing import Any

import pandas as pd

from gridpact.clearing.solution import LimitedBy
from gridpact.report.colours import ColourScale
from gridpact.report.drawing import scales
from gridpact.report.html import Column, facts, figure, paragraph, table
from gridpact.report.numbers import energy, fixed
from gridpact.report.traces import Picture
from gridpact.results.clearance import Clearance
from gridpact.results.words import cut_runs, reason

CUTS_SHOWN = 100
LIMITS_SHOWN = 100
SOLVER_PACKAGES = ("clarabel", "highspy")


def load(picture: Picture) -> str:
    """Load by source."""
    if not picture["data"]:
        return paragraph("No participant has any load in this horizon.")
    caption = "Mean power of all participants in each period, stacked by who serves it."
    return figure("load", "Stacked bars: load by source in each period, in kW", caption)


def generation(picture: Picture) -> str:
    """Generation by destination."""
    if not picture["data"]:
        return paragraph("No participant has any generation in this horizon.")
    caption = "Mean power of all participants in each period, stacked by where it goes."
    return figure("generation", "Stacked bars: generation by destination in each period, in kW", caption)


def network(clearance: Clearance, states: dict[str, Any]) -> str:
    """The drawing of the network with its slider, colour scales and key."""
    last, start = clearance.case.horizon.periods - 1, states["start"]
    still = " disabled" if last == 0 else ""
    caption = (
        "Supplies stand at the left and feeders run to the right; lengths are not to scale. Touch a bus or "
        "the middle of a branch for its figures."
    )
    scale_rows = "".join(_scale(scale) for scale in scales(clearance))
    return (
        '<div class="controls">'
        f'<output id="period-label" for="period">{escape(states["labels"][start])}</output>'
        f'<button type="button" id="earlier" aria-label="Earlier period"{still}>◀</button>'
        f'<input type="range" id="period" min="0" max="{last}" step="1" value="{start}" '
        f'aria-label="Period shown" autocomplete="off"{still}>'
        f'<button type="button" id="later" aria-label="Later period"{still}>▶</button></div>'
        f'<p id="period-facts" aria-live="polite">{escape(states["facts"][start])}</p>'
        f'<div class="scales">{scale_rows}</div>{_key(states)}'
        + figure(
            "network", "The network as a tree, coloured by voltage and loading in the chosen period", caption
        )
    )


def voltage(clearance: Clearance) -> str:
    """Voltages over time."""
    low, high = clearance.case.limits.voltage_min_pu, clearance.case.limits.voltage_max_pu
    caption = (
        "Every bus under the dispatch, and as dotted lines the lowest and highest voltage with no trade "
        f"cleared. Limits {low:g} to {high:g} pu."
    )
    return "<h3>Voltage of all buses</h3>" + figure(
        "voltage", "Band of bus voltages in each period, in pu", caption
    )


def loading(picture: Picture) -> str:
    """Highest loadings over time."""
    if not picture["data"]:
        return paragraph("No line or transformer of this network has a rating.")
    caption = "The most loaded line and the most loaded transformer of each period, under the dispatch."
    alternative = "Highest loading of lines and transformers in each period, in percent"
    return "<h3>Highest loading of lines and transformers</h3>" + figure("loading", alternative, caption)


def cuts(clearance: Clearance) -> str:
    """The cut trades, those that lost most energy first."""
    runs = cut_runs(clearance)
    if not len(runs):
        return paragraph("Nothing was cut." if len(clearance.trades) else "There were no trades to cut.")
    columns = (
        Column(name="Trade"),
        Column(name="Seller → buyer"),
        Column(name="When", is_time=True),
        Column(name="Proposed kW", is_number=True),
        Column(name="Cleared kW", is_number=True),
        Column(name="Cut", is_number=True),
        Column(name="Lost kWh", is_number=True),
        Column(name="Reason"),
    )
    lost = f"{energy(float(runs['kwh'].sum()))} kWh were cut from {runs['trade'].nunique()} trades"
    caption = f"{lost}; those that lost most come first."
    if len(runs) > CUTS_SHOWN:
        more = f"{len(runs) - CUTS_SHOWN} more are in cleared.csv."
        caption = f"{lost}. The {CUTS_SHOWN} that lost most are shown; {more}"
    return table(caption, columns, _cut_rows(clearance, runs.head(CUTS_SHOWN)))


def binding(clearance: Clearance) -> str:
    """The binding limits, each element once."""
    limits = clearance.limits.assign(period=clearance.solution.binding.period)
    if not len(limits):
        return paragraph("No limit holds the traded volume down.")
    columns = (
        Column(name="Limit"),
        Column(name="Periods", is_number=True),
        Column(name="Greatest shadow price", is_number=True),
        Column(name="When", is_time=True),
    )
    steepest = limits.sort_values(["shadow_price", "period"], ascending=[False, True], kind="stable")
    groups = steepest.groupby(["limited_by", "element"], sort=False)
    worst = groups.first().assign(periods=groups.size()).reset_index()
    caption = (
        "The shadow price says how many kW more would clear with 1 % more of the limit, at its greatest."
    )
    if len(worst) > LIMITS_SHOWN:
        caption += (
            f" The {LIMITS_SHOWN} greatest are shown; {len(worst) - LIMITS_SHOWN} more are in limits.csv."
        )
    rows = [
        (
            _sentence_start(reason(row["limited_by"], row["element"], row["limit"])),
            str(row["periods"]),
            f"{row['shadow_price']:.3f} kW per %",
            _when(clearance, row["period"], row["period"]),
        )
        for row in worst.head(LIMITS_SHOWN).to_dict("records")
    ]
    return table(caption, columns, rows)


def baseline(clearance: Clearance) -> str:
    """The limits that the network breaks without any trade; nothing where it breaks none."""
    violations = clearance.summary["baseline_violations"]
    if not violations:
        return ""
    columns = (
        Column(name="Worst value"),
        Column(name="Limit", is_number=True),
        Column(name="Periods", is_number=True),
        Column(name="Worst at", is_time=True),
    )
    caption = (
        "Each of these limits was relaxed to the baseline's own value where it is broken: trades may relieve "
        "it and never worsen it."
    )
    rows = [
        (
            _sentence_start(reason(each["limited_by"], each["element"], each["worst_value"])),
            f"{each['limit']:g} {_unit(each['limited_by'])}",
            str(each["periods"]),
            each["worst_time"].replace("T", " "),
        )
        for each in violations
    ]
    return f"<section><h2>Limits broken without any trade</h2>{table(caption, columns, rows)}</section>"


def origin(clearance: Clearance) -> str:
    """What the page was made with, and of."""
    summary = clearance.summary
    solvers = ", ".join(f"{package} {version(package)}" for package in SOLVER_PACKAGES)
    return facts(
        [
            ("Formulation", str(summary["formulation"])),
            ("Allocation", str(summary["allocation"])),
            ("Network", clearance.network.name),
            ("Solvers", solvers),
            ("Verified by", str(summary["verification"]["engine"])),
            ("Inputs, SHA-256", str(summary["inputs_sha256"]) or "made in memory"),
            ("gridpact", str(summary["version"])),
            ("Pictures", f"plotly {version('plotly')}"),
        ]
    )


def _cut_rows(clearance: Clearance, runs: pd.DataFrame) -> list[tuple[str, ...]]:
    trades, hours = clearance.trades, clearance.case.horizon.hours_per_period
    power_kw = dict(zip(trades.ids, trades.power_kw.tolist(), strict=True))
    rows: list[tuple[str, ...]] = []
    for run in runs.to_dict("records"):
        proposed_kw = power_kw[run["trade"]]
        lost_kw = run["kwh"] / ((run["last"] - run["first"] + 1) * hours)
        rows.append(
            (
                run["trade"],
                f"{run['seller']} → {run['buyer']}",
                _when(clearance, run["first"], run["last"]),
                fixed(proposed_kw, 3),
                fixed(proposed_kw - lost_kw, 3),
                f"{lost_kw / proposed_kw:.1%}",
                fixed(run["kwh"], 3),
                _sentence_start(run["reason"]),
            )
        )
    return rows


def _when(clearance: Clearance, first: int, last: int) -> str:
    """The clock times of periods, with their dates where the horizon has several."""
    horizon = clearance.case.horizon
    is_one_day = horizon.instant(0).date() == horizon.instant(horizon.periods - 1).date()
    if is_one_day:
        return horizon.span(first, last)
    start, end = horizon.instant(first), horizon.instant(last + 1)
    end_date = "" if start.date() == end.date() else f"{end:%m-%d} "
    return f"{start:%m-%d %H:%M} to {end_date}{end:%H:%M}"


def _sentence_start(text: str) -> str:
    return text[:1].upper() + text[1:]


def _unit(limited_by: str) -> str:
    return "pu" if limited_by in (LimitedBy.VOLTAGE_MIN.label, LimitedBy.VOLTAGE_MAX.label) else "%"


def _scale(scale: ColourScale) -> str:
    steps = "".join(f'<span style="background:{colour}"></span>' for colour in scale.colours)
    ticks = "".join(f"<span>{escape(tick)}</span>" for tick in scale.ticks)
    return (
        f'<div class="scale"><div>{escape(scale.title)}</div>'
        f'<div class="steps">{steps}</div><div class="ticks">{ticks}</div></div>'
    )


def _key(states: dict[str, Any]) -> str:
    """What the marks of the drawing mean."""
    entries = [
        ("supply", '<path d="M4 4h12v12H4z"/>'),
        ("bus", '<circle cx="10" cy="10" r="3.5"/>'),
        ("bus with participants", '<circle cx="10" cy="10" r="6.5"/>'),
        ("sells in this period", '<path d="M10 3l7 13H3z"/>'),
        ("buys", '<path d="M10 17l7-13H3z"/>'),
        ("sells and buys", '<path d="M10 2l8 8-8 8-8-8z"/>'),
        ("transformer", '<circle cx="10" cy="10" r="6.5"/><path d="M10 3.5v13M3.5 10h13"/>'),
        ("outside its limits", '<circle cx="10" cy="10" r="8.5" stroke="#d0021b" stroke-width="3"/>'),
    ]
    if any(states["branches"]["loop"]):
        entries.append(("closes a loop", '<path d="M0 10h20" stroke-width="3" stroke-dasharray="3 3"/>'))
    items = "".join(
        '<li><svg viewBox="0 0 20 20" aria-hidden="true" fill="none" stroke="#1f2933" stroke-width="1.5">'
        f"{shape}</svg>{escape(name)}</li>"
        for name, shape in entries
    )
    return f'<ul class="key">{items}</ul>'
