"""The page of a fleet, whose size does not grow with the fleet."""

from importlib.metadata import version
from typing import Any

from gridpact.clearing.verify import Status
from gridpact.fleet.files import ROWS_FILE
from gridpact.fleet.meter import duration
from gridpact.fleet.pictures import hours_picture, shares_picture
from gridpact.fleet.summary import cases, energy_cleared, kind_name, limit_name, verdict
from gridpact.fleet.table import PHASES, Row
from gridpact.fleet.tally import Tally, Top
from gridpact.report.html import Column, Tile, figure, paragraph, section, table
from gridpact.report.numbers import energy, fixed
from gridpact.report.shell import Head, Pictures, document
from gridpact.report.traces import Picture
from gridpact.report.verdict import Mood, verdict_box
from gridpact.results.phrases import share_of, significant

RANKED = 25
SLOWEST = 15
SHARE_SHOWN_MIN = 0.001
REASON_CHARACTERS = 400
STATUS_WORDS = {
    Status.LIMITS_BROKEN: "limits broken by the dispatch",
    Status.NOT_CONVERGED: "no power-flow solution",
}
PHASE_WORDS = {"power_flow": "power flow"}


def fleet_page(tally: Tally, summary: dict[str, Any], title: str) -> str:
    """The page of a fleet: verdict, energies, congested feeders, failed and slowest cases.

    Args:
        tally: of all rows.
        summary: of the run.
        title: names the fleet.

    Returns:
        An HTML document, its pictures drawn by plotly.js, which is part of it.
    """
    mood, words = _mood(tally)
    pictures = {"shares": shares_picture(tally), "hours": hours_picture(tally)}
    head = Head(
        title=f"{title}: {words}",
        heading=title,
        below=[f"{cases(tally.cases)}, {tally.sums['participants']:,} participants"],
        said=verdict_box(mood, words, f"{verdict(summary)}; {energy_cleared(summary)}."),
        tiles=_tiles(tally, summary),
    )
    return document(
        head,
        [
            _failed(tally),
            _unsafe(tally),
            section("Energy by hour", _hours(pictures["hours"])),
            section("How much of what was proposed clears", _shares(tally, pictures["shares"])),
            section("Congested feeders", _congested(tally), _limits(tally)),
            _beyond(tally),
            section("Where the time goes", _slowest(tally), _phases(tally)),
        ],
        _origin(summary),
        styles=["fleet.css"],
        pictures=Pictures(script="pictures.js", data={"pictures": pictures}),
    )


def _mood(tally: Tally) -> tuple[Mood, str]:
    if tally.unsafe.count:
        return Mood.UNSAFE, f"{cases(tally.unsafe.count)} not safe to operate"
    if tally.failures.count:
        return Mood.CARE, f"{cases(tally.failures.count)} failed"
    if tally.beyond.count:
        return Mood.CARE, "Every case done, no limit made worse; some networks break limits without any trade"
    if tally.congested.count:
        return Mood.CARE, "Every case done and every limit kept, some trades cut"
    return Mood.SAFE, "Every case done and every limit kept"


def _tiles(tally: Tally, summary: dict[str, Any]) -> list[Tile]:
    proposed, cleared = summary["proposed_kwh"], summary["cleared_kwh"]
    done = tally.cases - tally.failures.count
    return [
        Tile(name="Cases done", value=f"{done:,}", remark=f"of {tally.cases:,}"),
        Tile(
            name="Failed", value=f"{tally.failures.count:,}", remark=_share(tally.failures.count, tally.cases)
        ),
        Tile(
            name="Not safe", value=f"{tally.unsafe.count:,}", remark=_share(tally.unsafe.count, tally.cases)
        ),
        Tile(
            name="Congested",
            value=f"{tally.congested.count:,}",
            remark=f"{energy(summary['network_cut_kwh'])} kWh cut by networks",
        ),
        Tile(name="Proposed", value=f"{energy(proposed)} kWh", remark=f"{summary['trades']:,} trades"),
        Tile(
            name="Cleared",
            value=f"{energy(cleared)} kWh",
            remark=f"{share_of(cleared, proposed)} of proposed" if proposed else "nothing was proposed",
        ),
        Tile(
            name="Load",
            value=f"{energy(summary['load_kwh'])} kWh",
            remark=f"{_share(cleared, summary['load_kwh'])} from peers",
        ),
        Tile(
            name="Took",
            value=duration(summary["seconds"]),
            remark=f"{summary['cases_per_second']:.3g} cases a second",
        ),
    ]


def _failed(tally: Tally) -> str:
    if not tally.failures.count:
        return ""
    rows = [(row["path"], _reason(row["error"])) for row in tally.failures.rows]
    caption = _caption(
        "These cases have no result, and everything else is complete without them.", tally.failures
    )
    content = table(caption, (Column(name="Case"), Column(name="Reason")), rows)
    return section("Failed cases", content)


def _unsafe(tally: Tally) -> str:
    if not tally.unsafe.count:
        return ""
    columns = (
        Column(name="Case"),
        Column(name="Network"),
        Column(name="Why"),
        Column(name="Limits broken", is_number=True),
    )
    rows = [
        (row["path"], row["network"], STATUS_WORDS[Status(row["status"])], str(row["violations"]))
        for row in tally.unsafe.rows
    ]
    content = table(
        _caption("The dispatch of these cases cannot be operated as it is.", tally.unsafe), columns, rows
    )
    return section("Cases that are not safe", content)


def _hours(picture: Picture) -> str:
    if not picture["data"]:
        return paragraph("There is no energy in any case.")
    caption = "Energy of all cases in each hour of the local day; the bars together are what was proposed."
    return figure(
        "hours", "Bars: energy proposed and cleared in each hour of the day, with the load", caption
    )


def _shares(tally: Tally, picture: Picture) -> str:
    said = [f"{cases(tally.in_full)} cleared all that was proposed."]
    if tally.idle:
        said.append(f"In {cases(tally.idle)} nothing was proposed.")
    if not picture["data"]:
        return paragraph(" ".join(said))
    caption = " ".join([*said, "The picture shows the others, whether the network or a cap cut them."])
    return figure("shares", "Bars: number of cases by the share of the proposed energy that cleared", caption)


def _congested(tally: Tally) -> str:
    if not tally.congested.count:
        return paragraph("No network cut any trade.")
    columns = (
        Column(name="Case"),
        Column(name="Cleared", is_number=True),
        Column(name="Cut by the network kWh", is_number=True),
        Column(name="Periods", is_number=True),
        Column(name="Limit that cuts most"),
        Column(name="It cuts kWh", is_number=True),
        Column(name="Shadow price", is_number=True),
    )
    rows = [
        (
            row["path"],
            f"{row['cleared_share']:.1%}",
            fixed(row["network_cut_kwh"], 3),
            str(row["congested_periods"]),
            limit_name(row["limited_by"], row["element"]),
            fixed(row["element_cut_kwh"], 3),
            "none" if row["shadow_price"] is None else significant(row["shadow_price"]),
        )
        for row in tally.congested.rows[:RANKED]
    ]
    said = "Those with most energy cut come first. The shadow price is in kW more per 1 % more of the limit."
    return table(_caption(said, tally.congested, RANKED), columns, rows)


def _limits(tally: Tally) -> str:
    if not tally.limits:
        return ""
    columns = (
        Column(name="Limit"),
        Column(name="Cases where it cuts most", is_number=True),
        Column(name="Cut in them kWh", is_number=True),
    )
    ranked = sorted(tally.limits.items(), key=lambda item: (-item[1][0], item[0]))
    rows = [(kind_name(kind).capitalize(), f"{count:,}", energy(kwh)) for kind, (count, kwh) in ranked]
    return "<h3>Kinds of limits</h3>" + table("What cuts most in the congested cases.", columns, rows)


def _beyond(tally: Tally) -> str:
    if not tally.beyond.count:
        return ""
    columns = (
        Column(name="Case"),
        Column(name="Network"),
        Column(name="Limits broken before any trade", is_number=True),
    )
    rows = [
        (row["path"], row["network"], str(row["baseline_violations"])) for row in tally.beyond.rows[:RANKED]
    ]
    said = "Trades never worsen these limits; the networks break them by themselves."
    content = table(_caption(said, tally.beyond, RANKED), columns, rows)
    return section("Networks beyond their limits without any trade", content)


def _slowest(tally: Tally) -> str:
    rows = [
        (
            row["path"],
            str(row["periods"]),
            str(row["trades"]),
            str(row["congested_periods"]),
            fixed(row["seconds"], 3),
            _longest_phase(row),
        )
        for row in tally.slowest.rows[:SLOWEST]
    ]
    if not rows:
        return paragraph("No case was cleared.")
    columns = (
        Column(name="Case"),
        Column(name="Periods", is_number=True),
        Column(name="Trades", is_number=True),
        Column(name="Congested periods", is_number=True),
        Column(name="Seconds", is_number=True),
        Column(name="Most of it"),
    )
    return "<h3>Slowest cases</h3>" + table("In the run in which each was cleared.", columns, rows)


def _phases(tally: Tally) -> str:
    total = tally.seconds["seconds"]
    if not total:
        return ""
    columns = (
        Column(name="Phase"),
        Column(name="Seconds of all cases", is_number=True),
        Column(name="Share", is_number=True),
        Column(name="Milliseconds a case", is_number=True),
    )
    cleared = tally.cases - tally.failures.count
    rows = [
        (
            PHASE_WORDS.get(phase, phase),
            fixed(seconds, 3),
            f"{seconds / total:.1%}",
            significant(1000.0 * seconds / cleared, 3),
        )
        for phase in (*PHASES, "all")
        if (seconds := tally.seconds["seconds" if phase == "all" else f"seconds_{phase}"])
    ]
    return "<h3>Phases</h3>" + table("Wall time of the workers, of all cases.", columns, rows)


def _origin(summary: dict[str, Any]) -> list[tuple[str, str]]:
    settings = ", ".join(f"{name} {value}" for name, value in summary["settings"].items())
    return [
        ("Settings", settings or "as each case says"),
        ("Complete before", cases(summary["complete_before"])),
        ("Workers", str(summary["workers"])),
        ("All figures", f"{ROWS_FILE}, one row a case"),
        ("gridpact", str(summary["version"])),
        ("Engine", f"distributed {version('distributed')}"),
    ]


def _longest_phase(row: Row) -> str:
    phase = max(PHASES, key=lambda name: float(row[f"seconds_{name}"]))
    return f"{PHASE_WORDS.get(phase, phase)}, {row[f'seconds_{phase}']:.3f} s"


def _caption(said: str, top: Top, shown: int | None = None) -> str:
    count = min(len(top.rows), shown or top.count)
    return (
        said if count == top.count else f"{said} {count} of {top.count:,} are shown; all are in {ROWS_FILE}."
    )


def _share(part: float, whole: float) -> str:
    if not whole:
        return "none"
    return "<0.1%" if 0.0 < part / whole < SHARE_SHOWN_MIN else f"{part / whole:.1%}"


def _reason(error: str) -> str:
    text = " ".join(error.split("\nTraceback", 1)[0].split())
    return text if len(text) <= REASON_CHARACTERS else text[: REASON_CHARACTERS - 1] + "…"
