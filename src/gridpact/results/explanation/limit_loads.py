"""What loads a limit: trades, and what participants use or feed in beside them, to first order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gridpact.arrays import Bool, Float, Int
from gridpact.clearing.problem.solution import LimitedBy
from gridpact.results.explanation.explanation_facts import LoadOnLimit
from gridpact.results.explanation.explanation_words import FED_IN, TRADE, USE
from gridpact.results.explanation.tables.result_tables import SENSITIVITIES, ResultTables, Rows

LOAD_SHOWN_MIN = 1e-3  # of all that pushes towards the limit, below which a trade does not load it
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadsOfLimit:
    """What loads a limit in some periods: as in `CauseOfCut`."""

    loads: tuple[LoadOnLimit, ...]
    without_load: tuple[str, ...]
    total: float


def at_limit(rows: Rows, key: Key) -> Bool:
    """Which rows of a table are of a limit."""
    kind, element, phase = key
    chosen: Bool = (rows["limited_by"] == kind) & (rows["element"] == element) & (rows["phase"] == phase)
    return chosen


def loads_of_limit(
    tables: ResultTables, key: Key, periods: Int, own_trades: frozenset[str], own_people: frozenset[str]
) -> LoadsOfLimit | None:
    """What loads a limit of the network in the mean of some periods; `None` where that is not known."""
    moved = tables.rows(SENSITIVITIES)
    chosen = at_limit(moved, key) & np.isin(moved["period"], periods)
    if not chosen.any():
        return None
    moved = tables.rows(SENSITIVITIES, chosen)
    sign = -1.0 if key[0] == LimitedBy.VOLTAGE_MIN.label else 1.0
    effects = _Effects(moved, periods, sign)
    found = [
        *_of_trades(tables, effects, periods, own_trades),
        *_of_people(tables, effects, periods, own_people),
    ]
    pushing = sum(load.amount for load in found if load.amount > 0.0)
    least = LOAD_SHOWN_MIN * pushing
    loads = sorted(
        (load for load in found if abs(load.amount) > least), key=lambda one: (-one.amount, one.name)
    )
    idle = [
        load.name for load in found if load.kind == TRADE and abs(load.amount) <= least and not load.is_own
    ]
    return LoadsOfLimit(
        loads=tuple(loads), without_load=tuple(sorted(idle)), total=sum(load.amount for load in found)
    )


def loads_of_cap(
    tables: ResultTables, key: Key, periods: Int, own_trades: frozenset[str]
) -> tuple[LoadOnLimit, ...]:
    """The trades that take from a cap, in the mean of some periods, most first."""
    rows = tables.rows("cleared")
    side = "seller" if key[0] == LimitedBy.SELLER_SURPLUS.label else "buyer"
    chosen = np.isin(rows["period"], periods) & (rows[side] == key[1]) & (rows["cleared_kw"] > 0.0)
    names, kw = _means(rows["trade"][chosen], rows["cleared_kw"][chosen], len(periods))
    loads = [
        LoadOnLimit(kind=TRADE, name=name, kw=power, amount=power, per_kw=1.0, is_own=name in own_trades)
        for name, power in zip(names, kw, strict=True)
    ]
    return tuple(sorted(loads, key=lambda load: (-load.amount, load.name)))


class _Effects:
    """Sensitivities of one limit by period and participant, 0 where a participant has none."""

    def __init__(self, moved: Rows, periods: Int, sign: float) -> None:
        self.people = {name: place for place, name in enumerate(sorted(set(moved["participant"])))}
        self._row = {period: row for row, period in enumerate(periods.tolist())}
        shape = (len(periods), len(self.people) + 1)
        self._injected, self._drawn = np.zeros(shape), np.zeros(shape)
        at = self._at(moved["period"], moved["participant"])
        self._injected[at], self._drawn[at] = sign * moved["injected"], sign * moved["drawn"]

    def injected(self, period: Int, names: Any) -> Float:
        """Change towards the limit per kW that is injected."""
        found: Float = self._injected[self._at(period, names)]
        return found

    def drawn(self, period: Int, names: Any) -> Float:
        """Change towards the limit per kW that is drawn."""
        found: Float = self._drawn[self._at(period, names)]
        return found

    def _at(self, period: Int, names: Any) -> tuple[Int, Int]:
        nobody = len(self.people)
        rows = np.array([self._row[one] for one in period.tolist()], dtype=np.int64)
        return rows, np.array([self.people.get(name, nobody) for name in names], dtype=np.int64)


def _of_trades(
    tables: ResultTables, effects: _Effects, periods: Int, own: frozenset[str]
) -> list[LoadOnLimit]:
    """What each trade that runs adds, in the mean of the periods."""
    rows = tables.rows("cleared")
    rows = tables.rows("cleared", np.isin(rows["period"], periods) & (rows["cleared_kw"] > 0.0))
    per_kw = effects.injected(rows["period"], rows["seller"]) + effects.drawn(rows["period"], rows["buyer"])
    return _loads(TRADE, rows["trade"], rows["cleared_kw"], per_kw * rows["cleared_kw"], len(periods), own)


def _of_people(
    tables: ResultTables, effects: _Effects, periods: Int, own: frozenset[str]
) -> list[LoadOnLimit]:
    """What each participant adds beside its trades: what it uses of its own and its retailer's, and feed-in.

    What serves a load on the spot passes no line, but its reactive power does.
    """
    rows = tables.rows("schedule")
    rows = tables.rows("schedule", np.isin(rows["period"], periods))
    used_kw, fed_kw = rows["retail_import_kw"], rows["retail_export_kw"]
    injected = effects.injected(rows["period"], rows["participant"])
    drawn = effects.drawn(rows["period"], rows["participant"])
    use = drawn * used_kw + (injected + drawn) * rows["own_use_kw"]
    found = _loads(USE, rows["participant"], used_kw, use, len(periods), own)
    return found + _loads(FED_IN, rows["participant"], fed_kw, injected * fed_kw, len(periods), own)


def _loads(
    kind: str, names: Any, kw: Float, amount: Float, periods: int, own: frozenset[str]
) -> list[LoadOnLimit]:
    """Means of the rows of each name; what adds nothing and is no trade is left out."""
    called, power = _means(names, kw, periods)
    _, added = _means(names, amount, periods)
    return [
        LoadOnLimit(
            kind=kind,
            name=name,
            kw=one_kw,
            amount=one,
            per_kw=one / one_kw if one_kw else None,
            is_own=name in own,
        )
        for name, one_kw, one in zip(called, power, added, strict=True)
        if one or (kind == TRADE and one_kw)
    ]


def _means(names: Any, values: Float, periods: int) -> tuple[Sequence[str], list[float]]:
    """The sum of the values of each name over a number of periods."""
    if not len(names):
        return (), []
    called, place = np.unique(np.asarray(names, dtype=str), return_inverse=True)
    sums = np.bincount(place.reshape(-1), weights=values, minlength=len(called)) / periods
    return [str(name) for name in called], sums.tolist()
