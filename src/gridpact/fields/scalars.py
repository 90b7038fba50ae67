"""Single values: numbers, texts and members of enumerations, converted or refused."""

from enum import StrEnum
from numbers import Real
from typing import Any, TypeVar

import numpy as np

from gridpact.errors import nearest
from gridpact.fields.refusals import Refusals
from gridpact.fields.said import a

NOT_PLAIN_TEXT = "is empty, has white space around it or a character that cannot be printed"
Member = TypeVar("Member", bound=StrEnum)


def number(value: object) -> float | None:
    """A value as a number, infinite or NaN too; `None` where it is none, as `True` or "1" is."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    if isinstance(value, bool | np.bool_) or not (isinstance(value, Real) or _is_decimal(value)):
        return None
    try:
        return float(value)  # type: ignore[arg-type]
    except (OverflowError, ValueError, TypeError):
        return None


def whole(value: object) -> int | None:
    """A value as a whole number; `None` where it is none, as 1.5 or `True` is."""
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    found = number(value)
    return int(found) if found is not None and found.is_integer() else None


def member(refusals: Refusals, field: str, kind: type[Member], value: object) -> Member | None:
    """A member of an enumeration, or the one that a text names; else `None`, with a problem."""
    if isinstance(value, kind):
        return value
    names = tuple(str(one) for one in kind)
    options = " or ".join(f"'{name}'" for name in names)
    if not isinstance(value, str):
        refusals.add(field, "is not text", f"write {options}", value)
    elif value not in names:
        refusals.add(
            field, f"is not a known {field}", nearest(value[:80], names) or f"write {options}", value
        )
    else:
        return kind(value)
    return None


def text(refusals: Refusals, field: str, value: object, *, may_be_empty: bool = False) -> str | None:
    """Printable text; else `None`, with a problem."""
    if not isinstance(value, str):
        refusals.add(field, "is not text", f"it is {a(value)}; write it in quotes", value)
        return None
    if (not value and may_be_empty) or is_plain(value):
        return str(value)
    refusals.add(field, NOT_PLAIN_TEXT, "write plain text", value)
    return None


def is_plain(value: str) -> bool:
    """Whether a text is one that can stand in a file: not empty, printable, without white space around it."""
    return bool(value) and value == value.strip() and value.isprintable()


def _is_decimal(value: Any) -> bool:
    """Whether a value is a decimal number, whose module is imported only to ask."""
    from decimal import Decimal

    return isinstance(value, Decimal)
