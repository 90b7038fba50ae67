"""power-grid-model input with three phases: what is to be added to its balanced network."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from gridpact.arrays import Bool, Complex, Int, frozen
from gridpact.grid.immutable import frozen_dataset
from gridpact.grid.network import ElementKind, Network
from gridpact.grid.network_model import PHASES, Neutral
from gridpact.grid.power_grid_model.conductor_matrices import capacitance_f, loop_rows, series_ohm
from gridpact.grid.power_grid_model.pi_branches import BASE_VA, SYSTEM_FREQUENCY_HZ, PiBranches
from gridpact.grid.power_grid_model.power_grid_model_zero_sequence import zero_two_ports
from gridpact.grid.three_phase.expansion import three_phase_network
from gridpact.grid.three_phase.two_port import TwoPorts
from gridpact.grid.verification.verification_model import VerificationModel

Carried = Mapping[str, NDArray[np.void]]


def with_three_phases(
    balanced: Network,
    carried: Carried,
    pi: PiBranches,
    kept: Bool,
    shunt_zero: Complex,
    neutral: Neutral,
) -> Network:
    """The network of three phases of power-grid-model input.

    Args:
        balanced: its positive sequence, M branches.
        carried: the input, whose nodes ascend by id.
        pi: all its branches and sources.
        kept: which of them are the M branches.
        shunt_zero: zero sequence of the shunts at each node, (N,), pu of 1 kVA.
        neutral: what the fourth conductor of lines is.
    """
    own = None
    if "asym_line" in carried:
        rows = carried["asym_line"]
        place = np.flatnonzero(kept & np.isin(pi.id, rows["id"]))
        order = np.argsort(rows["id"])
        found = order[np.searchsorted(rows["id"], pi.id[place], sorter=order)]
        own = np.cumsum(kept)[place] - 1, _conductor_ports(rows[found], carried["node"], neutral)
    zero = zero_two_ports(carried, pi).at(np.flatnonzero(kept))
    model = _verification_model(balanced, carried, neutral)
    return three_phase_network(balanced, zero, shunt_zero, model, own=own)


def _conductor_ports(rows: NDArray[np.void], node: NDArray[np.void], neutral: Neutral) -> TwoPorts:
    """Lines that are given by their conductors in phases, pu of 1 kVA."""
    rated = node["u_rated"][np.searchsorted(node["id"], rows["from_node"])]
    base = (BASE_VA / rated**2)[:, None, None]
    series = np.asarray(np.linalg.inv(series_ohm(rows, neutral)) / base, np.complex128)
    half = np.asarray(1j * np.pi * SYSTEM_FREQUENCY_HZ * capacitance_f(rows) / base, np.complex128)
    return TwoPorts(series + half, -series, -series, series + half)


def _verification_model(balanced: Network, carried: Carried, neutral: Neutral) -> VerificationModel:
    """The input itself; lines whose neutral is a way back are given by their loops."""
    dataset = dict(carried)
    if "asym_line" in dataset and neutral is Neutral.RETURN:
        dataset["asym_line"] = loop_rows(dataset["asym_line"])
    model, held = balanced.verification_model, np.isin(balanced.bus_node, balanced.slack_node)
    lines = [kind is ElementKind.LINE for kind in balanced.elements.kind]
    return VerificationModel(
        dataset=frozen_dataset(dataset),
        bus_component_id=model.bus_component_id,
        element_component_id=model.element_component_id,
        rating_from_a=model.rating_from_a,
        rating_to_a=model.rating_to_a,
        phases=PHASES,
        to_component_id=model.element_component_id,
        has_neutral=frozen(np.array(lines, dtype=np.bool_), np.bool_),
        unbalance_bus=_positions(~held),
    )


def _positions(chosen: Bool) -> Int:
    return frozen(np.flatnonzero(chosen), np.int64)
