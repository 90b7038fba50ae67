"""Passwords: hashed by argon2id, checked a few at a time, and slowed where they are guessed."""

import unicodedata
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import Connection, delete, select

from gridpact.gate.access.user_commands import pseudonym_of
from gridpact.gate.store.gate_tables import LOGIN, PASSWORD
from gridpact.gate.store.transaction import Transaction
from gridpact.gate.words.refused import FieldProblem, invalid

CHARACTERS_MIN, CHARACTERS_MAX = 12, 200
AT_ONCE = 2  # Each takes 46 MiB, and about a tenth of a second of a core.
_HASHER = PasswordHasher(time_cost=1, memory_cost=47_104, parallelism=1)  # OWASP, first of its settings
_TURN = BoundedSemaphore(AT_ONCE)
_NOBODY = (  # Of a random text: who is not there is checked as long as who is.
    "$argon2id$v=19$m=47104,t=1,p=1$hirVljAuURi3vouWFuzT5g$o6q/pOg+hZ7BHQoBo24IEu1ZHUYg7VnI9cRsId/WnKQ"
)


def need_good_password(password: str, user: str) -> None:
    """Refuses a password that is too short, too long, or easily guessed of its user (422)."""
    what = ""
    if len(password) < CHARACTERS_MIN:
        what = "is too short"
    elif len(password) > CHARACTERS_MAX:
        what = "is too long"
    elif user in password.lower() and len(password) - len(user) < CHARACTERS_MIN // 2:
        what = "is nearly the name of the user"
    elif len(set(password)) < CHARACTERS_MIN // 3:
        what = "repeats a few characters"
    if what:
        remedy = f"write {CHARACTERS_MIN} to {CHARACTERS_MAX} characters; several words do well"
        raise invalid([FieldProblem(pointer="/password", what=what, remedy=remedy)])


def hashed(password: str) -> str:
    """What is kept of a password."""
    with _TURN:
        return _HASHER.hash(_bytes(password))


def known_hash(connection: Connection, user: str) -> str | None:
    """What is kept of a user's password; `None` where it has none."""
    query = select(PASSWORD.c.argon2).where(PASSWORD.c.user == user)
    return connection.execute(query).scalar_one_or_none()


def is_password(known: str | None, password: str) -> bool:
    """Whether a password is the one that this was kept of; as long in coming to it where nothing was."""
    with _TURN:
        try:
            return _HASHER.verify(known or _NOBODY, _bytes(password)) and known is not None
        except (VerifyMismatchError, InvalidHashError):
            return False


def set_password(transaction: Transaction, user: str, argon2: str, *, received_at: int) -> None:
    """Gives a user a password, and ends its logins."""
    pseudonym = pseudonym_of(transaction, user)
    transaction.act(kind="password", subject=pseudonym, actor=pseudonym, received_at=received_at, body=b"")
    transaction.write(delete(PASSWORD).where(PASSWORD.c.user == user))
    transaction.insert(PASSWORD, user=user, argon2=argon2, set_at=received_at)
    transaction.write(delete(LOGIN).where(LOGIN.c.user == user))


def _bytes(password: str) -> bytes:
    """The same bytes for what looks the same, however a keyboard composes it."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
