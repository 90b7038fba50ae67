"""Situations: what the network has to carry, a period as scheduled or one with something missing."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array, vstack

from gridpact.arrays import Float, Int
from gridpact.clearing.coupling import Part
from gridpact.clearing.injection import Injection
from gridpact.clearing.pairs import Pairs
from gridpact.clearing.problem import ClearingProblem


@dataclass(frozen=True, eq=False)
class Situations:
    """S situations of a part with n columns and J variables, on a network of N nodes.

    In a situation a share of what some columns sell is not delivered. It is missing at the seller, while the
    buyer uses what it bought: its retailer steps in.

    Attributes:
        problem: the clearing problem.
        part: the part.
        pairs: trading pairs of the part.
        pair: pair of each column, (n,).
        period: place of each situation's period among those of the part, (S,).
        withheld: share of each column that is not delivered, (S, n).
    """

    problem: ClearingProblem
    part: Part
    pairs: Pairs
    pair: Int
    period: Int
    withheld: csr_array

    @classmethod
    def as_scheduled(cls, problem: ClearingProblem, part: Part) -> "Situations":
        """One situation per period, in which everything is delivered."""
        pairs, pair = Pairs.of(problem, part.columns)
        count = len(part.periods)
        nothing = csr_array((count, len(part.columns)))
        return cls(problem, part, pairs, pair, np.arange(count), nothing)

    def with_outages(self, period: Int, withheld: csr_array) -> "Situations":
        """Situations of the same part, in which some shares, (S, n), of some periods, (S,), are missing."""
        return Situations(self.problem, self.part, self.pairs, self.pair, period, withheld)

    def followed_by(self, other: "Situations") -> "Situations":
        """These situations, then others of the same part."""
        period = np.concatenate([self.period, other.period])
        return self.with_outages(period, csr_array(vstack([self.withheld, other.withheld])))

    def __len__(self) -> int:
        return len(self.period)

    @property
    def at(self) -> Int:
        """Period of each situation, (S,)."""
        return self.part.periods[self.period]

    def of(self, index: Int) -> "Situations":
        """Some of the situations."""
        return Situations(
            self.problem,
            self.part,
            self.pairs,
            self.pair,
            self.period[index],
            csr_array(self.withheld[index]),
        )

    def injection(self, power_kw: Float) -> Injection:
        """The injection at each node, (S, N), when the variables clear `power_kw` (J,)."""
        problem, part, count = self.problem, self.part, len(self.part.periods)
        column_kw = part.matrix @ power_kw
        by_period = csr_array(
            (column_kw, (np.arange(len(column_kw)), part.period)), shape=(len(column_kw), count)
        )
        p_kw = (self._injected_p @ by_period).toarray().T[self.period]
        q_kvar = (self._injected_q @ by_period).toarray().T[self.period]
        missing = csr_array(self.withheld.multiply(column_kw[None, :]))
        baseline = problem.baseline_at_nodes
        return Injection(
            p_kw=baseline.p_kw[self.at] + p_kw - missing @ self._made_p,
            q_kvar=baseline.q_kvar[self.at] + q_kvar - missing @ self._made_q,
        )

    def effects(self) -> tuple[csr_array, csr_array]:
        """kW and kvar more injected at each node per kW of each variable, (S·N, J) each."""
        p, q = zip(*(self.effect(k) for k in range(len(self))), strict=True)
        return csr_array(vstack(p)), csr_array(vstack(q))

    def effect(self, situation: int) -> tuple[csr_array, csr_array]:
        """The same in one situation, (N, J) each."""
        p, q = self.column_effect(situation)
        columns = np.flatnonzero(self.part.period == self.period[situation])
        rows = csr_array(self.part.matrix[columns])
        return csr_array(p @ rows), csr_array(q @ rows)

    def column_effect(self, situation: int) -> tuple[csr_array, csr_array]:
        """kW and kvar more injected at each node per kW of each column of its period, (N, n') each."""
        columns = np.flatnonzero(self.part.period == self.period[situation])
        share = csr_array(self.withheld[[situation]])[:, columns].toarray()[0]
        p = self._injected_p[:, columns] - csr_array(self._made_p[columns].T.multiply(share[None, :]))
        q = self._injected_q[:, columns] - csr_array(self._made_q[columns].T.multiply(share[None, :]))
        return csr_array(p), csr_array(q)

    @cached_property
    def _injected_p(self) -> csr_array:
        return csr_array(self.pairs.injected_p[:, self.pair])

    @cached_property
    def _injected_q(self) -> csr_array:
        return csr_array(self.pairs.injected_q[:, self.pair])

    @cached_property
    def _made_p(self) -> csr_array:
        """kW at each node per kW that the seller of each column makes, (n, N)."""
        return self._made(np.ones(len(self.pair)))

    @cached_property
    def _made_q(self) -> csr_array:
        seller = self.pairs.seller[self.pair]
        return self._made(self.problem.participants.generation_tan_phi[seller])

    def _made(self, per_kw: Float) -> csr_array:
        count = len(self.pair)
        node = self.problem.participant_node[self.pairs.seller[self.pair]]
        return csr_array((per_kw, (np.arange(count), node)), shape=(count, self.problem.network.nodes))
