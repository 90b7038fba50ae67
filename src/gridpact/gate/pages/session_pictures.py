"""The pictures of a session's page: envelope, headroom, and what came of it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from markupsafe import Markup

from gridpact.gate.pages.chosen_language import PageWords
from gridpact.gate.pages.svg_pictures import BarSeries, TimeSpan, bar_picture, time_line

Rows = Sequence[Mapping[str, Any]]
STATES = ("scheduled", "open", "closed", "clearing", "cleared", "failed", "cancelled")


def envelope_picture(words: PageWords, rows: Rows, timezone: str) -> Markup:
    """What the operator leaves a connection to take and to feed in."""
    return bar_picture(
        words.plain("envelope_alternative"),
        [words.clock(row["time"], timezone) for row in rows],
        (
            BarSeries(
                name=words.plain("export_max"), kind="sold", values=[row["export_max_kw"] for row in rows]
            ),
            BarSeries(
                name=words.plain("import_max"), kind="bought", values=[-row["import_max_kw"] for row in rows]
            ),
        ),
        "kW",
        number=words.number,
    )


def headroom_picture(words: PageWords, rows: Rows, timezone: str) -> Markup:
    """What the network would take of a participant's sale and purchase."""
    return bar_picture(
        words.plain("headroom_alternative"),
        [words.clock(row["time"], timezone) for row in rows],
        (
            BarSeries(name=words.plain("sale"), kind="sold", values=[row["sale_alone_kw"] for row in rows]),
            BarSeries(
                name=words.plain("purchase"),
                kind="bought",
                values=[-row["purchase_alone_kw"] for row in rows],
            ),
        ),
        "kW",
        number=words.number,
    )


def trades_picture(words: PageWords, rows: Rows, times: Sequence[str], timezone: str) -> Markup:
    """What of one's trades is firm, a period: sold above, bought below."""
    asked, firm = defaultdict[str, float](float), defaultdict[str, float](float)
    for row in rows:
        sign = 1.0 if row["role"] == "seller" else -1.0
        asked[row["time"]] += sign * row["proposed_kw"]
        firm[row["time"]] += sign * row["cleared_kw"]
    return bar_picture(
        words.plain("trades_alternative"),
        [words.clock(time, timezone) for time in times],
        (
            BarSeries(name=words.plain("asked"), kind="asked", values=[asked[time] for time in times]),
            BarSeries(name=words.plain("firm"), kind="firm", values=[firm[time] for time in times]),
        ),
        "kW",
        number=words.number,
    )


def schedule_picture(words: PageWords, rows: Rows, timezone: str) -> Markup:
    """Where one's energy comes from and goes, a period."""
    return bar_picture(
        words.plain("schedule_alternative"),
        [words.clock(row["time"], timezone) for row in rows],
        (
            BarSeries(
                name=words.plain("with_neighbours"),
                kind="firm",
                values=[row["p2p_sold_kw"] - row["p2p_bought_kw"] for row in rows],
            ),
            BarSeries(
                name=words.plain("with_retailer"),
                kind="asked",
                values=[row["retail_export_kw"] - row["retail_import_kw"] for row in rows],
            ),
        ),
        "kW",
        number=words.number,
    )


def sessions_picture(words: PageWords, sessions: Rows, now: str, timezone: str) -> Markup:
    """Sessions from the opening of their gates to their closure, by the clocks of a timezone."""
    spans = [
        TimeSpan(
            name=f"{each['session']} · {words.plain('state_' + each['state'])}",
            kind=f"state-{each['state']}",
            begin=_moment(each["gate_opens"]),
            end=_moment(each["gate_closes"]),
            place=f"/sessions/{each['session']}",
        )
        for each in sessions
    ]
    shown = [state for state in STATES if any(each["state"] == state for each in sessions)]
    kinds = [(words.plain(f"state_{state}"), f"state-{state}") for state in shown]
    return time_line(
        words.plain("sessions_alternative"),
        spans,
        _moment(now),
        kinds,
        when=lambda moment: words.when(moment.isoformat(), timezone),
    )


def minutes_picture(words: PageWords, minutes: Sequence[tuple[int, int]]) -> Markup:
    """Submissions a minute."""
    labels = [words.clock(moment, "UTC") for moment, _ in minutes]
    counts = [float(count) for _, count in minutes]
    series = (BarSeries(name=words.plain("submissions"), kind="firm", values=counts),)
    alternative = words.plain("minutes_alternative", total=sum(map(int, counts)))
    return bar_picture(alternative, labels, series, "", number=words.number, is_count=True)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
