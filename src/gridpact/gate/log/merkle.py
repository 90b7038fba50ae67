"""Merkle trees over leaf hashes, by RFC 9162, 2.1: roots, inclusion paths and their check."""

from collections.abc import Sequence
from hashlib import sha256

NODE_PREFIX = b"\x01"


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes; of none, the hash of nothing."""
    if not leaves:
        return sha256(b"").digest()
    return _levels(leaves)[-1][0]


class GrowingTree:
    """A tree that leaves are added to one by one, of which the roots of its whole subtrees are kept alone."""

    def __init__(self) -> None:
        self.size = 0
        self._whole: list[bytes] = []  # of subtrees of falling size, one for each bit that `size` has

    def copy(self) -> "GrowingTree":
        """A tree of the same leaves that grows by itself."""
        made = GrowingTree()
        made.size, made._whole = self.size, list(self._whole)
        return made

    def add(self, leaf: bytes) -> None:
        """Adds a leaf hash at the end."""
        node, size = leaf, self.size
        while size & 1:
            node, size = _node(self._whole.pop(), node), size >> 1
        self._whole.append(node)
        self.size += 1

    def root(self) -> bytes:
        """The root over all leaf hashes so far, as `merkle_root` gives it."""
        if not self._whole:
            return merkle_root(())
        node = self._whole[-1]
        for left in reversed(self._whole[:-1]):
            node = _node(left, node)
        return node


def inclusion_path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The hashes that lead from leaf `index`, counted from 0, to the root (2.1.3.1)."""
    if not 0 <= index < len(leaves):
        raise IndexError(index)
    path = []
    for level in _levels(leaves)[:-1]:
        if (sibling := index ^ 1) < len(level):
            path.append(level[sibling])
        index //= 2
    return path


def leads_to(root: bytes, leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bool:
    """Whether a path leads from a leaf hash to the root of a tree of `size` leaves (2.1.3.2)."""
    if not 0 <= index < size:
        return False
    last, found = size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if index % 2 or index == last:
            found = _node(sibling, found)
            while not index % 2 and index:
                index, last = index // 2, last // 2
        else:
            found = _node(found, sibling)
        index, last = index // 2, last // 2
    return last == 0 and found == root


def _levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """The hashes of every level, leaves first; the last one of an odd level goes up as it is."""
    levels = [list(leaves)]
    while len(level := levels[-1]) > 1:
        pairs = [_node(level[k], level[k + 1]) for k in range(0, len(level) - 1, 2)]
        levels.append(pairs + level[len(pairs) * 2 :])
    return levels


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(NODE_PREFIX + left + right).digest()
