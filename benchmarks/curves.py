"""A plain picture in SVG: panels side by side, lines over two logarithmic axes."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from benchmarks.picture import GREY, GRID, INK, text_at

LEFT, WIDTH, HEIGHT, GAP, TOP, BOTTOM = 64, 216, 240, 40, 88, 64
LEGEND_STEP = 250
ROOM = 0.06  # Of a decade, between the outermost points and the frame.
GUIDE_LABEL = "grey: proportional cost"

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, kw_only=True)
class Line:
    """A name, its colour, and whether it is dashed."""

    name: str
    colour: str
    is_dashed: bool = False


@dataclass(frozen=True, kw_only=True)
class Plot:
    """A panel: what its axis says, the sizes that are marked there, and the points of each line."""

    title: str
    sizes: tuple[float, ...]
    points: dict[str, Points]


def draw_curves(title: str, unit: str, lines: Sequence[Line], plots: Sequence[Plot]) -> str:
    """The picture as SVG text; all panels have the same vertical axis, in `unit`."""
    values = [value for plot in plots for points in plot.points.values() for _, value in points]
    low, high = floor(log10(min(values)) - ROOM), ceil(log10(max(values)) + ROOM)
    width = LEFT + len(plots) * (WIDTH + GAP)
    height = TOP + HEIGHT + BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        text_at(12, 24, title, size=16, weight="bold"),
    ]
    for place, line in enumerate(lines):
        x = 18 + LEGEND_STEP * place
        parts.append(_stroke([(x - 6, 46), (x + 18, 46)], line))
        parts.append(f'<circle cx="{x + 6}" cy="46" r="3.5" fill="{line.colour}"/>')
        parts.append(text_at(x + 26, 50, line.name, size=12))
    parts.append(text_at(12, height - 10, GUIDE_LABEL, size=11, colour=GREY))
    for place, plot in enumerate(plots):
        left = LEFT + place * (WIDTH + GAP)
        parts += _panel(plot, lines, left, (low, high), unit if place == 0 else "")
    return "\n".join([*parts, "</svg>", ""])


def _panel(plot: Plot, lines: Sequence[Line], left: float, decades: tuple[int, int], unit: str) -> list[str]:
    low, high = decades
    first, last = log10(plot.sizes[0]) - ROOM, log10(plot.sizes[-1]) + ROOM
    bottom = TOP + HEIGHT

    def across(size: float) -> float:
        return left + WIDTH * (log10(size) - first) / (last - first)

    def down(value: float) -> float:
        return bottom - HEIGHT * (log10(value) - low) / (high - low)

    parts = [text_at(left, TOP - 12, plot.title, size=13, weight="bold")]
    for decade in range(low, high + 1):
        y = down(10.0**decade)
        parts.append(f'<line x1="{left}" y1="{y:.1f}" x2="{left + WIDTH}" y2="{y:.1f}" stroke="{GRID}"/>')
        if unit:
            label = f"{10.0**decade:,g} {unit}"
            parts.append(text_at(left - 6, y + 4, label, size=11, anchor="end", colour=GREY))
    for size in plot.sizes:
        x = across(size)
        parts.append(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{bottom}" stroke="{GRID}"/>')
        parts.append(text_at(x, bottom + 16, f"{size:,g}", size=10, anchor="middle", colour=GREY))
    parts += _guides(plot, decades, across, down)
    parts.append(f'<rect x="{left}" y="{TOP}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="{INK}"/>')
    for line in lines:
        places = [(across(size), down(value)) for size, value in plot.points.get(line.name, ())]
        if len(places) > 1:
            parts.append(_stroke(places, line))
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{line.colour}"/>' for x, y in places]
    return parts


def _guides(plot: Plot, decades: tuple[int, int], across, down) -> list[str]:
    """The lines along which cost is proportional to size, one through each decade, cut at the frame."""
    (small, large), (low, high) = (plot.sizes[0], plot.sizes[-1]), decades
    parts = []
    for decade in range(low - ceil(log10(large / small)), high):
        per_size = 10.0**decade / small
        begin, end = max(small, 10.0**low / per_size), min(large, 10.0**high / per_size)
        if begin < end:
            x1, y1, x2, y2 = across(begin), down(per_size * begin), across(end), down(per_size * end)
            parts.append(
                f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
                f'stroke="#bbbbbb" stroke-dasharray="2 4"/>'
            )
    return parts


def _stroke(places: Points, line: Line) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dashes = ' stroke-dasharray="6 4"' if line.is_dashed else ""
    return f'<polyline points="{path}" fill="none" stroke="{line.colour}" stroke-width="1.8"{dashes}/>'
