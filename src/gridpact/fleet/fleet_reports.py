"""The reports of the cases of a fleet that are listed first, which are cleared again for them."""

from collections.abc import Iterable
from dataclasses import replace

from gridpact.case import read_case
from gridpact.errors import GridpactError
from gridpact.fleet.rows.fleet_tables import Row
from gridpact.fleet.rows.tally import Tally
from gridpact.fleet.workers.worker import Plan
from gridpact.pipeline import clear
from gridpact.report.clearance.clearance_page import report_page
from gridpact.results.output_folder import REPORT_FILE


def write_reports(plan: Plan, tally: Tally, count: int) -> frozenset[str]:
    """Writes the reports of the first cases of each list, beside their results.

    Args:
        plan: of the run.
        tally: of its rows.
        count: how many of each list: the unsafe, the congested, those beyond their limits without any trade.

    Returns:
        The paths of the cases that have a report; those that have changed since have none.
    """
    lists = (tally.unsafe.rows, tally.congested.rows, tally.beyond.rows)
    rows = {row["path"]: row for ranked in lists for row in ranked[:count]}
    return frozenset(_written(plan, rows.values()))


def _written(plan: Plan, rows: Iterable[Row]) -> Iterable[str]:
    """The paths of the cases whose report stands on the disk."""
    for row in rows:
        path, report = row["path"], plan.place.out / row["path"] / REPORT_FILE
        if not report.is_file():
            try:
                clearance = clear(replace(read_case(plan.cases / path), **plan.chosen))
            except GridpactError:
                continue
            if clearance.summary["inputs_sha256"] != row["inputs_sha256"]:
                continue
            aside = plan.place.private / REPORT_FILE
            aside.write_text(report_page(clearance), encoding="utf-8", newline="\n")
            aside.replace(report)
        yield path
