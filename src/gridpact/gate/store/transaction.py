"""Transaction: what one unit of work may write, and the log that it appends to."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeVar

from sqlalchemy import Connection, Executable, Row, Table, insert, select, update

from gridpact.gate.log.entry import LogEntry
from gridpact.gate.log.hash_chain import next_link
from gridpact.gate.store.database import Database
from gridpact.gate.store.gate_tables import ACTION, LOG, LOG_HEAD, SESSION

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """A log entry with the link of the chain that it makes."""

    entry: LogEntry
    chain: str


class Transaction:
    """Reads and writes of one or several units of work, committed together.

    The head of the log is locked from the first append on, so that sequences have no gap and all writers one
    order.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.writes = 0
        self._head: tuple[int, bytes] | None = None

    def rows(self, query: Executable) -> list[Row[Any]]:
        """All rows of a query."""
        return list(self.connection.execute(query).all())

    def row(self, query: Executable) -> Row[Any] | None:
        """The first row of a query, `None` where there is none."""
        return self.connection.execute(query).first()

    def write(self, statement: Executable) -> int:
        """Carries out an insert, update or delete, and gives the number of rows that it touched."""
        self.writes += 1
        return int(self.connection.execute(statement).rowcount)

    def insert(self, table: Table, **values: Any) -> None:
        """Inserts a row."""
        self.write(insert(table).values(**values))

    def lock_head(self) -> tuple[int, bytes]:
        """Sequence and link of the last entry of the log, which nobody else can go on from any more."""
        if self._head is None:
            head = self.connection.execute(select(LOG_HEAD).with_for_update()).one()
            self._head = head.sequence, bytes.fromhex(head.chain)
        return self._head

    def append(self, *, kind: str, session: str | None, actor: str, received_at: int, digest: str) -> Logged:
        """Appends an entry to the log."""
        sequence, chain = self.lock_head()
        entry = LogEntry(
            sequence=sequence + 1,
            kind=kind,
            session=session,
            actor=actor,
            received_at=received_at,
            sha256=digest,
        )
        link = next_link(chain, entry.leaf())
        self.insert(
            LOG,
            sequence=entry.sequence,
            kind=kind,
            session=session,
            actor=actor,
            received_at=received_at,
            sha256=digest,
            chain=link.hex(),
        )
        self._head = entry.sequence, link
        return Logged(entry=entry, chain=link.hex())

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
        self.insert(ACTION, sequence=logged.entry.sequence, subject=subject, body=body)
        return logged

    def _not_before(self, session: str, received_at: int) -> int:
        """The moment of an entry of a session, along which no moment falls."""
        of_session = SESSION.c.session == session
        row = self.row(select(SESSION.c.last_received_at).where(of_session))
        if row is None:
            return received_at
        received_at = max(received_at, row.last_received_at)
        self.connection.execute(update(SESSION).where(of_session).values(last_received_at=received_at))
        return received_at

    def finish(self) -> None:
        """Stores the head of the log, where it moved."""
        if self._head is not None:
            sequence, chain = self._head
            self.connection.execute(update(LOG_HEAD).values(sequence=sequence, chain=chain.hex()))


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
