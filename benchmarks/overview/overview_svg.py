"""The picture as SVG, in light and dark as the reader's screen is."""

from collections.abc import Sequence
from html import escape

from benchmarks.overview.figures import Bar, Group

WIDTH, HEIGHT, MARGIN, GAP = 880, 330, 20, 40
TOP, ROW, BAR = 92, 74, 26
STYLE = """
text { font-family: "Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif; fill: #1f2933; }
.paper { fill: #ffffff; }
.title { font-size: 16px; font-weight: 700; }
.below, .said { font-size: 13px; fill: #52606d; }
.name { font-size: 14px; font-weight: 600; }
.value { font-size: 15px; font-weight: 700; }
.exact { fill: #0072b2; }
.safe { fill: #84919e; }
.unsafe { fill: #b42318; }
.said.unsafe { fill: #b42318; font-weight: 600; }
.mark { stroke: #ffffff; stroke-width: 2.2; fill: none; stroke-linecap: round; stroke-linejoin: round; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6eaee; }
  .paper { fill: #14191e; }
  .below, .said { fill: #a9b4be; }
  .exact { fill: #4da3d9; }
  .safe { fill: #7b8894; }
  .unsafe { fill: #ff8d80; }
  .said.unsafe { fill: #ff8d80; }
  .mark { stroke: #14191e; }
}
"""
SIGNS = {True: "M9 13.5l3 3 5.5-6.5", False: "M9.5 9.5l7 7M16.5 9.5l-7 7", None: ""}
WORDS = "What clears and is safe: one hour on the CIGRE LV network, and six hours on three phases"


def overview_svg(groups: Sequence[Group]) -> str:
    """The groups side by side, each on a scale of its own."""
    width = (WIDTH - 2 * MARGIN - GAP * (len(groups) - 1)) / len(groups)
    said = "; ".join(
        f"{bar.name}: {_value(bar, group)}, {bar.said}" for group in groups for bar in group.bars
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}" role="img">',
        f"<title>{escape(WORDS)}</title>",
        f"<desc>{escape(said)}</desc>",
        f"<style>{STYLE}</style>",
        f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}" rx="8"/>',
    ]
    for place, group in enumerate(groups):
        parts += _group(group, MARGIN + place * (width + GAP), width)
    return "\n".join([*parts, "</svg>", ""])


def _group(group: Group, left: float, width: float) -> list[str]:
    """The title and the bars of a group."""
    parts = [
        f'<text class="title" x="{left:g}" y="34">{escape(group.title)}</text>',
        f'<text class="below" x="{left:g}" y="56">{escape(group.below)}</text>',
    ]
    most = max(bar.value for bar in group.bars)
    for row, bar in enumerate(group.bars):
        parts += _bar(group, bar, left, TOP + row * ROW, 0.78 * width * bar.value / most, row == 2)
    return parts


def _bar(group: Group, bar: Bar, left: float, top: float, width: float, is_ours: bool) -> list[str]:
    """A bar with its name above it, its value at its end, and what is said of it below."""
    is_unsafe = bar.safe is False
    kind = "unsafe" if is_unsafe else "exact" if is_ours else "safe"
    sign = SIGNS[bar.safe]
    said = "said unsafe" if is_unsafe else "said"
    words = f"Not safe: {bar.said}" if is_unsafe else bar.said
    return [
        f'<text class="name" x="{left:g}" y="{top:g}">{escape(bar.name)}</text>',
        f'<rect class="{kind}" x="{left:g}" y="{top + 6:g}" width="{width:.1f}" height="{BAR}" rx="3"/>',
        f'<path class="mark" transform="translate({left:g} {top + 6:g})" d="{sign}"/>',
        f'<text class="value" x="{left + width + 8:.1f}" y="{top + 25:g}">{_value(bar, group)}</text>',
        f'<text class="{said}" x="{left:g}" y="{top + 49:g}">{escape(words)}</text>',
    ]


def _value(bar: Bar, group: Group) -> str:
    return f"{bar.value:.{group.decimals}f} {group.unit}"
