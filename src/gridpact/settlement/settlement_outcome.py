"""A settlement in words, as it is shown on stdout."""

from typing import Any

from gridpact.fields.said import counted
from gridpact.results.words.phrases import share_of
from gridpact.settlement.amounts.money import WH_PER_KWH
from gridpact.settlement.amounts.whole import MICRO
from gridpact.settlement.settled_case import SettledCase
from gridpact.settlement.tariffs.tariffs import Mode

ACCOUNTS_SHOWN = 8


def outcome(settled: SettledCase) -> str:
    """The outcome in a few aligned lines, for people."""
    summary = settled.summary
    energy = summary["energy_wh"]
    people = counted(summary["participants"], "participant")
    horizon = f"{counted(summary['periods'], 'period')} of {summary['resolution']}"
    lines = [
        f"{summary['name']}: {_headline(summary)}.",
        f"  people    {people} over {horizon}, settled by mode '{summary['mode']}'",
        f"  meters    {_meters(summary)}",
        f"  import    {_kwh(energy['import'])}{_sources(summary)}",
        f"  export    {_kwh(energy['export'])}{_uses(summary)}",
        *_imbalance(summary),
        f"  losses    {_kwh(energy['losses'])}, allocated by '{summary['loss_allocation']}'",
        *(f"  {'money' if not place else '':<10}{line}" for place, line in enumerate(_money(summary))),
        f"  ledger    {_ledger(summary)}",
        f"  checks    {_checks(summary)}",
    ]
    lines += [f"  notice    {notice}" for notice in summary["notices"]]
    return "\n".join(lines)


def _headline(summary: dict[str, Any]) -> str:
    """What counts as traded, and what participants gain."""
    energy, people = summary["energy_wh"], summary["accounts"]["participants"]
    cleared = energy["cleared"]
    share = f" ({share_of(energy['traded'], cleared)})" if cleared else ""
    traded = f"{_kwh(energy['traded'])} of {_kwh(cleared)} cleared counts as traded{share}"
    gain = people["gain_micro"]
    verb = "gain" if gain >= 0 else "lose"
    return f"{traded}; participants {verb} {_amount(abs(gain), summary)} against retail alone"


def _meters(summary: dict[str, Any]) -> str:
    """How many readings there are, and how many are estimates."""
    readings = summary["readings"]
    said = [counted(readings["total"], "reading")]
    if readings["estimated"]:
        taken = (
            f", {readings['from_schedule']:,} of them from the schedule" if readings["from_schedule"] else ""
        )
        said.append(f"{readings['estimated']:,} estimated{taken}")
    head = readings["head"]
    said.append(f"head read in {head} of {counted(summary['periods'], 'period')}")
    return "; ".join(said)


def _sources(summary: dict[str, Any]) -> str:
    """Where imported energy came from, in the mode that says so."""
    energy = summary["energy_wh"]
    if summary["mode"] == Mode.FIRM:
        return ""
    return _parts(
        (energy["traded"], "from peers"),
        (energy["shared"], "shared"),
        (energy["supply"], "supplied"),
    )


def _uses(summary: dict[str, Any]) -> str:
    """Where exported energy went, in the mode that says so."""
    energy = summary["energy_wh"]
    if summary["mode"] == Mode.FIRM:
        return ""
    return _parts(
        (energy["traded"], "to peers"),
        (energy["shared"], "shared"),
        (energy["feed_in"], "fed in"),
    )


def _imbalance(summary: dict[str, Any]) -> list[str]:
    """What the meters are above and below the positions, where those govern."""
    energy = summary["energy_wh"]
    long, short = energy["imbalance_long"], energy["imbalance_short"]
    if summary["mode"] != Mode.FIRM:
        return []
    return [f"  imbalance {_kwh(long)} above the positions, {_kwh(short)} below"]


def _parts(*parts: tuple[int, str]) -> str:
    """The energies that are not zero, each with its words."""
    said = [f"{_kwh(wh)} {words}" for wh, words in parts if wh]
    return f": {', '.join(said)}" if said else ""


def _money(summary: dict[str, Any]) -> list[str]:
    """One line an account: what it is paid or pays, and what that is against retail alone."""
    lines = []
    for name, figures in list(summary["accounts"].items())[:ACCOUNTS_SHOWN]:
        net, gain = figures["net_micro"], figures["gain_micro"]
        verb = ("pay" if name == "participants" else "pays") if net < 0 else "paid"
        words = "better" if gain > 0 else "worse"
        than = f", {_amount(abs(gain), summary)} {words} off than with retail alone" if gain else ""
        lines.append(f"{name} {verb} {_amount(abs(net), summary)}{than}")
    if len(summary["accounts"]) > ACCOUNTS_SHOWN:
        lines.append(f"… and {len(summary['accounts']) - ACCOUNTS_SHOWN} more accounts in residuals")
    return lines


def _ledger(summary: dict[str, Any]) -> str:
    """How many entries the ledger has, and how many of them are new."""
    entries = f"{summary['entries']:,} entr{'y' if summary['entries'] == 1 else 'ies'}"
    if summary["version"] == 1:
        return entries
    return f"{entries}, {summary['entries_added']:,} of them added by version {summary['version']}"


def _checks(summary: dict[str, Any]) -> str:
    """Whether every invariant holds."""
    broken = [name for name, each in summary["invariants"].items() if each["figure"]]
    if not broken:
        return f"all {len(summary['invariants'])} hold exactly"
    figures = ", ".join(f"{name} is {summary['invariants'][name]['figure']:,}" for name in broken)
    return f"BROKEN, and should be 0: {figures}"


def _kwh(wh: int) -> str:
    """An energy in kWh."""
    return f"{wh / WH_PER_KWH:,.3f} kWh"


def _amount(micro: int, summary: dict[str, Any]) -> str:
    """An amount with its currency, where there is one."""
    return f"{micro / MICRO:,.2f}{' ' + summary['currency'] if summary['currency'] else ''}"
