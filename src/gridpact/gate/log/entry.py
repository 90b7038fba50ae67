"""LogEntry: one thing that was handed in or done, as the chain has it."""

from dataclasses import dataclass
from hashlib import sha256

from gridpact.gate.words.json_bodies import json_string
from gridpact.gate.words.moments import moment_text

LEAF_PREFIX = b"\x00"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """An entry of the log.

    Attributes:
        sequence: its number, from 1 on without a gap.
        kind: what it is, as in `order`.
        session: that it is of; `None` for what is of none.
        actor: pseudonym of the user.
        received_at: moment at which its last byte came, microseconds since 1970-01-01 UTC.
        sha256: of the bytes as they came, in hexadecimal digits.
    """

    sequence: int
    kind: str
    session: str | None
    actor: str
    received_at: int
    sha256: str

    def as_json(self) -> dict[str, int | str | None]:
        """The entry as a JSON object, its members in the order in which they are hashed."""
        return {
            "sequence": self.sequence,
            "kind": self.kind,
            "session": self.session,
            "actor": self.actor,
            "received_at": moment_text(self.received_at),
            "sha256": self.sha256,
        }

    def leaf(self) -> bytes:
        """Hash of the entry as a leaf of a Merkle tree (RFC 9162, 2.1.1)."""
        return leaf_hash(
            sequence=self.sequence,
            kind=self.kind,
            session=self.session,
            actor=self.actor,
            received_at=moment_text(self.received_at),
            digest=self.sha256,
        )


def leaf_hash(
    *, sequence: int, kind: str, session: str | None, actor: str, received_at: str, digest: str
) -> bytes:
    """The leaf of an entry whose moment is text already; what is hashed is the JSON of `as_json`."""
    of_session = "null" if session is None else json_string(session)
    text = (
        f'{{"sequence":{sequence},"kind":{json_string(kind)},"session":{of_session},"actor":{json_string(actor)},'
        f'"received_at":"{received_at}","sha256":{json_string(digest)}}}'
    )
    return sha256(LEAF_PREFIX + text.encode()).digest()
