"""Columns: arrays, lists and tuples of one kind of value as frozen arrays, or refused.

Every function takes in all that is wrong with a column, and then gives `None`. One value in place of an array
stands for all of them where `may_be_one` says so.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridpact.arrays import Bool, Float, Int, owned
from gridpact.fields.refusals import Refusals
from gridpact.fields.said import a
from gridpact.fields.scalars import number

Faults = Callable[[Float], Iterable[tuple[Bool, str, str]]]
WHOLE_MAX = 2.0**53
_NOT_A_NUMBER = "is not a number"
_PLAINLY = "write it plainly, as in 1.5"
_WHOLE = "write the whole number, as in 3"


def numbers(
    refusals: Refusals,
    field: str,
    value: object,
    shape: tuple[int | None, ...],
    faults: Faults,
    *,
    may_be_one: bool = False,
) -> Float | None:
    """A column of numbers.

    Args:
        refusals: takes in what is wrong.
        field: its name.
        value: what was given.
        shape: that it must have; `None` in place of a length that is not known.
        faults: of an array of numbers, where each fault is, what and the remedy.
        may_be_one: whether one number stands for all.
    """
    array = _shaped(refusals, field, value, shape, may_be_one=may_be_one)
    before = len(refusals)
    values, wrong = (None, None) if array is None else _floats(refusals, field, array)
    if values is None or wrong is None:
        return None
    if wrong.any() or not _is_within(values, faults):
        for where, what, remedy in faults(values):
            refusals.add_where(field, where & ~wrong, what, remedy, values)
            wrong = wrong | where
    return None if len(refusals) > before else owned(_spread(values, shape), np.float64)


def whole_numbers(
    refusals: Refusals,
    field: str,
    value: object,
    shape: tuple[int | None, ...],
    *,
    least: int = 0,
    below: tuple[str, str] = ("is negative", "an index is 0 or more"),
    may_be_one: bool = False,
) -> Int | None:
    """A column of whole numbers, `least` or more; `below` is what is said of those that are less."""
    array = _shaped(refusals, field, value, shape, may_be_one=may_be_one)
    if array is None:
        return None
    before = len(refusals)
    if array.dtype.kind not in "iu":
        values, missing = _floats(refusals, field, array)
        if values is None or missing is None:
            return None
        broken = ~np.isfinite(values) & ~missing
        odd = np.isfinite(values) & ((values != np.rint(values)) | (np.abs(values) >= WHOLE_MAX))
        refusals.add_where(field, broken, "is not a finite number", "write the value itself", values)
        refusals.add_where(field, odd, "is not a whole number", _WHOLE, values)
        array = np.where(broken | odd | missing, least, values)
    else:
        odd = array > np.iinfo(np.int64).max if array.dtype.kind == "u" else np.zeros((), dtype=np.bool_)
        if odd.any():
            refusals.add_where(field, odd, "is out of range", _WHOLE, array)
        array = np.where(odd, 0, array).astype(np.int64)
    if array.size and array.min() < least:
        refusals.add_where(field, array < least, *below, array)
    return None if len(refusals) > before else owned(_spread(array, shape), np.int64)


def flags(
    refusals: Refusals,
    field: str,
    value: object,
    shape: tuple[int | None, ...],
    *,
    words: tuple[tuple[str, ...], tuple[str, ...]],
    may_be_one: bool = False,
) -> Bool | None:
    """A column of true or false.

    Args:
        refusals: takes in what is wrong.
        field: its name.
        value: what was given.
        shape: as for `numbers`.
        words: the texts that are taken for true, and for false; the first of each is shown.
        may_be_one: whether one value stands for all.
    """
    if isinstance(value, str) and may_be_one:
        value = np.array(value, dtype=object)
    array = _shaped(refusals, field, value, shape, may_be_one=may_be_one)
    if array is None:
        return None
    if array.dtype.kind != "b":
        objects = array.astype(object)
        known = {**dict.fromkeys(words[0], True), **dict.fromkeys(words[1], False)}
        found = [_flag(one, known) for one in objects.ravel().tolist()]
        unknown = np.array([one is None for one in found], dtype=np.bool_).reshape(array.shape)
        if unknown.any():
            remedy = f"write '{words[0][0]}' or '{words[1][0]}', or True or False"
            refusals.add_where(field, unknown, "is not a choice", remedy, objects)
            return None
        array = np.array(found, dtype=np.bool_).reshape(array.shape)
    return owned(_spread(array, shape), np.bool_)


def _flag(value: object, known: dict[str, bool]) -> bool | None:
    """A value as a flag; `None` where it is none."""
    if isinstance(value, str):
        return known.get(value.lower())
    if isinstance(value, bool | np.bool_):
        return bool(value)
    found = number(value)
    return bool(found) if found in (0.0, 1.0) else None


def _shaped(
    refusals: Refusals, field: str, value: object, shape: tuple[int | None, ...], *, may_be_one: bool
) -> NDArray[Any] | None:
    """What was given as an array of that shape, of any type of values."""
    if hasattr(value, "columns") and not isinstance(value, np.ndarray):
        remedy = "give its values as an array, in the order of the participants"
        refusals.add(field, f"is {a(value)}, whose columns have names of their own", remedy)
        return None
    array = _array(value)
    if array is None or (array.ndim == 0 and not may_be_one):
        refusals.add(field, "is not an array", f"it is {a(value)}; give an array or a list", value)
        return None
    if array.ndim == 0:
        return array
    fits = array.ndim == len(shape) and all(
        wanted in (None, length) for wanted, length in zip(shape, array.shape, strict=True)
    )
    if not fits:
        refusals.add(field, f"has the shape {said_shape(array.shape)}", f"it is {said_shape(shape)} here")
        return None
    return array


def length_of(value: object) -> int | None:
    """How many values a column has; `None` for what is no sequence, as one value for all."""
    if isinstance(value, list | tuple | range):
        return len(value)
    return int(value.shape[0]) if getattr(value, "ndim", None) == 1 and hasattr(value, "shape") else None


def said_shape(shape: tuple[int | None, ...]) -> str:
    """A shape in words: "(3,)", "(any, 3)"."""
    lengths = ["any" if length is None else f"{length}" for length in shape]
    return f"({lengths[0]},)" if len(lengths) == 1 else f"({', '.join(lengths)})"


def _array(value: object) -> NDArray[Any] | None:
    """A value as an array of any type; `None` where it can be none."""
    if isinstance(value, np.ma.MaskedArray):
        masked: Any = value.astype(object)
        return np.asarray(masked.filled(None) if np.ma.is_masked(value) else value.data)
    if not isinstance(value, list | tuple | range | np.ndarray) and not hasattr(value, "__array__"):
        return None if number(value) is None and not isinstance(value, bool) else np.asarray(value)
    try:
        array = np.asarray(value)
        if array.dtype.kind in "US" or (isinstance(value, list | tuple) and _mixes_flags(value, array)):
            # NumPy makes texts of numbers beside texts, and numbers of flags beside numbers.
            array = np.asarray(value, dtype=object)
    except Exception:  # Ragged lists, and whatever another library's array raises: neither is an array.
        return None
    return array


def _mixes_flags(value: list[Any] | tuple[Any, ...], array: NDArray[Any]) -> bool:
    """Whether a list has flags among numbers, which NumPy makes numbers of."""
    return array.dtype.kind in "iuf" and array.ndim == 1 and not {bool, np.bool_}.isdisjoint(map(type, value))


def _floats(refusals: Refusals, field: str, array: NDArray[Any]) -> tuple[Float | None, Bool | None]:
    """The numbers in an array of any type, NaN where there is none, which is a problem, and where that is."""
    if array.dtype.kind in "iuf":
        with np.errstate(over="ignore"):
            return array.astype(np.float64, copy=False), np.zeros((), dtype=np.bool_)
    if array.dtype.kind not in "OUSb":
        refusals.add(field, f"holds values of the type {array.dtype.name}", "give numbers")
        return None, None
    objects = array.astype(object)
    found = [number(one) for one in objects.ravel().tolist()]
    missing = np.array([one is None for one in found], dtype=np.bool_).reshape(array.shape)
    refusals.add_where(field, missing, _NOT_A_NUMBER, _PLAINLY, objects)
    values = np.array([np.nan if one is None else one for one in found], dtype=np.float64)
    return values.reshape(array.shape), missing


def _is_within(values: Float, faults: Faults) -> bool:
    """Whether no value is at fault, seen from the least, the greatest, and NaN where there is any."""
    if not values.size:
        return True
    least, greatest = np.fmin.reduce(values, axis=None), np.fmax.reduce(values, axis=None)
    extremes = np.array([least, greatest, values.min()])
    return not any(where.any() for where, _, _ in faults(extremes))


def _spread(values: NDArray[Any], shape: tuple[int | None, ...]) -> NDArray[Any]:
    """One value for all as an array; of an unknown length there is one."""
    if values.ndim:
        return values
    return np.full(tuple(1 if length is None else length for length in shape), values)
