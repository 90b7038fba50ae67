"""Columns of pandapower's tables that files write in several ways: flags, indices, and what is not given.

pandapower itself takes a text "false" for true, and fails on an index that is written as 3.0.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from gridpact.arrays import Bool
from gridpact.errors import Problem
from gridpact.grid.source import NetworkSource

BUS_COLUMNS = {
    "line": ("from_bus", "to_bus"),
    "trafo": ("hv_bus", "lv_bus"),
    "impedance": ("from_bus", "to_bus"),
    "shunt": ("bus",),
    "ext_grid": ("bus",),
    "switch": ("bus",),
}
FLAG_COLUMNS = (
    *((table, "in_service") for table in ("bus", "line", "trafo", "impedance", "shunt", "ext_grid", "gen")),
    ("switch", "closed"),
    ("gen", "slack"),
    ("trafo", "tap_dependency_table"),
    ("trafo", "tap2_dependency_table"),
    ("trafo", "tap_dependent_impedance"),
    ("shunt", "step_dependency_table"),
)
# What a flag is where it is not given; the others have to be.
FLAG_NOT_GIVEN = {
    ("gen", "in_service"): True,
    ("gen", "slack"): False,
    ("trafo", "tap_dependency_table"): False,
    ("trafo", "tap2_dependency_table"): False,
    ("trafo", "tap_dependent_impedance"): False,
    ("shunt", "step_dependency_table"): False,
}
BUS_REFERENCES = (
    *((table, column) for table, columns in BUS_COLUMNS.items() for column in columns),
    ("gen", "bus"),
)
REFERENCES = (*BUS_REFERENCES, ("switch", "element"))
NOT_GIVEN = (
    ("line", "parallel", 1),
    ("line", "df", 1.0),
    ("line", "g_us_per_km", 0.0),
    ("line", "max_i_ka", np.nan),
    ("trafo", "parallel", 1),
    ("trafo", "df", 1.0),
    ("trafo", "shift_degree", 0.0),
    ("ext_grid", "va_degree", 0.0),
    ("switch", "z_ohm", 0.0),
    ("shunt", "step", 1),
    *(("impedance", column, 0.0) for column in ("gf_pu", "bf_pu", "gt_pu", "bt_pu")),
)
REFERENCE_END = 2**32
WORDS = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}


def regular_columns(net: Any, source: NetworkSource) -> Iterable[Problem]:
    """Writes indices as whole numbers and flags as booleans, and finds those that are neither.

    Args:
        net: pandapower net, whose tables are changed.
        source: where it comes from, for the problems.
    """
    for table in ("bus", *BUS_COLUMNS):
        index, whole = _whole(net[table].index.to_numpy())
        for name in net[table].index[~whole].unique():
            remedy = f"number the rows of {table}, and keep what they are called in the column name"
            yield source.problem(
                "is not a whole number", field=f"{table} index", value=str(name), remedy=remedy
            )
        if whole.all():
            net[table].index = index
    for table, column in REFERENCES:
        if column in net[table]:
            values, whole = _whole(net[table][column].to_numpy())
            if whole.all():  # one that is none is found where buses are looked up
                net[table][column] = values
    for table, column in FLAG_COLUMNS:
        if column in net[table]:
            yield from _regular_flags(net[table], table, column, source)


def restored_references(net: Any) -> tuple[str, ...]:
    """Undoes what pandapower does to bus numbers beyond 32 bits, of which its columns keep the lower ones.

    Args:
        net: pandapower net with regular columns, whose tables are changed.

    Returns:
        What was restored, for people.
    """
    buses = net.bus.index[net.bus.index >= REFERENCE_END]
    of_lower_bits = {int(bus) % REFERENCE_END: int(bus) for bus in buses}
    if len(of_lower_bits) < len(buses):
        return ()  # two buses with the same lower bits: a reference could be to either
    restored = set()
    for table, column in BUS_REFERENCES:
        if column not in net[table] or net[table][column].dtype != np.int64:
            continue
        values = net[table][column]
        cut = ~values.isin(net.bus.index) & values.isin(list(of_lower_bits))
        whole = [of_lower_bits[bus] if lost else bus for bus, lost in zip(values, cut, strict=True)]
        net[table][column] = np.array(whole, dtype=np.int64)
        restored.update(net[table][column][cut])
    if not restored:
        return ()
    count = f"{len(restored)} bus number{'s' if len(restored) != 1 else ''}"
    return (f"restored: {count} that pandapower had cut to 32 bits where lines and other elements name them",)


def _whole(values: Any) -> tuple[Any, Bool]:
    """The values as integers, zero where they are none, and whether each is one."""
    if np.issubdtype(values.dtype, np.integer):
        return values.astype(np.int64), np.ones(len(values), dtype=np.bool_)
    numbers = [_whole_number(value) for value in values]
    whole = np.array([number is not None for number in numbers], dtype=np.bool_)
    return np.array([number or 0 for number in numbers], dtype=np.int64), whole


def _whole_number(value: Any) -> int | None:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        return None
    return int(value) if np.isfinite(value) and value == int(value) else None


def _regular_flags(rows: Any, table: str, column: str, source: NetworkSource) -> Iterator[Problem]:
    if rows[column].dtype == np.bool_:
        return
    words = {**WORDS, **dict.fromkeys(("none", "nan", "<na>"), FLAG_NOT_GIVEN.get((table, column)))}
    flags = [words.get(str(value).strip().lower()) for value in rows[column]]
    for index, value, flag in zip(rows.index, rows[column], flags, strict=True):
        if flag is None:
            what, field = "is neither true nor false", f"{table} {index} {column}"
            yield source.problem(what, field=field, value=str(value), remedy="write true or false, or 1 or 0")
    rows[column] = np.array([bool(flag) for flag in flags], dtype=np.bool_)


def completed(net: Any) -> None:
    """Gives columns that older files lack, and values that are not given, what pandapower takes for them.

    Args:
        net: pandapower net, whose tables are changed.
    """
    for table, column, value in NOT_GIVEN:
        if column not in net[table]:
            net[table][column] = value
        elif net[table][column].isna().any() and value == value:
            net[table][column] = net[table][column].astype(float).fillna(value)
    net.trafo["tap_pos"] = net.trafo["tap_pos"].astype(float)
    vn_kv = net.bus["vn_kv"].reindex(net.shunt["bus"]).to_numpy()
    net.shunt["vn_kv"] = np.where(net.shunt["vn_kv"].isna(), vn_kv, net.shunt["vn_kv"]).astype(float)
