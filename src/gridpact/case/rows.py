"""Rows: the columns that trades and orders have in common, converted or refused."""

from functools import partial
from typing import Any, Protocol

from gridpact.arrays import Float, Int
from gridpact.case.ranges import range_faults
from gridpact.case.schema import Kind
from gridpact.case.terms import Terms
from gridpact.fields.columns import numbers, whole_numbers
from gridpact.fields.names import names
from gridpact.fields.refusals import Refusals
from gridpact.fields.said import a

PERIOD = ("is negative", "a period is counted from 0")
INSTANT = ("is negative", "write microseconds since 1970-01-01 UTC, 0 where it is not known")


class Rows(Protocol):
    """What trades and orders have in common, N of them."""

    @property
    def ids(self) -> tuple[str, ...]:
        """Names, (N,)."""

    @property
    def start(self) -> Int:
        """First period, (N,)."""

    @property
    def end(self) -> Int:
        """One past the last period, (N,)."""

    @property
    def power_kw(self) -> Float:
        """Constant over the periods, (N,)."""

    @property
    def price_per_kwh(self) -> Float:
        """In the case's currency, (N,)."""

    @property
    def submitted(self) -> Int:
        """Microseconds since 1970-01-01 UTC, (N,)."""

    @property
    def terms(self) -> Terms:
        """Of each, or of none."""


def checked_rows(refusals: Refusals, rows: Rows, count: int | None, *, unique: bool) -> dict[str, Any]:
    """The columns that trades and orders share; `None` where one is wrong, which `refusals` takes in.

    Args:
        refusals: of the trades or orders.
        rows: as they were given.
        count: how many there are, where that is known.
        unique: whether each id may be there once only.
    """
    shape = (count,)
    start = whole_numbers(refusals, "start", rows.start, shape, below=PERIOD)
    end = whole_numbers(refusals, "end", rows.end, shape, below=PERIOD)
    if start is not None and end is not None and start.shape == end.shape:
        what, remedy = "is not after the start of the window", "the end itself is not part of it"
        refusals.add_where("end", end <= start, what, remedy, end)
    return {
        "ids": names(refusals, "ids", rows.ids, unique=unique),
        "start": start,
        "end": end,
        "power_kw": numbers(refusals, "power_kw", rows.power_kw, shape, partial(range_faults, Kind.POWER)),
        "price_per_kwh": numbers(
            refusals, "price_per_kwh", rows.price_per_kwh, shape, partial(range_faults, Kind.PRICE)
        ),
        "submitted": whole_numbers(
            refusals, "submitted", rows.submitted, shape, below=INSTANT, may_be_one=True
        ),
        "terms": _terms(refusals, rows.terms, count),
    }


def _terms(refusals: Refusals, terms: object, count: int | None) -> Terms | None:
    """The terms of each row; those of none stand for no terms at all."""
    if not isinstance(terms, Terms):
        refusals.add("terms", f"is {a(terms)}, not Terms", "make it with gridpact.Terms(...)")
        return None
    if not len(terms) and count:
        return Terms.none(count)
    if count is not None and len(terms) != count:
        refusals.add("terms", f"are those of {len(terms):,}", f"give the terms of each of the {count:,} ids")
        return None
    return terms
