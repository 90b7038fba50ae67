"""Pages of bills: amounts that add up, six languages, names that do no harm, nobody's neighbour."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

import gridpact
from gridpact.arrays import frozen
from gridpact.case.participants import Participants
from gridpact.report.bills.bill_page import bill_pages
from gridpact.report.bills.bill_words import bill_words
from gridpact.report.bills.local_writing import WRITINGS
from gridpact.settlement.settled_case import SettledCase
from gridpact.settlement.statements.statements import LINES
from gridpact.settlement.tariffs.bill_terms import BillTerms, Language
from tests.bills.billed_example import BILL, MORE, Amounts, write_billed

EVIL = ("<script>alert(1)</script>", "{{7*7}}", "=1+1", "${x}", "{number}", '" onload="x')


def settled(folder: Path, bill: str = BILL, **more) -> SettledCase:
    return gridpact.settle(*write_billed(folder, bill), bills=True, **more)


def corrected(folder: Path, bill: str = BILL) -> SettledCase:
    gridpact.write_settlement(settled(folder / "first", bill), folder / "out")
    case, result = write_billed(folder / "second", bill, MORE)
    return gridpact.settle(case, result, previous=folder / "out", bills=True)


@pytest.mark.parametrize("includes", ["all", "community"])
def test_amounts_of_a_page_add_up_and_are_those_of_the_summary(tmp_path: Path, includes: str) -> None:
    found = settled(tmp_path, f'{BILL}includes = "{includes}"')
    pages = dict(bill_pages(found))
    assert list(pages) == ["h1", "h2", "h3"]
    for bill in found.summary["bills"]:
        amounts = Amounts(pages[bill["participant"]])
        assert amounts.sum_of("net") == bill["net_cents"] == amounts.sum_of_kinds()
        assert amounts.sum_of("vat") == bill["vat_cents"]
        assert amounts.sum_of("total") == bill["total_cents"] == amounts.sum_of("net", "vat")
        assert [line for line, _ in amounts.cents].count("total") == 1
        lines = [(line["kind"], line["cents"]) for line in bill["lines"]]
        assert sorted(lines) == sorted(
            each for each in amounts.cents if each[0] not in ("net", "vat", "total")
        )
        for (_, cents), text in zip(amounts.cents, amounts.texts, strict=True):
            assert Decimal(text.replace("−", "-").replace(",", "")) * 100 == cents
        supplied = {kind for kind, _ in amounts.cents} & {"supply", "feed_in"}
        assert bool(supplied) is (includes == "all")
        assert ("for information only" in pages[bill["participant"]]) is (includes == "community")


def test_a_page_says_all_that_a_bill_has_to(tmp_path: Path) -> None:
    text = Amounts(dict(bill_pages(settled(tmp_path)))["h2"]).text
    for said in (
        "Community of the North", "Market Square 1", "N-0002", "22 June 2024", "6 July 2024", "21 June 2024",
        "north", "Meter", "1 day", "0.1234 / day", "0.0333 months", "1,234.56 / month", "0.2500 / kWh",
        "kWh", "VAT 5.5% on", "VAT 10% on", "VAT 20% on", "Total before VAT", "Metered import",
    ):  # fmt: skip
        assert said in text, said


def test_a_page_names_the_meters_of_its_participant_alone(tmp_path: Path) -> None:
    found = settled(tmp_path)
    assert "h2 (" not in Amounts(dict(bill_pages(found))["h2"]).text
    people = replace(found.energy.participants, meter=("AT-1", "AT-2 AT-3", ""))
    pages = dict(bill_pages(replace(found, energy=replace(found.energy, participants=people))))
    assert "h2 (AT-2, AT-3)" in Amounts(pages["h2"]).text and "AT-1" not in pages["h2"]
    assert "h3 (" not in Amounts(pages["h3"]).text


def test_a_corrected_page_names_the_bill_that_it_corrects_and_the_difference(tmp_path: Path) -> None:
    second = corrected(tmp_path)
    (bill,) = [each for each in second.summary["bills"] if each["participant"] == "h2"]
    page = dict(bill_pages(second))["h2"]
    text = Amounts(page).text
    before = settled(tmp_path / "again").summary["bills"][1]
    assert (before["number"], bill["number"], bill["corrects"]["number"]) == ("N-0002", "N-0004", "N-0002")
    assert bill["difference_cents"] == bill["total_cents"] - before["total_cents"] > 0
    assert "Corrected bill" in text and "This bill takes the place of bill N-0002." in text
    assert f"EUR\u00a0{bill['difference_cents'] / 100:.2f} more is to be paid." in text
    rows = re.findall(
        r"<tr><th scope=\"row\">([^<]+)</th>((?:<td class=\"number\">[^<]*</td>){3})</tr>", page
    )
    figures = {name: re.findall(r">([−0-9.,]+)<", cells) for name, cells in rows}
    assert figures["Total"] == [f"{before['total_cents'] / 100:.2f}", f"{bill['total_cents'] / 100:.2f}",
                                f"{bill['difference_cents'] / 100:.2f}"]  # fmt: skip
    assert Amounts(page).sum_of_kinds() == bill["net_cents"]  # nothing of before counts


def test_a_supplier_is_named_where_it_has_a_name(tmp_path: Path) -> None:
    pages = dict(bill_pages(settled(tmp_path, f'{BILL}includes = "community"')))
    assert "Billed by your supplier north, for information only" in Amounts(pages["h2"]).text
    other = Amounts(pages["h3"]).text  # whose retailer is that of all who name none
    assert "Billed by your supplier, for information only" in other and "default" not in other.split("}")[-1]


def test_a_bill_that_does_not_change_keeps_its_page_to_the_byte(tmp_path: Path) -> None:
    first, second = settled(tmp_path / "once"), corrected(tmp_path)
    before, after = dict(bill_pages(first)), dict(bill_pages(second))
    assert [before[name] == after[name] for name in ("h1", "h2", "h3")] == [True, False, True]
    community = f'{BILL}includes = "community"'
    (bill,) = [each for each in corrected(tmp_path / "c", community).summary["bills"] if each["version"] == 2]
    assert (bill["participant"], bill["difference_cents"]) == ("h2", 0)  # what the supplier bills did change


def test_no_bill_names_another_participant(tmp_path: Path) -> None:
    names = ("anna-who", "bert-who", "cleo-who")
    found = settled(tmp_path)
    people = replace(found.energy.participants, ids=names)
    renamed = replace(found, energy=replace(found.energy, participants=people))
    for (_, page), own in zip(bill_pages(renamed), names, strict=True):
        assert own in page
        assert not [other for other in names if other != own and other in page]
        assert "t1" not in Amounts(page).text.split()


def test_names_and_addresses_do_no_harm(tmp_path: Path) -> None:
    lines = "\\n".join(each.replace('"', '\\"') for each in EVIL)
    evil = f"""
        [bill]
        issuer = "{lines}"
        number_prefix = "<b>{{{{7*7}}}}"
        fixed = [{{name = "<i>=1", per = "day", amount = 1}}]
        [bill.addresses]
        h2 = "\u202eevil \u2067שלום\\n<img src=x onerror=y>"
    """
    plain = '[bill]\nissuer = "A\\nB\\nC\\nD\\nE\\nF"\nfixed = [{name = "x", per = "day", amount = 1}]\n'
    plain += '[bill.addresses]\nh2 = "a\\nb"'
    pages = [
        dict(bill_pages(settled(tmp_path / str(place), bill)))["h2"]
        for place, bill in enumerate((evil, plain))
    ]
    shown, harmless = map(Amounts, pages)
    assert shown.tags == harmless.tags
    for text in EVIL:
        assert text in shown.text
    assert re.findall(r"[^>]*\u202e[^<]*", pages[0]) == ["\u202eevil \u2067שלום"]
    assert pages[0].count("<bdi>\u202eevil") == 1  # it turns nothing around but itself
    assert "default-src 'none'" in pages[0] and "<script" not in pages[0]
    assert not re.findall(r"https?:|url\(|@import", pages[0])


@pytest.mark.parametrize("language", Language)
def test_every_line_has_its_words_in_every_language(language: Language) -> None:
    words, english = bill_words(language), bill_words(Language.ENGLISH)
    assert {line.name for line in LINES} - {"rounding"} <= words.keys()
    assert all(words.values())
    for key, said in words.items():
        assert set(re.findall(r"{\w+}", said)) == set(re.findall(r"{\w+}", english[key])), key
    if language is not Language.ENGLISH:
        same = {key for key in words if words[key] == english[key]}
        assert same <= {"total"}


@pytest.mark.parametrize(
    ("language", "number", "amount", "percent", "day"),
    [
        ("en", "1,234,567.89", "EUR\u00a0−0.05", "5.5%", "1 March 2026"),
        ("de", "1.234.567,89", "−0,05\u00a0EUR", "5,5\u00a0%", "1. März 2026"),
        ("es", "1.234.567,89", "−0,05\u00a0EUR", "5,5\u00a0%", "1 de marzo de 2026"),
        ("fr", "1\u202f234\u202f567,89", "−0,05\u00a0EUR", "5,5\u00a0%", "1er mars 2026"),
        ("it", "1.234.567,89", "−0,05\u00a0EUR", "5,5%", "1 marzo 2026"),
        ("pt", "1\u00a0234\u00a0567,89", "−0,05\u00a0EUR", "5,5%", "1 de março de 2026"),
    ],
)
def test_numbers_and_dates_are_written_as_the_language_writes_them(
    language: str, number: str, amount: str, percent: str, day: str
) -> None:
    local = WRITINGS[Language(language)]
    assert local.amount(123_456_789) == number
    assert local.amount(-5, "EUR") == amount
    assert local.percent(Decimal("5.50")) == percent
    assert local.day(date(2026, 3, 1)) == day
    assert local.price(210_000) == f"0{local.decimal}2100"
    assert local.price(123_456) == f"0{local.decimal}123456"
    assert local.kwh(1_234) == f"1{local.decimal}234"


@pytest.mark.parametrize("language", Language)
def test_a_page_is_in_its_language_and_repeats_byte_for_byte(tmp_path: Path, language: Language) -> None:
    bill = f'{BILL}language = "{language}"'
    found = corrected(tmp_path, bill)
    page = dict(bill_pages(found))["h2"]
    assert f'<html lang="{language}">' in page
    words = bill_words(language)
    for key in ("corrected_bill", "to_pay", "net", "correction", "charges", "sources"):
        assert f"{words[key]}" in Amounts(page).text, key
    assert "{" not in Amounts(page).text.split("}")[-1]
    assert page == dict(bill_pages(found))["h2"]


def test_who_is_no_member_all_month_is_billed_for_its_days(tmp_path: Path) -> None:
    """A member of the last day of three has a bill of one day, and who never is one has none."""
    from tests.settlements import make_inputs

    inputs = make_inputs([[100, 100, 100]] * 3, [[0, 0, 0]] * 3)
    horizon = replace(inputs.horizon, start="2024-06-20T23:00", timezone="UTC")
    people: Participants = replace(
        inputs.participants,
        member_from=frozen([0, horizon_us(horizon, 1), horizon_us(horizon, 3)], np.int64),
    )
    found = replace(inputs, horizon=horizon, participants=people).settled()
    from gridpact.settlement.bills.make_bills import make_bills

    bills = make_bills(found, BillTerms())
    assert [(bill.participant, bill.first_day.day, bill.last_day.day) for bill in bills] == [
        (0, 20, 21),
        (1, 21, 21),
    ]


def horizon_us(horizon, period: int) -> int:
    return int(horizon.instant(period).timestamp()) * 1_000_000
