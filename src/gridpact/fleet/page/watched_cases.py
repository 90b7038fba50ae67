"""The cases of a fleet that are worth a look: failed, unsafe, congested, unbalanced, beyond their limits.

What is made here is empty, or says so, where there is no such case. `reported` are the paths of the cases
that have a report beside their result, which their rows lead to.
"""

from gridpact.clearing.dispatch_verification import Status
from gridpact.fleet.page.fleet_cells import (
    UNKNOWN,
    caption_of,
    case_cell,
    figure_or_none,
    figure_text,
)
from gridpact.fleet.page.fleet_outcome import cases, limit_name, reason
from gridpact.fleet.rows.fleet_tables import WORST_PHASE
from gridpact.fleet.rows.tally import Tally
from gridpact.grid.network_model import PHASES as PHASE_NAMES
from gridpact.report.shell.html import HtmlColumn, paragraph, section, table
from gridpact.report.shell.sentences import capitalised

RANKED = 25
REASON_CHARACTERS = 400
STATUS_WORDS = {
    Status.CLEARED: "limits kept",
    Status.BASELINE_UNSAFE: "limits broken before any trade, none made worse",
    Status.LIMITS_BROKEN: "limits broken by the dispatch",
    Status.NOT_CONVERGED: "no power-flow solution",
}


def failed_section(tally: Tally) -> str:
    """The section of failed cases; empty where there are none."""
    if not tally.failures.count:
        return ""
    rows = [(row["path"], reason(row["error"], REASON_CHARACTERS)) for row in tally.failures.rows]
    caption = caption_of(
        "These cases have no result, and everything else is complete without them.", tally.failures
    )
    content = table(caption, (HtmlColumn(name="Case"), HtmlColumn(name="Reason")), rows)
    return section("Failed cases", content)


def unsafe_section(tally: Tally, reported: frozenset[str]) -> str:
    """The section of cases that are not safe to operate; empty where there are none."""
    if not tally.unsafe.count:
        return ""
    columns = (
        HtmlColumn(name="Case"),
        HtmlColumn(name="Title"),
        HtmlColumn(name="Why"),
        HtmlColumn(name="Limits broken", is_number=True),
    )
    rows = [
        (case_cell(row, reported), row["name"], STATUS_WORDS[Status(row["status"])], str(row["violations"]))
        for row in tally.unsafe.rows
    ]
    content = table(
        caption_of("The dispatch of these cases cannot be operated as it is.", tally.unsafe), columns, rows
    )
    return section("Cases that are not safe", content)


def congested_table(tally: Tally, reported: frozenset[str]) -> str:
    """The table of the cases whose networks cut most."""
    if not tally.congested.count:
        return paragraph("No network cut any trade.")
    columns = (
        HtmlColumn(name="Case"),
        HtmlColumn(name="Cleared", is_number=True),
        HtmlColumn(name="Cut by the network kWh", is_number=True),
        HtmlColumn(name="Periods", is_number=True),
        HtmlColumn(name="The one limit that cuts most"),
        HtmlColumn(name="It cuts kWh", is_number=True),
        HtmlColumn(name="Shadow price", is_number=True),
    )
    rows = [
        (
            case_cell(row, reported),
            f"{row['cleared_share']:.1%}",
            figure_text(row["network_cut_kwh"]),
            f"{row['congested_periods']:,}",
            limit_name(row),
            figure_text(row["element_cut_kwh"]),
            "none" if row["shadow_price"] is None else figure_text(row["shadow_price"]),
        )
        for row in tally.congested.rows[:RANKED]
    ]
    said = (
        "Those with most energy cut come first. The shadow price is in kW more cleared per 1 % more of the "
        "limit; under a lower voltage, per 1 % less."
    )
    return table(caption_of(said, tally.congested, RANKED), columns, rows)


def phases_section(tally: Tally, reported: frozenset[str]) -> str:
    """The section of cases on three phases; empty where there are none."""
    if not tally.unbalanced.count:
        return ""
    columns = (
        HtmlColumn(name="Case"),
        HtmlColumn(name="Worst phase"),
        HtmlColumn(name="Highest unbalance %", is_number=True),
        HtmlColumn(name="At bus", is_number=True),
        HtmlColumn(name="Highest neutral loading %", is_number=True),
        HtmlColumn(name="Of line", is_number=True),
    )
    rows = [
        (
            case_cell(row, reported),
            row[WORST_PHASE] or UNKNOWN,
            figure_or_none(row["highest_unbalance_percent"]),
            row["highest_unbalance_bus"] or UNKNOWN,
            figure_or_none(row["highest_neutral_percent"]),
            row["highest_neutral_line"] or UNKNOWN,
        )
        for row in tally.unbalanced.rows[:RANKED]
    ]
    counts = [f"{each} in {cases(tally.worst_phases[each])}" for each in PHASE_NAMES]
    said = (
        f"{capitalised(cases(tally.unbalanced.count))} on three phases. The worst phase of each has the "
        f"voltage or loading that comes nearest to its limit, or furthest beyond it: {', '.join(counts)}."
    )
    caption = caption_of("Those with the highest unbalance come first.", tally.unbalanced, RANKED)
    return section("Phases, neutrals and unbalance", paragraph(said), table(caption, columns, rows))


def beyond_section(tally: Tally, reported: frozenset[str]) -> str:
    """The section of cases with limits broken before any trade; empty where there are none."""
    if not tally.beyond.count:
        return ""
    columns = (
        HtmlColumn(name="Case"),
        HtmlColumn(name="Title"),
        HtmlColumn(name="Limits broken before any trade", is_number=True),
        HtmlColumn(name="With the trades"),
    )
    rows = [
        (
            case_cell(row, reported),
            row["name"],
            str(row["baseline_violations"]),
            STATUS_WORDS[Status(row["status"])],
        )
        for row in tally.beyond.rows[:RANKED]
    ]
    said = "The networks break these limits by themselves."
    content = table(caption_of(said, tally.beyond, RANKED), columns, rows)
    return section("Networks beyond their limits without any trade", content)
