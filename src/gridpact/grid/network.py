"""Network: nodes, the admittances between them, and the ratings of lines and transformers.

Everything below works on *nodes*. In a balanced network a node is a bus (or several, joined by closed
switches); in a three-phase network it is a phase of a bus, and its voltage is that to the neutral. Voltages
are in pu of the node's nominal voltage, powers in kW and kvar, and admittances in kVA at nominal voltage: per
unit on a base of 1 kVA, so that S = v ∘ conj(Y v) is in kVA with no base to convert. The power of a node is
that of all three phases in a balanced network, and that of its phase in a three-phase one.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.sparse import csr_array

from gridpact.arrays import Complex, Float, Int
from gridpact.grid.network_model import BALANCED_PHASES
from gridpact.grid.verification.verification_model import VerificationModel


class ElementKind(StrEnum):
    """What an element of the network is called in the results."""

    BUS = "bus"
    LINE = "line"
    TRANSFORMER = "transformer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Elements:
    """The rated elements of a network, E of them: lines first, then transformers.

    Attributes:
        kind: `LINE` or `TRANSFORMER`, (E,).
        id: the element's index in the network file, (E,).
        name: the element's name in the network file, or empty, (E,).
    """

    kind: tuple[ElementKind, ...]
    id: Int
    name: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Branches:
    """The two-ended branches between nodes, M of them; in a three-phase network one for each phase.

    The phases of a branch follow one another. The currents into a branch at its two ends are
    `admittance_from @ v` and `admittance_to @ v`, in kVA at nominal voltage. A rating is the current that
    counts as 100 % loading, in the same unit, and infinite at an end that has none.

    Attributes:
        from_node, to_node: its two ends, (M,).
        admittance_from, admittance_to: (M, N) complex, kVA.
        rating_from_kva, rating_to_kva: (M,).
        element: index of the rated element it belongs to, −1 for none (an impedance, a switch), (M,).
        susceptance_kw: B of the published DC model, −Im(1/z) at nominal voltage, kW per radian, (M,).
    """

    from_node: Int
    to_node: Int
    admittance_from: csr_array
    admittance_to: csr_array
    rating_from_kva: Float
    rating_to_kva: Float
    element: Int
    susceptance_kw: Float

    def __len__(self) -> int:
        return len(self.from_node)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Network:
    """A network that is compiled for clearing, N nodes and B supplied buses.

    Two networks are equal only where they are the same object, so that work done once per network (the
    factors of its admittance matrix) can be kept beside it.

    Attributes:
        name: where it comes from.
        bus_ids: index of each supplied bus in the network file, ascending, (B,).
        bus_names: the bus's name in the network file, or empty, (B,).
        bus_node: node of each bus, (B,); in a three-phase network that of its first phase, after which those
            of its others follow: see `bus_nodes`.
        bus_voltage_kv: nominal voltage, line to line, (B,).
        slack_node: nodes held by a supply, (K,).
        slack_voltage_pu: complex voltage that each supply holds, (K,).
        admittance: Y, (N, N) complex, kVA at nominal voltage.
        branches: M of them.
        elements: E rated elements.
        out_of_service_bus_ids: buses that the network file switches off, ascending.
        islanded_bus_ids: buses in service that no supply reaches, ascending.
        verification_model: the same network for power-grid-model, converted separately from the source.
        notices: what was ignored or reduced on the way in, for people.
        out_of_service_bus_names: the name of each bus that is switched off, or empty.
        islanded_bus_names: the name of each bus that no supply reaches, or empty.
        phases: P of them, "a", "b" and "c", or the empty one of a balanced network.
    """

    name: str
    bus_ids: Int
    bus_names: tuple[str, ...]
    bus_node: Int
    bus_voltage_kv: Float
    slack_node: Int
    slack_voltage_pu: Complex
    admittance: csr_array
    branches: Branches
    elements: Elements
    out_of_service_bus_ids: Int
    islanded_bus_ids: Int
    verification_model: VerificationModel
    notices: tuple[str, ...] = ()
    out_of_service_bus_names: tuple[str, ...] = ()
    islanded_bus_names: tuple[str, ...] = ()
    phases: tuple[str, ...] = BALANCED_PHASES

    @property
    def nodes(self) -> int:
        """Number of nodes N."""
        return int(self.admittance.shape[0])

    @property
    def is_three_phase(self) -> bool:
        """Whether each bus has three nodes."""
        return len(self.phases) > 1

    @property
    def bus_nodes(self) -> Int:
        """Node of each phase of each bus, (B, P)."""
        nodes: Int = self.bus_node[:, None] + np.arange(len(self.phases))
        return nodes
