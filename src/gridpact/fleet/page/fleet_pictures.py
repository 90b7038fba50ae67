"""Pictures of a fleet: energy by hour of the day, and how much of what was proposed the cases clear."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from gridpact.fleet.page.fleet_outcome import cases
from gridpact.fleet.rows.fleet_tables import HOURS_PER_DAY
from gridpact.report.pictures.period_axis import PeriodAxis
from gridpact.report.pictures.traces import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    Picture,
    bars,
    empty_picture,
    hover,
    steps,
    time_layout,
)

TICK_HOURS = 6
TICK_BINS = 4
FEW_CASES = 5  # fewer would have ticks between whole numbers
HOURLY = ("Proposed", "Cleared", "Cut by networks", "Cut otherwise", "Load")


def hours_picture(by_hour: Mapping[str, Sequence[float | None]]) -> Picture:
    """What was proposed in each hour of the local day, as what cleared and what was cut, and the load."""
    proposed, cleared, by_networks, load = (
        np.array([0.0 if value is None else value for value in by_hour[name]])
        for name in ("proposed_kwh", "cleared_kwh", "network_cut_kwh", "load_kwh")
    )
    if not (proposed.any() or load.any()):
        return empty_picture()
    otherwise = np.maximum(proposed - cleared - by_networks, 0.0)
    axis = PeriodAxis(
        labels=tuple(f"{hour:02}:00–{hour + 1:02}:00" for hour in range(HOURS_PER_DAY)),
        tick_positions=tuple(hour - 0.5 for hour in range(0, HOURS_PER_DAY + 1, TICK_HOURS)),
        tick_texts=tuple(f"{hour:02}:00" for hour in range(0, HOURS_PER_DAY + 1, TICK_HOURS)),
        title="Hour of the local day of each case",
    )
    lines = [
        [f"{name}: {kwh:,.1f} kWh" for name, kwh in zip(HOURLY, energies, strict=True)]
        for energies in zip(proposed, cleared, by_networks, otherwise, load, strict=True)
    ]
    return {
        "data": [
            bars(HOURLY[1], cleared, BLUE, ""),
            bars(HOURLY[2], by_networks, ORANGE, "x"),
            bars(HOURLY[3], otherwise, GREY, "/"),
            steps(load, HOURLY[4], INK, width=2.0, dash="dot"),
            hover(np.maximum(proposed, load), axis, lines),
        ],
        "layout": time_layout(axis, "Energy (kWh)"),
    }


def shares_picture(shares: Sequence[int]) -> Picture:
    """How many cases cleared which share of what was proposed, without those that cleared all of it."""
    counts = np.array(shares, dtype=float)
    if not counts.any():
        return empty_picture()
    percent = np.linspace(0, 100, len(counts) + 1).astype(int)
    ranges = [f"{low} % to under {high} %" for low, high in pairwise(percent)]
    places = range(0, len(counts) + 1, TICK_BINS)
    axis = PeriodAxis(
        labels=tuple(ranges),
        tick_positions=tuple(place - 0.5 for place in places),
        tick_texts=tuple(f"{percent[place]} %" for place in places),
        title="Share of the proposed energy that cleared",
    )
    lines = [[cases(int(count))] for count in counts]
    layout = time_layout(axis, "Cases", height=300)
    layout["showlegend"] = False
    if counts.max() < FEW_CASES:
        layout["yaxis"]["dtick"] = 1
    return {"data": [bars("Cases", counts, BLUE, ""), hover(counts, axis, lines)], "layout": layout}
