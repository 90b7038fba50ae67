"""What a clearing has cleared, as its result folder holds it: the table, its checks, and the summary."""

import json
from typing import Any

import numpy as np

from gridpact.arrays import Float, Int
from gridpact.case.case import Case
from gridpact.case.folder.case_files import CaseFiles
from gridpact.case.reading.problems import Problems, shown
from gridpact.case.reading.reader import TableReader
from gridpact.case.schema import SELLER_PRICE, Column, Kind, Schema
from gridpact.errors import Problem

SUMMARY_FILE = "summary.json"
CLEARED_STATUS = "cleared"
CLEARED_KWH = "cleared_kwh"
ENERGY_TOLERANCE = 1e-6  # of the energy in the summary, which the rows may differ from it by
DECIMAL_KWH = 1e-9  # that each row and the summary are rounded to, and more
ENERGY_MAX_KWH = 1e15
CLEARED = Schema(
    name="cleared",
    columns=(
        Column(name="trade", kind=Kind.ID, meaning="name of the trade"),
        Column(name="time", kind=Kind.INSTANT, meaning="start of the period"),
        Column(name="seller", kind=Kind.ID, meaning="the participant that sells"),
        Column(name="buyer", kind=Kind.ID, meaning="the participant that buys"),
        Column(name="proposed_kw", kind=Kind.POWER, meaning="power as proposed, not read", required=False),
        Column(name="cleared_kw", kind=Kind.POWER, meaning="power that is firm"),
        Column(name="price_per_kwh", kind=Kind.PRICE, meaning="what the buyer pays"),
        SELLER_PRICE,
        Column(name="limited_by", kind=Kind.ID, meaning="what cut it, not read", required=False),
        Column(name="element", kind=Kind.ID, meaning="where it was cut, not read", required=False),
        Column(name="phase", kind=Kind.ID, meaning="on which phase, not read", required=False),
    ),
)


def read_summary(files: CaseFiles, problems: Problems) -> dict[str, Any]:
    """The summary of a result; empty where it cannot be used, which is then a problem."""
    content = files.read(SUMMARY_FILE)
    if content is None:
        return {}
    try:
        summary = json.loads(content)
    except (ValueError, RecursionError):
        summary = None
    if isinstance(summary, dict) and summary:
        return summary
    problems.add(Problem(file=SUMMARY_FILE, what="is not the summary of a clearing", remedy="clear it again"))
    return {}


def unsafe(summary: dict[str, Any]) -> list[str]:
    """The warning of a result that is not safe, if it is not."""
    status = summary.get("status")
    if status == CLEARED_STATUS:
        return []
    return [
        f"The earlier result has the status {shown(status)!r}: what it cleared counts as firm all the same."
    ]


def refuse_other_energy(
    reader: TableReader, hours_per_period: float, summary: dict[str, Any], problems: Problems
) -> None:
    """Takes in that the cleared rows add up to another energy than the summary says: some are gone."""
    cleared_kwh = reader.number("cleared_kw") * hours_per_period
    said, found = summary.get(CLEARED_KWH), float(cleared_kwh.sum())
    if isinstance(said, bool) or not isinstance(said, int | float) or not abs(said) < ENERGY_MAX_KWH:
        value = "" if said is None else shown(said)
        what = "is not among the keys" if said is None else "is not an energy"
        problem = Problem(
            file=SUMMARY_FILE, field=CLEARED_KWH, value=value, what=what, remedy="clear the case again"
        )
        problems.add(problem)
        return
    if abs(said - found) <= ENERGY_TOLERANCE * abs(said) + DECIMAL_KWH * (len(cleared_kwh) + 1):
        return
    what = f"adds up to {found:.3f} kWh cleared, and {SUMMARY_FILE} says {said:.3f} kWh"
    reader.refuse_table(what, "give the table as it was written, or clear the case again")


def read_parties(reader: TableReader, trade: Int, case: Case) -> tuple[Int, Int]:
    """Seller and buyer of each row, (R,) each, the same in all rows of a trade, (R,), −1 for none."""
    index = {name: position for position, name in enumerate(case.participants.ids)}
    where = f"participants.{case.table_format}"
    seller, buyer = (reader.lookup(name, index, where) for name in ("seller", "buyer"))
    reader.refuse("buyer", (seller == buyer) & (seller >= 0), "is the seller too", "name two participants")
    for name, values in (("seller", seller), ("buyer", buyer)):
        refuse_change(reader, name, np.where(values >= 0, trade, -1), values)
    return seller, buyer


def refuse_repeated_trades(reader: TableReader, trade: Int, period: Int) -> None:
    """Takes in the rows that give a trade, (R,), in a period, (R,), that an earlier row gives it in."""
    span = int(np.ptp(period)) + 1 if len(period) else 1
    first = first_of_each(trade * span + period - period.min(initial=0))
    repeats = (trade >= 0) & (first != np.arange(len(trade)))
    what = "and its trade are given more than once"
    reader.refuse(
        "time", repeats, what, lambda row: f"first in {reader.table.place(int(first[row]))}; keep one"
    )


def refuse_change(reader: TableReader, name: str, trade: Int, values: Int | Float) -> None:
    """Takes in the rows in which a trade, (R,), −1 for none, has another value, (R,), than in its first."""
    first = first_of_each(trade)
    changed = (trade >= 0) & (values != values[first])
    what = "is not what its trade has elsewhere"
    reader.refuse(name, changed, what, lambda row: f"see {reader.table.place(int(first[row]))}")


def first_of_each(codes: Int) -> Int:
    """For each row the first row that has the same code, (R,)."""
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    of_row: Int = first[inverse]
    return of_row
