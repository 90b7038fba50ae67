"""VerificationFlow: the same power flow by power-grid-model, on a network converted separately."""

from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version

import numpy as np

from gridpact.arrays import Bool, Float, Int, frozen
from gridpact.grid.verification.loads import Loads, three_phase_loads
from gridpact.grid.verification.output import BRANCH_TYPES, Output, positions
from gridpact.grid.verification.three_phase_readings import three_phase_readings
from gridpact.grid.verification.verification_model import VerificationModel

# Each method, with the greatest last step in pu, is for the periods that the one before it gives up. The
# first factorises once for all periods, but is slow near collapse. The last is for links, which blur what
# Newton finds by 10⁻⁹ pu.
METHODS = (("iterative_current", 1e-10), ("newton_raphson", 1e-10), ("newton_raphson", 1e-8))
MAX_ITERATIONS = 50
SYMMETRIC = (["u_pu"], ["i_from", "i_to"])
ASYMMETRIC = (["u_pu", "u", "u_angle"], ["p_from", "q_from", "p_to", "q_to"])
VA_PER_KVA = 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationFlow:
    """What power-grid-model finds; the columns are those of `places`.

    Attributes:
        voltage_pu: magnitude at each bus, or each of its phases, NaN where not converged, (T, V).
        loading_percent: of each element, or each of its conductors, NaN where not converged, (T, L).
        converged: (T,).
        unbalance_percent: |V2|/|V1|, NaN where not converged, (T, U); none in a balanced network.
        engine: name and version of the engine.
    """

    voltage_pu: Float
    loading_percent: Float
    unbalance_percent: Float
    converged: Bool
    engine: str


def run_verification_power_flow(
    model: VerificationModel, bus_position: Int, p_kw: Float, q_kvar: Float, phase: Int | None = None
) -> VerificationFlow:
    """One batch of power flows, one scenario a period.

    Args:
        model: B buses, E elements.
        bus_position: for each of L connections the index of its bus in `Network.bus_ids`, (L,).
        p_kw: active power that each connection injects, (T, L).
        q_kvar: reactive power that each connection injects, (T, L).
        phase: of each connection of a three-phase network, the index in `Network.phases`, (L,).

    Returns:
        The flow; only the periods that power-grid-model gives up are not converged.
    """
    periods = len(p_kw)
    if len(bus_position) == 0:  # a batch needs something to vary
        bus_position, phase = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
        p_kw = q_kvar = np.zeros((periods, 1))
    if model.is_three_phase and phase is None:
        raise ValueError("connections to a three-phase network need a phase each")
    loads = (
        three_phase_loads(bus_position, phase, p_kw, q_kvar)
        if model.is_three_phase and phase is not None
        else Loads(bus=bus_position, p_kw=p_kw, q_kvar=q_kvar)
    )
    found = [np.full((periods, columns), np.nan) for columns in model.columns]
    pending = np.flatnonzero(np.isfinite(p_kw).all(axis=1) & np.isfinite(q_kvar).all(axis=1))
    for method, tolerance_pu in METHODS:
        if not len(pending):
            break
        output, solved = _calculate(model, loads.at(pending), method, tolerance_pu)
        read = three_phase_readings if model.is_three_phase else _readings
        for values, part in zip(found, read(model, output, solved), strict=True):
            values[pending[solved]] = part
        pending = pending[~solved]
    voltage, loading, unbalance = found
    return VerificationFlow(
        voltage_pu=frozen(voltage, np.float64),
        loading_percent=frozen(loading, np.float64),
        unbalance_percent=frozen(unbalance, np.float64),
        converged=frozen(np.isfinite(voltage).all(axis=1), np.bool_),
        engine=_engine(),
    )


@lru_cache(maxsize=1)
def _engine() -> str:
    return f"power-grid-model {version('power-grid-model')}"


def _calculate(
    model: VerificationModel, loads: Loads, method: str, tolerance_pu: float
) -> tuple[Output, Bool]:
    """Output of the batch by component type, (T, components), and which scenarios it solved, (T,)."""
    from power_grid_model import LoadGenType, PowerGridModel, initialize_array

    component, attributes = ("asym_load", ASYMMETRIC) if model.is_three_phase else ("sym_load", SYMMETRIC)
    count = len(loads.bus)
    rows = initialize_array("input", component, count)
    rows["id"] = _free_ids(model, count)
    rows["node"] = model.bus_component_id[loads.bus]
    rows["status"] = 1
    rows["type"] = LoadGenType.const_power
    rows["p_specified"] = rows["q_specified"] = 0.0
    update = initialize_array("update", component, loads.p_kw.shape[:2])
    update["id"] = rows["id"]
    update["p_specified"] = -VA_PER_KVA * loads.p_kw
    update["q_specified"] = -VA_PER_KVA * loads.q_kvar
    engine = PowerGridModel({**model.dataset, component: rows})
    branch_types = [name for name in BRANCH_TYPES if name in model.dataset]
    output = engine.calculate_power_flow(
        symmetric=not model.is_three_phase,
        calculation_method=method,
        error_tolerance=tolerance_pu,
        max_iterations=MAX_ITERATIONS,
        update_data={component: update},
        output_component_types={"node": attributes[0], **dict.fromkeys(branch_types, attributes[1])},
        continue_on_batch_error=True,
    )
    solved: Bool = np.isfinite(output["node"]["u_pu"]).all(axis=tuple(range(1, output["node"]["u_pu"].ndim)))
    if engine.batch_error is not None:
        solved[engine.batch_error.failed_scenarios] = False
    return output, solved


def _free_ids(model: VerificationModel, count: int) -> Int:
    """The lowest ids that no component has; those of a file may go up to the greatest that there is."""
    taken = np.concatenate([part["id"] for part in model.dataset.values()])
    is_free = np.ones(count + len(taken), dtype=np.bool_)
    is_free[taken[(taken >= 0) & (taken < len(is_free))]] = False
    return np.flatnonzero(is_free)[:count]


def _readings(model: VerificationModel, output: Output, solved: Bool) -> tuple[Float, Float, Float]:
    """Voltages, loadings and unbalances in the scenarios that were solved, of a balanced network."""
    bus = positions(model.dataset["node"]["id"], model.bus_component_id)
    voltage = output["node"]["u_pu"][solved][:, bus]
    return voltage, _loading_percent(model, output, solved), np.zeros((len(voltage), 0))


def _loading_percent(model: VerificationModel, output: Output, solved: Bool) -> Float:
    """Loading of each element in the scenarios that were solved; the output of the others is undefined."""
    loading = np.zeros((int(solved.sum()), len(model.element_component_id)))
    for name in BRANCH_TYPES:
        if name not in model.dataset or not len(model.dataset[name]):
            continue
        ids = model.dataset[name]["id"]
        here = np.flatnonzero(np.isin(model.element_component_id, ids))
        position = positions(ids, model.element_component_id[here])
        at_from = output[name]["i_from"][solved][:, position] / model.rating_from_a[here]
        at_to = output[name]["i_to"][solved][:, position] / model.rating_to_a[here]
        loading[:, here] = 100.0 * np.maximum(at_from, at_to)
    return loading
