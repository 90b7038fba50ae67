"""Agreement: what the parts of a case say of each other."""

from collections.abc import Container
from typing import Protocol

import numpy as np

from gridpact.arrays import Bool, Int
from gridpact.case.horizon import Horizon
from gridpact.case.orders import Orders
from gridpact.case.participants import Participants
from gridpact.case.profiles import Profiles
from gridpact.case.rows import Rows
from gridpact.case.trades import Trades
from gridpact.fields.columns import said_shape
from gridpact.fields.names import refuse_repeats
from gridpact.fields.refusals import Refusals
from gridpact.grid.limits import Limits, limits_of_three_phases
from gridpact.grid.network_model import CONNECTIONS, OF_THREE_PHASES
from gridpact.grid.source import NetworkSource


class Parts(Protocol):
    """What a case is made of, each part of which may be wrong."""

    @property
    def horizon(self) -> Horizon:
        """The periods."""

    @property
    def network(self) -> NetworkSource:
        """Where the network comes from."""

    @property
    def limits(self) -> Limits:
        """Limits of the network."""

    @property
    def participants(self) -> Participants:
        """Who trades."""

    @property
    def profiles(self) -> Profiles:
        """Their forecasts."""

    @property
    def trades(self) -> Trades:
        """The bilateral trades."""

    @property
    def orders(self) -> Orders:
        """What is to be matched."""

    @property
    def commitments(self) -> Trades:
        """What earlier clearings have made firm."""


def refuse_disagreement(
    refusals: Refusals, case: Parts, usable: Container[str], first_open: int | None
) -> None:
    """Takes in what does not fit together among the parts of a case, each of which is right in itself.

    Args:
        refusals: of the case.
        case: whose other fields may be wrong.
        usable: the parts that are there.
        first_open: of the case, `None` where it is wrong.
    """
    if "network" in usable and not case.network.is_three_phase:
        _refuse_phases(refusals, case, usable)
    if "horizon" in usable and first_open is not None and not 0 <= first_open <= case.horizon.periods:
        remedy = f"write a period from 0 to {case.horizon.periods}, which closes all"
        refusals.add("first_open", "is outside the horizon", remedy, first_open)
    if "horizon" in usable and "participants" in usable:
        if "profiles" in usable:
            _refuse_shape(refusals.of("profiles"), case)
        for part in ("trades", "orders", "commitments"):
            if part in usable:
                _refuse_rows(refusals.of(part), getattr(case, part), case)
    if "trades" in usable:
        refuse_repeats(refusals.of("trades"), "ids", case.trades.ids)
    if "trades" in usable and "commitments" in usable:
        _refuse_known(refusals.of("commitments"), case)
    if "commitments" in usable:
        _refuse_change(refusals.of("commitments"), case.commitments)


def _refuse_phases(refusals: Refusals, case: Parts, usable: Container[str]) -> None:
    """Takes in what only a three-phase network has a place for."""
    if "limits" in usable:
        for name in limits_of_three_phases(case.limits):
            refusals.of("limits").add(name, *OF_THREE_PHASES, getattr(case.limits, name))
    if "participants" in usable:
        phases = case.participants.phases
        fewer = np.array([one != CONNECTIONS[0] for one in phases], dtype=np.bool_)
        refusals.of("participants").add_where("phases", fewer, *OF_THREE_PHASES, phases)


def _refuse_shape(refusals: Refusals, case: Parts) -> None:
    """Takes in profiles that are not of all periods and participants."""
    shape = (case.horizon.periods, len(case.participants))
    if case.profiles.load_kw.shape != shape:
        what = f"have the shape {said_shape(case.profiles.load_kw.shape)}"
        remedy = f"{shape[0]:,} periods of {shape[1]:,} participants have the shape {said_shape(shape)}"
        refusals.add("", what, remedy)


def _refuse_rows(refusals: Refusals, rows: Rows, case: Parts) -> None:
    """Takes in what trades or orders say of participants and periods that are not there."""
    for field in ("seller", "buyer", "participant"):
        if hasattr(rows, field):
            _refuse_strangers(refusals, field, getattr(rows, field), case)
    _refuse_outside(refusals, rows, case)


def _refuse_strangers(refusals: Refusals, field: str, index: Int, case: Parts) -> None:
    """Takes in the indices of participants that are not there."""
    count = len(case.participants)
    if len(index) and index.max() >= count:
        remedy = f"write the index of one, 0 to {count - 1}"
        refusals.add_where(field, index >= count, "is not among the participants", remedy, index)


def _refuse_outside(refusals: Refusals, rows: Rows, case: Parts) -> None:
    """Takes in the windows that the horizon does not hold."""
    periods = case.horizon.periods
    if not len(rows.end) or rows.end.max() <= periods:
        return
    remedy = f"which has the periods 0 to {periods - 1}, and ends at {periods}"
    refusals.add_where("start", rows.start >= periods, "is outside the horizon", remedy, rows.start)
    refusals.add_where("end", rows.end > periods, "is outside the horizon", remedy, rows.end)


def _refuse_known(refusals: Refusals, case: Parts) -> None:
    """Takes in the commitments that have the name of a trade of the case."""
    ids = case.commitments.ids
    if ids and (known := set(case.trades.ids).intersection(ids)):
        taken = np.array([name in known for name in ids], dtype=np.bool_)
        remedy = "it is a commitment already; give the new trade another name"
        refusals.add_where("ids", taken, "is a trade of the case too", remedy, ids)


def _refuse_change(refusals: Refusals, commitments: Trades) -> None:
    """Takes in the commitments of one trade that are not of the same parties and price, or that overlap."""
    number: dict[str, int] = {}
    trade = np.array([number.setdefault(name, len(number)) for name in commitments.ids], dtype=np.int64)
    if len(number) == len(trade):
        return
    _, first = np.unique(trade, return_index=True)
    has_own = len(commitments.seller_price_per_kwh) > 0
    prices = ("price_per_kwh", "seller_price_per_kwh") if has_own else ("price_per_kwh",)
    for field in ("seller", "buyer", *prices):
        values = getattr(commitments, field)
        what, remedy = "is not what its trade has elsewhere", "give all of a trade the same"
        refusals.add_where(field, values != values[first[trade]], what, remedy, values)
    what, remedy = "is before its trade ends", "the windows of a trade do not overlap"
    refusals.add_where("start", _overlaps(trade, commitments), what, remedy, commitments.start)


def _overlaps(trade: Int, commitments: Trades) -> Bool:
    """Whether each starts before an earlier one of its trade ends, (N,)."""
    order = np.lexsort((commitments.start, trade))
    start, end, code = commitments.start[order], commitments.end[order], trade[order]
    overlaps = np.zeros(len(trade), dtype=np.bool_)
    overlaps[order[1:]] = (code[1:] == code[:-1]) & (start[1:] < end[:-1])
    return overlaps
