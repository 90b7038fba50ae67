"""A case made in memory: texts and lists are taken, and everything that is wrong is refused at once."""

import pickle
from collections.abc import Callable
from copy import deepcopy
from dataclasses import fields, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

import gridpact
from gridpact import Case, Horizon, InvalidCase, Limits, NetworkSource, Participants, Problem, Trades
from tests.made import PARTS, made, plain

POWER = "power has no sign here: give it as 0 or more"
WATTS = "no low-voltage connection carries this; is the value in W?"
NO_NUMBER = "write the value, 0 where there is none"
PLAINLY = "write it plainly, as in 1.5"
PARTICIPANT = "write the index of one, 0 to 3"
HORIZON = "which has the periods 0 to 2, and ends at 3"
SECONDS = "write a number above 0, up to 86400, in seconds"
VOLTS = "write 0.5 to 1.5, in pu of nominal; is the value in volts?"
NO_TEXT = "is empty, has white space around it or a character that cannot be printed"


def refused(make: Callable[[], object]) -> InvalidCase:
    with pytest.raises(InvalidCase) as refusal:
        make()
    return refusal.value


CHECKS: list[tuple[str, str, Any, tuple[int, ...], str, str | None]] = [
    ("case", "name", "", (), NO_TEXT, "write plain text"),
    ("case", "name", 3, (), "is not text", "it is an int; write it in quotes"),
    ("case", "currency", "eur", (), "is not an ISO 4217 code", None),
    ("case", "robustness", "declraed", (), "is not a known robustness", "did you mean 'declared'?"),
    ("case", "allocation", "dc", (), "is not a known allocation", None),
    ("case", "formulation", True, (), "is not text", "write 'ac' or 'dc'"),
    ("case", "price_rule", "uniformly", (), "is not a known price_rule", "did you mean 'uniform'?"),
    ("case", "table_format", "xlsx", (), "is not a known table_format", "write 'csv' or 'parquet'"),
    ("case", "seconds_max", 0, (), "is out of range", SECONDS),
    ("case", "seconds_max", np.nan, (), "is out of range", None),
    ("case", "seconds_max", "60", (), "is not a number", None),
    ("case", "first_open", 4, (), "is outside the horizon", "write a period from 0 to 3, which closes all"),
    ("case", "first_open", 0.5, (), "is not a whole number", None),
    ("case", "warnings", "careful", (), "is not a sequence of texts", None),
    ("case", "limits", None, (), "is None, not Limits", "make it with gridpact.Limits(...)"),
    ("case", "network", "pandapower/cigre_lv", (), "is a str, not NetworkSource", None),
    ("horizon", "start", 3, (), "is not a time", "write it as in 2024-06-21T00:00"),
    ("horizon", "start", pd.NaT, (), "is not a time", None),
    ("horizon", "start", "2024-06-21T10:00:30", (), "is not a whole minute", None),
    ("horizon", "start", "1850-06-21", (), "is out of range", "write a year from 1980 to 2199"),
    (
        "horizon",
        "start",
        datetime(2024, 3, 31, 1, 30),
        (),
        "does not exist in Europe/Lisbon, where the clocks skip it",
        None,
    ),
    ("horizon", "timezone", "Europe/Lisbn", (), "is not a known timezone", "did you mean 'Europe/Lisbon'?"),
    ("horizon", "timezone", None, (), "is not text", None),
    ("horizon", "resolution", "2h", (), "is not a resolution", "write 5min, 15min, 30min, 1h"),
    ("horizon", "resolution", 60, (), "is not a resolution", None),
    ("horizon", "periods", 0, (), "is out of range", "write 1 to 105408"),
    ("horizon", "periods", True, (), "is not a whole number", None),
    ("network", "file", 3, (), "is not a path", None),
    ("limits", "voltage_max_pu", 240, (), "is out of range", VOLTS),
    (
        "limits",
        "voltage_min_pu",
        1.1,
        (),
        "leaves no band: 1.1 to 1.1 pu",
        "the minimum is below the maximum",
    ),
    ("limits", "line_loading_max_percent", np.inf, (), "is out of range", None),
    (
        "limits",
        "line_loading_max_percent",
        None,
        (),
        "is not a number",
        "write a number without quotes, as in 100",
    ),
    ("participants", "ids", ["a", "b", "c", "a"], (3,), "is there more than once", "give each its own name"),
    ("participants", "ids", ["a", "b", 3, "d"], (2,), "is not text", "write it in quotes"),
    ("participants", "ids", ["a", "b ", "c", "d"], (1,), "has white space around it", "write it without"),
    ("participants", "ids", ["a", "b", "", "d"], (2,), "is missing", "give a name"),
    (
        "participants",
        "ids",
        ["a", "b", "c", "\x07"],
        (3,),
        "has a character that cannot be printed",
        "write it without",
    ),
    ("participants", "ids", "abcd", (), "is not a sequence of texts", None),
    ("participants", "bus", [1, -2, 3, 4], (1,), "is negative", "an index is 0 or more"),
    ("participants", "bus", [1, 2, 3.5, 4], (2,), "is not a whole number", None),
    ("participants", "bus", [1, 2, np.nan, 4], (2,), "is not a finite number", None),
    ("participants", "bus", [1, True, 2, 4], (1,), "is not a number", PLAINLY),
    ("participants", "bus", [1, 2, 3], (), "has the shape (3,)", "it is (4,) here"),
    ("participants", "bus", 3, (), "is not an array", None),
    ("participants", "bus", [1, 2, 2**80, 4], (2,), "is not a whole number", None),
    ("participants", "bus", np.array([1, 2, 2**63, 4], dtype=np.uint64), (2,), "is out of range", None),
    (
        "participants",
        "firm",
        ["firm", "elastc", "firm", "firm"],
        (1,),
        "is not a choice",
        "write 'firm' or 'elastic', or True or False",
    ),
    ("participants", "exports", [0, 1, 2, 0], (2,), "is not a choice", None),
    (
        "participants",
        "load_power_factor",
        [1, 0.05, 1, 1],
        (1,),
        "is not a power factor",
        "write one from 0.1 to 1",
    ),
    ("participants", "retailer", ["north"], (), "has the shape (1,)", "it is (4,) here"),
    ("participants", "connection_kw", [np.nan, 9.0, 0.0, 9.0], (2,), "is not above 0", None),
    ("participants", "connection_kw", [np.nan, 9.0, 9.0, 5001.0], (3,), "is more than 5,000 kW", WATTS),
    ("participants", "connection_kw", [np.nan, 9.0, np.inf, 9.0], (2,), "is not a finite number", None),
    ("profiles", "load_kw", [[1.0, -1.0, 0.0, 0.0]] * 3, (0, 1), "is negative", POWER),
    ("profiles", "load_kw", [[1.0, 0.0, 0.0, 5001.0]] * 3, (0, 3), "is more than 5,000 kW", WATTS),
    (
        "profiles",
        "generation_kw",
        [[1.0, 0.0, 0.0]] * 3,
        (),
        "has the shape (3, 3)",
        "that of load_kw is (3, 4)",
    ),
    ("profiles", "load_kw", [[1.0], [1.0, 2.0]], (), "is not an array", None),
    (
        "profiles",
        "load_kw",
        pd.DataFrame(np.zeros((3, 4))),
        (),
        "is a DataFrame, whose columns have names of their own",
        None,
    ),
    (
        "profiles",
        "load_kw",
        np.zeros((3, 4), dtype=complex),
        (),
        "holds values of the type complex128",
        "give numbers",
    ),
    ("trades", "seller", [0, 2, 4], (2,), "is not among the participants", PARTICIPANT),
    ("trades", "seller", ["pv", "farm", "farm"], (0,), "is not a number", PLAINLY),
    ("trades", "buyer", [0, 1, 3], (0,), "is the seller too", "name two participants"),
    (
        "trades",
        "end",
        [3, 0, 2],
        (1,),
        "is not after the start of the window",
        "the end itself is not part of it",
    ),
    ("trades", "end", [3, 2, 4], (2,), "is outside the horizon", HORIZON),
    ("trades", "start", [0, -1, 1], (1,), "is negative", "a period is counted from 0"),
    ("trades", "ids", ["t", "u", "t"], (2,), "is there more than once", "give each its own name"),
    ("trades", "power_kw", [2.0, np.nan, 1.0], (1,), "is not a finite number", NO_NUMBER),
    ("trades", "power_kw", np.ma.array([2.0, 1.0, 1.0], mask=[0, 0, 1]), (2,), "is not a number", PLAINLY),
    ("trades", "price_per_kwh", [0.1, "0.1", 0.1], (1,), "is not a number", PLAINLY),
    ("trades", "submitted", [0, 0, -5], (2,), "is negative", None),
    (
        "terms",
        "min_fraction",
        [0.0, 1.5, 0.0],
        (1,),
        "is not a fraction",
        "write one from 0 to 1; 1 is all or nothing",
    ),
    ("terms", "group", [-1, 1, 0], (1,), "is not a group", "group_names has 1, counted from 0"),
    ("terms", "group", [-2, 0, 0], (0,), "is not a group", None),
    (
        "terms",
        "link",
        [0, -1, 0],
        (2,),
        "holds trades of different groups",
        "give all trades of a link one group",
    ),
    ("orders", "participant", [0, 9], (1,), "is not among the participants", PARTICIPANT),
    ("orders", "sells", ["sell", "bid"], (1,), "is not a choice", "write 'sell' or 'buy', or True or False"),
    ("orders", "ids", ["o", "o"], (1,), "is there more than once", "give each its own name"),
    ("commitments", "ids", ["old", "t1"], (1,), "is a trade of the case too", None),
    ("commitments", "seller", [0, 2], (1,), "is not what its trade has elsewhere", None),
    ("commitments", "price_per_kwh", [0.1, 0.2], (1,), "is not what its trade has elsewhere", None),
    (
        "commitments",
        "start",
        [0, 0],
        (1,),
        "is before its trade ends",
        "the windows of a trade do not overlap",
    ),
]


@pytest.mark.parametrize(
    ("part", "field", "value", "index", "what", "remedy"), CHECKS, ids=lambda value: str(value)[:30]
)
def test_what_is_wrong_is_said_with_its_place_and_a_remedy(
    part: str, field: str, value: Any, index: tuple[int, ...], what: str, remedy: str | None
) -> None:
    values = plain()
    values[part][field] = value
    first = refused(lambda: made(values)).problems[0]
    assert (first.file, first.field, first.index, first.what) == (part, field, index, what)
    assert first.remedy == remedy if remedy is not None else first.remedy


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({}, "needs one of builtin and file"),
        ({"builtin": "pandapower/cigre_lv", "file": "network.json"}, "has both builtin and file"),
    ],
)
def test_a_network_comes_from_one_place(given: dict[str, str], what: str) -> None:
    problem = refused(lambda: NetworkSource(**given)).problems[0]
    assert (problem.file, problem.what) == ("network", what)
    assert problem.remedy == f"{'keep' if given else 'give'} one, as in builtin='pandapower/cigre_lv'"


@pytest.mark.parametrize("field", ["builtin", "file", "compiled"])
def test_no_part_of_a_network_is_an_array(field: str) -> None:
    problem = refused(lambda: NetworkSource(**{field: np.zeros(2)})).problems[0]
    assert (problem.file, problem.field) == ("network", field)


def test_everything_is_said_at_once() -> None:
    values = plain()
    wrong = {"name": "", "robustness": "maybe", "limits": None, "first_open": -1}
    values["trades"] |= {"seller": [0, 2, 8], "buyer": [9, 1, 3], "end": [3, 2, 9], "ids": ["a", "a", "old"]}
    values["profiles"] = {"load_kw": np.zeros((2, 4)), "generation_kw": np.zeros((2, 4))}
    error = refused(lambda: made(values, **wrong))
    assert {(one.file, one.field, one.index) for one in error.problems} == {
        ("case", "name", ()),
        ("case", "robustness", ()),
        ("case", "limits", ()),
        ("case", "first_open", ()),
        ("profiles", "", ()),
        ("trades", "seller", (2,)),
        ("trades", "buyer", (0,)),
        ("trades", "end", (2,)),
        ("trades", "ids", (1,)),
        ("commitments", "ids", (0,)),
        ("commitments", "ids", (1,)),
    }
    several = refused(lambda: Trades(**plain()["trades"] | {"power_kw": ["x", np.inf, -1], "end": [0, 0, 9]}))
    assert [(one.field, one.index) for one in several.problems] == [
        ("end", (0,)),
        ("end", (1,)),
        ("power_kw", (0,)),
        ("power_kw", (1,)),
        ("power_kw", (2,)),
    ]


def test_a_thousand_of_a_kind_are_counted() -> None:
    error = refused(lambda: replace(made(plain()).profiles, load_kw=-np.ones((3, 4))))
    assert error.total == 12 and len(error.problems) == 1
    following = "next load_kw[0, 1] '-1.0', load_kw[0, 2] '-1.0', …"
    assert str(error.problems[0]) == (
        f"profiles: load_kw[0, 0] '-1.0' is negative ({POWER}); 12 such places in all, {following}"
    )


def test_texts_are_taken_for_enumerations() -> None:
    case = made(plain())
    assert case.formulation is gridpact.Formulation.AC and case.price_rule is gridpact.PriceRule.MIDPOINT
    assert case.table_format is gridpact.TableFormat.CSV
    other = replace(case, robustness="declared", allocation="max-min", formulation="dc")
    assert other.robustness is gridpact.Robustness.DECLARED
    assert other.allocation is gridpact.Allocation.MAX_MIN and other.formulation is gridpact.Formulation.DC
    people = case.participants
    assert people.firm.tolist() == [True, False, True, False]
    assert replace(people, exports=["export", "curtail", 0, True]).exports.tolist() == [1, 0, 0, 1]
    assert case.orders.sells.tolist() == [True, False]
    assert replace(case.trades.terms, block=["yes", "0", "False"]).block.tolist() == [1, 0, 0]


def test_robustness_as_text_is_robustness() -> None:
    values = plain()
    values["terms"] = {"block": [False] * 3}
    case = replace(made(values), commitments=Trades.none())
    assert gridpact.clear(replace(case, robustness="declared")).contingencies is not None
    assert gridpact.clear(replace(case, robustness="none")).contingencies is None


def test_lists_are_taken_for_arrays_and_what_is_left_out_for_its_default() -> None:
    people = Participants(ids=np.array(["a", "b"]), bus=pd.Series([3, 5]), load_power_factor=0.9)
    assert people.ids == ("a", "b") and type(people.ids[0]) is str
    assert people.bus.tolist() == [3, 5] and people.bus.dtype == np.int64
    assert people.firm.tolist() == [True, True] and people.exports.tolist() == [False, False]
    assert people.load_power_factor.tolist() == [0.9, 0.9] and people.retailer == ("default", "default")
    trades = Trades(
        ids=["t"],
        seller=(0.0,),
        buyer=range(1, 2),
        start=[0],
        end=[1],
        power_kw=[Decimal("1.5")],
        price_per_kwh=[0],
    )
    assert trades.power_kw.tolist() == [1.5] and trades.submitted.tolist() == [0]
    assert len(trades.terms) == 1 and not trades.terms.given.any()
    horizon = Horizon(
        start="2024-06-21T10:00", timezone="Europe/Lisbon", resolution="1h", periods=np.int64(2)
    )
    case = Case(
        name="least",
        horizon=horizon,
        network=NetworkSource(builtin="pandapower/cigre_lv"),
        participants=people,
        profiles=gridpact.Profiles(load_kw=[[0, 1], [0, 1]], generation_kw=np.ones((2, 2), dtype=np.float32)),
    )
    assert case.limits == Limits() and not len(case.trades) and not len(case.orders)
    assert case.profiles.generation_kw.dtype == np.float64


@pytest.mark.parametrize(
    "start",
    [
        "2024-06-21T10:00",
        "2024-06-21T09:00Z",
        datetime(2024, 6, 21, 10),
        datetime(2024, 6, 21, 9, tzinfo=UTC),
        pd.Timestamp("2024-06-21T11:00", tz="Europe/Berlin"),
        pd.Timestamp("2024-06-21T10:00"),
    ],
    ids=str,
)
def test_a_start_without_an_offset_is_in_the_timezone_of_the_horizon(start: Any) -> None:
    zone = ZoneInfo("Europe/Lisbon")
    horizon = Horizon(start=start, timezone=zone, resolution="1h", periods=1)
    assert horizon.labels() == ["2024-06-21T10:00+01:00"] and type(horizon.start) is datetime
    assert horizon.timezone == "Europe/Lisbon"


def arrays(part: Any) -> list[np.ndarray]:
    values = [getattr(part, field.name) for field in fields(part)]
    return [value for value in values if isinstance(value, np.ndarray)]


def parts_of(case: Case) -> list[Any]:
    names = set(PARTS) - {"terms"}
    return [getattr(case, name) for name in sorted(names)] + [case.trades.terms, case.orders.terms]


def test_arrays_cannot_be_written_to_and_are_not_the_callers() -> None:
    base = np.zeros((3, 5))
    view = base[:, :4]
    still = view.view()
    still.flags.writeable = False
    profiles = gridpact.Profiles(load_kw=np.asfortranarray(base[:, :4]), generation_kw=still)
    series = pd.Series([1.0, 2.0, 3.0])
    trades = replace(made(plain()).trades, power_kw=series)
    base[:] = 9.0
    series[0] = 9.0
    assert not profiles.load_kw.any() and not profiles.generation_kw.any()
    assert trades.power_kw.tolist() == [1.0, 2.0, 3.0]
    assert base.flags.writeable and view.flags.writeable
    for one in arrays(profiles) + [array for part in parts_of(made(plain())) for array in arrays(part)]:
        with pytest.raises(ValueError, match="read-only"):
            one[...] = 0


def test_a_part_is_kept_where_nothing_can_write_to_it() -> None:
    case = made(plain())
    assert replace(case.trades, ids=("a", "b", "c")).power_kw is case.trades.power_kw


@pytest.mark.parametrize(
    "copied", [lambda case: pickle.loads(pickle.dumps(case)), deepcopy], ids=["pickle", "copy"]
)
def test_a_case_survives_pickling(copied: Callable[[Case], Case]) -> None:
    case = made(plain())
    again = copied(case)
    assert repr(again) == repr(case) and again.formulation is gridpact.Formulation.AC
    assert (again.horizon, again.limits, again.network) == (case.horizon, case.limits, case.network)
    for one, other in zip(parts_of(again), parts_of(case), strict=True):
        for array, expected in zip(arrays(one), arrays(other), strict=True):
            assert np.array_equal(array, expected) and not array.flags.writeable
    assert replace(again, name="other").name == "other"


def test_a_case_is_shown_in_a_line() -> None:
    case = made(plain(), name="<b>Ben's street</b>")
    said = "3 × 15min, 4 participants, 3 trades, 2 orders, 2 commitments, pandapower/cigre_lv>"
    assert repr(case) == f"<Case {case.name!r}: {said}"
    assert repr(case.horizon) == "<Horizon: 3 × 15min from 2024-06-21T10:00+01:00, Europe/Lisbon>"
    for part in parts_of(case):
        assert len(repr(part)) < 200 and "\n" not in repr(part)
    page = case._repr_html_()
    assert "&lt;b&gt;Ben&#x27;s" in page and "<b>" not in page
    assert "<th>trades</th><td>3</td>" in page and "<td>pandapower/cigre_lv</td>" in page


def test_a_problem_names_the_place_in_the_array() -> None:
    problem = Problem(file="trades", field="seller", value="9", what="is wrong", index=(3,))
    assert str(problem) == "trades: seller[3] '9' is wrong"


def test_a_case_in_memory_is_written_and_read_back(tmp_path: Any) -> None:
    case = made(plain())
    gridpact.write_case(case, tmp_path / "case", "parquet")
    again = gridpact.read_case(tmp_path / "case")
    assert again.table_format is gridpact.TableFormat.PARQUET
    for one, other in zip(parts_of(again), parts_of(replace(case, commitments=Trades.none())), strict=True):
        for array, expected in zip(arrays(one), arrays(other), strict=True):
            assert np.array_equal(array, expected)
    assert again.limits == case.limits and again.horizon == case.horizon


def test_orders_have_no_links() -> None:
    terms = gridpact.Terms(link=[0, -1], link_names=["l"])
    problem = refused(lambda: replace(made(plain()).orders, terms=terms)).problems[0]
    assert str(problem) == "orders: terms[0] has a link, which orders cannot have (leave it out)"


def test_terms_are_as_many_as_what_has_them() -> None:
    trades = made(plain()).trades
    problem = refused(lambda: replace(trades, terms=gridpact.Terms(block=[True]))).problems[0]
    assert str(problem) == "trades: terms are those of 1 (give the terms of each of the 3 ids)"
    problem = refused(lambda: replace(trades, terms={"block": [True] * 3})).problems[0]
    assert str(problem) == "trades: terms is a dict, not Terms (make it with gridpact.Terms(...))"
    assert not replace(trades, terms=gridpact.Terms.none(0)).terms.given.any()
