"""Pictures of headroom: sums over all participants as lines, and shares of each as maps.

The page holds every figure once; its script writes what is said when a map is touched.
"""

from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from gridpact.arrays import Float, Int
from gridpact.fields.said import shortened
from gridpact.report.pictures.colours import LOADING_COLOURS
from gridpact.report.pictures.period_axis import PeriodAxis, period_axis
from gridpact.report.pictures.traces import (
    BLUE,
    GAPLESS_PERIODS,
    GREY,
    ORANGE,
    Picture,
    empty_picture,
    hover,
    marked,
    steps,
    time_layout,
)
from gridpact.report.shell.numbers import short
from gridpact.trading_headroom import Headroom
from gridpact.trading_headroom.stops import NETWORK_LIMITS, limit_words

SHADES = tuple(reversed(LOADING_COLOURS))  # from little of it, dark, to all of it, pale
SHADE_WORDS = ("under 25 %", "under 50 %", "under 75 %", "under 100 %", "all")
NOTHING_TO_TRADE = "."
ALL_BUT = 1e-6
ROWS_MAX = 120
ROW_PX, ROW_PX_MIN, HEIGHT_PX = 22.0, 9.0, 700.0
LABEL_PX, LABEL_CHARACTERS = 17.0, 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One side of the headroom: sales or purchases.

    Attributes:
        side: `sale` or `purchase`.
        cap_name: what the most of it is called.
        cap_kw: that, (T, P).
        alone_kw, together_kw: the headroom, (T, P).
        limited_by, element, phase: what stops it alone, (T, P).
    """

    side: str
    cap_name: str
    cap_kw: Float
    alone_kw: Float
    together_kw: Float
    limited_by: Int
    element: Int
    phase: Int

    @property
    def shown(self) -> Int:
        """The participants on the maps, in their order: of those with anything to trade, the most stopped."""
        some = np.flatnonzero((self.cap_kw > 0.0).any(axis=0))
        held_kw = (2.0 * self.cap_kw - self.alone_kw - self.together_kw).sum(axis=0)[some]
        return np.sort(some[np.argsort(-held_kw, kind="stable")[:ROWS_MAX]])

    @property
    def left_out(self) -> int:
        """How many participants with something to trade the maps have no room for."""
        return int((self.cap_kw > 0.0).any(axis=0).sum()) - len(self.shown)


def offers(headroom: Headroom) -> tuple[Offer, Offer]:
    """Sales and purchases."""
    return (
        Offer(
            side="sale",
            cap_name="Surplus",
            cap_kw=headroom.sale_cap_kw,
            alone_kw=headroom.sale_alone_kw,
            together_kw=headroom.sale_together_kw,
            limited_by=headroom.sale_limited_by,
            element=headroom.sale_element,
            phase=headroom.sale_phase,
        ),
        Offer(
            side="purchase",
            cap_name="Residual demand",
            cap_kw=headroom.purchase_cap_kw,
            alone_kw=headroom.purchase_alone_kw,
            together_kw=headroom.purchase_together_kw,
            limited_by=headroom.purchase_limited_by,
            element=headroom.purchase_element,
            phase=headroom.purchase_phase,
        ),
    )


def sums_picture(headroom: Headroom, offer: Offer, axis: PeriodAxis) -> Picture:
    """What all participants have, could trade one at a time, and could trade all together, in each period."""
    if not offer.cap_kw.any():
        return empty_picture()
    cap_kw, alone_kw, together_kw = (
        kw.sum(axis=1) for kw in (offer.cap_kw, offer.alone_kw, offer.together_kw)
    )
    lines = [
        [
            f"{offer.cap_name}: {cap:.3f} kW",
            f"Alone, one at a time: {alone:.3f} kW",
            f"All together: {together:.3f} kW",
        ]
        for cap, alone, together in zip(cap_kw, alone_kw, together_kw, strict=True)
    ]
    layout = time_layout(axis, "Power (kW)", height=300)
    return {
        "data": [
            steps(cap_kw, offer.cap_name, GREY, width=10.0),
            steps(alone_kw, "Alone, one at a time", ORANGE, width=5.5),
            steps(together_kw, "All together", BLUE, width=2.0),
            hover(np.maximum(cap_kw, together_kw), axis, lines),
        ],
        "layout": marked(layout, [], headroom.has_state),
    }


def map_picture(headroom: Headroom, offer: Offer, axis: PeriodAxis, which: str) -> Picture:
    """A map of a side: a row for each participant shown, shaded by the share of what it has.

    Args:
        headroom: the result.
        offer: the side.
        axis: of T periods.
        which: `alone` or `together`.
    """
    if not offer.cap_kw.any():
        return empty_picture()
    power_kw = offer.alone_kw if which == "alone" else offer.together_kw
    shades = _shades(power_kw[:, offer.shown], offer.cap_kw[:, offer.shown])
    trace = {
        "type": "heatmap",
        "z": [[None if letter == NOTHING_TO_TRADE else int(letter) for letter in row] for row in shades],
        "zmin": -0.5,
        "zmax": len(SHADES) - 0.5,
        "colorscale": [
            [place / len(SHADES), shade] for low, shade in enumerate(SHADES) for place in (low, low + 1)
        ],
        "showscale": False,
        "xgap": 1 if len(axis) <= GAPLESS_PERIODS else 0,
        "ygap": 1,
        "hoverinfo": "skip",
    }
    return {"data": [trace], "layout": map_layout(offer, axis, headroom.case.participants.ids)}


def headroom_pictures(headroom: Headroom) -> dict[str, Picture]:
    """The pictures of both sides by their ids; of a side with nothing to trade they are empty."""
    axis = period_axis(headroom.case.horizon)
    return {
        name: picture
        for offer in offers(headroom)
        for name, picture in (
            (f"{offer.side}-sums", sums_picture(headroom, offer, axis)),
            (f"{offer.side}-alone", map_picture(headroom, offer, axis, "alone")),
            (f"{offer.side}-together", map_picture(headroom, offer, axis, "together")),
        )
    }


def map_layout(offer: Offer, axis: PeriodAxis, ids: tuple[str, ...]) -> dict[str, Any]:
    """The layout of the maps of a side: a row for each participant shown."""
    rows = len(offer.shown)
    row_px = min(ROW_PX, max(ROW_PX_MIN, HEIGHT_PX / max(rows, 1)))
    every = int(np.ceil(LABEL_PX / row_px))
    layout = time_layout(axis, "", height=int(rows * row_px) + 90)
    layout["hovermode"] = "closest"
    layout["margin"] |= {"l": 20}
    layout["yaxis"] = {
        "range": [rows - 0.5, -0.5],
        "tickvals": list(range(0, rows, every)),
        "ticktext": [escape(shortened(ids[one], LABEL_CHARACTERS)) for one in offer.shown[::every]],
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
        "automargin": True,
        "ticks": "outside",
    }
    return layout


def map_states(headroom: Headroom, offer: Offer) -> dict[str, Any]:
    """The figures of the participants shown: powers and reasons, a row for each."""
    shown, ids = offer.shown, headroom.case.participants.ids
    reasons, index = _reasons(headroom, offer)
    return {
        "names": [escape(ids[one]) for one in shown],
        "cap": short(offer.cap_kw[:, shown].T),
        "alone": short(offer.alone_kw[:, shown].T),
        "together": short(offer.together_kw[:, shown].T),
        "reason": index[:, shown].T.tolist(),
        "reasons": reasons,
    }


def _shades(power_kw: Float, cap_kw: Float) -> list[str]:
    """A character for each period of each participant: the place of its share in `SHADES`."""
    share = np.divide(power_kw, cap_kw, out=np.zeros_like(power_kw), where=cap_kw > 0.0)
    place = np.where(share >= 1.0 - ALL_BUT, len(SHADES) - 1, np.floor(share * (len(SHADES) - 1)))
    place = np.clip(place, 0, len(SHADES) - 1).astype(int)
    letters = np.where(cap_kw > 0.0, place.astype(str), NOTHING_TO_TRADE)
    return ["".join(row) for row in letters.T]


def _reasons(headroom: Headroom, offer: Offer) -> tuple[list[str], Int]:
    """Every limit of the network that stops someone, in words, and the place of that of each cell, or −1."""
    stopped = np.isin(offer.limited_by, NETWORK_LIMITS)
    named = np.stack([part[stopped] for part in (offer.limited_by, offer.element, offer.phase)])
    limits, place = np.unique(named, axis=1, return_inverse=True)
    index = np.full(offer.limited_by.shape, -1, dtype=np.int64)
    index[stopped] = place.reshape(-1)
    return [
        escape(limit_words(headroom, kind, at, phase, [])) for kind, at, phase in limits.T.tolist()
    ], index
