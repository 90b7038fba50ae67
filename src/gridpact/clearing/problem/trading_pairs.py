"""Pairs: who may trade with whom on a network, and what each kW of it does to the nodes."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from gridpact.arrays import Float, Int
from gridpact.clearing.problem.offers import RETAILER
from gridpact.clearing.problem.problem import ClearingProblem
from gridpact.grid.network import Network


@dataclass(frozen=True, eq=False)
class Pairs:
    """K trading pairs among P participants on a network of N nodes.

    Two of them are equal where the network is the same and all arrays are, so that what was built for one
    serves the other.

    Attributes:
        network: the compiled network.
        connected: shares of participants at nodes, (P, N).
        seller, buyer: participants of each pair, (K,); the buyer of feed-in is `RETAILER`.
        sold_p, sold_q: kW and kvar more injected at the seller per kW, (K,).
        bought_p, bought_q: kW and kvar more injected at the buyer per kW, not positive, (K,).
    """

    network: Network
    connected: csr_array
    seller: Int
    buyer: Int
    sold_p: Float
    sold_q: Float
    bought_p: Float
    bought_q: Float

    @classmethod
    def of(cls, problem: ClearingProblem, columns: Int) -> tuple["Pairs", Int]:
        """The pairs of the given columns of a problem, and the pair of each of these columns.

        Columns of one period have pairs of their own, so those of different submission or terms do too.
        """
        offers, participants = problem.offers, problem.participants
        pool = offers.column_pool
        pools = int(pool.max(initial=0)) + 1
        buyers = len(participants) - RETAILER
        key = offers.column_seller[columns] * buyers + offers.column_buyer[columns] - RETAILER
        distinct, pair_of_column = np.unique(key * pools + pool[columns], return_inverse=True)
        seller, buyer = np.divmod(distinct // pools, buyers)
        buyer += RETAILER
        sold, bought = problem.seller_injects[seller], -np.append(problem.buyer_draws, 0.0)[buyer]
        pairs = cls(
            network=problem.network,
            connected=problem.connected,
            seller=seller,
            buyer=buyer,
            sold_p=sold,
            sold_q=sold * participants.generation_tan_phi[seller],
            bought_p=bought,
            bought_q=bought * participants.load_tan_phi[buyer],
        )
        return pairs, pair_of_column

    def __len__(self) -> int:
        return len(self.seller)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pairs) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @cached_property
    def injected_p(self) -> csr_array:
        """kW more injected at each node per kW of each pair, (N, K)."""
        return self._at_nodes(self.sold_p, self.bought_p)

    @cached_property
    def injected_q(self) -> csr_array:
        """kvar more injected at each node per kW of each pair, (N, K)."""
        return self._at_nodes(self.sold_q, self.bought_q)

    def _at_nodes(self, sold: Float, bought: Float) -> csr_array:
        at_seller = _scaled(self.connected[self.seller], sold)
        effect: csr_array = csr_array(at_seller + _scaled(self.connected[self.buyer], bought))
        effect.eliminate_zeros()
        return effect

    @cached_property
    def _key(self) -> tuple[object, ...]:
        """What tells pairs apart: their network and all of their arrays."""
        arrays = (
            self.connected.data,
            self.connected.indices,
            self.connected.indptr,
            self.seller,
            self.buyer,
            self.sold_p,
            self.sold_q,
            self.bought_p,
            self.bought_q,
        )
        return self.network, *(array.tobytes() for array in arrays)


def _scaled(shares: csr_array, per_kw: Float) -> csr_array:
    """What K participants inject at N nodes, (N, K), by their shares there, (K, N)."""
    found = shares.tocoo()
    injected = found.data * per_kw[found.row]
    return csr_array((injected, (found.col, found.row)), shape=(shares.shape[1], shares.shape[0]))
