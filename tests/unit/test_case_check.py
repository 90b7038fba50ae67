"""Every check of a case: file, line, field, value, what is wrong and the remedy."""

from pathlib import Path

import pytest

from gridpact.case import read_case
from gridpact.case.reading.problems import Problems
from gridpact.errors import InvalidCase, Problem
from tests.example import FILES, write_example

POWER_IN_W = "no low-voltage connection carries this; is the value in W?"
HORIZON = "which is 2024-06-21T00:00+02:00 to 2024-06-21T01:00+02:00"
FRACTION = "write one from 0 to 1; 1 is all or nothing"
NAME_OR_INDEX = "write its index or its name: its buses are 0 to 9; see `gridpact network`"
BUSES = "its buses are 0 to 9; see `gridpact network`"
ROW_T1 = "2024-06-21T00:00,2024-06-21T01:00,1.5,0.21"


def problems_after(folder: Path, *edits: tuple[str, str, str]) -> tuple[Problem, ...]:
    """The problems of the example after each edit (file, old text, new text)."""
    write_example(folder)
    for file, old, new in edits:
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8", newline="\n")
    with pytest.raises(InvalidCase) as refusal:
        read_case(folder)
    return refusal.value.problems


def problem(file: str, line: int, field: str, value: str, what: str, remedy: str = "") -> Problem:
    return Problem(file=file, line=line, field=field, value=value, what=what, remedy=remedy)


P, F, T, O = FILES[1:]  # noqa: E741

TABLE_CHECKS = [
    (P, "h2,5", ",5", 3, "participant", "", "is missing", "give the name of the metered connection"),
    (P, "h1,3", "h1 ,3", 2, "participant", "h1 ", "has white space around it", "write it without"),
    (
        P,
        "h1,3",
        "h\u20281,3",
        2,
        "participant",
        "h\u20281",
        "has a character that cannot be printed",
        "write it without",
    ),
    (P, "h3,7", "h3,", 4, "bus", "", "is missing", "give the index or name of a bus in the network"),
    (
        P,
        "h3,7",
        "h3,x7",
        4,
        "bus",
        "x7",
        "is not a bus of the network",
        NAME_OR_INDEX,
    ),
    (P, "h3,7", "h3,nan", 4, "bus", "nan", "is not a finite number", "write the index, as in 3"),
    (P, "h3,7", "h3,7.5", 4, "bus", "7.5", "is not a whole number", "write the index, as in 3"),
    (P, "h3,7", "h3,-7", 4, "bus", "-7", "is negative", "an index is 0 or more"),
    (P, "h3,7", "h3,77", 4, "bus", "77", "is not a bus of the network", BUSES),
    (P, "firm", "Firm", 2, "demand", "Firm", "is not a choice", "write 'firm' or 'elastic'"),
    (P, "export", "sell", 3, "surplus", "sell", "is not a choice", "write 'curtail' or 'export'"),
    (P, "0.95", "1.2", 2, "load_power_factor", "1.2", "is not a power factor", "write one from 0.1 to 1"),
    (
        P,
        "0.9,",
        "-0.9,",
        3,
        "generation_power_factor",
        "-0.9",
        "is not a power factor",
        "write one from 0.1 to 1",
    ),
    (F, "h2,0.2", "h20,0.2", 3, "participant", "h20", "is not in participants.csv", "did you mean 'h2'?"),
    (F, "h2,0.2", "h2,", 3, "load_kw", "", "is missing", "give the forecast load, mean of the period"),
    (
        F,
        "h2,0.2",
        "h2,nan",
        3,
        "load_kw",
        "nan",
        "is not a finite number",
        "write the value, 0 where there is none",
    ),
    (F, "h2,0.2", "h2,1e999", 3, "load_kw", "1e999", "is not a finite number", "write the value itself"),
    (
        F,
        "h2,0.2",
        "h2,-0.2",
        3,
        "load_kw",
        "-0.2",
        "is negative",
        "power has no sign here: give it as 0 or more",
    ),
    (F, ",3.3\n", ",5000.5\n", 2, "generation_kw", "5000.5", "is more than 5,000 kW", POWER_IN_W),
    (
        F,
        "2024-06-21T00:00+02:00,h1",
        "soon,h1",
        2,
        "time",
        "soon",
        "is not a time",
        "write it as in 2024-06-21T13:15+01:00",
    ),
    (F, "2024-06-21T00:00+02:00,h1", ",h1", 2, "time", "", "is missing", "give the start of the period"),
    (
        F,
        "00:45+02:00,h3",
        "01:00+02:00,h3",
        13,
        "time",
        "2024-06-21T01:00+02:00",
        "is outside the horizon",
        HORIZON,
    ),
    (
        F,
        "2024-06-21T00:15+02:00,h1",
        "2024-06-21,h1",
        5,
        "time",
        "2024-06-21",
        "and its participant are given more than once",
        "first in line 2; keep one",
    ),
    (T, "t2,", "t1,", 3, "trade", "t1", "is there more than once", "first in line 2; give each its own name"),
    (T, "t2,h1,h3", "t2,h3,h3", 3, "buyer", "h3", "is the seller too", "name two participants"),
    (
        T,
        "h2,h3,2",
        "h2,someone,2",
        4,
        "buyer",
        "someone",
        "is not in participants.csv",
        "add it to participants.csv",
    ),
    (
        T,
        "2024-06-21T00:30+02:00",
        "2024-06-21T00:15+02:00",
        3,
        "end",
        "2024-06-21T00:15+02:00",
        "is not after the start of the window",
        "the end itself is not part of it",
    ),
    (
        T,
        "2024-06-21T01:00",
        "2024-06-21T01:15",
        2,
        "end",
        "2024-06-21T01:15",
        "is outside the horizon",
        HORIZON,
    ),
    (
        T,
        "2024-06-20T22:30Z",
        "2024-06-20T22:38Z",
        4,
        "start",
        "2024-06-20T22:38Z",
        "is not the start of a period",
        "periods start every 15min, the nearest at 2024-06-21T00:45+02:00",
    ),
    (T, "-0.05", "cheap", 3, "price_per_kwh", "cheap", "is not a number", "write it plainly, as in 1.5"),
    (T, "-0.05", "-inf", 3, "price_per_kwh", "-inf", "is not a finite number", "write the value itself"),
    (T, "1.5,0.21", "1_5,0.21", 2, "power_kw", "1_5", "is not a number", "write it plainly, as in 1.5"),
    (
        T,
        "2024-06-20T09:30:01.5+02:00",
        "1969-01-01",
        2,
        "submitted",
        "1969-01-01",
        "is not after 1970-01-01",
        "write when it was",
    ),
    (T, ",0,false", ",1.5,false", 3, "min_fraction", "1.5", "is not a fraction", FRACTION),
    (T, ",0,false", ",-0.1,false", 3, "min_fraction", "-0.1", "is not a fraction", FRACTION),
    (T, ",0,false", ",50%,false", 3, "min_fraction", "50%", "is not a number", "write it plainly, as in 1.5"),
    (
        T,
        ",0,false",
        ",nan,false",
        3,
        "min_fraction",
        "nan",
        "is not a finite number",
        "write the value, 0 where there is none",
    ),
    (T, ",0,false", ",0,maybe", 3, "block", "maybe", "is neither true nor false", "write true or false"),
    (T, ",0,false", ",0,0.5", 3, "block", "0.5", "is neither true nor false", "write true or false"),
    (T, "t2,h1", "t2,", 3, "seller", "", "is missing", "give the participant that sells"),
    (F, "00:00+02:00,h1", "00:00+02:00,", 2, "participant", "", "is missing", "give a participant"),
    (
        T,
        "2024-06-21T00:15+02:00,2024-06-21T00:30+02:00",
        "2024-06-21T00:15+02:00,2024-06-20T23:45+02:00",
        3,
        "end",
        "2024-06-20T23:45+02:00",
        "is not after the start of the window",
        "the end itself is not part of it",
    ),
    (
        T,
        "2024-06-21T00:00,2024-06-21T01:00",
        "2024-06-21T01:00,2024-06-21T00:00",
        2,
        "end",
        "2024-06-21T00:00",
        "is not after the start of the window",
        "the end itself is not part of it",
    ),
    (P, "0.95", "0.05", 2, "load_power_factor", "0.05", "is not a power factor", "write one from 0.1 to 1"),
    (O, "o2", "o1", 3, "order", "o1", "is there more than once", "first in line 2; give each its own name"),
    (O, "sell", "", 2, "side", "", "is missing", "give the ask or bid"),
    (O, "buy", "bid", 3, "side", "bid", "is not a choice", "write 'sell' or 'buy'"),
    (O, "0.4", "-0.4", 3, "power_kw", "-0.4", "is negative", "power has no sign here: give it as 0 or more"),
]


@pytest.mark.parametrize(("file", "old", "new", "line", "field", "value", "what", "remedy"), TABLE_CHECKS)
def test_a_wrong_value_is_named(
    file: str, old: str, new: str, line: int, field: str, value: str, what: str, remedy: str, tmp_path: Path
) -> None:
    assert problems_after(tmp_path, (file, old, new)) == (problem(file, line, field, value, what, remedy),)


TERMS_HEADER = "trade,seller,buyer,start,end,power_kw,price_per_kwh,min_fraction,block,group,link"


def with_terms(folder: Path, *terms: str) -> Path:
    """The example with one trade, t0, t1, …, for each text of terms: min_fraction, block, group, link."""
    write_example(folder)
    rows = [f"t{number},h1,h2,{ROW_T1},{one}" for number, one in enumerate(terms)]
    (folder / T).write_text("\n".join([TERMS_HEADER, *rows]) + "\n", encoding="utf-8")
    return folder


def test_terms_are_read(tmp_path: Path) -> None:
    terms = read_case(with_terms(tmp_path, "0.25,TRUE,g2,", ",yes,,l", "1,0,g1,", "1e-3,no,,l")).trades.terms
    assert terms.min_fraction.tolist() == [0.25, 0.0, 1.0, 0.001]
    assert terms.block.tolist() == [True, True, False, False]
    assert (terms.group_names, terms.group.tolist()) == (("g1", "g2"), [1, -1, 0, -1])
    assert (terms.link_names, terms.link.tolist()) == (("l",), [-1, 0, -1, 0])


def test_trades_of_a_link_are_of_one_group(tmp_path: Path) -> None:
    fine = (",,g,l", ",,g,l", ",,,m", ",,,m", ",,g,", ",,,")
    read_case(with_terms(tmp_path / "fine", *fine))
    with pytest.raises(InvalidCase) as refusal:
        read_case(with_terms(tmp_path / "torn", ",,g,l", ",,g,l", ",,h,l", ",,,l", ",,h,m"))
    what, remedy = "holds trades of different groups", "give all trades of a link one group"
    assert refusal.value.problems == tuple(problem(T, line, "link", "l", what, remedy) for line in (4, 5))


def test_all_bad_terms_come_at_once(tmp_path: Path) -> None:
    with pytest.raises(InvalidCase) as refusal:
        read_case(with_terms(tmp_path, "2,true,g ,l", "1,vrai,g,l", ",,h, l"))
    places = [(found.line, found.field, found.value) for found in refusal.value.problems]
    assert sorted(places) == [
        (2, "group", "g "),
        (2, "min_fraction", "2"),
        (3, "block", "vrai"),
        (4, "link", " l"),
    ]


def test_terms_of_orders_are_checked_and_have_no_link(tmp_path: Path) -> None:
    def orders(folder: Path, terms: str) -> Path:
        write_example(folder)
        row = "o1,h1,sell,2024-06-21T00:00,2024-06-21T00:30,0.7,0.11"
        header = "order,participant,side,start,end,power_kw,price_per_kwh,min_fraction,block,group,link"
        (folder / O).write_text(f"{header}\n{row},{terms}\n", encoding="utf-8")
        return folder

    case = read_case(orders(tmp_path / "fine", "0.5,true,g,l"))
    terms = case.orders.terms
    assert (terms.min_fraction[0], terms.block[0], terms.group_names, terms.link[0]) == (
        0.5,
        True,
        ("g",),
        -1,
    )
    assert case.warnings == ("orders.csv: column 'link' is not known and was ignored",)
    with pytest.raises(InvalidCase) as refusal:
        read_case(orders(tmp_path / "bad", "1.01,perhaps,g,l"))
    assert {(found.file, found.field) for found in refusal.value.problems} == {
        (O, "min_fraction"),
        (O, "block"),
    }


def test_problems_of_all_files_come_at_once_in_order(tmp_path: Path) -> None:
    problems = problems_after(
        tmp_path,
        (O, "sell", "ask"),
        (T, "t2,h1", "t2,h9"),
        (T, "1.5,0.21", "x,0.21"),
        (P, "h3,7", "h3,70"),
        ("case.toml", "0.95", "-0.95"),
        ("case.toml", "freileitung_2", "freileitung_9"),
    )
    places = [(found.file, found.line) for found in problems]
    assert places == [("case.toml", 11), ("case.toml", 14), (T, 2), (T, 3), (O, 2)]


def with_rows(folder: Path, count: int, power_kw: str = "-1", seller: str = "h1") -> InvalidCase:
    """What the example is refused with, with so many trades of a wrong power."""
    write_example(folder)
    path = folder / T
    header = path.read_text().splitlines()[0]
    rows = [f"t{index},{seller},h2,{ROW_T1.replace('1.5', power_kw)},,," for index in range(count)]
    path.write_text("\n".join([header, *rows]) + "\n")
    with pytest.raises(InvalidCase) as refusal:
        read_case(folder)
    return refusal.value


def test_many_problems_of_a_kind_are_one_with_their_count_and_first_lines(tmp_path: Path) -> None:
    refused = with_rows(tmp_path, 1000)
    (problem,) = refused.problems
    assert (problem.line, problem.field, problem.value, problem.count) == (2, "power_kw", "-1", 1000)
    assert [(other.line, other.value, other.count) for other in problem.also] == [(3, "-1", 1), (4, "-1", 1)]
    assert (refused.total, str(refused).splitlines()) == (
        1000,
        [
            "1 problem:",
            "  trades.csv line 2: power_kw '-1' is negative (power has no sign here: give it as 0 or more); "
            "1,000 such rows in all, next line 3 '-1', line 4 '-1', …",
        ],
    )


def test_few_problems_of_a_kind_are_listed_one_by_one(tmp_path: Path) -> None:
    assert [found.line for found in with_rows(tmp_path / "five", 5).problems] == [2, 3, 4, 5, 6]
    assert [found.line for found in with_rows(tmp_path / "six", 6).problems] == [2]


def test_kinds_are_counted_apart_and_stay_in_the_order_of_lines(tmp_path: Path) -> None:
    refused = with_rows(tmp_path, 9, "-1", "h9")
    assert [(found.field, found.line, found.count) for found in refused.problems] == [
        ("seller", 2, 9),
        ("power_kw", 2, 9),
    ]
    assert refused.total == 18


def test_problems_of_elements_are_one_whichever_way_they_come() -> None:
    def of(line: int, value: str = "270") -> Problem:
        field = f"line {line} max_i_ka"
        return Problem(file="network.json", field=field, value=value, what="is above 5", remedy="is it in A?")

    few, many = InvalidCase(map(of, range(5))), InvalidCase([*map(of, range(7)), of(7, "")])
    assert [problem.field for problem in few.problems] == [f"line {line} max_i_ka" for line in range(5)]
    (problem,) = many.problems
    assert (problem.count, many.total) == (8, 8)
    assert str(problem) == (
        "network.json: line 0 max_i_ka '270' is above 5 (is it in A?); 8 such places in all, "
        "next line 1 max_i_ka '270', line 2 max_i_ka '270', …"
    )
    collected = Problems()
    collected.extend(map(of, range(10, 13)))
    collected.extend(many.problems)
    assert len(collected) == 11
    (again,) = collected.in_order()
    assert (again.count, [other.field for other in again.also]) == (
        11,
        ["line 11 max_i_ka", "line 12 max_i_ka"],
    )
    assert InvalidCase(collected.in_order()).problems == (again,)


def test_remedies_of_their_own_are_said_with_each_of_many() -> None:
    problems = [
        Problem(file=F, line=line, field="participant", value=f"h{line}", what="is not known", remedy=remedy)
        for line, remedy in zip(range(2, 9), ["did you mean 'h1'?", "", *["add it"] * 5], strict=True)
    ]
    assert str(InvalidCase(problems).problems[0]).endswith(
        "(did you mean 'h1'?); 7 such rows in all, next line 3 'h3', line 4 'h4' (add it), …"
    )


def test_what_could_not_be_checked_is_said_last(tmp_path: Path) -> None:
    def told(*edits: tuple[str, str, str]) -> tuple[str, ...]:
        write_example(tmp_path)
        for file, old, new in edits:
            path = tmp_path / file
            path.write_text(path.read_text().replace(old, new, 1))
        with pytest.raises(InvalidCase) as refusal:
            read_case(tmp_path)
        assert str(refusal.value).count("not checked yet") == bool(refusal.value.unchecked)
        return tuple(note.partition(",")[0] for note in refusal.value.unchecked)

    assert told(("case.toml", "periods = 4", "periods = 0")) == ("times",)
    assert told(("case.toml", "freileitung_2", "x")) == ("buses",)
    assert told(("case.toml", "periods = 4", "periods = ")) == ("buses", "times")
    assert told((P, "participant,", "participants,")) == ("names in other tables",)
    assert told((T, "t2,", "t1,")) == ()


@pytest.mark.parametrize(("separator", "words"), [(";", "semicolons"), ("\t", "tabs")])
def test_another_separator_is_one_problem(separator: str, words: str, tmp_path: Path) -> None:
    write_example(tmp_path)
    path = tmp_path / F
    path.write_text(path.read_text().replace(".", ",").replace(",", separator))
    with pytest.raises(InvalidCase) as refusal:
        read_case(tmp_path)
    (found,) = refusal.value.problems
    assert str(found).startswith(f"profiles.csv line 1: has its values separated by {words} (save it with")


def test_buses_are_listed_in_runs() -> None:
    import numpy as np

    from gridpact.case.reading.bus_names import _spans

    assert _spans(np.array([0, 1, 2, 7, 9, 10])) == "0 to 2, 7, 9 to 10"
    assert _spans(np.arange(0, 40, 2)).endswith(", 14, …")
    assert _spans(np.array([], dtype=np.int64)) == "none"


def test_columns_that_are_not_known(tmp_path: Path) -> None:
    write_example(tmp_path)
    path = tmp_path / "participants.csv"
    path.write_text("participant,bus,roof,load_power_facter\nh1,3,flat,1\nh2,5,,1\nh3,7,,1\n")
    with pytest.raises(InvalidCase) as refusal:
        read_case(tmp_path)
    what = "is not a known column"
    remedy = "did you mean 'load_power_factor'?"
    assert refusal.value.problems == (problem(P, 1, "load_power_facter", "", what, remedy),)
    path.write_text("participant,bus,roof\nh1,3,flat\nh2,5,\nh3,7,\n")
    assert read_case(tmp_path).warnings == ("participants.csv: column 'roof' is not known and was ignored",)


def test_a_missing_column_does_not_hide_other_problems(tmp_path: Path) -> None:
    problems = problems_after(tmp_path, (T, "seller", "from"), (T, "-0.05", "x"))
    assert [(found.line, found.field) for found in problems] == [(1, "seller"), (3, "price_per_kwh")]
    assert problems[0].what == "is not among the columns"
    assert problems[0].remedy == "add it: the participant that sells"


def test_missing_profile_rows_are_one_warning(tmp_path: Path) -> None:
    write_example(tmp_path)
    path = tmp_path / "profiles.csv"
    path.write_text("\n".join(path.read_text().splitlines()[:8]) + "\n")
    case = read_case(tmp_path)
    assert case.warnings == ("profiles.csv: 5 of 12 rows are missing and count as zero",)
    assert case.profiles.load_kw[3].tolist() == [0.0, 0.0, 0.0]


def test_a_participant_twice_in_the_middle(tmp_path: Path) -> None:
    problems = problems_after(tmp_path, (P, "h2,5", "h1,4,,,,,\nh2,5"))
    remedy = "first in line 2; give each its own name"
    assert problems == (problem(P, 3, "participant", "h1", "is there more than once", remedy),)


def test_participants_without_rows(tmp_path: Path) -> None:
    write_example(tmp_path)
    (tmp_path / P).write_text("participant,bus\n")
    with pytest.raises(InvalidCase, match=r"participants\.csv: has no rows"):
        read_case(tmp_path)


def test_a_misspelt_file_is_suggested(tmp_path: Path) -> None:
    write_example(tmp_path)
    (tmp_path / P).rename(tmp_path / "participant.csv")
    with pytest.raises(InvalidCase) as refusal:
        read_case(tmp_path)
    what, remedy = "is missing from the case folder", "did you mean 'participant.csv'?"
    assert refusal.value.problems == (Problem(file=P, what=what, remedy=remedy),)


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    for path, what in (
        (tmp_path / "none", "does not exist"),
        (file, "is not a folder"),
        ("a\0b", "cannot be read"),
    ):
        with pytest.raises(InvalidCase, match=what):
            read_case(path)


def test_a_table_that_is_a_folder(tmp_path: Path) -> None:
    write_example(tmp_path)
    (tmp_path / T).unlink()
    (tmp_path / T).mkdir()
    with pytest.raises(InvalidCase, match=r"trades\.csv: is a folder"):
        read_case(tmp_path)


def test_buses_out_of_service_and_cut_off(tmp_path: Path) -> None:
    import pandapower as pp
    from pandapower import networks

    net = networks.create_kerber_landnetz_freileitung_2()
    net.bus.loc[5, "in_service"] = False
    island = pp.create_bus(net, 0.4)
    pp.to_json(net, str(tmp_path / "network.json"))
    builtin = 'builtin = "pandapower/kerber_landnetz_freileitung_2"'
    problems = problems_after(
        tmp_path, ("case.toml", builtin, 'file = "network.json"'), (P, "h3,7", f"h3,{island}")
    )
    assert (
        problem(P, 3, "bus", "5", "is out of service in the network", "choose a bus in service") in problems
    )
    remedy = "the bus is not connected to a supply"
    assert problem(P, 4, "bus", str(island), "is cut off in the network", remedy) in problems
