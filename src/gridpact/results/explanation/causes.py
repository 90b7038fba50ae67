"""Causes: every limit, cap and term that cuts some trades or curtails some feed-in, with what loads it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from gridpact.arrays import Bool, Float, Int
from gridpact.clearing.problem.solution import LimitedBy
from gridpact.results.explanation.explanation_facts import CauseOfCut, LoadOnLimit
from gridpact.results.explanation.explanation_words import FEED_IN, TRADES
from gridpact.results.explanation.limit_loads import Key, at_limit, loads_of_cap, loads_of_limit
from gridpact.results.explanation.period_words import periods_words
from gridpact.results.explanation.tables.result_tables import (
    PLACES,
    REASONS,
    SENSITIVITIES,
    ResultTables,
    Rows,
)
from gridpact.results.explanation.terms_words import terms_words
from gridpact.results.words.limit_kinds import CAPS, PLACE_KINDS, kind_of, unit_of


@dataclass(slots=True)
class _Gathered:
    """What one limit cuts: its share of all cuts, and by period the kW cut and the room they need."""

    lost_kw: float = 0.0
    cut_kw: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    room: dict[int, float] = field(default_factory=lambda: defaultdict(float))


def causes_of_cuts(
    tables: ResultTables, trades: frozenset[str], people: frozenset[str]
) -> tuple[CauseOfCut, ...]:
    """What cuts some trades, most energy first.

    Args:
        tables: of the result.
        trades: whose cuts are explained.
        people: participants that are explained: what they use and feed in counts as own.
    """
    gathered: dict[Key, _Gathered] = defaultdict(_Gathered)
    cleared = tables.rows("cleared")
    rows = tables.rows("cleared", _named(cleared["trade"], trades) & (cleared["limited_by"] != ""))
    cut_kw = np.maximum(rows["proposed_kw"] - rows["cleared_kw"], 0.0)
    of_row = zip(rows["trade"], rows["period"].tolist(), strict=True)
    of_cut = dict(zip(of_row, cut_kw.tolist(), strict=True))
    for trade, period, key, share, per_kw in _reasons(tables, trades):
        kw = of_cut.get((trade, period), 0.0)
        one = gathered[key]
        one.lost_kw += kw * share
        one.cut_kw[period] += kw
        one.room[period] += kw * abs(per_kw)
    total = sum(one.lost_kw for one in gathered.values())
    found = [
        _cause(tables, TRADES, key, one, total, trades, people) for key, one in gathered.items() if one.cut_kw
    ]
    return tuple(sorted(found, key=lambda cause: (-cause.lost_kwh, cause.limited_by, cause.element)))


def causes_of_curtailment(tables: ResultTables, people: frozenset[str]) -> tuple[CauseOfCut, ...]:
    """What curtails the feed-in of some participants, most energy first."""
    rows = tables.rows("curtailed")
    rows = tables.rows("curtailed", _named(rows["participant"], people))
    per_kw = _injected(tables, rows)
    gathered: dict[Key, _Gathered] = defaultdict(_Gathered)
    keys = zip(rows["limited_by"], rows["element"], rows["phase"], strict=True)
    for key, period, kw, each in zip(
        keys, rows["period"].tolist(), rows["curtailed_kw"].tolist(), per_kw, strict=True
    ):
        one = gathered[key]
        one.lost_kw += kw
        one.cut_kw[period] += kw
        one.room[period] += kw * abs(each)
    total = sum(one.lost_kw for one in gathered.values())
    found = [_cause(tables, FEED_IN, key, one, total, frozenset(), people) for key, one in gathered.items()]
    return tuple(sorted(found, key=lambda cause: (-cause.lost_kwh, cause.limited_by, cause.element)))


def place_name(tables: ResultTables, key: Key) -> str:
    """The name of what a limit is of; empty where it has none, or the result does not say."""
    kind, rows = PLACE_KINDS.get(kind_of(key[0]), ""), tables.rows(PLACES)
    row = _place(tables, kind, key[1])
    return "" if row is None else str(rows["name"][row])


def _place(tables: ResultTables, kind: str, element: str) -> int | None:
    """The row of a bus, line or transformer; `None` where the result has none."""
    rows = tables.rows(PLACES)
    if not kind or not element.lstrip("-").isdigit():
        return None
    found = np.flatnonzero((rows["kind"] == kind) & (rows["element"] == float(element)))
    return int(found[0]) if len(found) else None


def _reasons(tables: ResultTables, trades: frozenset[str]) -> Iterable[tuple[str, int, Key, float, float]]:
    """Trade, period, limit, share and change per kW of each reason of some trades.

    Without the table, what `cleared` names has the whole cut, and what would clear it is not known.
    """
    if tables.has(REASONS):
        rows = tables.rows(REASONS)
        rows = tables.rows(REASONS, _named(rows["trade"], trades))
        share, per_kw = rows["share"], rows["per_kw"]
    else:
        rows = tables.rows("cleared")
        rows = tables.rows("cleared", _named(rows["trade"], trades) & (rows["limited_by"] != ""))
        share = np.ones(len(rows["trade"]))
        per_kw = np.where(np.isin(rows["limited_by"], list(CAPS)), 1.0, np.nan)
    keys = zip(rows["limited_by"], rows["element"], rows["phase"], strict=True)
    yield from zip(rows["trade"], rows["period"].tolist(), keys, share.tolist(), per_kw.tolist(), strict=True)


def _cause(
    tables: ResultTables,
    of: str,
    key: Key,
    one: _Gathered,
    total: float,
    trades: frozenset[str],
    people: frozenset[str],
) -> CauseOfCut:
    """A cause with all that is known of it."""
    kind, element, phase = key
    periods = np.array(sorted(one.cut_kw), dtype=np.int64)
    unit = unit_of(kind) if element else ""
    room = max(one.room.values()) if unit else np.nan
    known_room = float(room) if np.isfinite(room) else None
    value, limit = _values(tables, key, periods)
    loads: tuple[LoadOnLimit, ...] = ()
    without: tuple[str, ...] = ()
    rest = None
    if kind in CAPS:
        loads = loads_of_cap(tables, key, periods, trades)
    elif unit and (found := loads_of_limit(tables, key, periods, trades, people)):
        loads, without = found.loads, found.without_load
        sign = -1.0 if kind == LimitedBy.VOLTAGE_MIN.label else 1.0
        rest = None if value is None else value - sign * found.total
    is_terms = kind == LimitedBy.TERMS.label
    return CauseOfCut(
        of=of,
        limited_by=kind,
        element=element,
        phase=phase,
        name=place_name(tables, key),
        when=periods_words(tables.starts, tables.step, periods),
        periods=len(periods),
        share=one.lost_kw / total if total else 0.0,
        lost_kwh=one.lost_kw * tables.hours,
        unit=unit,
        value=value,
        limit=limit,
        room=known_room,
        room_a=_room_a(tables, key, known_room),
        room_v=_room_v(tables, key, known_room),
        cut_kw=max(one.cut_kw.values()),
        loads=loads,
        rest=rest,
        without_load=without,
        also_cut=_also_cut(tables, key, periods, trades),
        is_beyond_before=_is_beyond(tables, key),
        terms=terms_words(tables, trades, periods) if is_terms else "",
    )


def _named(column: Float, names: frozenset[str]) -> Bool:
    """Which rows are of some names."""
    chosen: Bool = np.isin(np.asarray(column, dtype=str), sorted(names)) if len(column) else column != column
    return np.asarray(chosen, dtype=np.bool_)


def _injected(tables: ResultTables, curtailed: Rows) -> list[float]:
    """Change of the limit that curtails each row per kW fed in, NaN where it is not known."""
    moved = tables.rows(SENSITIVITIES)
    names = ("period", "limited_by", "element", "phase", "participant")
    known = dict(zip(zip(*(moved[name] for name in names), strict=True), moved["injected"], strict=True))
    return [float(known.get(key, np.nan)) for key in zip(*(curtailed[name] for name in names), strict=True)]


def _values(tables: ResultTables, key: Key, periods: Int) -> tuple[float | None, float | None]:
    """What a limit stands at in the mean, and the limit, of some periods; `None` where they are not known."""
    rows = tables.rows("limits")
    chosen = at_limit(rows, key) & np.isin(rows["period"], periods)
    if not chosen.any():
        return None, None
    limit = rows["limit"][chosen]
    least = key[0] == LimitedBy.VOLTAGE_MIN.label
    return float(np.mean(rows["value"][chosen])), float(limit.min() if least else limit.max())


def _room_a(tables: ResultTables, key: Key, room: float | None) -> float | None:
    """Percentage points of a line or its neutral in A."""
    if room is None or key[0] not in (LimitedBy.LINE.label, LimitedBy.NEUTRAL.label):
        return None
    row = _place(tables, "line", key[1])
    rating = float(tables.rows(PLACES)["rating_a"][row]) if row is not None else np.nan
    return room / 100.0 * rating if np.isfinite(rating) else None


def _room_v(tables: ResultTables, key: Key, room: float | None) -> float | None:
    """The pu of a voltage in V."""
    if room is None or key[0] not in (LimitedBy.VOLTAGE_MAX.label, LimitedBy.VOLTAGE_MIN.label):
        return None
    row = _place(tables, "bus", key[1])
    nominal_kv = float(tables.rows(PLACES)["nominal_kv"][row]) if row is not None else np.nan
    volts = 1000.0 * nominal_kv / (np.sqrt(3.0) if key[2] else 1.0)
    return float(room * volts) if np.isfinite(volts) else None


def _also_cut(tables: ResultTables, key: Key, periods: Int, own: frozenset[str]) -> int:
    """How many other trades a limit cuts in some periods."""
    rows = tables.rows(REASONS if tables.has(REASONS) else "cleared")
    chosen = at_limit(rows, key) & np.isin(rows["period"], periods)
    return len(set(rows["trade"][chosen]) - own)


def _is_beyond(tables: ResultTables, key: Key) -> bool:
    """Whether the network breaks a limit before any trade."""
    return any(
        (each.get("limited_by"), each.get("element"), each.get("phase", "")) == key
        for each in tables.summary["baseline_violations"]
        if isinstance(each, dict)
    )
