"""Agreement: what the parts of a case say of each other."""

from typing import TYPE_CHECKING

import numpy as np

from gridpact.arrays import Bool, Int
from gridpact.fields.columns import said_shape
from gridpact.fields.names import refuse_repeats
from gridpact.fields.refusals import Refusals

if TYPE_CHECKING:
    from gridpact.case.case import Case
    from gridpact.case.orders import Orders
    from gridpact.case.trades import Trades


def refuse_disagreement(refusals: Refusals, case: "Case") -> None:
    """Takes in what does not fit together among the parts of a case, each of which is right in itself.

    Args:
        refusals: of the case.
        case: whose settings may be wrong.
    """
    shape = (case.horizon.periods, len(case.participants))
    if case.profiles.load_kw.shape != shape:
        what = f"have the shape {said_shape(case.profiles.load_kw.shape)}"
        remedy = f"{shape[0]} periods of {shape[1]} participants have the shape {said_shape(shape)}"
        refusals.of("profiles").add("", what, remedy)
    trades, orders, commitments = (refusals.of(part) for part in ("trades", "orders", "commitments"))
    for part, rows in ((trades, case.trades), (commitments, case.commitments)):
        _refuse_strangers(part, "seller", rows.seller, case)
        _refuse_strangers(part, "buyer", rows.buyer, case)
        _refuse_outside(part, rows, case)
    _refuse_strangers(orders, "participant", case.orders.participant, case)
    _refuse_outside(orders, case.orders, case)
    refuse_repeats(trades, "ids", case.trades.ids)
    _refuse_known(commitments, case)
    _refuse_change(commitments, case.commitments)


def _refuse_strangers(refusals: Refusals, field: str, index: Int, case: "Case") -> None:
    count = len(case.participants)
    if len(index) and index.max() >= count:
        remedy = f"write the index of one, 0 to {count - 1}"
        refusals.add_where(field, index >= count, "is not among the participants", remedy, index)


def _refuse_outside(refusals: Refusals, rows: "Trades | Orders", case: "Case") -> None:
    """Takes in the windows that the horizon does not hold."""
    periods = case.horizon.periods
    if not len(rows.end) or rows.end.max() <= periods:
        return
    remedy = f"which has the periods 0 to {periods - 1}, and ends at {periods}"
    refusals.add_where("start", rows.start >= periods, "is outside the horizon", remedy, rows.start)
    refusals.add_where("end", rows.end > periods, "is outside the horizon", remedy, rows.end)


def _refuse_known(refusals: Refusals, case: "Case") -> None:
    """Takes in the commitments that have the name of a trade of the case."""
    ids = case.commitments.ids
    if ids and (known := set(case.trades.ids).intersection(ids)):
        taken = np.array([name in known for name in ids], dtype=np.bool_)
        remedy = "it is a commitment already; give the new trade another name"
        refusals.add_where("ids", taken, "is a trade of the case too", remedy, ids)


def _refuse_change(refusals: Refusals, commitments: "Trades") -> None:
    """Takes in the commitments of one trade that are not of the same parties and price, or that overlap."""
    number: dict[str, int] = {}
    trade = np.array([number.setdefault(name, len(number)) for name in commitments.ids], dtype=np.int64)
    if len(number) == len(trade):
        return
    _, first = np.unique(trade, return_index=True)
    for field in ("seller", "buyer", "price_per_kwh"):
        values = getattr(commitments, field)
        what, remedy = "is not what its trade has elsewhere", "give all of a trade the same"
        refusals.add_where(field, values != values[first[trade]], what, remedy, values)
    what, remedy = "is before its trade ends", "the windows of a trade do not overlap"
    refusals.add_where("start", _overlaps(trade, commitments), what, remedy, commitments.start)


def _overlaps(trade: Int, commitments: "Trades") -> Bool:
    """Whether each starts before an earlier one of its trade ends, (N,)."""
    order = np.lexsort((commitments.start, trade))
    start, end, code = commitments.start[order], commitments.end[order], trade[order]
    overlaps = np.zeros(len(trade), dtype=np.bool_)
    overlaps[order[1:]] = (code[1:] == code[:-1]) & (start[1:] < end[:-1])
    return overlaps
