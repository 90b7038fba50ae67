"""Invitations: a secret by which a user sets its password or brings its identity, once."""

import secrets
from typing import Any

from sqlalchemy import delete, select

from gridpact.gate.access.user_commands import pseudonym_of
from gridpact.gate.access.visitor import secret_sha256
from gridpact.gate.people.passwords import set_password
from gridpact.gate.store.gate_tables import IDENTITY, INVITATION, LOGIN
from gridpact.gate.store.transaction import Transaction
from gridpact.gate.words.moments import moment_text
from gridpact.gate.words.refused import Refused, not_found

SECRET_BYTES = 32
HOURS = 72
MICROSECONDS_PER_HOUR = 3_600_000_000
PATH = "/invitation"


def invite(transaction: Transaction, user: str, *, actor: str, received_at: int) -> dict[str, Any]:
    """Invites a user, and ends the invitations that it had; the secret is in this answer alone.

    Raises:
        Refused: 404, there is no such user.
    """
    pseudonym = pseudonym_of(transaction, user)
    ends_at = received_at + HOURS * MICROSECONDS_PER_HOUR
    transaction.act(kind="invitation", subject=pseudonym, actor=actor, received_at=received_at, body=b"")
    transaction.write(delete(INVITATION).where(INVITATION.c.user == user))
    secret = secrets.token_urlsafe(SECRET_BYTES)
    transaction.insert(INVITATION, sha256=secret_sha256(secret), user=user, ends_at=ends_at)
    return {"user": user, "path": f"{PATH}/{secret}", "expires": moment_text(ends_at)}


def invited_user(transaction: Transaction, secret: str, now: int) -> str:
    """Whom an invitation is for.

    Raises:
        Refused: 404, there is none, or it has ended or was used.
    """
    row = transaction.row(select(INVITATION).where(INVITATION.c.sha256 == secret_sha256(secret)))
    if row is None or row.ends_at <= now:
        raise not_found()
    return str(row.user)


def accept_by_password(transaction: Transaction, secret: str, argon2: str, *, now: int) -> str:
    """Sets the password of who was invited, and gives its name."""
    user = invited_user(transaction, secret, now)
    transaction.write(delete(INVITATION).where(INVITATION.c.user == user))
    set_password(transaction, user, argon2, received_at=now)
    return user


def accept_by_identity(transaction: Transaction, secret: str, issuer: str, subject: str, *, now: int) -> str:
    """Ties an identity to who was invited, in place of another of the same provider, and gives its name.

    Raises:
        Refused: 404 as `invited_user`; 409, the identity is another user's.
    """
    user = invited_user(transaction, secret, now)
    known = user_of_identity(transaction, issuer, subject)
    if known not in (None, user):
        raise Refused(409, "name-taken", "This identity belongs to another user of the gate.")
    transaction.write(delete(INVITATION).where(INVITATION.c.user == user))
    pseudonym = pseudonym_of(transaction, user)
    transaction.act(kind="identity", subject=pseudonym, actor=pseudonym, received_at=now, body=b"")
    transaction.write(delete(IDENTITY).where(IDENTITY.c.user == user, IDENTITY.c.issuer == issuer))
    transaction.insert(IDENTITY, issuer=issuer, subject=subject, user=user, since=now)
    transaction.write(delete(LOGIN).where(LOGIN.c.user == user))
    return user


def user_of_identity(transaction: Transaction, issuer: str, subject: str) -> str | None:
    """The user that an identity is tied to; `None` for none."""
    where = (IDENTITY.c.issuer == issuer, IDENTITY.c.subject == subject)
    row = transaction.row(select(IDENTITY.c.user).where(*where))
    return None if row is None else str(row.user)
