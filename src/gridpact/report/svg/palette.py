"""Palette: the colours of pictures as variables of the style sheet, which has them for light and dark."""

from gridpact.report.pictures.colours import LOADING_COLOURS, VOLTAGE_COLOURS
from gridpact.report.pictures.traces import (
    BAND,
    BAND_EDGE,
    BLUE,
    GREEN,
    GREY,
    GRID,
    INK,
    ORANGE,
    PALE,
    PAPER,
    RED,
    SAND,
)

VARIABLES = {
    INK: "--ink",
    PALE: "--pale",
    GRID: "--grid",
    PAPER: "--paper",
    BAND: "--band",
    BAND_EDGE: "--band-edge",
    GREEN: "--green",
    BLUE: "--blue",
    GREY: "--grey",
    ORANGE: "--orange",
    RED: "--red",
    SAND: "--sand",
    **{colour: f"--voltage-{place}" for place, colour in enumerate(VOLTAGE_COLOURS)},
    **{colour: f"--loading-{place}" for place, colour in enumerate(LOADING_COLOURS)},
}


def css(colour: str) -> str:
    """A colour of a picture as the style sheet has it; one that it does not know stays as it is."""
    return f"var({VARIABLES[colour]})" if colour in VARIABLES else colour
