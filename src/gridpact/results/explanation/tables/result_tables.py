"""ResultTables: what an explanation needs of a result, from a clearance at hand or from its folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from gridpact.arrays import Bool
from gridpact.case.schema import Column, Kind, Schema
from gridpact.dispatch import FLOWS

SENSITIVITIES, REASONS, PLACES, TERMS, MATCHING = "sensitivities", "reasons", "places", "terms", "matching"
UNKNOWN = "nan"
Rows = Mapping[str, Any]


def _text(name: str, *, needed: bool = True) -> Column:
    return Column(name=name, kind=Kind.ID, meaning="name", required=needed)


def _number(name: str) -> Column:
    return Column(
        name=name, kind=Kind.SIGNED_POWER, meaning="a number, if known", required=False, default=UNKNOWN
    )


_TIME = Column(name="time", kind=Kind.TIME, meaning="start of the period")
_LIMIT = (_text("limited_by", needed=False), _text("element", needed=False), _text("phase", needed=False))


def _schema(name: str, *columns: Column) -> Schema:
    return Schema(name=name, columns=columns)


NEEDED = (
    _schema(
        "cleared",
        _text("trade"),
        _TIME,
        _text("seller"),
        _text("buyer"),
        *map(_number, ("proposed_kw", "cleared_kw", "price_per_kwh", "seller_price_per_kwh")),
        *_LIMIT,
    ),
    _schema("schedule", _TIME, _text("participant"), _number("bus"), *map(_number, FLOWS)),
    _schema("limits", _TIME, *_LIMIT, *map(_number, ("value", "limit", "shadow_price"))),
    _schema("exchange", _TIME),
)
OPTIONAL = (
    _schema("commitments", _text("trade"), _TIME, *map(_number, ("committed_kw", "kept_kw"))),
    _schema(
        "curtailed", _TIME, _text("participant"), *map(_number, ("available_kw", "curtailed_kw")), *_LIMIT
    ),
    _schema(
        "orders",
        _TIME,
        _text("order"),
        _text("participant"),
        _text("side"),
        *map(_number, ("offered_kw", "cleared_kw", "limit_price_per_kwh", "price_per_kwh")),
    ),
    _schema(REASONS, _text("trade"), _TIME, *_LIMIT, *map(_number, ("share", "per_kw"))),
    _schema(SENSITIVITIES, _TIME, *_LIMIT, _text("participant"), *map(_number, ("injected", "drawn"))),
    _schema(
        PLACES,
        _text("kind"),
        _number("element"),
        _text("name", needed=False),
        *map(_number, ("nominal_kv", "rating_a")),
    ),
    _schema(
        TERMS,
        _text("trade"),
        _number("min_fraction"),
        _text("block"),
        _text("group", needed=False),
        _text("link", needed=False),
    ),
    _schema(
        MATCHING,
        _text("order"),
        _text("participant"),
        _text("side"),
        *map(_number, ("offered_kwh", "matched_kwh", "limit_price_per_kwh", "best_price_per_kwh")),
    ),
)


@dataclass(frozen=True, kw_only=True)
class ResultTables:
    """A result, apart from the state of its network.

    Attributes:
        summary: of the result.
        starts: start of each period in local time, (T,).
        step: length of a period.
        tables: columns of each table that the result has, (R,) each: texts as objects, numbers as floats, NaN
            where nothing is known, and in place of `time` the `period`.
    """

    summary: Mapping[str, Any]
    starts: tuple[datetime, ...]
    step: timedelta
    tables: Mapping[str, Rows]

    @property
    def hours(self) -> float:
        """Length of a period."""
        return self.step / timedelta(hours=1)

    def has(self, table: str) -> bool:
        """Whether the result has a table."""
        return table in self.tables

    def rows(self, table: str, chosen: Bool | None = None) -> Rows:
        """The rows of a table, or some of them; none where the result does not have it."""
        columns = self.tables.get(table)
        if columns is None:
            schema = next(one for one in (*NEEDED, *OPTIONAL) if one.name == table)
            return {_key(column): _empty(column) for column in schema.columns}
        if chosen is None:
            return columns
        return {name: values[chosen] for name, values in columns.items()}


def _key(column: Column) -> str:
    return "period" if column.kind is Kind.TIME else column.name


def _empty(column: Column) -> Any:
    if column.kind is Kind.TIME:
        return np.zeros(0, dtype=np.int64)
    return np.zeros(0, dtype=object if column.kind is Kind.ID else np.float64)
