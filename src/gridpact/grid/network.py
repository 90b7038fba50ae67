"""Network: nodes, the admittances between them, and the ratings of lines and transformers.

Everything below works on *nodes*. In a balanced network a node is a bus (or several, joined by closed
switches); in a three-phase network it would be a bus and phase. Voltages are in pu of the node's nominal
voltage, powers in kW and kvar, and admittances in kVA at nominal voltage: per unit on a base of 1 kVA, so
that S = v ∘ conj(Y v) is in kVA with no base to convert.
"""

from dataclasses import dataclass
from enum import StrEnum

from scipy.sparse import csr_array

from gridpact.arrays import Complex, Float, Int
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
    """The two-ended branches between nodes, M of them.

    The currents into a branch at its two ends are `admittance_from @ v` and `admittance_to @ v`, in kVA at
    nominal voltage. A rating is the current that counts as 100 % loading, in the same unit, and infinite at
    an end that has none.

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
        bus_node: node of each bus, (B,).
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

    @property
    def nodes(self) -> int:
        """Number of nodes N."""
        return int(self.admittance.shape[0])
