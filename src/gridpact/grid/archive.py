"""A compiled network as plain arrays and back, to the last bit.

The archive is NumPy's .npz without pickled objects: a member for each array, and one of JSON for what is not
an array. Structured arrays of power-grid-model are members for each of their fields.
"""

import io
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from gridpact.grid.network import Branches, ElementKind, Elements, Network
from gridpact.grid.verification.verification_model import VerificationModel

HEAD = "head"
CSR_PARTS = ("data", "indices", "indptr")
NETWORK_ARRAYS = (
    "bus_ids",
    "bus_node",
    "bus_voltage_kv",
    "slack_node",
    "slack_voltage_pu",
    "out_of_service_bus_ids",
    "islanded_bus_ids",
)
NETWORK_NAMES = ("bus_names", "out_of_service_bus_names", "islanded_bus_names")
BRANCH_ARRAYS = (
    "from_node",
    "to_node",
    "rating_from_kva",
    "rating_to_kva",
    "element",
    "susceptance_kw",
)
MODEL_ARRAYS = (
    "bus_component_id",
    "element_component_id",
    "rating_from_a",
    "rating_to_a",
    "to_component_id",
    "has_neutral",
    "unbalance_bus",
)
Arrays = Mapping[str, NDArray[Any]]


def packed(network: Network, key: str) -> bytes:
    """The archive of a network, with a key that says what it is of."""
    branches, model = network.branches, network.verification_model
    arrays: dict[str, NDArray[Any]] = {name: getattr(network, name) for name in NETWORK_ARRAYS}
    arrays |= {f"branches.{name}": getattr(branches, name) for name in BRANCH_ARRAYS}
    arrays |= {f"model.{name}": getattr(model, name) for name in MODEL_ARRAYS}
    arrays |= _csr_parts("admittance", network.admittance)
    arrays |= _csr_parts("branches.admittance_from", branches.admittance_from)
    arrays |= _csr_parts("branches.admittance_to", branches.admittance_to)
    arrays["elements.id"] = network.elements.id
    for component, rows in model.dataset.items():
        arrays |= {f"dataset.{component}.{name}": rows[name] for name in rows.dtype.names or ()}
    head = {
        "key": key,
        **{field: getattr(network, field) for field in NETWORK_NAMES},
        "element_kinds": network.elements.kind,
        "element_names": network.elements.name,
        "nodes": network.nodes,
        "components": {name: list(rows.dtype.names or ()) for name, rows in model.dataset.items()},
        "notices": network.notices,
        "phases": network.phases,
    }
    arrays[HEAD] = np.frombuffer(json.dumps(head).encode(), dtype=np.uint8)
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()


def unpacked(content: bytes, key: str, name: str) -> Network:
    """The network in an archive.

    Args:
        content: the archive.
        key: that it was made with.
        name: that the network is to have.

    Raises:
        Exception: whatever NumPy, zip or JSON find wrong with it, and `ValueError` where it has another key.
    """
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        arrays = {member: file[member] for member in file.files}
    head = json.loads(arrays.pop(HEAD).tobytes())
    if head["key"] != key:
        raise ValueError("an archive of something else")
    for array in arrays.values():
        array.flags.writeable = False
    nodes = head["nodes"]
    return Network(
        name=name,
        admittance=_csr(arrays, "admittance", nodes),
        branches=Branches(
            admittance_from=_csr(arrays, "branches.admittance_from", nodes),
            admittance_to=_csr(arrays, "branches.admittance_to", nodes),
            **{field: arrays[f"branches.{field}"] for field in BRANCH_ARRAYS},
        ),
        elements=Elements(
            kind=tuple(ElementKind(kind) for kind in head["element_kinds"]),
            id=arrays["elements.id"],
            name=tuple(head["element_names"]),
        ),
        verification_model=VerificationModel(
            dataset=_dataset(arrays, head["components"]),
            phases=tuple(head["phases"]),
            **{field: arrays[f"model.{field}"] for field in MODEL_ARRAYS},
        ),
        phases=tuple(head["phases"]),
        notices=tuple(head["notices"]),
        bus_names=tuple(head["bus_names"]),
        out_of_service_bus_names=tuple(head["out_of_service_bus_names"]),
        islanded_bus_names=tuple(head["islanded_bus_names"]),
        **{field: arrays[field] for field in NETWORK_ARRAYS},
    )


def _csr_parts(name: str, matrix: csr_array) -> dict[str, NDArray[Any]]:
    return {f"{name}.{part}": getattr(matrix, part) for part in CSR_PARTS}


def _csr(arrays: Arrays, name: str, columns: int) -> csr_array:
    data, indices, indptr = (arrays[f"{name}.{part}"] for part in CSR_PARTS)
    return csr_array((data, indices, indptr), shape=(len(indptr) - 1, columns))


def _dataset(arrays: Arrays, components: Mapping[str, list[str]]) -> Mapping[str, NDArray[np.void]]:
    from power_grid_model import initialize_array

    dataset: dict[str, NDArray[np.void]] = {}
    for component, fields in components.items():
        rows = initialize_array("input", component, len(arrays[f"dataset.{component}.id"]))
        for field in fields:
            rows[field] = arrays[f"dataset.{component}.{field}"]
        rows.flags.writeable = False
        dataset[component] = rows
    return MappingProxyType(dataset)
