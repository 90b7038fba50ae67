"""Sources of a circuit as power-grid-model's, exact in the zero sequence too.

A source drives no zero sequence, for which it is an admittance to earth like any other: what
power-grid-model's ratio of both impedances, which is a real number, leaves of it stands at the bus as one.
"""

import numpy as np

from gridpact.grid.opendss.circuit import EARTH, PHASE_NODES, CircuitElement
from gridpact.grid.opendss.parts.circuit_records import CircuitRecords
from gridpact.grid.opendss.parts.placed import Placed
from gridpact.grid.power_grid_model.pi_branches import IDEAL_SHORT_CIRCUIT_MIN_VA
from gridpact.grid.three_phase.sequences import TO_PHASES, TO_SEQUENCES
from gridpact.units import KV_PER_V

ALIKE = 1e-7
NOTHING = 1e-12


def add_sources(records: CircuitRecords, sources: list[CircuitElement], placed: Placed) -> None:
    """Adds the sources; what they cannot be is added to the problems."""
    for source in sources:
        if source.nodes[0] != PHASE_NODES or any(node != EARTH for node in source.nodes[1]):
            what, remedy = "is not from three phases to earth", "write bus1 with the nodes 1.2.3, and no bus2"
            value = ".".join(map(str, source.nodes[0]))
            records.problems.append(placed.problem(source, what, remedy=remedy, field="bus1", value=value))
            continue
        sequences = TO_SEQUENCES @ source.matrix[:3, :3] @ TO_PHASES
        zero, one, two = (complex(each) for each in np.diagonal(sequences))
        rest = np.abs(sequences - np.diag(np.diagonal(sequences))).max()
        if rest > ALIKE * abs(one) or abs(two - one) > ALIKE * abs(one):
            what = "has another impedance for the negative sequence than for the positive one"
            records.problems.append(placed.problem(source, what, remedy="write Z1 and Z0 only", field="Z2"))
            continue
        _add(records, source, one, zero)


def _add(records: CircuitRecords, source: CircuitElement, one: complex, zero: complex) -> None:
    """Adds a source by its admittances of the positive and the zero sequence, siemens."""
    node = records.node_of[source.buses[0]]
    volts, impedance = records.volts[node], 1 / one
    power, ratio = volts**2 * abs(one), abs(one) / abs(zero)
    left = zero - one / ratio
    values = source.values
    records.add(
        "source",
        source,
        node=node,
        status=1,
        u_ref=float(values["kv"]) / KV_PER_V * float(values["pu"]) / volts,
        u_ref_angle=np.deg2rad(float(values["degree"])),
        sk=power,
        rx_ratio=max(impedance.real, 0.0) / impedance.imag,
        z01_ratio=ratio,
    )
    if power < IDEAL_SHORT_CIRCUIT_MIN_VA and abs(left) > NOTHING * abs(zero):
        records.add_shunt(source, source.buses[0], 0j, left)
