"""Places and their states: voltages, loadings and unbalances of a result, and the worst of each kind."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridpact.arrays import Bool, Float
from gridpact.grid.network_model import NEUTRAL
from gridpact.results.extremes import highest, lowest

BUS, LINE, TRANSFORMER = "bus", "line", "transformer"
VOLTAGE, LOADING, UNBALANCE = "voltage_pu", "loading_percent", "unbalance_percent"
LIMIT_KINDS = (
    "highest_voltage_pu",
    "lowest_voltage_pu",
    "line_loading_percent",
    "transformer_loading_percent",
    "neutral_loading_percent",
    "unbalance_percent",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceStates:
    """K places of a network over T periods.

    Attributes:
        kind, element, phase, quantity: what each place is, texts, (K,) each.
        value: under the dispatch, NaN where it is not known, (T, K).
        limit_min, limit_max: NaN where there is none, (T, K).
    """

    kind: NDArray[np.object_]
    element: NDArray[np.object_]
    phase: NDArray[np.object_]
    quantity: NDArray[np.object_]
    value: Float
    limit_min: Float
    limit_max: Float


class WorstPlace(NamedTuple):
    """Where and when a kind of limit has its worst value.

    Attributes:
        value: pu or percent.
        limit: that held there and then.
        kind, element, phase: of the place.
        period: counted from 0.
        by_period: the worst value of each period, NaN where it is not known, (T,).
    """

    value: float
    limit: float
    kind: str
    element: str
    phase: str
    period: int
    by_period: Float

    @property
    def words(self) -> str:
        """Where it is: "bus 619 phase c", "the neutral of line 2"."""
        place = f"{self.kind} {self.element}"
        if self.phase == NEUTRAL:
            return f"the neutral of {place}"
        return f"{place} phase {self.phase}" if self.phase else place


def worst_places(states: PlaceStates) -> Mapping[str, WorstPlace]:
    """The worst place of each of `LIMIT_KINDS` that has a place with a limit and a known value."""
    return dict(_each(states))


def _each(states: PlaceStates) -> Iterator[tuple[str, WorstPlace]]:
    """The kinds with their worst places."""
    limited = np.isfinite(states.limit_min).any(axis=0) | np.isfinite(states.limit_max).any(axis=0)
    is_voltage, is_loading = states.quantity == VOLTAGE, states.quantity == LOADING
    is_neutral, is_line = states.phase == NEUTRAL, states.kind == LINE
    of_kind = (
        is_voltage,
        is_voltage,
        is_loading & is_line & ~is_neutral,
        is_loading & (states.kind == TRANSFORMER),
        is_loading & is_neutral,
        states.quantity == UNBALANCE,
    )
    for name, chosen in zip(LIMIT_KINDS, of_kind, strict=True):
        found = _worst(states, chosen & limited, is_least=name == "lowest_voltage_pu")
        if found is not None:
            yield name, found


def _worst(states: PlaceStates, chosen: Bool, *, is_least: bool) -> WorstPlace | None:
    """The worst of some places, (K,); none where nothing is known of them."""
    places = np.flatnonzero(chosen)
    values = states.value[:, places]
    found = (lowest if is_least else highest)(values)
    if found is None:
        return None
    place = places[found.position]
    limits = states.limit_min if is_least else states.limit_max
    empty = np.inf if is_least else -np.inf
    filled = np.where(np.isnan(values), empty, values)
    by_period = filled.min(axis=1) if is_least else filled.max(axis=1)
    return WorstPlace(
        value=found.value,
        limit=float(limits[found.period, place]),
        kind=str(states.kind[place]),
        element=str(states.element[place]),
        phase=str(states.phase[place]),
        period=found.period,
        by_period=np.where(np.isinf(by_period), np.nan, by_period),
    )
