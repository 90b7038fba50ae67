"""Whole watt-hours and micro-currency as people read them, digit for digit."""

from gridpact.settlement.amounts.cents import cents
from gridpact.settlement.amounts.money import WH_PER_KWH
from gridpact.settlement.amounts.whole import MICRO


def exact_money(micro: int) -> str:
    """An amount to the micro: "1,234.567890"."""
    sign, size = ("−" if micro < 0 else ""), abs(micro)
    return f"{sign}{size // MICRO:,}.{size % MICRO:06d}"


def money(micro: int, currency: str) -> str:
    """An amount in whole cents, half to even, with its currency where there is one: "12.35 EUR"."""
    rounded = cents(micro)
    sign, size = ("−" if rounded < 0 else ""), abs(rounded)
    return f"{sign}{size // 100:,}.{size % 100:02d}{f' {currency}' if currency else ''}"


def kwh(wh: int) -> str:
    """An energy to the watt-hour: "1,234.567"."""
    sign, size = ("−" if wh < 0 else ""), abs(wh)
    return f"{sign}{size // WH_PER_KWH:,}.{size % WH_PER_KWH:03d}"
