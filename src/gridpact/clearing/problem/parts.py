"""Coupling: how terms tie columns together, within a period and across periods.

A variable v is the power of one column, or the total power of all columns of a unit that clears one fraction.
A decision b ∈ {0, 1} says whether something clears at all: m u b ≤ v ≤ u b for the variables v ≤ u that hang
on it, b ≤ b' ≤ Σ b where decisions b need another b', and Σ b ≤ 1 over an exclusive group.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from gridpact.arrays import Bool, Float, Int
from gridpact.case.terms import NONE
from gridpact.clearing.problem.offers import Offers
from gridpact.clearing.problem.term_units import Units
from gridpact.clearing.solver.programme import INDIFFERENCE, Objective


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Periods that terms tie together, with n columns, J variables and K decisions.

    Attributes:
        periods: ascending.
        columns: ascending, (n,).
        period: place of each column's period in `periods`, (n,).
        matrix: power of each column per kW of each variable, (n, J): each column has one.
        upper_kw: u of each variable, (J,).
        whole_kw: what the cut of each is a share of, (J,).
        counts: whether each is volume that a rule shares, (J,).
        decision: that each variable hangs on, −1 for none, (J,).
        least_share: m of each variable, (J,).
        parent: decision that each decision needs, −1 for none, (K,).
        group: exclusive group of each decision, −1 for none, (K,).
    """

    periods: Int
    columns: Int
    period: Int
    matrix: csr_array
    upper_kw: Float
    whole_kw: Float
    counts: Bool
    decision: Int
    least_share: Float
    parent: Int
    group: Int

    @property
    def decisions(self) -> int:
        """Number of decisions K, which are in the order of submission, then id."""
        return len(self.parent)

    @property
    def proposed_kw(self) -> float:
        """The greatest volume that there could be, Σ kW."""
        return self.volume_kw(self.upper_kw)

    def volume_kw(self, value: Float) -> float:
        """The volume of a value of the variables, (J,), Σ kW."""
        return float(value[self.counts].sum())

    def volume(self, weight: Float | None = None) -> Objective:
        """The greatest volume, cut most evenly; weighted, where there is a weight, (J,).

        What does not count is as it likes; nothing, where that makes no difference.
        """
        counts = self.counts.astype(np.float64)
        plain = Objective.volume(self.upper_kw, counts if weight is None else weight * counts)
        return replace(
            plain,
            evenness=np.where(self.counts, 1.0, INDIFFERENCE) / self.whole_kw,
            target=np.where(self.counts, self.upper_kw, 0.0),
        )

    def value(self, column_kw: Float) -> Float:
        """The value of the variables, (J,), at which the columns have some power, (n,)."""
        summed = self.matrix.copy()
        summed.data = np.ones_like(summed.data)
        value: Float = summed.T @ column_kw
        return value

    def bounds(self, taken: Float) -> tuple[Float, Float]:
        """Bounds of the variables, (J,) each, where each decision is taken, or not, (K,)."""
        is_taken = np.append(taken, 1.0)[self.decision]
        return self.least_share * self.upper_kw * is_taken, self.upper_kw * is_taken

    def with_taken(self, taken: Float, more: Int) -> Float | None:
        """A choice with more decisions taken and those they need, (K,); none where a group forbids it."""
        chosen = taken.copy()
        chosen[more] = 1.0
        needed = self.parent[more]
        chosen[needed[needed >= 0]] = 1.0
        grouped = self.group[(chosen > 0.5) & (self.group >= 0)]
        return chosen if len(np.unique(grouped)) == len(grouped) else None

    def with_one_changed(self, taken: Float, decision: int) -> Float:
        """A choice with one decision the other way, (K,), and with it what needs it or what it needs.

        What is taken takes the place of others of its group.
        """
        chosen = taken.copy()
        if taken[decision] > 0.5:
            self._drop(chosen, decision)
            return chosen
        needed = self.parent[decision]
        whole = decision if needed < 0 else int(needed)
        if self.group[whole] >= 0:
            for other in np.flatnonzero((self.group == self.group[whole]) & (chosen > 0.5)).tolist():
                if other != whole:
                    self._drop(chosen, other)
        chosen[[decision, whole]] = 1.0
        return chosen

    def _drop(self, chosen: Float, decision: int) -> None:
        """Takes back a decision, those that need it, and the one that nothing is left of."""
        chosen[decision] = 0.0
        chosen[self.parent == decision] = 0.0
        needed = self.parent[decision]
        if needed >= 0 and not chosen[self.parent == needed].any():
            chosen[needed] = 0.0

    def by_variable(self, entry: Float, row: Int, column: Int, rows: int) -> csr_array:
        """Rows over the variables, for entries in them at some of the n columns; equal places add up."""
        entry, variable = entry * self.matrix.data[column], self.matrix.indices[column]
        found = csr_array((entry, (row, variable)), shape=(rows, len(self.upper_kw)))
        found.eliminate_zeros()
        return found

    def rejected(self, taken: Float) -> Bool:
        """Whether each column hangs on a decision that is not taken, (n,)."""
        is_rejected = np.append(taken, 1.0)[self.decision] < 0.5
        rejected: Bool = (self.matrix @ is_rejected.astype(np.float64)) > 0.0
        return rejected


def parts_of(offers: Offers, units: Units, periods: int) -> list[Part]:
    """The parts of a problem: where there are decisions, or one fraction for several columns."""
    if not len(units):
        return []
    variable = _variables(offers, units)
    hangs_on, parent, unit, least_share = _decisions(offers, units, variable)
    group = np.where(parent < 0, units.group[unit], NONE)
    label = _labels(offers, periods, variable, hangs_on, parent, group)
    decision_of_column = hangs_on[variable]
    parts = []
    for one in np.unique(label):
        its_periods = np.flatnonzero(label == one)
        columns = np.flatnonzero(np.isin(offers.column_period, its_periods))
        is_tied = len(np.unique(variable[columns])) < len(columns)
        if is_tied or len(its_periods) > 1 or np.any(decision_of_column[columns] >= 0):
            parts.append(_part(offers, its_periods, columns, variable, hangs_on, least_share, parent, group))
    return parts


def period_part(offers: Offers, period: int) -> Part:
    """A single period without decisions as a part."""
    columns = offers.of_period(period)
    count = len(columns)
    none = np.full(count, -1)
    return Part(
        periods=np.array([period]),
        columns=columns,
        period=np.zeros(count, dtype=np.int64),
        matrix=csr_array((np.ones(count), np.arange(count), np.arange(count + 1)), shape=(count, count)),
        upper_kw=offers.column_kw[columns],
        whole_kw=offers.column_whole_kw[columns],
        counts=offers.column_counts[columns],
        decision=none,
        least_share=np.zeros(count),
        parent=none[:0],
        group=none[:0],
    )


def _variables(offers: Offers, units: Units) -> Int:
    """The variable of each column, (C,)."""
    unit = offers.column_unit
    is_rigid = (unit >= 0) & np.append(units.rigid, False)[unit]
    own = len(units) + np.arange(offers.columns)
    _, variable = np.unique(np.where(is_rigid, unit, own), return_inverse=True)
    return variable


def _decisions(offers: Offers, units: Units, variable: Int) -> tuple[Int, Int, Int, Float]:
    """The decision of each variable, (J,), parent and unit of each decision, (K,), and m, (J,).

    A unit with a group has a decision of its own; where it has a least fraction too and is not rigid, one for
    each of its columns besides.
    """
    count = int(variable.max(initial=-1)) + 1
    unit = np.full(count, -1)
    unit[variable] = offers.column_unit
    has_unit = unit >= 0
    rigid, least, group = (
        np.append(units.rigid, False)[unit],
        np.append(units.min_fraction, 0.0)[unit],
        np.append(units.group, NONE)[unit],
    )
    single = has_unit & ~rigid & (least > 0.0)
    whole = np.unique(unit[has_unit & (group != NONE) | (rigid & (least > 0.0))])
    singles = np.flatnonzero(single)
    place_of_unit = np.full(len(units) + 1, -1)
    place_of_unit[whole] = np.arange(len(whole))
    key = np.concatenate(
        [np.stack([whole, np.full(len(whole), -1)]), np.stack([unit[singles], singles])], axis=1
    )
    order = np.lexsort((key[1], key[0]))
    rank = np.argsort(order)
    of_whole = np.append(rank[: len(whole)], -1)
    decision = of_whole[place_of_unit[unit]]
    parent = np.full(len(order), -1)
    parent[rank[len(whole) :]] = decision[singles]
    decision[singles] = rank[len(whole) :]
    return decision, parent, key[0][order], np.where(decision >= 0, least, 0.0)


def _labels(offers: Offers, periods: int, variable: Int, hangs_on: Int, parent: Int, group: Int) -> Int:
    """Which periods hang together, the same label for those that do, (T,)."""
    variables, decisions = len(hangs_on), len(parent)
    at_decision, at_group = periods + variables, periods + variables + decisions
    size = at_group + int(group.max(initial=-1)) + 1
    child, member = np.flatnonzero(parent >= 0), np.flatnonzero(group >= 0)
    held = np.flatnonzero(hangs_on >= 0)
    from_ = [offers.column_period, periods + held, at_decision + child, at_decision + member]
    to = [
        periods + variable,
        at_decision + hangs_on[held],
        at_decision + parent[child],
        at_group + group[member],
    ]
    one, other = np.concatenate(from_), np.concatenate(to)
    graph = coo_array((np.ones(len(one)), (one, other)), shape=(size, size))
    _, label = connected_components(graph.tocsr(), directed=False)
    return np.asarray(label[:periods], dtype=np.int64)


def _part(
    offers: Offers,
    periods: Int,
    columns: Int,
    variable: Int,
    hangs_on: Int,
    least_share: Float,
    parent: Int,
    group: Int,
) -> Part:
    """The part of some periods and columns, its variables and decisions numbered anew."""
    variables, place = np.unique(variable[columns], return_inverse=True)
    column_kw = offers.column_kw[columns]
    upper_kw = np.bincount(place, weights=column_kw, minlength=len(variables)).astype(np.float64)
    own = hangs_on[variables]
    direct = np.unique(own[own >= 0])
    above = parent[direct]
    decisions = np.unique(np.concatenate([direct, above[above >= 0]]))
    local = np.full(len(parent) + 1, -1)
    local[decisions] = np.arange(len(decisions))
    return Part(
        periods=periods,
        columns=columns,
        period=np.searchsorted(periods, offers.column_period[columns]),
        matrix=csr_array(
            (column_kw / upper_kw[place], (np.arange(len(columns)), place)),
            shape=(len(columns), len(variables)),
        ),
        upper_kw=upper_kw,
        whole_kw=np.bincount(place, offers.column_whole_kw[columns], len(variables)).astype(np.float64),
        counts=np.bincount(place, offers.column_counts[columns], len(variables)) > 0.0,
        decision=local[own],
        least_share=least_share[variables],
        parent=local[parent[decisions]],
        group=group[decisions],
    )
