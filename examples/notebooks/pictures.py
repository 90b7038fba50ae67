"""Lines as a small picture that shows wherever a notebook does: SVG, without any library."""

from collections.abc import Mapping, Sequence

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 680, 300, 56, 16, 44, 40
COLOURS = ("#0b6e99", "#d95f02", "#4a7c2c", "#7b3294", "#8c6d1f")


class Picture:
    """An SVG that a notebook shows."""

    def __init__(self, title: str, svg: str) -> None:
        self.title, self.svg = title, svg

    def __repr__(self) -> str:
        return f"<picture: {self.title}>"

    def _repr_svg_(self) -> str:
        return self.svg


def lines(
    x: Sequence[float],
    series: Mapping[str, Sequence[float]],
    *,
    title: str,
    x_label: str,
    dashed: Sequence[str] = (),
) -> Picture:
    """Draws a line for each series over the same places.

    Args:
        x: the places, n of them, ascending.
        series: values by name, n each.
        title: what is drawn, with its unit.
        x_label: what the places are.
        dashed: names of series that are drawn with dashes.
    """
    values = [float(value) for each in series.values() for value in each]
    low, high = min(values), max(values)
    room = (high - low or 1.0) * 0.06
    low, high = (0.0 if low >= 0.0 and low < 0.5 * high else low - room), high + room

    def across(value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (value - x[0]) / (x[-1] - x[0])

    def up(value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - low) / (high - low)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        'font-family="sans-serif" font-size="12" fill="#222">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="16" font-weight="bold">{title}</text>',
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 6}" text-anchor="middle">{x_label}</text>',
    ]
    for step in range(5):
        value, place = low + (high - low) * step / 4, x[0] + (x[-1] - x[0]) * step / 4
        parts.append(f'<path d="M{LEFT} {up(value):.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{up(value) + 4:.1f}" text-anchor="end">{value:.3g}</text>')
        at = f'x="{across(place):.1f}" y="{HEIGHT - BOTTOM + 16}"'
        parts.append(f'<text {at} text-anchor="middle">{place:.3g}</text>')
    offset = LEFT
    for number, (name, each) in enumerate(series.items()):
        colour, dash = COLOURS[number % len(COLOURS)], ' stroke-dasharray="6 4"' if name in dashed else ""
        points = " ".join(f"{across(a):.1f},{up(float(b)):.1f}" for a, b in zip(x, each, strict=True))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
        parts.append(f'<path d="M{offset} 30h18" stroke="{colour}" stroke-width="2"{dash}/>')
        parts.append(f'<text x="{offset + 22}" y="34">{name}</text>')
        offset += 34 + 7 * len(name)
    return Picture(title, "\n".join([*parts, "</svg>"]))
