"""Arrow columns to numpy arrays, whole columns at a time: texts, times and numbers."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from gridpact.arrays import Bool, Float, Int
from gridpact.case.reading.arrow_arrays import is_null, numpy_values
from gridpact.case.times import microseconds

_NUMBER = re.compile(
    r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|nan|inf(?:inity)?)", re.IGNORECASE
)

_FIRST, _LAST = (microseconds(datetime(year, 1, 1, tzinfo=UTC)) for year in (2, 9999))


def is_missing(array: Any) -> Bool:
    """Where a column has no value: null, or empty text, (R,)."""
    import pyarrow as pa
    import pyarrow.compute as pc

    missing = is_null(array)
    if pa.types.is_string(array.type):
        missing |= numpy_values(pc.binary_length(array)) == 0
    return missing


def is_blank(array: Any) -> Bool:
    """Where a cell of a column is empty: it has no value, NaN, or text of white space alone, (R,)."""
    import pyarrow as pa
    import pyarrow.compute as pc

    blank = is_missing(array)
    if pa.types.is_string(array.type):
        blank |= numpy_values(pc.utf8_is_space(array)) & ~is_null(array)
    elif pa.types.is_float32(array.type) or pa.types.is_float64(array.type):
        blank |= np.isnan(numpy_values(array))
    return blank


def distinct_texts(array: Any) -> tuple[Int, list[str] | None]:
    """A column of texts, or of whole numbers used as names.

    Args:
        array: Arrow array, (R,).

    Returns:
        For each row the index of its text, −1 for null, and the distinct texts; `None` where the type of the
        column is not one of names.
    """
    import pyarrow as pa

    if pa.types.is_integer(array.type) or pa.types.is_boolean(array.type):
        array = array.cast(pa.string())
    if not pa.types.is_string(array.type):
        return np.empty(0, dtype=np.int64), None
    of_row, distinct = _encoded(array)
    return of_row, distinct.to_pylist()


def distinct_labels(array: Any) -> tuple[Int, list[str] | None]:
    """A column of texts, or of numbers of any kind, as texts: whole numbers without decimals.

    Args:
        array: Arrow array, (R,).

    Returns:
        For each row the index of its text, −1 for null, and the distinct texts; `None` where the type of the
        column is neither.
    """
    import pyarrow as pa

    if pa.types.is_floating(array.type) or pa.types.is_decimal(array.type):
        of_row, distinct = _encoded(array.cast(pa.float64(), safe=False))
        return of_row, [
            f"{value:.0f}" if value.is_integer() else repr(value) for value in distinct.to_pylist()
        ]
    if pa.types.is_boolean(array.type):
        return np.empty(0, dtype=np.int64), None
    return distinct_texts(array)


def distinct_times(array: Any) -> tuple[Int, list[str | datetime | None] | None]:
    """A column of times, as text or as timestamps with or without a timezone.

    Args:
        array: Arrow array, (R,).

    Returns:
        For each row the index of its time, −1 for null, and the distinct times, `None` among them for one
        that is out of range; `None` in place of the list where the column holds no times.
    """
    import pyarrow as pa

    if pa.types.is_string(array.type):
        of_row, texts = _encoded(array)
        return of_row, texts.to_pylist()
    if not pa.types.is_timestamp(array.type):
        return np.empty(0, dtype=np.int64), None
    of_row, stamps = _encoded(array.cast(pa.int64()))
    zone = UTC if array.type.tz else None
    return of_row, [_datetime(count, array.type.unit, zone) for count in stamps.to_pylist()]


def moments(array: Any) -> Int | None:
    """Microseconds since 1970-01-01 UTC of a column of instants, (R,).

    It is `None` where a row has none, or one at the ends of what Python knows as times, or where the column
    holds times without a timezone or anything else.
    """
    import pyarrow as pa

    if not pa.types.is_timestamp(array.type) or array.type.tz is None or array.null_count:
        return None
    try:
        counts = numpy_values(array.cast(pa.timestamp("us", tz=array.type.tz)).cast(pa.int64()))
    except pa.ArrowInvalid:
        return None
    return counts if len(counts) and counts.min() > _FIRST and counts.max() < _LAST else None


def _datetime(count: int, unit: str, zone: Any) -> datetime | None:
    """The time of a count of units since 1970; `None` where Python cannot hold it."""
    per_second = {"s": 1, "ms": 1000, "us": 1_000_000, "ns": 1_000_000_000}[unit]
    try:
        seconds, rest = divmod(count, per_second)
        micros = rest * 1_000_000 // per_second
        return datetime(1970, 1, 1, tzinfo=zone) + timedelta(seconds=seconds, microseconds=micros)
    except OverflowError:
        return None


def _encoded(array: Any) -> tuple[Int, Any]:
    """The place of each row's value among the different ones, −1 for none, (R,), and those."""
    encoded = array.dictionary_encode()
    of_row = np.where(is_null(encoded.indices), -1, numpy_values(encoded.indices))
    return of_row.astype(np.int64), encoded.dictionary


def numbers(array: Any) -> tuple[Float | None, Bool]:
    """A column of numbers.

    Args:
        array: Arrow array of numbers or texts, (R,).

    Returns:
        The numbers, NaN where there is none, and where a value is a number, both (R,); `None` in place of
        the numbers where the column holds neither numbers nor text.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = array.type
    if pa.types.is_string(kind):
        array = pc.if_else(pa.array(is_missing(array)), pa.scalar(None, pa.string()), array)
        try:
            array = array.cast(pa.float64())
        except pa.ArrowInvalid:
            return _numbers_one_by_one(array.to_pylist())
    elif pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        array = array.cast(pa.float64(), safe=False)
    else:
        return None, np.zeros(len(array), dtype=np.bool_)
    values = np.where(is_null(array), np.nan, numpy_values(array))
    return values, np.ones(len(values), dtype=np.bool_)


def is_number_text(text: str) -> bool:
    """Whether a text is a number, NaN and infinity among them."""
    return _NUMBER.fullmatch(text) is not None


def _numbers_one_by_one(texts: list[str | None]) -> tuple[Float, Bool]:
    """The numbers that texts mean, and which of them mean one, (R,) each."""
    is_number = [text is None or is_number_text(text) for text in texts]
    values = [float(text) if text and good else np.nan for text, good in zip(texts, is_number, strict=True)]
    return np.array(values, dtype=np.float64), np.array(is_number, dtype=np.bool_)
