"""Pictures of a settlement: who gains what, energy by source over time, money by account."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import floor, log10
from typing import Any

import numpy as np

from gridpact.arrays import Float, Int
from gridpact.fields.said import shortened
from gridpact.report.pictures.named_rows import rows_layout
from gridpact.report.pictures.period_axis import PeriodAxis
from gridpact.report.pictures.stack import Layer, stack
from gridpact.report.pictures.traces import BLUE, GREY, INK, ORANGE, PAPER, Picture
from gridpact.report.settlement.line_words import DRAWN, FED, LINE_WORDS
from gridpact.report.shell.amounts import money
from gridpact.report.shell.numbers import fixed
from gridpact.settlement.amounts.money import WH_PER_KWH
from gridpact.settlement.amounts.whole import MICRO
from gridpact.settlement.settling.settlement import Settlement
from gridpact.settlement.statements.balances import Balances
from gridpact.settlement.statements.statements import PLACE, Statements, period_sums

WAY_COLOURS, WAY_PATTERNS = (BLUE, ORANGE), ("", "/")
RETAIL_ALONE = "Retail alone"
PARTICIPANTS_MAX = 120
ROWS_WHOLE = 30  # that are drawn in one column
ROW_PX, LABEL_CHARACTERS = 18, 16
ACCOUNT_PX = 62
TEXT_ROOM = 0.2
STACK_ROOM = 1.05  # above the highest bar


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Participants shown together: from the greatest gain to the greatest loss.

    Attributes:
        key: pictures are called after it.
        title: who they are.
        members: how many there are.
        shown: those that are shown, in that order.
    """

    key: str
    title: str
    members: int
    shown: Int


def groups(statements: Statements) -> tuple[Group, ...]:
    """Those who fed in and those who only drew; of too many, those at both ends of the ranking."""
    order = np.argsort(-statements.gain_micro, kind="stable")
    feeds_in = statements.export_wh[order] > 0
    found = (
        ("feeding", "Those who fed in", order[feeds_in]),
        ("drawing", "Those who only drew", order[~feeds_in]),
    )
    return tuple(
        Group(key=key, title=title, members=len(rows), shown=_both_ends(rows))
        for key, title, rows in found
        if len(rows)
    )


def _both_ends(rows: Int) -> Int:
    """The first and the last rows, where there are too many to draw."""
    half = PARTICIPANTS_MAX // 2
    return rows if len(rows) <= PARTICIPANTS_MAX else np.concatenate([rows[:half], rows[-half:]])


def gain_pictures(
    ways: Sequence[str], statements: Sequence[Statements], ids: Sequence[str], currency: str
) -> dict[str, Picture]:
    """A row for each participant that is shown, all on one scale.

    A group is a picture, or two side by side where it has many members.
    """
    found = groups(statements[0])
    every = np.concatenate([group.shown for group in found]) if found else np.array([], dtype=np.int64)
    scale = np.stack([each.gain_micro[every] for each in statements]) / MICRO
    pictures = {}
    for group in found:
        halves = 2 if len(group.shown) > ROWS_WHOLE else 1
        for half, rows in enumerate(np.array_split(group.shown, halves)):
            picture = _gain_picture(ways, statements, rows.tolist(), ids, currency, scale)
            pictures[f"gain-{group.key}-{half}"] = picture
    return pictures


def _gain_picture(
    ways: Sequence[str],
    statements: Sequence[Statements],
    rows: Sequence[int],
    ids: Sequence[str],
    currency: str,
    scale: Float,
) -> Picture:
    """What some participants gain against retail alone by each way, on the scale of given gains."""
    names = [escape(ids[one]) for one in rows]
    shown = np.stack([each.gain_micro[rows] for each in statements]) / MICRO
    decimals = _decimals(float(np.abs(shown).max()))
    data = []
    for place, (way, each) in enumerate(zip(ways, statements, strict=True)):
        gain, total, alone = each.gain_micro, each.total_micro, each.retail_only_micro
        said = [
            f"<b>{name}</b>, {way}<br>Gains {money(int(gain[one]), currency)}"
            f"<br>Pays {money(int(total[one]), currency)}"
            f"<br>With retail alone {money(int(alone[one]), currency)}"
            for name, one in zip(names, rows, strict=True)
        ]
        written = [fixed(value, decimals).replace("-", "−") for value in (gain[list(rows)] / MICRO).tolist()]
        data.append(_level_bars(way, gain[list(rows)] / MICRO, place, said) | _beside(written))
    layout = rows_layout(
        [escape(shortened(ids[one], LABEL_CHARACTERS)) for one in rows],
        f"Gain against retail alone{f' ({currency})' if currency else ''}",
        height=len(rows) * ROW_PX * len(ways) + 110,
    )
    layout["xaxis"]["range"] = _range_with_room(scale)
    layout["showlegend"] = len(ways) > 1
    return {"data": data, "layout": layout}


def source_pictures(settlement: Settlement, axis: PeriodAxis) -> dict[str, Picture]:
    """What all participants drew from the network and what they fed into it, by who it is settled with.

    Both are on one scale.
    """
    kw = period_sums(settlement) / (WH_PER_KWH * settlement.horizon.hours_per_period)
    sides = {"drawn": DRAWN, "fed": FED}
    totals = np.stack([kw[[PLACE[line] for line in lines]].sum(axis=0) for lines in sides.values()])
    scale = (STACK_ROOM * min(float(totals.min()), 0.0), STACK_ROOM * max(float(totals.max()), 0.0))
    return {
        name: stack(axis, "Mean power (kW)", *_series(kw, lines), y_range=scale)
        for name, lines in sides.items()
    }


def account_picture(ways: Sequence[str], balances: Sequence[Balances], currency: str) -> Picture:
    """What each account receives less what it pays, with retail alone and each way."""
    first = balances[0]
    names = [escape(name) for name in first.accounts]
    columns = [
        (RETAIL_ALONE, first.retail_only_micro),
        *zip(ways, (b.net_micro for b in balances), strict=True),
    ]
    data = []
    for place, (way, net) in enumerate(columns):
        said = [
            f"<b>{name}</b>, {way.lower()}<br>{money(int(micro), currency)}"
            for name, micro in zip(names, net, strict=True)
        ]
        data.append(_level_bars(way, net / MICRO, place - 1, said))
    layout = rows_layout(
        [escape(shortened(name, LABEL_CHARACTERS)) for name in first.accounts],
        f"Received less paid{f' ({currency})' if currency else ''}",
        height=len(names) * ACCOUNT_PX + 110,
    )
    return {"data": data, "layout": layout}


def _series(kw: Float, lines: Sequence[str]) -> list[Layer]:
    """A layer for each line of a statement, mean kW of each period."""
    return [
        Layer(
            name=LINE_WORDS[line].name,
            kw=kw[PLACE[line]],
            colour=LINE_WORDS[line].colour,
            pattern=LINE_WORDS[line].pattern,
        )
        for line in lines
    ]


def _level_bars(name: str, values: Float, place: int, said: list[str]) -> dict[str, Any]:
    """Level bars of one way; −1 is retail alone."""
    colour = GREY if place < 0 else WAY_COLOURS[place]
    pattern = {"shape": "" if place < 0 else WAY_PATTERNS[place], "bgcolor": colour, "fgcolor": PAPER}
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "x": np.round(values, 6).tolist(),
        "y": list(range(len(values))),
        "hoverinfo": "text",
        "hovertext": said,
        "textposition": "none",
        "marker": {"color": colour, "pattern": pattern | {"size": 6, "solidity": 0.3}},
    }


def _decimals(highest: float) -> int:
    """Two, or as many as give the highest value three digits."""
    return min(max(2 - floor(log10(highest)), 2), 6) if highest > 0.0 else 2


def _beside(written: list[str]) -> dict[str, Any]:
    """Texts at the ends of level bars."""
    font = {"size": 11, "color": INK}
    return {"text": written, "textposition": "outside", "textfont": font, "cliponaxis": False}


def _range_with_room(values: Float) -> list[float]:
    """From the least to the greatest value, zero among them, with room for a text at the ends of bars."""
    low, high = min(float(values.min(initial=0.0)), 0.0), max(float(values.max(initial=0.0)), 0.0)
    room = TEXT_ROOM * (high - low) or 1.0
    return [low - room if low < 0.0 else 0.0, high + room if high > 0.0 or low == 0.0 else 0.0]
