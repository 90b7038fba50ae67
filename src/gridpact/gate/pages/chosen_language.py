"""PageWords: what pages say in the language of who reads them.

To add a language: copy `languages/english.py`, translate every value, and name it here in `LANGUAGES`. A test
holds that each language has every key, with the same names in braces, and that pages use no other.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from math import floor, log10
from typing import Any

from markupsafe import Markup, escape

from gridpact.case.horizon import RESOLUTION_MINUTES
from gridpact.gate.pages.languages.english import ENGLISH
from gridpact.gate.pages.languages.german import GERMAN
from gridpact.gate.pages.page_numbers import MINUTE, duration_parts, local, number_text

LANGUAGES: Mapping[str, Mapping[str, str]] = {"en": ENGLISH, "de": GERMAN}
DEFAULT = "en"
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def wanted_language(cookie: str | None, accepted: str) -> str:
    """The language that somebody chose, else the first that the browser asks for and that there is."""
    if cookie in LANGUAGES:
        return str(cookie)
    weights: dict[str, float] = {}
    for each in accepted.split(","):
        name, _, parameter = each.strip().lower().partition(";")
        try:
            weight = float(parameter.strip().removeprefix("q=")) if parameter else 1.0
        except ValueError:
            weight = 0.0
        code = name.partition("-")[0]
        weights[code] = max(weights.get(code, 0.0), weight)
    known = [code for code in weights if code in LANGUAGES and weights[code] > 0.0]
    return max(known, key=weights.__getitem__) if known else DEFAULT


@dataclass(frozen=True, slots=True)
class PageWords:
    """The words of a language.

    Attributes:
        code: of the language, as in `lang`.
    """

    code: str

    def __call__(self, key: str, **values: Any) -> Markup:
        """What is said at a key, with values put in, each escaped and kept apart in its direction."""
        said = Markup(LANGUAGES[self.code][key])
        return said.format(**{name: self._put(value) for name, value in values.items()})

    def has(self, key: str) -> bool:
        """Whether something is said at a key."""
        return key in LANGUAGES[self.code]

    def plain(self, key: str, **values: Any) -> str:
        """The same as text, for places where there is no markup."""
        return LANGUAGES[self.code][key].format(
            **{name: without_marks(each) for name, each in values.items()}
        )

    def number(self, value: float | Decimal | None, decimals: int = 3) -> str:
        """A number; a dash for none."""
        if value is None:
            return "–"
        words = LANGUAGES[self.code]
        return number_text(float(value), decimals, point=words["decimal_point"], group=words["digit_group"])

    def significant(self, value: float) -> str:
        """A number with its first three digits, however small it is."""
        return self.number(value, max(0, 2 - floor(log10(abs(value)))) if value else 0)

    def when(self, moment: int | str | None, timezone: str, *, seconds: bool = False) -> str:
        """A day and a time of it; a dash for none."""
        if moment is None:
            return "–"
        style = LANGUAGES[self.code]["day_and_second" if seconds else "day_and_time"]
        return local(moment, timezone).strftime(style)

    def window(self, begin: int | str, end: int | str, timezone: str) -> str:
        """From a time to another; the day once where both are of one."""
        is_one_day = local(begin, timezone).date() == local(end, timezone).date()
        until = self.clock(end, timezone) if is_one_day else self.when(end, timezone)
        return f"{self.when(begin, timezone)} – {until}"

    def clock(self, moment: int | str, timezone: str) -> str:
        """A time of the day."""
        return local(moment, timezone).strftime("%H:%M")

    def days(self, times: Sequence[datetime], timezone: str) -> list[tuple[str, list[datetime]]]:
        """Times by the days on which they are, by the clocks of a market."""
        style = LANGUAGES[self.code]["day"]
        found: dict[str, list[datetime]] = {}
        for time in times:
            found.setdefault(local(time.isoformat(), timezone).strftime(style), []).append(time)
        return list(found.items())

    def resolution(self, text: str) -> str:
        """How long a period is, as a market has it: "15min", "1h"."""
        return self.span(RESOLUTION_MINUTES[text] * MINUTE)

    def span(self, seconds: int) -> str:
        """How long it is, in its two largest units."""
        words = LANGUAGES[self.code]
        units = ("unit_days", "unit_hours", "unit_minutes", "unit_seconds")
        parts = [
            f"{count} {words[unit]}"
            for count, unit in zip(duration_parts(max(0, seconds)), units, strict=True)
            if count
        ]
        return " ".join(parts[:2]) or f"0 {words['unit_seconds']}"

    def _put(self, value: Any) -> Markup:
        if isinstance(value, Markup):
            return value
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            return escape(self.number(value))
        return isolated(str(value))


def isolated(text: str) -> Markup:
    """A text that somebody else wrote: escaped, and its direction kept from what stands around it."""
    return Markup("<bdi>{}</bdi>").format(text)


def without_marks(value: Any) -> Any:
    """A text without marks that turn the direction of what follows, for places without markup."""
    return _BIDI.sub("", value) if isinstance(value, str) else value
