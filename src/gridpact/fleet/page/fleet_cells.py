"""The cells of the tables of a fleet's page: cases, figures, shares, and how many rows are shown."""

from urllib.parse import quote

from gridpact.fleet.rows.fleet_tables import Row
from gridpact.fleet.rows.tally import Top
from gridpact.fleet.workspace.fleet_files import ROWS_FILE
from gridpact.report.shell.html import Link
from gridpact.results.output_folder import REPORT_FILE

SHARE_SHOWN_MIN = 0.001
DECIMALS = 3
UNKNOWN = "none"


def case_cell(row: Row, reported: frozenset[str]) -> str | Link:
    """The path of a case, which leads to its report where there is one."""
    path = str(row["path"])
    return Link(text=path, address=f"{quote(path)}/{REPORT_FILE}") if path in reported else path


def caption_of(said: str, top: Top, shown: int | None = None) -> str:
    """A caption that says how many of all rows are shown, where not all are."""
    count = min(len(top.rows), shown or top.count)
    return (
        said if count == top.count else f"{said} {count} of {top.count:,} are shown; all are in {ROWS_FILE}."
    )


def share_text(part: float, whole: float) -> str:
    """A share in percent, also where it is too small to show."""
    if not whole:
        return UNKNOWN
    return "<0.1%" if 0.0 < part / whole < SHARE_SHOWN_MIN else f"{part / whole:.1%}"


def figure_text(value: float, decimals: int = DECIMALS) -> str:
    """A number with as many decimals as all of its column have."""
    least = 10.0**-decimals
    return f"<{least:.{decimals}f}" if 0.0 < value < least / 2.0 else f"{value:,.{decimals}f}"


def figure_or_none(value: float | None) -> str:
    """A figure, or that there is none."""
    return UNKNOWN if value is None else figure_text(value)
