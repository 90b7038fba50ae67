"""The summary of a fleet: the figures of `fleet.json`, and what is said on stdout."""

from typing import Any

from gridpact.clearing.solution import LimitedBy
from gridpact.clearing.verify import Status
from gridpact.fleet.meter import duration
from gridpact.fleet.table import FAILED, Row
from gridpact.fleet.tally import Tally
from gridpact.results.phrases import counted, share_of, significant
from gridpact.results.words import KINDS

RUNNING, FINISHED = "running", "finished"
DECIMALS, SECONDS_DECIMALS = 9, 3
VOLTAGES = {LimitedBy.VOLTAGE_MAX.label: "upper voltage", LimitedBy.VOLTAGE_MIN.label: "lower voltage"}
FAILURES_SHOWN, REASON_CHARACTERS = 5, 160


def summarise(
    tally: Tally, *, settings: Row, version: str, complete_before: int, workers: int, seconds: float
) -> dict[str, Any]:
    """The summary of a run as plain numbers and texts.

    Args:
        tally: of all rows.
        settings: what was asked for instead of what the cases say.
        version: of gridpact.
        complete_before: how many cases were complete before the run.
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


def outcome(summary: dict[str, Any], tally: Tally, title: str) -> str:
    """The outcome of a fleet in a few aligned lines, for people."""
    lines = [f"{title}: {verdict(summary)}.", f"  energy    {energy_cleared(summary)}"]
    if summary["complete_before"]:
        lines.append(f"  kept      {cases(summary['complete_before'])} complete before, not done again")
    if worst := tally.congested.rows[:1]:
        lines.append(f"  congested {cases(tally.congested.count)}; {_worst(worst[0])}")
    if tally.beyond.count:
        lines.append(f"  baseline  {cases(tally.beyond.count)} with limits broken before any trade")
    lines.append(f"  speed     {_speed(summary)}")
    if failures := tally.failures.rows:
        shown = [f"            {row['path']}: {_short(row['error'])}" for row in failures[:FAILURES_SHOWN]]
        lines += [f"  failed    {tally.failures.count:,}", *shown]
        if tally.failures.count > len(shown):
            lines.append(f"            … and {tally.failures.count - len(shown):,} more")
    return "\n".join(lines)


def verdict(summary: dict[str, Any]) -> str:
    """How many cases are cleared, not safe, and failed."""
    statuses = summary["statuses"]
    safe, failed = statuses[Status.CLEARED], statuses[FAILED]
    unsafe = summary["cases"] - safe - failed
    parts = [f"{safe:,} of {cases(summary['cases'])} cleared"]
    if unsafe:
        parts.append(f"{unsafe:,} NOT SAFE")
    if failed:
        parts.append(f"{failed:,} FAILED")
    return ", ".join(parts)


def energy_cleared(summary: dict[str, Any]) -> str:
    """What is cleared of what was proposed."""
    proposed, cleared = summary["proposed_kwh"], summary["cleared_kwh"]
    if not proposed:
        return "nothing was proposed"
    return f"{cleared:,.3f} kWh of {proposed:,.3f} kWh proposed cleared ({share_of(cleared, proposed)})"


def cases(count: int) -> str:
    """A number of cases in words: "1 case", "10,000 cases"."""
    return f"{count:,} case{'' if count == 1 else 's'}"


def limit_name(limited_by: str, element: str) -> str:
    """A limit of the network in words: "line 12", "upper voltage of bus 35"."""
    kind = kind_name(limited_by)
    of = " of bus" if limited_by in VOLTAGES else ""
    return f"{kind}{of} {element}" if element else f"any {kind}"


def kind_name(limited_by: str) -> str:
    """A kind of limit in words: "line", "upper voltage"."""
    return VOLTAGES.get(limited_by) or KINDS[LimitedBy[limited_by.upper()]]


def _worst(row: Row) -> str:
    limit = limit_name(row["limited_by"], row["element"])
    return f"most in {row['path']}, where {limit} cuts {significant(row['element_cut_kwh'])} kWh"


def _speed(summary: dict[str, Any]) -> str:
    rate = f"{summary['cases_per_second']:.3g} cases a second, " if summary["cases_per_second"] else ""
    return f"{rate}{duration(summary['seconds'])}, {counted(summary['workers'], 'worker')}"


def _short(error: str) -> str:
    text = " ".join(error.split())
    return text if len(text) <= REASON_CHARACTERS else text[: REASON_CHARACTERS - 1] + "…"
