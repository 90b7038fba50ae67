"""Keys: how a community shares what its members feed in and do not trade.

With S the sum of the exports that trades leave, a member with import m and export e of its own receives
r ≤ min(m, S − e): nobody shares with itself, and what the key has for it beyond that goes to the others by
the key. With T = Σ r those who export give in proportion to it, g ≤ min(e, T − r). That is always possible:
where one alone would have to give more than T − r, its r ≤ S − e says that the others have enough.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from gridpact.arrays import Bool, Int, frozen
from gridpact.settlement.amounts.money import largest_remainder, whole_part

WHOLE_PPM = 1_000_000  # a coefficient of 1


class KeyKind(StrEnum):
    """What a member's share follows: its coefficient, its import, levels of priority, or nothing."""

    FIXED = "fixed"
    PROPORTIONAL = "proportional"
    HIERARCHICAL = "hierarchical"
    EQUAL = "equal"


class Unused(StrEnum):
    """Whose a share is that its member cannot use: the giver's, or the member's; the first is the default."""

    GIVER = "giver"
    MEMBER = "member"


@dataclass(frozen=True, slots=True, kw_only=True)
class SharingKey:
    """How energy is shared in T periods among P participants; everybody who exports gives.

    Attributes:
        kind: what a member's share follows.
        price_micro_per_kwh: that a member who receives pays to those who give.
        member: who receives, (T, P); without a table of shares every member does.
        coefficient_ppm: in millionths, not negative, (T, P); under `fixed` at most `WHOLE_PPM` in a period.
        priority: the lower number is served first, (T, P); 0 where none is given.
        unused: whose the part of a share is that its member cannot use; `MEMBER` under `fixed` alone.
    """

    kind: KeyKind
    price_micro_per_kwh: int
    member: Bool
    coefficient_ppm: Int
    priority: Int
    unused: Unused = Unused.GIVER


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """Energy shared by a key, whole watt-hours, (T, P) each; in every period as much given as received.

    Attributes:
        given_wh: by those who export.
        received_wh: by members, what they cannot use included where that is theirs.
        unused_wh: of what is received, the part that the member's retailer takes.
    """

    given_wh: Int
    received_wh: Int
    unused_wh: Int

    @property
    def used_wh(self) -> Int:
        """Received and used, (T, P)."""
        return self.received_wh - self.unused_wh


def share(key: SharingKey | None, left_import_wh: Int, left_export_wh: Int, order: Int) -> Shared:
    """What is given and received of what the trades have left; nothing without a key.

    All shares are whole watt-hours by largest remainder, ties going to the first in `order`.

    Args:
        key: of T periods and P participants.
        left_import_wh: import that no trade covers, (T, P).
        left_export_wh: export that no trade takes, (T, P).
        order: the participants, the first to be served first, (P,).
    """
    if key is None:
        nothing = frozen(np.zeros_like(left_import_wh), np.int64)
        return Shared(given_wh=nothing, received_wh=nothing, unused_wh=nothing)
    total = left_export_wh.sum(axis=1)
    others = total[:, None] - left_export_wh
    wants = np.where(key.member, left_import_wh, 0)
    wanted = np.minimum(wants, others)
    if key.unused is Unused.MEMBER:
        received = np.minimum(_awards(key, total, order), others)
        unused = np.maximum(received - wants, 0)
    else:
        received = _RECEIVED[key.kind](key, total, wants, wanted, order)
        unused = np.zeros_like(received)
    given = _given(received, left_export_wh, order)
    return Shared(
        given_wh=frozen(given, np.int64),
        received_wh=frozen(received, np.int64),
        unused_wh=frozen(unused, np.int64),
    )


def _given(received: Int, offered: Int, order: Int) -> Int:
    """What each gives of its export, in proportion to it and never to itself, (T, P)."""
    total = received.sum(axis=1)
    given = largest_remainder(total, offered, order)
    most = total[:, None] - received
    beyond = np.flatnonzero(((given >= most) & (offered > 0)).any(axis=1))
    if len(beyond):
        most = np.minimum(most[beyond], offered[beyond])
        given[beyond] = _filled(total[beyond], offered[beyond], most, order)
    return given


def _awards(key: SharingKey, total: Int, order: Int) -> Int:
    """Each member's coefficient of the total, in whole watt-hours, (T, P)."""
    coefficient = np.where(key.member, key.coefficient_ppm, 0)
    nobody = WHOLE_PPM - coefficient.sum(axis=1, keepdims=True)
    award = largest_remainder(total, np.hstack([coefficient, nobody]), np.append(order, len(order)))
    return award[:, :-1]


def _fixed(key: SharingKey, total: Int, wants: Int, wanted: Int, order: Int) -> Int:
    """Each its coefficient of the total, at most what it can take; nobody else gets what it leaves."""
    del wants
    return np.minimum(_awards(key, total, order), wanted)


def _proportional(key: SharingKey, total: Int, wants: Int, wanted: Int, order: Int) -> Int:
    """Each in proportion to its import, and what some cannot take goes to the others in that proportion."""
    del key
    return _filled(total, wants, wanted, order)


def _equal(key: SharingKey, total: Int, wants: Int, wanted: Int, order: Int) -> Int:
    """All the same, and what some cannot take goes to the others, again all the same."""
    del wants
    return _filled(total, key.member.astype(np.int64), wanted, order)


def _hierarchical(key: SharingKey, total: Int, wants: Int, wanted: Int, order: Int) -> Int:
    """Level by level; within one by coefficient, and what some cannot take goes to the others of it."""
    del wants
    received, left = np.zeros_like(wanted), total
    for level in np.unique(key.priority):
        at_level = (key.priority == level) & key.member
        columns = np.flatnonzero(at_level.any(axis=0))
        weight = np.where(at_level, key.coefficient_ppm, 0)[:, columns]
        local_order = np.argsort(np.argsort(order)[columns])
        filled = _filled(left, weight, np.where(at_level, wanted, 0)[:, columns], local_order)
        received[:, columns] += filled
        left = left - filled.sum(axis=1)
    return received


def _filled(total: Int, weight: Int, wanted: Int, order: Int) -> Int:
    """Shares of at most the total by weight, none above what is wanted, (T, P).

    Whoever would get as much as it wants, or more, gets that and leaves; what is left is shared anew among
    the others, until all of them want more than their share.
    """
    received = np.zeros_like(wanted)
    weight = np.where(wanted > 0, weight, 0)
    left = np.minimum(total, np.where(weight > 0, wanted, 0).sum(axis=1))
    while True:
        of = weight.sum(axis=1, keepdims=True)
        whole = whole_part(weight, left[:, None], np.maximum(of, 1))
        is_sated = (weight > 0) & (whole >= wanted)
        if not is_sated.any():
            return received + largest_remainder(left, weight, order)
        received = np.where(is_sated, wanted, received)
        left = left - np.where(is_sated, wanted, 0).sum(axis=1)
        weight = np.where(is_sated, 0, weight)


_RECEIVED = {
    KeyKind.FIXED: _fixed,
    KeyKind.PROPORTIONAL: _proportional,
    KeyKind.HIERARCHICAL: _hierarchical,
    KeyKind.EQUAL: _equal,
}
