"""A plain picture in SVG: panels side by side over the same rows, dots by series."""

from dataclasses import dataclass
from html import escape

LABEL_WIDTH, PANEL_WIDTH, GAP, ROW, TOP, BOTTOM = 190, 230, 34, 24, 96, 40
INK, GREY, GRID = "#222222", "#666666", "#dddddd"
FONT = 'font-family="Helvetica, Arial, sans-serif"'


@dataclass(frozen=True, kw_only=True)
class Series:
    """A name, its colour, and how far above or below the middle of a row its dots are."""

    name: str
    colour: str
    shift: float


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A title, an axis, and for each row a value per series (None where there is none)."""

    title: str
    ticks: tuple[float, ...]
    labels: tuple[str, ...]
    reference: float
    values: list[list[float | None]]


def draw(title: str, rows: list[str], series: list[Series], panels: list[Panel]) -> str:
    """The picture as SVG text; values beyond an axis are drawn as a triangle at its end."""
    width = LABEL_WIDTH + len(panels) * (PANEL_WIDTH + GAP)
    height = TOP + ROW * len(rows) + BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        text_at(12, 24, title, size=16, weight="bold"),
    ]
    for place, one in enumerate(series):
        x = 18 + 230 * place
        parts.append(f'<circle cx="{x}" cy="46" r="5" fill="{one.colour}"/>')
        parts.append(text_at(x + 11, 50, one.name, size=12))
    for place, name in enumerate(rows):
        parts.append(text_at(LABEL_WIDTH - 12, _middle(place) + 4, name, size=12, anchor="end"))
    for place, panel in enumerate(panels):
        left = LABEL_WIDTH + place * (PANEL_WIDTH + GAP)
        parts += _panel(panel, series, left, len(rows))
    return "\n".join([*parts, "</svg>", ""])


def _panel(panel: Panel, series: list[Series], left: float, count: int) -> list[str]:
    low, high = panel.ticks[0], panel.ticks[-1]
    bottom = TOP + ROW * count

    def across(value: float) -> float:
        return left + PANEL_WIDTH * (min(max(value, low), high) - low) / (high - low)

    parts = [text_at(left, TOP - 14, panel.title, size=13, weight="bold")]
    for tick, label in zip(panel.ticks, panel.labels, strict=True):
        x = across(tick)
        parts.append(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{bottom}" stroke="{GRID}"/>')
        parts.append(text_at(x, bottom + 18, label, size=11, anchor="middle", colour=GREY))
    x = across(panel.reference)
    parts.append(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{bottom}" stroke="{INK}"/>')
    for place in range(count):
        for one, value in zip(series, panel.values[place], strict=True):
            if value is None:
                continue
            x, y = across(value), _middle(place) + one.shift
            if low <= value <= high:
                parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{one.colour}"/>')
            else:
                tip = 6 if value > high else -6
                parts.append(
                    f'<path d="M{x - tip:.1f} {y - 5:.1f} L{x + tip:.1f} {y:.1f} '
                    f'L{x - tip:.1f} {y + 5:.1f} Z" fill="{one.colour}"/>'
                )
    return parts


def _middle(row: int) -> float:
    return TOP + ROW * (row + 0.5)


def text_at(
    x: float,
    y: float,
    text: str,
    *,
    size: int,
    anchor: str = "start",
    weight: str = "normal",
    colour: str = INK,
) -> str:
    """A line of text in SVG."""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" {FONT} font-size="{size}" font-weight="{weight}" '
        f'text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'
    )
