"""IssuedBill: a bill as settlement.json keeps it, so that a later settlement can correct it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from gridpact.settlement.amounts.whole import MICRO
from gridpact.settlement.bills.bill import Bill, BillLine, EarlierBill, cents_by_line
from gridpact.settlement.statements.statements import PLACE

_MICRO_DIGITS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedBill:
    """A bill of an earlier settlement, as far as a later one needs it.

    Attributes:
        running_number, number, version, issued, due: as in `Bill`.
        content_sha256: of what it says, to tell whether anything changed.
        bill: what a correction says of it.
        corrects: the bill that it took the place of, if it did.
    """

    running_number: int
    number: str
    version: int
    issued: date
    due: date | None
    content_sha256: str
    bill: EarlierBill
    corrects: EarlierBill | None


def record(bill: Bill, participant: str) -> dict[str, Any]:
    """A bill as settlement.json has it; `issued_bill` reads it back."""
    earlier = bill.corrects
    return {
        "participant": participant,
        "number": bill.number,
        "running_number": bill.running_number,
        "version": bill.version,
        "issued": bill.issued.isoformat(),
        "due": bill.due.isoformat() if bill.due else None,
        "net_cents": bill.net_cents,
        "vat_cents": bill.vat_cents,
        "total_cents": bill.total_cents,
        "vat": [
            {"percent": f"{each.percent:f}", "net_cents": each.net_cents, "cents": each.cents}
            for each in bill.vat
        ],
        "lines": [_line(line) for line in bill.lines],
        "content_sha256": content_sha256(bill),
        "corrects": None if earlier is None else _earlier(earlier),
        "difference_cents": None if earlier is None else bill.total_cents - earlier.total_cents,
    }


def issued_bill(found: Mapping[str, Any]) -> IssuedBill:
    """The bill that `record` wrote.

    Raises:
        ValueError: it is not as it was written; KeyError, TypeError and AttributeError likewise.
    """
    running, version = found["running_number"], found["version"]
    numbers = (running, version, found["net_cents"], found["vat_cents"])
    if any(type(each) is not int for each in numbers) or running < 1 or version < 1:
        raise ValueError("a number is not whole")
    lines = [(_text(line["line"]), line["cents"]) for line in found["lines"]]
    corrects = found["corrects"]
    return IssuedBill(
        running_number=running,
        number=_text(found["number"]),
        version=version,
        issued=date.fromisoformat(found["issued"]),
        due=date.fromisoformat(found["due"]) if found["due"] is not None else None,
        content_sha256=_text(found["content_sha256"]),
        bill=_earlier_bill({**found, "line_cents": cents_by_line(lines)}),
        corrects=None if corrects is None else _earlier_bill(corrects),
    )


def content_sha256(bill: Bill) -> str:
    """Digest of what a bill asks for and shows for information, whatever its number and its dates."""
    lines = [
        f"{line.line} {line.is_retail} {line.energy_wh} {line.price_micro} {line.cents} {line.vat_percent} "
        f"{line.name!r} {line.per} {line.quantity}"
        for line in (*bill.lines, *bill.information)
    ]
    vat = [f"vat {each.percent} {each.net_cents} {each.cents}" for each in bill.vat]
    return sha256("\n".join([f"{len(bill.lines)} lines", *lines, *vat]).encode()).hexdigest()


def _line(line: BillLine) -> dict[str, Any]:
    """A line of a bill in whole numbers; its price and its rate as decimal text."""
    figures = {
        "line": line.line,
        "kind": line.kind,
        "is_retail": line.is_retail,
        "energy_wh": line.energy_wh,
        "price": f"{line.price_micro / MICRO:.{_MICRO_DIGITS}f}",
        "is_mean": line.is_mean,
        "cents": line.cents,
        "vat_percent": None if line.vat_percent is None else f"{line.vat_percent:f}",
    }
    return figures | ({"name": line.name, "quantity": str(line.quantity)} if line.name else {})


def _earlier(bill: EarlierBill) -> dict[str, Any]:
    """A bill that another corrects."""
    return {
        "number": bill.number,
        "net_cents": bill.net_cents,
        "vat_cents": bill.vat_cents,
        "line_cents": dict(bill.line_cents),
    }


def _earlier_bill(found: Mapping[str, Any]) -> EarlierBill:
    """The bill that `_earlier` wrote."""
    cents = found["line_cents"]
    if any(line not in PLACE or type(each) is not int for line, each in cents.items()):
        raise ValueError("a line is not known, or its cents are not whole")
    if any(type(found[name]) is not int for name in ("net_cents", "vat_cents")):
        raise ValueError("a number is not whole")
    return EarlierBill(
        number=_text(found["number"]),
        net_cents=found["net_cents"],
        vat_cents=found["vat_cents"],
        line_cents=dict(cents),
    )


def _text(value: object) -> str:
    """A value that is text."""
    if not isinstance(value, str):
        raise TypeError("not text")
    return value
