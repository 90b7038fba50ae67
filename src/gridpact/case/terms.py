"""Terms: the conditions on which trades and orders are of use to those who propose them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridpact.arrays import Bool, Float, Int, frozen

NONE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The terms of N trades or orders.

    Attributes:
        block: whether the same fraction clears in every period of the window, (N,).
        min_fraction: the least fraction that is still of use: less of it clears as nothing, (N,).
        group: which exclusive group it is of, at most one of which clears; `NONE` for none, (N,).
        link: which others it clears the same fraction as, in every period of all their windows; `NONE` for
            none, (N,).
        group_names: names that `group` points into.
        link_names: names that `link` points into.
    """

    block: Bool
    min_fraction: Float
    group: Int
    link: Int
    group_names: tuple[str, ...] = ()
    link_names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.block)

    @classmethod
    def none(cls, count: int) -> "Terms":
        """No terms for each of `count` trades or orders."""
        return cls(
            block=frozen(np.zeros(count), np.bool_),
            min_fraction=frozen(np.zeros(count), np.float64),
            group=frozen(np.full(count, NONE), np.int64),
            link=frozen(np.full(count, NONE), np.int64),
        )

    @property
    def given(self) -> Bool:
        """Whether there are any terms, (N,)."""
        given: Bool = self.block | (self.min_fraction > 0.0) | (self.group != NONE) | (self.link != NONE)
        return given

    def at(self, index: Int) -> "Terms":
        """The terms of some trades or orders, in the order of their indices."""
        return Terms(
            block=frozen(self.block[index], np.bool_),
            min_fraction=frozen(self.min_fraction[index], np.float64),
            group=frozen(self.group[index], np.int64),
            link=frozen(self.link[index], np.int64),
            group_names=self.group_names,
            link_names=self.link_names,
        )

    def followed_by(self, other: "Terms") -> "Terms":
        """These terms, then the others; groups and links of the same name are the same."""
        group_names, group = _merged(self.group_names, self.group, other.group_names, other.group)
        link_names, link = _merged(self.link_names, self.link, other.link_names, other.link)
        return Terms(
            block=frozen(np.concatenate([self.block, other.block]), np.bool_),
            min_fraction=frozen(np.concatenate([self.min_fraction, other.min_fraction]), np.float64),
            group=group,
            link=link,
            group_names=group_names,
            link_names=link_names,
        )


def _merged(
    names: tuple[str, ...], index: Int, other_names: tuple[str, ...], other_index: Int
) -> tuple[tuple[str, ...], NDArray[Any]]:
    merged = tuple(dict.fromkeys((*names, *other_names)))
    place = {name: position for position, name in enumerate(merged)}
    moved = np.array([*(place[name] for name in other_names), NONE], dtype=np.int64)[other_index]
    return merged, frozen(np.concatenate([index, moved]), np.int64)
