"""Numbers and texts as they are embedded in the page."""

import json
from typing import Any

import numpy as np

from gridpact.arrays import Float

SIGNIFICANT_DIGITS = 4
_ESCAPES = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)


def short(values: Float) -> list[Any]:
    """Nested lists of an array of any shape, rounded to four significant digits, None for what is unknown."""
    known = np.isfinite(values)
    magnitude = np.log10(np.abs(values), out=np.zeros_like(values), where=known & (values != 0.0))
    digits = SIGNIFICANT_DIGITS - 1 - np.floor(magnitude)
    up, down = 10.0 ** np.maximum(digits, 0.0), 10.0 ** np.maximum(-digits, 0.0)
    rounded = np.rint(np.where(known, values, 0.0) * up / down) / up * down + 0.0
    shown = rounded.astype(object)
    shown[~known] = None
    nested: list[Any] = shown.tolist()
    return nested


def script_json(value: Any) -> str:
    """JSON that can stand inside a script element: no character of it can end the element."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.translate(_ESCAPES)


def fixed(value: float, decimals: int) -> str:
    """A number with so many decimals, and no minus before a zero."""
    return f"{round(value, decimals) + 0.0:.{decimals}f}"


def energy(kwh: float) -> str:
    """An energy for people: "44.568", "12,345.6"."""
    return f"{kwh:.3f}" if abs(kwh) < 1000 else f"{kwh:,.1f}"
