"""Relaxation: the second-order cones that hold every alternating-current state of a network.

The products of the voltages of connected nodes, w_ij = v_i conj(v_j), make power and squared current linear,
and every true state has |w_ij|² = |v_i|² |v_j|². The relaxation keeps ≤ of that (Jabr 2006, "Radial
distribution load flow using conic programming"; Low 2014, "Convex relaxation of optimal power flow"), so it
contains every true state, and no optimum over it is below the true one.

With v° the voltages without any injection, ρ_i = |v_i|² / |v°_i|², and h the size of a voltage drop of the
pair, the variables are the scaled differences

    w_ij = v°_i conj(v°_j) ((ρ_i + ρ_j) / 2 − h² A + j h W),    ρ_i − ρ_j = 2 h D,

in which the great numbers of a network, admittances times nearly equal voltages, cancel exactly:

    s_i = Σ_j h conj(Y_ij) v°_i conj(v°_j) (−D − h A + j W)      as Y v° = 0 at nodes without a supply,
    D² + W² ≤ A (ρ_i + ρ_j − h² A).

A grows with the squared current, D and W with the power: this is the branch-flow model of Farivar and Low
(2013), reached without assuming a tree, lines without shunts, or taps at nominal.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import coo_array, csc_array, csr_array, diags_array, eye_array, hstack, triu, vstack
from scipy.sparse.linalg import splu

from gridpact.arrays import Complex, Float, Int
from gridpact.clearing.network.monitored import Monitored
from gridpact.grid.flow.power_flow import factors_of
from gridpact.grid.network import Network

SCALE_KVA = 100.0


@dataclass(frozen=True)
class Relaxation:
    """The relaxed states of a network with R nodes that no supply holds and L connected pairs of nodes.

    The variables are u = ρ − 1 of the free nodes, then D, W and A of the pairs: R + 3L in all. Pairs of nodes
    that are both held by a supply are constants, and none of the L.

    Attributes:
        network: the compiled network.
    """

    network: Network

    @cached_property
    def monitored(self) -> Monitored:
        """What can reach a limit, V voltages and I branch ends."""
        return Monitored(self.network)

    @cached_property
    def free(self) -> Int:
        """Nodes that no supply holds, (R,)."""
        return factors_of(self.network).free

    @cached_property
    def no_load_pu(self) -> Complex:
        """v°, the voltages without any injection, (N,)."""
        voltage = np.empty(self.network.nodes, dtype=np.complex128)
        voltage[self.free] = factors_of(self.network).no_load_pu
        voltage[self.network.slack_node] = self.network.slack_voltage_pu
        return voltage

    @cached_property
    def ends(self) -> tuple[Int, Int]:
        """The two nodes of each pair, (L,) each."""
        admittance = self.network.admittance
        connected = coo_array(triu(abs(admittance) + abs(admittance.T), k=1))
        first, second = connected.coords
        held = np.isin(first, self.network.slack_node) & np.isin(second, self.network.slack_node)
        return first[~held].astype(np.int64), second[~held].astype(np.int64)

    @property
    def size(self) -> int:
        """R + 3L."""
        return len(self.free) + 3 * len(self.ends[0])

    @cached_property
    def monitored_columns(self) -> Int:
        """The variables u of the monitored nodes, (V,)."""
        return np.searchsorted(self.free, self.monitored.node)

    def flow_columns(self, pairs: Int) -> tuple[Int, Int, Int]:
        """The variables D, W and A of some pairs."""
        count, first = len(self.ends[0]), len(self.free)
        return first + pairs, first + count + pairs, first + 2 * count + pairs

    def square_sums(self, pairs: Int, columns: int) -> csr_array:
        """ρ_i + ρ_j − 2 of some pairs as rows over so many variables, of which these are the first."""
        around = csr_array(self._at_end(0) + self._at_end(1))[pairs]
        return csr_array(hstack([around, csr_array((len(pairs), columns - len(self.free)))]))

    @cached_property
    def drop(self) -> Float:
        """h: the voltage drop that `SCALE_KVA` makes over each pair, (L,)."""
        return SCALE_KVA / np.maximum(np.abs(self._mutual[0]), np.abs(self._mutual[1]))

    @cached_property
    def balances(self) -> csr_array:
        """p, then q injected at each free node, in `SCALE_KVA`, (2R, R + 3L)."""
        first, second = self.ends
        pairs = np.arange(len(first))
        shape = (self.network.nodes, len(first))
        at_first, at_second = (self.drop * mutual / SCALE_KVA for mutual in self._mutual)

        def by(first_part: Complex, second_part: Complex) -> csr_array:
            values = np.concatenate([first_part, second_part])
            rows = np.concatenate([first, second])
            return csr_array(csr_array((values, (rows, np.tile(pairs, 2))), shape=shape)[self.free])

        power = hstack(
            [
                csr_array((len(self.free), len(self.free)), dtype=np.complex128),
                by(-at_first, at_second),
                by(1j * at_first, -1j * at_second),
                by(-self.drop * at_first, -self.drop * at_second),
            ],
            format="csr",
        )
        return csr_array(vstack([power.real, power.imag]))

    @cached_property
    def differences(self) -> csr_array:
        """ρ_i − ρ_j − 2 h D over 2 h, which is zero, (L, R + 3L)."""
        count = len(self.ends[0])
        return csr_array(
            hstack(
                [
                    diags_array(0.5 / self.drop) @ (self._at_end(0) - self._at_end(1)),
                    -eye_array(count),
                    csr_array((count, 2 * count)),
                ]
            )
        )

    @cached_property
    def cones(self) -> tuple[csr_array, Float]:
        """Four rows per pair, G x + g, of which the first is at least the length of the others, (4L, ·)."""
        count = len(self.ends[0])
        none = csr_array((count, len(self.free)))
        zero, one, curvature = csr_array((count, count)), eye_array(count), diags_array(self.drop**2)
        around = self._at_end(0) + self._at_end(1)
        rows = vstack(
            [
                hstack([around, zero, zero, one - curvature]),
                hstack([none, 2.0 * one, zero, zero]),
                hstack([none, zero, 2.0 * one, zero]),
                hstack([-around, zero, zero, one + curvature]),
            ],
            format="csr",
        )
        order = np.arange(4 * count).reshape(4, count).T.ravel()
        offset = np.tile([2.0, 0.0, 0.0, -2.0], count)
        return csr_array(rows[order]), offset

    @cached_property
    def squared_loadings(self) -> tuple[csr_array, Float]:
        """|i|² of each monitored branch end, 1 at 100 %, as rows and constants, (I, R + 3L) and (I,)."""
        product = self._products
        by_square = csr_array(self._relative.multiply(self._idle.conj()[:, None]).real)
        rows = hstack(
            [
                by_square[:, self.free],
                csr_array(product.shape),
                product.imag @ diags_array(-2.0 * self.drop),
                product.real @ diags_array(-2.0 * self.drop**2),
            ]
        )
        return csr_array(rows), np.abs(self._idle) ** 2

    def reach(self, lower: Float, upper: Float, loading_max: Float) -> tuple[Float, Float]:
        """Lower and upper bounds of the variables in every true state within limits, (R + 3L,) each.

        At a monitored end of a branch between two nodes, i = α_i (ψ_i − ψ_j) + i° ψ_j with ψ = v / v° and i°
        the current without any injection, which bounds 2 h² A = |ψ_i − ψ_j|²; elsewhere that is at most
        2 (ρ_i + ρ_j). Then |D| and |W| are at most √(A (ρ_i + ρ_j)).

        Args:
            lower: least ρ of the monitored nodes, (V,).
            upper: greatest ρ of the monitored nodes, (V,).
            loading_max: of the monitored branch ends, 1 at 100 %, (I,).
        """
        square = self._squares_reached(upper)
        first, second = self.ends
        both = square[first] + square[second]
        relative, product = self._relative, self._products
        between = np.flatnonzero(np.diff(relative.indptr) == 2)
        largest = abs(relative).max(axis=1).toarray().ravel()
        idle = np.abs(self._idle)
        row, pair = csr_array(product[between]).tocoo().coords
        end = between[row]
        across: Float = np.sqrt(2.0 * both)
        highest = np.sqrt(np.maximum(square[first], square[second]))
        np.minimum.at(across, pair, (loading_max[end] + idle[end] * highest[pair]) / largest[end])
        current = 0.5 * (across / self.drop) ** 2
        power = np.sqrt(current * both)
        least = np.full(self.network.nodes, 0.0)
        least[self.monitored.node] = lower
        return (
            np.concatenate([least[self.free] - 1.0, -power, -power, np.zeros_like(power)]),
            np.concatenate([square[self.free] - 1.0, power, power, current]),
        )

    def _squares_reached(self, upper: Float) -> Float:
        """The greatest ρ of every node, (N,), for those of the monitored ones, (V,).

        Nodes without a bus have no participants, so that their voltages follow from those of the others.
        """
        known = np.ones(self.network.nodes)
        known[self.monitored.node] = upper
        hidden = np.setdiff1d(self.free, self.monitored.node)
        if not len(hidden):
            return known
        rows = csc_array(self.network.admittance[hidden])
        rest = np.setdiff1d(np.arange(self.network.nodes), hidden)
        follows = np.abs(splu(csc_array(rows[:, hidden])).solve(rows[:, rest].toarray()))
        voltage = np.sqrt(known) * np.abs(self.no_load_pu)
        known[hidden] = (follows @ voltage[rest] / np.abs(self.no_load_pu[hidden])) ** 2
        return known

    @cached_property
    def _relative(self) -> csr_array:
        """α: current of each monitored branch end, 1 at 100 %, per v / v°, (I, N)."""
        relative = csr_array(self.monitored.admittance @ diags_array(self.no_load_pu))
        relative.eliminate_zeros()
        return relative

    @cached_property
    def _idle(self) -> Complex:
        """i°: current of each monitored branch end without any injection, (I,)."""
        idle: Complex = self._relative @ np.ones(self.network.nodes, dtype=np.complex128)
        return idle

    @cached_property
    def _products(self) -> csr_array:
        """α_i conj(α_j) of each monitored branch end and pair of nodes, (I, L)."""
        first, second = self.ends
        return csr_array(self._relative[:, first].multiply(self._relative[:, second].conj()))

    @cached_property
    def _mutual(self) -> tuple[Complex, Complex]:
        """conj(Y_ij) v°_i conj(v°_j) of each pair, and the same seen from its other end, (L,) each."""
        first, second = self.ends
        admittance, voltage = self.network.admittance, self.no_load_pu

        def seen(here: Int, there: Int) -> Complex:
            between: Complex = np.asarray(admittance[here, there]).ravel()
            return between.conj() * voltage[here] * voltage[there].conj()

        return seen(first, second), seen(second, first)

    def _at_end(self, end: int) -> csr_array:
        """u of the first or second node of each pair, (L, R): no entry where a supply holds it."""
        pairs = np.arange(len(self.ends[end]))
        node = csr_array(
            (np.ones(len(pairs)), (pairs, self.ends[end])), shape=(len(pairs), self.network.nodes)
        )
        return csr_array(node[:, self.free])
