"""Bill: what a participant is asked for, line by line, in whole cents."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from gridpact.settlement.statements.statements import LINES, PLACE
from gridpact.settlement.tariffs.bill_terms import ChargeStep


@dataclass(frozen=True, slots=True, kw_only=True)
class BillLine:
    """A line of a bill.

    Attributes:
        line: of the statement that it is part of, "supply" or "fixed" for two.
        is_retail: whether it is about energy between the participant and its retailer.
        energy_wh: 0 for a standing charge.
        price_micro: of a kWh, or of one of what a standing charge is for; of several prices their mean by
            energy, rounded half to even.
        is_mean: whether there are several.
        amount_micro: exact, before it is rounded to a cent; what is received is negative.
        cents: rounded half to even.
        vat_percent: `None` of what is received, on which there is no VAT.
        name: of a standing charge; empty otherwise.
        per: what a standing charge is for; `None` otherwise.
        quantity: how many of them; 0 otherwise.
    """

    line: str
    is_retail: bool = False
    energy_wh: int = 0
    price_micro: int
    is_mean: bool = False
    amount_micro: Fraction
    cents: int
    vat_percent: Decimal | None
    name: str = ""
    per: ChargeStep | None = None
    quantity: Fraction = Fraction(0)

    @property
    def kind(self) -> str:
        """The kind of the ledger that it is of."""
        return LINES[PLACE[self.line]].kind.label

    @property
    def is_paid(self) -> bool:
        """Whether it is paid, rather than received, whatever the sign of its price."""
        return LINES[PLACE[self.line]].is_paid


@dataclass(frozen=True, slots=True, kw_only=True)
class VatLine:
    """The VAT of one rate: on the sum of its lines, rounded once, half to even."""

    percent: Decimal
    net_cents: int
    cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierBill:
    """A bill that another corrects.

    Attributes:
        number: that it has.
        net_cents, vat_cents: what it came to.
        line_cents: what its lines of each kind came to, by the name of the statement's line.
    """

    number: str
    net_cents: int
    vat_cents: int
    line_cents: Mapping[str, int]

    @property
    def total_cents(self) -> int:
        """What was to be paid."""
        return self.net_cents + self.vat_cents


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What one participant is asked for.

    Attributes:
        participant: index.
        first_day, last_day: the local days of the billing period on which it is a member.
        running_number: counts the bills of a billing period, corrections among them, from 1.
        number: prefix and running number.
        version: of the settlement that made it; a later one that does not change it leaves it as it is.
        issued: date of issue.
        due: `None` where none is named.
        lines: that are asked for.
        information: lines that the supplier bills itself.
        vat: one line a rate, the lowest first.
        corrects: the bill that it takes the place of, if it does.
    """

    participant: int
    first_day: date
    last_day: date
    running_number: int
    number: str
    version: int
    issued: date
    due: date | None
    lines: tuple[BillLine, ...]
    information: tuple[BillLine, ...]
    vat: tuple[VatLine, ...]
    corrects: EarlierBill | None = None

    @property
    def net_cents(self) -> int:
        """Before VAT; negative where more is received."""
        return sum(line.cents for line in self.lines)

    @property
    def vat_cents(self) -> int:
        """The VAT of all rates."""
        return sum(line.cents for line in self.vat)

    @property
    def total_cents(self) -> int:
        """What is to be paid; negative where it is to be received."""
        return self.net_cents + self.vat_cents

    @property
    def line_cents(self) -> dict[str, int]:
        """What its lines come to, by the name of the statement's line."""
        return cents_by_line((line.line, line.cents) for line in self.lines)


def cents_by_line(lines: Iterable[tuple[str, int]]) -> dict[str, int]:
    """The sum of the cents of each line of a statement that there are any of, in their order."""
    found: dict[str, int] = {}
    for name, each in sorted(lines, key=lambda line: PLACE[line[0]]):
        found[name] = found.get(name, 0) + each
    return found
