"""The zero sequence of a pandapower net in the records of power-grid-model JSON."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from gridpact.arrays import Complex
from gridpact.errors import Problem
from gridpact.grid.pandapower.pandapower_zero_sequence import clocks, numbers
from gridpact.grid.pandapower.three_phase_model import FREQUENCY_HZ, ZIGZAG_SHARE, seen_ohm, zero_ohm
from gridpact.grid.pandapower.to_power_grid_model import (
    impedance_branches,
    switch_branches,
    transformer_branches,
)
from gridpact.grid.pandapower.transformer_plate import transformer_plate
from gridpact.grid.pandapower.vector_group import DELTA_WYE, WYE_WYE, winding_groups
from gridpact.grid.source import NetworkSource

Record = dict[str, Any]

WYE, WYE_N, DELTA, ZIGZAG_N = 0, 1, 2, 4
EVEN_SHARE = 0.5
ROUNDING = 1e-12
KEEP = "keep the pandapower file: Parquet tables go with it too"


def unfit_three_phases(net: Any, source: NetworkSource) -> Iterator[Problem]:
    """What power-grid-model JSON cannot carry with three phases."""
    for table, branches in (("impedance", impedance_branches(net)), ("switch", switch_branches(net))):
        count = int((branches.closed_from | branches.closed_to).sum())
        if count:
            what = f"holds {count} with an impedance, and power-grid-model has no such branch of three phases"
            yield source.problem(what, field=table, remedy=KEEP)
    branches = transformer_branches(net)
    live = branches.closed_from | branches.closed_to
    group, clock = winding_groups(net.trafo), clocks(net)
    share, plate = numbers(net.trafo, "si0_hv_partial"), transformer_plate(net, branches)
    for row in np.flatnonzero(live).tolist():
        field = f"trafo {net.trafo.index[row]}"
        if group[row] == WYE_WYE and abs(share[row] - EVEN_SHARE) > ROUNDING:
            what = "is not 0.5, which power-grid-model takes it for"
            value = f"{share[row]:g}"
            yield source.problem(what, field=f"{field} si0_hv_partial", value=value, remedy=KEEP)
        elif group[row] != WYE_WYE and clock[row] % 2 == 0:
            what = f"turns by {30 * clock[row]}°, where power-grid-model has odd multiples of 30° only"
            yield source.problem(what, field=f"{field} shift_degree", remedy=KEEP)
        elif not plate.is_whole[row]:
            what = f"has {plate.obstacle[row]}, and generic branches have no zero sequence"
            yield source.problem(what, field=field, remedy=KEEP)


def add_zero_sequence(net: Any, data: dict[str, list[Record]]) -> None:
    """Writes the zero sequence into the records of lines, transformers, shunts and supplies."""
    for record in data["line"]:
        row = net.line.loc[record["id_reference"]["index"]]
        length = float(row.length_km)
        record["r0"] = float(row.r0_ohm_per_km) * length / float(row.parallel)
        record["x0"] = float(row.x0_ohm_per_km) * length / float(row.parallel)
        farad = float(row.c0_nf_per_km) * 1e-9 * length * float(row.parallel)
        record["c0"], record["tan0"] = farad * float(net.f_hz) / FREQUENCY_HZ, 0.0
    for record in data["shunt"]:
        record["g0"] = record["b0"] = 0.0
    for record in data["source"]:
        record["z01_ratio"] = 1.0
    if data["transformer"]:
        _transformers(net, data["transformer"])


def _transformers(net: Any, records: list[Record]) -> None:
    branches, group = transformer_branches(net), winding_groups(net.trafo)
    low, high, magnetising = zero_ohm(net)
    seen = seen_ohm(group, low, high, magnetising)
    for record in records:
        row = net.trafo.index.get_loc(record["id_reference"]["index"])
        series, shunt = complex(branches.impedance_ohm[row]), complex(branches.admittance_s[row])
        if group[row] == WYE_WYE:
            product = low[row] * high[row] + (low[row] + high[row]) * magnetising[row]
            earthing = (product / magnetising[row] - series) / 3
            _magnetise(record, 2 * low[row] / product)
            windings = WYE_N, WYE_N
        elif group[row] == DELTA_WYE:
            earthing, windings = (seen[row] - 1 / (1 / series + shunt)) / 3, (DELTA, WYE_N)
        else:
            earthing, windings = (seen[row] - ZIGZAG_SHARE * series) / 3, (WYE, ZIGZAG_N)
        record["winding_from"], record["winding_to"] = windings
        record["r_grounding_to"], record["x_grounding_to"] = float(earthing.real), float(earthing.imag)


def _magnetise(record: Record, siemens: Complex) -> None:
    """The zero-sequence magnetising values of a transformer at the tapped voltage of its `to` side."""
    step = record["tap_size"] * (record["tap_pos"] - record["tap_nom"])
    step *= 1 if record["tap_max"] > record["tap_min"] else -1
    volts = record["u2"] + (step if record["tap_side"] else 0.0)
    record["i0_zero_sequence"] = float(np.abs(siemens) * volts**2 / record["sn"])
    record["p0_zero_sequence"] = float(siemens.real * volts**2)
