"""Bills are those worked out again from the ledger in decimal numbers, and their cents add up."""

from collections import Counter
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gridpact.arrays import frozen
from gridpact.settlement.bills.bill_invariants import bills_off_micro, lines_off_micro
from gridpact.settlement.bills.issued_bill import issued_bill, record
from gridpact.settlement.bills.make_bills import make_bills, member_days
from gridpact.settlement.bills.with_bills import with_bills
from gridpact.settlement.invariants.invariants import invariants
from gridpact.settlement.ledger.account_balance import account_balance_micro
from gridpact.settlement.ledger.ledger import BILLED, Ledger
from gridpact.settlement.reading.read_bill_terms import VAT_KINDS
from gridpact.settlement.settlement_totals import totals
from gridpact.settlement.settling import days
from gridpact.settlement.settling.settle import book_up
from gridpact.settlement.settling.settled_energy import SettledEnergy
from gridpact.settlement.settling.settlement import Settlement
from gridpact.settlement.statements.balances import make_balances
from gridpact.settlement.statements.statements import make_statements
from gridpact.settlement.tariffs.bill_terms import BillTerms, ChargeStep, Includes, StandingCharge
from gridpact.settlement.tariffs.tariffs import TablePrice
from tests.bills.bill_oracle import bills_by_hand
from tests.settlements import Inputs, make_inputs, make_key, named_entries, random_inputs, with_meters

MANY = settings(max_examples=150, deadline=None)
RATES = st.sampled_from([Decimal(0), Decimal("5.5"), Decimal(20), Decimal("12.3456"), Decimal(100)])


@st.composite
def random_terms(draw) -> BillTerms:
    one = draw(st.none() | RATES)
    table = draw(st.dictionaries(st.sampled_from(VAT_KINDS), RATES))
    charge = st.builds(
        StandingCharge,
        name=st.just("charge"),
        per=st.sampled_from(ChargeStep),
        amount_micro=st.integers(0, 10**8),
    )
    return BillTerms(
        vat_percent=table if one is None else dict.fromkeys(VAT_KINDS, one),
        fixed=tuple(draw(st.lists(charge, max_size=3))),
        includes=draw(st.sampled_from(Includes)),
    )


def book_bills(settlement: Settlement, bills) -> Settlement:
    return book_up(with_bills(settlement, bills))


def named_days(settlement: Settlement) -> dict[str, tuple[date, date]]:
    return {settlement.participants.ids[place]: days for place, days in member_days(settlement).items()}


def check_against_the_oracle(inputs: Inputs, settlement: Settlement, terms: BillTerms, bills) -> None:
    """Every bill of a settlement, whose `booked` are the entries as if settled once."""
    by_hand = bills_by_hand(inputs, settlement.booked, terms, named_days(settlement))
    ids = settlement.participants.ids
    assert {ids[bill.participant] for bill in bills} == set(by_hand)
    for bill in bills:
        hand = by_hand[ids[bill.participant]]
        found = [(line.kind, line.cents, line.vat_percent) for line in bill.lines]
        assert Counter(found) == Counter(hand.lines)
        assert bill.net_cents == hand.net == sum(cents for _, cents, _ in found)
        assert {each.percent: each.cents for each in bill.vat} == hand.vat
        assert bill.total_cents == hand.net + sum(hand.vat.values())
        assert all(line.vat_percent is None for line in bill.lines if not line.is_paid)


def check_the_ledger(settlement: Settlement, bills) -> None:
    """Participants pay what bills say, to the cent, and money over all accounts is zero."""
    assert all(each.holds for each in invariants(settlement))
    statements = make_statements(settlement)
    assert bills_off_micro(statements, bills) == lines_off_micro(statements, bills) == 0
    assert int(account_balance_micro(settlement.ledger).sum()) == 0
    paid = -account_balance_micro(settlement.ledger)
    for bill in bills:
        of_supplier = sum(int(line.amount_micro) for line in bill.information)
        assert int(paid[bill.participant]) == bill.net_cents * 10_000 + of_supplier
    balances = make_balances(settlement)
    assert int(balances.net_micro.sum()) == int(balances.gain_micro.sum()) == 0


@MANY
@given(random_inputs(), random_terms())
def test_bills_are_those_worked_out_by_hand_and_the_ledger_comes_to_them(
    inputs: Inputs, terms: BillTerms
) -> None:
    settled = inputs.settled()
    bills = make_bills(settled, terms)
    check_against_the_oracle(inputs, settled, terms, bills)
    billed = book_bills(settled, bills)
    check_the_ledger(billed, bills)
    rounding = [entry for entry in named_entries(billed.ledger) if entry[1] == "rounding"]
    ids = settled.participants.ids
    assert [entry[2:4] for entry in rounding] == [(ids[bill.participant], "rounding") for bill in bills]
    assert [bill.running_number for bill in bills] == list(range(1, len(bills) + 1))
    gains = (make_statements(each).gain_micro for each in (settled, billed))
    assert np.array_equal(*gains)


@MANY
@given(random_inputs(), random_terms(), st.booleans(), st.data())
def test_a_correction_numbers_what_changed_and_books_the_difference(
    inputs: Inputs, terms: BillTerms, was_billed: bool, data
) -> None:
    first = inputs.settled()
    bills = make_bills(first, terms)
    ids = first.participants.ids
    issued = {}
    if was_billed:
        first = book_bills(first, bills)
        issued = {ids[bill.participant]: issued_bill(record(bill, ids[bill.participant])) for bill in bills}
    readings = arrays(np.int64, inputs.meters.import_wh.shape, elements=st.integers(0, 50_000))
    new = with_meters(inputs, data.draw(readings | st.just(inputs.meters.import_wh)), data.draw(readings))
    second = new.settled(previous=first.ledger, version=2)
    corrected = make_bills(second, terms, issued)
    check_against_the_oracle(new, second, terms, corrected)
    billed = book_bills(second, corrected)
    check_the_ledger(billed, corrected)
    assert named_entries(billed.ledger)[: len(first.ledger.kind)] == named_entries(first.ledger)
    numbers = [bill.running_number for bill in corrected if bill.version == 2]
    start = len(bills) + 1 if was_billed else 1
    assert numbers == list(range(start, start + len(numbers)))
    for old, bill in zip(bills, corrected, strict=True):
        is_same = (old.lines, old.information, old.vat) == (bill.lines, bill.information, bill.vat)
        if not was_billed:
            assert bill.corrects is None and bill.version == 2
        elif bill.version == 1:
            assert (bill.number, bill.corrects, bill.line_cents) == (old.number, None, old.line_cents)
        else:
            assert not is_same and bill.number != old.number and bill.corrects is not None
            assert bill.corrects.number == old.number
            assert bill.corrects.total_cents == old.total_cents
            assert dict(bill.corrects.line_cents) == old.line_cents
    added = billed.ledger.version == 2
    of_bills = np.isin(billed.ledger.kind, BILLED) & added
    assert set(billed.ledger.period[of_bills].tolist()) <= {inputs.horizon.periods - 1}


def test_a_correction_back_is_a_bill_of_its_own_that_says_what_the_first_said() -> None:
    inputs, terms = make_inputs([[0, 1_000]], [[1_000, 0]]), BillTerms()
    settled, issued, ledger, found = inputs.settled(), {}, None, []
    for version, reading in enumerate((1_000, 900, 900, 1_000), start=1):
        settled = with_meters(inputs, [[0, reading]], [[1_000, 0]]).settled(previous=ledger, version=version)
        bills = make_bills(settled, terms, issued)
        ledger = book_bills(settled, bills).ledger
        issued = {"ab"[bill.participant]: issued_bill(record(bill, "x")) for bill in bills}
        found.append(bills)
    a, b = zip(*found, strict=True)
    assert {bill.number for bill in a} == {"20240621-0001"}  # a only feeds in, and nothing changes for it
    assert [bill.running_number for bill in b] == [2, 3, 3, 4]
    assert [bill.corrects and bill.corrects.number[-4:] for bill in b] == [None, "0002", "0002", "0003"]
    assert (b[0].lines, b[0].total_cents) == (b[3].lines, b[3].total_cents)


def test_cents_go_half_to_even_and_so_does_vat() -> None:
    """0.025 and 0.035 are 0.02 and 0.04; 5 % on 0.50 and on 1.50 is 0.02 and 0.08."""
    prices = {"default": (25_000, 0, 0, 0)}
    tariffs = {"retailers": prices, "p2p_charge": 0, "retail_charge": 35_000, "tax": 0}
    terms = BillTerms(vat_percent={"supply": Decimal(5), "network_charge": Decimal(5)})
    (bill,) = make_bills(make_inputs([[1_000]], [[0]], **tariffs).settled(), terms)
    assert [line.cents for line in bill.lines] == [2, 4, 0]
    for wh, vat in ((20_000, 2), (60_000, 8)):
        tariffs["retail_charge"] = 0
        (bill,) = make_bills(make_inputs([[wh]], [[0]], **tariffs).settled(), terms)
        assert (bill.net_cents, bill.vat_cents) == (wh // 400, vat)


def test_vat_is_on_what_is_paid_whatever_its_sign_and_never_on_what_is_received() -> None:
    prices = {"default": (-100_000, -50_000, 0, 0)}
    inputs = make_inputs([[0, 10_000]], [[10_000, 0]], retailers=prices, p2p_charge=0, retail_charge=0, tax=0)
    fed, drawn = make_bills(inputs.settled(), BillTerms(vat_percent=dict.fromkeys(VAT_KINDS, Decimal(20))))
    assert (fed.net_cents, fed.vat, fed.total_cents) == (50, (), 50)
    assert (drawn.net_cents, drawn.vat_cents, drawn.total_cents) == (-100, -20, -120)


def test_more_than_six_prices_are_one_line_with_their_mean_by_energy() -> None:
    for count in (6, 7):
        trades = [(f"t{n}", 0, 0, 1, 1_000 * (n + 1), 100_000 + 7 * n) for n in range(count)]
        wh = sum(row[4] for row in trades)
        inputs = make_inputs([[0, wh]], [[wh, 0]], trades)
        (_, buyer) = make_bills(inputs.settled(), BillTerms())
        bought = [line for line in buyer.lines if line.line == "p2p_bought"]
        if count == 6:
            assert [line.price_micro for line in bought] == [row[5] for row in trades]
        else:
            (line,) = bought
            mean = sum(Decimal(row[4]) * row[5] for row in trades) / wh
            assert line.is_mean and line.energy_wh == wh and line.price_micro == round(mean)


def test_what_a_table_priced_is_one_line_however_few_prices_there_are() -> None:
    supply = np.array([100_000, 300_000, 200_000, 200_000])
    inputs = make_inputs(
        [[1_000], [3_000], [5_000], [500]], [[0]] * 4, retailers={"default": (supply, 0, 0, 0)}
    )
    given = TablePrice(retailer=0, field="supply_micro_per_kwh", is_given=frozen([1, 1, 0, 0], np.bool_))
    settled = replace(inputs, tariffs=replace(inputs.tariffs, table_prices=(given,))).settled()
    (bill,) = make_bills(settled, BillTerms())
    supplied = [
        (line.energy_wh, line.price_micro, line.is_mean, line.cents)
        for line in bill.lines
        if line.line == "supply"
    ]
    assert supplied == [(5_500, 200_000, False, 110), (4_000, 250_000, True, 100)]


@pytest.mark.parametrize(
    ("per", "first", "last", "times"),
    [
        (ChargeStep.MONTH, date(2026, 10, 1), date(2026, 10, 31), "1"),
        (ChargeStep.MONTH, date(2026, 10, 22), date(2026, 11, 15), "10/31 + 15/30"),
        (ChargeStep.MONTH, date(2023, 12, 17), date(2024, 2, 29), "15/31 + 2"),
        (ChargeStep.DAY, date(2026, 10, 1), date(2026, 10, 31), "31"),
        (ChargeStep.DAY, date(2026, 10, 25), date(2026, 10, 25), "1"),
    ],
)
def test_standing_charges_are_counted_by_local_days(per, first: date, last: date, times: str) -> None:
    from fractions import Fraction

    from gridpact.settlement.bills.standing_charges import quantity

    assert quantity(per, first, last) == sum(Fraction(part) for part in times.split(" + "))


def test_what_the_supplier_bills_is_information_and_not_rounded_into_the_ledger() -> None:
    key = make_key("proportional", [[1_000_000] * 2])
    inputs = make_inputs([[0, 1_333]], [[777, 0]], keys=key, losses="pro-rata", head_wh=[600])
    settled = inputs.settled()
    bills = make_bills(settled, BillTerms(includes=Includes.COMMUNITY))
    billed = book_bills(settled, bills)
    check_the_ledger(billed, bills)
    (giver, member) = bills
    assert {line.line for line in member.information} == {"supply", "network_charge", "tax"}
    assert {line.line for line in member.lines} == {"shared_received", "losses", "network_charge", "tax"}
    assert not giver.information


def test_bills_are_booked_alike_whole_and_day_by_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """A ledger that is booked in parts has the entries of bills once, in the last of them."""
    drawn = np.random.default_rng(7).integers(0, 2_000, (72, 3))
    fed = np.random.default_rng(8).integers(0, 2_000, (72, 3))
    inputs = make_inputs(drawn, fed, keys=make_key("proportional", [[1_000_000] * 3] * 72))
    charge = StandingCharge(name="meter", per=ChargeStep.DAY, amount_micro=123_456)
    terms = BillTerms(vat_percent={"supply": Decimal(20)}, fixed=(charge,))
    previous, issued = None, {}
    for version, readings in enumerate((drawn, drawn // 2, drawn), start=1):
        settled = with_meters(inputs, readings, fed).settled(previous=previous, version=version)
        bills = make_bills(settled, terms, issued)
        whole = book_bills(settled, bills)
        monkeypatch.setattr(days, "SMALL_PART", 1)
        energy = SettledEnergy(**{each.name: getattr(whole, each.name) for each in fields(SettledEnergy)})
        parts: list[tuple] = []

        def take(ledger: Ledger, first: int, parts: list[tuple] = parts) -> None:
            parts += [(entry[0] + first, *entry[1:]) for entry in named_entries(ledger)]

        found = totals(energy, take)
        assert len(list(days.in_days(energy))) == 3
        assert Counter(parts) == Counter(named_entries(whole.ledger))
        assert found.entries == len(whole.ledger.kind)
        assert all(each.holds for each in found.invariants)
        assert bills_off_micro(found.statements, bills) == lines_off_micro(found.statements, bills) == 0
        assert [line.quantity for bill in bills for line in bill.lines if line.name] == [3] * 3
        previous = whole.ledger
        issued = {"abc"[bill.participant]: issued_bill(record(bill, "x")) for bill in bills}
