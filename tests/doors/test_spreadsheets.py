"""No text that gridpact writes is a formula in a spreadsheet, and each reads back as it was."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gridpact
from gridpact.case import TableFormat, read_case, write_case
from gridpact.spreadsheet_text import cell_array, cell_texts, texts_of_cells
from tests.fleets import fleet_case
from tests.newest.outputs import gridpact as run
from tests.settle_example import METERS, write_settle_example

SIGNS = tuple("=+-@\t\r＝＋－＠")
FORMULAS = ("=1+1", "+351 21", "-1", "@SUM(A1)", "'-1", "x;=HYPERLINK(A1)", "''", "＝1+1", 'a,"=1"')
TEXTS = st.text(alphabet=st.sampled_from("'=+-@;ab,\"\t\r\n＝"), max_size=8)


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet may calculate a cell of text, one that takes semicolons for separators too."""
    return any(part.startswith(SIGNS) for part in cell.split(";"))


@settings(max_examples=400, deadline=None)
@given(st.lists(TEXTS))
def test_a_text_comes_back_and_is_no_formula(texts: list[str]) -> None:
    cells = cell_texts(texts)
    assert not any(map(is_formula, cells))
    assert texts_of_cells(pa.array(cells, pa.string())).to_pylist() == texts
    for kind in (pa.string(), pa.large_string()):
        assert cell_array(pa.array([*texts, None], kind)).to_pylist() == [*cells, None]


def test_texts_that_are_no_formulas_stay_as_they_are() -> None:
    plain = ["h1", "", "O'Hara", "1-2", "a=b", "'quoted'", "2-000017", "2024-06-21T00:00+02:00", "@head"]
    assert cell_texts(plain) == plain
    assert texts_of_cells(pa.array(plain)).to_pylist() == plain


def renamed(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{FORMULAS[k % len(FORMULAS)]} {k}" for k in range(len(names)))


def formula_case(number: int = 1):
    """A congested case all of whose names are formulas."""
    case = fleet_case(number)
    participants = replace(
        case.participants,
        ids=renamed(case.participants.ids),
        retailer=tuple("=NOW()" for _ in case.participants.ids),
    )
    return replace(
        case,
        name="=1+1",
        participants=participants,
        trades=replace(case.trades, ids=renamed(case.trades.ids)),
    )


def formulas_in(folder: Path) -> list[tuple[str, str]]:
    """The cells that a spreadsheet would calculate, in all CSV files; numbers are values, not formulas."""
    found = []
    for path in sorted(folder.rglob("*.csv")):
        numeric = set(pd.read_csv(path).select_dtypes("number").columns)
        rows = csv.DictReader(io.StringIO(path.read_text(), newline=""))
        for row in rows:
            found += [
                (path.name, cell) for name, cell in row.items() if name not in numeric and is_formula(cell)
            ]
    return found


def test_a_case_and_its_result_have_no_formulas_and_the_same_names(tmp_path: Path) -> None:
    case = formula_case()
    write_case(case, tmp_path / "case", TableFormat.CSV)
    assert read_case(tmp_path / "case").participants.ids == case.participants.ids
    assert read_case(tmp_path / "case").trades.ids == case.trades.ids
    clearance = gridpact.clear(read_case(tmp_path / "case"))
    assert set(clearance.cleared["seller"]) <= set(case.participants.ids)
    gridpact.write_clearance(clearance, tmp_path / "result")
    gridpact.write_headroom(gridpact.headroom(fleet_case(1)), tmp_path / "headroom")
    known = replace(case, participants=replace(case.participants, connection_kw=9.0))
    gridpact.write_operating_envelopes(gridpact.operating_envelopes(known), tmp_path / "envelopes")
    found = gridpact.compare(clearance, tmp_path / "result")
    gridpact.write_comparison(found, tmp_path / "comparison")
    assert set(found.table["participant"]) == set(case.participants.ids)
    assert formulas_in(tmp_path) == []
    assert "'-1" in (tmp_path / "result" / "schedule.csv").read_text()


def test_commitments_are_read_by_their_names(tmp_path: Path) -> None:
    case = formula_case()
    gridpact.write_clearance(gridpact.clear(case), tmp_path / "first")
    later = replace(case, trades=replace(case.trades, ids=tuple(f"-later {k}" for k in case.trades.ids)))
    written = gridpact.with_commitments(later, tmp_path / "first")
    assert set(written.commitments.ids) <= set(case.trades.ids)
    assert len(written.commitments)
    result = gridpact.clear(written)
    gridpact.write_clearance(result, tmp_path / "second")
    assert formulas_in(tmp_path) == []


SAFE = {"h1": "=h1", "h2": "-h2", "h3": "@h3", "t1": "+t1", "t2": "-t2", "north": "@north"}


def with_formulas(folder: Path) -> tuple[Path, Path]:
    """The settled example with names that are formulas, as a person may have written them."""
    case, result = write_settle_example(folder)
    for path in (*case.iterdir(), *result.iterdir()):
        text = path.read_text()
        for plain, formula in SAFE.items():
            if path.suffix == ".csv":
                text = text.replace(f",{plain},", f",{formula},").replace(f"\n{plain},", f"\n{formula},")
                text = text.replace(f",{plain}\n", f",{formula}\n")
            if path.name == "tariffs.toml":
                text = text.replace(f"[retailers.{plain}]", f'[retailers."{formula}"]')
        path.write_text(text)
    return case, result


@pytest.mark.parametrize("table_format", TableFormat)
def test_a_settlement_and_its_correction_have_no_formulas_and_the_same_names(
    table_format: TableFormat, tmp_path: Path
) -> None:
    case, result = with_formulas(tmp_path)
    if table_format is TableFormat.PARQUET:
        assert run("convert", case, "--to", "parquet", "--out", tmp_path / "parquet", "--quiet").code == 0
        case = tmp_path / "parquet"
    arguments = (case, "--clearance", result, "--quiet", "--json", "--mode", "sharing")
    first = run("settle", *arguments, "--out", tmp_path / "first", "--statements")
    assert (first.code, first.err) == (0, "")
    again = run("settle", *arguments, "--out", tmp_path / "second", "--previous", tmp_path / "first")
    assert (again.code, again.err) == (0, "")
    assert json.loads(again.out)["version"] == 2
    own = gridpact.settle(case, result)
    assert {"=h1", "-h2", "@h3"} <= {*own.ledger["debit"], *own.ledger["credit"]}
    for out in ("first", "second"):
        assert formulas_in(tmp_path / out) == []
    assert len(list((tmp_path / "first" / "statements").iterdir())) == 3


def test_the_meter_at_the_supply_keeps_its_word(tmp_path: Path) -> None:
    case, _ = write_settle_example(tmp_path)
    assert run("convert", case, "--to", "csv", "--out", tmp_path / "csv", "--quiet").code == 0
    table = pd.read_csv(tmp_path / "csv" / "meters.csv")
    assert METERS.count(",@head,") == (table["participant"] == "@head").sum() == 4


def test_numbers_are_never_marked(tmp_path: Path) -> None:
    case = fleet_case(1)
    below_zero = replace(
        case.trades, price_per_kwh=np.full(len(case.trades), -0.05), ids=renamed(case.trades.ids)
    )
    write_case(replace(case, trades=below_zero), tmp_path / "case", TableFormat.CSV)
    table = pd.read_csv(tmp_path / "case" / "trades.csv")
    assert (table["price_per_kwh"] == -0.05).all()
