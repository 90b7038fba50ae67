"""AccessCache: who comes with a key, and the session it is about, kept for as long as nothing was changed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from gridpact.gate.access.visitor import Visitor
from gridpact.gate.door.signed_submissions import Keys
from gridpact.gate.market.session_frames import SessionFrame
from gridpact.gate.market.session_states import SessionState

KEPT_MAX = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A visitor and a session, as the database had them after an entry of the log.

    Attributes:
        visitor: whom the key stands for.
        keys: its public JWKs by their `kid`.
        state: of the session.
        frame: of the session.
        changed: the last entry that changed who may do what, or a session.
    """

    visitor: Visitor
    keys: Keys
    state: SessionState
    frame: SessionFrame
    changed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Accesses:
    """Visitors and sessions, as the database had them after an entry of the log.

    Attributes:
        changed: that entry, the last that changed who may do what, or a session.
        visitors: by the digests of their keys.
        sessions: by their names.
        markets: whose traders are all among these visitors, or among those that are kept.
    """

    changed: int
    visitors: Mapping[str, tuple[Visitor, Keys]]
    sessions: Mapping[str, tuple[SessionState, SessionFrame]]
    markets: Collection[str]


class AccessCache:
    """Keeps accesses of one state of the database.

    Whoever stores something by one asks, inside its transaction, whether that state is still the last: then
    nothing was kept too long, whatever other processes did.
    """

    def __init__(self) -> None:
        self._changed = -1
        self._visitors: dict[str, tuple[Visitor, Keys]] = {}
        self._sessions: dict[str, tuple[SessionState, SessionFrame]] = {}
        self._markets: set[str] = set()

    def find(self, key_sha256: str, session: str, now: int, changed: int) -> Access | None:
        """What is kept; `None` where it is not there, or not of the last change that is known."""
        visitor, found = self._visitors.get(key_sha256), self._sessions.get(session)
        if changed > self._changed or visitor is None or found is None:
            return None
        if visitor[0].until is not None and now >= visitor[0].until:
            return None
        state, frame = found
        return Access(visitor=visitor[0], keys=visitor[1], state=state, frame=frame, changed=self._changed)

    def visitors(self, changed: int) -> Mapping[str, tuple[Visitor, Keys]]:
        """The visitors that are kept of a state of the database, by the digests of their keys."""
        return self._visitors if changed == self._changed else {}

    def sessions(self, changed: int) -> Mapping[str, tuple[SessionState, SessionFrame]]:
        """The sessions that are kept of a state of the database."""
        return self._sessions if changed == self._changed else {}

    def lacks(self, market: str, changed: int) -> bool:
        """Whether traders of a market have not been read together since a change."""
        return changed != self._changed or market not in self._markets

    def keep(self, read: Accesses) -> None:
        """Keeps what was read, and nothing of earlier changes."""
        if read.changed < self._changed:
            return
        if read.changed > self._changed or len(self._visitors) + len(read.visitors) > KEPT_MAX:
            self._visitors, self._sessions, self._markets = {}, {}, set()
            self._changed = read.changed
        self._visitors.update(read.visitors)
        self._sessions.update(read.sessions)
        self._markets.update(read.markets)
