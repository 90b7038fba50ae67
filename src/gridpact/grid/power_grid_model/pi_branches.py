"""PiBranches: the branches and sources of power-grid-model input as pi circuits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import partial

import numpy as np
from numpy.typing import NDArray

from gridpact.arrays import Bool, Complex, Float, Int
from gridpact.grid.network import ElementKind
from gridpact.grid.network_model import Neutral
from gridpact.grid.power_grid_model.conductor_matrices import capacitance_f, series_ohm
from gridpact.grid.unrated import is_placeholder_in_ampere, is_placeholder_power
from gridpact.units import KV_PER_V, VA_PER_MVA

BASE_VA = 1000.0
SYSTEM_FREQUENCY_HZ = 50.0
DEFAULT_SHORT_CIRCUIT_VA = 1e10
IDEAL_SHORT_CIRCUIT_MIN_VA = 1e15
ROUNDING = 1e-9
DEFAULT_R_OVER_X = 0.1
MISSING_INTEGER = -128
TAP_AT_FROM = 0

LINE, TRANSFORMER = (tuple(ElementKind).index(kind) for kind in (ElementKind.LINE, ElementKind.TRANSFORMER))
NO_ELEMENT, SOURCE = -1, -2


@dataclass(frozen=True, slots=True, kw_only=True)
class PiBranches:
    """Pi circuits in pu of 1 kVA, n of them: lines, then transformers, generic branches and sources.

    Lines that are given by their conductors come after the other lines.

    A source is a branch whose `from` end is open: the end that holds its voltage. An ideal one is no branch:
    it holds the node itself.

    Attributes:
        kind: `LINE`, `TRANSFORMER`, `NO_ELEMENT` or `SOURCE`, (n,).
        id: power-grid-model id, (n,).
        from_id, to_id: node ids; the same for a source, (n,).
        closed_from, closed_to: (n,).
        series, shunt: admittances at the `to` side, (n,).
        ratio: complex off-nominal ratio at the `from` side, (n,).
        rating_from_a, rating_to_a: infinite where there is none, (n,).
        held_voltage_pu: of a source, NaN elsewhere, (n,).
    """

    kind: Int
    id: Int
    from_id: Int
    to_id: Int
    closed_from: Bool
    closed_to: Bool
    series: Complex
    shunt: Complex
    ratio: Complex
    rating_from_a: Float
    rating_to_a: Float
    held_voltage_pu: Complex

    @property
    def is_ideal(self) -> Bool:
        """Whether each is a source whose impedance is next to nothing, (n,)."""
        weakest = IDEAL_SHORT_CIRCUIT_MIN_VA / BASE_VA
        ideal: Bool = (self.kind == SOURCE) & (np.abs(self.series) >= weakest * (1 - ROUNDING))
        return ideal

    def rows(self, chosen: Bool) -> "PiBranches":
        """The branches where `chosen` is true."""
        return PiBranches(**{field.name: getattr(self, field.name)[chosen] for field in fields(self)})


def pi_branches(carried: Mapping[str, NDArray[np.void]], neutral: Neutral = Neutral.RETURN) -> PiBranches:
    """All branches but links, and all sources.

    Args:
        carried: power-grid-model input whose nodes ascend by id.
        neutral: what the fourth conductor of lines that are given by their conductors is.
    """
    node = carried["node"]
    makers: dict[str, Callable[[NDArray[np.void], Float, Float], PiBranches]] = {
        "line": _lines,
        "asym_line": partial(_asym_lines, neutral),
        "transformer": _transformers,
        "generic_branch": _generic_branches,
        "source": _sources,
    }
    parts = []
    for name, make in makers.items():
        if name in carried:
            rows = carried[name]
            ends = ("node", "node") if name == "source" else ("from_node", "to_node")
            rated = [node["u_rated"][np.searchsorted(node["id"], rows[end])] for end in ends]
            parts.append(make(rows, rated[0], rated[1]))
    return PiBranches(
        **{
            field.name: np.concatenate([getattr(part, field.name) for part in parts])
            for field in fields(PiBranches)
        }
    )


def _pi(
    rows: NDArray[np.void],
    *,
    kind: Int,
    series: Complex,
    shunt: Complex,
    ratio: Complex,
    rating_a: tuple[Float, Float],
) -> PiBranches:
    """Branches from their rows, ratings of 0 and less taken as none."""
    rating_from, rating_to = (np.where(rating > 0, rating, np.inf) for rating in rating_a)
    return PiBranches(
        kind=kind,
        id=rows["id"].astype(np.int64),
        from_id=rows["from_node"].astype(np.int64),
        to_id=rows["to_node"].astype(np.int64),
        closed_from=rows["from_status"] == 1,
        closed_to=rows["to_status"] == 1,
        series=series,
        shunt=shunt,
        ratio=ratio,
        rating_from_a=rating_from,
        rating_to_a=rating_to,
        held_voltage_pu=np.full(len(rows), np.nan, dtype=np.complex128),
    )


def _lines(line: NDArray[np.void], rated_from: Float, _: Float) -> PiBranches:
    base = BASE_VA / rated_from**2
    susceptance = 2 * np.pi * SYSTEM_FREQUENCY_HZ * line["c1"]
    is_rated = ~is_placeholder_in_ampere(line["i_n"], rated_from * KV_PER_V)
    rating = np.where(is_rated, line["i_n"], 0.0)
    return _pi(
        line,
        kind=np.full(len(line), LINE),
        series=1 / (line["r1"] + 1j * line["x1"]) / base,
        shunt=susceptance * (line["tan1"] + 1j) / base,
        ratio=np.ones(len(line), dtype=np.complex128),
        rating_a=(rating, rating),
    )


def _asym_lines(neutral: Neutral, line: NDArray[np.void], rated_from: Float, _: Float) -> PiBranches:
    """The positive sequence of lines that are given by their conductors: what their phases have alike."""
    base = BASE_VA / rated_from**2
    series = np.asarray(np.linalg.inv(series_ohm(line, neutral)), np.complex128)
    susceptance = np.asarray(2j * np.pi * SYSTEM_FREQUENCY_HZ * capacitance_f(line), np.complex128)
    is_rated = ~is_placeholder_in_ampere(line["i_n"], rated_from * KV_PER_V)
    rating = np.where(is_rated, line["i_n"], 0.0)
    return _pi(
        line,
        kind=np.full(len(line), LINE),
        series=_of_positive_sequence(series) / base,
        shunt=_of_positive_sequence(susceptance) / base,
        ratio=np.ones(len(line), dtype=np.complex128),
        rating_a=(rating, rating),
    )


def _of_positive_sequence(matrix: Complex) -> Complex:
    """Mean of the diagonal less that of the rest, (n,), of matrices in phases, (n, 3, 3)."""
    diagonal = np.trace(matrix, axis1=1, axis2=2)
    value: Complex = diagonal / 3 - (matrix.sum(axis=(1, 2)) - diagonal) / 6
    return value


def _generic_branches(branch: NDArray[np.void], rated_from: Float, rated_to: Float) -> PiBranches:
    """Generic branches; one with a rated power, or a placeholder for one, counts as a transformer."""
    base = BASE_VA / rated_to**2
    k = np.where(np.isnan(branch["k"]), 1.0, branch["k"])
    rated_power = np.nan_to_num(branch["sn"])
    limit = np.where(is_placeholder_power(rated_power / VA_PER_MVA), 0.0, rated_power)
    return _pi(
        branch,
        kind=np.where(rated_power > 0, TRANSFORMER, NO_ELEMENT),
        series=1 / (branch["r1"] + 1j * branch["x1"]) / base,
        shunt=(branch["g1"] + 1j * branch["b1"]) / base,
        ratio=k * np.exp(1j * np.nan_to_num(branch["theta"])),
        rating_a=(limit / np.sqrt(3) / rated_from, limit / np.sqrt(3) / rated_to),
    )


def _transformers(rows: NDArray[np.void], rated_from: Float, rated_to: Float) -> PiBranches:
    """Transformers at their tap; short-circuit and no-load values refer to the tapped `to` voltage."""
    tap, nominal = _tap_positions(rows)
    u1, u2 = tapped_volts(rows)
    uk, pk = (_at_tap(rows, name, tap, nominal) for name in ("uk", "pk"))
    sn = rows["sn"]
    limit = np.where(is_placeholder_power(sn / VA_PER_MVA), 0.0, sn)
    resistance = pk * u2**2 / sn**2
    reactance = np.sqrt(np.maximum((np.abs(uk) * u2**2 / sn) ** 2 - resistance**2, 0.0))
    conductance = rows["p0"] / u2**2
    susceptance = -np.sqrt(np.maximum((rows["i0"] * sn / u2**2) ** 2 - conductance**2, 0.0))
    base = BASE_VA / rated_to**2
    clock = np.deg2rad(30.0) * (rows["clock"] % 12)
    return _pi(
        rows,
        kind=np.full(len(rows), TRANSFORMER),
        series=1 / (resistance + 1j * np.where(uk >= 0, reactance, -reactance)) / base,
        shunt=(conductance + 1j * susceptance) / base,
        ratio=u1 / u2 / (rated_from / rated_to) * np.exp(1j * clock),
        rating_a=(limit / np.sqrt(3) / rows["u1"], limit / np.sqrt(3) / rows["u2"]),
    )


def tapped_volts(rows: NDArray[np.void]) -> tuple[Float, Float]:
    """Voltages of the windings of each transformer at its tap position, (n,) each."""
    tap, nominal = _tap_positions(rows)
    direction = np.where(rows["tap_max"] > rows["tap_min"], 1, -1)
    step = direction * (tap - nominal) * rows["tap_size"]
    at_from = rows["tap_side"] == TAP_AT_FROM
    return rows["u1"] + np.where(at_from, step, 0.0), rows["u2"] + np.where(at_from, 0.0, step)


def _tap_positions(rows: NDArray[np.void]) -> tuple[Int, Int]:
    """Present and nominal position; the first is nominal, the second zero where not given."""
    given_nominal, given = rows["tap_nom"].astype(np.int64), rows["tap_pos"].astype(np.int64)
    nominal = np.where(given_nominal == MISSING_INTEGER, 0, given_nominal)
    low, high = (rows[name].astype(np.int64) for name in ("tap_min", "tap_max"))
    tap = np.where(given == MISSING_INTEGER, nominal, given)
    return np.clip(tap, np.minimum(low, high), np.maximum(low, high)), nominal


def _at_tap(rows: NDArray[np.void], name: str, tap: Int, nominal: Int) -> Float:
    """Value of uk or pk at the tap: linear from the nominal position to each extreme one."""
    middle: Float = rows[name]
    value = middle.copy()
    top, bottom = rows["tap_max"].astype(np.int64), rows["tap_min"].astype(np.int64)
    upward = (tap <= np.maximum(nominal, top)) & (tap >= np.minimum(nominal, top))
    for end, extreme, here in ((top, f"{name}_max", upward), (bottom, f"{name}_min", ~upward)):
        at_end = np.where(np.isnan(rows[extreme]), middle, rows[extreme])
        span = np.where(end == nominal, 1, end - nominal)
        slope = np.where(end == nominal, 0.0, (at_end - middle) / span)
        value = np.where(here, middle + (tap - nominal) * slope, value)
    return value


def _sources(rows: NDArray[np.void], rated: Float, _: Float) -> PiBranches:
    """A source as a branch of its short-circuit impedance behind a held voltage."""
    power = np.where(np.isnan(rows["sk"]), DEFAULT_SHORT_CIRCUIT_VA, rows["sk"])
    ratio = np.where(np.isnan(rows["rx_ratio"]), DEFAULT_R_OVER_X, rows["rx_ratio"])
    impedance = BASE_VA / power * (ratio + 1j) / np.sqrt(ratio**2 + 1)
    count = len(rows)
    return PiBranches(
        kind=np.full(count, SOURCE),
        id=rows["id"].astype(np.int64),
        from_id=rows["node"].astype(np.int64),
        to_id=rows["node"].astype(np.int64),
        closed_from=np.zeros(count, dtype=np.bool_),
        closed_to=rows["status"] == 1,
        series=1 / impedance,
        shunt=np.zeros(count, dtype=np.complex128),
        ratio=np.ones(count, dtype=np.complex128),
        rating_from_a=np.full(count, np.inf),
        rating_to_a=np.full(count, np.inf),
        held_voltage_pu=rows["u_ref"] * np.exp(1j * np.nan_to_num(rows["u_ref_angle"])),
    )
