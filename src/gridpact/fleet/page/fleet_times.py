"""Where the time of a fleet went: its slowest cases and its phases, as tables."""

from gridpact.fleet.page.fleet_cells import case_cell, figure_text
from gridpact.fleet.rows.fleet_tables import PHASES, Row
from gridpact.fleet.rows.tally import Tally
from gridpact.report.shell.html import HtmlColumn, paragraph, table

SLOWEST = 15
MILLISECOND_DECIMALS = 1
PHASE_WORDS = {"power_flow": "power flow"}


def slowest_table(tally: Tally, reported: frozenset[str]) -> str:
    """The table of the cases that took longest."""
    rows = [
        (
            case_cell(row, reported),
            f"{row['periods']:,}",
            f"{row['trades']:,}",
            f"{row['congested_periods']:,}",
            figure_text(row["seconds"]),
            _longest_phase(row),
        )
        for row in tally.slowest.rows[:SLOWEST]
    ]
    if not rows:
        return paragraph("No case was cleared.")
    columns = (
        HtmlColumn(name="Case"),
        HtmlColumn(name="Periods", is_number=True),
        HtmlColumn(name="Trades", is_number=True),
        HtmlColumn(name="Congested periods", is_number=True),
        HtmlColumn(name="Seconds", is_number=True),
        HtmlColumn(name="Most of it"),
    )
    return "<h3>Slowest cases</h3>" + table("In the run in which each was cleared.", columns, rows)


def phases_table(tally: Tally) -> str:
    """The table of where the time went; empty where none was taken."""
    total = tally.seconds["seconds"]
    if not total:
        return ""
    columns = (
        HtmlColumn(name="Phase"),
        HtmlColumn(name="Seconds of all cases", is_number=True),
        HtmlColumn(name="Share", is_number=True),
        HtmlColumn(name="Milliseconds a case", is_number=True),
    )
    cleared = tally.cases - tally.failures.count
    rows = [
        (
            PHASE_WORDS.get(phase, phase),
            figure_text(seconds),
            f"{seconds / total:.1%}",
            figure_text(1000.0 * seconds / cleared, MILLISECOND_DECIMALS),
        )
        for phase in (*PHASES, "all")
        if (seconds := tally.seconds["seconds" if phase == "all" else f"seconds_{phase}"])
    ]
    return "<h3>Phases</h3>" + table(
        "Wall time of the workers, in the run in which each case was cleared.", columns, rows
    )


def _longest_phase(row: Row) -> str:
    """The step that took a case longest, with its seconds."""
    phase = max(PHASES, key=lambda name: float(row[f"seconds_{name}"]))
    return f"{PHASE_WORDS.get(phase, phase)}, {row[f'seconds_{phase}']:.3f} s"
