"""Keys: how a community shares what its members feed in and do not trade."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class SharingKey:
    """How energy is shared in T periods among those of P participants who are members.

    Attributes:
        kind: what a member's share follows.
        price_micro_per_kwh: that a member who receives pays to those who give.
        member: who takes part, (T, P); without a sharing.csv everybody does.
        coefficient_ppm: in millionths, not negative, (T, P); under `fixed` at most `WHOLE_PPM` in a period.
        priority: the lower number is served first, (T, P); 0 where none is given.
    """

    kind: KeyKind
    price_micro_per_kwh: int
    member: Bool
    coefficient_ppm: Int
    priority: Int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """Energy shared by a key, whole watt-hours, (T, P) each; in every period as much given as received."""

    given_wh: Int
    received_wh: Int


def share(key: SharingKey | None, left_import_wh: Int, left_export_wh: Int, order: Int) -> Shared:
    """What the members give and receive of what the trades have left; nothing without a key.

    Those who export give in proportion to what they have left. All shares are whole watt-hours by largest
    remainder, ties going to the first in `order`. Nobody shares with itself: who has both import and export
    left in a period takes part by the greater of them alone, and not at all where they are equal.

    Args:
        key: of T periods and P participants.
        left_import_wh: import that no trade covers, (T, P).
        left_export_wh: export that no trade takes, (T, P).
        order: the participants, the first to be served first, (P,).
    """
    if key is None:
        nothing = frozen(np.zeros_like(left_import_wh), np.int64)
        return Shared(given_wh=nothing, received_wh=nothing)
    wanted = np.where(key.member & (left_import_wh > left_export_wh), left_import_wh, 0)
    offered = np.where(key.member & (left_export_wh > left_import_wh), left_export_wh, 0)
    received = _RECEIVED[key.kind](key, offered.sum(axis=1), wanted, order)
    given = largest_remainder(received.sum(axis=1), offered, order)
    return Shared(given_wh=frozen(given, np.int64), received_wh=frozen(received, np.int64))


def _fixed(key: SharingKey, total: Int, wanted: Int, order: Int) -> Int:
    """Each its coefficient of the total, at most what it wants; nobody else gets what it leaves."""
    coefficient = np.where(key.member, key.coefficient_ppm, 0)
    nobody = WHOLE_PPM - coefficient.sum(axis=1, keepdims=True)
    award = largest_remainder(total, np.hstack([coefficient, nobody]), np.append(order, len(order)))
    return np.minimum(award[:, :-1], wanted)


def _proportional(key: SharingKey, total: Int, wanted: Int, order: Int) -> Int:
    """Each in proportion to what it wants."""
    del key
    return largest_remainder(np.minimum(total, wanted.sum(axis=1)), wanted, order)


def _equal(key: SharingKey, total: Int, wanted: Int, order: Int) -> Int:
    """All the same, and what some cannot take goes to the others, again all the same."""
    return _filled(total, key.member.astype(np.int64), wanted, order)


def _hierarchical(key: SharingKey, total: Int, wanted: Int, order: Int) -> Int:
    """Level by level; within one by coefficient, and what some cannot take goes to the others of it."""
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
