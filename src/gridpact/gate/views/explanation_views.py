"""What is shown of an explanation: to each their own, others together and unnamed."""

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from gridpact.errors import InvalidUsage
from gridpact.gate.access.visibility import is_shown
from gridpact.gate.market.market_documents import Rules
from gridpact.gate.market.session_states import SessionState
from gridpact.gate.store.gate_tables import PUBLISHED_FILE
from gridpact.gate.views.matched_trades import is_matched
from gridpact.gate.words.refused import FieldProblem, invalid, not_found
from gridpact.results.explanation.explanation import Explanation
from gridpact.results.explanation.explanation_facts import CauseOfCut, LoadOnLimit
from gridpact.results.explanation.explanation_words import OTHERS, TRADE
from gridpact.results.explanation.make_explanation import WHAT, explanation_of, kinds_called, parties_of
from gridpact.results.explanation.tables.matched_orders import orders_of
from gridpact.results.explanation.tables.read_tables import read_tables
from gridpact.results.explanation.tables.result_tables import ResultTables
from gridpact.results.explanation.terms_words import GENERAL
from gridpact.results.words.limit_kinds import CAPS

LEFT_OUT = {"report.html", "network.csv"}


def published_files(connection: Connection, state: SessionState) -> dict[str, bytes]:
    """The files of a published result that explanations are made of.

    Raises:
        Refused: 404, it is not published.
    """
    if state.publication is None:
        raise not_found()
    query = select(PUBLISHED_FILE.c.name, PUBLISHED_FILE.c.content).where(
        PUBLISHED_FILE.c.session == state.row.session, PUBLISHED_FILE.c.name.not_in(LEFT_OUT)
    )
    return {row.name: bytes(row.content) for row in connection.execute(query)}


def explanation_view(
    files: Mapping[str, bytes], name: str, what: str | None, own: frozenset[str] | None, rules: Rules
) -> dict[str, Any]:
    """The explanation of a trade, an order or a participant as its reader may see it.

    Args:
        files: of the result, by their names.
        name: of what is explained.
        what: it is, where the name could be of several.
        own: participants that the reader may read; `None` for all.
        rules: of the market.

    Raises:
        Refused: 404, there is none that is shown to the reader; 422, it could be several.
    """
    if what is not None and what not in WHAT:
        wanted = f"write one of {', '.join(WHAT)}"
        raise invalid([FieldProblem(pointer="?what", value=what, what="is not explained", remedy=wanted)])
    tables = _tables(files)
    kinds = [
        kind
        for kind in kinds_called(tables, name)
        if what in (None, kind)
        and is_shown(own, parties_of(tables, name, kind), whole=_is_whole(name, kind, rules))
    ]
    if not kinds:
        raise not_found()
    if len(kinds) > 1:
        which = f"add what={' or what='.join(kinds)}"
        raise invalid([FieldProblem(pointer="?name", value=name, what="is of several", remedy=which)])
    try:
        explanation = explanation_of(tables, name, what=kinds[0])
    except InvalidUsage:
        raise not_found() from None
    shown = explanation if own is None else _ReaderOfOwn(tables, own, rules).sees(explanation)
    return shown.facts()


def _tables(files: Mapping[str, bytes]) -> ResultTables:
    """The tables of a result that is kept as files."""
    with tempfile.TemporaryDirectory(prefix="gridpact-") as made:
        folder = Path(made)
        for name, content in files.items():
            (folder / name).write_bytes(content)
        return read_tables(folder)


def _is_whole(name: str, kind: str, rules: Rules) -> bool:
    """Whether a name gives away both sides, so that who asks by it has to read both.

    That is a matched trade's, called after both of its orders, in a market that names nobody.
    """
    return kind == TRADE and rules.anonymous and is_matched(name)


class _ReaderOfOwn:
    """Who reads some participants of a market by its rules."""

    def __init__(self, tables: ResultTables, own: frozenset[str], rules: Rules) -> None:
        self._own, self._rules = own, rules
        rows = tables.rows("cleared")
        self._orders = set(tables.rows("matching")["order"]) | set(tables.rows("orders")["order"])
        sides = zip(rows["trade"], rows["seller"], rows["buyer"], strict=True)
        self._sides = {trade: (seller, buyer) for trade, seller, buyer in sides}

    def sees(self, explanation: Explanation) -> Explanation:
        """What the reader sees of an explanation."""
        shows = self._rules.show_elements
        return replace(
            explanation,
            trades=tuple(
                replace(
                    one,
                    trade=self._called(one.trade),
                    seller=self._side(one.trade, one.seller),
                    buyer=self._side(one.trade, one.buyer),
                )
                for one in explanation.trades
            ),
            orders=tuple(order for order in explanation.orders if order.participant in self._own),
            causes=tuple(self._cause(cause) for cause in explanation.causes),
            runs=tuple(
                replace(
                    run,
                    trade=self._called(run.trade),
                    element=run.element if self._sees_element(run.limited_by, run.element) else "",
                )
                for run in explanation.runs
            ),
            pressed=explanation.pressed if shows else (),
        )

    def _sees_element(self, limited_by: str, element: str) -> bool:
        """Whether the reader is told where a cap or a limit is."""
        return element in self._own if limited_by in CAPS else self._rules.show_elements

    def _cause(self, cause: CauseOfCut) -> CauseOfCut:
        """A cause without what it says of others, and without its place where that is not shown."""
        is_shown_place = self._sees_element(cause.limited_by, cause.element)
        own = [self._load(load) for load in cause.loads if self._is_own(load)]
        others = [load for load in cause.loads if not self._is_own(load)]
        if others and is_shown_place:
            own.append(_together(others))
        terms = GENERAL if cause.terms else ""
        if is_shown_place:
            idle = tuple(self._called(trade) for trade in cause.without_load if self._is_side(trade))
            loads = tuple(sorted(own, key=lambda load: -load.amount))
            return replace(cause, loads=loads, without_load=idle, terms=terms)
        is_cap = cause.limited_by in CAPS
        return replace(
            cause,
            element="",
            name="",
            phase="",
            loads=tuple(own),
            without_load=(),
            rest=None,
            also_cut=0,
            is_beyond_before=False,
            value=None if is_cap else cause.value,
            limit=None if is_cap else cause.limit,
            room_a=None,
            room_v=None,
            terms=terms,
        )

    def _is_own(self, load: LoadOnLimit) -> bool:
        return self._is_side(load.name) if load.kind == TRADE else load.name in self._own

    def _is_side(self, trade: str) -> bool:
        """Whether the reader is on a side of a trade."""
        return bool(self._own.intersection(self._sides.get(trade, ())))

    def _load(self, load: LoadOnLimit) -> LoadOnLimit:
        return replace(load, name=self._called(load.name)) if load.kind == TRADE else load

    def _is_hidden(self, trade: str) -> bool:
        """Whether the other side of a trade is not named: the gate matched it, and it is another's."""
        is_anonymous = self._rules.anonymous and len(orders_of(trade, self._orders)) > 0
        return is_anonymous and not self._own.issuperset(self._sides.get(trade, ()))

    def _called(self, trade: str) -> str:
        """A trade's name, or that of the own order that it was made of."""
        if not self._is_hidden(trade):
            return trade
        orders, sides = orders_of(trade, self._orders), self._sides[trade]
        return next(order for order, side in zip(orders, sides, strict=True) if side in self._own)

    def _side(self, trade: str, name: str) -> str:
        return "" if self._is_hidden(trade) and name not in self._own else name


def _together(loads: list[LoadOnLimit]) -> LoadOnLimit:
    """What several put on a limit, as one that says only how many they are."""
    return LoadOnLimit(
        kind=OTHERS,
        name=f"{len(loads)} in all",
        kw=sum(load.kw for load in loads),
        amount=sum(load.amount for load in loads),
        per_kw=None,
        is_own=False,
    )
