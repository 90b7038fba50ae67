"""Pictures of operating envelopes: what each may take and feed in, beside what its connection carries."""

from html import escape
from typing import Any

import numpy as np

from gridpact.arrays import Float, Int
from gridpact.envelopes import OperatingEnvelopes
from gridpact.fields.said import shortened
from gridpact.report.pictures.named_rows import rows_layout
from gridpact.report.pictures.traces import BAND, BAND_EDGE, BLUE, ORANGE, PAPER, Picture

ROWS_MAX, ROWS_WHOLE = 120, 24
ROW_PX, LABEL_CHARACTERS = 20, 14
HATCHED = {"shape": "/", "bgcolor": ORANGE, "fgcolor": PAPER, "size": 6, "solidity": 0.25}
STEPS, STEP_MIN = (0.5, 1.0, 2.0, 2.5, 5.0), 0.4  # of the axis; the least, as a share of a side, for phones
UNUSED = {"color": BAND, "line": {"color": BAND_EDGE, "width": 1}}
PLAIN = {"shape": "", "bgcolor": BLUE, "fgcolor": PAPER, "size": 6, "solidity": 0.25}


def shown_participants(envelopes: OperatingEnvelopes) -> Int:
    """The participants that are drawn, in their order: of too many, those who may do least."""
    connection_kw = envelopes.case.participants.connection_kw
    share = (envelopes.import_max_kw[0] + envelopes.export_max_kw[0]) / connection_kw
    return np.sort(np.argsort(share, kind="stable")[:ROWS_MAX])


def envelope_pictures(envelopes: OperatingEnvelopes) -> dict[str, Picture]:
    """A row for each participant; many are drawn in two halves, side by side."""
    shown = shown_participants(envelopes)
    halves = 2 if len(shown) > ROWS_WHOLE else 1
    widest = float(envelopes.case.participants.connection_kw[shown].max())
    return {
        f"envelopes-{half}": _picture(envelopes, rows, widest)
        for half, rows in enumerate(np.array_split(shown, halves))
    }


def _picture(envelopes: OperatingEnvelopes, rows: Int, widest: float) -> Picture:
    """The rows of some participants."""
    people = envelopes.case.participants
    connection = people.connection_kw[rows]
    imports, exports = envelopes.import_max_kw[0, rows], envelopes.export_max_kw[0, rows]
    names = [escape(people.ids[one]) for one in rows]
    said = [
        f"<b>{name}</b><br>may take {taken:.3f} kW<br>may feed in {fed:.3f} kW<br>connection {most:g} kW"
        for name, taken, fed, most in zip(names, imports, exports, connection, strict=True)
    ]
    unused = _bars("Connection", connection, UNUSED, said, 0.9)
    mirrored = _bars("Connection", -connection, UNUSED, said, 0.9) | {"showlegend": False}
    taken = _bars("May take", -imports, {"color": ORANGE, "pattern": HATCHED}, said, 0.5)
    fed = _bars("May feed in", exports, {"color": BLUE, "pattern": PLAIN}, said, 0.5)
    layout = rows_layout(
        [escape(shortened(people.ids[one], LABEL_CHARACTERS)) for one in rows],
        "← import, export → (kW)",
        height=len(rows) * ROW_PX + 110,
    )
    layout["barmode"] = "overlay"
    layout["xaxis"] |= _mirrored_axis(widest)
    return {"data": [mirrored, unused, taken, fed], "layout": layout}


def _bars(name: str, values: Float, marker: dict[str, Any], said: list[str], width: float) -> dict[str, Any]:
    """Level bars, one for each row."""
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "x": np.round(values, 6).tolist(),
        "y": list(range(len(values))),
        "width": width,
        "hoverinfo": "text",
        "hovertext": said,
        "textposition": "none",
        "marker": marker,
    }


def _mirrored_axis(widest: float) -> dict[str, Any]:
    """An axis with zero in its middle, whose numbers have no sign."""
    power = 10.0 ** np.floor(np.log10(widest))
    step = min(each * power for each in STEPS if each * power >= STEP_MIN * widest)
    ticks = np.arange(-np.floor(widest / step), np.floor(widest / step) + 1.0) * step
    return {
        "range": [-1.05 * widest, 1.05 * widest],
        "tickvals": np.round(ticks, 9).tolist(),
        "ticktext": [f"{abs(tick):g}" for tick in np.round(ticks, 9).tolist()],
    }
