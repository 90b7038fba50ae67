"""Quantities: what a cell says of power or energy, exactly, and what it comes to in whole watt-hours.

A value is counted in `PARTS_PER_UNIT` parts of a kW or kWh, and an energy in parts of a kW for a minute:
whole numbers that 64 bits hold, so that sums are exact and each energy is rounded once.
"""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum

import numpy as np

from gridpact.arrays import Bool, Int
from gridpact.imports.sheets.sheet import Cell, cell_text
from gridpact.units import MINUTES_PER_HOUR

PARTS_PER_UNIT = 10**10
POWER_MAX_KW = 50_000
ENERGY_PARTS_PER_WH = PARTS_PER_UNIT * MINUTES_PER_HOUR // 1000
NO_VALUE = frozenset({"", "null", "na", "n/a", "nan", "-", "--", "none"})
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_WITH_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}((\.\d{3})+,\d+|(,\d{3})+\.\d+|([ '\u2019]\d{3})+([.,]\d+)?)")
_IN_QUESTION = re.compile(r"[+-]?\d{1,3}[.,]\d{3}")


_PARTS = {"W": PARTS_PER_UNIT // 1000, "k": PARTS_PER_UNIT, "M": PARTS_PER_UNIT * 1000}


class Unit(StrEnum):
    """Units of power, which holds for an interval, and of energy."""

    KWH = "kWh"
    WH = "Wh"
    MWH = "MWh"
    KW = "kW"
    W = "W"
    MW = "MW"

    @property
    def is_power(self) -> bool:
        """Whether it is one of power: the mean over an interval."""
        return not self.value.endswith("h")

    @property
    def parts(self) -> int:
        """Parts of a kW or kWh in it."""
        return _PARTS[self.value[0]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """Why a cell is no value, and what would be right."""

    what: str
    remedy: str = ""


def unit_in(text: str) -> Unit | None:
    """The unit that a text names as a word of its own: the last of "Verbrauch (kWh)", "consumo_kWh"."""
    names = {unit.lower(): unit for unit in Unit}
    words = re.findall(r"[a-z]+", text.lower())
    return next((names[word] for word in reversed(words) if word in names), None)


def value_parts(cell: Cell, unit: Unit, decimal_mark: str) -> int | Unreadable | None:
    """What a cell says in parts of a kW or kWh; `None` where it says that there is no value.

    Args:
        cell: a number, or the text of one; white space and marks between thousands may stand in it.
        unit: of the number.
        decimal_mark: "," or "." where it is known, and a number such as 1.234 is read by it.
    """
    if isinstance(cell, bool):
        return Unreadable(what="is no number", remedy="write it plainly, as in 0.125")
    if isinstance(cell, float | int):
        number: Decimal | None = Decimal(repr(cell))
    else:
        text = cell_text(cell)
        if text.lower() in NO_VALUE:
            return None
        plain = plain_number(text.replace("\u00a0", " ").replace("\u202f", " "), decimal_mark)
        if isinstance(plain, Unreadable):
            return plain
        number = plain
    if number is None or not number.is_finite():
        return None if number is not None and number.is_nan() else Unreadable(what="is no number")
    if number < 0:
        remedy = "each direction is positive: import is one column and export another"
        return Unreadable(what="is negative", remedy=remedy)
    if number * unit.parts > POWER_MAX_KW * PARTS_PER_UNIT:
        return Unreadable(
            what=f"is more than any connection carries, {POWER_MAX_KW:,} kW", remedy="check its unit"
        )
    return int((number * unit.parts).to_integral_value())


def plain_number(text: str, decimal_mark: str) -> Decimal | Unreadable:
    """The number in a text; `Unreadable` where it says none, or could say two."""
    other = {",": ".", ".": ",", "": ""}[decimal_mark]
    if _WITH_THOUSANDS.fullmatch(text):
        mark = max(",", ".", key=text.rfind) if max(text.rfind(","), text.rfind(".")) >= 0 else ""
        if mark and other == mark:
            return Unreadable(what=f"has another decimal mark than '{decimal_mark}'")
        text = "".join(each for each in text if each.isdigit() or each in "+-" or each == mark)
        return Decimal(text.replace(",", "."))
    if other and other in text:
        if _IN_QUESTION.fullmatch(text):
            remedy = f"its file has '{decimal_mark}' in decimals; write it without a mark between thousands"
            return Unreadable(what="could be a thousand times as much", remedy=remedy)
        return Unreadable(what=f"has another decimal mark than '{decimal_mark}'", remedy="give them one")
    text = text.replace(",", ".")
    if not _NUMBER.fullmatch(text):
        return Unreadable(what="is no number", remedy="write it plainly, as in 0.125")
    try:
        return Decimal(text)
    except InvalidOperation:
        return Unreadable(what="is no number")


def whole_wh(energy: Int) -> tuple[Int, Bool]:
    """Energies in whole watt-hours, half to even, and which of them were rounded, each of the same shape.

    Args:
        energy: not negative, in parts of a kW for a minute.
    """
    whole, rest = np.divmod(energy, ENERGY_PARTS_PER_WH)
    is_up = (2 * rest > ENERGY_PARTS_PER_WH) | ((2 * rest == ENERGY_PARTS_PER_WH) & (whole % 2 == 1))
    return whole + is_up, rest != 0
