"""The rated voltages of a pandapower net."""

from collections.abc import Callable
from typing import Any

import numpy as np

from gridpact.arrays import Bool, Float
from gridpact.grid.plausibility.rated_voltages import PANDAPOWER_WORDS, Joints, RatedVoltages, Windings

JOINT_SPREAD = 0.01
SIDES = {"trafo": ("hv", "lv"), "trafo3w": ("hv", "mv", "lv")}
STEPPED = ("Ratio", "Symmetrical")


def pandapower_voltages(net: Any, in_service: Callable[[Any, str], Bool]) -> RatedVoltages:
    """What the tables of a net say of voltages.

    Args:
        net: pandapower net whose references to buses are sound.
        in_service: which rows of a table are in service, given the net and the table's name.
    """
    bus_row = net.bus.index.get_indexer
    windings = []
    for table, sides in SIDES.items():
        if table not in net or not len(net[table]):
            continue
        rows = net[table][in_service(net, table)]
        low, high = _tap_range(rows, sides)
        windings.append(
            Windings(
                table=table,
                columns=tuple(f"vn_{side}_kv" for side in sides),
                id=rows.index.to_numpy(),
                bus=np.stack([bus_row(rows[f"{side}_bus"]) for side in sides], axis=1),
                rated_kv=np.stack([_numbers(rows, f"vn_{side}_kv") for side in sides], axis=1),
                tap_low=low,
                tap_high=high,
            )
        )
    line = net.line[in_service(net, "line")]
    switch = net.switch[(net.switch.et == "b") & net.switch.closed.astype(bool)]
    joints = [
        Joints(
            table=table,
            id=rows.index.to_numpy(),
            bus=np.stack([bus_row(rows[end]) for end in ends], axis=1).reshape(-1, 2),
            spread=JOINT_SPREAD,
        )
        for table, rows, ends in (
            ("line", line, ("from_bus", "to_bus")),
            ("switch", switch, ("bus", "element")),
        )
    ]
    return RatedVoltages(
        words=PANDAPOWER_WORDS,
        bus_id=net.bus.index.to_numpy(),
        bus_kv=_numbers(net.bus, "vn_kv"),
        bus_in_service=net.bus.in_service.to_numpy().astype(bool),
        windings=tuple(windings),
        joints=tuple(joints),
    )


def _tap_range(rows: Any, sides: tuple[str, ...]) -> tuple[Float, Float]:
    """The least and the greatest share of its rated voltage that each winding has at a tap position."""
    low, high = np.ones((2, len(rows), len(sides)))
    for tap in ("tap", "tap2"):
        if f"{tap}_side" not in rows:
            continue
        steps = np.stack([_numbers(rows, f"{tap}_{name}") for name in ("min", "max", "pos")])
        steps = np.nan_to_num(steps - np.nan_to_num(_numbers(rows, f"{tap}_neutral")))
        change = steps * np.nan_to_num(_numbers(rows, f"{tap}_step_percent")) / 100
        acts = rows[f"{tap}_changer_type"].isin(STEPPED) if f"{tap}_changer_type" in rows else False
        for position, side in enumerate(sides):
            here = (acts & (rows[f"{tap}_side"] == side)).to_numpy(dtype=bool, na_value=False)
            low[:, position] += np.where(here, np.minimum(change.min(axis=0), 0.0), 0.0)
            high[:, position] += np.where(here, np.maximum(change.max(axis=0), 0.0), 0.0)
    return low, high


def _numbers(rows: Any, column: str) -> Float:
    if column not in rows:
        return np.full(len(rows), np.nan)
    values: Float = rows[column].to_numpy().astype(float)
    return values
