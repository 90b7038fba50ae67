"""Connections: the loads of a circuit as a template of participants."""

from dataclasses import dataclass

import numpy as np

from gridpact.errors import Problem
from gridpact.grid.network_model import PHASES
from gridpact.grid.opendss.circuit import EARTH, NEUTRAL_NODE, PHASE_NODES, Circuit, CircuitElement
from gridpact.grid.opendss.parts.placed import Placed

POWER_FACTOR_DIGITS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A load that may become a participant.

    Attributes:
        name: of the load.
        bus: name of its bus.
        phases: "a", "bc", "abc" and the like, each to the neutral.
        power_factor: in (0, 1], lagging; 1 for one that leads.
        leads: whether it feeds reactive power in.
    """

    name: str
    bus: str
    phases: str
    power_factor: float
    leads: bool


def connections(circuit: Circuit, placed: Placed) -> tuple[list[Connection], list[Problem]]:
    """The loads, and what is wrong with those that are none between phases and the neutral."""
    found, problems = [], []
    for load in circuit.of_kind("load"):
        phases = [node for node in load.nodes[0] if node in PHASE_NODES]
        others = {node for node in load.nodes[0] if node not in PHASE_NODES}
        if load.values["is_delta"] or (len(phases) > 1 and not others):
            what, value = "is between phases", "delta" if load.values["is_delta"] else _nodes(load)
            remedy = "write conn=wye, with the phases to the neutral, as in bus1=b.1.4 or bus1=b.1"
            problems.append(placed.problem(load, what, remedy=remedy, field="conn", value=value))
        elif not phases or not others <= {EARTH, NEUTRAL_NODE} or len(phases) != len(set(phases)):
            what, remedy = (
                "is not between phases and the neutral",
                "write nodes 1, 2, 3, and 4 or 0 for neutral",
            )
            problems.append(placed.problem(load, what, remedy=remedy, field="bus1", value=_nodes(load)))
        else:
            found.append(_connection(load, phases))
    return found, problems


def _connection(load: CircuitElement, phases: list[int]) -> Connection:
    kw, kvar = float(load.values["kw"]), float(load.values["kvar"])
    size = np.hypot(kw, kvar)
    factor = abs(kw) / size if size and kw else 1.0
    leads = kvar * kw < 0
    return Connection(
        name=load.name,
        bus=load.buses[0],
        phases="".join(PHASES[node - 1] for node in sorted(phases)),
        power_factor=1.0 if leads else round(factor, POWER_FACTOR_DIGITS),
        leads=bool(leads),
    )


def _nodes(load: CircuitElement) -> str:
    return ".".join([load.buses[0], *map(str, load.nodes[0])])
