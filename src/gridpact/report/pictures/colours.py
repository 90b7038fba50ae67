"""ColourScale: colours for voltages and loadings, in steps that differ in brightness and so survive print."""

from dataclasses import dataclass
from math import ceil, floor

import numpy as np

from gridpact.arrays import Float

# viridis, and a scale from pale blue to dark purple: both grow steadily darker or brighter
VOLTAGE_COLOURS = ("#440154", "#46327e", "#365c8d", "#277f8e", "#1fa187", "#4ac16d", "#a0da39", "#fde725")
LOADING_COLOURS = ("#a9bac6", "#e3a857", "#d96c2c", "#b3285f", "#5c0a45")
VOLTAGE_STEPS_PU = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
VOLTAGE_STEPS_MIN, VOLTAGE_STEPS_SPARSE = 3, 5
LOADING_TOPS = (1.0, 2.0, 5.0, 10.0, 20.0, 25.0, 50.0, 75.0, 100.0, 150.0, 200.0, 300.0, 500.0, 1000.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColourScale:
    """Equal steps between two values, one colour each; values beyond take the colour at the end.

    `ticks` are the texts at the borders of the steps, one more than there are colours, some of them empty.
    """

    title: str
    low: float
    high: float
    colours: tuple[str, ...]
    ticks: tuple[str, ...]


def voltage_scale(voltage_pu: Float) -> ColourScale:
    """From the lowest to the highest known voltage in round steps, as many as there are colours at most."""
    known = voltage_pu[np.isfinite(voltage_pu)]
    lowest, highest = (float(known.min()), float(known.max())) if known.size else (1.0, 1.0)
    for step in VOLTAGE_STEPS_PU:
        first, last = floor(round(lowest / step, 6)), ceil(round(highest / step, 6))
        last = max(last, first + VOLTAGE_STEPS_MIN)
        if last - first <= len(VOLTAGE_COLOURS):
            break
    count = last - first
    chosen = np.linspace(0, len(VOLTAGE_COLOURS) - 1, count).round().astype(int)
    spacing = 1 if count < VOLTAGE_STEPS_SPARSE else 2
    borders = [round((first + place) * step, 3) for place in range(count + 1)]
    return ColourScale(
        title="Bus voltage (pu)",
        low=borders[0],
        high=borders[-1],
        colours=tuple(VOLTAGE_COLOURS[place] for place in chosen),
        ticks=tuple(f"{border:.3f}" if place % spacing == 0 else "" for place, border in enumerate(borders)),
    )


def loading_scale(loading_percent: Float) -> ColourScale:
    """From zero to a round value that no known loading exceeds."""
    known = loading_percent[np.isfinite(loading_percent)]
    highest = float(known.max(initial=0.0))
    top = next((top for top in LOADING_TOPS if highest <= top), float(np.ceil(highest / 1000.0)) * 1000.0)
    ticks = tuple(f"{top * step / len(LOADING_COLOURS):g}" for step in range(len(LOADING_COLOURS) + 1))
    return ColourScale(title="Branch loading (%)", low=0.0, high=top, colours=LOADING_COLOURS, ticks=ticks)
