"""Page: the report as one self-contained HTML document.

It loads nothing from anywhere, and the same clearance makes the same bytes: no clock, no timings, no chance.
"""

from importlib.resources import files
from string import Template

from gridpact.report import sections
from gridpact.report.commitments import commitments_picture, commitments_section
from gridpact.report.drawing import network_drawing
from gridpact.report.numbers import script_json
from gridpact.report.periods import period_axis
from gridpact.report.pictures import generation_picture, load_picture, loading_picture, voltage_picture
from gridpact.report.verdict import head
from gridpact.results.clearance import Clearance


def report_page(clearance: Clearance) -> str:
    """The report page of a clearance: verdict, pictures, commitments, cut trades, binding limits, origin.

    Args:
        clearance: the result to show.

    Returns:
        An HTML document, its pictures drawn by plotly.js, which is part of it.
    """
    from plotly.offline import get_plotlyjs

    axis = period_axis(clearance.case.horizon)
    drawing, states = network_drawing(clearance, axis)
    pictures = {
        "load": load_picture(clearance, axis),
        "generation": generation_picture(clearance, axis),
        "network": drawing,
        "voltage": voltage_picture(clearance, axis),
        "loading": loading_picture(clearance, axis),
    }
    firm = commitments_picture(clearance, axis)
    if firm["data"]:
        pictures["commitments"] = firm
    return Template(_resource("page.html")).substitute(
        head(clearance),
        style=_resource("style.css"),
        load=sections.load(pictures["load"]),
        generation=sections.generation(pictures["generation"]),
        network=sections.network(clearance, states),
        voltage=sections.voltage(clearance),
        loading=sections.loading(pictures["loading"]),
        cuts=sections.cuts(clearance),
        commitments=commitments_section(clearance, firm),
        binding=sections.binding(clearance),
        broken=sections.broken(clearance),
        baseline=sections.baseline(clearance),
        origin=sections.origin(clearance),
        pictures=script_json(pictures),
        states=script_json(states),
        plotly=get_plotlyjs(),
        script=_resource("slider.js"),
    )


def _resource(name: str) -> str:
    return files("gridpact.report").joinpath(name).read_text(encoding="utf-8")
