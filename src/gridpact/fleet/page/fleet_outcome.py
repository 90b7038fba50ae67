"""A fleet in words: its outcome on stdout, and what its page says in the same words."""

from collections.abc import Sequence
from typing import Any

from gridpact.clearing.dispatch_verification import Status
from gridpact.clearing.problem.solution import LimitedBy
from gridpact.fields.said import counted, shortened
from gridpact.fleet.page.fleet_progress import duration
from gridpact.fleet.rows.fleet_tables import FAILED, PHASE, Row
from gridpact.fleet.rows.tally import Tally
from gridpact.results.words.limit_kinds import KINDS
from gridpact.results.words.phrases import share_of, significant
from gridpact.results.words.place_words import phase_words

VOLTAGES = {LimitedBy.VOLTAGE_MAX.label: "upper voltage", LimitedBy.VOLTAGE_MIN.label: "lower voltage"}
OF_PHASES = {LimitedBy.NEUTRAL.label: "neutral", LimitedBy.VOLTAGE_UNBALANCE.label: "voltage unbalance"}
OF = {
    **dict.fromkeys((*VOLTAGES, LimitedBy.VOLTAGE_UNBALANCE.label), " of bus"),
    LimitedBy.NEUTRAL.label: " of line",
}
FAILURES_SHOWN, REASON_CHARACTERS = 5, 160
LISTED = 3
KWH_SHOWN_MIN = 0.0005  # less would read 0.000


def outcome(summary: dict[str, Any], tally: Tally, title: str) -> str:
    """The outcome of a fleet in a few aligned lines, for people."""
    lines = [f"{title}: {verdict(summary)}.", f"  energy    {energy_cleared(summary)}"]
    if cuts := energy_cut(summary):
        lines.append(f"  cut       {cuts}")
    if summary["curtailed_kwh"] > KWH_SHOWN_MIN:
        available = summary["fed_in_kwh"] + summary["curtailed_kwh"]
        curtailed = share_of(summary["curtailed_kwh"], available)
        lines.append(
            f"  feed-in   {summary['curtailed_kwh']:,.3f} kWh curtailed of {available:,.3f} kWh ({curtailed})"
        )
    if worst := tally.congested.rows[:1]:
        lines.append(f"  congested {cases(tally.congested.count)}; {_worst(worst[0])}")
    if tally.beyond.count:
        lines.append(f"  baseline  {cases(tally.beyond.count)} with limits broken before any trade")
    lines.append(f"  speed     {_speed(summary)}")
    if failures := tally.failures.rows:
        lines.append(f"  failed    {tally.failures.count:,}")
        lines += [
            f"            {row['path']}: {reason(row['error'], REASON_CHARACTERS)}"
            for row in failures[:FAILURES_SHOWN]
        ]
        if tally.failures.count > FAILURES_SHOWN:
            lines.append(f"            … and {tally.failures.count - FAILURES_SHOWN:,} more")
    if others := other_results(summary):
        lines.append(f"  others    {others}")
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


def energy_cut(summary: dict[str, Any]) -> str:
    """What cut the rest: "3.000 kWh by networks, 2.000 kWh by caps"; empty where nothing is cut."""
    networks, caps = summary["network_cut_kwh"], summary["caps_cut_kwh"]
    rest = summary["proposed_kwh"] - summary["cleared_kwh"] - networks - caps
    parts = {
        "networks": networks,
        "caps (participants' own surplus and demand)": caps,
        "terms of trades or the rule of allocation": rest,
    }
    return ", ".join(f"{kwh:,.3f} kWh by {what}" for what, kwh in parts.items() if kwh >= KWH_SHOWN_MIN)


def other_results(summary: dict[str, Any]) -> str:
    """Results in the folder that are of no case of the run, and what to do; empty where there are none."""
    paths = summary["other_results"]
    if not paths:
        return ""
    said = f"the folder holds {counted(len(paths), 'result')} of cases that are not in this run"
    return f"{said}: {listed(paths)}; delete those that are not wanted any more"


def pace(summary: dict[str, Any]) -> str:
    """How fast cases were done, and how many were kept: "8 done at 2.1 a second, 52 kept"."""
    kept, rate = summary["complete_before"], f"{summary['cases_per_second']:.3g}"
    done = summary["cases"] - kept
    if not kept:
        return f"{rate} cases a second"
    return f"{done:,} done at {rate} a second, {kept:,} kept" if done else f"all {kept:,} kept, none to do"


def cases(count: int) -> str:
    """A number of cases in words: "1 case", "10,000 cases", "no case"."""
    return f"{count:,} case{'' if count == 1 else 's'}" if count else "no case"


def listed(paths: Sequence[str]) -> str:
    """The first of some paths, and how many more there are: "a, b, c and 4 more"."""
    more = f" and {len(paths) - LISTED:,} more" if len(paths) > LISTED else ""
    return ", ".join(paths[:LISTED]) + more


def limit_name(row: Row) -> str:
    """The one limit that cut most, in words: "line 12", "upper voltage of bus 35 phase c (Church Road)"."""
    kind, element = kind_name(row["limited_by"]), row["element"]
    if not element:
        return f"any {kind}"
    phase = "" if row["limited_by"] in OF_PHASES else phase_words(row.get(PHASE, ""))
    name = f" ({row['element_name']})" if row["element_name"] else ""
    return f"{kind}{OF.get(row['limited_by'], '')} {element}{phase}{name}"


def kind_name(limited_by: str) -> str:
    """A kind of limit in words: "line", "upper voltage"."""
    return {**VOLTAGES, **OF_PHASES}.get(limited_by) or KINDS[LimitedBy[limited_by.upper()]]


def reason(error: str, characters: int) -> str:
    """Why a case failed, in one line of so many characters: several problems are set apart by semicolons."""
    first, *more = [line.strip() for line in error.split("\nTraceback", 1)[0].splitlines() if line.strip()]
    text = f"{first}{' ' if first.endswith(':') else '; '}{'; '.join(more)}" if more else first
    return shortened(text, characters)


def _worst(row: Row) -> str:
    """The case whose network cut most, and what cut it."""
    cut = f"{significant(row['element_cut_kwh'])} kWh"
    return f"most in {row['path']}, where {limit_name(row)} cuts {cut}"


def _speed(summary: dict[str, Any]) -> str:
    """How fast the run was, how long it took, and on how many workers."""
    return f"{pace(summary)}, {duration(summary['seconds'])}, {counted(summary['workers'], 'worker')}"
