"""The names of entries: the version and the number in it, from 1, as in "2-000017"."""

from typing import Any

import numpy as np

from gridpact.arrays import Int
from gridpact.case.reading.arrow_arrays import arrow_numbers

NUMBER_DIGITS = 6


def entry_names(version: Int, number: Int) -> Any:
    """The names of entries of some versions, with their numbers in them, as an Arrow array of texts, (L,)."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = [arrow_numbers(each).cast(pa.string()) for each in (version, number)]
    return pc.binary_join_element_wise(texts[0], pc.utf8_lpad(texts[1], NUMBER_DIGITS, "0"), "-")


def named_versions(names: Any) -> Int | None:
    """The versions that names say, where these count on from the first entry of each; else `None`.

    Args:
        names: Arrow array of texts, (L,).
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_string(names.type) or names.null_count:
        return None
    ends, found = [0], list[int]()
    while ends[-1] < len(names):
        text = names[ends[-1]].as_py().partition("-")[0]
        if not (text.isascii() and text.isdecimal()) or (found and int(text) <= found[-1]):
            return None
        found.append(int(text))
        ends.append(_end_of_version(names, f"{text}-", ends[-1]))
    count = np.diff(ends)
    version = np.repeat(np.array(found, dtype=np.int64), count)
    number = np.arange(1, len(names) + 1) - np.repeat(ends[:-1], count)
    return version if pc.all(pc.equal(entry_names(version, number), names)).as_py() is not False else None


def _end_of_version(names: Any, prefix: str, start: int) -> int:
    """The row after the last, counted from `start`, that begins with a prefix, where such rows come first."""
    low, high = start, len(names)
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if names[middle].as_py().startswith(prefix) else (low, middle)
    return low
