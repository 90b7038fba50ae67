"""The tables of a case as dataclasses, with the checks that take more than one column.

What is wrong is placed in its file, and values are placeholders then; the dataclasses do not check again.
"""

from collections.abc import Mapping

import numpy as np

from gridpact.arrays import Int, frozen
from gridpact.case.horizon import Horizon
from gridpact.case.orders import Orders
from gridpact.case.participants import ENDS_FIRST, REPEATED_METER, Participants, repeated_meters
from gridpact.case.profiles import Profiles
from gridpact.case.reading.bus_names import BusNames
from gridpact.case.reading.reader import TableReader
from gridpact.case.schema import SELLER_PRICE
from gridpact.case.terms import TORN_LINK, Terms, torn_links
from gridpact.case.times import FOREVER
from gridpact.case.trades import Trades
from gridpact.fields.case_part import unchecked
from gridpact.grid.network_model import CONNECTIONS, OF_THREE_PHASES

Index = Mapping[str, int] | None


def read_participants(
    reader: TableReader, buses: BusNames | None, horizon: Horizon | None, *, has_phases: bool = True
) -> tuple[Participants, list[str]]:
    """The participants in a table, P rows, with a warning where the index of one bus is the name of another.

    Args:
        reader: of the table.
        buses: of the network; `None` where they are not known, and are then −1.
        horizon: whose timezone days are in; `None` where it is not known, and memberships are not checked.
        has_phases: whether its model has three phases, or is not known.
    """
    ids = reader.unique_names("participant")
    if not ids:
        reader.refuse_table("has no rows", "add the participants")
    bus, texts = reader.buses("bus", buses)
    phases = _phases(reader, has_phases=has_phases)
    member_from = reader.day("member_from", horizon, absent=0)
    member_until = reader.day("member_until", horizon, absent=FOREVER)
    reader.refuse("member_until", member_until <= member_from, *ENDS_FIRST)
    participants = unchecked(
        Participants,
        ids=ids,
        bus=frozen(bus, np.int64),
        firm=frozen(reader.choice("demand") == 0, np.bool_),
        exports=frozen(reader.choice("surplus") == 1, np.bool_),
        load_power_factor=frozen(reader.number("load_power_factor"), np.float64),
        generation_power_factor=frozen(reader.number("generation_power_factor"), np.float64),
        retailer=reader.names("retailer").texts(),
        connection_kw=frozen(reader.number("connection_kw"), np.float64),
        phases=phases,
        member_from=frozen(member_from, np.int64),
        member_until=frozen(member_until, np.int64),
        meter=read_meter_names(reader),
    )
    namesakes = buses.namesakes(texts) if buses is not None else []
    return participants, [_taken_for_indices(reader.table.file, namesakes)] if namesakes else []


def read_meter_names(reader: TableReader) -> tuple[str, ...]:
    """The meters of each participant, (P,): none, one, or several with a space between; none twice."""
    meters = reader.names("meter").texts()
    reader.refuse("meter", np.array(repeated_meters(meters), dtype=np.bool_), *REPEATED_METER)
    return meters


def _phases(reader: TableReader, *, has_phases: bool) -> tuple[str, ...]:
    """The phases of each participant, (P,); a balanced network has a problem with any that are given."""
    if not has_phases:
        reader.refuse("phases", reader.is_given("phases"), *OF_THREE_PHASES)
        return (CONNECTIONS[0],) * len(reader.table)
    return tuple(CONNECTIONS[chosen] for chosen in reader.choice("phases").tolist())


def _taken_for_indices(file: str, texts: list[str]) -> str:
    """The warning that some buses could be indices or names."""
    first = ", ".join(f"'{text}'" for text in texts[:3]) + (", …" if len(texts) > 3 else "")
    said = "is taken for an index" if len(texts) == 1 else "are taken for indices"
    return f"{file}: bus {first} {said}, and other buses have that name"


def read_profiles(
    reader: TableReader, horizon: Horizon | None, index: Index, where: str
) -> tuple[Profiles, list[str]]:
    """The profiles in a table, with a warning where rows are missing.

    Args:
        reader: of the table.
        horizon: the periods; `None` where they are not known, and the profiles are then empty.
        index: index of every participant, likewise.
        where: the file of the participants.
    """
    period = reader.period("time", horizon)
    participant = reader.lookup("participant", index, where)
    load_kw, generation_kw = reader.number("load_kw"), reader.number("generation_kw")
    if horizon is None or index is None:
        empty = frozen(np.zeros((0, 0)), np.float64)
        return unchecked(Profiles, load_kw=empty, generation_kw=empty), []
    shape = (horizon.periods, len(index))
    cell = np.where((period >= 0) & (participant >= 0), period * shape[1] + participant, -1)
    refuse_repeated_cells(reader, cell)
    used = cell >= 0
    arrays = []
    for values in (load_kw, generation_kw):
        array = np.zeros(shape)
        array.reshape(-1)[cell[used]] = values[used]
        arrays.append(frozen(array, np.float64))
    size = shape[0] * shape[1]
    missing = size - int(used.sum())
    warning = f"{reader.table.file}: {missing:,} of {size:,} rows are missing and count as zero"
    return unchecked(Profiles, load_kw=arrays[0], generation_kw=arrays[1]), [warning] if missing > 0 else []


def above_connection(participants: Participants, profiles: Profiles, where: str) -> list[str]:
    """The warning that participants are forecast to take or feed in more than their connections carry.

    Args:
        participants: P of them.
        profiles: their forecasts, (T, P); of others, where a name is there twice, nothing is said.
        where: the file of the participants.
    """
    if profiles.load_kw.shape[1] != len(participants):
        return []
    net_kw = np.abs(profiles.load_kw - profiles.generation_kw).max(axis=0, initial=0.0)
    above = np.flatnonzero(net_kw > participants.connection_kw)
    if not len(above):
        return []
    worst = above[np.argmax(net_kw[above] / participants.connection_kw[above])]
    name, most_kw = participants.ids[worst], participants.connection_kw[worst]
    said = f"'{name}' at {net_kw[worst]:g} kW, and its connection carries {most_kw:g} kW"
    count = "1 participant is" if len(above) == 1 else f"{len(above):,} participants are"
    return [f"{where}: {count} forecast above connection_kw at the meter: {said}"]


def read_trades(reader: TableReader, horizon: Horizon | None, index: Index, where: str) -> Trades:
    """The trades in a table, N rows; the arguments are those of `read_profiles`."""
    ids = reader.unique_names("trade")
    seller, buyer = (reader.lookup(name, index, where) for name in ("seller", "buyer"))
    reader.refuse("buyer", (seller == buyer) & (seller >= 0), "is the seller too", "name two participants")
    start, end = reader.window(horizon)
    price_per_kwh = frozen(reader.number("price_per_kwh"), np.float64)
    return unchecked(
        Trades,
        ids=ids,
        seller=frozen(seller, np.int64),
        buyer=frozen(buyer, np.int64),
        start=frozen(start, np.int64),
        end=frozen(end, np.int64),
        power_kw=frozen(reader.number("power_kw"), np.float64),
        price_per_kwh=price_per_kwh,
        seller_price_per_kwh=frozen(
            reader.number_or(SELLER_PRICE.name, price_per_kwh)
            if reader.is_given(SELLER_PRICE.name).any()
            else [],
            np.float64,
        ),
        submitted=frozen(reader.instant("submitted", horizon), np.int64),
        terms=_terms(reader),
    )


def read_orders(reader: TableReader, horizon: Horizon | None, index: Index, where: str) -> Orders:
    """The orders in a table, N rows; the arguments are those of `read_profiles`."""
    ids = reader.unique_names("order")
    participant = reader.lookup("participant", index, where)
    start, end = reader.window(horizon)
    return unchecked(
        Orders,
        ids=ids,
        participant=frozen(participant, np.int64),
        sells=frozen(reader.choice("side") == 0, np.bool_),
        start=frozen(start, np.int64),
        end=frozen(end, np.int64),
        power_kw=frozen(reader.number("power_kw"), np.float64),
        price_per_kwh=frozen(reader.number("price_per_kwh"), np.float64),
        submitted=frozen(reader.instant("submitted", horizon), np.int64),
        terms=_terms(reader),
    )


def _terms(reader: TableReader) -> Terms:
    """The terms in a table of trades or orders, N rows; those of one link are of one group."""
    groups, group = reader.labels("group")
    links, link = reader.labels("link")
    reader.refuse("link", torn_links(group, link), *TORN_LINK)
    return unchecked(
        Terms,
        block=frozen(reader.flag("block"), np.bool_),
        min_fraction=frozen(reader.number("min_fraction"), np.float64),
        group=frozen(group, np.int64),
        link=frozen(link, np.int64),
        group_names=groups,
        link_names=links,
    )


def refuse_closed(reader: TableReader, start: Int, horizon: Horizon, first_open: int) -> None:
    """Takes in the rows that start, (N,), in a closed period, −1 where that is not known."""
    opens = horizon.instant(first_open).isoformat(timespec="minutes")
    at_the_end = first_open == horizon.periods
    remedy = "no period is open" if at_the_end else f"the first open period starts at {opens}"
    reader.refuse("start", (start >= 0) & (start < first_open), "starts in a closed period", remedy)


def refuse_repeated_cells(
    reader: TableReader,
    cell: Int,
    field: str = "time",
    what: str = "and its participant are given more than once",
) -> None:
    """Takes in the rows whose cell of time and participant, −1 for none, an earlier row gives too."""
    order = np.argsort(cell, kind="stable")
    ordered = cell[order]
    repeats = np.zeros(len(cell), dtype=np.bool_)
    repeats[order[1:]] = (ordered[1:] == ordered[:-1]) & (ordered[1:] >= 0)

    def remedy(row: int) -> str:
        place = "row" if reader.table.is_row else "line"
        return f"first in {place} {reader.table.line[np.flatnonzero(cell == cell[row])[0]]}; keep one"

    reader.refuse(field, repeats, what, remedy)
