"""Logins: from a password or an identity to a cookie's secret, of which the gate keeps the digest."""

import secrets

from sqlalchemy import delete, select

from gridpact.gate.access.visitor import secret_sha256
from gridpact.gate.store.gate_tables import LOGIN, PASSWORD, USER
from gridpact.gate.store.transaction import Transaction
from gridpact.gate.words.refused import Refused

SECRET_BYTES = 32
MICROSECONDS_PER_HOUR = 3_600_000_000


def begin_login(
    transaction: Transaction, user: str, *, now: int, hours: float, before: str | None, argon2: str | None
) -> str:
    """Begins a login, whose secret is always a new one, and gives that.

    Args:
        transaction: that it is part of.
        user: who logs in.
        now: the gate's time.
        hours: after which the login ends.
        before: secret that the browser came with, whose login ends.
        argon2: what was kept of the password that was checked; `None` where another way led here.

    Raises:
        Refused: 401, the user or its password changed meanwhile.
    """
    kept = transaction.row(select(PASSWORD.c.argon2).where(PASSWORD.c.user == user))
    is_changed = argon2 is not None and (kept is None or kept.argon2 != argon2)
    if is_changed or transaction.row(select(USER.c.user).where(USER.c.user == user)) is None:
        raise not_let_in()
    if before:
        end_login(transaction, before)
    transaction.write(delete(LOGIN).where(LOGIN.c.ends_at <= now))
    secret = secrets.token_urlsafe(SECRET_BYTES)
    ends_at = now + int(hours * MICROSECONDS_PER_HOUR)
    transaction.insert(LOGIN, sha256=secret_sha256(secret), user=user, began_at=now, ends_at=ends_at)
    return secret


def end_login(transaction: Transaction, secret: str) -> None:
    """Ends a login."""
    transaction.write(delete(LOGIN).where(LOGIN.c.sha256 == secret_sha256(secret)))


def end_logins(transaction: Transaction, user: str) -> None:
    """Ends all logins of a user, on whatever device."""
    transaction.write(delete(LOGIN).where(LOGIN.c.user == user))


def not_let_in() -> Refused:
    """The one answer to a wrong name and to a wrong password."""
    return Refused(401, "not-let-in", "No user has this name and this password.")
