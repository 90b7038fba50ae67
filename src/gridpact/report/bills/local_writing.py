"""LocalWriting: numbers, amounts and dates as a language writes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from gridpact.settlement.amounts.money import WH_PER_KWH
from gridpact.settlement.amounts.whole import MICRO
from gridpact.settlement.tariffs.bill_terms import Language

NO_BREAK, NARROW = "\u00a0", "\u202f"
MINUS = "−"
PRICE_DECIMALS = 6
PRICE_DECIMALS_MIN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalWriting:
    """How a language writes numbers and dates, as the Common Locale Data Repository has it.

    Attributes:
        decimal: the mark before decimals.
        group: between groups of three digits.
        percent_gap: between a number and the sign of percent.
        is_currency_first: whether the currency stands before its amount.
        months: their names.
        date_form: of `day`, `month` and `year`.
        first_day: how the first of a month is written.
    """

    decimal: str
    group: str
    percent_gap: str
    is_currency_first: bool
    months: tuple[str, ...]
    date_form: str
    first_day: str = "1"

    def number(self, value: Decimal | Fraction | int, decimals: int) -> str:
        """A number with so many decimals, rounded half to even."""
        scaled = round(Fraction(value) * 10**decimals)
        digits = f"{abs(scaled):0{decimals + 1}d}"
        whole, rest = (digits[:-decimals], digits[-decimals:]) if decimals else (digits, "")
        grouped = f"{int(whole):,}".replace(",", self.group)
        return (MINUS if scaled < 0 else "") + grouped + (self.decimal + rest if rest else "")

    def amount(self, cents: int, currency: str = "") -> str:
        """An amount in cents, with its currency where there is one."""
        written = self.number(Fraction(cents, 100), 2)
        if not currency:
            return written
        if self.is_currency_first:
            return f"{currency}{NO_BREAK}{written}"
        return f"{written}{NO_BREAK}{currency}"

    def kwh(self, wh: int) -> str:
        """An energy to the watt-hour, without its unit."""
        return self.number(Fraction(wh, WH_PER_KWH), 3)

    def price(self, micro: int, at_least: int = PRICE_DECIMALS_MIN) -> str:
        """A price to the millionth, with so many decimals or as many more as it needs."""
        decimals = PRICE_DECIMALS
        while decimals > at_least and micro % 10 ** (PRICE_DECIMALS - decimals + 1) == 0:
            decimals -= 1
        return self.number(Fraction(micro, MICRO), decimals)

    def percent(self, value: Decimal) -> str:
        """A rate, with as many decimals as it has."""
        exponent = value.normalize().as_tuple().exponent
        decimals = max(-exponent, 0) if isinstance(exponent, int) else 0
        return f"{self.number(value, decimals)}{self.percent_gap}%"

    def day(self, value: date) -> str:
        """A date in words."""
        day = self.first_day if value.day == 1 else str(value.day)
        return self.date_form.format(day=day, month=self.months[value.month - 1], year=value.year)


_ENGLISH = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_GERMAN = (
    "Januar", "Februar", "März", "April", "Mai", "Juni",
    "Juli", "August", "September", "Oktober", "November", "Dezember",
)  # fmt: skip
_SPANISH = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio",
    "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre",
)  # fmt: skip
_FRENCH = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
_ITALIAN = (
    "gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno",
    "luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre",
)  # fmt: skip
_PORTUGUESE = (
    "janeiro", "fevereiro", "março", "abril", "maio", "junho",
    "julho", "agosto", "setembro", "outubro", "novembro", "dezembro",
)  # fmt: skip

WRITINGS: Mapping[Language, LocalWriting] = {
    Language.ENGLISH: LocalWriting(
        decimal=".",
        group=",",
        percent_gap="",
        is_currency_first=True,
        months=_ENGLISH,
        date_form="{day} {month} {year}",
    ),
    Language.GERMAN: LocalWriting(
        decimal=",",
        group=".",
        percent_gap=NO_BREAK,
        is_currency_first=False,
        months=_GERMAN,
        date_form="{day}. {month} {year}",
    ),
    Language.SPANISH: LocalWriting(
        decimal=",",
        group=".",
        percent_gap=NO_BREAK,
        is_currency_first=False,
        months=_SPANISH,
        date_form="{day} de {month} de {year}",
    ),
    Language.FRENCH: LocalWriting(
        decimal=",",
        group=NARROW,
        percent_gap=NO_BREAK,
        is_currency_first=False,
        months=_FRENCH,
        date_form="{day} {month} {year}",
        first_day="1er",
    ),
    Language.ITALIAN: LocalWriting(
        decimal=",",
        group=".",
        percent_gap="",
        is_currency_first=False,
        months=_ITALIAN,
        date_form="{day} {month} {year}",
    ),
    Language.PORTUGUESE: LocalWriting(
        decimal=",",
        group=NO_BREAK,
        percent_gap="",
        is_currency_first=False,
        months=_PORTUGUESE,
        date_form="{day} de {month} de {year}",
    ),
}
