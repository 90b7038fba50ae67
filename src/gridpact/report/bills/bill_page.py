"""Bills as pages that print well, one a participant, without any script."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from string import Template

from gridpact.case.case import Case
from gridpact.case.schema import DEFAULT_RETAILER
from gridpact.report.bills.bill_words import bill_words
from gridpact.report.bills.local_writing import WRITINGS, LocalWriting
from gridpact.results.file_names import file_names
from gridpact.settlement.bills.bill import Bill, BillLine, EarlierBill
from gridpact.settlement.bills.issued_bill import content_sha256
from gridpact.settlement.ledger.ledger import EntryKind
from gridpact.settlement.settled_case import SettledCase
from gridpact.settlement.statements.statements import PLACE, Statements
from gridpact.settlement.tariffs.bill_terms import BillTerms, ChargeStep

SOURCES = ("p2p_bought", "shared_received", "supply", "imbalance_short")
USES = ("p2p_sold", "shared_given", "feed_in", "imbalance_long")
UNUSED = "unused"  # of what is received, and taken by the supplier at once
LEVIED = ("network_charge", "tax")
CONGESTION = "congestion"  # what limits of the network make trades dearer
GROUPS = (
    ("paid", SOURCES),
    ("received", (*USES, UNUSED)),
    ("levies", ("losses", *LEVIED, CONGESTION)),
    ("standing", (EntryKind.FIXED.label,)),
)
COLOURS = dict(zip((*SOURCES, *USES), ("peers", "community", "retailer", "imbalance") * 2, strict=True))
DIGEST_SHOWN = 16
CENT_DECIMALS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Writer:
    """What a bill is written with: words, numbers and dates of its language, and the case's currency."""

    case: Case
    terms: BillTerms
    words: Mapping[str, str]
    local: LocalWriting

    def said(self, key: str, **parts: str) -> str:
        """The words of a key as HTML, with texts put in, each of which keeps its direction to itself."""
        return escape(self.words[key]).format(**{name: _isolated(text) for name, text in parts.items()})

    def money(self, cents: int) -> str:
        """An amount with its currency."""
        return self.local.amount(cents, self.case.currency)


def bill_pages(settled: SettledCase) -> Iterator[tuple[str, str]]:
    """The name, without a suffix, and the page of each bill, in the order of the participants.

    Nothing where no bills were made.
    """
    if settled.billed is None:
        return
    terms = settled.billed.terms
    writer = _Writer(
        case=settled.case,
        terms=terms,
        words=bill_words(terms.language),
        local=WRITINGS[terms.language],
    )
    statements = settled.totals.statements
    names = file_names(settled.energy.participants.ids)
    for bill in settled.billed.bills:
        yield names[bill.participant], _page(settled, bill, statements, writer)


def _page(settled: SettledCase, bill: Bill, statements: Statements, writer: _Writer) -> str:
    """The page of one bill."""
    participant = settled.energy.participants.ids[bill.participant]
    parts = (
        _correction(bill, writer),
        _charges(bill, writer),
        _information(settled, bill, writer),
        _energy(settled, bill, statements, writer),
    )
    return Template(_asset("bill.html")).substitute(
        language=str(writer.terms.language),
        title=escape(f"{writer.words[_title(bill)]} {bill.number}: {participant}"),
        style=_asset("bill.css"),
        head=_head(settled, bill, participant, writer) + _due(bill, writer),
        main="\n".join(part for part in parts if part),
        foot=_foot(bill, writer),
    )


def _title(bill: Bill) -> str:
    """The key of what a bill is called."""
    return "bill" if bill.corrects is None else "corrected_bill"


def _head(settled: SettledCase, bill: Bill, participant: str, writer: _Writer) -> str:
    """Who bills whom, for what time, under which number."""
    local, words = writer.local, writer.words
    facts = [("number", bill.number), ("issued", local.day(bill.issued))]
    if bill.due is not None:
        facts.append(("due", local.day(bill.due)))
    days = [local.day(bill.first_day), local.day(bill.last_day)]
    facts.append(("period", " – ".join(dict.fromkeys(days))))
    if bill.corrects is not None:
        facts.append(("corrects", bill.corrects.number))
    meters = settled.energy.participants.meter
    meter = meters[bill.participant] if meters else ""
    facts.append(("connection", _connection(participant, meter)))
    if supplier := _supplier(settled, bill):
        facts.append(("supplier", supplier))
    listed = "".join(f"<dt>{escape(words[key])}</dt><dd>{_isolated(text)}</dd>" for key, text in facts)
    issuer = writer.terms.issuer or (writer.case.name,)
    address = writer.terms.addresses.get(participant) or (participant,)
    return (
        f'<div class="top"><div>{_party(issuer, "issuer")}{_party(address, "recipient")}</div>'
        f'<div><h1>{escape(words[_title(bill)])}</h1><dl class="facts">{listed}</dl></div></div>'
    )


def _connection(participant: str, meter: str) -> str:
    """The metered connection by its name and, where they are known, the portal's names of its meters."""
    return f"{participant} ({', '.join(meter.split())})" if meter else participant


def _supplier(settled: SettledCase, bill: Bill) -> str:
    """The name of the participant's retailer; empty where it names none."""
    name = settled.energy.participants.retailer[bill.participant]
    return "" if name == DEFAULT_RETAILER else name


def _party(lines: Sequence[str], kind: str) -> str:
    """A name and what follows it, line by line."""
    first, rest = lines[0], lines[1:]
    below = "".join(f"{_isolated(line)}<br>" for line in rest)
    return f'<p class="party {kind}"><strong>{_isolated(first)}</strong>{below}</p>'


def _due(bill: Bill, writer: _Writer) -> str:
    """What is to be paid or to be received, and until when."""
    total = bill.total_cents
    words = escape(writer.words["to_pay" if total >= 0 else "to_receive"])
    until = f" {writer.said('until', day=writer.local.day(bill.due))}" if bill.due and total > 0 else ""
    return (
        f'<p class="due"><span>{words}{until}</span><strong>{escape(writer.money(abs(total)))}</strong></p>'
    )


def _correction(bill: Bill, writer: _Writer) -> str:
    """What a corrected bill changes, line by line; nothing on any other."""
    earlier = bill.corrects
    if earlier is None:
        return ""
    words, now = writer.words, bill.line_cents
    rows = [
        (words[line], earlier.line_cents.get(line, 0), now.get(line, 0))
        for line in sorted({*earlier.line_cents, *now}, key=PLACE.__getitem__)
    ]
    rows += [
        (words["vat"], earlier.vat_cents, bill.vat_cents),
        (words["total"], earlier.total_cents, bill.total_cents),
    ]
    head = _header((words["item"], words["before"], words["now"], words["difference"]))
    body = "".join(
        f'<tr><th scope="row">{escape(name)}</th>'
        + "".join(
            f'<td class="number">{escape(writer.local.amount(cents))}</td>' for cents in (was, to, to - was)
        )
        + "</tr>"
        for name, was, to in rows
    )
    table = (
        '<table class="changes">' + f"{_caption(writer)}<thead>{head}</thead><tbody>{body}</tbody></table>"
    )
    said = f"{writer.said('correction_said', number=earlier.number)} {_difference(bill, earlier, writer)}"
    return f'<section class="keep"><h2>{escape(words["correction"])}</h2><p>{said}</p>{table}</section>'


def _difference(bill: Bill, earlier: EarlierBill, writer: _Writer) -> str:
    """What is left to pay or to be paid back once the earlier bill was paid."""
    cents = bill.total_cents - earlier.total_cents
    if not cents:
        return escape(writer.words["difference_none"])
    key = "difference_pay" if cents > 0 else "difference_receive"
    return writer.said(key, number=earlier.number, amount=writer.money(abs(cents)))


def _charges(bill: Bill, writer: _Writer) -> str:
    """All lines of a bill in groups, its sum, the VAT of each rate, and the total."""
    words = writer.words
    body = "".join(_group(key, lines, bill.lines, writer, is_billed=True) for key, lines in GROUPS)
    nothing = "" if bill.lines else f'<p class="said">{escape(words["nothing"])}</p>'
    sums = [
        (escape(words["net"]), "net", bill.net_cents),
        *(
            (
                writer.said(
                    "vat_on",
                    percent=writer.local.percent(each.percent),
                    amount=writer.local.amount(each.net_cents),
                ),
                "vat",
                each.cents,
            )
            for each in bill.vat
        ),
        (escape(words["total"]), "total", bill.total_cents),
    ]
    rows = "".join(
        f'<tr{" class=grand" if line == "total" else ""}><th scope="row" colspan="4">{said}</th>'
        f"{_amount_cell(cents, line, writer)}</tr>"
        for said, line, cents in sums
    )
    table = _table(f'{body}<tbody class="sums">{rows}</tbody>', writer)
    return f"<section><h2>{escape(words['charges'])}</h2>{nothing}{table}</section>"


def _information(settled: SettledCase, bill: Bill, writer: _Writer) -> str:
    """What the supplier bills itself; nothing where this bill has all."""
    if not bill.information:
        return ""
    supplier = _supplier(settled, bill)
    named = f" {_isolated(supplier)}" if supplier else ""
    heading = escape(writer.words["information"]).format(supplier=named)
    body = "".join(_group(key, lines, bill.information, writer, is_billed=False) for key, lines in GROUPS)
    return (
        f"<section><h2>{heading}</h2>"
        f'<p class="said">{escape(writer.words["information_said"])}</p>{_table(body, writer)}</section>'
    )


def _group(
    key: str, names: Sequence[str], lines: Sequence[BillLine], writer: _Writer, *, is_billed: bool
) -> str:
    """The lines of some names under their heading; nothing where there are none."""
    found = [line for line in lines if line.line in names]
    if not found:
        return ""
    heading = f'<tr class="group"><th scope="rowgroup" colspan="5">{escape(writer.words[key])}</th></tr>'
    return f"<tbody>{heading}{''.join(_row(line, writer, is_billed=is_billed) for line in found)}</tbody>"


def _row(line: BillLine, writer: _Writer, *, is_billed: bool) -> str:
    """One line: what it is, how much of it at which price, its rate of VAT, its amount."""
    words, local = writer.words, writer.local
    remarks = []
    if line.line in LEVIED:
        remarks.append(words["on_retail" if line.is_retail else "on_peers"])
    if line.is_mean:
        remarks.append(words["mean_price"])
    small = f"<small>{escape(', '.join(remarks))}</small>" if remarks else ""
    name = _isolated(line.name) if line.name else escape(words[line.line])
    percent = "" if line.vat_percent is None else local.percent(line.vat_percent)
    shown = "".join(
        f'<td class="number"{mark}>{escape(text)}</td>'
        for mark, text in (
            ("", _quantity(line, writer)),
            ("", _unit_price(line, writer)),
            (f' data-rate="{escape(words["vat"])}"', percent),
        )
    )
    return (
        f'<tr><th scope="row">{name}{small}</th>{shown}'
        f"{_amount_cell(line.cents, line.kind if is_billed else '', writer)}</tr>"
    )


def _quantity(line: BillLine, writer: _Writer) -> str:
    """How much there is of a line, with its unit."""
    if line.per is None:
        return f"{writer.local.kwh(line.energy_wh)} kWh"
    unit = {ChargeStep.MONTH: ("month", "months"), ChargeStep.DAY: ("day", "days")}[line.per]
    decimals = 0 if line.quantity.denominator == 1 else 4
    return f"{writer.local.number(line.quantity, decimals)} {writer.words[unit[line.quantity != 1]]}"


def _unit_price(line: BillLine, writer: _Writer) -> str:
    """The price of one unit of a line."""
    if line.per is None:
        return f"{writer.local.price(line.price_micro)} / kWh"
    unit = "month" if line.per is ChargeStep.MONTH else "day"
    return f"{writer.local.price(line.price_micro, CENT_DECIMALS)} / {writer.words[unit]}"


def _energy(settled: SettledCase, bill: Bill, statements: Statements, writer: _Writer) -> str:
    """Where the energy came from and went, as bars and tables."""
    place = bill.participant
    sides = (
        ("sources", SOURCES, "metered_import", int(statements.import_wh[place])),
        ("uses", USES, "metered_export", int(statements.export_wh[place])),
    )
    shown = "".join(
        _side(key, lines, metered, wh, statements, place, writer) for key, lines, metered, wh in sides
    )
    if not shown:
        return ""
    estimated = int(statements.estimated_periods[place])
    said = ""
    if estimated:
        total = settled.energy.horizon.periods
        words = writer.said(
            "estimated", periods=writer.local.number(estimated, 0), total=writer.local.number(total, 0)
        )
        said = f'<p class="said">{words}</p>'
    return f'<section><div class="energy">{shown}</div>{said}</section>'


def _side(
    key: str,
    lines: Iterable[str],
    metered: str,
    metered_wh: int,
    statements: Statements,
    place: int,
    writer: _Writer,
) -> str:
    """One side of the meter; nothing where it shows nothing."""
    energy_wh = statements.energy_wh[:, place].tolist()
    energy_wh[PLACE["shared_received"]] -= energy_wh[PLACE[UNUSED]]
    found = [(line, energy_wh[PLACE[line]]) for line in lines]
    found = [(line, wh) for line, wh in found if wh]
    if not found and not metered_wh:
        return ""
    bars = "".join(
        f'<span class="{COLOURS[line]}" style="flex-grow:{wh}"></span>' for line, wh in found if wh > 0
    )
    rows = "".join(
        f'<tr><th scope="row"><span class="mark {COLOURS[line]}"></span>{escape(writer.words[line])}</th>'
        f'<td class="number">{escape(writer.local.kwh(wh))} kWh</td></tr>'
        for line, wh in found
    )
    last = (
        f'<tr><th scope="row">{escape(writer.words[metered])}</th>'
        f'<td class="number">{escape(writer.local.kwh(metered_wh))} kWh</td></tr>'
    )
    drawn = f'<div class="bar" aria-hidden="true">{bars}</div>' if bars else ""
    return f"<div><h2>{escape(writer.words[key])}</h2>{drawn}<table><tbody>{rows}{last}</tbody></table></div>"


def _foot(bill: Bill, writer: _Writer) -> str:
    """How it was rounded, and which version made it."""
    made = writer.said("made_by", version=str(bill.version), digest=content_sha256(bill)[:DIGEST_SHOWN])
    return f"<p>{escape(writer.words['rounding_said'])}</p><p>{_isolated(writer.case.name)}. {made}.</p>"


def _table(body: str, writer: _Writer) -> str:
    """A table of lines."""
    head = _header(tuple(writer.words[key] for key in ("item", "quantity", "unit_price", "vat", "amount")))
    caption = _caption(writer, is_net=True)
    return f'<table class="charges">{caption}<thead>{head}</thead>{body}</table>'


def _header(names: Sequence[str]) -> str:
    """A row of headings, all but the first of them of numbers."""
    first, *rest = names
    cells = "".join(f'<th scope="col" class="number">{escape(name)}</th>' for name in rest)
    return f'<tr><th scope="col">{escape(first)}</th>{cells}</tr>'


def _caption(writer: _Writer, *, is_net: bool = False) -> str:
    """In which currency the amounts of a table are, and whether with VAT."""
    currency = writer.case.currency
    parts = [writer.said("amounts_in", currency=currency)] if currency else []
    parts += [escape(writer.words["before_vat"])] if is_net else []
    text = ", ".join(parts)
    return f"<caption>{text[:1].upper() + text[1:]}</caption>" if text else ""


def _amount_cell(cents: int, line: str, writer: _Writer) -> str:
    """The cell of an amount, with its cents and its line for programs where it is part of the bill."""
    marks = f' data-cents="{cents}" data-line="{escape(line)}"' if line else ""
    return f'<td class="number"{marks}>{escape(writer.local.amount(cents))}</td>'


def _isolated(text: str) -> str:
    """A text of others as HTML: escaped, and with no say in the direction of what stands around it."""
    return f"<bdi>{escape(text)}</bdi>"


def _asset(name: str) -> str:
    """The text of a style sheet or template."""
    return files("gridpact.report").joinpath("assets", name).read_text(encoding="utf-8")
