"""Values of a pandapower net that must be in another unit."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from gridpact.arrays import Bool, Float
from gridpact.grid.plausibility.unit_slip import (
    DROP_MAX_PU,
    HIGH_LINE_KA_MAX,
    HIGH_SHUNT_MVA_MAX,
    HIGH_WINDING_KA_MAX,
    IRON_LOSS_SHARE_MAX,
    LINE_KA_MAX,
    LOW_VOLTAGE_KV,
    SHUNT_MVA_MAX,
    TAP_STEP_SHARE_MAX,
    WINDING_KA_MAX,
    UnitSlip,
    drop_pu,
    most,
)
from gridpact.grid.unrated import is_placeholder_of_a_line, is_placeholder_power

LENGTH_KM_MIN, LENGTH_KM_MAX, HIGH_LENGTH_KM_MAX = 1.0, 20.0, 2000.0
R_OHM_PER_KM_MAX, X_OHM_PER_KM_MAX = 20.0, 5.0
C_NF_PER_KM_MAX = 2e4
THICK_OHM_PER_KM, COOL_W_PER_M, WARM_W_PER_M = 0.03, 2.0, (5.0, 100.0)
VK_SHARES, VKR_SHARES, VKR_MVA_MAX = (0.02, 0.3), (0.005, 0.04), 2.5
TRANSMISSION_KV, THIN_OHM_PER_KM = 200.0, 0.1


def pandapower_unit_slips(net: Any, in_service: Callable[[Any, str], Bool]) -> Iterator[UnitSlip]:
    """The columns of a net, and which of their values must be in another unit.

    Args:
        net: pandapower net whose columns are complete.
        in_service: which rows of a table are in service, given the net and the table's name.
    """
    with np.errstate(all="ignore"):
        yield from _buses(net, in_service)
        yield from _lines(net, net.line[in_service(net, "line")])
        yield from _transformers(net, net.trafo[in_service(net, "trafo")])
        yield from _shunts(net, net.shunt[in_service(net, "shunt")])


def _slip(rows: Any, place: str, wrong: Bool, what: str, remedy: str) -> UnitSlip:
    table, column = place.split()
    value = _numbers(rows, column)
    return UnitSlip(
        table=table,
        column=column,
        id=rows.index.to_numpy(),
        value=value,
        wrong=np.asarray(wrong, dtype=np.bool_),
        what=what,
        remedy=remedy,
    )


def _buses(net: Any, in_service: Callable[[Any, str], Bool]) -> Iterator[UnitSlip]:
    """Buses of transmission voltage whose lines, all of them, are thin and shorter than 1 km."""
    line = net.line[in_service(net, "line")]
    ohm_per_km = np.hypot(_numbers(line, "r_ohm_per_km"), _numbers(line, "x_ohm_per_km"))
    thin = (_numbers(line, "length_km") < LENGTH_KM_MIN) & (ohm_per_km > THIN_OHM_PER_KM)
    thin &= ~(_numbers(line, "max_i_ka") > 1.0)
    ends = np.concatenate([line.from_bus.to_numpy(), line.to_bus.to_numpy()])
    at_thin, at_others = ends[np.tile(thin, 2)], ends[np.tile(~thin, 2)]
    kv = _numbers(net.bus, "vn_kv")
    lines_of_voltage = np.isin(kv, kv[np.isin(net.bus.index, at_thin)]) & ~np.isin(
        kv, kv[np.isin(net.bus.index, at_others)]
    )
    yield _slip(
        net.bus,
        "bus vn_kv",
        in_service(net, "bus") & lines_of_voltage & (kv >= TRANSMISSION_KV),
        "is a transmission voltage, at which all lines are shorter than 1 km",
        "write it in kV; is the value in V?",
    )


def _lines(net: Any, line: Any) -> Iterator[UnitSlip]:
    kv = net.bus.vn_kv.reindex(line.from_bus).to_numpy().astype(float)
    length, rating = _numbers(line, "length_km"), _numbers(line, "max_i_ka")
    r, x = _numbers(line, "r_ohm_per_km"), _numbers(line, "x_ohm_per_km")
    is_low = kv < LOW_VOLTAGE_KV
    yield _slip(
        line,
        "line max_i_ka",
        (rating > most(kv, LINE_KA_MAX, HIGH_LINE_KA_MAX)) & ~is_placeholder_of_a_line(rating, kv),
        f"is more than a line carries: {LINE_KA_MAX:g} kA under 1 kV, {HIGH_LINE_KA_MAX:g} kA above",
        "write it in kA; is the value in A?",
    )
    is_fine = np.where(is_low, (r > R_OHM_PER_KM_MAX) | (x > X_OHM_PER_KM_MAX), False)
    for column, values, largest in (
        ("r_ohm_per_km", r, R_OHM_PER_KM_MAX),
        ("x_ohm_per_km", x, X_OHM_PER_KM_MAX),
    ):
        yield _slip(
            line,
            f"line {column}",
            is_low & (values > largest),
            f"is more than any line under 1 kV has ({largest:g})",
            "write it in ohm per km; is the value in milliohm?",
        )
    drop = drop_pu(np.hypot(r, x) * length, kv, rating)
    yield _slip(
        line,
        "line length_km",
        ~is_fine
        & (
            ((drop > DROP_MAX_PU) & (length > LENGTH_KM_MIN) & (kv < TRANSMISSION_KV))
            | (length > np.where(is_low, LENGTH_KM_MAX, HIGH_LENGTH_KM_MAX))
        ),
        "is so long that the line would drop all of its voltage at its rating",
        "write it in km; is the value in m?",
    )
    yield from _whole_line_impedances(line, is_low)
    yield _slip(
        line,
        "line c_nf_per_km",
        _numbers(line, "c_nf_per_km") > C_NF_PER_KM_MAX,
        f"is more than any line has ({C_NF_PER_KM_MAX:g})",
        "write it in nF per km; is the value in pF?",
    )


def _whole_line_impedances(line: Any, is_low: Bool) -> Iterator[UnitSlip]:
    """Impedances of the whole line where those of a kilometre are due.

    A conductor gives off 5 to 100 W per metre at its rating, I² r. One that would give off next to nothing,
    and all that is due once its resistance is divided by its length, has the resistance of the whole line.
    """
    length, rating = _numbers(line, "length_km"), _numbers(line, "max_i_ka")
    r, x = _numbers(line, "r_ohm_per_km"), _numbers(line, "x_ohm_per_km")
    heat_w_per_m = 1e3 * rating**2 * r
    least, greatest = WARM_W_PER_M
    undone = heat_w_per_m / length
    yield _slip(
        line,
        "line r_ohm_per_km",
        is_low
        & (length < LENGTH_KM_MIN)
        & (r < THICK_OHM_PER_KM)
        & (x < THICK_OHM_PER_KM)
        & (heat_w_per_m < COOL_W_PER_M)
        & (undone > least)
        & (undone < greatest),
        "is that of a conductor far thicker than its rating asks for",
        "write it in ohm per km; is the value in ohm of the whole line?",
    )


def _transformers(net: Any, trafo: Any) -> Iterator[UnitSlip]:
    mva, vk, vkr = (_numbers(trafo, name) for name in ("sn_mva", "vk_percent", "vkr_percent"))
    kv = net.bus.vn_kv.reindex(trafo.lv_bus).to_numpy().astype(float)
    ka = mva / (np.sqrt(3) * kv)
    is_rated = ~is_placeholder_power(mva)
    is_large = is_rated & (ka > most(kv, WINDING_KA_MAX, HIGH_WINDING_KA_MAX))
    yield _slip(
        trafo,
        "trafo sn_mva",
        is_large,
        f"is more than a winding carries: {WINDING_KA_MAX:g} kA under 1 kV, {HIGH_WINDING_KA_MAX:g} kA above",
        "write it in MVA; is the value in kVA?",
    )
    yield _slip(
        trafo,
        "trafo vk_percent",
        is_rated & ~is_large & _between(vk, VK_SHARES),
        f"is not above {VK_SHARES[1]:g} percent",
        "write it in percent of the rated voltage; is the value a fraction of 1?",
    )
    yield _slip(
        trafo,
        "trafo vkr_percent",
        is_rated & (mva <= VKR_MVA_MAX) & (vk >= 1.0) & _between(vkr, VKR_SHARES),
        f"is not above {VKR_SHARES[1]:g} percent",
        "write it in percent of the rated voltage; is the value a fraction of 1?",
    )
    yield _slip(
        trafo,
        "trafo pfe_kw",
        is_rated & (_numbers(trafo, "pfe_kw") > IRON_LOSS_SHARE_MAX * mva * 1e3),
        f"is more than {IRON_LOSS_SHARE_MAX:.0%} of the rated power",
        "write it in kW; is the value in W?",
    )
    for tap in ("tap", "tap2"):
        yield _slip(
            trafo,
            f"trafo {tap}_step_percent",
            np.abs(_numbers(trafo, f"{tap}_step_percent")) > 100 * TAP_STEP_SHARE_MAX,
            f"is more than {TAP_STEP_SHARE_MAX:.0%}",
            "write it in percent of the rated voltage; is the value in V?",
        )


def _shunts(net: Any, shunt: Any) -> Iterator[UnitSlip]:
    kv = net.bus.vn_kv.reindex(shunt.bus).to_numpy().astype(float)
    for column, unit, slip in (("p_mw", "MW", "kW"), ("q_mvar", "Mvar", "kvar")):
        mva = np.abs(_numbers(shunt, column) * _numbers(shunt, "step"))
        yield _slip(
            shunt,
            f"shunt {column}",
            mva > most(kv, SHUNT_MVA_MAX, HIGH_SHUNT_MVA_MAX),
            f"is more than {SHUNT_MVA_MAX:g} under 1 kV, or {HIGH_SHUNT_MVA_MAX:g} above",
            f"write it in {unit}; is the value in {slip}?",
        )


def _between(values: Float, bounds: tuple[float, float]) -> Bool:
    inside: Bool = (values >= bounds[0]) & (values <= bounds[1])
    return inside


def _numbers(rows: Any, column: str) -> Float:
    if column not in rows:
        return np.full(len(rows), np.nan)
    values: Float = rows[column].to_numpy().astype(float)
    return values
