"""Tree: where each node of a network is drawn, with its supplies at the left.

The layout of single-line diagrams: the longest feeder runs straight on in its parent's row, the others stand
below it as close as they can without crossing, and branches that close a loop are left over to be drawn
across.
"""

from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Bool, Float, Int, frozen

BEND = 0.4
BOW_DEPTH, BOW_ROWS = 0.3, 0.45


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A place for each of N nodes, and whether each of M branches belongs to the tree.

    Attributes:
        depth: branches between the node and its supply, (N,).
        row: counted downwards, (N,).
        parent_branch: the branch towards the supply, −1 at a root, (N,).
        in_tree: false for a branch that closes a loop or runs beside another, (M,).
    """

    depth: Int
    row: Int
    parent_branch: Int
    in_tree: Bool

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.row.max()) + 1

    def path(self, start: int, end: int, *, is_loop: bool) -> tuple[Float, Float]:
        """Depths and rows of three points that a branch is drawn through: its ends and one between.

        A branch of the tree leaves the upper node at a slant and runs straight into the lower one; one that
        closes a loop bows, so that it is seen beside others between the same nodes.
        """
        first, last = sorted((start, end), key=lambda node: int(self.depth[node]))
        depth = self.depth[[first, first, last]].astype(np.float64)
        row = self.row[[first, last, last]].astype(np.float64)
        if is_loop:
            depth[1] = depth[[0, 2]].mean() + BOW_DEPTH
            row[1] = row[[0, 2]].mean() + BOW_ROWS
        else:
            depth[1] += BEND
        return depth, row


def tree(nodes: int, from_node: Int, to_node: Int, roots: Int) -> Tree:
    """The tree over all nodes by breadth-first search from all roots at once.

    Args:
        nodes: number of nodes N.
        from_node: one end of each branch, (M,).
        to_node: the other end, (M,).
        roots: nodes at the left, those of the supplies; a node that none of them reaches becomes one too.
    """
    depth, parent, parent_branch, order = _searched(nodes, from_node, to_node, roots)
    in_tree = np.zeros(len(from_node), dtype=np.bool_)
    in_tree[parent_branch[parent_branch >= 0]] = True
    return Tree(
        depth=frozen(depth, np.int64),
        row=frozen(_rows(parent, order), np.int64),
        parent_branch=frozen(parent_branch, np.int64),
        in_tree=frozen(in_tree, np.bool_),
    )


def _searched(nodes: int, from_node: Int, to_node: Int, roots: Int) -> tuple[Int, Int, Int, list[int]]:
    """Depth, parent and parent branch of each node, (N,), and the nodes in the order they were found."""
    beside: list[list[tuple[int, int]]] = [[] for _ in range(nodes)]
    for branch, (start, end) in enumerate(zip(from_node.tolist(), to_node.tolist(), strict=True)):
        beside[start].append((end, branch))
        beside[end].append((start, branch))
    depth = np.full(nodes, -1, dtype=np.int64)
    parent, parent_branch = depth.copy(), depth.copy()
    order: list[int] = []
    for group in (np.unique(roots).tolist(), *([node] for node in range(nodes))):
        queue = [node for node in group if depth[node] < 0]
        depth[queue] = 0
        for node in queue:  # grows while it is gone through
            for neighbour, branch in beside[node]:
                if depth[neighbour] < 0:
                    depth[neighbour] = depth[node] + 1
                    parent[neighbour], parent_branch[neighbour] = node, branch
                    queue.append(neighbour)
        order += queue
    return depth, parent, parent_branch, order


def _rows(parent: Int, order: list[int]) -> Int:
    """The row of each node, (N,), from the leaves upwards and then from the roots down."""
    children: list[list[int]] = [[] for _ in range(len(parent))]
    for node in order:
        if parent[node] >= 0:
            children[parent[node]].append(node)
    outline: list[list[int]] = [[] for _ in range(len(parent))]
    below = np.zeros(len(parent), dtype=np.int64)  # rows between a node and its parent
    for node in reversed(order):
        outline[node] = _packed(children[node], outline, below)
    opened = 0
    for node in order:
        if parent[node] >= 0:
            below[node] += below[parent[node]]
        else:
            below[node], opened = opened, opened + max(outline[node]) + 1
    return below


def _packed(children: list[int], outline: list[list[int]], below: Int) -> list[int]:
    """Sets how far below their parent its children stand, and gives the outline of the whole.

    An outline is the lowest row that a subtree takes in each column and in each gap between two columns,
    counted from its root's row; its highest is the root's row throughout, since the longest child runs
    straight on. A child stands in the first row where it keeps clear of those before it.
    """
    if not children:
        return [0]
    children.sort(key=lambda child: -len(outline[child]))
    first = outline[children[0]]
    lowest = [0, 0, *first]
    for child in children[1:]:
        its = outline[child]
        below[child] = max(lowest[2 : 2 + len(its)]) + 1
        lowest[2 : 2 + len(its)] = [int(below[child]) + row for row in its]
    lowest[1] = int(below[children[-1]])
    return lowest
