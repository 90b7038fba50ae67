"""Sealer: seals sessions once their gate has closed, many at a time, and is prepared for it."""

from collections.abc import Callable, Collection
from time import monotonic
from typing import Any

from sqlalchemy import Connection, func, select

from gridpact.gate.closing.seal_session import entry_of, seal_session, session_entries
from gridpact.gate.log.merkle import GrowingTree
from gridpact.gate.store.database import Database
from gridpact.gate.store.gate_tables import LOG, LOG_HEAD, SEAL, SESSION, SUBMISSION
from gridpact.gate.store.transaction import Transaction
from gridpact.gate.words.moments import Clock

AHEAD_MICROSECONDS = 120_000_000  # before the closure of a session, from when on its tree is kept
SECONDS_AT_ONCE = 0.25  # that sealing holds up what else is to be stored
SESSIONS_AT_ONCE = 500
CarryOut = Callable[[Callable[[Transaction], Any]], Any]


class Sealer:
    """Seals what is due.

    From a while before a closure on it keeps the tree over the submissions that are there, so that little is
    left to be read and hashed in the moment in which nothing else can be stored.

    Args:
        database: of the gate.
        clock: the gate's time.
        drain: after the closure, for what came in time and waits to be stored, microseconds.
        carry_out: carries out a unit of work in a transaction, and gives its answer once it is durable.
    """

    def __init__(self, database: Database, clock: Clock, drain: int, carry_out: CarryOut) -> None:
        self._database, self._clock, self._drain, self._carry_out = database, clock, drain, carry_out
        self._trees: dict[str, GrowingTree] = {}
        self._seen = 0  # the last entry of the log that the trees have, where it is theirs

    def seal_due(self) -> int:
        """Seals all sessions whose time has come, and gives their number."""
        with self._database.reading() as connection:
            near = _unsealed(connection, self._clock() + AHEAD_MICROSECONDS)
            self._keep(connection, [row.session for row in near])
        due = [row.session for row in near if self._is_due(row)]
        sealed = 0
        while due:
            done, due = self._carry_out(self._sealing(due))
            sealed += done
        return sealed

    def _is_due(self, session: Any) -> bool:
        return bool(self._clock() >= session.closes_at + self._drain)

    def _keep(self, connection: Connection, sessions: Collection[str]) -> None:
        """Brings the trees of sessions up to the last entry of the log, and forgets all others."""
        trees = {name: self._trees[name] for name in sessions if name in self._trees}
        self._trees = {}  # Where reading fails, none is half grown.
        last = int(connection.execute(select(LOG_HEAD.c.sequence)).scalar_one())
        _grow(connection, trees, self._seen, last)
        for name in sessions:
            if name not in trees:
                trees[name] = _tree(connection, name)
        self._trees, self._seen = trees, last

    def _sealing(self, due: list[str]) -> Callable[[Transaction], tuple[int, list[str]]]:
        """The work of sealing what is due, which gives how many it has sealed, and those that are left."""

        def work(transaction: Transaction) -> tuple[int, list[str]]:
            begin, sealed, some = monotonic(), 0, due[:SESSIONS_AT_ONCE]
            connection = transaction.connection
            trees = {name: self._trees[name].copy() for name in some if name in self._trees}
            _grow(connection, trees, self._seen, transaction.lock_head().sequence)
            rows = {row.session: row for row in _unsealed(connection, self._clock()) if self._is_due(row)}
            counts = _counts(connection, some)
            for place, name in enumerate(some):
                if monotonic() - begin > SECONDS_AT_ONCE:
                    return sealed, due[place:]
                if name not in rows:  # Another process was quicker, or it was cancelled or moved meanwhile.
                    continue
                tree = trees.get(name)
                if tree is None or tree.size != counts.get(name, 0):
                    tree = _tree(transaction.connection, name)
                seal_session(transaction, name, tree.root(), tree.size, self._clock())
                sealed += 1
            return sealed, due[len(some) :]

        return work


def _unsealed(connection: Connection, until: int) -> list[Any]:
    """Sessions without a seal whose gate closes until a moment, in the order of their closure."""
    query = (
        select(SESSION.c.session, SESSION.c.closes_at)
        .outerjoin(SEAL, SEAL.c.session == SESSION.c.session)
        .where(SESSION.c.closes_at <= until, SESSION.c.cancelled_at.is_(None), SEAL.c.session.is_(None))
        .order_by(SESSION.c.closes_at, SESSION.c.session)
    )
    return list(connection.execute(query).all())


def _tree(connection: Connection, session: str) -> GrowingTree:
    """The tree over the submissions of a session, all of them read."""
    tree = GrowingTree()
    for entry in session_entries(connection, session):
        tree.add(entry.leaf())
    return tree


def _grow(connection: Connection, trees: dict[str, GrowingTree], seen: int, last: int) -> None:
    """Adds to trees the submissions of their sessions after one entry of the log, up to another."""
    if not trees or seen == last:
        return
    joined = LOG.join(SUBMISSION, SUBMISSION.c.sequence == LOG.c.sequence)
    query = select(LOG).select_from(joined).where(LOG.c.sequence.between(seen + 1, last))
    query = query.order_by(LOG.c.sequence)
    for row in connection.execute(query):
        if (tree := trees.get(row.session)) is not None:
            tree.add(entry_of(row).leaf())


def _counts(connection: Connection, sessions: Collection[str]) -> dict[str, int]:
    query = (
        select(SUBMISSION.c.session, func.count())
        .where(SUBMISSION.c.session.in_(sessions))
        .group_by(SUBMISSION.c.session)
    )
    return {row[0]: int(row[1]) for row in connection.execute(query)}
