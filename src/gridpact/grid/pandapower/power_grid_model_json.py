"""A pandapower net as power-grid-model JSON, which is read without pandapower.

Every bus is a node with the bus's index as its id, so that participants stay where they are. The other
components get ids of their own, above those of the buses, and carry name and index of what they were made of:
results call a line or transformer by that index. What is switched off is left out, closed switches between
buses are links, and supplies are sources so strong that their voltage is that of the grid.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from gridpact.arrays import Bool, Float, Int
from gridpact.errors import InvalidCase
from gridpact.grid.pandapower.pandapower_net import prepared_net
from gridpact.grid.pandapower.three_phase_records import add_zero_sequence, unfit_three_phases
from gridpact.grid.pandapower.to_power_grid_model import (
    GenericBranches,
    impedance_branches,
    joined_nodes,
    line_branches,
    line_rating_a,
    shunt_rows,
    source_rows,
    switch_branches,
    transformer_branches,
    transformer_rated_va,
)
from gridpact.grid.pandapower.transformer_plate import transformer_plate
from gridpact.grid.power_grid_model.pi_branches import SYSTEM_FREQUENCY_HZ
from gridpact.grid.reading.power_grid_model_text import input_bytes
from gridpact.grid.source import NetworkSource
from gridpact.grid.unrated import is_placeholder_power

Record = dict[str, Any]

LINE, TRANSFORMER, IMPEDANCE, SWITCH, SHUNT, SOURCE = range(1, 7)
BLOCK_MIN, ID_MAX = 1000, 2**31 - 1
LIKENESS = 1e-9


def power_grid_model_json(net: Any, source: NetworkSource) -> bytes:
    """A pandapower net as power-grid-model JSON, without loads and generators.

    Args:
        net: a pandapower net; it is not changed.
        source: where it comes from, for problems.

    Raises:
        InvalidCase: what cannot be carried exactly, all at once.
    """
    net, _ = prepared_net(net, source)
    problems = [*_unfit_ids(net, source), *_unfit_lines(net, source), *_unfit_transformers(net, source)]
    if source.is_three_phase:
        problems += unfit_three_phases(net, source)
    if problems:
        raise InvalidCase(problems)
    block = _block(net)
    transformers, generic = _transformers(net, TRANSFORMER * block)
    bus = net.bus.index.to_numpy()
    data: dict[str, list[Record]] = {
        "node": _nodes(net),
        "line": _lines(net, LINE * block),
        "link": [*_links(net, SWITCH * block)],
        "transformer": transformers,
        "generic_branch": [
            *generic,
            *_generic(net, impedance_branches(net), net.impedance.index, IMPEDANCE * block),
            *_generic(net, switch_branches(net), _impedance_switches(net), SWITCH * block),
        ],
        "shunt": _records(shunt_rows(net, bus, SHUNT * block)),
        "source": _sources(net, SOURCE * block),
    }
    if source.is_three_phase:
        add_zero_sequence(net, data)
    return input_bytes({name: records for name, records in data.items() if records})


def _block(net: Any) -> int:
    """Size of the blocks of ids: a power of ten above every index of a bus, line or transformer."""
    tables = (net.bus, net.line, net.trafo, net.impedance, net.switch)
    largest = max((int(table.index.max()) for table in tables if len(table)), default=0)
    most = max(largest, 2 * len(net.impedance) + len(net.shunt), len(net.ext_grid))
    return max(BLOCK_MIN, int(10 ** len(str(most))))


def _unfit_ids(net: Any, source: NetworkSource) -> Iterator[Any]:
    for table in ("bus", "line", "trafo", "impedance", "switch"):
        for index in net[table].index[net[table].index < 0]:
            yield source.problem("is negative", field=f"{table} index", value=str(index), remedy="number it")
    if (SOURCE + 1) * _block(net) > ID_MAX:
        what, remedy = "are too large for the ids of power-grid-model", "number them from 0"
        yield source.problem(what, field="the indices of its tables", remedy=remedy)


def _unfit_lines(net: Any, source: NetworkSource) -> Iterator[Any]:
    """power-grid-model takes the conductance of a line as a share of its susceptance."""
    branches = line_branches(net)
    unlike = (branches.admittance_s.real != 0) & (branches.admittance_s.imag == 0) & _is_live(branches)
    for index in net.line.index[unlike]:
        what = "stands without a capacitance, which power-grid-model cannot carry"
        field, remedy = f"line {index} g_us_per_km", "give the line a small c_nf_per_km"
        yield source.problem(what, field=field, remedy=remedy)


def _unfit_transformers(net: Any, source: NetworkSource) -> Iterator[Any]:
    """A transformer without a plate is a generic branch, whose ratings are those of its nodes' voltages."""
    branches = transformer_branches(net)
    plate = transformer_plate(net, branches)
    unlike = ~plate.is_whole & ~_rates_alike(net) & ~_is_unrated(net) & _is_live(branches)
    for row in np.flatnonzero(unlike):
        yield source.problem(
            f"has {plate.obstacle[row]}, and rated voltages not in the ratio of its buses, which "
            "power-grid-model cannot carry together",
            field=f"trafo {net.trafo.index[row]}",
            remedy="set the tap to neutral, or keep the pandapower file: Parquet tables go with it too",
        )


def _is_live(branches: GenericBranches) -> Bool:
    live: Bool = branches.closed_from | branches.closed_to
    return live


def _is_unrated(net: Any) -> Bool:
    return is_placeholder_power(net.trafo.sn_mva.to_numpy().astype(float))


def _rates_alike(net: Any) -> Bool:
    """Whether the windings of each transformer are rated in the ratio of its buses' voltages."""
    high, low = _bus_over_winding(net)
    alike: Bool = np.isclose(high, low, rtol=LIKENESS, atol=0.0)
    return alike


def _bus_over_winding(net: Any) -> tuple[Float, Float]:
    """Nominal voltage of the buses over the rated voltages of the windings."""
    trafo, vn_kv = net.trafo, net.bus.vn_kv
    high, low = (
        vn_kv.reindex(trafo[f"{side}_bus"]).to_numpy() / trafo[f"vn_{side}_kv"].to_numpy().astype(float)
        for side in ("hv", "lv")
    )
    return high, low


def _nodes(net: Any) -> list[Record]:
    rated = (net.bus.vn_kv * 1e3).tolist()
    names = _names(net.bus)
    return [
        {"id": int(index), "u_rated": volts, **_named(name)}
        for index, volts, name in zip(net.bus.index, rated, names, strict=True)
    ]


def _lines(net: Any, first_id: int) -> list[Record]:
    branches = line_branches(net)
    impedance, shunt = branches.impedance_ohm, branches.admittance_s
    ends = _ends(branches, net.line, "line", first_id)
    farad = shunt.imag / (2 * np.pi * SYSTEM_FREQUENCY_HZ)
    with np.errstate(divide="ignore", invalid="ignore"):
        tangent = np.where(shunt.real == 0.0, 0.0, shunt.real / shunt.imag)
    rating = line_rating_a(net.line)
    return [
        end
        | {
            "r1": float(impedance[row].real),
            "x1": float(impedance[row].imag),
            "c1": float(farad[row]),
            "tan1": float(tangent[row]),
            **({"i_n": float(rating[row])} if np.isfinite(rating[row]) else {}),
        }
        for row, end in ends.items()
    ]


def _transformers(net: Any, first_id: int) -> tuple[list[Record], list[Record]]:
    """The transformers, those that have a plate and those that are generic branches."""
    branches = transformer_branches(net)
    plate = transformer_plate(net, branches)
    ends = _ends(branches, net.trafo, "trafo", first_id)
    transformers = [end | plate.record(row) for row, end in ends.items() if plate.is_whole[row]]
    at_bus = np.where(_is_unrated(net), 1.0, _bus_over_winding(net)[0])
    rated_va = transformer_rated_va(net.trafo) * at_bus
    generic = [
        end | _pi(branches, row) | {"sn": float(rated_va[row])}
        for row, end in ends.items()
        if not plate.is_whole[row]
    ]
    return transformers, generic


def _generic(net: Any, branches: GenericBranches, index: Any, first_id: int) -> list[Record]:
    """Branches without a rating; one that closed switches bypass carries nothing, and is left out."""
    node = joined_nodes(net)
    first, second = (node[net.bus.index.get_indexer(ends)] for ends in (branches.from_bus, branches.to_bus))
    rows = np.flatnonzero(_is_live(branches) & (first != second))
    return [_branch(first_id + int(index[row]), branches, row) | _pi(branches, row) for row in rows.tolist()]


def _pi(branches: GenericBranches, row: int) -> Record:
    impedance, admittance = complex(branches.impedance_ohm[row]), complex(branches.admittance_s[row])
    return {
        "r1": impedance.real,
        "x1": impedance.imag,
        "g1": admittance.real,
        "b1": admittance.imag,
        "k": float(branches.ratio[row]),
        "theta": float(branches.shift_rad[row]),
    }


def _ends(branches: GenericBranches, table: Any, name: str, first_id: int) -> dict[int, Record]:
    """Ids, ends and origin of the live rows of a table, by row."""
    names = _names(table)
    return {
        row: _branch(first_id + int(table.index[row]), branches, row)
        | _named(names[row])
        | {"id_reference": {"table": name, "index": int(table.index[row])}}
        for row in np.flatnonzero(_is_live(branches)).tolist()
    }


def _branch(index: int, branches: GenericBranches, row: int) -> Record:
    return {
        "id": index,
        "from_node": int(branches.from_bus[row]),
        "to_node": int(branches.to_bus[row]),
        "from_status": int(branches.closed_from[row]),
        "to_status": int(branches.closed_to[row]),
    }


def _links(net: Any, first_id: int) -> Iterator[Record]:
    """Closed switches between buses in service, those with an impedance apart."""
    switch, in_service = net.switch, net.bus.in_service
    joins = (switch.et == "b").to_numpy() & switch.closed.to_numpy().astype(bool)
    joins &= ~(switch.z_ohm.to_numpy() > 0) & (switch.bus != switch.element).to_numpy()
    for index, first, second in zip(
        switch.index[joins], switch.bus[joins], switch.element[joins], strict=True
    ):
        if in_service[first] and in_service[second]:
            ends = {"from_node": int(first), "to_node": int(second)}
            yield {"id": first_id + int(index), **ends, "from_status": 1, "to_status": 1}


def _impedance_switches(net: Any) -> Int:
    """Indices of the rows that `switch_branches` is made of."""
    switch = net.switch
    closed = switch.closed.to_numpy().astype(bool)
    rows = (switch.et == "b").to_numpy() & closed & (switch.z_ohm > 0).to_numpy()
    indices: Int = switch.index.to_numpy()[rows]
    return indices


def _sources(net: Any, first_id: int) -> list[Record]:
    """Sources at a bus each of the nodes that supplies hold."""
    node = joined_nodes(net)
    bus_of_node = net.bus.index.to_numpy()[np.unique(node, return_index=True)[1]]
    rows = source_rows(net, node, first_id)
    rows["node"] = bus_of_node[rows["node"]]
    return _records(rows)


def _records(rows: Any) -> list[Record]:
    """The rows of a power-grid-model array without the values that are not given."""
    records = ({name: row[name].item() for name in rows.dtype.names} for row in rows)
    return [{name: value for name, value in record.items() if value == value} for record in records]


def _names(table: Any) -> list[str]:
    if "name" not in table:
        return [""] * len(table)
    return ["" if gone else str(name) for name, gone in zip(table.name, table.name.isna(), strict=True)]


def _named(name: str) -> Record:
    return {"name": name} if name else {}
