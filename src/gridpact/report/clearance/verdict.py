"""The head of the report: its one-line verdict, key figures and notices."""

from enum import StrEnum
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridpact.arrays import Float
from gridpact.clearing.dispatch_verification import Status
from gridpact.fields.said import counted
from gridpact.grid.places import places
from gridpact.report.clearance.feed_in_section import feed_in_tiles
from gridpact.report.pictures.period_axis import horizon_words
from gridpact.report.shell.document import Head
from gridpact.report.shell.html import Tile
from gridpact.report.shell.numbers import energy
from gridpact.results.clearance import Clearance
from gridpact.results.clearance_outcome import (
    CUT_SHARE_MIN,
    verdict,
    worst_violations,
)
from gridpact.results.clearance_summary import unsolved_baseline
from gridpact.results.decimals import rounded
from gridpact.results.words.phrases import clock, share_of, significant
from gridpact.results.words.place_words import loading_places, unbalance_places, voltage_place

NONE = "none"
UNSOLVED = "no power-flow solution"


class Mood(StrEnum):
    """The colour of the verdict."""

    SAFE = "safe"
    CARE = "care"
    UNSAFE = "unsafe"


_SHAPES = {
    Mood.SAFE: '<circle cx="12" cy="12" r="11"/><path d="M6.5 12.5l4 4 7-8.5"/>',
    Mood.CARE: '<path d="M12 1.5L23 22H1z"/><path d="M12 9v6.5M12 18.4v.6"/>',
    Mood.UNSAFE: '<path d="M7.5 1h9L23 7.5v9L16.5 23h-9L1 16.5v-9z"/><path d="M8 8l8 8M16 8l-8 8"/>',
}


def head(clearance: Clearance) -> Head:
    """The head of the report."""
    mood, words = _mood(clearance)
    return Head(
        title=f"{clearance.case.name}: {words}",
        heading=clearance.case.name,
        below=[horizon_words(clearance.case.horizon)],
        said=verdict_box(mood, words, _sentence(verdict(clearance))),
        tiles=_tiles(clearance),
        notices=[_sentence(notice) for notice in _remarks(clearance)],
    )


def verdict_box(mood: Mood, words: str, more: str) -> str:
    """A verdict in a few words under the sign of its mood, and a sentence more about it."""
    return (
        f'<div class="verdict {mood}">\n{_mark(mood)}\n'
        f"<p><strong>{escape(words)}.</strong> {escape(more)}</p>\n</div>"
    )


def _mood(clearance: Clearance) -> tuple[Mood, str]:
    """The colour of the verdict, and the worst that there is to say."""
    summary = clearance.summary
    if clearance.verification.status is Status.LIMITS_BROKEN:
        return Mood.UNSAFE, "Not safe to operate: limits are broken"
    if clearance.verification.status is Status.NOT_CONVERGED:
        return Mood.UNSAFE, "Not safe to operate: no power-flow solution"
    if clearance.verification.status is Status.BASELINE_UNSAFE:
        return Mood.UNSAFE, "Not safe to operate: limits stay broken that are broken without any trade"
    if summary["baseline_violations"]:
        return Mood.CARE, "Every limit kept, some only by this dispatch"
    if unsolved_baseline(clearance):
        return Mood.CARE, "Every limit kept, yet the network has no power-flow solution without any trade"
    lost = []
    if summary["cleared_kwh"] < summary["proposed_kwh"] * (1.0 - CUT_SHARE_MIN):
        lost.append("some trades cut")
    if summary.get("feed_in", {}).get("curtailed_kwh"):
        lost.append("some feed-in curtailed")
    if lost:
        return Mood.CARE, f"Every limit kept, {' and '.join(lost)}"
    if not summary["proposed_kwh"]:
        return Mood.SAFE, "Every limit kept, nothing was proposed"
    return Mood.SAFE, "Every limit kept, every trade in full"


def _remarks(clearance: Clearance) -> list[str]:
    """What the reader must know: the worst that the dispatch breaks, then the notices."""
    worst = worst_violations(clearance)
    return [*([worst] if worst else []), *clearance.summary["notices"]]


def _tiles(clearance: Clearance) -> list[Tile]:
    """The key figures."""
    summary = clearance.summary
    proposed, cleared = summary["proposed_kwh"], summary["cleared_kwh"]
    share = f"{share_of(cleared, proposed)} of proposed" if proposed else "nothing was proposed"
    return [
        Tile(name="Proposed", value=f"{energy(proposed)} kWh", remark=counted(summary["trades"], "trade")),
        Tile(name="Cleared", value=f"{energy(cleared)} kWh", remark=share),
        Tile(name="Load", value=f"{energy(summary['load_kwh'])} kWh", remark=_participants(clearance)),
        Tile(name="Load served by peers", value=f"{summary['p2p_share_of_load']:.1%}", remark="of all load"),
        *feed_in_tiles(clearance),
        _extreme_voltage(clearance, "Lowest voltage", lowest=True),
        _extreme_voltage(clearance, "Highest voltage", lowest=False),
        *_highest(clearance),
        _verified(clearance),
    ]


def _participants(clearance: Clearance) -> str:
    """How many participants there are."""
    return counted(len(clearance.case.participants), "participant")


def _extreme_voltage(clearance: Clearance, name: str, *, lowest: bool) -> Tile:
    """The lowest or highest voltage of all, where and when."""
    voltage = clearance.operation.voltage_pu
    found = _place(-voltage if lowest else voltage)
    if found is None:
        return Tile(name=name, value=NONE, remark=UNSOLVED)
    period, bus = found
    remark = f"{voltage_place(clearance.network, bus)}, {clock(clearance.case.horizon, period)}"
    return Tile(name=name, value=f"{voltage[period, bus]:.4f} pu", remark=remark)


def _highest(clearance: Clearance) -> list[Tile]:
    """The highest loading of all, and on three phases those of a neutral and of an unbalance beside it."""
    network, operation = clearance.network, clearance.operation
    loading, is_neutral = operation.loading_percent, places(network).is_neutral
    if not network.is_three_phase:
        return [_highest_percent(clearance, "Highest loading", loading, loading_places(network))]
    of_phase, names = np.where(is_neutral, np.nan, loading), loading_places(network)
    of_neutral = rounded(np.where(is_neutral, loading, np.nan))
    unbalance = rounded(operation.unbalance_percent)
    return [
        _highest_percent(clearance, "Highest phase loading", of_phase, names),
        _highest_percent(clearance, "Highest neutral loading", of_neutral, names),
        _highest_percent(clearance, "Highest unbalance", unbalance, unbalance_places(network)),
    ]


def _highest_percent(clearance: Clearance, title: str, values: Float, names: NDArray[Any]) -> Tile:
    """The highest of values in percent, (T, K), where and when; `names` are of what they stand at, (K,)."""
    found = _place(values)
    if found is None:
        reason = "nothing has a rating" if clearance.operation.converged.any() or not len(names) else UNSOLVED
        return Tile(name=title, value=NONE, remark=reason)
    period, at = found
    remark = f"{names[at]}, {clock(clearance.case.horizon, period)}"
    return Tile(name=title, value=f"{significant(values[period, at])} %", remark=remark)


def _verified(clearance: Clearance) -> Tile:
    """What the verification found."""
    results = {
        Status.CLEARED: "limits kept",
        Status.BASELINE_UNSAFE: "broken, none made worse",
        Status.LIMITS_BROKEN: "limits broken",
        Status.NOT_CONVERGED: "no solution",
    }
    verification = clearance.verification
    return Tile(name="Verification", value=results[verification.status], remark=f"by {verification.engine}")


def _place(values: Float) -> tuple[int, int] | None:
    """Period and index of the greatest known value."""
    known = np.isfinite(values)
    if not known.any():
        return None
    period, index = np.unravel_index(int(np.where(known, values, -np.inf).argmax()), values.shape)
    return int(period), int(index)


def _sentence(text: str) -> str:
    """The text with a full stop, and a capital where it begins with a word and not a file's name."""
    start = text[:1].upper() if text.split(" ", 1)[0].isalpha() else text[:1]
    return start + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def _mark(mood: Mood) -> str:
    """The sign of a mood, as SVG."""
    return (
        '<svg viewBox="0 0 24 24" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2" '
        f'stroke-linecap="round" stroke-linejoin="round">{_SHAPES[mood]}</svg>'
    )
