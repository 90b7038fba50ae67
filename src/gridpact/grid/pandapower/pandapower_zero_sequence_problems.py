"""What a pandapower net lacks for three phases, or has that they cannot carry: one problem an element."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from gridpact.arrays import Bool
from gridpact.errors import Problem
from gridpact.grid.pandapower.pandapower_zero_sequence import DEGREES_PER_CLOCK, clocks, numbers
from gridpact.grid.pandapower.to_power_grid_model import line_branches, tapped
from gridpact.grid.pandapower.vector_group import MODELLED, WYE_WYE, parsed_group, winding_groups
from gridpact.grid.source import NetworkSource

InService = Callable[[Any, str], Bool]

LINE_COLUMNS = ("r0_ohm_per_km", "x0_ohm_per_km", "c0_nf_per_km")
TRAFO_COLUMNS = ("vk0_percent", "vkr0_percent", "mag0_percent", "mag0_rx", "si0_hv_partial")
IMPEDANCE_COLUMNS = ("rft0_pu", "xft0_pu")
SAME_SEQUENCES = (("rft0_pu", "rtf0_pu"), ("xft0_pu", "xtf0_pu"))
DELTA_TABLES = ("load", "sgen", "asymmetric_load", "asymmetric_sgen")
SUPPLY_IMPEDANCE = ("s_sc_max_mva", "s_sc_min_mva", "rx_max", "rx_min", "x0x_max", "r0x0_max")
CLOCK_ERROR_DEGREES = 1e-6
GROUP_REMEDY = "three phases are modelled for Dyn, YNyn and Yzn, such as Dyn5"
LINE_REMEDY = "write the zero sequence of the line, which its manufacturer gives, or model = 'balanced'"
TRAFO_REMEDY = (
    "write the zero sequence of the transformer; where it is not known, vk0_percent and vkr0_percent "
)
TRAFO_REMEDY += "as vk_percent and vkr_percent, mag0_percent 100, mag0_rx 0 and si0_hv_partial 0.9"
IMPEDANCE_REMEDY = "write its zero sequence, or replace it by a line"
EARTH_REMEDY = "leave it out: what is unbalanced comes back through the neutral conductor, not through earth"


def delta_problems(net: Any, source: NetworkSource) -> Iterator[Problem]:
    """Loads between phases, of which participants are none; called before loads are left out."""
    for table in DELTA_TABLES:
        if table not in net or "type" not in net[table]:
            continue
        rows = net[table]
        delta = rows["type"].astype(str).str.strip().str.lower() == "delta"
        active = rows["in_service"].astype(bool) if "in_service" in rows else True
        for index in rows.index[delta & active]:
            remedy = "participants are connected to the neutral: write type wye, or take it out of service"
            yield source.problem(
                "is connected between phases", field=f"{table} {index} type", value="delta", remedy=remedy
            )


def zero_sequence_problems(net: Any, source: NetworkSource, in_service: InService) -> Iterator[Problem]:
    """One problem for each element in service that lacks something, or has something of no meaning."""
    yield from _lines(net, source, in_service(net, "line"))
    yield from _transformers(net, source, in_service(net, "trafo"))
    yield from _impedances(net, source, in_service(net, "impedance"))


def three_phase_notices(net: Any, in_service: InService) -> Iterator[str]:
    """What is left out of a net with three phases, for people."""
    grid = net.ext_grid[in_service(net, "ext_grid")]
    given = np.zeros(len(grid), dtype=np.bool_)
    for column in SUPPLY_IMPEDANCE:
        given |= np.isfinite(numbers(grid, column))
    if given.any():
        names = ", ".join(str(index) for index in grid.index[given])
        yield f"taken as an ideal, symmetric supply, without its short-circuit impedance: ext_grid {names}"
    group, clock = winding_groups(net.trafo), clocks(net)
    odd = in_service(net, "trafo") & (group != WYE_WYE) & (clock % 2 == 0)
    for index, name, turns in zip(net.trafo.index[odd], group[odd], clock[odd], strict=True):
        yield (
            f"taken to turn by {30 * turns}°, as shift_degree says, where a {name.capitalize()} transformer "
            f"turns by an odd multiple of 30°: trafo {index}"
        )
    if in_service(net, "shunt").any():
        named = ", ".join(str(index) for index in net.shunt.index[in_service(net, "shunt")][:5])
        yield f"taken as not connected to the neutral, as pandapower takes them: shunt {named}"


def _lines(net: Any, source: NetworkSource, active: Bool) -> Iterator[Problem]:
    values = {column: numbers(net.line, column) for column in LINE_COLUMNS}
    good = {column: np.isfinite(value) for column, value in values.items()}
    good["c0_nf_per_km"] &= ~(values["c0_nf_per_km"] < 0)
    yield from _bad_columns(net, "line", source, active, good, LINE_REMEDY)
    zero = (values["r0_ohm_per_km"] == 0) & (values["x0_ohm_per_km"] == 0)
    for index in net.line.index[active & zero]:
        field = f"line {index} r0_ohm_per_km"
        yield source.problem("has no zero-sequence impedance", field=field, value="0", remedy=LINE_REMEDY)
    shunt = line_branches(net).admittance_s
    for index in net.line.index[active & (shunt.real != 0) & (shunt.imag == 0)]:
        yield source.problem(
            "stands without a capacitance, which three phases cannot carry",
            field=f"line {index} g_us_per_km",
            remedy="leave it out, or give the line a small c_nf_per_km",
        )


def _transformers(net: Any, source: NetworkSource, active: Bool) -> Iterator[Problem]:
    trafo = net.trafo
    values = {column: numbers(trafo, column) for column in TRAFO_COLUMNS}
    good = {column: np.isfinite(value) for column, value in values.items()}
    good["vk0_percent"] &= ~(values["vk0_percent"] <= 0)
    good["vkr0_percent"] &= ~(np.abs(values["vkr0_percent"]) > values["vk0_percent"])
    good["mag0_percent"] &= ~(values["mag0_percent"] <= 0)
    good["mag0_rx"] &= ~(values["mag0_rx"] < 0)
    good["si0_hv_partial"] &= ~((values["si0_hv_partial"] < 0) | (values["si0_hv_partial"] > 1))
    shift = tapped(trafo)[2]
    for row in np.flatnonzero(active).tolist():
        yield from _group_problems(trafo, row, float(shift[row]), source)
    yield from _bad_columns(net, "trafo", source, active, good, TRAFO_REMEDY)
    for column in ("xn_ohm", "rn_ohm"):
        earthing = numbers(trafo, column, 0.0)
        for row in np.flatnonzero(active & (earthing != 0)).tolist():
            field, value = f"trafo {trafo.index[row]} {column}", f"{earthing[row]:g}"
            yield source.problem("is not modelled", field=field, value=value, remedy=EARTH_REMEDY)


def _group_problems(trafo: Any, row: int, shift: float, source: NetworkSource) -> Iterator[Problem]:
    """What is wrong with the vector group of one transformer, and with its phase shift."""
    given = trafo.vector_group.iloc[row] if "vector_group" in trafo else None
    missing = given is None or given != given or not str(given).strip()
    field, value = f"trafo {trafo.index[row]} vector_group", "" if missing else str(given)
    if missing:
        yield source.problem("is missing", field=field, remedy=GROUP_REMEDY)
        return
    parsed = parsed_group(given)
    clock = shift / DEGREES_PER_CLOCK
    is_whole = abs(shift - DEGREES_PER_CLOCK * np.rint(clock)) <= CLOCK_ERROR_DEGREES
    clock = int(np.rint(clock)) % 12
    if parsed is None:
        yield source.problem("is not a vector group", field=field, value=value, remedy=GROUP_REMEDY)
        return
    group, said = parsed
    if not group.endswith("n"):
        what = "has no neutral on its low-voltage side"
        yield source.problem(what, field=field, value=value, remedy=GROUP_REMEDY)
    elif group not in MODELLED:
        yield source.problem("is not modelled", field=field, value=value, remedy=GROUP_REMEDY)
    elif not is_whole:
        field, value = f"trafo {trafo.index[row]} shift_degree", f"{shift:g}"
        remedy = "a transformer turns by multiples of 30°, its tap included"
        yield source.problem("is no multiple of 30°", field=field, value=value, remedy=remedy)
    elif said is not None and said % 12 != clock:
        remedy = f"write shift_degree {30 * (said % 12)}, or the vector group without a clock"
        what = f"does not turn by shift_degree {shift:g}"
        yield source.problem(what, field=field, value=value, remedy=remedy)
    elif group == WYE_WYE and clock % 2:
        remedy = "write shift_degree 0, or 180 for clock 6"
        what = f"turns by an even multiple of 30°, and not by shift_degree {shift:g}"
        yield source.problem(what, field=field, value=value, remedy=remedy)


def _impedances(net: Any, source: NetworkSource, active: Bool) -> Iterator[Problem]:
    rows, vn = net.impedance, net.bus.vn_kv
    values = {column: numbers(rows, column) for column in IMPEDANCE_COLUMNS}
    good = {column: np.isfinite(value) for column, value in values.items()}
    yield from _bad_columns(net, "impedance", source, active, good, IMPEDANCE_REMEDY)
    unlike = np.zeros(len(rows), dtype=np.bool_)
    for one, other in SAME_SEQUENCES:
        back = numbers(rows, other)
        unlike |= np.isfinite(back) & np.isfinite(values[one]) & (back != values[one])
    for index in rows.index[active & unlike]:
        field = f"impedance {index} rtf0_pu"
        yield source.problem("differs in its two directions", field=field, remedy="write them alike")
    zero = (values["rft0_pu"] == 0) & (values["xft0_pu"] == 0)
    for index in rows.index[active & zero]:
        yield source.problem("is zero", field=f"impedance {index} rft0_pu", remedy=IMPEDANCE_REMEDY)
    apart = vn.reindex(rows.from_bus).to_numpy() != vn.reindex(rows.to_bus).to_numpy()
    for index in rows.index[active & apart]:
        yield source.problem(
            "joins buses of two nominal voltages, which three phases cannot carry",
            field=f"impedance {index}",
            remedy="replace it by a transformer",
        )


def _bad_columns(
    net: Any, table: str, source: NetworkSource, active: Bool, good: dict[str, Bool], remedy: str
) -> Iterator[Problem]:
    """One problem for each row in service of whose columns some are not good."""
    every = np.stack(list(good.values()), axis=1)
    for row in np.flatnonzero(active & ~every.all(axis=1)).tolist():
        bad = [column for column, fine in zip(good, every[row], strict=True) if not fine]
        shown = [_shown(net[table], column, row) for column in bad]
        present = [text for text in shown if text]
        what = ("lacks a value" if len(bad) == 1 else "lack values") if not present else "is out of range"
        field = f"{table} {net[table].index[row]} {', '.join(bad)}"
        yield source.problem(what, field=field, value=", ".join(present), remedy=remedy)


def _shown(rows: Any, column: str, row: int) -> str:
    value = rows[column].iloc[row] if column in rows else None
    return "" if value is None or value != value else str(value)
