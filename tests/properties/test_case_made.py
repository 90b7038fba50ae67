"""Cases made wrong at random: refused with every problem in words, or as right as any other."""

import pickle
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gridpact
from gridpact.errors import GridpactError, InvalidCase
from gridpact.grid.network import Network
from tests.made import PARTS, SETTINGS, Values, made, plain


class Odd:
    """An object that helps nobody."""

    def __repr__(self) -> str:
        raise RuntimeError("no")

    def __array__(self, *rest: Any, **options: Any) -> Any:
        raise KeyError("no")

    def __len__(self) -> int:
        return 3


RAGGED: list[Any] = [1, [2, 3]]
ENDLESS: list[Any] = []
ENDLESS.append(ENDLESS)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 6),
    st.integers(-(2**70), 2**70),
    st.sampled_from(
        [10**400, -(10**4400), np.int8(2), np.uint64(2**64 - 1), np.float16(0.5), np.bool_(True)]
    ),
    st.floats(),
    st.sampled_from(
        [Decimal("0.5"), Decimal("NaN"), Decimal("sNaN"), Fraction(1, 3), 1j, np.longdouble("1e4000")]
    ),
    st.text(max_size=4),
    st.sampled_from(
        [
            "dc",
            "max-min",
            "declared",
            "elastic",
            "export",
            "buy",
            "30min",
            "UTC",
            "2024-06-21",
            "",
            "a",
            "\ud800",
        ]
    ),
    st.sampled_from(
        [b"x", object, Odd(), {}, set(), ..., datetime(2024, 6, 21), timedelta(1), Path("x"), pd.NA, pd.NaT]
    ),
    st.datetimes(timezones=st.sampled_from([None, UTC])),
    st.sampled_from(
        [np.datetime64("2024-06-21"), np.datetime64("NaT"), np.array(2.0), np.array("x"), np.str_("t1")]
    ),
)
COLUMNS = st.one_of(
    st.lists(SCALARS, max_size=5),
    st.lists(st.integers(-1, 4), min_size=2, max_size=4),
    st.lists(st.floats(-1.0, 2.0), min_size=2, max_size=4).map(np.array),
    st.lists(st.lists(st.floats(-1.0, 1e4), min_size=4, max_size=4), min_size=2, max_size=4),
    st.sampled_from(
        [
            RAGGED,
            ENDLESS,
            np.zeros((3, 4)),
            np.zeros((3, 4), dtype="M8[s]"),
            np.zeros(3, dtype=[("a", float)]),
            np.ones(3, dtype=complex),
            np.ones(4, dtype=np.uint8),
            np.array([1, 2**63], dtype=np.uint64),
            np.array(["a", "b", "c"]),
            np.array([b"a", b"b"]),
            np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0]),
            np.ma.array([1, 2, 3]),
            pd.Series([1, None, 3], dtype="Int64"),
            pd.Series(["a", "b", "c"], dtype="category"),
            pd.DataFrame(np.zeros((3, 4))),
            (one for one in (1, 2, 3)),
            range(3),
            {"a": 1},
        ]
    ),
)
FIELDS = sorted(
    (part, field)
    for part, values in [*((name, values) for name, (_, values) in PARTS.items()), ("case", SETTINGS)]
    for field in values
)
SPOILS = st.tuples(
    st.sampled_from(FIELDS), st.integers(0, 3), SCALARS, st.one_of(SCALARS, COLUMNS), st.booleans()
)


def spoil(
    values: dict[str, Values], where: tuple[str, str], place: int, one: Any, other: Any, inside: bool
) -> None:
    """Puts another value in a field, or inside of it."""
    part, field = where
    column = values[part][field]
    if inside and isinstance(column, list) and column:
        row = column[place % len(column)]
        target = row if isinstance(row, list) else column
        target[place % len(target)] = one
    else:
        values[part][field] = other


@settings(max_examples=500, deadline=None)
@given(st.lists(SPOILS, min_size=1, max_size=3))
def test_a_case_is_right_or_refused_in_words(spoils: list[Any]) -> None:
    values = plain()
    for one in spoils:
        spoil(values, *one)
    try:
        case = made(values)
    except InvalidCase as error:
        assert error.problems and error.total >= len(error.problems)
        for problem in error.problems:
            assert problem.file in {*PARTS, "case"} and problem.what
            assert str(problem).isprintable()
        return
    sound(case)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted({*PARTS, *SETTINGS} - {"terms"})), st.one_of(SCALARS, COLUMNS))
def test_a_part_that_is_none_is_refused_in_words(name: str, value: Any) -> None:
    try:
        case = made(plain(), **{name: value})
    except InvalidCase as error:
        assert {problem.field for problem in error.problems} == {name}
    else:
        sound(case)


@pytest.fixture(scope="module")
def network() -> Network:
    return gridpact.compile_network(made(plain()))


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_what_is_right_clears_or_is_refused_in_words(data: st.DataObject, network: Network) -> None:
    values = plain()
    tame = st.one_of(st.integers(-1, 4), st.floats(0.0, 2.0), st.sampled_from(["dc", "declared", "priority"]))
    for _ in range(2):
        part, field = data.draw(st.sampled_from([pair for pair in FIELDS if pair[0] != "network"]))
        spoil(values, (part, field), data.draw(st.integers(0, 3)), data.draw(tame), data.draw(tame), True)
        if part == "case":
            values[part][field] = data.draw(tame)
    try:
        case = made(values)
        clearance = gridpact.clear(case, network=network)
    except GridpactError as error:
        assert str(error)
    else:
        assert clearance.summary["status"] in ("cleared", "limits_broken")


def sound(case: gridpact.Case) -> None:
    """Checks that a case is what every function takes for granted."""
    people, periods = len(case.participants), case.horizon.periods
    assert isinstance(case.formulation, gridpact.Formulation)
    assert isinstance(case.robustness, gridpact.Robustness)
    assert isinstance(case.allocation, gridpact.Allocation)
    assert isinstance(case.price_rule, gridpact.PriceRule)
    assert 0.5 <= case.limits.voltage_min_pu < case.limits.voltage_max_pu <= 1.5
    assert len(case.horizon.labels()) == periods and case.horizon.start.utcoffset() is not None
    for kw in (case.profiles.load_kw, case.profiles.generation_kw):
        assert kw.shape == (periods, people) and kw.dtype == np.float64 and not kw.flags.writeable
        assert ((kw >= 0.0) & (kw <= 5000.0)).all()
    assert len(set(case.participants.ids)) == people == len(case.participants.retailer)
    for rows in (case.trades, case.orders, case.commitments):
        indices = [getattr(rows, name) for name in ("seller", "buyer", "participant") if hasattr(rows, name)]
        assert len(rows.terms) == len(rows)
        for index in (*indices, rows.start, rows.end, rows.submitted):
            assert index.shape == (len(rows),) and index.dtype == np.int64 and not index.flags.writeable
        for index in indices:
            assert ((index >= 0) & (index < people)).all()
        assert ((rows.start >= 0) & (rows.start < rows.end) & (rows.end <= periods)).all()
        assert np.isfinite(rows.price_per_kwh).all()
        assert ((rows.power_kw >= 0.0) & (rows.power_kw <= 5000.0)).all()
    assert (case.trades.seller != case.trades.buyer).all()
    assert len(set(case.trades.ids)) == len(case.trades)
    assert repr(pickle.loads(pickle.dumps(case))) == repr(case)
