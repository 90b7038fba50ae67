"""Array types, and the arrays that must not be written to."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Float = NDArray[np.float64]
Complex = NDArray[np.complex128]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]


def run_starts(step: Int, *labels: NDArray[Any]) -> Int:
    """Where runs begin: rows in which a step, (n,), does not follow on the last one, or a label changes."""
    begins = np.append(True, np.diff(step) != 1)[: len(step)]
    for values in labels:
        begins[1:] |= values[1:] != values[:-1]
    return np.flatnonzero(begins)


def frozen(values: ArrayLike, dtype: Any) -> NDArray[Any]:
    """A contiguous array of `dtype` that cannot be written to; copies only where it has to."""
    array = np.ascontiguousarray(values, dtype=dtype)
    if array.flags.writeable:
        array = array.copy() if array is values else array
        array.flags.writeable = False
    return array


def owned(values: NDArray[Any], dtype: Any) -> NDArray[Any]:
    """A contiguous array of `dtype` that nobody can write to, not by way of another array either."""
    array = np.ascontiguousarray(values, dtype=dtype)
    if not _is_unwriteable(array):
        array = np.array(array, dtype=dtype) if np.may_share_memory(array, values) else array
        array.flags.writeable = False
    return array


def _is_unwriteable(array: Any) -> bool:
    """Whether neither an array nor any that it is a view of can be written to."""
    while isinstance(array, np.ndarray):
        if array.flags.writeable:
            return False
        array = array.base
    return array is None or isinstance(array, bytes)
