"""Why terms cut a trade, as far as a result says it: its group, its least fraction, its block or link."""

import numpy as np

from gridpact.arrays import Int
from gridpact.clearing.problem.solution import LimitedBy
from gridpact.results.explanation.tables.result_tables import TERMS, ResultTables

GENERAL = (
    "terms cut it: another member of its group clears, its least fraction is out of reach, or its block or "
    "link is held down in another row"
)


def terms_words(tables: ResultTables, trades: frozenset[str], periods: Int) -> str:
    """Why the terms of some trades cut them in some periods.

    Only what the tables prove is said: that another member of a group clears, by name; what holds a block or
    a link down elsewhere, by what `cleared` says of it; else which of the terms it has.
    """
    rows = tables.rows(TERMS)
    told: list[str] = []
    for name in sorted(trades):
        found = np.flatnonzero(rows["trade"] == name)
        if len(found) and _is_cut_by_terms(tables, name, periods):
            told.append(_of_trade(tables, name, int(found[0])))
    return "; ".join(dict.fromkeys(told)) if told else GENERAL


def _is_cut_by_terms(tables: ResultTables, trade: str, periods: Int) -> bool:
    cleared = tables.rows("cleared")
    is_cut = (cleared["trade"] == trade) & np.isin(cleared["period"], periods)
    return bool(np.any(is_cut & (cleared["limited_by"] == LimitedBy.TERMS.label)))


def _of_trade(tables: ResultTables, trade: str, row: int) -> str:
    """Why the terms of one trade cut it."""
    rows = tables.rows(TERMS)
    group, link = str(rows["group"][row]), str(rows["link"][row])
    is_block, least = str(rows["block"][row]) == "true", float(rows["min_fraction"][row])
    if group and (others := _clearing_members(tables, trade, group)):
        clears = "clears" if len(others) == 1 else "clear"
        return f"only one of the group {group} may clear, and {', '.join(others)} {clears} instead of {trade}"
    if (is_block or link) and (held := _held_elsewhere(tables, trade, link)):
        tie = f"its link {link}" if link else "it is a block"
        which = "clears the same fraction throughout" if link else "and clears the same fraction throughout"
        return f"{trade}: {tie} {which}, and {held} holds that down"
    if least > 0.0:
        share = "all of it" if least == 1.0 else f"at least {100.0 * least:g} % of it"
        return f"{trade} is of use only where {share} clears, which is out of reach beside the other trades"
    if group:
        return f"only one of the group {group} may clear, and {trade} is not the one"
    tie = f"all trades of its link {link}" if link else "all of its periods"
    return f"{trade} clears the same fraction in {tie}, and another of them holds that down"


def _clearing_members(tables: ResultTables, trade: str, group: str) -> list[str]:
    """The other members of a group that clear something."""
    rows, cleared = tables.rows(TERMS), tables.rows("cleared")
    members = set(rows["trade"][rows["group"] == group]) - {trade}
    runs = set(cleared["trade"][cleared["cleared_kw"] > 0.0])
    return sorted(members & runs)


def _held_elsewhere(tables: ResultTables, trade: str, link: str) -> str:
    """What cuts a block or a link by a cap or a limit in another row: "line 12 in t3"."""
    rows, cleared = tables.rows(TERMS), tables.rows("cleared")
    tied = set(rows["trade"][rows["link"] == link]) if link else {trade}
    is_tied = np.array([name in tied for name in cleared["trade"]], dtype=np.bool_)
    is_held = is_tied & (cleared["limited_by"] != "") & (cleared["limited_by"] != LimitedBy.TERMS.label)
    at = np.flatnonzero(is_held)
    if not len(at):
        return ""
    kind = str(cleared["limited_by"][at[0]]).replace("_", " ")
    return f"{kind} {cleared['element'][at[0]]} in {cleared['trade'][at[0]]}".replace("  ", " ")
