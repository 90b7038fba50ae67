"""The rated voltages of power-grid-model input."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from gridpact.arrays import Bool, Float
from gridpact.grid.plausibility.rated_voltages import (
    POWER_GRID_MODEL_WORDS,
    Joints,
    RatedVoltages,
    Windings,
)
from gridpact.units import KV_PER_V

MISSING_INTEGER = -128
JOINT_SPREADS = {"line": 1e-9, "asym_line": 1e-9, "link": 0.01}
ENDS = {
    "transformer": (("from_node", "from_status", "u1"), ("to_node", "to_status", "u2")),
    "three_winding_transformer": tuple((f"node_{end}", f"status_{end}", f"u{end}") for end in (1, 2, 3)),
}


def power_grid_model_voltages(dataset: Mapping[str, NDArray[np.void]]) -> RatedVoltages:
    """What input says of voltages.

    power-grid-model itself takes no line between nodes of two voltages, however near they are.

    Args:
        dataset: whose nodes ascend by id, and whose references to them are sound.
    """
    node = dataset["node"]
    windings = []
    for table, ends in ENDS.items():
        if table not in dataset:
            continue
        rows = dataset[table]
        rows = rows[np.any([rows[status] == 1 for _, status, _ in ends], axis=0)]
        low, high = _tap_range(rows, tuple(rated for _, _, rated in ends))
        windings.append(
            Windings(
                table=table,
                columns=tuple(rated for _, _, rated in ends),
                id=rows["id"].astype(np.int64),
                bus=np.stack([np.searchsorted(node["id"], rows[end]) for end, _, _ in ends], axis=1),
                rated_kv=np.stack([rows[rated] for _, _, rated in ends], axis=1) * KV_PER_V,
                tap_low=low,
                tap_high=high,
            )
        )
    joints = []
    for table, spread in JOINT_SPREADS.items():
        if table in dataset:
            rows = dataset[table]
            rows = rows[_carries(rows, table)]
            ends_of = [np.searchsorted(node["id"], rows[end]) for end in ("from_node", "to_node")]
            joints.append(
                Joints(
                    table=table,
                    id=rows["id"].astype(np.int64),
                    bus=np.stack(ends_of, axis=1),
                    spread=spread,
                )
            )
    return RatedVoltages(
        words=POWER_GRID_MODEL_WORDS,
        bus_id=node["id"].astype(np.int64),
        bus_kv=node["u_rated"] * KV_PER_V,
        bus_in_service=np.ones(len(node), dtype=np.bool_),
        windings=tuple(windings),
        joints=tuple(joints),
    )


def _carries(rows: NDArray[np.void], table: str) -> Bool:
    """Whether each row joins its ends; power-grid-model looks at lines that do not, too."""
    closed: Bool = (rows["from_status"] == 1) & (rows["to_status"] == 1)
    return closed if table == "link" else np.ones(len(rows), dtype=np.bool_)


def _tap_range(rows: NDArray[np.void], rated: tuple[str, ...]) -> tuple[Float, Float]:
    """The least and the greatest share of its rated voltage that each winding has at a tap position."""
    low, high = np.ones((2, len(rows), len(rated)))
    nominal = _position(rows, "tap_nom", np.zeros(len(rows)))
    ends = [_position(rows, name, nominal) for name in ("tap_min", "tap_max", "tap_pos")]
    direction = np.where(ends[1] > ends[0], 1.0, -1.0)
    step_v = direction * (np.stack(ends) - nominal) * np.nan_to_num(rows["tap_size"])
    for side, name in enumerate(rated):
        change = np.where(rows["tap_side"] == side, step_v / rows[name], 0.0)
        low[:, side] += np.minimum(change.min(axis=0), 0.0)
        high[:, side] += np.maximum(change.max(axis=0), 0.0)
    return low, high


def _position(rows: NDArray[np.void], name: str, absent: Float) -> Float:
    given = rows[name].astype(float)
    return np.where(given == MISSING_INTEGER, absent, given)


def three_winding_voltages(dataset: Mapping[str, NDArray[np.void]]) -> RatedVoltages:
    """What input says of the voltages of its three-winding transformers in service.

    Args:
        dataset: as it was read, with nodes; transformers at nodes that it does not have are left out.
    """
    table = "three_winding_transformer"
    found = {"node": dataset["node"][np.argsort(dataset["node"]["id"])]}
    if table in dataset:
        rows, ids = dataset[table], found["node"]["id"]
        found[table] = rows[np.all([np.isin(rows[end], ids) for end, _, _ in ENDS[table]], axis=0)]
    return power_grid_model_voltages(found)
