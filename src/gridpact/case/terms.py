"""Terms: the conditions on which trades and orders are of use to those who propose them."""

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridpact.arrays import Bool, Float, Int, frozen
from gridpact.case.ranges import range_faults
from gridpact.case.schema import FLAG_WORDS, Kind
from gridpact.fields.case_part import CasePart, unchecked
from gridpact.fields.columns import flags, length_of, numbers, whole_numbers
from gridpact.fields.names import names
from gridpact.fields.refusals import Refusals

NONE = -1
TORN_LINK = ("holds trades of different groups", "give all trades of a link one group")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms(CasePart):
    """The terms of N trades or orders.

    Of block, least fraction, group and link at least one is an array, which says how many there are; one
    value stands for all of them.

    Attributes:
        block: whether the same fraction clears in every period of the window, (N,).
        min_fraction: the least fraction that is still of use: less of it clears as nothing, (N,).
        group: which exclusive group it is of, at most one of which clears; `NONE` for none, (N,).
        link: which others it clears the same fraction as, in every period of all their windows; `NONE` for
            none, (N,).
        group_names: names that `group` points into.
        link_names: names that `link` points into.

    Raises:
        InvalidCase: with everything that is wrong with them.
    """

    block: Bool = field(default_factory=partial(np.array, False))
    min_fraction: Float = field(default_factory=partial(np.array, 0.0))
    group: Int = field(default_factory=partial(np.array, NONE))
    link: Int = field(default_factory=partial(np.array, NONE))
    group_names: tuple[str, ...] = ()
    link_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        refusals = Refusals("terms")
        lengths = [length_of(one) for one in (self.block, self.min_fraction, self.group, self.link)]
        shape = (next((length for length in lengths if length is not None), None),)
        fraction = partial(range_faults, Kind.FRACTION)
        block = flags(refusals, "block", self.block, shape, words=FLAG_WORDS, may_be_one=True)
        least = numbers(refusals, "min_fraction", self.min_fraction, shape, fraction, may_be_one=True)
        group, group_names = _labelled(refusals, "group", self.group, self.group_names, shape)
        link, link_names = _labelled(refusals, "link", self.link, self.link_names, shape)
        if group is not None and link is not None and group.shape == link.shape:
            refusals.add_where("link", torn_links(group, link), *TORN_LINK, link)
        refusals.finish()
        self._set(block=block, min_fraction=least, group=group, link=link)
        self._set(group_names=group_names, link_names=link_names)

    def __repr__(self) -> str:
        """One line: the arrays are too many to show."""
        return f"<Terms of {len(self):,}: {int(self.given.sum()):,} have any>"

    def __len__(self) -> int:
        return len(self.block)

    @classmethod
    def none(cls, count: int) -> "Terms":
        """No terms for each of `count` trades or orders."""
        return unchecked(
            cls,
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
        return unchecked(
            Terms,
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
    """Names of both sides without repeats, and the places of both in them, those of `index` first."""
    merged = tuple(dict.fromkeys((*names, *other_names)))
    place = {name: position for position, name in enumerate(merged)}
    moved = np.array([*(place[name] for name in other_names), NONE], dtype=np.int64)[other_index]
    return merged, frozen(np.concatenate([index, moved]), np.int64)


def torn_links(group: Int, link: Int) -> Bool:
    """Where the group is another than the first of the same link has, (N,); below −1 a value is not known."""
    torn = np.zeros(len(link), dtype=np.bool_)
    linked = np.flatnonzero((link >= 0) & (group >= NONE))
    _, first, inverse = np.unique(link[linked], return_index=True, return_inverse=True)
    torn[linked] = group[linked] != group[linked[first]][inverse]
    return torn


def _labelled(
    refusals: Refusals, field: str, value: Int, given: tuple[str, ...], shape: tuple[int | None, ...]
) -> tuple[Int | None, tuple[str, ...] | None]:
    """Which label each has, and the labels."""
    labels = names(refusals, f"{field}_names", given, unique=True)
    below = (f"is not a {field}", f"write the place of its name in {field}_names, or {NONE} for none")
    index = whole_numbers(refusals, field, value, shape, least=NONE, below=below, may_be_one=True)
    if labels is not None and index is not None:
        remedy = f"{field}_names has {len(labels):,}, counted from 0"
        refusals.add_where(field, index >= len(labels), f"is not a {field}", remedy, index)
    return index, labels
