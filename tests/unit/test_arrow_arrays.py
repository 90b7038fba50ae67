"""Our conversions between NumPy and Arrow give what Arrow's own give."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridpact.case.reading.arrow_arrays import arrow_numbers, arrow_texts, is_null, numpy_values, taken


@pytest.mark.parametrize(
    "values",
    [
        np.arange(-3, 9),
        np.arange(5, dtype=np.int32),
        np.array([1.5, -0.0, np.inf, 1e-300]),
        np.arange(19) % 3 == 0,
        np.arange(12)[::2],
        np.zeros(0),
        np.zeros(0, dtype=np.bool_),
    ],
)
def test_numbers_there_and_back(values: Any) -> None:
    array = arrow_numbers(values)
    array.validate(full=True)
    assert array.equals(pa.array(values))
    assert numpy_values(array).tolist() == values.tolist()
    assert not is_null(array).any()


@given(st.lists(st.none() | st.integers(-(2**62), 2**62), max_size=40), st.integers(0, 9))
def test_missing_numbers_and_slices(values: list[int | None], first: int) -> None:
    missing = np.array([value is None for value in values], dtype=np.bool_)
    filled = np.array([value or 0 for value in values], dtype=np.int64)
    array = arrow_numbers(filled, missing)
    array.validate(full=True)
    assert array.to_pylist() == values
    part = array[first:]
    assert is_null(part).tolist() == missing[first:].tolist()
    assert numpy_values(part).tolist() == filled[first:].tolist()


def test_a_number_that_is_none_is_missing() -> None:
    assert arrow_numbers(np.array([1.0, np.nan])).to_pylist() == [1.0, None]


def test_times_are_numbers_with_a_kind() -> None:
    kind = pa.timestamp("us", tz="Europe/Berlin")
    counts = np.array([0, 1_466_460_000_000_000])
    assert arrow_numbers(counts, counts == 0, kind).equals(pa.array([None, int(counts[1])], kind))


@given(st.lists(st.text(st.characters(codec="utf-8"))))
def test_texts(texts: list[str]) -> None:
    array = arrow_texts(texts)
    array.validate(full=True)
    assert array.equals(pa.array(texts, pa.string()))


def test_rows_are_taken() -> None:
    assert taken(arrow_texts(["a", "b", "ü"]), np.array([2, 0, 2])).to_pylist() == ["ü", "a", "ü"]
