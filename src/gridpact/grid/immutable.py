"""Matrices and datasets that must not be written to."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array


def frozen_csr(matrix: Any, scale: float = 1.0) -> csr_array:
    """A sparse matrix times a scale, as complex compressed rows that cannot be written to."""
    rows = csr_array(matrix, dtype=np.complex128) * scale
    rows.sum_duplicates()
    rows.eliminate_zeros()
    for part in (rows.data, rows.indices, rows.indptr):
        part.flags.writeable = False
    return rows


def frozen_dataset(dataset: Mapping[str, NDArray[np.void]]) -> Mapping[str, NDArray[np.void]]:
    """A power-grid-model dataset without its empty components, which cannot be written to."""
    kept = {str(name): part for name, part in dataset.items() if len(part)}
    for part in kept.values():
        part.flags.writeable = False
    return MappingProxyType(kept)
