"""The page of envelopes as one self-contained HTML document, the same bytes for the same envelopes."""

from html import escape
from importlib.metadata import version
from importlib.resources import files
from string import Template

from gridpact.envelopes import Envelopes
from gridpact.envelopes.stops import stops
from gridpact.envelopes.words import VERBS, headline, stopped_participants
from gridpact.report.envelope_pictures import (
    SHADE_WORDS,
    SHADES,
    Offer,
    map_layout,
    map_states,
    offers,
    sums_picture,
)
from gridpact.report.html import Column, Tile, bullets, facts, figure, paragraph, table, tiles
from gridpact.report.numbers import energy, fixed, script_json
from gridpact.report.periods import period_axis
from gridpact.results.phrases import counted, share_of

PEOPLE = {"sale": "Sellers", "purchase": "Buyers"}
STOPS_SHOWN = 15


def envelope_page(envelopes: Envelopes) -> str:
    """The page of envelopes: key figures, sums over time, maps of all participants, and what stops them.

    Args:
        envelopes: the result to show.

    Returns:
        An HTML document, its pictures drawn by plotly.js, which is part of it.
    """
    from plotly.offline import get_plotlyjs

    axis = period_axis(envelopes.case.horizon)
    sale, purchase = offers(envelopes)
    ids = envelopes.case.participants.ids
    states = {
        "labels": axis.labels,
        "shades": SHADES,
        "sides": {
            offer.side: {
                "sums": sums_picture(envelopes, offer, axis),
                "layout": map_layout(offer, axis, ids),
                "map": map_states(envelopes, offer),
            }
            for offer in (sale, purchase)
        },
    }
    return Template(_resource("envelope.html")).substitute(
        title=escape(f"{envelopes.case.name}: envelopes"),
        name=escape(envelopes.case.name),
        horizon=escape(_horizon(envelopes)),
        headline=escape(_sentence(headline(envelopes))),
        tiles=tiles(_tiles(envelopes)),
        notices=bullets(_sentence(notice) for notice in envelopes.summary["notices"]),
        sales=_section(envelopes, sale),
        purchases=_section(envelopes, purchase),
        origin=_origin(envelopes),
        states=script_json(states),
        style=_resource("style.css") + _resource("envelope.css"),
        plotly=get_plotlyjs(),
        script=_resource("envelope.js"),
    )


def _section(envelopes: Envelopes, offer: Offer) -> str:
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
        + '<div class="pair">'
        + _map(offer, "alone", "Alone", f"What each could {verb} while nobody else trades.")
        + _map(offer, "together", "All together", f"What each could {verb} while all the others trade too.")
        + "</div>"
        + _left_out(envelopes, offer)
        + _stops(envelopes, offer)
    )


def _map(offer: Offer, which: str, heading: str, caption: str) -> str:
    alternative = f"Map of participants and periods: share of each {offer.side} that the network takes"
    return f"<div><h3>{heading}</h3>{figure(f'{offer.side}-{which}', alternative, caption)}</div>"


def _left_out(envelopes: Envelopes, offer: Offer) -> str:
    """Who is not on the maps; nothing where all are."""
    if not offer.left_out:
        return ""
    rest = counted(offer.left_out, "participant")
    return paragraph(
        f"The maps show the {len(offer.shown)} participants that the network holds back most; {rest} more "
        f"are in envelopes.{envelopes.case.table_format}."
    )


def _key() -> str:
    """What the shades of the maps mean."""
    entries = [*zip(SHADE_WORDS, SHADES, strict=True), ("nothing to trade", "#ffffff")]
    items = "".join(
        '<li><svg viewBox="0 0 20 20" aria-hidden="true" stroke="#52606d" stroke-width="1">'
        f'<path d="M2 3h16v14H2z" fill="{colour}"/></svg>{escape(word)}</li>'
        for word, colour in entries
    )
    return f'<ul class="key"><li>Share of what each has:</li>{items}</ul>'


def _stops(envelopes: Envelopes, offer: Offer) -> str:
    """The limits that stop a side alone, those that hold back most first."""
    found = stops(envelopes, offer.side)
    verb = VERBS[offer.side]
    if not len(found):
        return paragraph(f"Alone, every participant could {verb} all that it has.")
    columns = (
        Column(name="Limit"),
        Column(name="Participants", is_number=True),
        Column(name="Periods", is_number=True),
        Column(name="Held back kWh", is_number=True),
    )
    caption = f"The limits that stop those who {verb} alone; those that hold back most come first."
    if len(found) > STOPS_SHOWN:
        caption += f" {STOPS_SHOWN} of {len(found)} are shown."
    rows = [
        (
            row["reason"][:1].upper() + row["reason"][1:],
            str(row["participants"]),
            str(row["periods"]),
            fixed(row["kwh"], 3),
        )
        for row in found.head(STOPS_SHOWN).to_dict("records")
    ]
    return table(caption, columns, rows)


def _tiles(envelopes: Envelopes) -> list[Tile]:
    found = []
    for offer in offers(envelopes):
        side, what = offer.side, f"{offer.side.capitalize()}s"
        cap_kwh, alone_kwh, together_kwh = (
            float(envelopes.summary[f"{side}_{which}_kwh"]) for which in ("cap", "alone", "together")
        )
        stopped, count = stopped_participants(envelopes, side)
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
    return f"{share_of(kwh, cap_kwh)} of it" if cap_kwh else "there is none"


def _horizon(envelopes: Envelopes) -> str:
    horizon = envelopes.case.horizon
    first, end = horizon.instant(0), horizon.instant(horizon.periods)
    periods = f"{counted(horizon.periods, 'period')} of {horizon.resolution}"
    return f"{first:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} ({horizon.timezone}), {periods}"


def _origin(envelopes: Envelopes) -> str:
    summary = envelopes.summary
    return facts(
        [
            ("Alone", "exact AC, one power flow for each participant and period"),
            ("Together", f"formulation {summary['formulation']}, allocation {summary['allocation']}"),
            ("Network", envelopes.network.name),
            ("Inputs, SHA-256", str(summary["inputs_sha256"]) or "made in memory"),
            ("gridpact", str(summary["version"])),
            ("Pictures", f"plotly {version('plotly')}"),
        ]
    )


def _sentence(text: str) -> str:
    """The text with a capital and a full stop."""
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def _resource(name: str) -> str:
    return files("gridpact.report").joinpath(name).read_text(encoding="utf-8")
