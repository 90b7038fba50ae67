"""The rated voltages of a pandapower net."""

from collections.abc import Callable
from typing import Any

import numpy as np

from gridpact.arrays import Bool, Float, Int
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
    line = net.line[in_service(net, "line")]
    switch = net.switch[(net.switch.et == "b") & net.switch.closed.astype(bool)]
    joints = [
        Joints(
            table=table,
            id=rows.index.to_numpy(),
            bus=_bus_rows(net, rows, ends),
            spread=JOINT_SPREAD,
        )
        for table, rows, ends in (
            ("line", line, ("from_bus", "to_bus")),
            ("switch", switch, ("bus", "element")),
        )
    ]
    windings = _windings(net, net.trafo[in_service(net, "trafo")], "trafo")
    return _rated_voltages(net, (windings,), tuple(joints))


def three_winding_voltages(net: Any) -> RatedVoltages:
    """What a net says of the voltages of its three-winding transformers in service.

    Args:
        net: pandapower net; transformers at buses that it does not have are left out.
    """
    rows = net.trafo3w if "trafo3w" in net else net.trafo.iloc[:0]
    if len(rows):
        known = [rows[f"{side}_bus"].isin(net.bus.index) for side in SIDES["trafo3w"]]
        rows = rows[rows.in_service.astype(bool) & np.all(known, axis=0)]
    windings = (_windings(net, rows, "trafo3w"),) if len(rows) else ()
    return _rated_voltages(net, windings, ())


def _rated_voltages(net: Any, windings: tuple[Windings, ...], joints: tuple[Joints, ...]) -> RatedVoltages:
    return RatedVoltages(
        words=PANDAPOWER_WORDS,
        bus_id=net.bus.index.to_numpy(),
        bus_kv=_numbers(net.bus, "vn_kv"),
        bus_in_service=net.bus.in_service.to_numpy().astype(bool),
        windings=windings,
        joints=joints,
    )


def _windings(net: Any, rows: Any, table: str) -> Windings:
    sides = SIDES[table]
    low, high = _tap_range(rows, sides)
    return Windings(
        table=table,
        columns=tuple(f"vn_{side}_kv" for side in sides),
        id=rows.index.to_numpy(),
        bus=_bus_rows(net, rows, tuple(f"{side}_bus" for side in sides)),
        rated_kv=np.stack([_numbers(rows, f"vn_{side}_kv") for side in sides], axis=1),
        tap_low=low,
        tap_high=high,
    )


def _bus_rows(net: Any, rows: Any, columns: tuple[str, ...]) -> Int:
    """Rows of the buses that some columns name, (n, k)."""
    found: Int = np.stack([net.bus.index.get_indexer(rows[column]) for column in columns], axis=1)
    return found


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
