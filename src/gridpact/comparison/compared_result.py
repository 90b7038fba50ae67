"""ComparedResult: what a comparison takes of the result of a clearing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from gridpact.arrays import Float, Int
from gridpact.comparison.place_state import WorstPlace
from gridpact.comparison.traded_energy import TradedEnergy
from gridpact.units import MINUTES_PER_HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedResult:
    """A result of T periods and P participants.

    Attributes:
        label: what it is called, the name of its folder.
        name, status, formulation, model, allocation: as its summary says; `model` is balanced or three-phase.
        still_broken: limits of the case that are broken under the dispatch.
        inputs_sha256: digest of its case.
        borders: start of every period and the end of the last, in local time, (T + 1,).
        resolution: length of a period.
        participants: their names, (P,).
        bus: index of the bus of each, (P,).
        flows: `dispatch.FLOWS` of the schedule in kW by their names, (T, P) each.
        traded: what trades proposed, and what was cut of them.
        network_import_kw: drawn from the supply, negative where the network feeds back, NaN in periods
            without a power-flow solution, (T,).
        losses_kw: of the network, (T,).
        worst: the worst place of each kind of limit that the network has, by its name.
        is_parquet: whether its tables are.
    """

    label: str
    name: str
    status: str
    formulation: str
    model: str
    allocation: str
    still_broken: int
    inputs_sha256: str
    borders: tuple[datetime, ...]
    resolution: str
    participants: tuple[str, ...]
    bus: Int
    flows: Mapping[str, Float]
    traded: TradedEnergy
    network_import_kw: Float
    losses_kw: Float
    worst: Mapping[str, WorstPlace]
    is_parquet: bool

    @property
    def periods(self) -> int:
        """How many periods."""
        return len(self.borders) - 1

    @property
    def hours_per_period(self) -> float:
        """Length of a period in hours: kW times this is kWh."""
        return (self.borders[1] - self.borders[0]).total_seconds() / 60.0 / MINUTES_PER_HOUR

    def kwh(self, flow: str) -> Float:
        """Energy of each participant, (P,)."""
        energy: Float = self.flows[flow].sum(axis=0) * self.hours_per_period
        return energy


def in_order_of(first: ComparedResult, second: ComparedResult) -> ComparedResult:
    """The second result, with its participants in the order of the first, whose names it has."""
    place = {name: position for position, name in enumerate(second.participants)}
    order = np.array([place[name] for name in first.participants], dtype=np.int64)
    return replace(
        second,
        participants=first.participants,
        bus=second.bus[order],
        flows={name: values[:, order] for name, values in second.flows.items()},
        traded=second.traded._replace(cut_kwh=second.traded.cut_kwh[order]),
    )
