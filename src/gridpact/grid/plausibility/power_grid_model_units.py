"""Values of power-grid-model input that must be in another unit."""

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from gridpact.arrays import Bool, Float
from gridpact.grid.plausibility.unit_slip import (
    DROP_MAX_PU,
    HIGH_LINE_KA_MAX,
    HIGH_SHUNT_MVA_MAX,
    HIGH_WINDING_KA_MAX,
    IRON_LOSS_SHARE_MAX,
    LINE_KA_MAX,
    SHUNT_MVA_MAX,
    TAP_STEP_SHARE_MAX,
    WINDING_KA_MAX,
    UnitSlip,
    drop_pu,
    most,
)
from gridpact.grid.unrated import is_placeholder_in_ampere, is_placeholder_power
from gridpact.units import KA_PER_A, KV_PER_V, VA_PER_MVA

LINE_A_MIN = 2.0
C_FARAD_MAX, C_FARAD_SURELY_NF = 5e-4, 3.0
RATED_VA_MIN, RATED_VA_SURELY_MVA = 1000.0, 1.0
COPPER_SHARE_MIN, COPPER_SHARE_MAX, IRON_SHARE_MIN = 5e-5, 0.3, 2e-5
NO_LOAD_SHARE_MAX = 0.15
TAP_SIZE_SHARE_MIN = 1e-3
SHORT_CIRCUIT_VA_MIN = 2e4
FULL_TURN_RAD = 2 * np.pi + 1e-6
TRANSMISSION_KV = 200.0

Rows = NDArray[np.void]


def power_grid_model_unit_slips(dataset: Mapping[str, Rows]) -> Iterator[UnitSlip]:
    """The columns of input, and which of their values must be in another unit.

    Args:
        dataset: whose nodes ascend by id, and whose references to them are sound.
    """
    finders = {
        "line": _lines,
        "generic_branch": _generic_branches,
        "transformer": _transformers,
        "shunt": _shunts,
        "source": _sources,
    }
    with np.errstate(all="ignore"):
        for table, find in finders.items():
            if table in dataset and len(dataset[table]):
                yield from find(dataset, dataset[table])


def _slip(rows: Rows, place: str, wrong: Bool, what: str, remedy: str) -> UnitSlip:
    table, column = place.split()
    return UnitSlip(
        table=table,
        column=column,
        id=rows["id"].astype(np.int64),
        value=rows[column],
        wrong=np.asarray(wrong & _in_service(rows), dtype=np.bool_),
        what=what,
        remedy=remedy,
    )


def _in_service(rows: Rows) -> Bool:
    names = [name for name in ("status", "from_status", "to_status") if name in (rows.dtype.names or ())]
    active: Bool = np.any([rows[name] == 1 for name in names], axis=0)
    return active


def _kv(dataset: Mapping[str, Rows], ids: NDArray[np.int32]) -> Float:
    node = dataset["node"]
    kv: Float = node["u_rated"][np.searchsorted(node["id"], ids)] * KV_PER_V
    return kv


def _lines(dataset: Mapping[str, Rows], line: Rows) -> Iterator[UnitSlip]:
    kv, ka = _kv(dataset, line["from_node"]), line["i_n"] * KA_PER_A
    yield _slip(
        line,
        "line i_n",
        (ka > most(kv, LINE_KA_MAX, HIGH_LINE_KA_MAX)) & ~is_placeholder_in_ampere(line["i_n"], kv),
        f"is more than a line carries: {LINE_KA_MAX:g} kA under 1 kV, {HIGH_LINE_KA_MAX:g} kA above",
        "write it in A; is the value in mA?",
    )
    yield _slip(
        line,
        "line i_n",
        (line["i_n"] > 0) & (line["i_n"] < LINE_A_MIN),
        f"is less than {LINE_A_MIN:g} A",
        "write it in A; is the value in kA?",
    )
    ohm = np.hypot(line["r1"], line["x1"])
    is_fine = (drop_pu(ohm, kv, ka) > DROP_MAX_PU) & (kv < TRANSMISSION_KV)
    for column, other in (("r1", "x1"), ("x1", "r1")):
        yield _slip(
            line,
            f"line {column}",
            is_fine & (np.abs(line[column]) >= 0.1 * np.abs(line[other])),
            "is so much that the line would drop all of its voltage at its rating",
            "write it in ohm of the whole line; is the value in milliohm?",
        )
    yield from _capacitances(line)


def _capacitances(line: Rows) -> Iterator[UnitSlip]:
    for slip, least, greatest in (
        ("nF", C_FARAD_SURELY_NF, np.inf),
        ("microfarad", C_FARAD_MAX, C_FARAD_SURELY_NF),
    ):
        yield _slip(
            line,
            "line c1",
            (line["c1"] > least) & (line["c1"] <= greatest),
            f"is more than any line has ({C_FARAD_MAX:g})",
            f"write it in F; is the value in {slip}?",
        )


def _generic_branches(dataset: Mapping[str, Rows], branch: Rows) -> Iterator[UnitSlip]:
    yield from _rated_powers(branch, "generic_branch", np.zeros(len(branch), dtype=np.bool_))
    yield _slip(
        branch,
        "generic_branch theta",
        np.abs(branch["theta"]) > FULL_TURN_RAD,
        "is more than a full turn",
        "write it in radian; is the value in degrees?",
    )


def _rated_powers(rows: Rows, table: str, is_lossy: Bool) -> Iterator[UnitSlip]:
    for slip, least, greatest in (
        ("MVA", 0.0, RATED_VA_SURELY_MVA),
        ("kVA", RATED_VA_SURELY_MVA, RATED_VA_MIN),
    ):
        yield _slip(
            rows,
            f"{table} sn",
            (rows["sn"] > least) & (rows["sn"] <= greatest),
            f"is not above {RATED_VA_MIN:,.0f} VA",
            f"write it in VA; is the value in {slip}?",
        )
    yield _slip(
        rows,
        f"{table} sn",
        is_lossy & (rows["sn"] > 0),
        "is exceeded by the losses",
        "write it in VA, and pk and p0 in W; is the value in kVA?",
    )


def _transformers(dataset: Mapping[str, Rows], trafo: Rows) -> Iterator[UnitSlip]:
    sn, pk, p0 = trafo["sn"], trafo["pk"], trafo["p0"]
    kv = np.minimum(_kv(dataset, trafo["from_node"]), _kv(dataset, trafo["to_node"]))
    is_rated = ~is_placeholder_power(sn / VA_PER_MVA)
    is_lossy = is_rated & ((pk > sn) | (p0 > sn))
    is_small = (sn < RATED_VA_MIN) | is_lossy | ~is_rated
    yield from _rated_powers(trafo, "transformer", is_lossy)
    # A T circuit without iron losses has a few of them as a pi circuit: i0² pk / 4.
    converted = np.nan_to_num(trafo["i0"] ** 2 * pk)
    for column, highest, lowest, ordinary in (
        ("pk", COPPER_SHARE_MAX, COPPER_SHARE_MIN, 0.0),
        ("p0", IRON_LOSS_SHARE_MAX, IRON_SHARE_MIN, converted),
    ):
        yield _slip(
            trafo,
            f"transformer {column}",
            ~is_small & (trafo[column] > highest * sn),
            f"is more than {highest:.0%} of the rated power",
            "write it in W; is the value in mW, or sn not in VA?",
        )
        yield _slip(
            trafo,
            f"transformer {column}",
            is_rated & (trafo[column] > ordinary) & (trafo[column] < lowest * sn),
            "is next to nothing of the rated power",
            "write it in W; is the value in kW?",
        )
    yield _slip(
        trafo,
        "transformer sn",
        is_rated & (sn / VA_PER_MVA / (np.sqrt(3) * kv) > most(kv, WINDING_KA_MAX, HIGH_WINDING_KA_MAX)),
        f"is more than a winding carries: {WINDING_KA_MAX:g} kA under 1 kV, {HIGH_WINDING_KA_MAX:g} kA above",
        "write it in VA; is the value in mVA?",
    )
    yield _slip(
        trafo,
        "transformer i0",
        (trafo["i0"] > NO_LOAD_SHARE_MAX) & ~is_small,
        f"is more than {NO_LOAD_SHARE_MAX:g} of the rated current",
        "write it as a fraction of 1; is the value in percent?",
    )
    yield _slip(
        trafo,
        "transformer uk",
        is_rated & (trafo["uk"] > 1),
        "is more than the rated voltage itself",
        "write it as a fraction of 1; is the value in percent?",
    )
    yield from _tap_sizes(trafo)


def _tap_sizes(trafo: Rows) -> Iterator[UnitSlip]:
    rated = np.where(trafo["tap_side"] == 0, trafo["u1"], trafo["u2"])
    is_moved = trafo["tap_pos"] != np.where(trafo["tap_nom"] == -128, 0, trafo["tap_nom"])
    share = np.abs(trafo["tap_size"]) / rated
    yield _slip(
        trafo,
        "transformer tap_size",
        share > TAP_STEP_SHARE_MAX,
        f"is more than {TAP_STEP_SHARE_MAX:.0%} of the rated voltage",
        "write it in V; is the value in mV?",
    )
    yield _slip(
        trafo,
        "transformer tap_size",
        is_moved & (share > 0) & (share < TAP_SIZE_SHARE_MIN),
        f"is less than {TAP_SIZE_SHARE_MIN:.1%} of the rated voltage",
        "write it in V; is the value in percent, or in kV?",
    )


def _shunts(dataset: Mapping[str, Rows], shunt: Rows) -> Iterator[UnitSlip]:
    kv = _kv(dataset, shunt["node"])
    for column in ("g1", "b1"):
        yield _slip(
            shunt,
            f"shunt {column}",
            np.abs(shunt[column]) * kv**2 > most(kv, SHUNT_MVA_MAX, HIGH_SHUNT_MVA_MAX),
            f"is more than {SHUNT_MVA_MAX:g} MVA under 1 kV, or {HIGH_SHUNT_MVA_MAX:g} MVA above",
            "write it in S; is the value in mS?",
        )


def _sources(dataset: Mapping[str, Rows], source: Rows) -> Iterator[UnitSlip]:
    yield _slip(
        source,
        "source sk",
        (source["sk"] > 0) & (source["sk"] < SHORT_CIRCUIT_VA_MIN),
        f"is less than {SHORT_CIRCUIT_VA_MIN:,.0f} VA",
        "write it in VA; is the value in MVA?",
    )
    yield _slip(
        source,
        "source u_ref_angle",
        np.abs(source["u_ref_angle"]) > FULL_TURN_RAD,
        "is more than a full turn",
        "write it in radian; is the value in degrees?",
    )
