"""The page of operating envelopes, as a network operator would publish them."""

from html import escape

import numpy as np

from gridpact.clearing.problem.solution import LimitedBy
from gridpact.envelopes import OperatingEnvelopes
from gridpact.envelopes.envelopes_outcome import (
    SEARCHED,
    SIDES,
    headline,
    holders,
    share_words,
    tried_words,
)
from gridpact.envelopes.envelopes_writer import CSIP_AUS_FOLDER, OPENADR_FILE
from gridpact.report.envelopes.envelope_pictures import envelope_pictures, shown_participants
from gridpact.report.pictures.period_axis import horizon_words
from gridpact.report.shell.document import Head, Pictures, document
from gridpact.report.shell.html import HtmlColumn, Tile, figure, paragraph, section, side_by_side, table
from gridpact.report.shell.numbers import fixed
from gridpact.report.shell.sentences import capitalised, sentence
from gridpact.report.svg.picture_svg import drawn_pictures
from gridpact.results.words.limit_words import element_called, named_limit_words

LIMITS_SHOWN, CORNERS_SHOWN = 15, 20
POWER_DECIMALS = 3
MEANT = (
    "An operating envelope is a limit at the meter. Each may take and feed in what it likes within its own, "
    "at any time and without a word to anybody: the network keeps its limits under every combination tried. "
    "No forecast enters."
)
WORDS = {"export": "feeds in", "import": "takes"}


def envelope_page(envelopes: OperatingEnvelopes) -> str:
    """The page of operating envelopes: key figures, a row for each participant, and what holds them back.

    Args:
        envelopes: the result to show.

    Returns:
        A self-contained HTML document.
    """
    return document(
        _head(envelopes),
        [
            section("Envelopes", _pictures(envelopes), _every_envelope(envelopes)),
            section("What holds them back", *(_holders(envelopes, side) for side in SIDES)),
            section("The worst combinations", paragraph(SEARCHED), _corners(envelopes)),
            section("For exchange", paragraph(_exchange())),
        ],
        _origin(envelopes),
        styles=["pair.css"],
        pictures=Pictures(drawn=drawn_pictures(envelope_pictures(envelopes))),
    )


def _head(envelopes: OperatingEnvelopes) -> Head:
    """What stands above the sections."""
    return Head(
        title=f"{envelopes.case.name}: operating envelopes",
        heading=f"{envelopes.case.name}: operating envelopes",
        below=[horizon_words(envelopes.case.horizon), "The same in every period."],
        said=f"<p>{escape(sentence(headline(envelopes)))} {escape(MEANT)}</p>",
        tiles=_tiles(envelopes),
        notices=[sentence(notice) for notice in envelopes.summary["notices"]],
    )


def _tiles(envelopes: OperatingEnvelopes) -> list[Tile]:
    """The key figures."""
    summary = envelopes.summary
    sides = [
        Tile(
            name=f"{side.capitalize()} in all",
            value=f"{summary[f'{side}_max_kw']:,.1f} kW",
            remark=f"{share_words(envelopes, side)} of each connection",
        )
        for side in SIDES
    ]
    return [
        *sides,
        Tile(
            name="Connections",
            value=f"{summary['connection_kw']:,.1f} kW",
            remark=f"of {summary['participants']} participants",
        ),
        Tile(
            name="Combinations tried",
            value=f"{summary['combinations_tried']:,}",
            remark="the idle network breaks limits" if envelopes.broken else "none breaks a limit",
        ),
    ]


def _pictures(envelopes: OperatingEnvelopes) -> str:
    """The rows of participants, in one column or in two."""
    pictures = envelope_pictures(envelopes)
    alternative = "Bars: what each participant may take and feed in, in kW, beside its connection"
    caption = "What each may take (left) and feed in (right). Pale is what its connection would carry."
    figures = [figure(name, alternative, caption) for name in pictures]
    return figures[0] if len(figures) == 1 else side_by_side(*(f"<div>{each}</div>" for each in figures))


def _every_envelope(envelopes: OperatingEnvelopes) -> str:
    """A table of the participants that are drawn."""
    people, shown = envelopes.case.participants, shown_participants(envelopes)
    columns = (
        HtmlColumn(name="Participant"),
        HtmlColumn(name="Connection kW", is_number=True),
        HtmlColumn(name="May take kW", is_number=True),
        HtmlColumn(name="Taking is held by"),
        HtmlColumn(name="May feed in kW", is_number=True),
        HtmlColumn(name="Feeding in is held by"),
    )
    rows = [
        (
            people.ids[one],
            f"{people.connection_kw[one]:g}",
            fixed(_shown_kw(envelopes.import_max_kw[0, one]), POWER_DECIMALS),
            _held_by(envelopes, "import", one),
            fixed(_shown_kw(envelopes.export_max_kw[0, one]), POWER_DECIMALS),
            _held_by(envelopes, "export", one),
        )
        for one in shown.tolist()
    ]
    caption = "Every envelope, in kW at the meter, rounded down."
    if len(shown) < len(people):
        caption = (
            f"The {len(shown)} smallest envelopes of {len(people)}, in kW at the meter, rounded down; all "
            f"are in operating_envelopes.{envelopes.case.table_format}."
        )
    return table(caption, columns, rows)


def _shown_kw(kw: float) -> float:
    """A power rounded down to what the page shows, as nobody may go beyond it."""
    scale = 10.0**POWER_DECIMALS
    return float(np.floor(kw * scale + 1e-6) / scale)


def _held_by(envelopes: OperatingEnvelopes, side: str, participant: int) -> str:
    """What holds back an envelope, in words."""
    kind, element, phase = (
        int(getattr(envelopes, f"{side}_{name}")[participant]) for name in ("limited_by", "element", "phase")
    )
    if kind == LimitedBy.CONNECTION:
        return "its connection"
    name = element_called(envelopes.case, envelopes.network, kind, element)
    return named_limit_words(kind, name, phase, [])


def _holders(envelopes: OperatingEnvelopes, side: str) -> str:
    """The limits that hold back a side."""
    found = holders(envelopes, side)
    columns = (HtmlColumn(name="Limit"), HtmlColumn(name="Participants", is_number=True))
    caption = f"What holds back what everybody {WORDS[side]}."
    if len(found) > LIMITS_SHOWN:
        caption += f" {LIMITS_SHOWN} of {len(found)} are shown."
    return table(
        caption, columns, [(capitalised(words), str(count)) for words, count in found[:LIMITS_SHOWN]]
    )


def _corners(envelopes: OperatingEnvelopes) -> str:
    """The combinations that stand at a limit."""
    corners = envelopes.corners
    columns = (
        HtmlColumn(name="Combination"),
        HtmlColumn(name="Limit"),
        HtmlColumn(name="Value", is_number=True),
        HtmlColumn(name="Feed in", is_number=True),
        HtmlColumn(name="Take", is_number=True),
        HtmlColumn(name="Do nothing", is_number=True),
    )
    rows = []
    for place in range(min(len(corners), CORNERS_SHOWN)):
        power_kw, kind = corners.power_kw[place], int(corners.limited_by[place])
        name = element_called(envelopes.case, envelopes.network, kind, int(corners.element[place]))
        words = named_limit_words(kind, name, int(corners.phase[place]), [float(corners.limit[place])])
        counts = [int(np.sum(flags)) for flags in (power_kw > 0.0, power_kw < 0.0, power_kw == 0.0)]
        rows.append(
            (
                str(place + 1),
                capitalised(words),
                fixed(float(corners.value[place]), 5),
                *(str(count) for count in counts),
            )
        )
    caption = "The combinations that bring the network to a limit: how many feed in, take, or do nothing."
    if len(corners) > CORNERS_SHOWN:
        caption += f" {CORNERS_SHOWN} of {len(corners)} are shown."
    return table(caption, columns, rows)


def _exchange() -> str:
    """Where the files for other systems are."""
    return (
        f"Beside this page, {OPENADR_FILE} has the envelopes as OpenADR 3 events (IMPORT_CAPACITY_LIMIT and "
        f"EXPORT_CAPACITY_LIMIT, in kW), and {CSIP_AUS_FOLDER} a file for each participant with CSIP-AUS "
        "controls (opModImpLimW and opModExpLimW, in whole watts, rounded down)."
    )


def _origin(envelopes: OperatingEnvelopes) -> list[tuple[str, str]]:
    """Names and values of how the envelopes were found."""
    summary = envelopes.summary
    return [
        ("Rule", str(summary["rule"])),
        ("Tried", tried_words(envelopes)),
        ("Network", envelopes.network.name),
        ("Inputs, SHA-256", str(summary["inputs_sha256"]) or "made in memory"),
        ("gridpact", str(summary["version"])),
    ]
