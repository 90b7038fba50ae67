"""A pandapower net, checked and freed of loads and generators before it is converted."""

from collections.abc import Iterable
from copy import deepcopy
from typing import Any

import numpy as np

from gridpact.errors import InvalidCase, Problem
from gridpact.grid.pandapower.pandapower_zero_sequence_problems import (
    delta_problems,
    three_phase_notices,
    zero_sequence_problems,
)
from gridpact.grid.pandapower.to_power_grid_model import joined_nodes
from gridpact.grid.plausibility.gathered import gathered
from gridpact.grid.plausibility.one_nominal_voltage import with_one_nominal_voltage
from gridpact.grid.plausibility.pandapower_units import pandapower_unit_slips
from gridpact.grid.plausibility.pandapower_voltages import pandapower_voltages, three_winding_voltages
from gridpact.grid.plausibility.unit_slip import slip_problems
from gridpact.grid.plausibility.voltage_problems import voltage_problems
from gridpact.grid.reading.pandapower_columns import (
    BUS_COLUMNS,
    completed,
    regular_columns,
    restored_references,
)
from gridpact.grid.reading.rounding import exceeds_by_rounding, is_worth_saying
from gridpact.grid.source import NetworkSource
from gridpact.grid.unrated import is_placeholder_of_a_line, is_placeholder_power, unrated_notice

PARTICIPANT_TABLES = {
    "load": "loads",
    "sgen": "static generators",
    "gen": "generators",
    "storage": "storages",
    "motor": "motors",
    "asymmetric_load": "asymmetric loads",
    "asymmetric_sgen": "asymmetric static generators",
    "ward": "wards",
    "xward": "extended wards",
}
REFUSED_TABLES = {
    "trafo3w": "three-winding transformers",
    "dcline": "DC lines",
    "line_dc": "DC lines",
    "source_dc": "DC sources",
    "load_dc": "DC loads",
    "tcsc": "series compensators",
    "svc": "static var compensators",
    "ssc": "static synchronous compensators",
    "vsc": "voltage source converters",
    "vsc_stacked": "voltage source converters",
    "vsc_bipolar": "voltage source converters",
}
POSITIVE_COLUMNS = {
    "bus": ("vn_kv",),
    "line": ("length_km", "parallel", "df"),
    "trafo": ("sn_mva", "vn_hv_kv", "vn_lv_kv", "vk_percent", "parallel", "df"),
    "impedance": ("sn_mva",),
    "ext_grid": ("vm_pu",),
}
FINITE_COLUMNS = {
    "line": ("r_ohm_per_km", "x_ohm_per_km", "c_nf_per_km", "g_us_per_km"),
    "trafo": ("vkr_percent", "pfe_kw", "i0_percent", "shift_degree"),
    "impedance": ("rft_pu", "xft_pu", "rtf_pu", "xtf_pu", "gf_pu", "bf_pu", "gt_pu", "bt_pu"),
    "shunt": ("p_mw", "q_mvar", "step"),
    "ext_grid": ("va_degree",),
}
SUPPLY_NAME = "supply_name"
JOINS = "a closed bus-bus switch joins two buses"
NOT_ZERO = {"vk_percent": "an ideal transformer may be given a small one, such as 0.01"}
UNIT_RANGES = (
    ("ext_grid", "vm_pu", 0.5, 1.5, "write it in pu of nominal; is the value in volts?"),
    ("trafo", "vk_percent", 0.0, 100.0, "write it in percent of the rated voltage"),
)


def prepared_net(original: Any, source: NetworkSource) -> tuple[Any, tuple[str, ...]]:
    """A copy of a pandapower net with supplies, branches, shunts and switches only.

    A generator with slack=True becomes an external grid at its voltage and angle zero, as pandapower's power
    flow has it.

    Args:
        original: a pandapower net; it is not changed.
        source: where it comes from, for the problems.

    Returns:
        The copy, and what was left out, for people.

    Raises:
        InvalidCase: what cannot be carried exactly, all at once.
    """
    net = deepcopy(original)
    problems = [
        *regular_columns(net, source),
        *_refused_tables(net, source),
        *voltage_problems(three_winding_voltages(net), source),
        *(delta_problems(net, source) if source.is_three_phase else ()),
    ]
    restored = () if problems else restored_references(net)
    problems += _broken_references(net, source)
    if problems:
        raise InvalidCase(gathered(problems))
    net.user_pf_options = {}
    for table in REFUSED_TABLES:
        if table in net and len(net[table]):
            net[table] = net[table].iloc[:0]
    _supplies_from_slack_generators(net)
    notices = (*restored, *_without_participants(net))
    completed(net)
    notices = (*notices, *_without_rounding(net))
    voltages = pandapower_voltages(net, _in_service)
    problems = [
        *_bad_numbers(net, source),
        *_wrong_units(net, source),
        *slip_problems(pandapower_unit_slips(net, _in_service), source),
        *voltage_problems(voltages, source),
        *_unlike_supplies(net, source),
        *_inexact_models(net, source),
        *_bypassed(net, source),
        *_bad_ratings(net, source),
        *(zero_sequence_problems(net, source, _in_service) if source.is_three_phase else ()),
    ]
    if not _in_service(net, "ext_grid").any():
        problems.append(
            source.problem("has no supply: no external grid, and no slack generator, is in service")
        )
    if problems:
        raise InvalidCase(gathered(problems))
    notices += with_one_nominal_voltage(net, voltages.joints)
    phases = three_phase_notices(net, _in_service) if source.is_three_phase else ()
    return net, (*notices, *_missing_ratings(net), *_placeholder_ratings(net), *phases)


def _in_service(net: Any, table: str) -> Any:
    """True for each row that is in service, at buses that are; lines need one such bus only."""
    rows = net[table]
    active = rows["in_service"].to_numpy().astype(bool)
    if table == "bus":
        return active
    buses = np.stack(
        [net.bus["in_service"].reindex(rows[column]).to_numpy() for column in BUS_COLUMNS[table]]
    )
    at_bus = buses.astype(bool)
    return active & (at_bus.any(axis=0) if table == "line" else at_bus.all(axis=0))


def _refused_tables(net: Any, source: NetworkSource) -> Iterable[Problem]:
    for table, words in REFUSED_TABLES.items():
        if table not in net or not len(net[table]):
            continue
        rows = net[table]
        count = int(rows["in_service"].astype(bool).sum()) if "in_service" in rows else len(rows)
        if count:
            yield source.problem(
                f"holds {count} in service, which gridpact does not model",
                field=words,
                remedy="take them out of service or replace them by an equivalent",
            )


def _broken_references(net: Any, source: NetworkSource) -> Iterable[Problem]:
    known = net.bus.index
    for table in ("bus", "line", "trafo", "impedance", "switch", "shunt"):
        repeated = net[table].index[net[table].index.duplicated()]
        for index in repeated.unique():
            yield source.problem("appears more than once", field=f"{table} {index}")
    for table, columns in BUS_COLUMNS.items():
        for column in columns:
            rows = net[table]
            for index, bus in rows.loc[~rows[column].isin(known), column].items():
                yield source.problem("is not a bus", field=f"{table} {index} {column}", value=str(bus))
    for index, kind, element, bus in zip(
        net.switch.index, net.switch.et, net.switch.element, net.switch.bus, strict=True
    ):
        if kind == "b" and element not in known:
            yield source.problem("is not a bus", field=f"switch {index} element", value=str(element))
        elif kind in ("l", "t"):
            yield from _switch_problems(net, source, index, "line" if kind == "l" else "trafo", element, bus)


def _switch_problems(
    net: Any, source: NetworkSource, index: Any, table: str, element: Any, bus: Any
) -> Iterable[Problem]:
    if element not in net[table].index:
        yield source.problem(f"is not a {table}", field=f"switch {index} element", value=str(element))
    elif bus not in net[table].loc[element, list(BUS_COLUMNS[table])].to_list():
        yield source.problem(
            f"is not an end of {table} {element}", field=f"switch {index} bus", value=str(bus)
        )


def _supplies_from_slack_generators(net: Any) -> None:
    from pandapower.create import create_ext_grid

    names = [f"ext_grid {index}" for index in net.ext_grid.index]
    if len(net.gen) and "slack" in net.gen:
        slack = net.gen[net.gen["slack"].astype(bool)]
        for bus, voltage, active in zip(slack.bus, slack.vm_pu, slack.in_service, strict=True):
            create_ext_grid(net, bus=bus, vm_pu=voltage, va_degree=0.0, in_service=bool(active))
        names += [f"gen {index}" for index in slack.index]
        net.gen = net.gen.drop(slack.index)
    net.ext_grid[SUPPLY_NAME] = names


def _without_participants(net: Any) -> tuple[str, ...]:
    counts = []
    for table, words in PARTICIPANT_TABLES.items():
        if table not in net or not len(net[table]):
            continue
        count = len(net[table])
        counts.append(f"{count} {words if count != 1 else words.removesuffix('s')}")
        net[table] = net[table].iloc[:0]
    if "controller" in net and len(net.controller):
        net.controller = net.controller.iloc[:0]
    if not counts:
        return ()
    listed = ", ".join(counts[:-1]) + " and " + counts[-1] if len(counts) > 1 else counts[0]
    return (f"ignored in the network file: {listed}; participants bring their own",)


def _without_rounding(net: Any) -> tuple[str, ...]:
    """A resistive part that exceeds the whole by a rounding is the whole: there is no reactance."""
    whole, part = (net.trafo[column].to_numpy().astype(float) for column in ("vk_percent", "vkr_percent"))
    rounded = exceeds_by_rounding(np.abs(part), whole)
    net.trafo["vkr_percent"] = np.where(rounded, np.sign(part) * whole, part)
    said = net.trafo.index[is_worth_saying(np.abs(part), whole)]
    return tuple(f"vkr_percent lowered to vk_percent, a rounding below it: trafo {index}" for index in said)


def _bad_numbers(net: Any, source: NetworkSource) -> Iterable[Problem]:
    for columns, positive in ((POSITIVE_COLUMNS, True), (FINITE_COLUMNS, False)):
        for table, names in columns.items():
            active = _in_service(net, table)
            for column in names:
                values = net[table][column].to_numpy().astype(float)
                good = np.isfinite(values) & ((values > 0) | (not positive))
                for row in np.flatnonzero(active & ~good):
                    yield source.problem(
                        "is not a positive number" if positive else "is not a finite number",
                        field=f"{table} {net[table].index[row]} {column}",
                        value=f"{values[row]:g}",
                        remedy=NOT_ZERO.get(column, "") if values[row] == 0 else "",
                    )
    no_impedance = (net.line.r_ohm_per_km == 0) & (net.line.x_ohm_per_km == 0) & _in_service(net, "line")
    for index in net.line.index[no_impedance]:
        yield source.problem("has no impedance", field=f"line {index}", remedy=JOINS)
    impossible = (net.trafo.vkr_percent.abs() > net.trafo.vk_percent) & _in_service(net, "trafo")
    for index in net.trafo.index[impossible]:
        yield source.problem("is greater than vk_percent", field=f"trafo {index} vkr_percent")


def _wrong_units(net: Any, source: NetworkSource) -> Iterable[Problem]:
    """Values so far off that they must be in another unit."""
    for table, column, low, high, remedy in UNIT_RANGES:
        values = net[table][column].to_numpy().astype(float)
        wrong = _in_service(net, table) & (values > 0) & np.isfinite(values)
        if column == "vk_percent":  # in percent of a rating that is none
            wrong &= ~is_placeholder_power(net.trafo.sn_mva.to_numpy().astype(float))
        for row in np.flatnonzero(wrong & ((values < low) | (values > high))):
            field, value = f"{table} {net[table].index[row]} {column}", f"{values[row]:g}"
            what = f"is not from {low:g} to {high:g}"
            yield source.problem(what, field=field, value=value, remedy=remedy)


def _unlike_supplies(net: Any, source: NetworkSource) -> Iterable[Problem]:
    """External grids that closed switches join, and that hold different voltages."""
    grid = net.ext_grid[_in_service(net, "ext_grid")]
    first: dict[int, Any] = {}
    for at, row in zip(
        joined_nodes(net)[net.bus.index.get_indexer(grid.bus)].tolist(), grid.itertuples(), strict=True
    ):
        other = first.setdefault(at, row)
        if (row.vm_pu, row.va_degree) != (other.vm_pu, other.va_degree):
            name, beside = (getattr(supply, SUPPLY_NAME) for supply in (row, other))
            yield source.problem(
                f"holds bus {row.bus} at {row.vm_pu:g} pu and {row.va_degree:g}°, where {beside} holds it at "
                f"{other.vm_pu:g} pu and {other.va_degree:g}°",
                field=name,
                remedy="give both the same voltage and angle, or take one out of service",
            )


def _bypassed(net: Any, source: NetworkSource) -> Iterable[Problem]:
    """A line or transformer whose ends are one node: power-grid-model knows no such branch."""
    node = joined_nodes(net)
    for table in ("line", "trafo"):
        first, second = (node[net.bus.index.get_indexer(net[table][end])] for end in BUS_COLUMNS[table])
        for index in net[table].index[(first == second) & _in_service(net, table)]:
            yield source.problem(
                "is bypassed by closed switches", field=f"{table} {index}", remedy="take it out of service"
            )


def _inexact_models(net: Any, source: NetworkSource) -> Iterable[Problem]:
    trafo = net.trafo[_in_service(net, "trafo")]
    for table, rows, column in (
        ("trafo", trafo, "tap_dependency_table"),
        ("trafo", trafo, "tap2_dependency_table"),
        ("trafo", trafo, "tap_dependent_impedance"),
        ("shunt", net.shunt[_in_service(net, "shunt")], "step_dependency_table"),
    ):
        if column in rows:
            for index in rows.index[rows[column].fillna(False).astype(bool)]:
                yield source.problem("is not modelled", field=f"{table} {index} {column}", value="True")
    for column in ("leakage_resistance_ratio_hv", "leakage_reactance_ratio_hv"):
        if column in trafo:
            for index, ratio in trafo.loc[trafo[column] != 0.5, column].items():
                yield source.problem(
                    "is not modelled", field=f"trafo {index} {column}", value=f"{ratio:g}", remedy="0.5"
                )
    impedance = net.impedance[_in_service(net, "impedance")]
    unlike = (impedance.rft_pu != impedance.rtf_pu) | (impedance.xft_pu != impedance.xtf_pu)
    zero = (impedance.rft_pu == 0) & (impedance.xft_pu == 0)
    for index in impedance.index[unlike]:
        yield source.problem("differs in its two directions", field=f"impedance {index}")
    for index in impedance.index[zero]:
        yield source.problem("is zero", field=f"impedance {index}", remedy=JOINS)


def _bad_ratings(net: Any, source: NetworkSource) -> Iterable[Problem]:
    rating = net.line.max_i_ka.to_numpy().astype(float)
    for row in np.flatnonzero(_in_service(net, "line") & (rating <= 0)):
        yield source.problem(
            "is not a positive number",
            field=f"line {net.line.index[row]} max_i_ka",
            value=f"{rating[row]:g}",
            remedy="leave it empty for a line without a rating",
        )


def _missing_ratings(net: Any) -> tuple[str, ...]:
    unrated = net.line.index[net.line.max_i_ka.isna() & _in_service(net, "line")]
    if not len(unrated):
        return ()
    named = ", ".join(str(index) for index in unrated[:5]) + (", …" if len(unrated) > 5 else "")
    count = f"{len(unrated)} line{'s' if len(unrated) != 1 else ''}"
    return (f"without a rating (max_i_ka), and so never overloaded: {count} ({named})",)


def _placeholder_ratings(net: Any) -> tuple[str, ...]:
    """What is to be said of placeholders for ratings; those of lines, which may be empty, are taken out."""
    notices = []
    kv = net.bus.vn_kv.reindex(net.line.from_bus).to_numpy().astype(float)
    line = is_placeholder_of_a_line(net.line.max_i_ka.to_numpy().astype(float), kv)
    trafo = is_placeholder_power(net.trafo.sn_mva.to_numpy().astype(float))
    for table, noun, column, unrated in (
        ("line", "line", "max_i_ka", line),
        ("trafo", "transformer", "sn_mva", trafo),
    ):
        if indices := net[table].index[unrated & _in_service(net, table)].to_list():
            notices.append(unrated_notice(noun, column, indices))
    net.line.loc[line, "max_i_ka"] = np.nan
    return tuple(notices)
