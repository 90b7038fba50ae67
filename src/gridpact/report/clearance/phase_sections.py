"""The parts of the page that only a network with three phases has."""

from gridpact.grid.network_model import PHASES
from gridpact.report.clearance.phase_states import VIEWS, WORST
from gridpact.report.pictures.traces import BAND, BAND_EDGE, BLUE, INK, RED, Picture
from gridpact.report.shell.html import figure, key, paragraph
from gridpact.report.svg.palette import css
from gridpact.results.clearance import Clearance

VOLTAGE_KEY = (
    ("lowest to highest bus", f'<path d="M0 4h20v12H0z" fill="{css(BAND)}" stroke="{css(BAND_EDGE)}"/>'),
    ("median bus", f'<path d="M0 10h20" stroke="{css(BLUE)}" stroke-width="3"/>'),
    (
        "lowest and highest without trades",
        f'<path d="M0 10h20" stroke="{css(INK)}" stroke-width="2" stroke-dasharray="3 2"/>',
    ),
    ("limit", f'<path d="M0 10h20" stroke="{css(RED)}" stroke-width="2" stroke-dasharray="6 2 2 2"/>'),
)
LOADINGS = {"loading": "line", "transformers": "transformer"}


def phase_switch() -> str:
    """The choice of the phase that colours the drawing of the network."""
    buttons = "".join(
        f'<label><input type="radio" name="phase" value="{view}" autocomplete="off"'
        f"{' checked' if view == WORST else ''}>{words}</label>"
        for view, words in VIEWS.items()
    )
    return f'<fieldset class="switch"><legend>Coloured by</legend>{buttons}</fieldset>'


def phase_sections(clearance: Clearance, pictures: dict[str, Picture]) -> list[str]:
    """The places of the pictures of each phase, of neutrals and of unbalance."""
    parts = [_voltages(clearance)]
    if not any(pictures[name]["data"] for name in LOADINGS):
        parts.append(paragraph("No line or transformer of this network has a rating."))
    for name, kind in LOADINGS.items():
        if pictures[name]["data"]:
            caption = f"The most loaded {kind} of each phase in each period, under the dispatch."
            alternative = f"Highest loading of {kind}s by phase in each period, in percent"
            parts.append(f"<h3>Highest loading of {kind}s</h3>" + figure(name, alternative, caption))
    if pictures["neutral"]["data"]:
        caption = (
            "The current in the neutral of the most loaded line of each period, in percent of the line's "
            f"rating. Limit {clearance.case.limits.neutral_loading_max_percent:g} %."
        )
        alternative = "Highest loading of neutrals in each period, in percent"
        parts.append("<h3>Highest loading of neutrals</h3>" + figure("neutral", alternative, caption))
    if pictures["unbalance"]["data"]:
        caption = (
            "Negative- over positive-sequence voltage of the most unbalanced bus of each period. "
            f"Limit {clearance.case.limits.voltage_unbalance_max_percent:g} %."
        )
        alternative = "Highest voltage unbalance in each period, in percent"
        parts.append("<h3>Highest voltage unbalance</h3>" + figure("unbalance", alternative, caption))
    return parts


def _voltages(clearance: Clearance) -> str:
    """The places of the voltages of each phase."""
    low, high = clearance.case.limits.voltage_min_pu, clearance.case.limits.voltage_max_pu
    said = (
        "Phase to neutral, of every bus under the dispatch, and as dotted lines the lowest and highest with "
        f"no trade cleared. Limits {low:g} to {high:g} pu."
    )
    figures = "".join(
        figure(f"voltage-{phase}", f"Band of bus voltages of phase {phase} in each period, in pu", "")
        for phase in PHASES
    )
    return f"<h3>Voltage of all buses, by phase</h3>{paragraph(said)}{key(VOLTAGE_KEY)}{figures}"
