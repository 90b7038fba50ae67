"""The schedule, the exchange and the state of the network in a result, each whole or not at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from gridpact.arrays import Float, Int
from gridpact.case.folder.part_tables import refuse_repeated_cells
from gridpact.case.horizon import Horizon
from gridpact.case.reading.reader import TableReader
from gridpact.comparison.place_state import PlaceStates, WorstPlace, worst_places
from gridpact.comparison.reading.result_schemas import AS_WRITTEN, NETWORK
from gridpact.dispatch import FLOWS


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSchedule:
    """The dispatch schedule: names and buses of participants, (P,), and their flows, (T, P) each."""

    participants: tuple[str, ...]
    bus: Int
    flows: Mapping[str, Float]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadExchange:
    """Import and losses, (T,), and the start of every period in local time, (T,)."""

    import_kw: Float
    losses_kw: Float
    starts: tuple[datetime, ...]


def read_flows(reader: TableReader, horizon: Horizon) -> ReadSchedule | None:
    """The schedule; `None` where it names nobody."""
    names = reader.names("participant")
    used = np.unique(names.of_row[names.of_row >= 0])
    if not len(used):
        if not len(reader.table):
            reader.refuse_table("has no rows", AS_WRITTEN)
        return None
    place = np.full(len(names.distinct) + 1, -1, dtype=np.int64)
    place[used] = np.arange(len(used))
    participant, people = place[names.of_row], tuple(names.distinct[k] for k in used.tolist())
    period = reader.period("time", horizon)
    shape = (horizon.periods, len(people))
    cell = np.where((period >= 0) & (participant >= 0), period * shape[1] + participant, -1)
    refuse_repeated_cells(reader, cell)
    absent = _absent(cell, shape[0] * shape[1])
    usable = bool((cell >= 0).all())
    if len(absent) and usable:
        at, who = divmod(int(absent[0]), shape[1])
        first = f"{horizon.labels()[at]} of '{people[who]}'"
        reader.refuse_table(f"has no row for {first}{_more(len(absent))}", AS_WRITTEN)
    flows = {name: _grid(reader.number(name), cell, shape) for name in FLOWS}
    bus = np.zeros(len(people), dtype=np.int64)
    bus[participant[participant >= 0]] = reader.number("bus")[participant >= 0].astype(np.int64)
    return ReadSchedule(participants=people, bus=bus, flows=flows)


def read_exchange(reader: TableReader, horizon: Horizon) -> ReadExchange | None:
    """Import and losses, with the periods as the table writes them; `None` where some are missing."""
    period = reader.period("time", horizon)
    refuse_repeated_cells(reader, period, what="is given more than once")
    absent = _absent(period, horizon.periods)
    if len(absent):
        if (period >= 0).all():
            first = horizon.labels()[int(absent[0])]
            reader.refuse_table(f"has no row for {first}{_more(len(absent))}", AS_WRITTEN)
        return None
    import_kw, losses_kw = (
        _grid(reader.number(name), period, (horizon.periods,)) for name in ("import_kw", "losses_kw")
    )
    row_of = np.empty(horizon.periods, dtype=np.int64)
    row_of[period[period >= 0]] = np.flatnonzero(period >= 0)
    starts = tuple(_local(reader.table.text("time", row)) for row in row_of.tolist())
    return ReadExchange(import_kw=import_kw, losses_kw=losses_kw, starts=starts)


def _local(text: str) -> datetime:
    """A time in the offset that it is written with; one without is of UTC."""
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def read_worst_places(reader: TableReader, horizon: Horizon) -> Mapping[str, WorstPlace] | None:
    """The worst places of the network; `None` where the table cannot be used."""
    if not len(reader.table):
        reader.refuse_table("has no rows", AS_WRITTEN)
        return None
    period = reader.period("time", horizon)
    kind, phase, quantity = (reader.choice(name) for name in ("kind", "phase", "quantity"))
    element = reader.number("element").astype(np.int64)
    places, place = np.unique(np.stack([quantity, kind, element, phase]), axis=1, return_inverse=True)
    place = place.reshape(-1)
    shape = (horizon.periods, places.shape[1])
    cell = np.where(period >= 0, period * shape[1] + place, -1)
    refuse_repeated_cells(reader, cell, what="and its place are given more than once")
    absent = _absent(cell, shape[0] * shape[1])
    if len(absent) and (cell >= 0).all():
        at, where = divmod(int(absent[0]), shape[1])
        named = f"{horizon.labels()[at]} of {_choices('kind')[places[1, where]]} {places[2, where]}"
        reader.refuse_table(f"has no row for {named}{_more(len(absent))}", AS_WRITTEN)
    values, lowest, highest = (
        _grid(reader.number(name), cell, shape) for name in ("cleared", "limit_min", "limit_max")
    )
    return worst_places(
        PlaceStates(
            kind=_choices("kind")[places[1]],
            element=places[2].astype(str).astype(object),
            phase=_choices("phase")[places[3]],
            quantity=_choices("quantity")[places[0]],
            value=values,
            limit_min=lowest,
            limit_max=highest,
        )
    )


def _choices(name: str) -> NDArray[np.object_]:
    """The choices of a column of the table of the network."""
    return np.array(NETWORK.column(name).choices, dtype=object)


def _absent(cell: Int, cells: int) -> Int:
    """The cells that no row gives."""
    is_there = np.zeros(cells, dtype=np.bool_)
    is_there[cell[cell >= 0]] = True
    return np.flatnonzero(~is_there)


def _more(count: int) -> str:
    """How many are missing beside the first."""
    return f" and {count - 1:,} more" if count > 1 else ""


def _grid(values: Float, cell: Int, shape: tuple[int, ...]) -> Float:
    """The values of rows, (R,), in their cells, and NaN where a cell has no row."""
    filled = np.full(shape, np.nan)
    filled.reshape(-1)[cell[cell >= 0]] = values[cell >= 0]
    return filled
