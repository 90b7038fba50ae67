"""Ranks: places in an order that does not depend on the order of rows."""

import numpy as np

from gridpact.arrays import Int


def rank_by_id(ids: tuple[str, ...]) -> Int:
    """Place of each id in alphabetical order, (N,)."""
    rank = np.empty(len(ids), dtype=np.int64)
    rank[sorted(range(len(ids)), key=ids.__getitem__)] = np.arange(len(ids))
    return rank
