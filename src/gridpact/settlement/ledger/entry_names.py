"""The names of entries: the version and the number in it, from 1, as in "2-000017"."""

from typing import Any

import numpy as np

from gridpact.arrays import Int

NUMBER_DIGITS = 6


def entry_names(version: Int, number: Int) -> Any:
    """The names of entries of some versions, with their numbers in them, as an Arrow array of texts, (L,).

    Entries whose names are of one length follow each other, and their digits are written side by side.
    """
    import pyarrow as pa

    if not len(version):
        return pa.array([], pa.string())
    digits = np.maximum(NUMBER_DIGITS, np.searchsorted(10 ** np.arange(1, 19), number, side="right") + 1)
    begins = np.flatnonzero((np.diff(version, prepend=-1) != 0) | (np.diff(digits, prepend=-1) != 0))
    runs = zip(begins.tolist(), [*begins[1:].tolist(), len(version)], strict=True)
    parts = [_names_of_run(int(version[begin]), number[begin:end], int(digits[begin])) for begin, end in runs]
    return pa.concat_arrays(parts)


def _names_of_run(version: int, number: Int, digits: int) -> Any:
    """The names of entries of one version whose numbers have as many digits, as an Arrow array of texts."""
    import pyarrow as pa

    head = f"{version}-".encode()
    length = len(head) + digits
    texts = np.empty((len(number), length), dtype=np.uint8)
    texts[:, : len(head)] = np.frombuffer(head, dtype=np.uint8)
    rest = number
    for place in range(length - 1, len(head) - 1, -1):
        rest, digit = np.divmod(rest, 10)
        texts[:, place] = digit + ord("0")
    ends = np.arange(len(number) + 1, dtype=np.int32) * length
    return pa.StringArray.from_buffers(len(number), pa.py_buffer(ends), pa.py_buffer(texts))


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
