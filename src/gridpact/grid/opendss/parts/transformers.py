"""Transformers of a circuit as power-grid-model's: clock, short circuit and windings from their equations.

In symmetrical components a transformer is, at its second winding, y_tt = y, y_ft = −y / k*, y_tf = −y / k
with k = V₁/V₂ · e^{j30°·clock}. What there is beside that, the no-load branch and the parts per million by
which OpenDSS keeps windings from floating, is an admittance to the neutral at either bus, by sequences.
"""

import numpy as np

from gridpact.arrays import Complex, Int
from gridpact.grid.opendss.circuit import EARTH, PHASE_NODES, CircuitElement
from gridpact.grid.opendss.parts.circuit_records import CircuitRecords
from gridpact.grid.opendss.parts.earthings import Earthings
from gridpact.grid.opendss.parts.placed import Placed
from gridpact.grid.power_grid_model.power_grid_model_zero_sequence import DELTA, WYE, WYE_N
from gridpact.grid.three_phase.sequences import TO_PHASES, TO_SEQUENCES
from gridpact.units import KV_PER_V, KVA_PER_VA

CLOCKS = range(12)
ALIKE = 1e-7
FITS = 1e-5
NOTHING = 1e-11
WINDINGS, PHASES = 2, 3


def add_transformers(
    records: CircuitRecords, transformers: list[CircuitElement], earthings: Earthings, placed: Placed
) -> None:
    """Adds the transformers; what they cannot be is added to the problems."""
    for transformer in transformers:
        fault = _fault(transformer, earthings)
        if fault is None:
            fault = _add(records, transformer, earthings)
        if fault is not None:
            field, value, what, remedy = fault
            records.problems.append(
                placed.problem(transformer, what, remedy=remedy, field=field, value=value)
            )


Fault = tuple[str, str, str, str]


def _fault(transformer: CircuitElement, earthings: Earthings) -> Fault | None:
    """Field, value, what is wrong and remedy of one that is not of two windings and three phases."""
    windings = int(transformer.values["windings"])
    if windings != WINDINGS:
        remedy = "write a transformer of two windings for each low-voltage network"
        return "windings", str(windings), "is not 2", remedy
    if transformer.phases != PHASES:
        return "phases", str(transformer.phases), "is not 3", "write one transformer of three phases"
    for nodes in transformer.nodes:
        if sorted(nodes[:PHASES]) != list(PHASE_NODES):
            remedy = "write the nodes 1, 2, 3 in some order, and the neutral after them"
            return "bus", ".".join(map(str, nodes)), "is not of three phases", remedy
    if any(any(is_open[:PHASES]) and not all(is_open[:PHASES]) for is_open in transformer.is_open):
        return "", "", "is open in some phases only", "open it in all phases"
    rows = transformer.values["rows"]
    if rows[0]["kva"] != rows[1]["kva"]:
        value = f"{rows[0]['kva']:g}, {rows[1]['kva']:g}"
        return "kvas", value, "are not the same", "write the rated power for both windings"
    low = int(rows[1]["kv"] < rows[0]["kv"])
    if rows[low]["is_delta"]:
        remedy = "write conn=wye with its neutral led out, which participants of one phase need"
        return f"wdg={low + 1} conn", "delta", "has no neutral on its low-voltage side", remedy
    if _winding(transformer, low, earthings) != WYE_N:
        node = transformer.nodes[low][PHASES]
        remedy = "lead it out: join it to the neutral of four-wire lines, to earth (.0), or by a Reactor"
        return f"wdg={low + 1} bus", f".{node}", "has no neutral on its low-voltage side", remedy
    return None


def _winding(transformer: CircuitElement, winding: int, earthings: Earthings) -> int:
    if transformer.values["rows"][winding]["is_delta"]:
        return DELTA
    bus, node = transformer.buses[winding], transformer.nodes[winding][PHASES]
    led_out = (
        node == EARTH or earthings.is_led_out(bus, node) or _own_earthing(transformer, winding) is not None
    )
    return WYE_N if led_out else WYE


def _own_earthing(transformer: CircuitElement, winding: int) -> complex | None:
    """Impedance between a neutral and earth that the transformer brings itself, ohm."""
    row = transformer.values["rows"][winding]
    if transformer.nodes[winding][PHASES] == EARTH or row["r_neutral"] < 0:
        return None
    return complex(row["r_neutral"], row["x_neutral"])


def _earthing(transformer: CircuitElement, winding: int, earthings: Earthings) -> complex:
    """Impedance that unbalanced current passes between a neutral and that of the network, ohm."""
    bus, node = transformer.buses[winding], transformer.nodes[winding][PHASES]
    if node == EARTH or transformer.values["rows"][winding]["is_delta"] or earthings.has_neutral_lines(bus):
        return 0j
    own, beside = _own_earthing(transformer, winding), earthings.impedance_ohm(bus, node)
    given = [each for each in (own, beside) if each is not None]
    if any(each == 0 for each in given):
        return 0j
    return 1 / sum(1 / each for each in given) if given else 0j


def _add(records: CircuitRecords, transformer: CircuitElement, earthings: Earthings) -> Fault | None:
    """Adds a transformer of which everything is known to be right but its equations."""
    blocks = _sequence_blocks(transformer)
    earthing = [_earthing(transformer, winding, earthings) for winding in range(WINDINGS)]
    rows = transformer.values["rows"]
    volts = [row["kv"] / KV_PER_V * row["tap"] for row in rows]
    ratio, clock, series = _positive_sequence(blocks[1], volts[0] / volts[1])
    windings = [_winding(transformer, winding, earthings) for winding in range(WINDINGS)]
    zero = _zero_block(transformer, earthings, earthing)
    zero_from, zero_to, is_through = _zero_sequence(zero, series, abs(ratio), windings, earthing)
    if clock is None or not _is_even(transformer, blocks) or not is_through:
        what = "turns or couples its phases in a way that three phases have no model for"
        return "", "", what, "write the nodes of both buses in the order 1.2.3, or turned by one or two"
    impedance, power = 1 / series, float(rows[0]["kva"]) / KVA_PER_VA
    base = volts[1] ** 2 / power
    records.add(
        "transformer",
        transformer,
        from_node=records.node_of[transformer.buses[0]],
        to_node=records.node_of[transformer.buses[1]],
        from_status=int(not any(transformer.is_open[0])),
        to_status=int(not any(transformer.is_open[1])),
        u1=volts[0],
        u2=volts[1],
        sn=power,
        uk=abs(impedance) / base,
        pk=impedance.real / base * power,
        i0=0.0,
        p0=0.0,
        winding_from=windings[0],
        winding_to=windings[1],
        clock=clock,
        tap_side=0,
        tap_pos=0,
        tap_min=0,
        tap_max=0,
        tap_size=0.0,
        r_grounding_from=earthing[0].real,
        x_grounding_from=earthing[0].imag,
        r_grounding_to=earthing[1].real,
        x_grounding_to=earthing[1].imag,
    )
    floor = NOTHING * abs(series)
    one = (
        complex(blocks[1][0, 0]) - series / abs(ratio) ** 2,
        complex(blocks[1][1, 1]) - series,
    )
    rest = zip(transformer.buses, one, (zero_from, zero_to), (1 / abs(ratio) ** 2, 1.0), strict=True)
    for bus, at_one, at_zero, scale in rest:
        of_one, of_zero = (each if abs(each) > floor * scale else 0j for each in (at_one, at_zero))
        records.add_shunt(transformer, bus, of_one, of_zero)
    return None


def _sequence_blocks(transformer: CircuitElement) -> Complex:
    """Admittances between the windings for the zero, positive and negative sequence, siemens, (3, 2, 2).

    Neutrals are what voltages are to, and so left out.
    """
    count = transformer.conductors
    blocks = np.zeros((3, WINDINGS, WINDINGS), dtype=np.complex128)
    for row in range(WINDINGS):
        for column in range(WINDINGS):
            sequences = _between(transformer, row * count, column * count, row, column)
            blocks[:, row, column] = np.diagonal(sequences)
    return blocks


def _between(transformer: CircuitElement, top: int, left: int, row: int, column: int) -> Complex:
    places = [_order(transformer, winding) for winding in (row, column)]
    phases = transformer.matrix[np.ix_(top + places[0], left + places[1])]
    sequences: Complex = TO_SEQUENCES @ phases @ TO_PHASES
    return sequences


def _order(transformer: CircuitElement, winding: int) -> Int:
    """Places of the phases a, b, c among the conductors of a winding."""
    nodes = transformer.nodes[winding][:PHASES]
    return np.array([nodes.index(node) for node in PHASE_NODES])


def _positive_sequence(block: Complex, ratio: float) -> tuple[complex, int | None, complex]:
    """Complex ratio, clock, and short-circuit admittance at the second winding.

    Of two opposite clocks that fit, only one has an inductive short circuit.
    """
    for clock in CLOCKS:
        turned = ratio * np.exp(1j * np.deg2rad(30.0) * clock)
        series = complex(-block[1, 0] * turned)
        mirrored = -series / np.conj(turned)
        fits = abs(mirrored - block[0, 1]) < ALIKE * abs(block[0, 1])
        if fits and series.imag < abs(series.real) and series.real >= -ALIKE * abs(series):
            return complex(turned), clock, series
    return complex(ratio), None, complex(-block[1, 0] * ratio)


def _is_even(transformer: CircuitElement, blocks: Complex) -> bool:
    """Whether no sequence drives another, and the negative sequence is the positive one turned back."""
    count = transformer.conductors
    for row in range(WINDINGS):
        for column in range(WINDINGS):
            sequences = _between(transformer, row * count, column * count, row, column)
            rest = np.abs(sequences - np.diag(np.diagonal(sequences))).max()
            if rest > ALIKE * np.abs(blocks[:, row, column]).max():
                return False
    difference = np.abs(blocks[2] - blocks[1].T)
    return bool((difference <= ALIKE * np.abs(blocks[1])).all())


def _zero_block(transformer: CircuitElement, earthings: Earthings, earthing: list[complex]) -> Complex:
    """Admittances between the windings for the zero sequence, siemens, (2, 2).

    Neutrals that are what voltages are to are left out; those behind an impedance follow from it.
    """
    count = transformer.conductors
    shape = np.zeros((WINDINGS * count, WINDINGS), dtype=np.complex128)
    matrix = transformer.matrix.copy()
    free = []
    for winding in range(WINDINGS):
        shape[winding * count + np.arange(PHASES), winding] = 1.0
        neutral = winding * count + PHASES
        bus, node = transformer.buses[winding], transformer.nodes[winding][PHASES]
        is_free = earthing[winding] != 0 or _winding(transformer, winding, earthings) == WYE
        if count > PHASES and is_free:
            free.append(neutral)
            beside = earthings.impedance_ohm(bus, node)
            matrix[neutral, neutral] += 1 / beside if beside else 0.0
    currents = matrix @ shape
    if free:
        inner = np.linalg.solve(matrix[np.ix_(free, free)], currents[free])
        currents = currents - matrix[:, free] @ inner
    block: Complex = shape.T @ currents / PHASES
    return block


def _zero_sequence(
    block: Complex, series: complex, ratio: float, windings: list[int], earthing: list[complex]
) -> tuple[complex, complex, bool]:
    """What is at both buses beside power-grid-model's, and whether current goes through as it has it."""
    at_from, at_to = 3 * earthing[0] / ratio**2, 3 * earthing[1]
    if windings == [WYE_N, WYE_N]:
        through = 1 / (1 / series + at_from + at_to)
        by_from, by_to, across = through / ratio**2, through, -through / ratio
    else:
        beyond = [windings[1] == DELTA, windings[0] == DELTA]
        by_from = 1 / (1 / series + at_from) / ratio**2 if windings[0] == WYE_N and beyond[0] else 0j
        by_to = 1 / (1 / series + at_to) if windings[1] == WYE_N and beyond[1] else 0j
        across = 0j
    fits = abs(block[1, 0] - across) < FITS * abs(series / ratio)
    return complex(block[0, 0]) - by_from, complex(block[1, 1]) - by_to, bool(fits)
