"""Tables as files: CSV in its many forms, Parquet with typed columns, and the round trip through both."""

import tomllib
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridpact.case import Case, Robustness, TableFormat, read_case, write_case
from gridpact.case.folder.settings import SECTIONS
from gridpact.case.reading import csv_table
from gridpact.case.reading.csv_table import _split_exactly, split_csv
from gridpact.case.reading.table import LARGE_BYTES, parse_csv, parse_parquet
from gridpact.case.terms import NONE, Terms
from gridpact.case.writing.table_file import write_table
from gridpact.errors import InvalidCase, InvalidUsage
from gridpact.grid.limits import THREE_PHASE_LIMITS
from gridpact.grid.source import NetworkSource
from tests.example import PARTICIPANTS, write_example

COMPARED = ("participants", "profiles", "trades", "orders", "commitments")


def assert_equal(first: Case, second: Case) -> None:
    for field in fields(Case):
        one, other = getattr(first, field.name), getattr(second, field.name)
        if field.name in COMPARED:
            for column in fields(one):
                values, others = getattr(one, column.name), getattr(other, column.name)
                if isinstance(values, Terms):
                    assert terms_by_name(values) == terms_by_name(others)
                else:
                    np.testing.assert_array_equal(values, others, err_msg=column.name)
        elif field.name not in ("table_format", "inputs_sha256"):
            assert one == other, field.name


def terms_by_name(terms: Terms) -> list[tuple[bool, float, str, str]]:
    """Terms as (block, min_fraction, group, link), groups and links by their names."""
    groups, links = (*terms.group_names, ""), (*terms.link_names, "")
    return [
        (block, min_fraction, groups[group], links[link])
        for block, min_fraction, group, link in zip(
            terms.block.tolist(),
            terms.min_fraction.tolist(),
            terms.group.tolist(),
            terms.link.tolist(),
            strict=True,
        )
    ]


def parsed(content: bytes) -> tuple[dict[str, list[str]], list[int], list[str]]:
    table, problems = parse_csv(content, "t.csv")
    assert table is not None
    columns = {name: array.to_pylist() for name, array in table.columns.items()}
    return columns, table.line.tolist(), [str(problem) for problem in problems]


@pytest.mark.parametrize(
    ("content", "values", "lines"),
    [
        (b"a,b\n1,2\n", [["1"], ["2"]], [2]),
        (b"a,b\n1,2", [["1"], ["2"]], [2]),
        (b"\xef\xbb\xbfa,b\r\n1,2\r\n", [["1"], ["2"]], [2]),
        (b"a,b\r1,2\r", [["1"], ["2"]], [2]),
        (b'"a","b"\n"1","2"\n', [["1"], ["2"]], [2]),
        (b'a,b\n"1,5",2\n', [["1,5"], ["2"]], [2]),
        (b'a,b\n"1\n3",2\n4,5\n', [["1\n3", "4"], ["2", "5"]], [2, 4]),
        (b'a,b\n"say ""1""",2\n', [['say "1"'], ["2"]], [2]),
        (b"a,b\n1,2\n\n3,4\n\n\n", [["1", "3"], ["2", "4"]], [2, 4]),
        (b"\n\na,b\n1,2\n", [["1"], ["2"]], [4]),
        (b"a,b\n,\n", [[""], [""]], [2]),
        (b"a,b\n", [[], []], []),
        (b"a,b", [[], []], []),
        (b"a,b\nNA,null\n", [["NA"], ["null"]], [2]),
        (b'a,b\n"1\n\n3",2\n\n"",5\n', [["1\n\n3", ""], ["2", "5"]], [2, 6]),
        (b'a,b\n"""1""",5"\n', [['"1"'], ['5"']], [2]),
    ],
)
def test_csv_is_read_as_text_with_its_lines(
    content: bytes, values: list[list[str]], lines: list[int]
) -> None:
    assert parsed(content) == (dict(zip("ab", values, strict=True)), lines, [])


def test_rows_that_do_not_fit_are_named_and_left_out() -> None:
    columns, lines, problems = parsed(b"a,b\n1\n2,3\n4,5,6\n")
    assert (columns, lines) == ({"a": ["2"], "b": ["3"]}, [3])
    remedy = "(quote a value with a comma in it)"
    assert problems == [
        f"t.csv line 2: has 1 value where the header has 2 columns {remedy}",
        f"t.csv line 4: has 3 values where the header has 2 columns {remedy}",
    ]


def test_rows_that_do_not_fit_among_quotes_and_blank_lines() -> None:
    columns, lines, problems = parsed(b'a,b\n\n"1\n2",3\n4\n\n5,6\n')
    assert (columns, lines) == ({"a": ["1\n2", "5"], "b": ["3", "6"]}, [3, 7])
    assert [problem.partition(":")[0] for problem in problems] == ["t.csv line 5"]


@given(st.lists(st.sampled_from(["1", '"', '""', ",", "\n", "x", " "]), max_size=24))
def test_both_ways_to_split_csv_agree(pieces: list[str]) -> None:
    text = "a,b\n" + "".join(pieces)
    (one, faults), (other, found) = split_csv(text.encode(), "t.csv"), _split_exactly(text, "t.csv")
    assert one is not None
    assert other is not None
    assert faults == found
    assert one.line.tolist() == other.line.tolist()
    assert [part.to_pylist() for part in one.columns] == [part.to_pylist() for part in other.columns]


def test_a_large_file_is_split_by_arrow_whatever_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the slow way")

    monkeypatch.setattr(csv_table, "_split_exactly", refuse)
    rows = [b"a,b", *([b"12345678,12345678"] * 200_000)]
    rows[100], rows[150_000], rows[190_000] = b"", b'"1\n""2""",3', b"4"
    columns, lines, problems = parsed(b"\n".join(rows))
    assert len(lines) == len(columns["a"]) == 199_998
    assert (lines[98], lines[99], lines[-1]) == (100, 102, 200_002)
    assert [problem.partition(":")[0] for problem in problems] == ["t.csv line 190002"]


@pytest.mark.parametrize("content", [b'a,b\n1,2\n3,"4\n5,6\n', b'a,b\n1,2\n"3"x,4\n'])
def test_broken_quotes_are_named_with_their_line(content: bytes) -> None:
    _, lines, (problem,) = parsed(content)
    assert lines == [2]
    assert problem.startswith("t.csv line 3: is not CSV: ")


@pytest.mark.parametrize("content", [b"", b"\n\n", b" \n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_named(content: bytes) -> None:
    table, (problem,) = parse_csv(content, "t.csv")
    assert table is None
    assert str(problem) == "t.csv: is empty (its first line names the columns)"


@pytest.mark.parametrize("table_format", TableFormat)
def test_a_case_is_the_same_after_a_round_trip(table_format: TableFormat, tmp_path: Path) -> None:
    case = read_case(write_example(tmp_path / "case"))
    write_case(case, tmp_path / "copy", table_format)
    copy = read_case(tmp_path / "copy")
    assert_equal(case, copy)
    assert copy.table_format is table_format
    assert (tmp_path / "copy" / f"trades.{table_format}").is_file()
    assert case.trades.submitted[0] == 1_718_868_601_500_000


@pytest.mark.parametrize("table_format", TableFormat)
def test_terms_are_the_same_after_a_round_trip(table_format: TableFormat, tmp_path: Path) -> None:
    case = read_case(write_example(tmp_path / "case"))
    terms = Terms(
        block=np.array([True, False, True]),
        min_fraction=np.array([1.0 / 3.0, 0.0, 1.0]),
        group=np.array([NONE, 1, 0]),
        link=np.array([2, NONE, 0]),
        group_names=("z, quoted", "a"),
        link_names=("m", "of nobody", "l"),
    )
    case = replace(
        case,
        trades=replace(case.trades, terms=terms),
        orders=replace(case.orders, terms=replace(terms.at(np.array([2, 1])), link=np.full(2, NONE))),
    )
    write_case(case, tmp_path / "copy", table_format)
    copy = read_case(tmp_path / "copy")
    assert_equal(case, copy)
    assert copy.trades.terms.group_names == ("a", "z, quoted")
    write_case(copy, tmp_path / "again", table_format)
    for name in ("trades", "orders"):
        file = f"{name}.{table_format}"
        assert (tmp_path / "copy" / file).read_bytes() == (tmp_path / "again" / file).read_bytes()


def test_every_setting_is_written(tmp_path: Path) -> None:
    folder = write_example(tmp_path / "case")
    text = (folder / "case.toml").read_text()
    opened = 'periods = 4\nopen_from = "2024-06-21T01:00"'
    (folder / "case.toml").write_text(text.partition("[limits]")[0].replace("periods = 4", opened))
    for name in ("trades", "orders"):
        table = (folder / f"{name}.csv").read_text()
        (folder / f"{name}.csv").write_text(table.partition("\n")[0] + "\n")
    case = replace(read_case(folder), seconds_max=60.0)
    write_case(case, tmp_path / "copy")
    copy = tmp_path / "copy" / "case.toml"
    written = tomllib.loads(copy.read_text())
    given = {name: tuple(written[name]) for name in SECTIONS if name}
    balanced = {
        "network": ("builtin",),
        "limits": tuple(key for key in SECTIONS["limits"] if key not in THREE_PHASE_LIMITS),
    }
    assert given == {name: keys for name, keys in SECTIONS.items() if name} | balanced
    assert (written["name"], written["currency"]) == ("Example street", "EUR")
    assert written["clearing"] == {
        "formulation": "ac",
        "allocation": "max-volume",
        "robust": "none",
        "feed_in": "after-trades",
        "curtailment": "most",
        "work_limit": 20_000,
        "time_limit_s": 60.0,
    }
    assert_equal(case, read_case(tmp_path / "copy"))
    write_case(read_case(tmp_path / "copy"), tmp_path / "again")
    assert (tmp_path / "again" / "case.toml").read_bytes() == copy.read_bytes()


def test_settings_of_a_search_come_through(tmp_path: Path) -> None:
    case = replace(
        read_case(write_example(tmp_path / "case")),
        robustness=Robustness.DECLARED,
        seconds_max=np.float64(0.1),
    )
    write_case(case, tmp_path / "copy")
    copy = read_case(tmp_path / "copy")
    assert (copy.robustness, copy.seconds_max) == (Robustness.DECLARED, 0.1)


def test_columns_of_terms_are_written_only_where_some_row_has_them(tmp_path: Path) -> None:
    case = read_case(write_example(tmp_path / "case"))
    block = replace(Terms.none(3), block=np.array([False, True, False]))
    for number, (terms, columns) in enumerate([(Terms.none(3), ""), (block, ",block")]):
        folder = tmp_path / str(number)
        write_case(replace(case, trades=replace(case.trades, terms=terms)), folder)
        header = (folder / "trades.csv").read_text().splitlines()[0]
        assert header.endswith(f",submitted{columns}")


def test_writing_is_repeatable_to_the_byte(tmp_path: Path) -> None:
    case = read_case(write_example(tmp_path / "case"))
    for table_format in TableFormat:
        digests = set()
        for name in ("one", "two"):
            write_case(case, tmp_path / table_format / name, table_format)
            digests.add(read_case(tmp_path / table_format / name).inputs_sha256)
        assert len(digests) == 1


def test_names_that_need_quotes_come_through(tmp_path: Path) -> None:
    folder = write_example(tmp_path / "case")
    for name in ("participants.csv", "profiles.csv", "trades.csv", "orders.csv"):
        text = (folder / name).read_text()
        (folder / name).write_text(text.replace("h1,", '"Müller, ""A""",'))
    case = read_case(folder)
    assert case.participants.ids[0] == 'Müller, "A"'
    write_case(case, tmp_path / "copy")
    assert_equal(case, read_case(tmp_path / "copy"))


def test_a_case_of_orders_alone(tmp_path: Path) -> None:
    folder = write_example(tmp_path / "case")
    (folder / "trades.csv").unlink()
    case = read_case(folder)
    assert (len(case.trades), len(case.orders)) == (0, 2)
    assert case.orders.sells.tolist() == [True, False]
    write_case(case, tmp_path / "copy")
    assert not (tmp_path / "copy" / "trades.csv").exists()
    assert_equal(case, read_case(tmp_path / "copy"))


def test_a_network_file_is_copied(tmp_path: Path) -> None:
    import pandapower as pp
    from pandapower import networks

    file = tmp_path / "network.json"
    pp.to_json(networks.create_kerber_landnetz_freileitung_2(), str(file))
    case = replace(read_case(write_example(tmp_path / "case")), network=NetworkSource(file=file))
    write_case(case, tmp_path / "copy")
    copy = read_case(tmp_path / "copy")
    assert copy.network.file == tmp_path / "copy" / "network.json"
    assert copy.network.file.read_bytes() == file.read_bytes()
    digest = copy.inputs_sha256
    copy.network.file.write_bytes(file.read_bytes() + b"\n")
    assert read_case(tmp_path / "copy").inputs_sha256 != digest


def test_a_large_file_is_read_as_a_small_one_is() -> None:
    values = np.random.default_rng(3).normal(size=LARGE_BYTES // 8)
    for count in (10, len(values)):
        sink = pa.BufferOutputStream()
        pq.write_table(pa.table({"x": values[:count]}), sink, row_group_size=50_000)
        content = sink.getvalue().to_pybytes()
        assert (len(content) > LARGE_BYTES) == (count > 10)
        table, problems = parse_parquet(content, "t.parquet")
        assert table is not None and not problems
        assert table.columns["x"].to_pylist() == values[:count].tolist()


def test_a_case_is_not_written_over(tmp_path: Path) -> None:
    case = read_case(write_example(tmp_path))
    with pytest.raises(InvalidUsage, match=r"holds case\.toml already"):
        write_case(case, tmp_path, TableFormat.PARQUET)


def test_the_digest_is_of_the_content(tmp_path: Path) -> None:
    first = read_case(write_example(tmp_path / "a")).inputs_sha256
    assert first == read_case(write_example(tmp_path / "b")).inputs_sha256
    (tmp_path / "b" / "participants.csv").write_text(PARTICIPANTS.replace("north", "south"))
    assert first != read_case(tmp_path / "b").inputs_sha256


def parquet_case(folder: Path, **columns: pa.Array) -> Path:
    """The example with trades in Parquet, of typed columns."""
    write_example(folder)
    (folder / "trades.csv").unlink()
    (folder / "orders.csv").unlink()
    start = [datetime(2024, 6, 20, 22, tzinfo=UTC), datetime(2024, 6, 20, 22, 15, tzinfo=UTC)]
    table = {
        "trade": pa.array([1, 2]),
        "seller": pa.array(["h1", "h2"]).dictionary_encode(),
        "buyer": pa.array(["h3", "h3"], pa.large_string()),
        "start": pa.array(start, pa.timestamp("ms", tz="America/New_York")),
        "end": pa.array([datetime(2024, 6, 21, 0, 30), datetime(2024, 6, 21, 1)], pa.timestamp("ns")),
        "power_kw": pa.array([1, 2], pa.int32()),
        "price_per_kwh": pa.array([0.5, -1.0], pa.float32()),
        "block": pa.array([False, None]),
        "submitted": pa.array([None, "2024-06-20T00:00"]),
    }
    pq.write_table(pa.table(table | columns), folder / "trades.parquet")
    return folder


def test_parquet_columns_may_be_typed(tmp_path: Path) -> None:
    case = read_case(parquet_case(tmp_path))
    assert case.table_format is TableFormat.PARQUET
    assert case.trades.ids == ("1", "2")
    assert (case.trades.seller.tolist(), case.trades.buyer.tolist()) == ([0, 1], [2, 2])
    assert (case.trades.start.tolist(), case.trades.end.tolist()) == ([0, 1], [2, 4])
    assert case.trades.power_kw.tolist() == [1.0, 2.0]
    assert (case.trades.submitted > 0).tolist() == [False, True]
    assert not case.trades.terms.given.any()
    terms = {
        "block": pa.array([True, None]),
        "min_fraction": pa.array([None, 1], pa.int8()),
        "group": pa.array([7, None]),
        "link": pa.array(["l", None]).dictionary_encode(),
    }
    read = read_case(parquet_case(tmp_path / "terms", **terms)).trades.terms
    assert terms_by_name(read) == [(True, 0.0, "7", "l"), (False, 1.0, "", "")]
    flags = {"block": pa.array([0, 1])}
    assert read_case(parquet_case(tmp_path / "flags", **flags)).trades.terms.block.tolist() == [False, True]


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("power_kw", pa.array([1.0, -2.0]), "trades.parquet row 2: power_kw '-2.0' is negative"),
        ("power_kw", pa.array([None, 2.0]), "trades.parquet row 1: power_kw is missing"),
        (
            "power_kw",
            pa.array([True, False]),
            "trades.parquet: power_kw has the type bool, which is not a power in kW",
        ),
        ("seller", pa.array(["h2", "h7"]), "trades.parquet row 2: seller 'h7' is not in participants.csv"),
        ("trade", pa.array([1.5, 2.5]), "trades.parquet: trade has the type double, which is not a text id"),
        (
            "trade",
            pa.array(["x", "x"]),
            "trades.parquet row 2: trade 'x' is there more than once (first in row 1",
        ),
        (
            "block",
            pa.array(["no", "maybe"]),
            "trades.parquet row 2: block 'maybe' is neither true nor false",
        ),
        (
            "block",
            pa.array([0.0, 1.0]),
            "trades.parquet: block has the type double, which is not a true or false",
        ),
        ("min_fraction", pa.array([None, 1.5]), "trades.parquet row 2: min_fraction '1.5' is not a fraction"),
        ("link", pa.array([0.5, 1.5]), "trades.parquet: link has the type double, which is not a text id"),
        (
            "start",
            pa.array([[1], [2]]),
            "trades.parquet: start has the type list<element: int64>, which is not a time",
        ),
        (
            "start",
            pa.array([2**62, 0], pa.timestamp("ms")),
            "trades.parquet row 1: start '4611686018427387904' is out of the range of times",
        ),
        (
            "start",
            pa.array([2**62, 0], pa.timestamp("ms", tz="UTC")),
            "trades.parquet row 1: start '4611686018427387904' is out of the range of times",
        ),
        (
            "start",
            pa.array([None, datetime(2024, 6, 20, 22, tzinfo=UTC)], pa.timestamp("us", tz="UTC")),
            "trades.parquet row 1: start is missing",
        ),
        (
            "end",
            pa.array([datetime(2024, 6, 20, 22, 7, tzinfo=UTC)] * 2, pa.timestamp("s", tz="UTC")),
            "trades.parquet row 1: end '2024-06-20 22:07:00+00:00' is not the start of a period",
        ),
        (
            "submitted",
            pa.array([datetime(2024, 6, 20, tzinfo=UTC), datetime(1969, 12, 31, tzinfo=UTC)]),
            "trades.parquet row 2: submitted '1969-12-31 00:00:00+00:00' is not after 1970-01-01",
        ),
        (
            "submitted",
            pa.array([253402300799, 1], pa.timestamp("s", tz="UTC")),
            "trades.parquet row 1: submitted '9999-12-31 23:59:59+00:00' is out of the range of times",
        ),
    ],
)
def test_parquet_problems_name_the_row(column: str, values: pa.Array, message: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidCase) as refusal:
        read_case(parquet_case(tmp_path, **{column: values}))
    assert message in str(refusal.value)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_instants_of_any_unit_are_what_their_texts_are(unit: str, tmp_path: Path) -> None:
    instants = {
        "start": ["2024-06-20T22:00+00:00", "2024-06-20T22:15+00:00"],
        "end": ["2024-06-20T22:30+00:00", "2024-06-20T23:00+00:00"],
        "submitted": ["2024-06-01T10:00:01+00:00", "1970-01-01T00:00:01+00:00"],
    }
    stamps = {
        name: pa.array([datetime.fromisoformat(text) for text in texts], pa.timestamp(unit, tz="Asia/Tokyo"))
        for name, texts in instants.items()
    }
    typed = read_case(parquet_case(tmp_path / "typed", **stamps))
    told = read_case(
        parquet_case(tmp_path / "told", **{name: pa.array(texts) for name, texts in instants.items()})
    )
    assert_equal(typed, told)
    assert typed.trades.submitted.tolist() == [1717236001000000, 1000000]


def test_distinct_values_are_written_as_they_are(tmp_path: Path) -> None:
    columns = {"same": np.zeros(50), "apart": np.arange(50) / 7.0}
    write_table(columns, tmp_path, "t", TableFormat.PARQUET, distinct=("apart", "not there"))
    table, group = (
        pq.read_table(tmp_path / "t.parquet"),
        pq.read_metadata(tmp_path / "t.parquet").row_group(0),
    )
    assert table.to_pydict() == {name: values.tolist() for name, values in columns.items()}
    assert [group.column(index).has_dictionary_page for index in range(2)] == [True, False]


def test_quotes_and_line_breaks_in_values_keep_the_lines(tmp_path: Path) -> None:
    write_example(tmp_path)
    path = tmp_path / "trades.csv"
    header = "trade,seller,buyer,start,end,power_kw,price_per_kwh,note"
    window = "2024-06-21T00:00,2024-06-21T01:00"
    path.write_text(f'{header}\nt1,h1,h2,{window},1,1,"two\nlines"\n\nt2,h1,h2,{window},-1,1,\n')
    with pytest.raises(InvalidCase, match=r"trades\.csv line 5: power_kw '-1' is negative"):
        read_case(tmp_path)
