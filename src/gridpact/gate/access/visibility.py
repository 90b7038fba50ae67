"""Visibility: the one place that decides what a visitor sees and may do.

What is another's looks like what does not exist; who sees a thing, but lacks a right to it, is told so.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from gridpact.case.schema import DEFAULT_RETAILER
from gridpact.gate.access.visitor import AUDITOR, OPERATOR, READ, TRADE, Visitor
from gridpact.gate.words.refused import not_found, right_missing


def sees_all(visitor: Visitor) -> bool:
    """Whether it sees what is of any participant."""
    return bool(visitor.roles & {OPERATOR, AUDITOR})


def sees_market(visitor: Visitor, market: str) -> bool:
    """Whether a market exists for a visitor."""
    has_mandate = visitor.is_in(market)
    return sees_all(visitor) or has_mandate or market in visitor.supplied


def readable(visitor: Visitor, market: str) -> frozenset[str] | None:
    """The participants of a market that a visitor may read; `None` for all."""
    return None if sees_all(visitor) else mandated(visitor, market)


def mandated(visitor: Visitor, market: str) -> frozenset[str]:
    """The participants of a market that a visitor may read by its mandates, whatever its roles are."""
    found = (m for m in visitor.mandates if m.market == market and m.rights & {READ, TRADE})
    return frozenset(mandate.participant for mandate in found)


def supplied(visitor: Visitor, columns: Mapping[str, Sequence[str | None]]) -> frozenset[str]:
    """The participants of a session of which a visitor sees what a retailer supplies and takes.

    Args:
        visitor: who asks.
        columns: of the participants as the session has them, with the retailers of that time.
    """
    if not visitor.retailer:
        return frozenset()
    names = columns["participant"]
    retailers = columns.get("retailer") or [None] * len(names)
    pairs = zip(names, retailers, strict=True)
    return frozenset(
        str(name) for name, retailer in pairs if (retailer or DEFAULT_RETAILER) == visitor.retailer
    )


def reads(visitor: Visitor, market: str, participant: str) -> bool:
    """Whether a visitor may read what is of a participant."""
    participants = readable(visitor, market)
    return participants is None or participant in participants


def is_shown(own: frozenset[str] | None, parties: Iterable[str], *, whole: bool = False) -> bool:
    """Whether what is of some parties is shown to who reads some participants.

    Args:
        own: the participants, as `readable` gives them; `None` for all.
        parties: whose it is, of whom one is enough.
        whole: whether it takes all of them.
    """
    known = set(parties)
    if own is None:
        return True
    return bool(known) and (known <= own if whole else bool(known & own))


def need_market(visitor: Visitor, market: str) -> None:
    """Refuses a market that does not exist for a visitor.

    Raises:
        Refused: 404.
    """
    if not sees_market(visitor, market):
        raise not_found()


def need_operator(visitor: Visitor, market: str | None = None) -> None:
    """Refuses what only operators may do.

    Raises:
        Refused: 404 where the market does not exist for the visitor, 403 otherwise.
    """
    if market is not None:
        need_market(visitor, market)
    if OPERATOR not in visitor.roles:
        raise right_missing(OPERATOR)


def need_self_or_operator(visitor: Visitor, user: str, *, with_whole_key: bool = False) -> None:
    """Refuses what a user may do for itself, and operators for all.

    Args:
        visitor: who asks.
        user: whom it is about.
        with_whole_key: whether a key that is narrowed, as one gives to others, may not do it.

    Raises:
        Refused: 404, as users do not see each other, or 403.
    """
    if OPERATOR not in visitor.roles and visitor.user != user:
        raise not_found()
    if with_whole_key and visitor.narrowed:
        raise right_missing("a key that is not narrowed")


def need_mandate_or_operator(visitor: Visitor, market: str, participant: str) -> None:
    """Refuses what operators may do with the mandates of a participant, and who has one for it.

    Raises:
        Refused: 404 where the market does not exist for the visitor, 403 otherwise.
    """
    need_market(visitor, market)
    is_own = bool(visitor.rights(market, participant)) and not visitor.narrowed
    if OPERATOR not in visitor.roles and not is_own:
        raise right_missing(OPERATOR)


def need_some_trade(visitor: Visitor, market: str) -> None:
    """Refuses who may trade for nobody in a market, before what was sent is read.

    Raises:
        Refused: 404 or 403.
    """
    need_market(visitor, market)
    if not visitor.may_somewhere(TRADE, market):
        raise right_missing(TRADE)


def need_trade(visitor: Visitor, market: str, participant: str) -> None:
    """Refuses who may not trade for a participant.

    Raises:
        Refused: 403 where it may read it, 404 otherwise.
    """
    if TRADE in visitor.rights(market, participant):
        return
    raise right_missing(TRADE) if reads(visitor, market, participant) else not_found()


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Whom an event concerns.

    Attributes:
        market: that it is of; empty where it is of none.
        participants: whose mandates it takes; `None` for all who see the market.
        retailers: whom it concerns beside these.
        pseudonym: the one user whom it concerns, where it is of no market.
        is_overseen: whether operators and auditors, who see all, are told too.
    """

    market: str = ""
    participants: frozenset[str] | None = None
    retailers: frozenset[str] = frozenset()
    pseudonym: str = ""
    is_overseen: bool = False


def concerns(visitor: Visitor, audience: Audience) -> bool:
    """Whether a visitor is told of an event."""
    if not audience.market:
        return visitor.pseudonym == audience.pseudonym
    if audience.participants is None:
        return sees_market(visitor, audience.market)
    if (audience.is_overseen and sees_all(visitor)) or visitor.retailer in audience.retailers:
        return True
    return bool(mandated(visitor, audience.market) & audience.participants)


def sees_settlement(visitor: Visitor, market: str, retailers: Collection[str]) -> bool:
    """Whether a settlement exists for a visitor: who sees its market, and who supplied somebody in it."""
    return sees_market(visitor, market) or (bool(visitor.retailer) and visitor.retailer in retailers)
