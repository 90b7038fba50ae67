"""`[bill]` of tariffs.toml: what it says, and everything that is wrong with it at once."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

import gridpact
from gridpact.errors import InvalidCase
from gridpact.settlement.reading.read_bill_terms import VAT_KINDS
from gridpact.settlement.tariffs.bill_terms import BillTerms, ChargeStep, Includes, Language, StandingCharge
from tests.bills.billed_example import write_billed

WRONG = """\
[bill]
vat_percent = {supply = 101, p2p = "20", suply = 5, feed_in = 20, tax = 5.55555, loss = nan}
fixed = [
  {name = "a", per = "month", amount = -1},
  {name = "b", per = "week", amount = 0.1234567, vat = 3},
  {per = "day"},
  7,
]
due_days = 14.5
issuer = "bad \\u0007 bell"
number_prefix = " x"
language = "nl"
includes = "some"
issued = "2026-02-30"
colour = "red"

[bill.addresses]
h2 = ""
h9 = "Nobody"
"""
SAID = (
    ("bill.colour", "", "is not known"),
    ("bill.vat_percent.supply", "101", "is out of range (write percent from 0 to 100)"),
    ("bill.vat_percent.p2p", "20", "is not a number (write it without quotes, as in 20)"),
    ("bill.vat_percent.suply", "", "is not a kind with VAT (did you mean 'supply'?)"),
    ("bill.vat_percent.feed_in", "", "is not a kind with VAT (the kinds that are paid are "),
    ("bill.vat_percent.tax", "5.55555", "has more than 4 decimals (write 5.5556, if that is what it is)"),
    ("bill.vat_percent.loss", "NaN", "is not a finite number"),
    ("bill.fixed[1].amount", "-1", "is out of range (write 0 to 1,000,000, before VAT)"),
    ("bill.fixed[2].per", "week", "is not a choice"),
    ("bill.fixed[2].amount", "0.1234567", "has more than 6 decimals"),
    ("bill.fixed[2].vat", "", "is not known (known are name, per, amount)"),
    ("bill.fixed[3].name", "", "is missing (write it as in {name = "),
    ("bill.fixed[3].amount", "", "is missing"),
    ("bill.fixed[4]", "7", "is not a standing charge"),
    ("bill.due_days", "14.5", "is not a whole number (write days without quotes, as in 14)"),
    ("bill.issuer", "bad", "has a character that cannot be printed (write it without)"),
    ("bill.number_prefix", " x", "has white space around it"),
    ("bill.language", "nl", "is not a known language"),
    ("bill.includes", "some", "is not a known includes"),
    ("bill.issued", "2026-02-30", "is not a date (write it as in "),
    ("bill.addresses.h2", "", "is empty (write text, or leave the key out)"),
    ("bill.addresses.h9", "", "is not in participants"),
)


def terms_of(folder: Path, bill: str) -> BillTerms:
    billed = gridpact.settle(*write_billed(folder, bill), bills=True).billed
    assert billed is not None
    return billed.terms


def test_every_problem_is_told_at_once_with_its_line_and_a_remedy(tmp_path: Path) -> None:
    folders = write_billed(tmp_path, WRONG)
    with pytest.raises(InvalidCase) as refused:
        gridpact.settle(*folders)  # without bills too: what is there is checked
    problems = refused.value.problems
    lines = (folders[0] / "tariffs.toml").read_text().splitlines()
    for field, value, said in SAID:
        (problem,) = [each for each in problems if each.field == field]
        assert problem.file == "tariffs.toml" and said in str(problem), str(problem)
        assert problem.value.startswith(value) and problem.remedy
        key = field.removeprefix("bill.").removeprefix("addresses.").split(".")[0].split("[")[0]
        assert key == "colour" or lines[problem.line - 1].lstrip().startswith((key, "[bill")), problem
    assert len(problems) == len(SAID)


@pytest.mark.parametrize(
    ("bill", "said"),
    [
        ("[bill]\nvat_percent = true", "bill.vat_percent 'True' is not a number"),
        ("[bill]\nvat_percent = 1e400", "is out of range"),
        ("[bill]\nvat_percent = 1e-400", "has more than 4 decimals"),
        ("[bill]\nvat_percent = 0.1000000000000000000000000000000000001", "has more than 4 decimals"),
        ("[bill]\nfixed = 3", "is not a list"),
        ('[bill]\nfixed = [{name = "a\\nb", per = "day", amount = 1}]', "has more than one line"),
        ("[bill]\ndue_days = -1", "is out of range (write 0 to 366)"),
        ("[bill]\ndue_days = true", "is not a whole number"),
        ("[bill]\nissuer = 3", "is not text"),
        ('[bill]\naddresses = "h1"', "is not a table of participants"),
        ('[bill]\nnumber_prefix = "' + 41 * "x" + '"', "is longer than 40 characters"),
        ("[bill]\nissued = 2026-02-03T10:00:00", "is not a date"),
        ("bill = 3", "bill is not a section"),
    ],
)
def test_each_kind_of_value_is_refused(tmp_path: Path, bill: str, said: str) -> None:
    case, result = write_billed(tmp_path, bill)
    if not bill.startswith("["):
        text = (case / "tariffs.toml").read_text()
        (case / "tariffs.toml").write_text(f"{bill}\n{text.replace(bill, '')}")
    with pytest.raises(InvalidCase) as refused:
        gridpact.settle(case, result, bills=True)
    assert [said in str(problem) for problem in refused.value.problems] == [True]


def test_every_key_is_read(tmp_path: Path) -> None:
    bill = """
        [bill]
        vat_percent = 19.50
        due_days = 0
        issuer = '''
        North
        Square 1
        '''
        number_prefix = ""
        language = "pt"
        includes = "community"
        issued = 2026-11-02
        [[bill.fixed]]
        name = "Membership"
        per = "month"
        amount = 2.5
        [bill.addresses]
        h1 = "A\\nB"
    """
    assert terms_of(tmp_path, bill) == BillTerms(
        vat_percent=dict.fromkeys(VAT_KINDS, Decimal("19.5")),
        fixed=(StandingCharge(name="Membership", per=ChargeStep.MONTH, amount_micro=2_500_000),),
        due_days=0,
        issuer=("North", "Square 1"),
        addresses={"h1": ("A", "B")},
        number_prefix="",
        language=Language.PORTUGUESE,
        includes=Includes.COMMUNITY,
        issued=date(2026, 11, 2),
    )
    assert VAT_KINDS == ("p2p", "supply", "imbalance", "loss", "network_charge", "tax", "congestion", "fixed")


@pytest.mark.parametrize(
    ("bill", "said"),
    [
        ("", "tariffs.toml has no section [bill]: bills are without VAT, issuer and due date"),
        ("[bill]", "tariffs.toml: bill.vat_percent is not given: bills are without VAT"),
        (
            "[bill]\nvat_percent = {supply = 20, p2p = 0, network_charge = 20, tax = 20}",
            "tariffs.toml: bill.vat_percent names no rate for imbalance, loss, fixed: they are without VAT",
        ),
        ("[bill]\nvat_percent = 0", None),
    ],
)
def test_what_bills_do_without_is_said(tmp_path: Path, bill: str, said: str | None) -> None:
    notices = gridpact.settle(*write_billed(tmp_path, bill), bills=True).energy.notices
    assert [each for each in notices if each.startswith("tariffs.toml")] == ([said] if said else [])
    unbilled = gridpact.settle(*write_billed(tmp_path / "x", bill)).energy.notices
    assert not [each for each in unbilled if "VAT" in each]
