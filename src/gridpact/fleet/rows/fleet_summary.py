"""The summary of a fleet: the figures of `fleet.json`."""

from collections.abc import Sequence
from typing import Any

from gridpact.fleet.rows.fleet_tables import Row
from gridpact.fleet.rows.tally import Tally
from gridpact.results.decimals import DECIMALS

RUNNING, INTERRUPTED, FINISHED = "running", "interrupted", "finished"
SECONDS_DECIMALS = 3


def summarise(
    tally: Tally,
    *,
    settings: Row,
    version: str,
    complete_before: int,
    other_results: Sequence[str],
    workers: int,
    seconds: float,
) -> dict[str, Any]:
    """The summary of a run as plain numbers and texts.

    Args:
        tally: of all rows.
        settings: what was asked for instead of what the cases say.
        version: of gridpact.
        complete_before: how many cases were complete before the run.
        other_results: paths of the results of cases that are not in the run.
        workers: that cleared the others.
        seconds: wall time of the run.
    """
    sums = {name: round(value, DECIMALS) for name, value in tally.sums.items()}
    proposed_kwh = sums["proposed_kwh"]
    return {
        "state": FINISHED,
        "cases": tally.cases,
        "statuses": tally.statuses,
        "complete_before": complete_before,
        "other_results": list(other_results),
        **sums,
        "cleared_share": round(sums["cleared_kwh"] / proposed_kwh, DECIMALS) if proposed_kwh else None,
        "congested_cases": tally.congested.count,
        "cases_broken_before": tally.beyond.count,
        "settings": settings,
        "workers": workers,
        "seconds": round(seconds, SECONDS_DECIMALS),
        "cases_per_second": round((tally.cases - complete_before) / seconds, SECONDS_DECIMALS),
        "version": version,
    }
