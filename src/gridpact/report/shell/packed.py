"""Packed: tables of numbers as strings, for pages that hold many of them."""

from typing import Any

import numpy as np

from gridpact.arrays import Float

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
UNKNOWN = "."


def packed(values: Float, decimals: int) -> dict[str, Any]:
    """A table of numbers as one string a row, each number as so many letters.

    A number is `(low + n) / scale`, where its letters are the digits of n to the base of 64, the greatest
    first; one that is not known is as many dots.

    Args:
        values: (T, K).
        decimals: that are kept of each number.
    """
    scale = 10**decimals
    known = np.isfinite(values)
    whole = np.rint(np.where(known, values, 0.0) * scale).astype(np.int64)
    low = int(whole[known].min()) if known.any() else 0
    number = np.where(known, whole - low, 0)
    width = 1
    while number.max(initial=0) >= len(LETTERS) ** width:
        width += 1
    digits = number[:, :, None] // len(LETTERS) ** np.arange(width - 1, -1, -1) % len(LETTERS)
    codes = np.frombuffer(LETTERS.encode(), dtype=np.uint8)[digits]
    codes = np.where(known[:, :, None], codes, np.uint8(ord(UNKNOWN)))
    return {"low": low, "scale": scale, "width": width, "rows": [row.tobytes().decode() for row in codes]}
