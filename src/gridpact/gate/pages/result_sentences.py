"""What came of trades, in sentences: how much of each, and why not more."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from markupsafe import Markup

from gridpact.gate.pages.chosen_language import PageWords

CUT_KW = 1e-6  # less is no cut, as results are rounded
PLACES = {
    "voltage_max": "bus",
    "voltage_min": "bus",
    "voltage_unbalance": "bus",
    "line": "line",
    "neutral": "line",
    "transformer": "transformer",
}  # what the element of a limit is


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeRun:
    """A trade over periods that follow each other and came out alike.

    Attributes:
        trade: its name, or the submission of the own order that was matched.
        role: `seller` or `buyer`.
        counterparty: the other side, `None` where it is not named.
        begin: of the first period.
        end: of the last one.
        proposed_kwh: that was asked for.
        cleared_kwh: that is firm.
        price: a kWh.
        reason: why not more, empty where all of it is firm.
    """

    trade: str
    role: str
    counterparty: str | None
    begin: datetime
    end: datetime
    proposed_kwh: float
    cleared_kwh: float
    price: float
    reason: Markup


def trade_outcomes(
    words: PageWords, rows: Iterable[Mapping[str, Any]], step: timedelta, timezone: str
) -> list[TradeRun]:
    """The trades of a result, periods in a row that came out alike as one."""
    found: list[TradeRun] = []
    open_runs: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for row in rows:
        key = tuple(
            row[name] for name in ("trade", "role", "counterparty", "price_per_kwh", "limited_by", "element")
        )
        run = open_runs.get(key)
        if run and _time(run[-1]) + step == _time(row):
            run.append(row)
            continue
        if run:
            found.append(_outcome(words, run, step, timezone))
        open_runs[key] = [row]
    found += [_outcome(words, run, step, timezone) for run in open_runs.values()]
    return sorted(found, key=lambda each: (each.begin, each.trade, each.role))


def _outcome(words: PageWords, rows: Sequence[Mapping[str, Any]], step: timedelta, timezone: str) -> TradeRun:
    """What became of a trade in periods that follow one another with the same figures."""
    hours = step / timedelta(hours=1)
    first, begin, end = rows[0], _time(rows[0]), _time(rows[-1]) + step
    cut = sum(row["proposed_kw"] - row["cleared_kw"] for row in rows)
    reason = Markup("")
    if cut > CUT_KW and first["limited_by"]:
        span = {
            "begin": words.clock(begin.isoformat(), timezone),
            "end": words.clock(end.isoformat(), timezone),
        }
        reason = cut_reason(words, str(first["limited_by"]), first["element"], **span)
    return TradeRun(
        trade=str(first["trade"]),
        role=str(first["role"]),
        counterparty=first["counterparty"],
        begin=begin,
        end=end,
        proposed_kwh=sum(row["proposed_kw"] for row in rows) * hours,
        cleared_kwh=sum(row["cleared_kw"] for row in rows) * hours,
        price=float(first["price_per_kwh"]),
        reason=reason,
    )


def cut_reason(words: PageWords, limited_by: str, element: Any, **span: str) -> Markup:
    """Why not all of a trade is firm, in a sentence for who knows no grids; its place where that is shown."""
    key = f"cut_{limited_by}"
    said = words(key, **span) if words.has(key) else words("cut_other", reason=limited_by, **span)
    kind = PLACES.get(limited_by)  # The element of a cap is a participant, which needs no telling.
    if kind is None or element in (None, ""):
        return said
    return said + Markup(" ") + words(f"cut_place_{kind}", place=element)


def _time(row: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(str(row["time"]))
