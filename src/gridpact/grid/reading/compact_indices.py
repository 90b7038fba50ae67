"""A pandapower net with indices from zero: pandapower makes tables as long as the highest index."""

from copy import copy
from typing import Any

import numpy as np

from gridpact.arrays import Int
from gridpact.grid.reading.pandapower_columns import BUS_COLUMNS

INDEXED_TABLES = ("bus", *BUS_COLUMNS)
TABLE_OF_SWITCH = {"b": "bus", "l": "line", "t": "trafo"}


def compacted(net: Any) -> Any:
    """The net with its rows in the same order and their indices replaced by their ranks from zero on.

    Whatever depends on the order of indices is as it was.

    Args:
        net: pandapower net with supplies, branches, shunts and switches only; it is not changed.
    """
    small = copy(net)
    rank = {table: _ranks(net[table].index.to_numpy()) for table in INDEXED_TABLES}
    for table in INDEXED_TABLES:
        small[table] = net[table].set_axis(rank[table], axis=0)
    for table, columns in BUS_COLUMNS.items():
        for column in columns:
            small[table][column] = rank["bus"][net.bus.index.get_indexer(net[table][column])]
    element = net.switch.element.to_numpy().astype(np.int64).copy()
    for kind, table in TABLE_OF_SWITCH.items():
        here = (net.switch.et == kind).to_numpy()
        element[here] = rank[table][net[table].index.get_indexer(element[here])]
    small.switch["element"] = element
    return small


def _ranks(index: Int) -> Int:
    """The rank of each index among all."""
    ranks = np.empty(len(index), dtype=np.int64)
    ranks[np.argsort(index, kind="stable")] = np.arange(len(index))
    return ranks
