"""Page: the report of a clearance."""

from gridpact.report.clearance import sections
from gridpact.report.clearance.clearance_pictures import (
    generation_picture,
    load_picture,
    loading_picture,
    voltage_picture,
)
from gridpact.report.clearance.commitments_section import commitments_picture, commitments_section
from gridpact.report.clearance.drawing import network_drawing
from gridpact.report.clearance.feed_in_section import feed_in_picture, feed_in_section
from gridpact.report.clearance.phase_pictures import phase_pictures
from gridpact.report.clearance.phase_sections import phase_sections
from gridpact.report.clearance.trades_section import trades_section
from gridpact.report.clearance.verdict import head
from gridpact.report.pictures.period_axis import PeriodAxis, period_axis
from gridpact.report.pictures.traces import Picture
from gridpact.report.shell.document import PHASES, Pictures, document
from gridpact.report.shell.html import section
from gridpact.report.svg.picture_svg import drawn_pictures
from gridpact.results.clearance import Clearance


def report_page(clearance: Clearance) -> str:
    """The report page of a clearance: verdict, pictures, commitments, cut trades, binding limits, origin.

    Args:
        clearance: the result to show.

    Returns:
        A self-contained HTML document.
    """
    layout, states = network_drawing(clearance, period_axis(clearance.case.horizon))
    pictures = report_pictures(clearance)
    return document(
        head(clearance),
        [
            sections.broken(clearance),
            section("Where the load is served from", sections.load(pictures["load"])),
            section("Where the generation goes", sections.generation(pictures["generation"])),
            feed_in_section(clearance, pictures["feed-in"]),
            section("The network, period by period", sections.network(clearance, states), kind="network"),
            section("Voltages and loadings", *_state_sections(clearance, pictures)),
            commitments_section(clearance, pictures["commitments"]),
            section("Trades", trades_section(clearance)),
            section("Limits that hold the volume down", sections.binding(clearance)),
            sections.baseline(clearance),
        ],
        sections.origin(clearance),
        styles=[f"{PHASES}.css"] if clearance.network.is_three_phase else [],
        pictures=Pictures(
            drawn=drawn_pictures(pictures),
            script="network.js",
            data={"network-layout": layout, "states": states},
            part=PHASES if clearance.network.is_three_phase else "",
        ),
    )


def report_pictures(clearance: Clearance) -> dict[str, Picture]:
    """The pictures over time of a report, by their ids; those without data are not shown."""
    axis = period_axis(clearance.case.horizon)
    return {
        "load": load_picture(clearance, axis),
        "generation": generation_picture(clearance, axis),
        "feed-in": feed_in_picture(clearance, axis),
        **_state_pictures(clearance, axis),
        "commitments": commitments_picture(clearance, axis),
    }


def _state_pictures(clearance: Clearance, axis: PeriodAxis) -> dict[str, Picture]:
    """The pictures of voltages and loadings."""
    if clearance.network.is_three_phase:
        return phase_pictures(clearance, axis)
    return {"voltage": voltage_picture(clearance, axis), "loading": loading_picture(clearance, axis)}


def _state_sections(clearance: Clearance, pictures: dict[str, Picture]) -> list[str]:
    """The places of the pictures of voltages and loadings."""
    if clearance.network.is_three_phase:
        return phase_sections(clearance, pictures)
    return [sections.voltage(clearance), sections.loading(pictures["loading"])]
