"""Mandates that users hand over, and end, by themselves."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, select

from gridpact.gate.access.user_commands import Created, end_mandate, goes_beyond, put_mandate
from gridpact.gate.access.user_documents import check_mandate
from gridpact.gate.access.visitor import OPERATOR, Visitor
from gridpact.gate.store.gate_tables import MANDATE, USER
from gridpact.gate.store.transaction import Transaction
from gridpact.gate.words.refused import FieldProblem, Refused, invalid, not_found, right_missing


def hand_over(
    transaction: Transaction,
    who: Visitor,
    market: str,
    user: str,
    participant: str,
    document: Mapping[str, Any],
    *,
    received_at: int,
) -> Created:
    """Gives another user rights that a user has for a participant: no more of them, and for no longer.

    Raises:
        Refused: 403 where it has none itself that an operator gave; 409 where the other has a mandate from
            somebody else; 422.
    """
    check_mandate(document)
    own = _mandate(transaction, market, who.user, participant)
    if own is None or own.given_by is not None or not who.rights(market, participant) or who.user == user:
        raise right_missing(OPERATOR)
    if goes_beyond(document, json.loads(own.document)):
        raise right_missing("a mandate with no more rights, and for no longer, than it has itself")
    if transaction.row(select(USER.c.user).where(USER.c.user == user)) is None:
        remedy = "ask whom you mean for the name that it logs in by"
        raise invalid([FieldProblem(pointer="/user", value=user, what="is not a user", remedy=remedy)])
    known = _mandate(transaction, market, user, participant)
    if known is not None and known.given_by != who.user:
        raise Refused(409, "name-taken", "The user has a mandate for this participant from somebody else.")
    return put_mandate(
        transaction,
        market,
        user,
        participant,
        document,
        actor=who.pseudonym,
        received_at=received_at,
        given_by=who.user,
    )


def end_own(
    transaction: Transaction, who: Visitor, market: str, user: str, participant: str, *, received_at: int
) -> None:
    """Ends a mandate that a user has or handed over, and with it those that it handed over of it.

    Raises:
        Refused: 404.
    """
    row = _mandate(transaction, market, user, participant)
    if row is None or who.user not in (row.user, row.given_by):
        raise not_found()
    end_mandate(transaction, market, user, participant, actor=who.pseudonym, received_at=received_at)


def _mandate(transaction: Transaction, market: str, user: str, participant: str) -> Row[Any] | None:
    columns = MANDATE.c
    where = (columns.market == market, columns.user == user, columns.participant == participant)
    return transaction.row(select(MANDATE).where(*where))
