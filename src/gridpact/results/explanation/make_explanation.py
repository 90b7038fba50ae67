"""Making an explanation: what a name of a result means, what became of it, what cut it, what it loads."""

from collections.abc import Iterable
from itertools import islice

import numpy as np

from gridpact.case.reading.problems import shown, suggestion
from gridpact.case.sessions.cleared import CLEARED_STATUS
from gridpact.clearing.problem.solution import LimitedBy
from gridpact.dispatch import FLOWS
from gridpact.errors import InvalidUsage
from gridpact.fields.said import counted
from gridpact.results.explanation.causes import causes_of_curtailment, causes_of_cuts, place_name
from gridpact.results.explanation.explanation import Explanation
from gridpact.results.explanation.explanation_facts import (
    OutcomeRun,
    PressedLimit,
    TradeOutcome,
)
from gridpact.results.explanation.explanation_words import NAMES_SAID
from gridpact.results.explanation.limit_loads import Key, at_limit
from gridpact.results.explanation.order_outcomes import order_outcomes
from gridpact.results.explanation.period_words import periods_words
from gridpact.results.explanation.tables.matched_orders import orders_of
from gridpact.results.explanation.tables.result_tables import REASONS, SENSITIVITIES, ResultTables, Rows
from gridpact.results.words.limit_kinds import CAPS, PLACE_KINDS, called, kind_of, unit_of

TRADE, ORDER, PARTICIPANT = "trade", "order", "participant"
WHAT = (TRADE, PARTICIPANT, ORDER)
PRESSED_MAX = 50
PRESSED_MIN = 5e-3  # of a limit in percent
PERCENT = "%"


def explanation_of(tables: ResultTables, name: str, *, what: str | None = None) -> Explanation:
    """The explanation of a trade, a participant or an order of a result.

    Args:
        tables: of the result.
        name: of what is explained.
        what: `trade`, `participant` or `order`, where a name could be several of them.

    Raises:
        InvalidUsage: nothing is called so, or several things are.
    """
    kind = _kind_of(tables, name, what)
    people = frozenset({name} if kind == PARTICIPANT else ())
    trades = frozenset(_trades_of(tables, name, kind))
    outcomes = _outcomes(tables, trades)
    orders = order_outcomes(tables, frozenset({name}), is_participant=kind == PARTICIPANT)
    causes = causes_of_cuts(tables, trades, people) + causes_of_curtailment(tables, people)
    summary = tables.summary
    return Explanation(
        case=str(summary["name"]),
        kind=kind,
        name=name,
        formulation=str(summary["formulation"]),
        allocation=str(summary["allocation"]),
        status=str(summary["status"]),
        proposed_kwh=sum(one.proposed_kwh for one in outcomes),
        cleared_kwh=sum(one.cleared_kwh for one in outcomes),
        trades=outcomes,
        orders=orders if kind != TRADE else (),
        causes=causes,
        runs=tuple(_runs(tables, trades)),
        pressed=_pressed(tables, name) if kind == PARTICIPANT else (),
        energy_kwh=_energy(tables, name) if kind == PARTICIPANT else {},
        notes=tuple(_notes(tables, [(each.limited_by, each.element) for each in causes])),
        is_auction=_is_auction(tables),
    )


def _kind_of(tables: ResultTables, name: str, what: str | None) -> str:
    """What a name means in a result."""
    known = _known(tables)
    if what is not None and what not in known:
        raise InvalidUsage(f"'{what}' is nothing that is explained", f"say one of {', '.join(WHAT)}")
    kinds = [kind for kind in WHAT if name in known[kind] and what in (None, kind)]
    if not kinds:
        looked = known if what is None else {what: known[what]}
        wanted = " or ".join(looked).replace(" or ", ", ", max(len(looked) - 2, 0))
        raise InvalidUsage(
            f"no {wanted} of the result is called {shown(name)!r}",
            suggestion(name, sorted(set().union(*looked.values()))) or f"give the name of a {wanted}",
        )
    if len(kinds) > 1:
        raise InvalidUsage(
            f"{shown(name)!r} is the name of a {' and of a '.join(kinds)}",
            f"say which: --what {' or --what '.join(kinds)}",
        )
    return kinds[0]


def _known(tables: ResultTables) -> dict[str, set[str]]:
    """The names of a result by what they are of."""
    return {
        TRADE: set(tables.rows("cleared")["trade"]),
        PARTICIPANT: set(tables.rows("schedule")["participant"]),
        ORDER: set(tables.rows("matching")["order"]) | set(tables.rows("orders")["order"]),
    }


def kinds_called(tables: ResultTables, name: str) -> list[str]:
    """What a name could be of: a trade, a participant, an order."""
    known = _known(tables)
    return [kind for kind in WHAT if name in known[kind]]


def parties_of(tables: ResultTables, name: str, kind: str) -> set[str]:
    """The participants that a trade, an order or a participant is of."""
    if kind == PARTICIPANT:
        return {name}
    if kind == ORDER:
        found = [tables.rows(table) for table in ("matching", "orders")]
        return {str(who) for rows in found for who in rows["participant"][rows["order"] == name]}
    rows = tables.rows("cleared")
    at = rows["trade"] == name
    return {str(who) for side in ("seller", "buyer") for who in rows[side][at]}


def _trades_of(tables: ResultTables, name: str, kind: str) -> Iterable[str]:
    """The trades that are explained with a name."""
    rows = tables.rows("cleared")
    if kind == TRADE:
        return [name]
    if kind == PARTICIPANT:
        return sorted(set(rows["trade"][(rows["seller"] == name) | (rows["buyer"] == name)]))
    known = _known(tables)[ORDER]
    return [trade for trade in sorted(set(rows["trade"])) if name in orders_of(trade, known)]


def _outcomes(tables: ResultTables, trades: frozenset[str]) -> tuple[TradeOutcome, ...]:
    """What became of each trade, in the order of their names."""
    rows = tables.rows("cleared")
    chosen = np.flatnonzero(np.isin(rows["trade"].astype(str), sorted(trades)))
    firm = _firm(tables)
    found = []
    for name in sorted(trades):
        at = chosen[rows["trade"][chosen] == name]
        kw = rows["cleared_kw"][at] if rows["cleared_kw"][at].any() else rows["proposed_kw"][at]
        weights = kw if kw.any() else np.ones(len(at))
        price = float(np.average(rows["price_per_kwh"][at], weights=weights))
        received = rows["seller_price_per_kwh"][at]
        received_price = price if np.isnan(received).any() else float(np.average(received, weights=weights))
        found.append(
            TradeOutcome(
                trade=name,
                seller=str(rows["seller"][at[0]]),
                buyer=str(rows["buyer"][at[0]]),
                is_firm=name in firm,
                proposed_kwh=float(rows["proposed_kw"][at].sum() * tables.hours),
                cleared_kwh=float(rows["cleared_kw"][at].sum() * tables.hours),
                price_per_kwh=price,
                seller_price_per_kwh=received_price,
                when=periods_words(tables.starts, tables.step, rows["period"][at]),
            )
        )
    return tuple(found)


def _firm(tables: ResultTables) -> set[str]:
    """The trades that were firm before: the table of trades has them first, and the summary counts them."""
    figures = tables.summary.get("commitments")
    count = figures.get("trades", 0) if isinstance(figures, dict) else 0
    named = dict.fromkeys(tables.rows("cleared")["trade"].tolist())
    return set(islice(named, count if isinstance(count, int) else 0))


def _runs(tables: ResultTables, trades: frozenset[str]) -> Iterable[OutcomeRun]:
    """Trades period by period, neighbours with the same figures together."""
    rows = tables.rows("cleared")
    chosen = np.flatnonzero(np.isin(rows["trade"].astype(str), sorted(trades)))
    names = ("trade", "proposed_kw", "cleared_kw", "limited_by", "element", "phase")
    order = chosen[np.lexsort([rows["period"][chosen], rows["trade"][chosen].astype(str)])]
    start = 0
    for place in range(1, len(order) + 1):
        if place < len(order) and _follows(rows, names, int(order[place - 1]), int(order[place])):
            continue
        run = order[start:place]
        first = int(run[0])
        yield OutcomeRun(
            trade=str(rows["trade"][first]),
            when=periods_words(tables.starts, tables.step, rows["period"][run]),
            proposed_kw=float(rows["proposed_kw"][first]),
            cleared_kw=float(rows["cleared_kw"][first]),
            limited_by=str(rows["limited_by"][first]),
            element=str(rows["element"][first]),
            phase=str(rows["phase"][first]),
        )
        start = place


def _follows(rows: Rows, names: tuple[str, ...], one: int, other: int) -> bool:
    """Whether a row is the next period of another with the same figures."""
    alike = all(rows[name][one] == rows[name][other] for name in names)
    return alike and bool(rows["period"][other] == rows["period"][one] + 1)


def _energy(tables: ResultTables, participant: str) -> dict[str, float]:
    """Energy of a participant by the columns of the schedule."""
    rows = tables.rows("schedule", tables.rows("schedule")["participant"] == participant)
    return {name: float(rows[name].sum() * tables.hours) for name in FLOWS}


def _pressed(tables: ResultTables, participant: str) -> tuple[PressedLimit, ...]:
    """The limits that a participant loads or relieves, those that it loads most first, by kind."""
    moved = tables.rows(SENSITIVITIES)
    here = moved["participant"] == participant
    keys = zip(moved["limited_by"][here], moved["element"][here], moved["phase"][here], strict=True)
    periods: dict[Key, list[int]] = {}
    for key, period in zip(keys, moved["period"][here].tolist(), strict=True):
        periods.setdefault(key, []).append(period)
    found = [_pressing(tables, participant, key, np.array(at)) for key, at in periods.items()]
    loaded = [one for one in found if one is not None]
    return tuple(sorted(loaded, key=lambda one: (one.unit, -one.amount))[:PRESSED_MAX])


def _pressing(tables: ResultTables, participant: str, key: Key, periods: np.ndarray) -> PressedLimit | None:
    """What a participant puts on a limit by its net injection in the mean; `None` for nothing."""
    moved = tables.rows(SENSITIVITIES)
    moved = tables.rows(SENSITIVITIES, at_limit(moved, key) & (moved["participant"] == participant))
    rows = tables.rows("schedule")
    rows = tables.rows("schedule", (rows["participant"] == participant) & np.isin(rows["period"], periods))
    order = np.argsort(rows["period"])
    rows = {name: values[order] for name, values in rows.items()}
    order = np.argsort(moved["period"])
    injected, drawn = moved["injected"][order], moved["drawn"][order]
    made = rows["own_use_kw"] + rows["p2p_sold_kw"] + rows["retail_export_kw"]
    used = rows["own_use_kw"] + rows["p2p_bought_kw"] + rows["retail_import_kw"]
    sign = -1.0 if key[0] == LimitedBy.VOLTAGE_MIN.label else 1.0
    amount = float(np.mean(sign * (injected * made + drawn * used)))
    limits = tables.rows("limits")
    limit = limits["limit"][at_limit(limits, key)]
    is_percent = unit_of(key[0]) == PERCENT and len(limit) > 0
    if abs(amount) <= (PRESSED_MIN * limit[0] if is_percent else 0.0):
        return None
    return PressedLimit(
        limited_by=key[0],
        element=key[1],
        phase=key[2],
        name=place_name(tables, key),
        when=periods_words(tables.starts, tables.step, periods),
        unit=unit_of(key[0]),
        amount=amount,
        limit=float(limit[0]) if len(limit) else None,
    )


def _is_auction(tables: ResultTables) -> bool:
    """Whether orders were cleared on the network itself."""
    return "auction" in tables.summary


def _auction_note(tables: ResultTables) -> str:
    """What parts the prices of an auction on the network: the limits that are reached, or nothing."""
    rows = tables.rows("limits")
    keys = dict.fromkeys(zip(rows["limited_by"], rows["element"], rows["phase"], strict=True))
    found = [key for key in keys if key[0] not in CAPS]
    told = "Orders were cleared on the network itself, and trades only pair what cleared. "
    if not found:
        return f"{told}No limit of the network is reached, so that all have one price in a period."
    named = []
    for key in found[:NAMES_SAID]:
        place = f"{PLACE_KINDS[kind_of(key[0])]} {called(key[1], place_name(tables, key))}"
        when = periods_words(tables.starts, tables.step, np.unique(rows["period"][at_limit(rows, key)]))
        named.append(f"{place}, {when}")
    more = f"; and {len(found) - NAMES_SAID} more" if len(found) > NAMES_SAID else ""
    return f"{told}Limits that are reached make prices differ from place to place: {'; '.join(named)}{more}."


def _notes(tables: ResultTables, limits: list[tuple[str, str]]) -> Iterable[str]:
    """What the reader should know besides: safety, model, and what the result does not hold."""
    summary = tables.summary
    if _is_auction(tables):
        yield _auction_note(tables)
    if summary["status"] != CLEARED_STATUS:
        yield f"The result has the status {summary['status']}: it is not safe to operate as it is."
    if broken := summary["baseline_violations"]:
        yield (
            f"The network breaks {counted(len(broken), 'limit')} before any trade; where nothing keeps them, "
            "trades may not make them worse."
        )
    if "robustness" in summary:
        yield "Limits are those of the worst outage of a single seller or trade, not of the schedule."
    if summary.get("ended_by"):
        yield f"The clearing was ended by {summary['ended_by']}, with the best that it had found until then."
    of_network = [kind for kind, element in limits if kind and element and kind not in CAPS]
    if of_network and not tables.has(REASONS):
        yield (
            "The result does not hold the table reasons: each cut is put on the limit that cleared names, "
            "and what would clear it is not known; clear the case again for both."
        )
    if of_network and not tables.has(SENSITIVITIES):
        why = (
            "limits of an outage have no sensitivities in the schedule"
            if "robustness" in summary
            else "the result does not hold the table sensitivities; clear the case again for it"
        )
        yield f"Who else loads these limits is not known: {why}."
