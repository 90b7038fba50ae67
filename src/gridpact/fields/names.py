"""Names: sequences of texts as tuples, or refused."""

import numpy as np

from gridpact.fields.columns import said_shape
from gridpact.fields.refusals import Refusals
from gridpact.fields.said import a
from gridpact.fields.scalars import is_plain

_WITHOUT = "write it without"


def names(
    refusals: Refusals,
    field: str,
    value: object,
    *,
    count: int | None = None,
    meaning: str = "a name",
    unique: bool = False,
) -> tuple[str, ...] | None:
    """A sequence of texts.

    Args:
        refusals: takes in what is wrong.
        field: its name.
        value: what was given: a tuple, a list or an array.
        count: how many there have to be, where it is known.
        meaning: what each is, for the remedy where it is missing.
        unique: whether each has to be there once.

    Returns:
        The texts; `None` where any is wrong.
    """
    given = _sequence(value)
    if given is None:
        remedy = f"it is {a(value)}; give a tuple or a list of texts"
        refusals.add(field, "is not a sequence of texts", remedy, value)
        return None
    before = len(refusals)
    if count is not None and len(given) != count:
        refusals.add(
            field, f"has the shape {said_shape((len(given),))}", f"it is {said_shape((count,))} here"
        )
    texts = tuple(one if type(one) is str else str(one) for one in given if isinstance(one, str))
    if len(texts) < len(given):
        odd = np.array([not isinstance(one, str) for one in given], dtype=np.bool_)
        refusals.add_where(field, odd, "is not text", "write it in quotes", given)
        return None
    _refuse_unplain(refusals, field, texts, meaning)
    if unique:
        refuse_repeats(refusals, field, texts)
    return None if len(refusals) > before else texts


def refuse_repeats(refusals: Refusals, field: str, given: tuple[str, ...]) -> None:
    """Takes in the texts that an earlier one is equal to."""
    if len(set(given)) == len(given):
        return
    first: dict[str, int] = {}
    repeated = np.array([first.setdefault(one, k) != k for k, one in enumerate(given)], dtype=np.bool_)
    what, remedy = "is there more than once", "give each its own name"
    refusals.add_where(field, repeated, what, remedy, given)


def _refuse_unplain(refusals: Refusals, field: str, given: tuple[str, ...], meaning: str) -> None:
    """Takes in the names that are missing or not plain text."""
    joined = "".join(given)
    if joined.isprintable() and " " not in joined and all(given):
        return
    missing = np.array([not one for one in given], dtype=np.bool_)
    spaced = np.array([one != one.strip() for one in given], dtype=np.bool_)
    unprintable = np.array([not is_plain(one) for one in given], dtype=np.bool_) & ~missing & ~spaced
    refusals.add_where(field, missing, "is missing", f"give {meaning}")
    refusals.add_where(field, spaced, "has white space around it", _WITHOUT, given)
    refusals.add_where(field, unprintable, "has a character that cannot be printed", _WITHOUT, given)


def _sequence(value: object) -> tuple[object, ...] | None:
    """The elements of what can be taken for a column of texts."""
    if isinstance(value, tuple | list):
        return tuple(value)
    if isinstance(value, str | bytes) or hasattr(value, "columns") or not hasattr(value, "__array__"):
        return None
    try:
        array = np.asarray(value)
    except Exception:  # Whatever another library's array raises, it is no column of texts.
        return None
    return tuple(array.tolist()) if array.ndim == 1 else None
