"""Legend: the names of what is drawn in a picture, each beside its look."""

from html import escape
from typing import Any

from gridpact.report.shell.html import key
from gridpact.report.svg.elements import fill, plain, stroke
from gridpact.report.svg.palette import css


def legend(figure: dict[str, Any], picture: str, patterns: dict[tuple[str, str], str]) -> str:
    """The key of a picture as HTML; empty where it shows none."""
    if figure["layout"].get("showlegend") is False:
        return ""
    named = [
        trace for trace in figure["data"] if trace.get("name") and trace.get("showlegend", True) is not False
    ]
    if not named:
        return ""
    return key([(" ".join(plain(str(trace["name"]))), _look(trace, picture, patterns)) for trace in named])


def _look(trace: dict[str, Any], picture: str, patterns: dict[tuple[str, str], str]) -> str:
    """A small piece of what a trace draws."""
    if trace["type"] == "bar":
        return f'<path d="M1 3h18v14H1z" {bar_fill(trace, picture, patterns)}/>'
    if trace.get("fill"):
        edge = css(trace["line"]["color"])
        return f'<path d="M1 4h18v12H1z" fill="{css(escape(trace["fillcolor"]))}" stroke="{edge}"/>'
    return f'<path d="M0 10h20" {stroke(trace["line"])}/>'


def bar_fill(trace: dict[str, Any], picture: str, patterns: dict[tuple[str, str], str]) -> str:
    """How the bars of a trace are filled."""
    marker = trace["marker"]
    return fill(marker["color"], marker.get("pattern", {}).get("shape", ""), patterns, picture)
