"""The page of a settlement."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from gridpact.arrays import Int
from gridpact.case.case import Case
from gridpact.errors import InvalidUsage
from gridpact.fields.said import counted
from gridpact.report.pictures.period_axis import horizon_words, period_axis
from gridpact.report.pictures.traces import Picture
from gridpact.report.settlement.line_words import LOSS_WORDS, MODE_WORDS, ROUNDING
from gridpact.report.settlement.settlement_pictures import (
    RETAIL_ALONE,
    Group,
    account_picture,
    gain_pictures,
    groups,
    source_pictures,
)
from gridpact.report.shell.amounts import exact_money, kwh, money
from gridpact.report.shell.document import Head, Pictures, document
from gridpact.report.shell.html import HtmlColumn, Tile, figure, paragraph, section, side_by_side, table
from gridpact.report.shell.sentences import sentence
from gridpact.report.svg.picture_svg import drawn_pictures
from gridpact.results.words.phrases import share_of
from gridpact.settlement.amounts.cents import MICRO_PER_CENT
from gridpact.settlement.bills.bill import Bill
from gridpact.settlement.settled_case import SettledCase
from gridpact.settlement.settling.settlement import Settlement
from gridpact.settlement.statements.balances import Balances, make_balances
from gridpact.settlement.statements.statements import PLACE, Statements, make_statements
from gridpact.version import __version__

BILLS_SHOWN = 60
ONE_CASE = "give the same case, settled in another way"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A settlement with all that is shown of it; `name` is its mode, or what tells it from the other."""

    name: str
    settlement: Settlement
    statements: Statements
    balances: Balances

    def energy_wh(self, line: str) -> int:
        """The energy of a line of all statements."""
        return int(self.statements.energy_wh[PLACE[line]].sum())


def settlement_page(settled: SettledCase, *, beside: SettledCase | None = None) -> str:
    """The page of a settlement: key figures, who gains what, energy by source, money by account.

    Args:
        settled: the result to show.
        beside: the same case settled in another way, to compare; either may have bills.

    Raises:
        InvalidUsage: the two are not of one case.

    Returns:
        A self-contained HTML document.
    """
    case, shown = settled.case, _shown(settled, beside)
    ways = _ways(shown)
    pictures = _pictures(case, ways)
    return document(
        _head(case, ways),
        [
            section("Who gains what against retail alone", _gains(ways, pictures)),
            _compared(ways, case.currency) if len(ways) > 1 else "",
            section(
                "Where the energy comes from and goes",
                *(_sources(ways, place) for place in range(len(ways))),
            ),
            section("Money by account", _accounts(ways, case.currency)),
            _bills(shown, ways),
            section("Checked", *(_checks(each, way) for each, way in zip(shown, ways, strict=True))),
        ],
        _origin(settled, ways),
        styles=["pair.css"],
        pictures=Pictures(drawn=drawn_pictures(pictures)),
    )


def settlement_pictures(settled: SettledCase, *, beside: SettledCase | None = None) -> dict[str, Picture]:
    """The pictures of the page by their ids; those without data are not shown."""
    return _pictures(settled.case, _ways(_shown(settled, beside)))


def _shown(settled: SettledCase, beside: SettledCase | None) -> list[SettledCase]:
    """The settlements that are shown.

    Raises:
        InvalidUsage: they are not of one case.
    """
    if beside is None:
        return [settled]
    facts = [
        {
            "number of participants": len(each.settlement.participants),
            "horizon": each.settlement.horizon,
            "currency": each.case.currency,
        }
        for each in (settled, beside)
    ]
    if differs := [name for name, value in facts[0].items() if facts[1][name] != value]:
        raise InvalidUsage(f"the settlements side by side differ in their {' and '.join(differs)}", ONE_CASE)
    return [settled, beside]


def _head(case: Case, ways: Sequence[Way]) -> Head:
    """What stands above the sections."""
    settlement = ways[0].settlement
    return Head(
        title=f"{case.name}: settlement",
        heading=f"{case.name}: what it comes to",
        below=[horizon_words(settlement.horizon)],
        said="".join(paragraph(_headline(way, case.currency)) for way in ways),
        tiles=_tiles(ways[0], case.currency),
        notices=[sentence(notice) for notice in settlement.notices],
    )


def _ways(shown: Sequence[SettledCase]) -> list[Way]:
    """Settlements with what is shown of them, all over the accounts of any: bills have some of their own."""
    balances = [make_balances(each.settlement) for each in shown]
    accounts = list(dict.fromkeys(name for each in balances for name in each.accounts))
    return [
        Way(
            name=name,
            settlement=each.settlement,
            statements=make_statements(each.settlement),
            balances=balance.of_accounts(accounts),
        )
        for name, each, balance in zip(_names(shown), shown, balances, strict=True)
    ]


def _names(shown: Sequence[SettledCase]) -> list[str]:
    """What each settlement is called: its mode; where that is the same, what tells it from the other."""
    modes = [str(each.settlement.tariffs.mode).capitalize() for each in shown]
    if len(set(modes)) == len(modes):
        return modes
    has_bills = [each.billed is not None for each in shown]
    if len(set(has_bills)) == len(modes):
        return [f"{mode} with bills" if has else mode for mode, has in zip(modes, has_bills, strict=True)]
    return [f"{mode}, {place}" for mode, place in zip(modes, ("first", "second"), strict=True)]


def _pictures(case: Case, ways: Sequence[Way]) -> dict[str, Picture]:
    """The pictures by the name of their place in the page."""
    names, currency = [way.name for way in ways], case.currency
    ids = case.participants.ids
    axis = period_axis(case.horizon)
    statements = [way.statements for way in ways]
    pictures: dict[str, Picture] = gain_pictures(names, statements, ids, currency)
    for place, way in enumerate(ways):
        for name, picture in source_pictures(way.settlement, axis).items():
            pictures[f"{name}-{place}"] = picture
    pictures["accounts"] = account_picture(names, [way.balances for way in ways], currency)
    return pictures


def _headline(way: Way, currency: str) -> str:
    """What the participants pay together, and how many of them gain."""
    gain = way.statements.gain_micro
    total, together = int(way.statements.total_micro.sum()), int(gain.sum())
    change = "less" if together >= 0 else "more"
    winners, losers = int((gain > 0).sum()), int((gain < 0).sum())
    return (
        f"{way.name}: {_exchanged(way)}. Together the participants pay {money(total, currency)}, "
        f"{money(abs(together), currency)} {change} than with retail alone. Of {len(gain)}, "
        f"{winners} gain and {losers} lose."
    )


def _exchanged(way: Way) -> str:
    """What was traded and what was shared, the greater first, and nothing of what there was none of."""
    found = [
        (way.energy_wh("p2p_bought"), "kWh were settled between peers"),
        (way.energy_wh("shared_received"), "kWh were shared by the key"),
    ]
    said = [f"{kwh(wh)} {words}" for wh, words in sorted(found, key=lambda each: -each[0]) if wh]
    return " and ".join(said) or "nothing was traded or shared"


def _tiles(way: Way, currency: str) -> list[Tile]:
    """The key figures of a settlement."""
    settlement, gain = way.settlement, way.statements.gain_micro
    head_wh, losses_wh = int(settlement.losses.head_import_wh.sum()), int(settlement.losses.losses_wh.sum())
    estimated, readings = int(settlement.meters.estimated.sum()), settlement.meters.estimated.size
    people = f"of {counted(len(gain), 'participant')}"
    metered = counted(int(settlement.meters.head_given.sum()), "period")
    version = Tile(name="Version", value=str(settlement.version), remark=_version_words(settlement))
    led = _leading_tiles(way)
    return [
        *led,
        Tile(name="Metered import", value=f"{kwh(int(way.statements.import_wh.sum()))} kWh", remark=people),
        Tile(name="Metered export", value=f"{kwh(int(way.statements.export_wh.sum()))} kWh", remark=people),
        Tile(name="Gain of participants", value=money(int(gain.sum()), currency), remark="against retail"),
        Tile(name="Drawn at the supply", value=f"{kwh(head_wh)} kWh", remark=f"metered in {metered}"),
        Tile(name="Network losses", value=f"{kwh(losses_wh)} kWh", remark=_loss_words(settlement)),
        Tile(name="Estimated readings", value=f"{estimated:,}", remark=f"of {readings:,}"),
        *([version] if settlement.version > 1 or len(led) == 1 else []),
    ]


def _leading_tiles(way: Way) -> list[Tile]:
    """What was traded and what was shared, the greater first; one of them where there was only that."""
    settlement = way.settlement
    cleared_wh, traded_wh = int(settlement.positions.energy_wh.sum()), way.energy_wh("p2p_bought")
    shared_wh = way.energy_wh("shared_received")
    traded = Tile(
        name="Settled between peers",
        value=f"{kwh(traded_wh)} kWh",
        remark=f"{share_of(traded_wh, cleared_wh)} of cleared" if cleared_wh else "nothing was cleared",
    )
    if settlement.keys is None:
        return [traded]
    shared = Tile(name="Shared by the key", value=f"{kwh(shared_wh)} kWh", remark=str(settlement.keys.kind))
    if not cleared_wh:
        return [shared]
    return [traded, shared] if traded_wh >= shared_wh else [shared, traded]


def _loss_words(settlement: Settlement) -> str:
    """Who bears losses."""
    return LOSS_WORDS[settlement.tariffs.loss_allocation]


def _version_words(settlement: Settlement) -> str:
    """What a version is in the run of corrections."""
    return "the first" if settlement.version == 1 else "corrects an earlier one"


def _gains(ways: Sequence[Way], pictures: dict[str, Picture]) -> str:
    """The picture that a settlement is looked at for, in groups."""
    if not any(way.statements.gain_micro.any() for way in ways):
        return paragraph("Nobody gains or loses anything against retail alone.")
    ordered = f" by {ways[0].name.lower()}" if len(ways) > 1 else ""
    said = (
        "Retail alone: the same meters, all import supplied and all export taken by the retailer, with "
        f"network charge and tax. From the greatest gain to the greatest loss{ordered}; all on one scale."
    )
    return paragraph(said) + "".join(_group(group, pictures) for group in groups(ways[0].statements))


def _group(group: Group, pictures: dict[str, Picture]) -> str:
    """The pictures of a group of participants, and how many of them are left out."""
    names = [name for name in pictures if name.startswith(f"gain-{group.key}-")]
    alternative = f"Level bars: gain of each participant against retail alone. {group.title}"
    drawn = "".join(figure(name, alternative, "") for name in names)
    left_out = group.members - len(group.shown)
    rest = f" The {len(group.shown)} at both ends are shown, {left_out} more are not." if left_out else ""
    heading = f"<h3>{escape(group.title)}: {group.members}</h3>"
    return heading + (side_by_side(drawn) if len(names) > 1 else drawn) + (paragraph(rest) if rest else "")


def _compared(ways: Sequence[Way], currency: str) -> str:
    """Both ways in one table."""
    measures: list[tuple[str, Callable[[Way], str]]] = [
        ("Settled between peers (kWh)", lambda way: kwh(way.energy_wh("p2p_bought"))),
        ("Shared by the key (kWh)", lambda way: kwh(way.energy_wh("shared_received"))),
        ("Supplied by retailers (kWh)", lambda way: kwh(way.energy_wh("supply"))),
        ("Taken by retailers (kWh)", lambda way: kwh(way.energy_wh("feed_in"))),
        ("Short of positions (kWh)", lambda way: kwh(way.energy_wh("imbalance_short"))),
        ("Beyond positions (kWh)", lambda way: kwh(way.energy_wh("imbalance_long"))),
        (f"Participants pay{_in(currency)}", lambda way: _sum(way.statements.total_micro)),
        (f"With retail alone{_in(currency)}", lambda way: _sum(way.statements.retail_only_micro)),
        (f"They gain{_in(currency)}", lambda way: _sum(way.statements.gain_micro)),
        ("Participants who gain", lambda way: str(int((way.statements.gain_micro > 0).sum()))),
        ("Participants who lose", lambda way: str(int((way.statements.gain_micro < 0).sum()))),
    ]
    columns = [HtmlColumn(name="Figure"), *(HtmlColumn(name=way.name, is_number=True) for way in ways)]
    rows = [(name, *(told(way) for way in ways)) for name, told in measures]
    shown = [row for row in rows if set(row[1:]) != {kwh(0)}]
    caption = "The same trades and the same meters, settled both ways."
    heading = " and ".join(way.name for way in ways).capitalize() + ", side by side"
    return section(heading, table(caption, columns, shown))


def _sources(ways: Sequence[Way], place: int) -> str:
    """Energy by source of one way."""
    way = ways[place]
    heading = f"<h3>{escape(way.name)}</h3>" if len(ways) > 1 else ""
    drawn = "What all participants draw from the network, stacked by who it is settled with."
    if way.energy_wh("imbalance_long") or way.energy_wh("imbalance_short"):
        drawn += " Positions count in full; what the meters show beside them is imbalance."
    fed = "What all participants feed into the network, stacked in the same way and on the same scale."
    return heading + side_by_side(
        figure(f"drawn-{place}", "Stacked bars: energy drawn by source in each period, in kW", drawn),
        figure(f"fed-{place}", "Stacked bars: energy fed in by destination in each period, in kW", fed),
    )


def _accounts(ways: Sequence[Way], currency: str) -> str:
    """Received less paid of every account, drawn and to the millionth; each adds up to zero."""
    first, found = ways[0].balances, dict[str, Int]()
    is_same = all(np.array_equal(way.balances.retail_only_micro, first.retail_only_micro) for way in ways)
    for way in ways:
        name, each = (f"{way.name}: ", way.balances) if len(ways) > 1 else ("", way.balances)
        if len(ways) == 1:
            found |= {"Received": each.received_micro, "Paid": each.paid_micro}
        alone = f"{RETAIL_ALONE}: net" if is_same else f"{name}{RETAIL_ALONE.lower()}"
        found |= {f"{name}net".capitalize(): each.net_micro, alone: each.retail_only_micro}
        found |= {f"{name}change".capitalize(): each.gain_micro}
    columns = [HtmlColumn(name="Account"), *(HtmlColumn(name=name, is_number=True) for name in found)]
    rows = [
        (account, *(exact_money(int(values[place])) for values in found.values()))
        for place, account in enumerate(ways[0].balances.accounts)
    ]
    alternative = "Level bars: received less paid of each account, with retail alone and as settled"
    said = "What every account receives less what it pays."
    if not is_same:
        said += f" Retail alone is drawn with what {ways[0].name.lower()} charges either way."
    drawn = figure("accounts", alternative, said)
    caption = f"Amounts{_in(currency)}, to the millionth. Net and change add up to zero over all accounts."
    return drawn + table(caption, columns, rows)


def _bills(shown: Sequence[SettledCase], ways: Sequence[Way]) -> str:
    """The bills of each settlement that made some; nothing where none were made."""
    tables = [
        (f"<h3>{escape(way.name)}</h3>" if len(ways) > 1 else "") + _bill_table(each, each.billed.bills)
        for each, way in zip(shown, ways, strict=True)
        if each.billed is not None
    ]
    return section("Bills", *tables) if tables else ""


def _bill_table(settled: SettledCase, bills: Sequence[Bill]) -> str:
    """Bills with their numbers and what they come to."""
    ids, currency = settled.energy.participants.ids, settled.case.currency
    columns = (
        HtmlColumn(name="Bill"),
        HtmlColumn(name="Participant"),
        HtmlColumn(name="Before VAT", is_number=True),
        HtmlColumn(name="VAT", is_number=True),
        HtmlColumn(name="Total", is_number=True),
        HtmlColumn(name="Corrects"),
    )
    rows = [
        (
            bill.number,
            ids[bill.participant],
            *(
                money(each * MICRO_PER_CENT, "")
                for each in (bill.net_cents, bill.vat_cents, bill.total_cents)
            ),
            bill.corrects.number if bill.corrects else "",
        )
        for bill in bills[:BILLS_SHOWN]
    ]
    together = money(sum(bill.total_cents for bill in bills) * MICRO_PER_CENT, currency)
    caption = f"Amounts{_in(currency)}, in whole cents. {counted(len(bills), 'bill')}, together {together}."
    if len(bills) > BILLS_SHOWN:
        caption += f" The first {BILLS_SHOWN} are shown; settlement.json has all."
    return table(caption, columns, rows)


def _checks(settled: SettledCase, way: Way) -> str:
    """What must hold of a settlement, each with the figure that says so."""
    columns = (HtmlColumn(name="What must hold"), HtmlColumn(name="Off by", is_number=True))
    rows = []
    for name, each in settled.summary["invariants"].items():
        unit = "micro" if name.endswith("_micro") else "Wh"
        rows.append((sentence(each["meaning"]), f"{each['figure']} {unit}"))
    return f"<h3>{escape(way.name)}</h3>" + table("Exact, in whole numbers.", columns, rows)


def _origin(settled: SettledCase, ways: Sequence[Way]) -> list[tuple[str, str]]:
    """Names and values of how the case was settled."""
    first = ways[0].settlement
    retailers = ", ".join(retailer.name for retailer in first.tariffs.retailers)
    return [
        *(("Mode", MODE_WORDS[way.settlement.tariffs.mode]) for way in ways),
        ("Losses", LOSS_WORDS[first.tariffs.loss_allocation]),
        ("Sharing key", "none" if first.keys is None else str(first.keys.kind)),
        ("Retailers", retailers),
        ("Rounding", ROUNDING),
        ("Ledger", f"{len(first.ledger.kind):,} entries, version {first.version}"),
        ("Inputs, SHA-256", settled.inputs_sha256),
        ("gridpact", __version__),
    ]


def _in(currency: str) -> str:
    """The currency in brackets; empty where there is none."""
    return f" ({currency})" if currency else ""


def _sum(micro: Int) -> str:
    """A sum of amounts, to the micro."""
    return exact_money(int(micro.sum()))
