"""AccessCache: who comes with a key, and the session it is about, kept for as long as nothing was changed."""

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


class AccessCache:
    """Keeps accesses of one state of the database.

    Whoever stores something by one asks, inside its transaction, whether that state is still the last: then
    nothing was kept too long, whatever other processes did.
    """

    def __init__(self) -> None:
        self._changed = -1
        self._visitors: dict[str, tuple[Visitor, Keys]] = {}
        self._sessions: dict[str, tuple[SessionState, SessionFrame]] = {}

    def find(self, key_sha256: str, session: str, now: int, changed: int) -> Access | None:
        """What is kept; `None` where it is not there, or not of the last change that is known."""
        visitor, found = self._visitors.get(key_sha256), self._sessions.get(session)
        if changed > self._changed or visitor is None or found is None:
            return None
        if visitor[0].until is not None and now >= visitor[0].until:
            return None
        state, frame = found
        return Access(visitor=visitor[0], keys=visitor[1], state=state, frame=frame, changed=self._changed)

    def keep(self, access: Access) -> None:
        """Keeps an access, and nothing of earlier changes."""
        if access.changed < self._changed:
            return
        if access.changed > self._changed or len(self._visitors) >= KEPT_MAX:
            self._visitors, self._sessions = {}, {}
            self._changed = access.changed
        self._visitors[access.visitor.key_sha256] = access.visitor, access.keys
        self._sessions[access.state.row.session] = access.state, access.frame
