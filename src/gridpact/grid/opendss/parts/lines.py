"""Lines of a circuit as lines that are given by their conductors."""

from typing import Any

import numpy as np

from gridpact.arrays import Complex, Float
from gridpact.grid.opendss.circuit import EARTH, NEUTRAL_NODE, PHASE_NODES, CircuitElement
from gridpact.grid.opendss.parts.circuit_records import CircuitRecords
from gridpact.grid.opendss.parts.placed import Placed
from gridpact.grid.power_grid_model.conductor_matrices import CONDUCTORS, NEUTRAL_PAIRS, PHASE_PAIRS
from gridpact.grid.power_grid_model.pi_branches import SYSTEM_FREQUENCY_HZ

DEFAULT_NORM_AMPS = 400.0
SINGULAR_SHARE = 1e-9
ROUNDING_SHARE = 1e-14
NO_CHARGING_S = 1e-13
NAMED_MAX = 5


def add_lines(records: CircuitRecords, lines: list[CircuitElement], placed: Placed) -> None:
    """Adds the lines; what they cannot be is added to the problems."""
    unrated, four = [], []
    for line in lines:
        found = _conductors(line, records, placed)
        if found is None:
            continue
        series, charging = _matrices(line, found)
        if series is None:
            what, remedy = (
                "has no impedance in some direction",
                "write its matrices, or make its ends one bus",
            )
            records.problems.append(placed.problem(line, what, remedy=remedy))
            continue
        rating = _rating_a(line, placed)
        unrated += [] if rating else [line.name]
        values = _entries("r", series.real) | _entries("x", series.imag) | _entries("c", charging)
        ends = dict(zip(("from_node", "to_node"), (records.node_of[bus] for bus in line.buses), strict=True))
        closed = {
            f"{end}_status": int(not any(is_open))
            for end, is_open in zip(("from", "to"), line.is_open, strict=True)
        }
        if len(found) > len(PHASE_NODES) and all(closed.values()):
            four.append(line.buses)
        records.add("asym_line", line, **ends, **closed, **values, i_n=rating or np.nan)
    if _is_meshed(four):
        records.notices.append(
            "lines of four conductors form a mesh: with neutral = 'return', a current that circulates "
            "in all four is left out"
        )
    if unrated:
        named = ", ".join(unrated[:NAMED_MAX]) + (", …" if len(unrated) > NAMED_MAX else "")
        count = f"{len(unrated)} line{'s' if len(unrated) != 1 else ''}"
        records.notices.append(f"without NormAmps, and so never overloaded: {count} ({named})")


def _is_meshed(ends: list[tuple[str, ...]]) -> bool:
    """Whether any of these lines closes a ring of them."""
    root: dict[str, str] = {}

    def found(bus: str) -> str:
        while root.setdefault(bus, bus) != bus:
            bus = root[bus]
        return bus

    for first, second in ends:
        one, other = found(first), found(second)
        if one == other:
            return True
        root[one] = other
    return False


def _conductors(line: CircuitElement, records: CircuitRecords, placed: Placed) -> list[int] | None:
    """Places of the phases a, b, c, and of a neutral that is not earth.

    `None`, with a problem, where they are no three phases.
    """
    first, second = line.nodes
    fault: tuple[str, str, str] | None = None
    phases = [node for node in first if node in PHASE_NODES]
    others = [place for place, node in enumerate(first) if node not in PHASE_NODES]
    if sorted(phases) != list(PHASE_NODES) or len(others) > 1:
        count = len(phases)
        what = f"has {count} phase{'s' if count != 1 else ''}" if count < 3 else "has too many conductors"
        remedy = "three phases take lines of all three, with or without a neutral: write phases=3 or 4"
        fault = what, remedy, "phases"
    elif any(
        one != other and {one, other} & {*PHASE_NODES} for one, other in zip(first, second, strict=True)
    ):
        fault = "joins a phase to another one", "write the nodes of both ends in the same order", "bus2"
    elif others and first[others[0]] != second[others[0]]:
        remedy = "write .4 at both ends, or .0 at both where it is earthed there"
        fault = "has its neutral at one node at one end, and at another at the other", remedy, "bus2"
    elif others and first[others[0]] not in (EARTH, NEUTRAL_NODE):
        fault = f"has its neutral at node {first[others[0]]}", f"write node {NEUTRAL_NODE}", "bus1"
    elif any(any(is_open) and not all(is_open) for is_open in line.is_open):
        fault = "is open in some phases only", "open it in all phases", ""
    if fault is not None:
        what, remedy, field = fault
        value = {"phases": f"{line.conductors}", "bus2": ".".join(map(str, second))}.get(field, "")
        records.problems.append(placed.problem(line, what, remedy=remedy, field=field, value=value))
        return None
    order = [first.index(node) for node in PHASE_NODES]
    return order + [place for place in others if first[place] == NEUTRAL_NODE]


def _matrices(line: CircuitElement, order: list[int]) -> tuple[Complex | None, Float]:
    """Series impedance, ohm, and capacitance at power-grid-model's frequency, farad, in phases and neutral.

    A conductor that is earth at both ends has no voltage, and is left out of the admittances.
    """
    count = line.conductors
    own, mutual = (line.matrix[:count, start : start + count][np.ix_(order, order)] for start in (0, count))
    admittance, half = -mutual, own + mutual
    size = np.linalg.svd(admittance, compute_uv=False)
    if not np.isfinite(size).all() or size[-1] <= SINGULAR_SHARE * size[0]:
        return None, half.real
    series: Complex = np.asarray(np.linalg.inv(admittance), np.complex128)
    rest = np.maximum(ROUNDING_SHARE * size[0], NO_CHARGING_S)
    charging = np.where(np.abs(half) > rest, half, 0.0)
    return (series + series.T) / 2, (charging + charging.T).imag / (2 * np.pi * SYSTEM_FREQUENCY_HZ)


def _entries(part: str, matrix: Float) -> dict[str, Any]:
    """The lower triangle; capacitances of the phases alone."""
    pairs = PHASE_PAIRS if len(matrix) == len(PHASE_NODES) or part == "c" else (*PHASE_PAIRS, *NEUTRAL_PAIRS)
    return {
        f"{part}_{pair}": float(matrix[CONDUCTORS.index(pair[0]), CONDUCTORS.index(pair[1])])
        for pair in pairs
    }


def _rating_a(line: CircuitElement, placed: Placed) -> float:
    """The rated current; 0 where there is none, or OpenDSS took its default for one."""
    given = float(line.values["norm_amps"])
    if given > 0 and given != DEFAULT_NORM_AMPS:
        return given
    geometry = str(line.values["geometry"])
    sources = [("line", line.name), ("linecode", str(line.values["line_code"])), ("linegeometry", geometry)]
    said = any(placed.says(kind, name, "normam") for kind, name in [*sources, *placed.wires_of(geometry)])
    return given if said and given > 0 else 0.0
