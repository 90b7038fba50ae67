"""Rows and columns of empty cells, as spreadsheets write them, in CSV and in Parquet."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gridpact
from gridpact.case import TableFormat, read_case, write_case
from gridpact.case.reading.csv_table import _split_exactly, split_csv
from gridpact.case.schema import SCHEMAS, SETTLEMENT_SCHEMAS
from gridpact.errors import InvalidCase
from tests.example import write_example
from tests.settle_example import SHARING, TARIFFS, write_settle_example
from tests.unit.test_case_tables import assert_equal

TABLES = [schema.name for schema in SCHEMAS]
EMPTY_ROWS = {
    "commas": ",{commas}",
    "spaces": " ,\t{commas}  ",
    "no-break spaces": "\u00a0,{commas}",
    "quotes": '"",{commas}',
    "quoted spaces": '" ",{commas}" "',
    "too many": ",,,,,,,,,,,,,,,,,,,,,",
    "too few": ",",
    "one space": " ",
    "one quoted": '""',
}


def with_appended(path: Path, *rows: str) -> None:
    """Appends rows, in which `{commas}` stands for all commas of the header but one."""
    text = path.read_text(encoding="utf-8")
    commas = "," * (text.partition("\n")[0].count(",") - 1)
    path.write_text(text + "".join(row.format(commas=commas) + "\n" for row in rows), encoding="utf-8")


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("row", EMPTY_ROWS.values(), ids=list(EMPTY_ROWS))
def test_rows_of_empty_cells_at_the_end_of_a_table_are_no_rows(table: str, row: str, tmp_path: Path) -> None:
    plain, padded = (read_case(write_example(tmp_path / name)) for name in ("plain", "padded"))
    with_appended(tmp_path / "padded" / f"{table}.csv", row, row)
    padded = read_case(tmp_path / "padded")
    assert padded.warnings == (f"{table}.csv: 2 rows of empty cells at the end were left out",)
    assert_equal(plain, replaced_warnings(padded))


def replaced_warnings(case: gridpact.Case) -> gridpact.Case:
    return replace(case, warnings=())


@given(
    st.sampled_from(TABLES),
    st.lists(st.sampled_from([*EMPTY_ROWS.values(), ""]), max_size=12),
    st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_empty_rows_at_the_end_never_change_a_case(
    tmp_path_factory: pytest.TempPathFactory, table: str, rows: list[str], has_crlf: bool
) -> None:
    folder = tmp_path_factory.mktemp("case")
    plain = read_case(write_example(folder))
    path = folder / f"{table}.csv"
    with_appended(path, *rows)
    if has_crlf:
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    padded = read_case(folder)
    count = sum(row != "" for row in rows)
    assert len(padded.warnings) == (count > 0)
    assert not count or f" {count} row" in padded.warnings[0]
    assert_equal(plain, replaced_warnings(padded))


@pytest.mark.parametrize("table", TABLES)
def test_rows_without_values_at_the_end_of_parquet_are_no_rows(table: str, tmp_path: Path) -> None:
    case = read_case(write_example(tmp_path / "csv"))
    write_case(case, tmp_path / "case", TableFormat.PARQUET)
    path = tmp_path / "case" / f"{table}.parquet"
    rows = pq.read_table(path)
    empty = pa.table({name: pa.nulls(3, rows.schema.field(name).type) for name in rows.column_names})
    for position, name in enumerate(empty.column_names):
        if pa.types.is_floating(empty.schema.field(name).type):
            numbers = pa.array([np.nan, None, np.nan])
            empty = empty.set_column(position, name, numbers)
    pq.write_table(pa.concat_tables([rows, empty]), path)
    padded = read_case(tmp_path / "case")
    assert padded.warnings == (f"{table}.parquet: 3 rows of empty cells at the end were left out",)
    assert_equal(case, replaced_warnings(padded))


@pytest.mark.parametrize("name", [schema.name for schema in SETTLEMENT_SCHEMAS])
def test_what_settlement_reads_may_end_in_empty_rows_too(name: str, tmp_path: Path) -> None:
    case, result = write_settle_example(tmp_path)
    (case / "tariffs.toml").write_text(TARIFFS + '\n[sharing]\nkey = "fixed"\nprice_per_kwh = 0.1\n')
    (case / "sharing.csv").write_text(SHARING)
    (case / "prices.csv").write_text("time,supply_price_per_kwh\n2024-06-21T00:00,0.2\n")
    plain = gridpact.settle(case, result)
    with_appended(case / f"{name}.csv", ",{commas}", " ,{commas}")
    padded = gridpact.settle(case, result)
    assert f"{name}.csv: 2 rows of empty cells at the end were left out" in padded.settlement.notices
    assert plain.ledger.equals(padded.ledger)


def test_a_table_of_empty_rows_alone_has_no_rows(tmp_path: Path) -> None:
    write_example(tmp_path)
    path = tmp_path / "participants.csv"
    path.write_text(path.read_text().partition("\n")[0] + "\n,,,,,,\n,,,,,,\n")
    with pytest.raises(InvalidCase) as refusal:
        read_case(tmp_path)
    assert "participants.csv: has no rows (add the participants)" in map(str, refusal.value.problems)


def test_a_row_of_empty_cells_between_others_is_one_problem(tmp_path: Path) -> None:
    write_example(tmp_path)
    path = tmp_path / "profiles.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:3], ",,,", "", *lines[3:], " ,,,", *lines[5:6], ",,,"]) + "\n")
    with pytest.raises(InvalidCase) as refusal:
        read_case(tmp_path)
    said = "is a row of empty cells between others (remove the row, or give it its values)"
    assert [str(problem) for problem in refusal.value.problems] == [
        f"profiles.csv line 4: {said}",
        f"profiles.csv line {len(lines) + 3}: {said}",
        f"profiles.csv line {len(lines) + 4}: time '{lines[5][:22]}' and its participant are given more than "
        "once (first in line 8; keep one)",
    ]


@pytest.mark.parametrize(
    ("header", "cells", "notice"),
    [
        (",", ",", "1 column of empty cells and without a name was left out"),
        (",, ,", ",,, ", "3 columns of empty cells and without a name were left out"),
        (",,", "", "2 columns of empty cells and without a name were left out"),
        ("", ",,", None),
    ],
)
def test_columns_without_a_name_and_values_are_no_columns(
    header: str, cells: str, notice: str | None, tmp_path: Path
) -> None:
    plain = read_case(write_example(tmp_path))
    path = tmp_path / "profiles.csv"
    first, *rows = path.read_text().splitlines()
    path.write_text("\n".join([first + header, *(row + cells for row in rows)]) + "\n")
    padded = read_case(tmp_path)
    assert padded.warnings == ((f"profiles.csv: {notice}",) if notice else ())
    assert_equal(plain, replaced_warnings(padded))


def test_columns_without_a_name_that_hold_values_are_ignored_and_said_to_be(tmp_path: Path) -> None:
    plain = read_case(write_example(tmp_path))
    path = tmp_path / "profiles.csv"
    first, *rows = path.read_text().splitlines()
    path.write_text("\n".join([f",{first},,", *(f"{n},{row},,x" for n, row in enumerate(rows))]) + "\n")
    padded = read_case(tmp_path)
    assert padded.warnings == (
        "profiles.csv: 1 column of empty cells and without a name was left out",
        "profiles.csv: column 1 has no name and was ignored",
        "profiles.csv: column 7 has no name and was ignored",
    )
    assert_equal(plain, replaced_warnings(padded))


def test_a_value_too_many_is_still_a_problem(tmp_path: Path) -> None:
    write_example(tmp_path)
    path = tmp_path / "profiles.csv"
    path.write_text(path.read_text() + "2024-06-21T00:00,h1,1,1,,7\n,x\n")
    with pytest.raises(InvalidCase) as refusal:
        read_case(tmp_path)
    assert [problem.what for problem in refusal.value.problems] == [
        "has 6 values where the header has 4 columns",
        "has 2 values where the header has 4 columns",
    ]


def test_an_empty_row_above_the_header_is_named(tmp_path: Path) -> None:
    write_example(tmp_path)
    path = tmp_path / "orders.csv"
    path.write_text(",,,\n" + path.read_text())
    with pytest.raises(InvalidCase) as refusal:
        read_case(tmp_path)
    (problem,) = refusal.value.problems
    assert str(problem).startswith("orders.csv line 1: names no columns (its first line names the columns;")


@given(st.lists(st.sampled_from(["1", ",", ",,", "\n", '""', " ", "\u00a0"]), max_size=24), st.booleans())
def test_both_ways_to_split_csv_agree_about_empty_cells(pieces: list[str], has_unnamed: bool) -> None:
    text = f"a,b{',,' * has_unnamed}\n" + "".join(pieces)
    (one, faults), (other, found) = split_csv(text.encode(), "t.csv"), _split_exactly(text, "t.csv")
    assert one is not None
    assert other is not None
    assert faults == found
    assert one.line.tolist() == other.line.tolist()
    assert [part.to_pylist() for part in one.columns] == [part.to_pylist() for part in other.columns]
