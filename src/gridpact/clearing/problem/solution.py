"""Solution: what a formulation finds for a clearing problem, with its reasons."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import IntEnum

import numpy as np

from gridpact.arrays import Bool, Float, Int
from gridpact.clearing.network.network_state import Operation
from gridpact.clearing.problem.cut_shares import CutShares
from gridpact.clearing.problem.offers import Offers
from gridpact.grid.network_model import NO_PHASE

SNAP_KW = 1e-7


class LimitedBy(IntEnum):
    """What kept a trade, or an envelope, from being greater; `label` is the word in the results."""

    NOTHING = 0
    SELLER_SURPLUS = 1
    BUYER_DEMAND = 2
    VOLTAGE_MAX = 3
    VOLTAGE_MIN = 4
    LINE = 5
    TRANSFORMER = 6
    TERMS = 7
    NEUTRAL = 8
    VOLTAGE_UNBALANCE = 9
    CONNECTION = 10

    @property
    def label(self) -> str:
        """Lower case, and empty for `NOTHING`."""
        return "" if self is LimitedBy.NOTHING else self.name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingLimits:
    """Limits that hold the traded volume down, L of them, in the order of period, kind, element, phase.

    Attributes:
        period: (L,).
        limited_by: a `LimitedBy`, (L,).
        element: a participant for the caps, a bus position for voltages and unbalances, a rated element for
            lines, their neutrals and transformers: its index, (L,).
        phase: position in `PHASE_LABELS`, `NO_PHASE` for caps, unbalances and in a balanced network, (L,).
        value: kW sold or bought, pu, or percent, (L,).
        limit: in the same unit, (L,).
        shadow_price_kw_per_percent: kW more cleared per 1 % more of the limit, (L,).
    """

    period: Int
    limited_by: Int
    element: Int
    phase: Int
    value: Float
    limit: Float
    shadow_price_kw_per_percent: Float

    @classmethod
    def joined(cls, parts: "list[BindingLimits]") -> "BindingLimits":
        """The limits of all `parts`, ordered by period, kind, element and phase."""
        parts = [*parts, _NO_LIMITS]
        period = np.concatenate([part.period for part in parts])
        limited_by = np.concatenate([part.limited_by for part in parts])
        element = np.concatenate([part.element for part in parts])
        phase = np.concatenate([part.phase for part in parts])
        whole = cls(
            period=period,
            limited_by=limited_by,
            element=element,
            phase=phase,
            value=np.concatenate([part.value for part in parts]),
            limit=np.concatenate([part.limit for part in parts]),
            shadow_price_kw_per_percent=np.concatenate([part.shadow_price_kw_per_percent for part in parts]),
        )
        return whole.at(np.lexsort((phase, element, limited_by, period)))

    def without(self, periods: list[int]) -> "BindingLimits":
        """These limits but for those of some periods."""
        return self.at(np.flatnonzero(~np.isin(self.period, periods)))

    def distinct_without_price(self) -> "BindingLimits":
        """Each limit once, without a shadow price: that is of volume, and of no other aim."""
        keys = np.column_stack([self.period, self.limited_by, self.element, self.phase])
        _, first = np.unique(keys, axis=0, return_index=True)
        return replace(self.at(first), shadow_price_kw_per_percent=np.full(len(first), np.nan))

    def at(self, index: Int) -> "BindingLimits":
        """The limits at these indices, in their order."""
        return BindingLimits(
            period=self.period[index],
            limited_by=self.limited_by[index],
            element=self.element[index],
            phase=self.phase[index],
            value=self.value[index],
            limit=self.limit[index],
            shadow_price_kw_per_percent=self.shadow_price_kw_per_percent[index],
        )


_NO_LIMITS = BindingLimits(
    period=np.empty(0, np.int64),
    limited_by=np.empty(0, np.int64),
    element=np.empty(0, np.int64),
    phase=np.empty(0, np.int64),
    value=np.empty(0),
    limit=np.empty(0),
    shadow_price_kw_per_percent=np.empty(0),
)


class PeriodStatus(IntEnum):
    """How the allocation of a period was found; `label` is the word in the summary."""

    IN_FULL = 0
    OPTIMAL = 1
    ACCEPTABLE = 2
    TIME_LIMIT = 3
    BEST_FOUND = 4

    @property
    def label(self) -> str:
        """Lower case."""
        return self.name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodSolution:
    """What was found for the n columns of one period that cannot clear in full.

    Attributes:
        period: the period.
        columns: its columns, (n,).
        column_kw: cleared power of each, (n,).
        limited_by: a `LimitedBy` for each column, were it cut, (n,).
        element: as in `BindingLimits`, −1 for none, (n,).
        phase: as in `BindingLimits`, (n,).
        binding: limits with a shadow price.
        volume_bound_kw: no allocation clears more than this.
        status: how it was found.
        is_tied: whether terms tie columns together, so that none can be snapped by itself.
        shares: of every limit and cap in the cuts, by position in `columns`; none where they are not known.
    """

    period: int
    columns: Int
    column_kw: Float
    limited_by: Int
    element: Int
    phase: Int
    binding: BindingLimits
    volume_bound_kw: float
    status: PeriodStatus
    is_tied: bool = False
    shares: CutShares = field(default_factory=CutShares.none)

    def rejecting(self, rejected: Bool, *, stopped: bool) -> "PeriodSolution":
        """This solution, where terms tie columns and reject some, (n,), in a search that stopped or not."""
        return replace(
            self,
            is_tied=True,
            limited_by=np.where(rejected, LimitedBy.TERMS, self.limited_by),
            element=np.where(rejected, -1, self.element),
            phase=np.where(rejected, NO_PHASE, self.phase),
            status=max(self.status, PeriodStatus.TIME_LIMIT) if stopped else self.status,
            shares=self.shares.where(~rejected),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PartOutcome:
    """How far the search of periods that terms tie together got.

    Attributes:
        periods: which.
        upper_kw: no allocation that the relaxation admits clears more than this in all of them, Σ kW.
        is_finished: whether it ended by itself, and not at the time limit.
    """

    periods: Int
    upper_kw: float
    is_finished: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """How much of each column clears, and what cut it.

    Attributes:
        column_kw: cleared power, (C,).
        limited_by: a `LimitedBy` per column, (C,).
        element: as in `BindingLimits`, −1 where nothing cut, (C,).
        phase: as in `BindingLimits`, (C,).
        binding: limits with a shadow price.
        volume_bound_kw: no allocation clears more than this total power in a period, (T,).
        status: a `PeriodStatus` per period, (T,).
        parts: the periods that terms tie together, and their searches.
        operation: one near that of the allocation, where one is known.
        shares: of every limit and cap in the cuts; none of a column where they are not known.
    """

    column_kw: Float
    limited_by: Int
    element: Int
    phase: Int
    binding: BindingLimits
    volume_bound_kw: Float
    status: Int
    parts: tuple[PartOutcome, ...] = ()
    operation: Operation | None = None
    shares: CutShares = field(default_factory=CutShares.none)

    @classmethod
    def in_full(cls, offers: Offers, periods: int) -> "Solution":
        """Everything proposed clears."""
        return cls(
            column_kw=offers.column_kw,
            limited_by=np.full(offers.columns, LimitedBy.NOTHING, dtype=np.int64),
            element=np.full(offers.columns, -1, dtype=np.int64),
            phase=np.full(offers.columns, NO_PHASE, dtype=np.int64),
            binding=BindingLimits.joined([]),
            volume_bound_kw=offers.volume_kw(offers.column_kw, periods),
            status=np.full(periods, PeriodStatus.IN_FULL, dtype=np.int64),
        )

    def with_periods(self, offers: Offers, solved: list[PeriodSolution]) -> "Solution":
        """This solution, but for the periods that were solved."""
        column_kw, limited_by = self.column_kw.copy(), self.limited_by.copy()
        element, phase = self.element.copy(), self.phase.copy()
        volume_bound_kw, status = self.volume_bound_kw.copy(), self.status.copy()
        is_known = ~np.isin(offers.column_period, [one.period for one in solved])
        shares = [self.shares.where(is_known)]
        for one in solved:
            proposed_kw = offers.column_kw[one.columns]
            column_kw[one.columns] = one.column_kw if one.is_tied else snapped(one.column_kw, proposed_kw)
            cut = proposed_kw - column_kw[one.columns] > 0.0
            limited_by[one.columns] = np.where(cut, one.limited_by, LimitedBy.NOTHING)
            element[one.columns] = np.where(cut, one.element, -1)
            phase[one.columns] = np.where(cut, one.phase, NO_PHASE)
            shares.append(one.shares.where(cut).placed(one.columns))
            volume_bound_kw[one.period] = one.volume_bound_kw
            status[one.period] = one.status
        periods = [one.period for one in solved]
        return Solution(
            column_kw=column_kw,
            limited_by=limited_by,
            element=element,
            phase=phase,
            binding=BindingLimits.joined([self.binding.without(periods), *(one.binding for one in solved)]),
            volume_bound_kw=volume_bound_kw,
            status=status,
            parts=self.parts,
            operation=self.operation,
            shares=CutShares.joined(*shares),
        )

    def without_help(self, offers: Offers, periods: Bool) -> "Solution":
        """This solution without the feed-in that does not count, in some periods, (T,)."""
        dropped = offers.column_helps & periods[offers.column_period]
        return replace(self, column_kw=np.where(dropped, 0.0, self.column_kw))

    def of(self, columns: Int) -> "Solution":
        """This solution, of some columns alone."""
        return replace(
            self,
            column_kw=self.column_kw[columns],
            limited_by=self.limited_by[columns],
            element=self.element[columns],
            phase=self.phase[columns],
            shares=self.shares.within(columns, len(self.column_kw)),
        )

    def with_columns(self, columns: Int, part: "Solution") -> "Solution":
        """This solution, with columns that clear nothing in it as in another one that has only these."""
        column_kw, limited_by = self.column_kw.copy(), self.limited_by.copy()
        element, phase = self.element.copy(), self.phase.copy()
        column_kw[columns] = part.column_kw
        limited_by[columns], element[columns] = part.limited_by, part.element
        phase[columns] = part.phase
        others = np.ones(len(column_kw), dtype=np.bool_)
        others[columns] = False
        return Solution(
            column_kw=column_kw,
            limited_by=limited_by,
            element=element,
            phase=phase,
            binding=BindingLimits.joined([self.binding, part.binding]),
            volume_bound_kw=self.volume_bound_kw + part.volume_bound_kw,
            status=np.maximum(self.status, part.status),
            parts=(*self.parts, *part.parts),
            operation=part.operation,
            shares=CutShares.joined(self.shares.where(others), part.shares.placed(columns)),
        )

    def upper_kw(self) -> float:
        """What no allocation clears more than, Σ kW over all periods."""
        bound_kw = self.volume_bound_kw.copy()
        for part in self.parts:
            bound_kw[part.periods] = 0.0
        return float(bound_kw.sum()) + sum(part.upper_kw for part in self.parts)

    def with_parts(self, parts: Iterable[PartOutcome]) -> "Solution":
        """This solution with the searches that it took, instead of earlier ones in the same periods."""
        new = tuple(parts)
        kept = [
            one for one in self.parts if not any(np.isin(one.periods, other.periods).any() for other in new)
        ]
        return replace(self, parts=(*kept, *new))


def snapped(column_kw: Float, proposed_kw: Float) -> Float:
    """Powers that are within a solver's tolerance of nothing or of everything, put there, (n,)."""
    nearly_all = column_kw >= proposed_kw - SNAP_KW
    nearly_nothing = column_kw <= np.minimum(SNAP_KW, 0.5 * proposed_kw)
    return np.select([nearly_all, nearly_nothing], [proposed_kw, 0.0], column_kw)
