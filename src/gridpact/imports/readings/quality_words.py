"""QualityMark: what the words beside a value say of it, measured, estimated or void."""

from dataclasses import dataclass

from gridpact.imports.portals.layout import Layout

ESTIMATES = ("estim", "geschat", "geschatzt", "schatz", "ersatz", "l2", "l3", "substitut", "forecast")
MEASURED = (
    "real",
    "l1",
    "uitgelezen",
    "measured",
    "medid",
    "mesur",
    "gemessen",
    "reel",
    "gelesen",
    "read",
    "actual",
    "valid",
    "good",
    "ok",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityMark:
    """What a word of quality says of a value.

    Attributes:
        words: the word, as `cell_words` gives it.
        is_estimate: it is an estimate.
        is_zero: it is 0 where it is empty.
        is_void: there is none.
        is_unknown: nothing that is known, and the value counts as measured.
    """

    words: str
    is_estimate: bool
    is_zero: bool
    is_void: bool
    is_unknown: bool


def mark_of(words: str, layout: Layout) -> QualityMark:
    """What a word of quality means in a layout."""
    is_estimate = words in layout.estimate_words or words.startswith(ESTIMATES)
    is_known = not words or words in layout.zero_words | layout.void_words or words.startswith(MEASURED)
    return QualityMark(
        words=words,
        is_estimate=is_estimate,
        is_zero=words in layout.zero_words,
        is_void=words in layout.void_words,
        is_unknown=not is_estimate and not is_known,
    )
