"""Making bills: from a settlement and the terms of bills to lines in cents, VAT and numbers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import groupby

import numpy as np

from gridpact.case.horizon import Horizon
from gridpact.settlement.amounts.cents import cents
from gridpact.settlement.bills.bill import Bill, BillLine, VatLine
from gridpact.settlement.bills.issued_bill import IssuedBill, content_sha256
from gridpact.settlement.bills.priced_energy import PricedEnergy, price_energy
from gridpact.settlement.bills.standing_charges import quantity
from gridpact.settlement.ledger.ledger import EntryKind
from gridpact.settlement.settling.settled_energy import SettledEnergy
from gridpact.settlement.statements.statements import LINES, PAYS
from gridpact.settlement.tariffs.bill_terms import BillTerms, Includes

PRICES_MAX = 6  # of one line and source; more are one line with their mean price
NUMBER_DIGITS = 4
PERCENT = 100


def make_bills(
    settled: SettledEnergy, terms: BillTerms, issued: Mapping[str, IssuedBill] | None = None
) -> tuple[Bill, ...]:
    """The bills of all who are members in some period, or had a bill, in the order of the participants.

    Args:
        settled: what they are of.
        terms: how it is billed.
        issued: the bills of the settlement that this one corrects, by participant. One on which nothing
            changes stays as it is; of any other there is a new one, under a number of its own.
    """
    first, last = billing_days(settled.horizon)
    dated = terms.issued or last + timedelta(days=1)
    days = member_days(settled)
    due = None if terms.due_days is None else dated + timedelta(days=terms.due_days)
    prefix = f"{first:%Y%m%d}-" if terms.number_prefix is None else terms.number_prefix
    earlier = issued or {}
    running = max((each.running_number for each in earlier.values()), default=0)
    found = []
    places = sorted({*days, *_places(settled, earlier)})
    for place, lines in _lines(settled, terms, places, days):
        asked = tuple(line for line in lines if not _is_of_supplier(line, terms))
        drafted = Bill(
            participant=place,
            first_day=days.get(place, (first, last))[0],
            last_day=days.get(place, (first, last))[1],
            running_number=running + 1,
            number=f"{prefix}{running + 1:0{NUMBER_DIGITS}d}",
            version=settled.version,
            issued=dated,
            due=due,
            lines=asked,
            information=tuple(line for line in lines if _is_of_supplier(line, terms)),
            vat=_vat(asked),
        )
        bill = _numbered(drafted, earlier.get(settled.participants.ids[place]))
        running += bill.running_number == running + 1
        found.append(bill)
    return tuple(found)


def billing_days(horizon: Horizon) -> tuple[date, date]:
    """The first and the last local day of a billing period."""
    return horizon.instant(0).date(), horizon.instant(horizon.periods - 1).date()


def member_days(settled: SettledEnergy) -> dict[int, tuple[date, date]]:
    """The first and the last local day on which each participant is a member; none of who never is."""
    member, horizon = settled.meters.is_asked, settled.horizon
    found = {}
    for place in np.flatnonzero(member.any(axis=0)).tolist():
        periods = np.flatnonzero(member[:, place])
        first, last = (horizon.instant(int(periods[end])).date() for end in (0, -1))
        found[place] = (first, last)
    return found


def _places(settled: SettledEnergy, issued: Mapping[str, IssuedBill]) -> list[int]:
    """The participants that have a bill already, whose bill is corrected even where nothing is left of it."""
    return [place for place, name in enumerate(settled.participants.ids) if name in issued]


def _numbered(drafted: Bill, earlier: IssuedBill | None) -> Bill:
    """A bill that was drafted, as the one that was issued before where nothing on it changed."""
    if earlier is None:
        return drafted
    if content_sha256(drafted) != earlier.content_sha256:
        return replace(drafted, corrects=earlier.bill)
    return replace(
        drafted,
        running_number=earlier.running_number,
        number=earlier.number,
        version=earlier.version,
        issued=earlier.issued,
        due=earlier.due,
        corrects=earlier.corrects,
    )


def _is_of_supplier(line: BillLine, terms: BillTerms) -> bool:
    """Whether the supplier bills a line itself."""
    return terms.includes is Includes.COMMUNITY and line.is_retail


def _lines(
    settled: SettledEnergy, terms: BillTerms, places: Sequence[int], days: Mapping[int, tuple[date, date]]
) -> Iterator[tuple[int, list[BillLine]]]:
    """Each participant at some places with its lines, those of energy first; none of who is no member."""
    energy = price_energy(settled)
    starts = np.searchsorted(energy.participant, np.arange(len(settled.participants) + 1))
    for place in places:
        rows = range(int(starts[place]), int(starts[place + 1]))
        fixed = _fixed_lines(terms, *days[place]) if place in days else ()
        yield place, [*_energy_lines(energy, rows, terms), *fixed]


def _energy_lines(energy: PricedEnergy, rows: Sequence[int], terms: BillTerms) -> Iterator[BillLine]:
    """The lines of one participant's energy: one a price, or one with the mean of many.

    What a table of prices gives from period to period is one line, however many prices there are.
    """

    def source(row: int) -> tuple[int, bool, bool]:
        return int(energy.line[row]), bool(energy.is_retail[row]), bool(energy.is_of_table[row])

    for (line, is_retail, is_of_table), grouped in groupby(rows, source):
        group = list(grouped)
        together = [group] if is_of_table or len(group) > PRICES_MAX else [[row] for row in group]
        for each in together:
            yield _energy_line(energy, line, is_retail, each, terms)


def _energy_line(
    energy: PricedEnergy, line: int, is_retail: bool, rows: Sequence[int], terms: BillTerms
) -> BillLine:
    """One line of energy at one price, or at the mean of several."""
    wh = [int(energy.energy_wh[row]) for row in rows]
    prices = [int(energy.price_micro_per_kwh[row]) for row in rows]
    amount = Fraction(int(PAYS[line]) * sum(int(energy.amount_micro[row]) for row in rows))
    total = sum(wh)
    mean = Fraction(sum(e * p for e, p in zip(wh, prices, strict=True)), total) if total else Fraction(0)
    return BillLine(
        line=LINES[line].name,
        is_retail=is_retail,
        energy_wh=total,
        price_micro=prices[0] if len(rows) == 1 else round(mean),
        is_mean=len(rows) > 1,
        amount_micro=amount,
        cents=cents(amount),
        vat_percent=terms.vat_percent.get(LINES[line].kind.label, Decimal(0))
        if LINES[line].is_paid
        else None,
    )


def _fixed_lines(terms: BillTerms, first: date, last: date) -> Iterator[BillLine]:
    """The standing charges from a first to a last day."""
    for charge in terms.fixed:
        how_many = quantity(charge.per, first, last)
        amount = charge.amount_micro * how_many
        yield BillLine(
            line=EntryKind.FIXED.label,
            price_micro=charge.amount_micro,
            amount_micro=amount,
            cents=cents(amount),
            vat_percent=terms.vat_percent.get(EntryKind.FIXED.label, Decimal(0)),
            name=charge.name,
            per=charge.per,
            quantity=how_many,
        )


def _vat(lines: Sequence[BillLine]) -> tuple[VatLine, ...]:
    """The VAT of each rate on the lines that are paid."""
    rates = sorted({line.vat_percent for line in lines if line.vat_percent is not None})
    found = []
    for rate in rates:
        net = sum(line.cents for line in lines if line.vat_percent == rate)
        found.append(VatLine(percent=rate, net_cents=net, cents=round(net * Fraction(rate) / PERCENT)))
    return tuple(found)
