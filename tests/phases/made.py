"""Small networks with three phases, as pandapower nets and as power-grid-model input."""

import json
from pathlib import Path
from typing import Any

import pandapower as pp

Record = dict[str, Any]

MV, LV = 0, (1, 2, 3, 4, 5, 6)
# A cable of four conductors: ohm and ohm per km, each phase unlike the others.
FOUR_CONDUCTORS = {
    "r_aa": 0.40, "r_bb": 0.41, "r_cc": 0.42, "r_nn": 0.45,
    "r_ba": 0.05, "r_ca": 0.051, "r_cb": 0.052, "r_na": 0.05, "r_nb": 0.049, "r_nc": 0.048,
    "x_aa": 0.70, "x_bb": 0.71, "x_cc": 0.72, "x_nn": 0.75,
    "x_ba": 0.50, "x_ca": 0.48, "x_cb": 0.47, "x_na": 0.46, "x_nb": 0.44, "x_nc": 0.43,
}  # fmt: skip
TRANSFORMER = {
    "sn_mva": 0.25, "vn_hv_kv": 20.0, "vn_lv_kv": 0.41, "vkr_percent": 1.2, "vk_percent": 4.1,
    "pfe_kw": 1.2, "i0_percent": 0.5, "vk0_percent": 3.9, "vkr0_percent": 1.1, "mag0_percent": 100.0,
    "mag0_rx": 0.2, "si0_hv_partial": 0.9, "tap_side": "hv", "tap_neutral": 0, "tap_min": -2, "tap_max": 2,
    "tap_step_percent": 2.5, "tap_pos": 0, "tap_changer_type": "Ratio",
}  # fmt: skip
WYE, WYE_N, DELTA, ZIGZAG_N = 0, 1, 2, 4


def pandapower_net(
    group: str = "Dyn",
    shift: float = 150.0,
    *,
    charging: bool = True,
    mesh: bool = True,
    **transformer: Any,
) -> Any:
    """A transformer at bus 7, 20 kV, behind a line from bus 0, and buses 1 to 5 at 0.4 kV; bus 6 is free."""
    net = pp.create_empty_network(sn_mva=1.0)
    for kv in (20.0, *[0.4] * 6, 20.0):
        pp.create_bus(net, kv)
    pp.create_ext_grid(net, MV, 1.02, s_sc_max_mva=1e9, rx_max=0.1, x0x_max=1.0, r0x0_max=0.1)
    pp.create_line_from_parameters(
        net, MV, 7, 2.0, 0.3, 0.35, 220.0 * charging, 0.2,
        r0_ohm_per_km=1.0, x0_ohm_per_km=1.4, c0_nf_per_km=150.0 * charging,
    )  # fmt: skip
    given = {**TRANSFORMER, **transformer}
    pp.create_transformer_from_parameters(net, 7, 1, shift_degree=shift, vector_group=group, **given)
    ends = [(1, 2, 0.1), (2, 3, 0.15), (3, 4, 0.1), (2, 5, 0.2), *([(4, 5, 0.12)] if mesh else [])]
    for first, second, km in ends:
        pp.create_line_from_parameters(
            net, first, second, km, 0.32, 0.08, 260.0 * charging, 0.1,
            r0_ohm_per_km=1.28, x0_ohm_per_km=0.3, c0_nf_per_km=120.0 * charging, df=0.9,
        )  # fmt: skip
    return net


def power_grid_model_data(
    winding_from: int = DELTA,
    winding_to: int = WYE_N,
    clock: int = 5,
    *,
    four: bool = True,
    charging: bool = True,
    **transformer: Any,
) -> dict[str, list[Record]]:
    """Nine nodes: 0 and 8 at 10 kV, the others at 400 V; cables by sequences and by conductors in a mesh."""
    return {
        "node": [{"id": index, "u_rated": 1e4 if index in (0, 8) else 400.0} for index in range(9)],
        "line": [
            _line(20, 0, 8, 2.0, charging),
            _line(21, 1, 2, 0.1, charging),
            _line(22, 2, 3, 0.1, charging),
            _line(23, 3, 6, 0.2, charging) | {"to_status": 0},
        ],
        "asym_line": [
            _conductors(24, 3, 4, 0.1, four, charging),
            _conductors(25, 2, 5, 0.15, four, charging),
            _conductors(26, 4, 5, 0.2, four, charging),
            _conductors(27, 5, 7, 0.1, four, charging),
        ],
        "transformer": [
            {
                "id": 30, "from_node": 8, "to_node": 1, "from_status": 1, "to_status": 1,
                "u1": 1e4, "u2": 410.0, "sn": 2.5e5, "uk": 0.04, "pk": 3000.0, "i0": 0.005, "p0": 600.0,
                "winding_from": winding_from, "winding_to": winding_to, "clock": clock,
                "tap_side": 0, "tap_pos": 1, "tap_min": -2, "tap_max": 2, "tap_nom": 0, "tap_size": 250.0,
            }
            | transformer
        ],
        "shunt": [{"id": 40, "node": 4, "status": 1, "g1": 0.001, "b1": 0.02, "g0": 0.002, "b0": 0.01}],
        "source": [
            {"id": 50, "node": 0, "status": 1, "u_ref": 1.02, "sk": 2e8, "rx_ratio": 0.2, "z01_ratio": 2.0}
        ],
    }  # fmt: skip


def written(data: dict[str, list[Record]], folder: Path) -> Path:
    """The input as a file."""
    head = {"version": "1.0", "type": "input", "is_batch": False, "attributes": {}, "data": data}
    path = folder / "network.json"
    path.write_text(json.dumps(head))
    return path


def _line(index: int, first: int, second: int, km: float, charging: bool) -> Record:
    shunt = {"c1": 2.6e-7, "c0": 1.2e-7} if charging else {"c1": 0.0, "c0": 0.0}
    lengthy = {"r1": 0.32, "x1": 0.08, "r0": 1.28, "x0": 0.3, **shunt}
    ends = {"from_node": first, "to_node": second, "from_status": 1, "to_status": 1}
    scaled = {name: value * km for name, value in lengthy.items()}
    return {"id": index, **ends, **scaled, "tan1": 0.01, "tan0": 0.02, "i_n": 200.0}


def _conductors(index: int, first: int, second: int, km: float, four: bool, charging: bool) -> Record:
    ends = {"from_node": first, "to_node": second, "from_status": 1, "to_status": 1}
    series = {name: value * km for name, value in FOUR_CONDUCTORS.items() if four or "n" not in name}
    if index % 2:
        shunt = {"c0": 1e-7, "c1": 2e-7}
    else:
        shunt = {"c_aa": 2e-7, "c_bb": 2.1e-7, "c_cc": 2.2e-7, "c_ba": 3e-8, "c_ca": 2e-8, "c_cb": 4e-8}
    if not charging:
        shunt = {"c0": 0.0, "c1": 0.0}
    return {"id": index, **ends, **series, **{k: v * km for k, v in shunt.items()}, "i_n": 150.0}
