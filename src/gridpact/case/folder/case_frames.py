"""case_of_frames: a case from data frames and a network in memory, checked like a folder of tables."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from gridpact.case.case import Case
from gridpact.case.folder.check import column_problems
from gridpact.case.folder.part_tables import read_orders, read_participants, read_profiles, read_trades
from gridpact.case.horizon import RESOLUTION_MINUTES, Horizon
from gridpact.case.orders import Orders
from gridpact.case.reading.bus_names import BusNames
from gridpact.case.reading.problems import Problems
from gridpact.case.reading.reader import TableReader
from gridpact.case.reading.table import Table, table_of_arrow
from gridpact.case.schema import ORDERS, PARTICIPANTS, PROFILES, TRADES, Schema
from gridpact.case.times import Fault, read_time, read_zone
from gridpact.case.trades import Trades
from gridpact.errors import InvalidUsage, Problem
from gridpact.fields.said import a
from gridpact.grid.compile import compile_content, compile_source
from gridpact.grid.network import Network
from gridpact.grid.network_model import NetworkModel
from gridpact.grid.source import NetworkSource

HORIZON_REMEDY = "give horizon=gridpact.Horizon(...)"


def case_of_frames(
    network: object,
    *,
    participants: object,
    profiles: object,
    trades: object = None,
    orders: object = None,
    horizon: Horizon | None = None,
    timezone: str = "",
    model: str = NetworkModel.BALANCED,
    settings: Mapping[str, Any],
) -> Case:
    """See `Case.from_frames`, which this is behind.

    Raises:
        InvalidCase: with everything that is wrong with the frames.
        InvalidUsage: an argument is not what it has to be.
    """
    source = _source(network, model)
    buses = BusNames.of(compile_source(source))
    problems, warnings = Problems(), list[str]()
    if horizon is not None and (warning := horizon.clock_warning()):
        warnings.append(f"horizon: {warning}")
    frames = {PARTICIPANTS: participants, PROFILES: profiles, TRADES: trades, ORDERS: orders}
    readers = {
        schema: _reader(schema, frame, problems, warnings)
        for schema, frame in frames.items()
        if frame is not None
    }
    if horizon is None:
        horizon = _horizon(readers.get(PROFILES), timezone, problems)
    people, profile = readers.get(PARTICIPANTS), readers.get(PROFILES)
    if people is None or profile is None or "participant" not in people.table.columns:
        raise problems.refusal()
    found, said = read_participants(people, buses, horizon, has_phases=source.is_three_phase)
    index = {name: place for place, name in enumerate(found.ids)}
    where = PARTICIPANTS.name
    made, missing = read_profiles(profile, horizon, index, where)
    trade, order = readers.get(TRADES), readers.get(ORDERS)
    proposed = Trades.none() if trade is None else read_trades(trade, horizon, index, where)
    to_match = Orders.none() if order is None else read_orders(order, horizon, index, where)
    if horizon is None and not len(problems):
        _refuse(problems, "have values that are no times")
    if len(problems) or horizon is None:
        raise problems.refusal()
    return Case(
        **{"name": "case", **settings},
        horizon=horizon,
        network=source,
        participants=found,
        profiles=made,
        trades=proposed,
        orders=to_match,
        warnings=(*warnings, *said, *missing),
    )


def _source(network: object, model: str) -> NetworkSource:
    """Where the network comes from: a built-in's name, a source, a compiled network, or a pandapower net."""
    if isinstance(network, NetworkSource):
        return network
    if isinstance(network, str):
        return NetworkSource(builtin=network, model=model)  # type: ignore[arg-type]  # text is taken for one
    if isinstance(network, Network):
        return NetworkSource(compiled=network)
    if type(network).__name__ != "pandapowerNet":
        what = f"the network is {a(network)}"
        raise InvalidUsage(what, "give a built-in's name, a pandapower net, or a compiled network")
    from pandapower import to_json

    known = NetworkSource(builtin="network", model=model).model  # type: ignore[arg-type]  # or refused
    content = str(to_json(network)).encode()
    return NetworkSource(compiled=compile_content(content, "network", known))


def _reader(schema: Schema, frame: object, problems: Problems, warnings: list[str]) -> TableReader | None:
    """A reader of a data frame, its columns checked; none, with a problem, where it is no data frame."""
    table, found = _table(frame, schema.name)
    problems.extend(found)
    if table is None:
        return None
    found, said = column_problems(table, schema)
    problems.extend(found)
    warnings.extend(said)
    return TableReader(table, schema, problems)


def _table(frame: object, name: str) -> tuple[Table | None, list[Problem]]:
    """A data frame of pandas, polars or Arrow as a table, its rows counted from 1."""
    import pyarrow as pa

    try:
        is_pandas = type(frame).__module__.partition(".")[0] == "pandas"
        arrow = pa.Table.from_pandas(frame, preserve_index=False) if is_pandas else pa.table(frame)
        return table_of_arrow(arrow, name)
    except (pa.ArrowException, TypeError, ValueError, AttributeError):
        what = f"is {a(frame)}, and no data frame that can be read"
        remedy = "give one of pandas or polars whose columns are of one kind each"
        return None, [Problem(file=name, what=what, remedy=remedy)]


def _horizon(reader: TableReader | None, timezone: str, problems: Problems) -> Horizon | None:
    """The horizon that the times of the profiles make up; none, with a problem, where they make none."""
    if reader is None or "time" not in reader.table.columns:
        return None
    column = reader.table.columns["time"]
    zone = timezone or _zone(column)
    if isinstance(read_zone(zone), Fault):
        _refuse(problems, f"are in the timezone {zone!r}, which is not known")
        return None
    distinct = [_instant(value, zone) for value in column.unique().to_pylist()]
    instants = sorted(one for one in distinct if one is not None)
    if not instants:
        _refuse(problems, "have no times")
    if not instants or len(instants) < len(distinct):
        return None
    steps = np.diff([one.timestamp() for one in instants])
    minutes = int(steps.min() // 60) if len(steps) else 0
    resolution = {length: name for name, length in RESOLUTION_MINUTES.items()}.get(minutes)
    if resolution is None:
        _refuse(problems, "have times that tell no resolution")
        return None
    periods = round((instants[-1] - instants[0]) / timedelta(minutes=minutes)) + 1
    return Horizon(start=instants[0], timezone=zone, resolution=resolution, periods=periods)


def _refuse(problems: Problems, what: str) -> None:
    """Takes in that the profiles tell no horizon."""
    problems.add(Problem(file=PROFILES.name, field="time", what=what, remedy=HORIZON_REMEDY))


def _zone(column: Any) -> str:
    """The timezone of a column of times; UTC where it has none of a name."""
    zone = getattr(column.type, "tz", None) or "UTC"
    try:
        return ZoneInfo(zone).key
    except (KeyError, ValueError, OSError):  # such as an offset, +02:00
        return "UTC"


def _instant(value: object, zone: str) -> datetime | None:
    """A value as an instant, none where it is no time: the reader says so."""
    if not isinstance(value, datetime | str):
        return None
    time = read_time(value, ZoneInfo(zone))
    return None if isinstance(time, Fault) else time.astimezone(UTC)
