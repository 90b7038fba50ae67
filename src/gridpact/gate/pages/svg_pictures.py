"""Pictures as SVG, drawn by the server: bars a period, a range a period, sessions on a time line."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from markupsafe import Markup

from gridpact.gate.pages.chosen_language import without_marks

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 640, 256, 56, 30, 40
LABELS_MAX, ROW, STEPS = 6, 30, (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class BarSeries:
    """Bars of one kind.

    Attributes:
        name: in the key of the picture.
        kind: class that says its colour.
        values: one a period; below zero they hang.
    """

    name: str
    kind: str
    values: Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSpan:
    """A bar of a time line."""

    name: str
    kind: str
    begin: datetime
    end: datetime
    place: str


def bar_picture(
    alternative: str,
    labels: Sequence[str],
    series: Sequence[BarSeries],
    unit: str,
    *,
    number: Callable[[float], str],
    is_count: bool = False,
) -> Markup:
    """Bars side by side over periods, with a scale and a key.

    Args:
        alternative: what is seen, for those who cannot.
        labels: of the periods.
        series: of bars, each with a value a period.
        unit: of the scale.
        number: writes a value of the scale as the page's language does.
        is_count: whether the scale has whole numbers alone.
    """
    high = max([0.0, *(value for each in series for value in each.values)])
    low = min([0.0, *(value for each in series for value in each.values)])
    step = float(ceil(_step(high - low))) if is_count else _step(high - low)
    high, low = _up(high, step), -_up(-low, step)
    if high == low:
        high = low + step
    room = HEIGHT - TOP - BOTTOM

    def y(value: float) -> float:
        return TOP + (high - value) / (high - low) * room

    parts = []
    for count in range(round((high - low) / step) + 1):
        value = low + count * step
        kind = "zero" if abs(value) < step / 2 else "grid"
        parts.append(
            f'<line class="{kind}" x1="{LEFT}" x2="{WIDTH}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>'
            f'<text x="{LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{number(value)}</text>'
        )
    slot = (WIDTH - LEFT) / max(1, len(labels))
    places = 1 if _is_apart(series) else max(1, len(series))
    width = slot * 0.84 / places
    for place, each in enumerate(series):
        for period, value in enumerate(each.values):
            top, bottom = sorted((y(value), y(0.0)))
            if bottom - top < 0.05:
                continue
            x = LEFT + period * slot + slot * 0.08 + place % places * width
            parts.append(
                f'<rect class="{each.kind}" x="{x:.1f}" y="{top:.1f}" width="{max(width, 0.6):.1f}" '
                f'height="{bottom - top:.1f}"/>'
            )
    every = -(-len(labels) // LABELS_MAX)
    for period in range(0, len(labels), max(1, every)):
        x = LEFT + (period + 0.08) * slot
        text = Markup('<text x="{}" y="{}">{}</text>').format(f"{x:.1f}", HEIGHT - 6, labels[period])
        parts.append(str(text))
    parts.append(str(Markup('<text x="{}" y="16" text-anchor="end">{}</text>').format(LEFT - 6, unit)))
    return _figure(alternative, HEIGHT, parts, [(each.name, each.kind) for each in series])


def _is_apart(series: Sequence[BarSeries]) -> bool:
    """Whether no two bars of a period go the same way, so that each has the room of all."""
    periods = zip(*(each.values for each in series), strict=True)
    return all(
        sum(value > 0.0 for value in values) < 2 and sum(value < 0.0 for value in values) < 2
        for values in periods
    )


def time_line(
    alternative: str,
    spans: Sequence[TimeSpan],
    now: datetime,
    kinds: Sequence[tuple[str, str]],
    *,
    when: Callable[[datetime], str],
) -> Markup:
    """Spans below one another, with a line at the present.

    Args:
        alternative: what is seen, for those who cannot.
        spans: from the first row to the last.
        now: the present.
        kinds: words and classes of the key.
        when: writes a moment as the page's language and the market's clocks do.
    """
    first = min([now, *(span.begin for span in spans)])
    last = max([now, *(span.end for span in spans)])
    whole = max((last - first).total_seconds(), 1.0)

    def x(time: datetime) -> float:
        return (time - first).total_seconds() / whole * WIDTH

    height = len(spans) * ROW + BOTTOM
    parts = []
    for row, span in enumerate(spans):
        begin, end = x(span.begin), x(span.end)
        y = row * ROW + 3
        # Its words stand inside the picture, whichever end of it the bar is at.
        anchor, at = ("start", begin + 4) if begin < WIDTH / 2 else ("end", max(end, begin + 3) - 4)
        parts.append(
            str(
                Markup(
                    '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>'
                    '<text class="on" x="{}" y="{}" text-anchor="{}">{}</text>'
                ).format(
                    span.kind, f"{begin:.1f}", y, f"{max(end - begin, 3):.1f}", ROW - 6, f"{at:.1f}", y + 17,
                    anchor, without_marks(span.name),
                )
            )
        )  # fmt: skip
    parts.append(f'<line class="now" x1="{x(now):.1f}" x2="{x(now):.1f}" y1="0" y2="{height - BOTTOM}"/>')
    for time, anchor in ((first, "start"), (last, "end")):
        at = 0 if anchor == "start" else WIDTH
        parts.append(f'<text x="{at}" y="{height - 6}" text-anchor="{anchor}">{when(time)}</text>')
    return _figure(alternative, height, parts, kinds)


def _figure(alternative: str, height: int, parts: Sequence[str], key: Sequence[tuple[str, str]]) -> Markup:
    items = Markup("").join(
        Markup(
            '<li><svg viewBox="0 0 20 20" aria-hidden="true"><rect class="{}" width="20" height="20"/></svg>'
            "{}</li>"
        ).format(kind, name)
        for name, kind in key
    )
    return Markup(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg><ul class="key">{}</ul>'
    ).format(WIDTH, height, without_marks(alternative), Markup("".join(parts)), items)


def _step(span: float) -> float:
    """The distance of lines of a scale with about four of them."""
    if span <= 0.0:
        return 1.0
    exact, size = span / 4, 1.0
    while size > exact:
        size /= 10
    while size * 10 <= exact:
        size *= 10
    return next(size * step for step in STEPS if size * step >= exact - 1e-12)


def _up(value: float, step: float) -> float:
    whole = int(value / step)
    return (whole if whole * step >= value - 1e-9 else whole + 1) * step
