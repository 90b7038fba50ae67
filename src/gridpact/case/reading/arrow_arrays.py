"""NumPy arrays and texts to Arrow arrays and back, by their buffers.

Arrow's own conversions do the same, but import pandas first, which takes longer than a case does to read.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridpact.arrays import Bool


def arrow_numbers(values: NDArray[Any], missing: Bool | None = None, kind: Any = None) -> Any:
    """Numbers or booleans, (R,), as an Arrow array without a copy where that can be.

    Args:
        values: of any fixed width.
        missing: where the array is to have no value, (R,); where a number is NaN if it is not given.
        kind: Arrow type of the array, of the same width; that of the values if it is not given.
    """
    import pyarrow as pa

    if missing is None and values.dtype.kind == "f":
        missing = np.isnan(values)
    kind = pa.from_numpy_dtype(values.dtype) if kind is None else kind
    data = (
        np.packbits(values, bitorder="little") if values.dtype == np.bool_ else np.ascontiguousarray(values)
    )
    valid = None
    if missing is not None and missing.any():
        valid = pa.py_buffer(np.packbits(~missing, bitorder="little"))
    return pa.Array.from_buffers(kind, len(values), [valid, pa.py_buffer(data)])


def arrow_texts(texts: Sequence[str]) -> Any:
    """Texts, (R,), as an Arrow array."""
    import pyarrow as pa

    encoded = [text.encode() for text in texts]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    if ends[-1] > np.iinfo(np.int32).max:
        raise ValueError("more than 2 GB of text in one column")
    buffers = [None, pa.py_buffer(ends.astype(np.int32)), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(encoded), buffers)


def taken(array: Any, rows: NDArray[np.int64]) -> Any:
    """The values of an Arrow array at some rows."""
    return array.take(arrow_numbers(rows))


def numpy_values(array: Any) -> NDArray[Any]:
    """The values of an Arrow array of numbers or booleans, (R,), and anything where it has none."""
    import pyarrow as pa

    if pa.types.is_boolean(array.type):
        return numpy_values(array.cast(pa.uint8())).astype(np.bool_)
    data = array.buffers()[1]
    dtype = np.dtype(array.type.to_pandas_dtype())
    if data is None or not len(array):
        return np.zeros(len(array), dtype=dtype)
    return np.frombuffer(data, dtype=dtype, count=len(array), offset=array.offset * dtype.itemsize)


def is_null(array: Any) -> Bool:
    """Where an Arrow array has no value, (R,)."""
    if not array.null_count:
        return np.zeros(len(array), dtype=np.bool_)
    return numpy_values(array.is_null())
