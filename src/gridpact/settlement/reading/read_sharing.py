"""Who takes part in sharing, and with what coefficient and priority, from a table to arrays."""

from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Bool, Int, frozen
from gridpact.case.folder.part_tables import refuse_repeated_cells
from gridpact.case.horizon import Horizon
from gridpact.case.reading.frame import Frame
from gridpact.case.reading.reader import TableReader
from gridpact.case.reading.values import is_missing
from gridpact.settlement.amounts.whole import MICRO, whole_parts
from gridpact.settlement.energy.keys import WHOLE_PPM, KeyKind, SharingKey, Unused

NEED_COEFFICIENTS = (KeyKind.FIXED, KeyKind.HIERARCHICAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharingTerms:
    """What tariffs.toml says of sharing: the key, its price in micro-currency, whose unused parts are."""

    kind: KeyKind
    unused: Unused = Unused.GIVER
    price_micro_per_kwh: int


def everybody(terms: SharingTerms, member: Bool) -> SharingKey:
    """The key where there is no table: all members receive alike, (T, P)."""
    return _key(terms, member, np.full(member.shape, WHOLE_PPM), np.zeros(member.shape, np.int64))


def read_sharing(
    reader: TableReader, terms: SharingTerms | None, frame: Frame, member: Bool | None
) -> SharingKey | None:
    """The key with those who receive by a table; a row without a time is for the periods that have none.

    Args:
        reader: of the table.
        terms: the key and the price; `None` where they are not known.
        frame: whose participants and periods they are. Where not all of this is known, the table is checked
            without it and the key is `None`.
        member: who is a member when, (T, P); a row is nobody's where its participant is none. `None` where it
            is not known, and all are.
    """
    column = reader.lookup("participant", frame.index, frame.file)
    period = reader.period("time", frame.horizon)
    coefficient = reader.number("coefficient")
    coefficient_ppm, is_whole = whole_parts(coefficient, MICRO)
    remedy = "write at most 6 decimals"
    reader.refuse("coefficient", ~is_whole, "has more than 6 decimals", remedy)
    priority = reader.number("priority").astype(np.int64)
    shape, horizon = frame.shape, frame.horizon
    if shape is None or horizon is None:
        return None
    always = ~_has_time(reader)
    cell = np.where(column >= 0, np.where(always, shape[0], period) * shape[1] + column, -1)
    cell = np.where(always | (period >= 0), cell, -1)
    refuse_repeated_cells(reader, cell, "participant", "is given more than once for the same time")

    def spread(values: Int | Bool) -> Int:
        rows = np.zeros((shape[0] + 1) * shape[1], dtype=np.int64)
        rows[cell[cell >= 0]] = values[cell >= 0]
        return rows.reshape(shape[0] + 1, shape[1])

    given = spread(cell >= 0) > 0
    own = given[:-1]
    listed = own | given[-1]
    receives = listed if member is None else listed & member
    of_cell_ppm, level = (
        np.where(own, values[:-1], np.where(listed, values[-1], 0)) * receives
        for values in (spread(coefficient_ppm), spread(priority))
    )
    if terms is None:
        return None
    if terms.kind is KeyKind.FIXED:
        _refuse_more_than_all(reader, of_cell_ppm, horizon)
    return _key(terms, receives, of_cell_ppm, level)


def _has_time(reader: TableReader) -> Bool:
    """Whether each row has a time, (R,)."""
    times = reader.table.columns.get("time")
    return np.zeros(len(reader.table), np.bool_) if times is None else ~is_missing(times)


def _refuse_more_than_all(reader: TableReader, coefficient_ppm: Int, horizon: Horizon) -> None:
    """Takes in that fixed coefficients, (T, P), add up to more than the whole in some period."""
    total = coefficient_ppm.sum(axis=1)
    above = np.flatnonzero(total > WHOLE_PPM)
    if not len(above):
        return
    first = horizon.instant(int(above[0])).isoformat(timespec="minutes")
    more = f" and {len(above) - 1:,} more periods" if len(above) > 1 else ""
    what = f"has fixed coefficients that add up to {total[above[0]] / WHOLE_PPM:.6f}, at {first}{more}"
    reader.refuse_table(what, "they are shares of all that is shared: at most 1 in each period")


def _key(terms: SharingTerms, member: Bool, coefficient_ppm: Int, priority: Int) -> SharingKey:
    """The sharing key of some terms and members."""
    return SharingKey(
        kind=terms.kind,
        unused=terms.unused,
        price_micro_per_kwh=terms.price_micro_per_kwh,
        member=frozen(member, np.bool_),
        coefficient_ppm=frozen(coefficient_ppm, np.int64),
        priority=frozen(priority, np.int64),
    )
