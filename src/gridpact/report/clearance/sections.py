"""The sections of the page between its head and its foot: pictures with captions, tables with sentences."""

from html import escape
from importlib.metadata import version
from typing import Any

import numpy as np

from gridpact.case.case import Formulation
from gridpact.grid.network_model import PHASE_LABELS
from gridpact.report.clearance.drawing import BEYOND_BEFORE, BROKEN, scales
from gridpact.report.clearance.phase_sections import phase_switch
from gridpact.report.pictures.colours import ColourScale
from gridpact.report.pictures.traces import Picture
from gridpact.report.shell.html import HtmlColumn, figure, key, paragraph, section, table
from gridpact.report.shell.sentences import capitalised
from gridpact.report.svg.palette import css
from gridpact.results.clearance import Clearance
from gridpact.results.clearance_outcome import (
    loadings_are_of,
    proof_and_price,
    violation_words,
)
from gridpact.results.clearance_tables import cleared_columns, limits_columns
from gridpact.results.violations import Violation
from gridpact.results.words.limit_kinds import reason
from gridpact.results.words.phrases import significant, span
from gridpact.results.words.place_words import name_of

LIMITS_SHOWN = 100
PRICED = (
    "The shadow price says how many kW more would clear with 1 % more of the limit, or with 1 % less of a "
    "lower voltage, at its greatest."
)
PRICED_BY_WELFARE = (
    "The shadow price says how much more welfare an hour would have with 1 % more of the limit, or with 1 % "
    "less of a lower voltage, at its greatest."
)
UNPRICED = "Shadow prices are of volume, which this rule of allocation does not aim at: there are none."
SCRIPTS_OFF = "A script in this page draws the network, and scripts are switched off."
SOLVER_PACKAGES = {
    Formulation.AC: {"daqp": "", "piqp": "", "clarabel": "", "highspy": " (HiGHS)"},
    Formulation.DC: {"clarabel": "", "highspy": " (HiGHS)"},
}


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
        f"{phase_switch() if clearance.network.is_three_phase else ''}"
        f'<div class="scales">{scale_rows}</div>{_key(states)}<noscript>{paragraph(SCRIPTS_OFF)}</noscript>'
        + figure(
            "network", "The network as a tree, coloured by voltage and loading in the chosen period", caption
        )
    )


def voltage(clearance: Clearance) -> str:
    """Voltages over time."""
    low, high = clearance.case.limits.voltage_min_pu, clearance.case.limits.voltage_max_pu
    caption = (
        "Every bus under the dispatch, and as dotted lines the lowest and highest voltage without any trade"
        f". Limits {low:g} to {high:g} pu."
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


def binding(clearance: Clearance) -> str:
    """The binding limits, each element once."""
    limits, period = limits_columns(clearance), clearance.solution.binding.period
    if not len(period):
        is_cut = any(cleared_columns(clearance)["limited_by"].texts())
        return paragraph("No shadow price is known." if is_cut else "No limit holds the traded volume down.")
    columns = (
        HtmlColumn(name="Limit"),
        HtmlColumn(name="Periods", is_number=True),
        HtmlColumn(name="Greatest shadow price", is_number=True),
        HtmlColumn(name="When", is_time=True),
    )
    price, kinds, elements = limits["shadow_price"], limits["limited_by"].texts(), limits["element"].texts()
    steepest = np.lexsort([period, -np.nan_to_num(price, nan=-np.inf)])
    phases = [PHASE_LABELS[phase] for phase in clearance.solution.binding.phase.tolist()]
    periods: dict[tuple[str, str, str], list[int]] = {}
    for row in steepest.tolist():
        periods.setdefault((kinds[row], elements[row], phases[row]), []).append(row)
    has_prices = bool(np.isfinite(price).any())
    is_volume = clearance.cleared_orders is None
    caption = (PRICED if is_volume else PRICED_BY_WELFARE) if has_prices else UNPRICED
    unit = "kW per %" if is_volume else f"{clearance.case.currency} per hour and %".strip()
    if len(periods) > LIMITS_SHOWN:
        rest = f"{len(periods) - LIMITS_SHOWN} more are in limits.{clearance.case.table_format}"
        caption += f" The {LIMITS_SHOWN} greatest are shown; {rest}."
    rows = [
        (
            capitalised(
                reason(
                    kind,
                    element,
                    [limits["limit"][at[0]]],
                    loadings_are_of(clearance),
                    phase,
                    name_of(clearance.network, kind, element),
                )
            ),
            str(len(at)),
            f"{significant(price[at[0]])} {unit}" if has_prices else "none",
            span(clearance.case.horizon, int(period[at[0]]), int(period[at[0]])),
        )
        for (kind, element, phase), at in list(periods.items())[:LIMITS_SHOWN]
    ]
    return table(caption, columns, rows)


def broken(clearance: Clearance) -> str:
    """The limits that the dispatch breaks; nothing where it breaks none."""
    caption = (
        "The dispatch cannot be operated as it is: the true power flow is beyond these limits, each of which "
        "is shown at its worst."
    )
    return _violated(clearance, clearance.summary["violations"], "Limits that the dispatch breaks", caption)


def baseline(clearance: Clearance) -> str:
    """The limits that the network breaks without any trade; nothing where it breaks none."""
    caption = (
        "Where no choice of trades and feed-in keeps all limits, those of these that are broken are relaxed "
        "to their own value: the dispatch may relieve them and never worsens them."
    )
    return _violated(
        clearance, clearance.summary["baseline_violations"], "Limits broken without any trade", caption
    )


def origin(clearance: Clearance) -> list[tuple[str, str]]:
    """What the page was made with, and of, apart from its pictures."""
    summary = clearance.summary
    packages = SOLVER_PACKAGES[clearance.case.formulation]
    solvers = ", ".join(f"{package} {version(package)}{solver}" for package, solver in packages.items())
    return [
        ("Formulation", str(summary["formulation"])),
        ("Allocation", str(summary["allocation"])),
        ("Network", clearance.network.name),
        ("Solvers", solvers),
        ("Verified by", str(summary["verification"]["engine"])),
        *((word.capitalize(), sentence) for word, sentence in proof_and_price(clearance)),
        ("Inputs, SHA-256", str(summary["inputs_sha256"]) or "made in memory"),
        ("gridpact", str(summary["version"])),
    ]


def _violated(clearance: Clearance, violations: list[Violation], heading: str, caption: str) -> str:
    """A section with a table of broken limits, or nothing."""
    if not violations:
        return ""
    columns = (
        HtmlColumn(name="Worst value, limit"),
        HtmlColumn(name="Periods", is_number=True),
        HtmlColumn(name="Worst at", is_time=True),
    )
    if len(violations) > LIMITS_SHOWN:
        caption += f" {LIMITS_SHOWN} of {len(violations)} are shown; all are in summary.json."
    rows = [
        (
            capitalised(violation_words(clearance.network, each)),
            str(each["periods"]),
            each["worst_time"].replace("T", " "),
        )
        for each in violations[:LIMITS_SHOWN]
    ]
    return section(heading, table(caption, columns, rows))


def _scale(scale: ColourScale) -> str:
    """The colours of a scale with the values at their edges."""
    steps = "".join(
        f'<rect x="{place}" width="1.01" height="1" fill="{css(colour)}"/>'
        for place, colour in enumerate(scale.colours)
    )
    box = f"0 0 {len(scale.colours)} 1"
    ticks = "".join(f"<span>{escape(tick)}</span>" for tick in scale.ticks)
    return (
        f'<div class="scale"><div>{escape(scale.title)}</div>'
        f'<div class="steps"><svg viewBox="{box}" preserveAspectRatio="none" aria-hidden="true">{steps}</svg>'
        f'</div><div class="ticks">{ticks}</div></div>'
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
    ]
    if any(states["outsideNodes"]) or any(states["outsideElements"]):
        ring = f'<circle cx="10" cy="10" r="8.5" stroke="{BROKEN}" stroke-width="3"/>'
        entries.append(("broken by the dispatch", ring))
    if any(states["beforeNodes"]) or any(states["beforeElements"]):
        box = f'<path d="M2 2h16v16H2z" stroke="{BEYOND_BEFORE}" stroke-width="2.5"/>'
        entries.append(("already beyond its limit before any trade", box))
    if any(states["branches"]["loop"]):
        entries.append(("closes a loop", '<path d="M0 10h20" stroke-width="3" stroke-dasharray="3 3"/>'))
    return key(entries, stroke='fill="none" stroke="currentColor" stroke-width="1.5"')
