"""DcGrid: the lossless network of the published model.

p_i = Σ_j B_ij (θ_i − θ_j) with B = −Im(1/z), |flow| ≤ rating and |θ_i − θ_j| ≤ 30° on every line and
transformer (Fernandes, Christin, Kar 2024, arXiv 2407.21403). The angles θ are deviations from those of the
unloaded network, so that the phase shifts of transformers drop out; supplies have θ = 0 and take up the rest.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csc_array, csr_array, diags_array
from scipy.sparse.linalg import SuperLU, splu

from gridpact.arrays import Bool, Float, Int
from gridpact.clearing.problem.trading_pairs import Pairs
from gridpact.grid.limits import Limits
from gridpact.grid.network import ElementKind, Network

ANGLE_DIFFERENCE_MAX_RAD = np.pi / 6
EFFECT_MIN = 1e-10  # below it a sensitivity is rounding noise


@dataclass(frozen=True)
class DcGrid:
    """The DC model of a network of N nodes, M branches and F nodes without a supply.

    Attributes:
        network: the compiled network.
        limits: of its lines and transformers; the DC model has no voltages.
    """

    network: Network
    limits: Limits

    @cached_property
    def rating_kw(self) -> Float:
        """The power that counts as 100 % loading at nominal voltage, infinite where unrated, (M,)."""
        branches = self.network.branches
        rating: Float = np.minimum(branches.rating_from_kva, branches.rating_to_kva)
        return np.where(branches.element < 0, np.inf, rating)

    @cached_property
    def flow_limit_kw(self) -> Float:
        """Greatest flow of each branch, by its rating and by the angle difference, (M,)."""
        branches = self.network.branches
        percent = np.where(
            self._is_transformer,
            self.limits.transformer_loading_max_percent,
            self.limits.line_loading_max_percent,
        )
        by_angle = np.where(branches.element < 0, np.inf, branches.susceptance_kw * ANGLE_DIFFERENCE_MAX_RAD)
        limit: Float = np.minimum(self.rating_kw * percent / 100.0, by_angle)
        return limit

    @cached_property
    def loading_base_kw(self) -> Float:
        """What flows are a percentage of: the rating, or the limit where there is none, (M,)."""
        return np.where(np.isfinite(self.rating_kw), self.rating_kw, self.flow_limit_kw)

    def flows_kw(self, p_kw: Float) -> Float:
        """Flow of each branch, (T, M), for the injection at each node, (T, N)."""
        flows: Float = (self._flow_per_angle @ self._angles(p_kw[:, self._free].T)).T
        return flows

    def effect(self, pairs: Pairs) -> csr_array:
        """Flow of each branch in kW per kW of each of K pairs, (M, K)."""
        at_free = csr_array(pairs.injected_p[self._free])
        active = np.flatnonzero(np.diff(at_free.indptr))
        unit = np.zeros((len(self._free), len(active)))
        unit[active, np.arange(len(active))] = 1.0
        by_node = self._flow_per_angle @ self._angles(unit)
        by_node[np.abs(by_node) < EFFECT_MIN] = 0.0
        effect = csr_array(csr_array(by_node) @ at_free[active])
        effect.data[np.abs(effect.data) < EFFECT_MIN] = 0.0
        effect.eliminate_zeros()
        return effect

    def _angles(self, free_kw: Float) -> Float:
        """θ at the free nodes, (F, L), for injections there, (F, L)."""
        angles: Float = self._factor.solve(np.ascontiguousarray(free_kw))
        return angles

    @cached_property
    def _free(self) -> Int:
        """Nodes without a supply, (F,)."""
        return np.setdiff1d(np.arange(self.network.nodes), self.network.slack_node)

    @cached_property
    def _flow_per_angle(self) -> csr_array:
        """Flow of each branch in kW per radian at each free node, (M, F)."""
        branches = self.network.branches
        count = len(branches)
        incidence = csr_array(
            (
                np.repeat([1.0, -1.0], count),
                (np.tile(np.arange(count), 2), np.concatenate([branches.from_node, branches.to_node])),
            ),
            shape=(count, self.network.nodes),
        )
        return csr_array(diags_array(branches.susceptance_kw) @ incidence[:, self._free])

    @cached_property
    def _factor(self) -> SuperLU:
        """The factors of B, injection in kW at each free node per radian at each free node."""
        inverse = diags_array(1.0 / self.network.branches.susceptance_kw)
        return splu(csc_array(self._flow_per_angle.T @ inverse @ self._flow_per_angle))

    @cached_property
    def _is_transformer(self) -> Bool:
        kinds = np.array([kind is ElementKind.TRANSFORMER for kind in self.network.elements.kind] + [False])
        chosen: Bool = kinds[self.network.branches.element]
        return chosen
