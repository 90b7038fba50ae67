"""The page of a comparison."""

from html import escape

from gridpact.comparison.comparison_words import (
    LIMIT_WORDS,
    NOT_KNOWN,
    by_difference,
    column_names,
    described,
    energy_rows,
    headline,
    limit_places,
    limit_rows,
    signed,
)
from gridpact.comparison.result_comparison import ResultComparison
from gridpact.fields.said import counted
from gridpact.report.comparison.comparison_pictures import (
    change_picture,
    cleared_picture,
    import_picture,
    limit_picture,
)
from gridpact.report.pictures.period_axis import PeriodAxis, axis_between
from gridpact.report.pictures.traces import Picture
from gridpact.report.shell.document import Head, Pictures, document
from gridpact.report.shell.html import HtmlColumn, Tile, figure, paragraph, section, side_by_side, table
from gridpact.report.shell.numbers import energy, fixed
from gridpact.report.shell.sentences import capitalised, sentence
from gridpact.report.svg.picture_svg import drawn_pictures

ROWS_MAX = 30
TILES = {
    "cleared_kwh": "Cleared",
    "fed_in_kwh": "Fed in for retailers",
    "curtailed_kwh": "Curtailed",
    "network_import_kwh": "Drawn from the supply",
    "losses_kwh": "Network losses",
}
TRADED_COLUMNS = (
    "Traded, first",
    "Traded, second",
    "Sold ±",
    "Bought ±",
    "Cut, first",
    "Cut, second",
    "Curtailed ±",
)
FEED_IN_COLUMNS = ("Fed in, first", "Fed in, second", "Difference", "Curtailed, first", "Curtailed, second")
TILE_LIMITS = ("highest_voltage_pu", "lowest_voltage_pu", "line_loading_percent")


def comparison_page(comparison: ResultComparison) -> str:
    """The page of a comparison: key figures, energy, limits, and who gains and who loses.

    Args:
        comparison: what gridpact.compare makes.

    Returns:
        A self-contained HTML document.
    """
    pictures, left_out = comparison_pictures(comparison), change_picture(comparison)[1]
    return document(
        _head(comparison),
        [
            section("Energy", _energy(comparison, pictures)),
            section("Limits", _limits(comparison, pictures)),
            section("Who gains and who loses", _people(comparison, left_out)),
            _feed_in(comparison),
        ],
        _origin(comparison),
        styles=["pair.css"],
        pictures=Pictures(drawn=drawn_pictures(pictures)),
    )


def comparison_pictures(comparison: ResultComparison) -> dict[str, Picture]:
    """The pictures of the page by their ids; those without data are not shown."""
    axis = axis_between(comparison.first.borders, "Local time")
    return {
        "cleared": cleared_picture(comparison, axis),
        "import": import_picture(comparison, axis),
        "change": change_picture(comparison)[0],
        **_limit_pictures(comparison, axis),
    }


def _head(comparison: ResultComparison) -> Head:
    """What stands above the sections."""
    first, second, summary = comparison.first, comparison.second, comparison.summary
    start, end = first.borders[0], first.borders[-1]
    periods = f"{counted(summary['periods'], 'period')} of {summary['resolution']}"
    said = f"{headline(comparison)}. A difference is what {second.label} has more than {first.label}."
    return Head(
        title=f"{first.name}: comparison",
        heading=f"{first.name}: two results side by side",
        below=[
            f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}, {periods}",
            f"First: {first.label} ({described(first)})",
            f"Second: {second.label} ({described(second)})",
        ],
        said=f"<p>{escape(said)}</p>",
        tiles=_tiles(comparison),
        notices=[sentence(notice) for notice in summary["notices"]],
    )


def _tiles(comparison: ResultComparison) -> list[Tile]:
    """The second result's key figures, and what the first has."""
    found = []
    for name, words in TILES.items():
        row = comparison.summary["energy"][name]
        if row["first"] or row["second"]:
            value, before = (f"{energy(row[side])} kWh" for side in ("second", "first"))
            found.append(Tile(name=words, value=value, remark=f"first: {before}"))
    for kind in TILE_LIMITS:
        if kind in comparison.second.worst:
            name, unit, decimals = LIMIT_WORDS[kind]
            value = f"{comparison.second.worst[kind].value:.{decimals}f} {unit}"
            worst = comparison.first.worst.get(kind)
            remark = f"first: {worst.value:.{decimals}f} {unit}" if worst is not None else ""
            found.append(Tile(name=capitalised(name), value=value, remark=remark))
    return found


def _energy(comparison: ResultComparison, pictures: dict[str, Picture]) -> str:
    """The energies of both, and two of them over time."""
    rows = [(capitalised(name), *values) for name, *values in energy_rows(comparison)]
    return table(
        "Energy of all participants and of the network, kWh.", _columns(comparison, "Energy"), rows
    ) + side_by_side(
        _drawn(pictures, "cleared", "Power that clears", "Lines: power cleared in each period"),
        _drawn(pictures, "import", "Power from the supply", "Lines: power from the supply in each period"),
    )


def _limits(comparison: ResultComparison, pictures: dict[str, Picture]) -> str:
    """The worst of each kind of limit in both, where that is, and how it goes over time."""
    rows = [(capitalised(name), *values) for name, *values in limit_rows(comparison)]
    if not rows:
        return paragraph("Nothing is known of the network: neither result has a power-flow solution.")
    places = [(capitalised(name), one, other) for name, one, other in limit_places(comparison)]
    drawn = [
        _drawn(
            pictures,
            kind,
            capitalised(LIMIT_WORDS[kind][0]),
            f"Lines: {LIMIT_WORDS[kind][0]} in each period",
        )
        for kind in comparison.summary["limits"]
    ]
    return (
        table("The worst value of each kind of limit.", _columns(comparison, "Limit"), rows)
        + table(
            "Where and when that is, and the limit there.",
            (HtmlColumn(name="Limit"), *(HtmlColumn(name=name) for name in _heads(comparison))),
            places,
        )
        + side_by_side(*drawn)
    )


def _people(comparison: ResultComparison, left_out: int) -> str:
    """The change of what each participant trades."""
    more, less = by_difference(comparison, "traded")
    if not more and not less:
        return paragraph("Everybody trades as much in both.")
    said = (
        f"{counted(len(more), 'participant')} of {comparison.summary['participants']} gain and {len(less)} "
        "lose, counted by the energy that they sell to and buy from peers."
    )
    rest = f" Those that change most are drawn, {left_out} more are not." if left_out else ""
    alternative = "Level bars: how much more or less each participant trades"
    return (
        paragraph(said + rest)
        + figure("change", alternative, "")
        + _changes(comparison, [*more, *reversed(less)])
    )


def _changes(comparison: ResultComparison, people: list[int]) -> str:
    """The participants whose trades change, as a table, those that change most where they are many."""
    shown = _largest(comparison, people, "traded")
    columns = (
        HtmlColumn(name="Participant"),
        *(HtmlColumn(name=name, is_number=True) for name in TRADED_COLUMNS),
    )
    rows = [
        (
            row["participant"],
            fixed(row["traded_first_kwh"], 3),
            fixed(row["traded_second_kwh"], 3),
            signed(row["sold_difference_kwh"], 3),
            signed(row["bought_difference_kwh"], 3),
            fixed(row["cut_first_kwh"], 3),
            fixed(row["cut_second_kwh"], 3),
            signed(row["curtailed_difference_kwh"], 3),
        )
        for row in comparison.table.iloc[shown].to_dict("records")
    ]
    caption = "Energy in kWh, from the greatest gain to the greatest loss."
    return table(caption + _unshown(comparison, shown, people), columns, rows)


def _feed_in(comparison: ResultComparison) -> str:
    """Who feeds in more and less for retailers, as a section; nothing where nobody does."""
    more, less = by_difference(comparison, "fed_in")
    people = [*more, *reversed(less)]
    if not people:
        return ""
    shown = _largest(comparison, people, "fed_in")
    columns = (
        HtmlColumn(name="Participant"),
        *(HtmlColumn(name=name, is_number=True) for name in FEED_IN_COLUMNS),
    )
    rows = [
        (
            row["participant"],
            fixed(row["fed_in_first_kwh"], 3),
            fixed(row["fed_in_second_kwh"], 3),
            signed(row["fed_in_difference_kwh"], 3),
            fixed(row["curtailed_first_kwh"], 3),
            fixed(row["curtailed_second_kwh"], 3),
        )
        for row in comparison.table.iloc[shown].to_dict("records")
    ]
    caption = "Energy in kWh, from those who feed in more to those who feed in less."
    return section(
        "Who feeds in more and who less",
        table(caption + _unshown(comparison, shown, people), columns, rows),
    )


def _largest(comparison: ResultComparison, people: list[int], quantity: str) -> list[int]:
    """Of some participants those whose quantity changes most, in the same order."""
    difference = comparison.table[f"{quantity}_difference_kwh"].abs()
    kept = set(difference.iloc[people].nlargest(ROWS_MAX).index.tolist())
    return [one for one in people if one in kept]


def _unshown(comparison: ResultComparison, shown: list[int], people: list[int]) -> str:
    """Where those are who are not shown; nothing where all are."""
    if len(shown) == len(people):
        return ""
    suffix = "parquet" if comparison.first.is_parquet or comparison.second.is_parquet else "csv"
    return f" {len(shown)} of {len(people)} are shown; all are in comparison.{suffix}."


def _limit_pictures(comparison: ResultComparison, axis: PeriodAxis) -> dict[str, Picture]:
    return {kind: limit_picture(comparison, axis, kind) for kind in comparison.summary["limits"]}


def _drawn(pictures: dict[str, Picture], name: str, heading: str, alternative: str) -> str:
    """A picture with its heading, or words where there is nothing to draw."""
    body = figure(name, alternative, "") if pictures[name]["data"] else paragraph("Nothing is known of it.")
    return f"<div><h3>{escape(heading)}</h3>{body}</div>"


def _columns(comparison: ResultComparison, what: str) -> tuple[HtmlColumn, ...]:
    """What, both results and the difference."""
    return (
        HtmlColumn(name=what),
        *(HtmlColumn(name=name, is_number=True) for name in _heads(comparison)),
        HtmlColumn(name="Difference", is_number=True),
    )


def _heads(comparison: ResultComparison) -> tuple[str, str]:
    """What the columns of both results are called."""
    first, second = column_names(comparison)
    return f"First: {first}", f"Second: {second}"


def _origin(comparison: ResultComparison) -> list[tuple[str, str]]:
    """How it was made."""
    both = (("first", comparison.first), ("second", comparison.second))
    return [
        *((f"Inputs of the {word}, SHA-256", each.inputs_sha256 or NOT_KNOWN) for word, each in both),
        ("gridpact", str(comparison.summary["version"])),
    ]
