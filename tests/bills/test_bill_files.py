"""What `gridpact settle --bills --xlsx` writes and says, and what it refuses."""

import json
import re
import sys
import zipfile
from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

import gridpact
from gridpact.extras import PDF
from gridpact.report.bills import bill_pdf
from gridpact.report.bills.bill_pdf import PANGO_REMEDY, PdfMaker
from gridpact.settlement.accounts_workbook import accounts_workbook
from gridpact.settlement.ledger.entries import as_entries, as_ledger
from gridpact.settlement.statements.monthly_accounts import MonthlySums
from tests.bills.billed_example import BILL, MORE, write_billed
from tests.settlements import make_inputs, make_members
from tests.unit.test_cli import run
from tests.unit.test_settlement_pages import settled_case

SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
HEAD = ["account", "month", "kind", "energy_kwh", "paid", "received"]


def settle(capsys, folders: tuple[Path, Path], out: Path, *options: object) -> tuple[int, str, str]:
    case, result = folders
    arguments = (case, "--clearance", result, "--out", out, "--quiet", "--no-report", *options)
    return run("settle", *arguments, capsys=capsys)


def ledger_of(out: Path) -> pd.DataFrame:
    return pd.read_csv(out / "ledger.csv", keep_default_na=False)


def test_bills_are_written_told_and_kept(tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    code, said, _ = settle(capsys, write_billed(tmp_path), tmp_path / "out", "--bills")
    assert code == 0
    assert {path.name for path in (tmp_path / "out" / "bills").iterdir()} == {"h1.html", "h2.html", "h3.html"}
    figures = json.loads((tmp_path / "out" / "settlement.json").read_text())
    bills = figures["bills"]
    assert [(bill["participant"], bill["number"], bill["due"]) for bill in bills] == [
        ("h1", "N-0001", "2024-07-06"),
        ("h2", "N-0002", "2024-07-06"),
        ("h3", "N-0003", "2024-07-06"),
    ]
    net, vat, total = (sum(bill[f"{name}_cents"] for bill in bills) / 100 for name in ("net", "vat", "total"))
    assert f"billed    3 bills: {net:,.2f} before VAT, VAT {vat:,.2f}, together {total:,.2f}" in said
    assert f"bills     {tmp_path / 'out' / 'bills'}, without PDF: pip install" in said
    assert "all 13 hold exactly" in said
    assert (
        figures["accounts"]["issuer"]["net_micro"]
        == sum(line["cents"] for bill in bills for line in bill["lines"] if line["kind"] == "fixed") * 10_000
    )
    assert "vat" not in set(ledger_of(tmp_path / "out")["kind"])


def test_without_the_option_there_is_nothing_of_bills(tmp_path: Path, capsys) -> None:
    code, said, _ = settle(capsys, write_billed(tmp_path), tmp_path / "out")
    assert code == 0 and "bill" not in said and "issuer" not in said
    assert not (tmp_path / "out" / "bills").exists()
    assert "bills" not in json.loads((tmp_path / "out" / "settlement.json").read_text())
    assert set(ledger_of(tmp_path / "out")["kind"]).isdisjoint({"fixed", "rounding"})


def test_a_correction_of_bills_keeps_numbers_and_needs_bills(tmp_path: Path, capsys) -> None:
    first, second = write_billed(tmp_path / "1"), write_billed(tmp_path / "2", BILL, MORE)
    assert settle(capsys, first, tmp_path / "out", "--bills")[0] == 0
    previous = ("--previous", tmp_path / "out")
    code, _, told = settle(capsys, second, tmp_path / "none", *previous)
    assert code == 2 and "the settlement that is corrected has bills" in told and "--bills" in told
    assert not (tmp_path / "none").exists()
    code, said, _ = settle(capsys, second, tmp_path / "out2", *previous, "--bills")
    assert code == 0 and "of them new, " in said
    bills = json.loads((tmp_path / "out2" / "settlement.json").read_text())["bills"]
    assert {bill["participant"]: bill["number"] for bill in bills if bill["version"] == 1} == {
        "h1": "N-0001",
        "h3": "N-0003",
    }
    assert [bill["number"] for bill in bills if bill["version"] == 2] == ["N-0004"]
    ledger = ledger_of(tmp_path / "out2")
    paid = ledger.groupby("debit")["amount_micro"].sum()
    received = ledger.groupby("credit")["amount_micro"].sum()
    for bill in bills:
        name = bill["participant"]
        assert paid.get(name, 0) - received.get(name, 0) == bill["net_cents"] * 10_000
    assert ledger[ledger["kind"] == "rounding"]["entry"].str[0].tolist() == ["1"] * 3 + ["2"]
    code, said, _ = settle(capsys, second, tmp_path / "out3", "--previous", tmp_path / "out2", "--bills")
    assert code == 0 and "none is new" in said and "nothing changed since version 2" in said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda bills: "x", "are not as they were written"),
        (lambda bills: [{**bills[0], "net_cents": "7"}], "are not as they were written"),
        (lambda bills: [{**bills[0], "issued": "soon"}], "are not as they were written"),
        (
            lambda bills: [{**bills[0], "lines": [{"line": "rent", "cents": 1}]}],
            "are not as they were written",
        ),
        (lambda bills: [{**bills[0], "participant": "gone"}], "is not in participants any more"),
    ],
)
def test_bills_that_cannot_be_corrected_are_refused(tmp_path: Path, capsys, change, said: str) -> None:
    folders = write_billed(tmp_path)
    settle(capsys, folders, tmp_path / "out", "--bills")
    path = tmp_path / "out" / "settlement.json"
    figures = json.loads(path.read_text())
    path.write_text(json.dumps({**figures, "bills": change(figures["bills"])}))
    code, _, told = settle(capsys, folders, tmp_path / "out2", "--previous", tmp_path / "out", "--bills")
    assert code == 2 and said in told and "settlement.json" in told
    assert not (tmp_path / "out2").exists()


def test_a_participant_has_no_name_of_an_account_of_bills(tmp_path: Path, capsys) -> None:
    case, result = write_billed(tmp_path)
    for path in case.glob("*.*"):
        path.write_text(re.sub(r"\bh1\b", "rounding", path.read_text()))
    code, _, told = settle(capsys, (case, result), tmp_path / "out")
    assert code == 2 and "'rounding' is the name of an account" in told


def test_without_the_libraries_the_remedy_is_said(tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    assert bill_pdf.pdf_maker() == PdfMaker(make=None, remedy=PDF.command)
    code, _, told = settle(capsys, write_billed(tmp_path), tmp_path / "out", "--xlsx")
    assert code == 2 and "XlsxWriter, which is not installed" in told and "gridpact[xlsx]" in told
    assert not (tmp_path / "out").exists()


def test_where_pango_is_missing_it_is_named(tmp_path: Path, capsys, monkeypatch) -> None:
    class Unloadable:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "weasyprint":
                raise OSError("cannot load library 'libpango-1.0-0'")

    for name in [each for each in sys.modules if each.split(".")[0] == "weasyprint"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Unloadable(), *sys.meta_path])
    code, said, _ = settle(capsys, write_billed(tmp_path), tmp_path / "out", "--bills")
    assert code == 0 and f"without PDF: {PANGO_REMEDY}" in said


def test_what_prices_give_from_period_to_period_is_one_line(tmp_path: Path) -> None:
    case, result = write_billed(tmp_path)
    rows = [
        f"2024-06-21T00:{minute:02},,{price}" for minute, price in ((0, 0.2), (15, 0.3), (30, 0.1), (45, 0.2))
    ]
    (case / "prices.csv").write_text("\n".join(["time,retailer,supply_price_per_kwh", *rows, ""]))
    bills = gridpact.settle(case, result, bills=True).summary["bills"]
    supplied = [[line for line in bill["lines"] if line["line"] == "supply"] for bill in bills]
    energies = [sum(line["energy_wh"] for line in lines) for lines in supplied]
    assert [len(lines) for lines in supplied] == [
        0 if not energies[0] else 1,
        2,
        1,
    ]  # h2 has another retailer
    assert supplied[2][0]["is_mean"] and supplied[2][0]["energy_wh"] > 0


def test_bills_are_printed_as_pdf_that_repeats_and_loads_nothing(tmp_path: Path, capsys) -> None:
    made = bill_pdf.pdf_maker().make
    if made is None:
        pytest.skip(f"no PDF can be made here: {bill_pdf.pdf_maker().remedy}")
    folders = write_billed(tmp_path)
    settle(capsys, folders, tmp_path / "out", "--bills")
    settle(capsys, folders, tmp_path / "again", "--bills")
    for name in ("h1", "h2", "h3"):
        octets = (tmp_path / "out" / "bills" / f"{name}.pdf").read_bytes()
        assert (
            octets.startswith(b"%PDF-")
            and octets == (tmp_path / "again" / "bills" / f"{name}.pdf").read_bytes()
        )
    secret = tmp_path / "secret.svg"
    secret.write_text("<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><text>leak</text></svg>")
    page = (tmp_path / "out" / "bills" / "h1.html").read_text()
    hostile = page.replace("<main>", f'<main><img src="{secret.as_uri()}"><img src="http://127.0.0.1:9/x">')
    assert len(made(hostile)) < 1.2 * len(made(page))


def workbook(octets: bytes, folder: Path) -> list[list[object]]:
    """The rows of the one sheet, texts and numbers, read from the file's own XML, and nothing else in it."""
    path = folder / "read.xlsx"
    path.write_bytes(octets)
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        assert [name for name in names if name.startswith("xl/worksheets/")] == ["xl/worksheets/sheet1.xml"]
        assert not [
            name for name in names if "externalLink" in name or (name.endswith(".rels") and "sheet" in name)
        ]
        shared = ElementTree.fromstring(archive.read("xl/sharedStrings.xml"))
        texts = ["".join(part.itertext()) for part in shared]
        sheet = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))
    assert not list(sheet.iter(f"{SHEET}f")) and not list(sheet.iter(f"{SHEET}hyperlink"))
    rows = []
    for row in sheet.iter(f"{SHEET}row"):
        cells = [(cell.get("t"), cell.findtext(f"{SHEET}v") or "0") for cell in row]
        rows.append([texts[int(value)] if kind == "s" else Decimal(value) for kind, value in cells])
    return rows


def test_the_workbook_has_every_account_by_month_and_kind(tmp_path: Path) -> None:
    pytest.importorskip("xlsxwriter")
    found = gridpact.settle(*write_billed(tmp_path), bills=True)
    rows = workbook(accounts_workbook(found), tmp_path)
    assert rows[0] == HEAD
    expected: dict[tuple, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 3)
    for entry in found.ledger.itertuples():
        for side, place in ((entry.debit, 1), (entry.credit, 2)):
            sums = expected[side, entry.time.strftime("%Y-%m"), entry.kind]
            sums[0] += Decimal(entry.energy_wh) / 1000
            sums[place] += Decimal(entry.amount_micro) / 10**6
            expected[side, entry.time.strftime("%Y-%m"), entry.kind] = list(sums)
    told = {tuple(row[:3]): [round(each, 9) for each in row[3:]] for row in rows[1:]}
    assert told == {key: [round(each, 9) for each in sums] for key, sums in expected.items()}
    assert sum(row[4] for row in rows[1:]) == sum(row[5] for row in rows[1:])
    assert accounts_workbook(found) == accounts_workbook(found)


def test_months_are_local_and_names_are_texts(tmp_path: Path) -> None:
    pytest.importorskip("xlsxwriter")
    names = ("=1+1", "@SUM(A1)", "https://127.0.0.1/x")
    inputs = make_inputs([[900, 20, 0]] * 4, [[0, 0, 400]] * 4)
    inputs = replace(
        inputs,
        participants=make_members(names),
        horizon=replace(inputs.horizon, start="2024-06-30T23:00", timezone="Europe/Lisbon"),
    )
    found = settled_case(inputs)
    ledger, sums = found.settlement.ledger, MonthlySums(inputs.horizon)
    for first, periods in ((0, [0, 1]), (2, [2, 3])):  # in parts, as a long ledger comes
        rows = np.isin(ledger.period, periods)
        part = as_entries(ledger).at(rows)
        sums.add(
            as_ledger(
                replace(part, period=part.period - first), accounts=ledger.accounts, trade_ids=(), version=1
            ),
            first,
        )
    accounts = sums.accounts()
    assert accounts.months == ("2024-06", "2024-07")
    for month, periods in (("2024-06", [0]), ("2024-07", [1, 2, 3])):
        rows = accounts.month == accounts.months.index(month)
        paid = int(ledger.amount_micro[np.isin(ledger.period, periods)].sum())
        assert int(accounts.paid_micro[rows].sum()) == int(accounts.received_micro[rows].sum()) == paid
    told = workbook(accounts_workbook(found), tmp_path)
    assert {row[0] for row in told[1:]} >= set(names)
    assert {row[1] for row in told[1:]} == {"2024-06", "2024-07"}
    assert len(told) - 1 == len(accounts.account)
