"""Readings: what power-grid-model's asymmetric output says of phases, neutrals and unbalance.

Its own loading of a transformer sums the phases, and its currents have no angles: the complex current of each
phase is worked out of the power and the voltage there, and the neutral's is their sum.
"""

import numpy as np

from gridpact.arrays import Bool, Complex, Float, Int
from gridpact.grid.verification.output import BRANCH_TYPES, Output, positions
from gridpact.grid.verification.verification_model import VerificationModel

TURN = np.exp(2j * np.pi / 3)


def three_phase_readings(
    model: VerificationModel, output: Output, solved: Bool
) -> tuple[Float, Float, Float]:
    """Voltages, (S, V), loadings, (S, L), and unbalances, (S, U), in the S scenarios that were solved."""
    node = {name: output["node"][name][solved] for name in ("u_pu", "u", "u_angle")}
    bus = positions(model.dataset["node"]["id"], model.bus_component_id)
    voltage = node["u"] * np.exp(1j * node["u_angle"])
    magnitude = node["u_pu"][:, bus].reshape(len(voltage), len(model.phases) * len(bus))
    return magnitude, _loadings(model, output, solved, voltage), _unbalance(voltage[:, bus], model)


def _unbalance(voltage: Complex, model: VerificationModel) -> Float:
    a, b, c = np.moveaxis(voltage[:, model.unbalance_bus], -1, 0)
    unbalance: Float = 100.0 * np.abs(a + TURN**2 * b + TURN * c) / np.abs(a + TURN * b + TURN**2 * c)
    return unbalance


def _loadings(model: VerificationModel, output: Output, solved: Bool, voltage: Complex) -> Float:
    """Phases a, b, c of each element, and after them its neutral where it is asked."""
    ends = (
        ("from", model.element_component_id, model.rating_from_a),
        ("to", model.to_component_id, model.rating_to_a),
    )
    conductors = np.zeros((len(voltage), len(model.has_neutral), 4))
    for end, component_id, rating in ends:
        current = _current(model, output, solved, voltage, end, component_id)
        every = np.concatenate([current, current.sum(axis=2, keepdims=True)], axis=2)
        conductors = np.maximum(conductors, np.abs(every) / rating[:, None])
    asked = np.ones((len(model.has_neutral), 4), dtype=np.bool_)
    asked[:, 3] = model.has_neutral
    loading: Float = 100.0 * conductors[:, asked]
    return loading


def _current(
    model: VerificationModel, output: Output, solved: Bool, voltage: Complex, end: str, wanted: Int
) -> Complex:
    """Current of each phase into each element at one of its ends, A, (S, E, 3)."""
    current = np.zeros((len(voltage), len(wanted), 3), dtype=np.complex128)
    for name in BRANCH_TYPES:
        if name not in model.dataset:
            continue
        rows = model.dataset[name]
        here = np.flatnonzero(np.isin(wanted, rows["id"]))
        place = positions(rows["id"], wanted[here])
        node = positions(model.dataset["node"]["id"], rows[f"{end}_node"][place])
        active, reactive = (output[name][f"{part}_{end}"][solved][:, place] for part in "pq")
        closed = (rows[f"{end}_status"][place] == 1)[:, None]
        at_end = np.where(closed, voltage[:, node], 1.0)
        current[:, here] = np.where(closed, ((active + 1j * reactive) / at_end).conj(), 0.0)
    return current
