"""VerificationFlow: the same power flow by power-grid-model, on a network converted separately."""

from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from gridpact.arrays import Bool, Float, Int, frozen
from gridpact.grid.verification.verification_model import VerificationModel

# Each method, with the greatest last step in pu, is for the periods that the one before it gives up. The
# first factorises once for all periods, but is slow near collapse. The last is for links, which blur what
# Newton finds by 10⁻⁹ pu.
METHODS = (("iterative_current", 1e-10), ("newton_raphson", 1e-10), ("newton_raphson", 1e-8))
MAX_ITERATIONS = 50
BRANCH_TYPES = ("line", "link", "generic_branch", "transformer")
VA_PER_KVA = 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationFlow:
    """What power-grid-model finds.

    Attributes:
        voltage_pu: magnitude at each bus of the network, NaN where not converged, (T, B).
        loading_percent: of each element of the network, NaN where not converged, (T, E).
        converged: (T,).
        engine: name and version of the engine.
    """

    voltage_pu: Float
    loading_percent: Float
    converged: Bool
    engine: str


def run_verification_power_flow(
    model: VerificationModel, bus_position: Int, p_kw: Float, q_kvar: Float
) -> VerificationFlow:
    """One batch of power flows, one scenario a period.

    Args:
        model: B buses, E elements.
        bus_position: for each of L connections the index of its bus in `Network.bus_ids`, (L,).
        p_kw: active power that each connection injects, (T, L).
        q_kvar: reactive power that each connection injects, (T, L).

    Returns:
        The flow; only the periods that power-grid-model gives up are not converged.
    """
    periods = len(p_kw)
    voltage = np.full((periods, len(model.bus_component_id)), np.nan)
    loading = np.full((periods, len(model.element_component_id)), np.nan)
    if len(bus_position) == 0:  # a batch needs something to vary
        bus_position = np.zeros(1, dtype=np.int64)
        p_kw = q_kvar = np.zeros((periods, 1))
    bus = _positions(model.dataset["node"]["id"], model.bus_component_id)
    pending = np.flatnonzero(np.isfinite(p_kw).all(axis=1) & np.isfinite(q_kvar).all(axis=1))
    for method, tolerance_pu in METHODS:
        if not len(pending):
            break
        output, solved = _calculate(model, bus_position, p_kw[pending], q_kvar[pending], method, tolerance_pu)
        voltage[pending[solved]] = output["node"]["u_pu"][solved][:, bus]
        loading[pending[solved]] = _loading_percent(model, output, solved)
        pending = pending[~solved]
    return VerificationFlow(
        voltage_pu=frozen(voltage, np.float64),
        loading_percent=frozen(loading, np.float64),
        converged=frozen(np.isfinite(voltage).all(axis=1), np.bool_),
        engine=_engine(),
    )


@lru_cache(maxsize=1)
def _engine() -> str:
    return f"power-grid-model {version('power-grid-model')}"


def _calculate(
    model: VerificationModel,
    bus_position: Int,
    p_kw: Float,
    q_kvar: Float,
    method: str,
    tolerance_pu: float,
) -> tuple[dict[str, NDArray[np.void]], Bool]:
    """Output of the batch by component type, (T, components), and which scenarios it solved, (T,)."""
    from power_grid_model import LoadGenType, PowerGridModel, initialize_array

    loads = initialize_array("input", "sym_load", len(bus_position))
    loads["id"] = _free_ids(model, len(bus_position))
    loads["node"] = model.bus_component_id[bus_position]
    loads["status"] = 1
    loads["type"] = LoadGenType.const_power
    loads["p_specified"] = loads["q_specified"] = 0.0
    update = initialize_array("update", "sym_load", p_kw.shape)
    update["id"] = loads["id"]
    update["p_specified"] = -VA_PER_KVA * p_kw
    update["q_specified"] = -VA_PER_KVA * q_kvar
    engine = PowerGridModel({**model.dataset, "sym_load": loads})
    branch_types = [name for name in BRANCH_TYPES if name in model.dataset]
    output = engine.calculate_power_flow(
        calculation_method=method,
        error_tolerance=tolerance_pu,
        max_iterations=MAX_ITERATIONS,
        update_data={"sym_load": update},
        output_component_types={"node": ["u_pu"], **{name: ["i_from", "i_to"] for name in branch_types}},
        continue_on_batch_error=True,
    )
    solved: Bool = np.isfinite(output["node"]["u_pu"]).all(axis=1)
    if engine.batch_error is not None:
        solved[engine.batch_error.failed_scenarios] = False
    return output, solved


def _free_ids(model: VerificationModel, count: int) -> Int:
    """The lowest ids that no component has; those of a file may go up to the greatest that there is."""
    taken = np.concatenate([part["id"] for part in model.dataset.values()])
    candidates = np.arange(count + len(taken))
    return candidates[~np.isin(candidates, taken)][:count]


def _loading_percent(model: VerificationModel, output: dict[str, NDArray[np.void]], solved: Bool) -> Float:
    """Loading of each element in the scenarios that were solved; the output of the others is undefined."""
    loading = np.zeros((int(solved.sum()), len(model.element_component_id)))
    for name in BRANCH_TYPES:
        if name not in model.dataset or not len(model.dataset[name]):
            continue
        ids = model.dataset[name]["id"]
        here = np.flatnonzero(np.isin(model.element_component_id, ids))
        position = _positions(ids, model.element_component_id[here])
        at_from = output[name]["i_from"][solved][:, position] / model.rating_from_a[here]
        at_to = output[name]["i_to"][solved][:, position] / model.rating_to_a[here]
        loading[:, here] = 100.0 * np.maximum(at_from, at_to)
    return loading


def _positions(ids: NDArray[np.int32], wanted: Int) -> Int:
    """Index in `ids`, in any order, of each of `wanted`."""
    order = np.argsort(ids)
    position: Int = order[np.searchsorted(ids, wanted, sorter=order)]
    return position
