"""Earthings: which neutrals of a circuit are led out, and by which impedance they are earthed."""

from gridpact.grid.opendss.circuit import EARTH, NEUTRAL_NODE, PHASE_NODES, Circuit, CircuitElement
from gridpact.grid.opendss.parts.circuit_records import CircuitRecords
from gridpact.grid.opendss.parts.placed import Placed

TERMINALS = 2


class Earthings:
    """The neutrals of a circuit.

    Args:
        circuit: its reactors that join a neutral to earth are earthings; others are problems.
        records: take the problems in.
        placed: where the reactors stand.
    """

    def __init__(self, circuit: Circuit, records: CircuitRecords, placed: Placed) -> None:
        self._ohm: dict[tuple[str, int], complex] = {}
        self._with_lines = {
            bus
            for line in circuit.of_kind("line")
            for bus, nodes in zip(line.buses, line.nodes, strict=True)
            if NEUTRAL_NODE in nodes
        }
        for reactor in circuit.of_kind("reactor"):
            place = _earthed(reactor)
            if place is None:
                what = "is a reactor, which three phases have no model for"
                remedy = "leave it out; one of one phase from node 4 of a bus to its node 0 earths a neutral"
                records.problems.append(placed.problem(reactor, what, remedy=remedy))
            else:
                admittance = complex(reactor.matrix[0, 0])
                self._ohm[place] = 1 / admittance if admittance else 0j
        self._notice(circuit, records)

    def is_led_out(self, bus: str, node: int) -> bool:
        """Whether the neutral at a node of a bus goes on in lines, or to earth."""
        return bus in self._with_lines or (bus, node) in self._ohm

    def has_neutral_lines(self, bus: str) -> bool:
        """Whether lines with a neutral of their own leave a bus."""
        return bus in self._with_lines

    def impedance_ohm(self, bus: str, node: int) -> complex | None:
        """Impedance from a neutral to earth; `None` where there is none."""
        return self._ohm.get((bus, node))

    def _notice(self, circuit: Circuit, records: CircuitRecords) -> None:
        """Says which earthings the choice of `neutral` stands for."""
        transformed = {bus for transformer in circuit.of_kind("transformer") for bus in transformer.buses}
        count = sum(bus not in transformed for bus, _ in self._ohm)
        if count:
            noun = f"{count} earthing{'s' if count != 1 else ''} of neutrals"
            records.notices.append(
                f"{noun} beside those of transformers: left out, as `neutral` says what neutrals are"
            )


def _earthed(reactor: CircuitElement) -> tuple[str, int] | None:
    """Bus and node that a reactor earths; `None` where it does something else."""
    if len(reactor.nodes) != TERMINALS or reactor.conductors != 1:
        return None
    ends = [(bus, nodes[0]) for bus, nodes in zip(reactor.buses, reactor.nodes, strict=True)]
    ends = [end for end in ends if end[1] != EARTH]
    return ends[0] if len(ends) == 1 and ends[0][1] not in PHASE_NODES else None
