"""Statements as pages, one a participant, without any script."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape

import numpy as np

from gridpact.arrays import Float, Int
from gridpact.fields.said import counted
from gridpact.report.pictures.period_axis import PeriodAxis, horizon_words, period_axis
from gridpact.report.settlement.line_words import (
    DRAWN,
    FED,
    LINE_WORDS,
    LOSS_WORDS,
    MODE_WORDS,
    RETAILER,
    ROUNDING,
)
from gridpact.report.shell.amounts import exact_money, kwh, money
from gridpact.report.shell.document import Head, document
from gridpact.report.shell.html import HtmlColumn, Tile, key, paragraph, section, side_by_side, table
from gridpact.report.shell.numbers import fixed
from gridpact.report.svg.elements import percent, text
from gridpact.report.svg.palette import css
from gridpact.results.file_names import file_names
from gridpact.results.words.phrases import share_of
from gridpact.settlement.amounts.cents import MICRO_PER_CENT
from gridpact.settlement.amounts.money import WH_PER_KWH, sum_at
from gridpact.settlement.ledger.entries import NO_TRADE
from gridpact.settlement.ledger.ledger import EntryKind, Ledger
from gridpact.settlement.settled_case import SettledCase
from gridpact.settlement.settling.settlement import Settlement
from gridpact.settlement.statements.statements import LINES, PLACE, Statements, make_statements, period_sums
from gridpact.settlement.tariffs.accounts import CONGESTION
from gridpact.version import __version__

BARS_MAX = 200
PEERS_SHOWN = 20
LEVIES = "network charge and tax"
DRAW_HEIGHT = 1000
TICK_PX = 15.0
EDGE = 0.02  # of the axis, where a text would stand out


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One participant's part of a settlement.

    Attributes:
        place: the participant's index.
        settlement: with a ledger of only those entries that the participant pays or is paid.
        statements: of all participants.
    """

    place: int
    settlement: Settlement
    statements: Statements

    @property
    def name(self) -> str:
        """The participant's id."""
        return self.settlement.participants.ids[self.place]

    def energy_wh(self, line: str) -> int:
        """The energy of a line of the statement."""
        return int(self.statements.energy_wh[PLACE[line], self.place])

    def amount_micro(self, line: str) -> int:
        """The money of a line of the statement, what is received counted against what is paid."""
        sign = 1 if LINES[PLACE[line]].is_paid else -1
        return sign * int(self.statements.amount_micro[PLACE[line], self.place])


def statement_pages(settled: SettledCase) -> Iterator[tuple[str, str]]:
    """The file name and the page of each participant's statement, in the order of the case."""
    settlement = settled.settlement
    statements, axis = make_statements(settlement), period_axis(settlement.horizon)
    ledger, count = settlement.ledger, len(settlement.participants)
    paid, received = _rows_of(ledger.debit, count), _rows_of(ledger.credit, count)
    for place, name in enumerate(file_names(settlement.participants.ids)):
        rows = np.union1d(paid[place], received[place])
        account = Account(
            place=place,
            settlement=replace(settlement, ledger=_ledger_at(ledger, rows)),
            statements=statements,
        )
        yield f"{name}.html", _page(settled, account, axis)


def _page(settled: SettledCase, account: Account, axis: PeriodAxis) -> str:
    """The page of one participant."""
    case = settled.case
    head = Head(
        title=f"{case.name}: statement for {account.name}",
        heading=f"Statement for {account.name}",
        below=[case.name, horizon_words(account.settlement.horizon)],
        said=paragraph(_headline(account, case.currency)),
        tiles=_tiles(account, case.currency),
        notices=[*_notices(account), *_bill(settled, account)],
    )
    return document(
        head,
        [
            section("Energy by source", _energy(account), _day(account, axis)),
            section("Money", _money(account, case.currency)),
            _neighbours(account, case.currency),
        ],
        _origin(settled, account),
        styles=["pair.css", "statement.css"],
    )


def _headline(account: Account, currency: str) -> str:
    """What the participant gains or loses against retail alone."""
    gain = int(account.statements.gain_micro[account.place])
    if not gain:
        return "As with retail alone, where all import is supplied and all export taken by the retailer."
    change = "better" if gain > 0 else "worse"
    return (
        f"{money(abs(gain), currency)} {change} off than with retail alone, where all import is supplied and "
        "all export taken by the retailer."
    )


def _tiles(account: Account, currency: str) -> list[Tile]:
    """The key figures of the participant."""
    statements, place = account.statements, account.place
    total, alone = int(statements.total_micro[place]), int(statements.retail_only_micro[place])
    bought, sold = (
        sum(account.energy_wh(line) for line in lines)
        for lines in (("p2p_bought", "shared_received"), ("p2p_sold", "shared_given"))
    )
    return [
        Tile(
            name="To pay" if total >= 0 else "To receive", value=money(abs(total), currency), remark="in all"
        ),
        Tile(
            name="With retail alone",
            value=money(abs(alone), currency),
            remark="to pay" if alone >= 0 else "to receive",
        ),
        Tile(
            name="From neighbours",
            value=f"{kwh(bought)} kWh",
            remark=_share(bought, int(statements.import_wh[place]), "import"),
        ),
        Tile(
            name="To neighbours",
            value=f"{kwh(sold)} kWh",
            remark=_share(sold, int(statements.export_wh[place]), "export"),
        ),
    ]


def _share(part: int, whole: int, what: str) -> str:
    """The share of what was metered."""
    return f"{share_of(part, whole)} of {what}" if whole else f"no metered {what}"


def _notices(account: Account) -> list[str]:
    """What the participant should know besides."""
    said = []
    if estimated := int(account.statements.estimated_periods[account.place]):
        said.append(f"Estimated, not measured: the reading of {counted(estimated, 'period')}.")
    if account.settlement.version > 1:
        said.append(f"Version {account.settlement.version}: it takes the place of the earlier one.")
    return said


def _bill(settled: SettledCase, account: Account) -> list[str]:
    """Under which number it is billed, and what the bill comes to in cents and with VAT."""
    bills = () if settled.billed is None else settled.billed.bills
    return [
        f"Bill {bill.number} asks for it in whole cents and with VAT: "
        f"{money(bill.total_cents * MICRO_PER_CENT, settled.case.currency)}."
        for bill in bills
        if bill.participant == account.place
    ]


def _energy(account: Account) -> str:
    """Two tables: what was drawn and what was fed in, each with what the meter shows."""
    columns = (HtmlColumn(name="Source"), HtmlColumn(name="kWh", is_number=True))
    drawn, fed = ([line for line in lines if account.energy_wh(line)] for lines in (DRAWN, FED))
    rows = [
        (heading, lines, f"Metered {what}", int(metered[account.place]))
        for heading, lines, what, metered in (
            ("Drawn from the network", drawn, "import", account.statements.import_wh),
            ("Fed into the network", fed, "export", account.statements.export_wh),
        )
    ]
    tables = (
        table(
            heading,
            columns,
            [
                *((LINE_WORDS[line].name, kwh(account.energy_wh(line))) for line in lines),
                (last, kwh(metered)),
            ],
        )
        for heading, lines, last, metered in rows
    )
    return side_by_side(*(f"<div>{each}</div>" for each in tables)) + _positions(account)


def _positions(account: Account) -> str:
    """How the figures of a firm settlement hang together; nothing under sharing."""
    if not (account.energy_wh("imbalance_long") or account.energy_wh("imbalance_short")):
        return ""
    return paragraph("Export less import = sold less bought + beyond the position − short of the position.")


def _day(account: Account, axis: PeriodAxis) -> str:
    """Both sides over time, as bars of plain SVG, each up to its highest."""
    kw = period_sums(account.settlement, account.place) / WH_PER_KWH
    hours = account.settlement.horizon.hours_per_period
    width = max(1, -(-len(axis) // BARS_MAX))
    starts = np.arange(0, len(axis), width)
    spans = np.diff(np.append(starts, len(axis))) * hours
    kw = np.add.reduceat(kw, starts, axis=1) / spans
    each = "" if width == 1 else f", means of {width} periods"
    charts = [
        _chart(title + each, [line for line in lines if kw[PLACE[line]].any()], kw, axis)
        for title, lines in (("Drawn", DRAWN), ("Fed in", FED))
        if any(kw[PLACE[line]].any() for line in lines)
    ]
    return "".join(charts)


def _chart(title: str, lines: Sequence[str], kw: Float, axis: PeriodAxis) -> str:
    """One side over time, up to its highest bar."""
    count = kw.shape[1]
    top = float(kw[[PLACE[line] for line in lines]].sum(axis=0).max())
    layers, below = [], np.zeros(count)
    for line in lines:
        above = below + np.maximum(kw[PLACE[line]], 0.0)
        layers.append(_layer(below / top, above / top, LINE_WORDS[line].colour))
        below = above
    ticks = "".join(
        text([said.split("<br>")[0]], percent(share), TICK_PX, "middle")
        for share, said in zip(_shares(axis), axis.tick_texts, strict=True)
        if EDGE < share < 1.0 - EDGE
    )
    return (
        f'<div class="day"><span class="top">{escape(title)}, up to {fixed(top, 3)} kW</span>'
        f'<svg viewBox="0 0 {count} {DRAW_HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(title)}: bars over time">{"".join(layers)}</svg>'
        f'<svg class="ticks" width="100%" height="24" aria-hidden="true">{ticks}</svg>{_key(lines)}</div>'
    )


def _shares(axis: PeriodAxis) -> list[float]:
    """How far along the axis each tick stands, 0 to 1."""
    return [(position + 0.5) / len(axis) for position in axis.tick_positions]


def _layer(low: Float, high: Float, colour: str) -> str:
    """One colour of a stack: a box for each bar that it has."""
    bottom, height = np.rint(DRAW_HEIGHT * (1.0 - low)), np.rint(DRAW_HEIGHT * (high - low))
    boxes = "".join(
        f"M{place} {int(bottom[place])}h1v-{int(height[place])}h-1z" for place in np.flatnonzero(height > 0)
    )
    return f'<path fill="{css(colour)}" d="{boxes}"/>' if boxes else ""


def _key(lines: Sequence[str]) -> str:
    """The key to the colours of some lines."""
    words = [LINE_WORDS[line] for line in lines]
    return key((each.name, f'<path fill="{css(each.colour)}" d="M2 3h16v14H2z"/>') for each in words)


def _money(account: Account, currency: str) -> str:
    """Every line with money in it, and its sum, beside retail alone."""
    columns = (
        HtmlColumn(name="What"),
        HtmlColumn(name="With"),
        HtmlColumn(name="kWh", is_number=True),
        HtmlColumn(name="Amount", is_number=True),
    )
    retailer = account.settlement.participants.retailer[account.place]
    rows = []
    for line in LINES:
        words, amount = LINE_WORDS[line.name], account.amount_micro(line.name)
        wh = account.energy_wh(line.name)
        if amount or wh:
            party = f"retailer {retailer}" if words.party == RETAILER else words.party
            rows.append((words.name, party, kwh(wh), exact_money(amount)))
    total, alone = (
        int(values[account.place])
        for values in (account.statements.total_micro, account.statements.retail_only_micro)
    )
    rows += [
        ("Together", "", "", exact_money(total)),
        ("With retail alone", "", "", exact_money(alone)),
        ("Gain", "", "", exact_money(alone - total)),
    ]
    unit = f" in {currency}" if currency else ""
    caption = f"Amounts{unit}, to the millionth: what is paid is positive, what is received negative."
    return table(caption, columns, rows)


def _neighbours(account: Account, currency: str) -> str:
    """Trades with each neighbour, and what was shared with all of them together."""
    peers, shared = _peers(account, currency), _shared(account, currency)
    if not peers and not shared:
        return section("Peers", paragraph("Nothing was settled with neighbours."))
    return (section("Peers", peers) if peers else "") + (section("Shared", shared) if shared else "")


def _peers(account: Account, currency: str) -> str:
    """Energy and money with each neighbour that there are trades with; nothing where there are none."""
    ledger = account.settlement.ledger
    rows = np.flatnonzero((ledger.kind == EntryKind.P2P) & (ledger.trade != NO_TRADE))
    if not len(rows):
        return ""
    paid, received = rows[ledger.debit[rows] == account.place], rows[ledger.credit[rows] == account.place]
    peer = np.concatenate([ledger.credit[paid], ledger.debit[received]])
    peers, place = np.unique(peer, return_inverse=True)
    buys, sells, size = place[: len(paid)], place[len(paid) :], len(peers)
    bought, sold = sum_at(buys, ledger.energy_wh[paid], size), sum_at(sells, ledger.energy_wh[received], size)
    amount = sum_at(buys, ledger.amount_micro[paid], size)
    amount -= sum_at(sells, ledger.amount_micro[received], size)
    order = np.argsort(-(bought + sold), kind="stable")[:PEERS_SHOWN]
    has_congestion = CONGESTION in account.settlement.accounts.names
    caption = _amounts(currency, without="network charge, tax and congestion" if has_congestion else LEVIES)
    if len(peers) > PEERS_SHOWN:
        caption += f" The {PEERS_SHOWN} with most energy of {len(peers)} are shown."
    columns = (
        HtmlColumn(name="Peer"),
        HtmlColumn(name="Bought kWh", is_number=True),
        HtmlColumn(name="Sold kWh", is_number=True),
        HtmlColumn(name="Amount", is_number=True),
    )
    return table(
        caption,
        columns,
        [
            (
                account.settlement.ledger.accounts[int(peers[one])],
                kwh(int(bought[one])),
                kwh(int(sold[one])),
                exact_money(int(amount[one])),
            )
            for one in order
        ],
    )


def _shared(account: Account, currency: str) -> str:
    """What the sharing key gave and took, with nobody's name: a key does not say whose energy it was."""
    given = [
        (words, line)
        for words, line in (("Received", "shared_received"), ("Given", "shared_given"))
        if account.energy_wh(line) or account.amount_micro(line)
    ]
    if not given:
        return ""
    columns = (
        HtmlColumn(name="With the community"),
        HtmlColumn(name="kWh", is_number=True),
        HtmlColumn(name="Amount", is_number=True),
    )
    rows = [
        (words, kwh(account.energy_wh(line)), exact_money(account.amount_micro(line)))
        for words, line in given
    ]
    said = "Shared by a key, with all who take part together and with none of them in particular."
    return paragraph(said) + table(_amounts(currency), columns, rows)


def _amounts(currency: str, *, without: str = LEVIES) -> str:
    """What the amounts of a table are, and in which currency."""
    return f"Amounts{f' in {currency}' if currency else ''}, without {without}."


def _origin(settled: SettledCase, account: Account) -> list[tuple[str, str]]:
    """Names and values of how the statement was made."""
    settlement = account.settlement
    return [
        ("Mode", MODE_WORDS[settlement.tariffs.mode]),
        ("Losses", LOSS_WORDS[settlement.tariffs.loss_allocation]),
        ("Rounding", ROUNDING),
        ("Version", str(settlement.version)),
        ("Inputs, SHA-256", settled.inputs_sha256),
        ("gridpact", __version__),
    ]


def _rows_of(side: Int, count: int) -> list[Int]:
    """The entries on whose side each of the first `count` accounts stands."""
    order = np.argsort(side, kind="stable")
    return np.split(order, np.searchsorted(side[order], np.arange(1, count + 1)))[:count]


def _ledger_at(ledger: Ledger, rows: Int) -> Ledger:
    """Some rows of a ledger."""
    arrays = ("period", "kind", "debit", "credit", "energy_wh", "amount_micro", "trade", "version")
    return replace(ledger, **{name: getattr(ledger, name)[rows] for name in arrays})
