"""Transaction: what units of work may read and write, and the log that they append to."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, Executable, Row, Table, bindparam, insert, select, update

from gridpact.gate.log.entry import LogEntry, leaf_hash
from gridpact.gate.log.hash_chain import next_link
from gridpact.gate.store.database import Database
from gridpact.gate.store.gate_tables import ACTION, LOG, LOG_HEAD, SESSION, SUBMISSION
from gridpact.gate.store.row_buffer import RowBuffer
from gridpact.gate.words.moments import moment_text

Answer = TypeVar("Answer")
# Entries that change neither who may do what nor a session.
OF_CLOSING = frozenset(
    {
        "opened",
        "seal",
        "case",
        "published",
        "failed",
        "retry",
        "settled",
        "settling-failed",
        "webhook-disabled",
    }
)
_HEAD = select(LOG_HEAD).with_for_update()
_OF_SESSION = update(SESSION).where(SESSION.c.session == bindparam("of_session"))
_LAST = _OF_SESSION.values(last_received_at=bindparam("moment"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """A log entry with the link of the chain that it makes."""

    entry: LogEntry
    chain: str


class LogHead(NamedTuple):
    """The end of the log.

    Attributes:
        sequence: of the last entry.
        chain: its link.
        changed: sequence of the last entry that changed who may do what, or a session.
    """

    sequence: int
    chain: bytes
    changed: int


class Transaction:
    """Reads and writes of one or several units of work, committed together.

    The head of the log is locked from the first append on, so that sequences have no gap and all writers one
    order. Rows of the log and of submissions are inserted together, before whatever is read or written next.
    """

    def __init__(self, connection: Connection) -> None:
        self.writes = 0
        self._connection = connection
        self._head: LogHead | None = None
        self._read_head: LogHead | None = None
        self._rows = RowBuffer((LOG, ACTION, SUBMISSION))
        self._last_received: dict[str, int] = {}

    @property
    def connection(self) -> Connection:
        """The connection, on which everything that was written before is seen."""
        self._rows.flush(self._connection)
        return self._connection

    def rows(self, query: Executable, values: Any = None) -> list[Row[Any]]:
        """All rows of a query."""
        return list(self.connection.execute(query, values).all())

    def row(self, query: Executable) -> Row[Any] | None:
        """The first row of a query, `None` where it has none."""
        return self.connection.execute(query).first()

    def write(self, statement: Executable) -> int:
        """Carries out an insert, update or delete, and gives the number of rows that it touched."""
        self.writes += 1
        return int(self.connection.execute(statement).rowcount)

    def insert(self, table: Table, **values: Any) -> None:
        """Inserts a row."""
        self.write(insert(table).values(**values))

    def add_submission(self, *values: Any) -> None:
        """Inserts a row of `SUBMISSION`, its values in the order of the columns."""
        self.writes += 1
        self._rows.add(SUBMISSION, values)

    def lock_head(self) -> LogHead:
        """The end of the log, which nobody else can go on from any more."""
        if self._head is None:
            row = self._connection.execute(_HEAD).one()
            self._head = self._read_head = LogHead(row.sequence, bytes.fromhex(row.chain), row.changed)
        return self._head

    def append(self, *, kind: str, session: str | None, actor: str, received_at: int, digest: str) -> Logged:
        """Appends an entry to the log."""
        sequence, chain = self.append_text(
            kind=kind,
            session=session,
            actor=actor,
            received_at=received_at,
            moment=moment_text(received_at),
            digest=digest,
        )
        entry = LogEntry(
            sequence=sequence,
            kind=kind,
            session=session,
            actor=actor,
            received_at=received_at,
            sha256=digest,
        )
        return Logged(entry=entry, chain=chain)

    def append_text(
        self, *, kind: str, session: str | None, actor: str, received_at: int, moment: str, digest: str
    ) -> tuple[int, str]:
        """Appends an entry whose moment is text already, and gives its sequence and link."""
        head = self.lock_head()
        sequence = head.sequence + 1
        leaf = leaf_hash(
            sequence=sequence, kind=kind, session=session, actor=actor, received_at=moment, digest=digest
        )
        link = next_link(head.chain, leaf)
        chain = link.hex()
        self.writes += 1
        self._rows.add(LOG, (sequence, kind, session, actor, received_at, digest, chain))
        self._head = LogHead(sequence, link, head.changed)
        return sequence, chain

    def act(
        self,
        *,
        kind: str,
        subject: str,
        actor: str,
        received_at: int,
        body: bytes,
        session: str | None = None,
    ) -> Logged:
        """Appends what somebody did other than a submission, with its body."""
        digest = action_sha256(subject, body)
        if session is not None:
            received_at = self._not_before(session, received_at)
        logged = self.append(kind=kind, session=session, actor=actor, received_at=received_at, digest=digest)
        self._rows.add(ACTION, (logged.entry.sequence, subject, body))
        if kind not in OF_CLOSING:
            self._head = self.lock_head()._replace(changed=logged.entry.sequence)
        return logged

    def receive(self, session: str, received_at: int, last: int) -> int:
        """The moment at which a submission of a session counts as received: never before an earlier one's.

        Args:
            session: that it is for.
            received_at: when its last byte came.
            last: `last_received_at` of the session, as the transaction found it.
        """
        moment = max(received_at, self._last_received.get(session, last))
        self._last_received[session] = moment
        return moment

    def _not_before(self, session: str, received_at: int) -> int:
        """The moment of an entry of a session, along which no moment falls."""
        if session in self._last_received:
            return self.receive(session, received_at, 0)
        row = self.row(select(SESSION.c.last_received_at).where(SESSION.c.session == session))
        return received_at if row is None else self.receive(session, received_at, row.last_received_at)

    def finish(self) -> LogHead | None:
        """Stores the ends of the log and of sessions, where they moved, and gives the log's, or `None`."""
        self._rows.flush(self._connection)
        if self._last_received:
            moments = [{"of_session": name, "moment": at} for name, at in self._last_received.items()]
            self._connection.execute(_LAST, moments)
        if self._head is None or self._head == self._read_head:
            return None
        sequence, chain, changed = self._head
        self._connection.execute(
            update(LOG_HEAD).values(sequence=sequence, chain=chain.hex(), changed=changed)
        )
        return self._head


def action_sha256(subject: str, body: bytes) -> str:
    """What the log has of an action: the digest of what it is of and of its content."""
    return sha256(subject.encode() + b"\0" + body).hexdigest()


def carry_out(database: Database, work: Callable[[Transaction], Answer]) -> Answer:
    """Carries out a unit of work in a transaction of its own, and gives its answer once it is durable."""
    with database.writing() as connection:
        transaction = Transaction(connection)
        transaction.lock_head()  # All writers, of all processes, follow each other.
        answer = work(transaction)
        transaction.finish()
    return answer


def known_changes(connection: Connection) -> int:
    """Sequence of the last entry that changed who may do what, or a session, as a connection sees it."""
    return int(connection.execute(select(LOG_HEAD.c.changed)).scalar_one())
