"""The page of headroom."""

from html import escape

from gridpact.fields.said import counted
from gridpact.report.headroom.headroom_pictures import (
    SHADE_WORDS,
    SHADES,
    Offer,
    headroom_pictures,
    map_states,
    offers,
)
from gridpact.report.pictures.period_axis import horizon_words, period_axis
from gridpact.report.pictures.traces import PAPER
from gridpact.report.shell.document import Head, Pictures, document
from gridpact.report.shell.html import HtmlColumn, Tile, figure, key, paragraph, section, side_by_side, table
from gridpact.report.shell.numbers import energy, fixed
from gridpact.report.shell.sentences import capitalised, sentence
from gridpact.report.svg.palette import css
from gridpact.report.svg.picture_svg import drawn_pictures
from gridpact.results.words.phrases import share_of
from gridpact.trading_headroom import Headroom
from gridpact.trading_headroom.headroom_outcome import VERBS, headline, stopped_participants
from gridpact.trading_headroom.stops import stops

PEOPLE = {"sale": "Sellers", "purchase": "Buyers"}
STOPS_SHOWN = 15
EXPLAINED = (
    "The other side of each trade is left open, as if it stood at the supply. All together can be more than "
    "alone, where one participant buys what another sells nearby. All of this holds under the "
    "forecast only: it is no limit that anybody may rely on."
)


def headroom_page(headroom: Headroom) -> str:
    """The page of headroom: key figures, sums over time, maps of all participants, and what stops them.

    Args:
        headroom: the result to show.

    Returns:
        A self-contained HTML document.
    """
    axis = period_axis(headroom.case.horizon)
    sale, purchase = offers(headroom)
    states = {
        "labels": axis.labels,
        "sides": {
            offer.side: map_states(headroom, offer) for offer in (sale, purchase) if offer.cap_kw.any()
        },
    }
    return document(
        _head(headroom),
        [section("Sales", _side(headroom, sale)), section("Purchases", _side(headroom, purchase))],
        _origin(headroom),
        styles=["pair.css"],
        pictures=Pictures(
            drawn=drawn_pictures(headroom_pictures(headroom)), script="headroom.js", data={"states": states}
        ),
    )


def _head(headroom: Headroom) -> Head:
    """What stands above the sections."""
    return Head(
        title=f"{headroom.case.name}: headroom",
        heading=f"{headroom.case.name}: what is worth proposing",
        below=[horizon_words(headroom.case.horizon)],
        said=f"<p>{escape(sentence(headline(headroom)))} {escape(EXPLAINED)}</p>",
        tiles=_tiles(headroom),
        notices=[sentence(notice) for notice in headroom.summary["notices"]],
    )


def _side(headroom: Headroom, offer: Offer) -> str:
    """The pictures of a side, and the limits that stop it."""
    verb = VERBS[offer.side]
    if not offer.cap_kw.any():
        return paragraph(f"No participant has anything to {verb} in this horizon.")
    alternative = f"Lines: {offer.side}s of all participants in each period, in kW"
    caption = (
        f"All participants together. Each could {verb} its own part of the orange line while nobody else "
        "trades; the blue line is what goes at the same time."
    )
    return (
        figure(f"{offer.side}-sums", alternative, caption)
        + _key()
        + side_by_side(
            _map(offer, "alone", "Alone", f"What each could {verb} while nobody else trades."),
            _map(
                offer, "together", "All together", f"What each could {verb} while all the others trade too."
            ),
        )
        + _left_out(headroom, offer)
        + _stops(headroom, offer)
    )


def _map(offer: Offer, which: str, heading: str, caption: str) -> str:
    """One map of a side, with its heading and caption."""
    alternative = f"Map of participants and periods: share of each {offer.side} that the network takes"
    return f"<div><h3>{heading}</h3>{figure(f'{offer.side}-{which}', alternative, caption)}</div>"


def _left_out(headroom: Headroom, offer: Offer) -> str:
    """Who is not on the maps; nothing where all are."""
    if not offer.left_out:
        return ""
    rest = counted(offer.left_out, "participant")
    return paragraph(
        f"The maps show the {len(offer.shown)} participants that the network holds back most; {rest} more "
        f"are in headroom.{headroom.case.table_format}."
    )


def _key() -> str:
    """What the shades of the maps mean."""
    shades = [*zip(SHADE_WORDS, SHADES, strict=True), ("nothing to trade", PAPER)]
    entries = [(word, f'<path d="M2 3h16v14H2z" fill="{css(colour)}"/>') for word, colour in shades]
    return key(entries, stroke='stroke="currentColor" stroke-width="1"', lead="Share of what each has:")


def _stops(headroom: Headroom, offer: Offer) -> str:
    """The limits that stop a side alone, those that hold back most first."""
    found = stops(headroom, offer.side)
    verb = VERBS[offer.side]
    if not len(found):
        return paragraph(f"Alone, every participant could {verb} all that it has.")
    columns = (
        HtmlColumn(name="Limit"),
        HtmlColumn(name="Participants", is_number=True),
        HtmlColumn(name="Periods", is_number=True),
        HtmlColumn(name="Held back kWh", is_number=True),
    )
    caption = f"The limits that stop those who {verb} alone; those that hold back most come first."
    if len(found) > STOPS_SHOWN:
        caption += f" {STOPS_SHOWN} of {len(found)} are shown."
    rows = [
        (
            capitalised(row["reason"]),
            str(row["participants"]),
            str(row["periods"]),
            fixed(row["kwh"], 3),
        )
        for row in found.head(STOPS_SHOWN).to_dict("records")
    ]
    return table(caption, columns, rows)


def _tiles(headroom: Headroom) -> list[Tile]:
    """The key figures of both sides."""
    found = []
    for offer in offers(headroom):
        side, what = offer.side, f"{offer.side.capitalize()}s"
        cap_kwh, alone_kwh, together_kwh = (
            float(headroom.summary[f"{side}_{which}_kwh"]) for which in ("cap", "alone", "together")
        )
        stopped, count = stopped_participants(headroom, side)
        found += [
            Tile(
                name=offer.cap_name,
                value=f"{energy(cap_kwh)} kWh",
                remark=f"of {counted(count, 'participant')}",
            ),
            Tile(
                name=f"{what}, one at a time",
                value=f"{energy(alone_kwh)} kWh",
                remark=_share(alone_kwh, cap_kwh),
            ),
            Tile(
                name=f"{what}, all together",
                value=f"{energy(together_kwh)} kWh",
                remark=_share(together_kwh, cap_kwh),
            ),
            Tile(name=f"{PEOPLE[side]} stopped alone", value=f"{stopped} of {count}", remark="at some time"),
        ]
    return found


def _share(kwh: float, cap_kwh: float) -> str:
    """The share of what there is to trade."""
    return f"{share_of(kwh, cap_kwh)} of it" if cap_kwh else "there is none"


def _origin(headroom: Headroom) -> list[tuple[str, str]]:
    """Names and values of how the headroom was found."""
    summary = headroom.summary
    return [
        ("Alone", "exact AC, one power flow for each participant and period"),
        ("Together", f"formulation {summary['formulation']}, allocation {summary['allocation']}"),
        ("Network", headroom.network.name),
        ("Inputs, SHA-256", str(summary["inputs_sha256"]) or "made in memory"),
        ("gridpact", str(summary["version"])),
    ]
