"""Answers: a network with three phases as power-grid-model answers for it, as one affine map."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from gridpact.arrays import Complex, Float, Int
from gridpact.grid.verification.verification_model import VerificationModel

PHASES = 3
ASKED_KVA = 3.0
TYPES = ("line", "link", "transformer", "asym_line")


@dataclass(frozen=True)
class Answers:
    """Voltages and currents of a network, affine in the currents that are injected: x = at_rest + gain · i.

    The network is linear but for its loads, so that this is exact. It is fitted to the states that
    power-grid-model finds under random loads, and what the fit leaves over is `misfit`.

    Attributes:
        nodes: bus position and phase of each of K nodes at which something is injected, (K, 2).
        base_v: nominal voltage of phase to neutral at these, in V, (K,).
        voltage: at rest, (B, 3), and its gain, (B, 3, K), in pu by kVA/pu.
        current: at rest, (2, E, 3), and its gain, (2, E, 3, K), of both ends over the rated current.
        misfit: the greatest difference of the fit, pu.
    """

    nodes: Int
    voltage: tuple[Complex, Complex]
    current: tuple[Complex, Complex]
    misfit: float


def answers(model: VerificationModel, nodes: Int, nominal_kv: Float) -> Answers:
    """The map of a network, whose buses have nominal voltages (B,), and loads at `nodes` (K, 2)."""
    random, count = np.random.default_rng(7), len(nodes)
    asked = ASKED_KVA * (random.uniform(-1, 1, (2 * count + 3, count)) * (1.0 + 0.3j))
    volts, amperes = _calculated(model, nodes, asked)
    voltage = volts / (1e3 * nominal_kv[:, None] / np.sqrt(3.0))
    injected = (asked / voltage[:, nodes[:, 0], nodes[:, 1]]).conj()
    known = np.hstack([np.ones((len(asked), 1)), injected])
    maps, misfit = [], 0.0
    for each in (voltage, amperes):
        flat = each.reshape(len(asked), -1)
        found = np.linalg.lstsq(known, flat, rcond=None)[0]
        misfit = max(misfit, float(np.abs(known @ found - flat).max()))
        shape = each.shape[1:]
        maps.append((found[0].reshape(shape), np.moveaxis(found[1:].reshape(count, *shape), 0, -1)))
    return Answers(nodes=nodes, voltage=maps[0], current=maps[1], misfit=misfit)


def _calculated(model: VerificationModel, nodes: Int, power_kva: Complex) -> tuple[Complex, Complex]:
    """Voltages, V, (S, B, 3), and currents into both ends over their ratings, (S, 2, E, 3), of S states."""
    from power_grid_model import LoadGenType, PowerGridModel, initialize_array

    dataset = dict(model.dataset)
    free = 1 + max(int(part["id"].max()) for part in dataset.values() if len(part))
    rows = initialize_array("input", "asym_load", len(nodes))
    rows["id"] = free + np.arange(len(nodes))
    rows["node"], rows["status"] = model.bus_component_id[nodes[:, 0]], 1
    rows["type"] = LoadGenType.const_power
    update = initialize_array("update", "asym_load", power_kva.shape)
    update["id"] = rows["id"]
    for name, part in (("p_specified", power_kva.real), ("q_specified", power_kva.imag)):
        rows[name] = 0.0
        update[name] = 0.0
        spread = np.zeros((*power_kva.shape, PHASES))
        spread[:, np.arange(len(nodes)), nodes[:, 1]] = -1e3 * part
        update[name] = spread
    output = PowerGridModel({**dataset, "asym_load": rows}).calculate_power_flow(
        symmetric=False,
        calculation_method="newton_raphson",
        error_tolerance=1e-11,
        max_iterations=50,
        update_data={"asym_load": update},
    )
    node = output["node"]
    complex_v = node["u"] * np.exp(1j * node["u_angle"])
    order = {index: place for place, index in enumerate(node["id"][0].tolist())}
    volts = complex_v[:, [order[index] for index in model.bus_component_id.tolist()]]
    branches: dict[int, tuple[str, int]] = {
        index: (name, place)
        for name in TYPES
        if name in dataset
        for place, index in enumerate(output[name]["id"][0].tolist())
    }
    amperes = np.zeros((len(power_kva), 2, len(model.element_component_id), PHASES), dtype=np.complex128)
    ends: Any = (
        ("from", model.element_component_id, model.rating_from_a),
        ("to", model.to_component_id, model.rating_to_a),
    )
    for side, (end, ids, rated) in enumerate(ends):
        for element, index in enumerate(ids.tolist()):
            name, place = branches[index]
            power = output[name][f"p_{end}"][:, place] + 1j * output[name][f"q_{end}"][:, place]
            at = complex_v[:, order[int(dataset[name][f"{end}_node"][place])]]
            if dataset[name][f"{end}_status"][place] == 1:
                amperes[:, side, element] = (power / at).conj() / rated[element]
    return volts, amperes
