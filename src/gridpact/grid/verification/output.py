"""Output of power-grid-model: its branch types, and where components are in its tables."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridpact.arrays import Int

BRANCH_TYPES = ("line", "link", "generic_branch", "transformer", "asym_line")

Output = Mapping[str, Mapping[str, NDArray[Any]]]  # by component and attribute


def positions(ids: NDArray[np.int32], wanted: Int) -> Int:
    """Index in `ids`, in any order, of each of `wanted`."""
    order = np.argsort(ids)
    position: Int = order[np.searchsorted(ids, wanted, sorter=order)]
    return position
