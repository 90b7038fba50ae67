"""Commitments: what earlier clearings have made firm, read from the result folder of the last of them."""

import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from gridpact.arrays import Bool, Float, Int, frozen
from gridpact.case.case import Case, need_case
from gridpact.case.folder.case_files import RESULT_FOLDER, CaseFiles
from gridpact.case.folder.opener import TableOpener
from gridpact.case.horizon import RESOLUTION_MINUTES, Horizon
from gridpact.case.reading.problems import Problems, shown
from gridpact.case.reading.reader import Names, TableReader
from gridpact.case.schema import SELLER_PRICE
from gridpact.case.sessions.cleared import (
    CLEARED,
    SUMMARY_FILE,
    first_of_each,
    read_parties,
    read_summary,
    refuse_change,
    refuse_repeated_trades,
    unsafe,
)
from gridpact.case.terms import Terms
from gridpact.case.times import from_microseconds, microseconds
from gridpact.case.trades import Trades
from gridpact.errors import InvalidUsage, Problem
from gridpact.fields.arguments import path_of


@dataclass(frozen=True, slots=True, kw_only=True)
class _Earlier:
    """An earlier result: its cleared trades in the horizon of a case, and what to say of it."""

    trades: Trades
    digest: str
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grid:
    """Periods of an earlier result, each of which is `parts` whole periods of a case."""

    horizon: Horizon
    parts: int

    def first(self, instant: Int) -> tuple[Int, Bool]:
        """Period of the case, also before or after it, and whether one starts at each instant, (R,) each."""
        step = self.horizon.step // timedelta(microseconds=1)
        period, rest = np.divmod(instant - microseconds(self.horizon.start), step)
        return period, rest == 0

    def nearest(self, instant: int) -> str:
        """The start of the case's period that is nearest to an instant."""
        step = self.horizon.step // timedelta(microseconds=1)
        start = microseconds(self.horizon.start)
        near = from_microseconds(start + round((instant - start) / step) * step)
        return near.astimezone(self.horizon.start.tzinfo).isoformat(timespec="minutes")


def with_commitments(case: Case, folder: str | Path) -> Case:
    """The case, with what an earlier clearing gave as commitments.

    Args:
        case: a case, as `read_case` gives it.
        folder: the result folder of the earlier clearing.

    Returns:
        The case with `commitments`; its digest covers them too, where it has one.

    Raises:
        InvalidCase: with every problem found in the earlier result.
        InvalidUsage: the case has commitments already, or an argument is not what it has to be.
    """
    need_case("with_commitments", case)
    if len(case.commitments):
        raise InvalidUsage("the case has commitments already", "give the last result: it holds the earlier")
    earlier = _read(folder, case)
    digest = hashlib.sha256(f"{case.inputs_sha256}\0{earlier.digest}".encode()).hexdigest()
    return replace(
        case,
        commitments=earlier.trades,
        inputs_sha256=digest if case.inputs_sha256 else "",
        warnings=(*case.warnings, *earlier.warnings),
    )


def read_commitments(folder: str | Path, case: Case) -> Trades:
    """What an earlier clearing makes firm in the periods of a case.

    A trade is there once for each run of periods with the same power, always under its own name. What was
    cleared before or after the horizon is not part of it.

    Args:
        folder: the result folder of the earlier clearing.
        case: whose participants and periods they are.

    Raises:
        InvalidCase: with every problem found in the earlier result.
    """
    return _read(folder, case).trades


def _read(folder: str | Path, case: Case) -> _Earlier:
    """What an earlier clearing left in its result folder."""
    problems = Problems()
    files = CaseFiles(path_of("with_commitments", folder), problems, RESULT_FOLDER)
    if not files.is_folder:
        raise problems.refusal()
    opener = TableOpener(files, problems)
    opener.need(CLEARED)
    reader = opener.table(CLEARED)
    summary = read_summary(files, problems)
    grid = _grid(summary, case.horizon, problems)
    trades = Trades.none()
    if reader is not None and grid is not None:
        trades = _commitments(reader, case, grid, problems)
    if len(problems):
        untimed = "times, because the length of the earlier periods is not known"
        raise problems.refusal([untimed] if grid is None and reader is not None else [])
    return _Earlier(
        trades=trades,
        digest=f"{summary.get('resolution')}\0" + files.table_sha256(CLEARED.name),
        warnings=(*unsafe(summary), *opener.warnings),
    )


def _grid(summary: dict[str, Any], horizon: Horizon, problems: Problems) -> _Grid | None:
    """How the earlier periods lie on those of the case; `None`, with a problem, where they do not."""
    if not summary:
        return None
    resolution = summary.get("resolution")
    if resolution not in tuple(RESOLUTION_MINUTES):
        problems.add(
            Problem(
                file=SUMMARY_FILE,
                field="resolution",
                value="" if resolution is None else shown(resolution),
                what="is not among the keys" if resolution is None else "is not a resolution",
                remedy="clear the earlier case again",
            )
        )
        return None
    parts, rest = divmod(RESOLUTION_MINUTES[resolution], RESOLUTION_MINUTES[horizon.resolution])
    if not rest:
        return _Grid(horizon=horizon, parts=parts)
    problems.add(
        Problem(
            file=SUMMARY_FILE,
            field="resolution",
            value=resolution,
            what=f"is finer than the {horizon.resolution} of the case, whose periods cannot hold what varies",
            remedy=f'give the case the resolution "{resolution}", or a finer one',
        )
    )
    return None


def _commitments(reader: TableReader, case: Case, grid: _Grid, problems: Problems) -> Trades:
    """The rows that clear something in the horizon, as trades."""
    power_kw = reader.number("cleared_kw")
    first, counts = _first_periods(reader, grid, power_kw > 0.0)
    rows = np.flatnonzero(counts)
    first, power_kw = first[rows], power_kw[rows]
    inside = TableReader(reader.table.at(rows), CLEARED, problems)
    names = inside.names("trade")
    _refuse_known(inside, names, case.trades)
    refuse_repeated_trades(inside, names.of_row, first)
    seller, buyer = read_parties(inside, names.of_row, case)
    price_per_kwh = inside.number("price_per_kwh")
    refuse_change(inside, "price_per_kwh", names.of_row, price_per_kwh)
    received_per_kwh = inside.number_or(SELLER_PRICE.name, price_per_kwh)
    if inside.is_given(SELLER_PRICE.name).any():
        refuse_change(inside, SELLER_PRICE.name, names.of_row, received_per_kwh)
    if len(problems):
        return Trades.none()
    runs, texts = _spread(names.of_row, first, power_kw, grid), names.texts()
    row = runs.row
    return Trades(
        ids=tuple(texts[k] for k in row.tolist()),
        seller=frozen(seller[row], np.int64),
        buyer=frozen(buyer[row], np.int64),
        start=frozen(runs.start, np.int64),
        end=frozen(runs.end, np.int64),
        power_kw=frozen(power_kw[row], np.float64),
        price_per_kwh=frozen(price_per_kwh[row], np.float64),
        seller_price_per_kwh=frozen(
            received_per_kwh[row] if inside.is_given(SELLER_PRICE.name).any() else [], np.float64
        ),
        submitted=frozen(np.zeros(len(row)), np.int64),
        terms=Terms.none(len(row)),
    )


def _first_periods(reader: TableReader, grid: _Grid, cleared: Bool) -> tuple[Int, Bool]:
    """The case's period that each row starts with, (R,), and which of the cleared rows are in the horizon."""
    instant = reader.instant("time", grid.horizon)
    first, on_grid = grid.first(instant)
    counts = cleared & (instant > 0) & (first + grid.parts > 0) & (first < grid.horizon.periods)
    reader.refuse(
        "time",
        counts & ~on_grid,
        f"is not the start of one of the case's periods of {grid.horizon.resolution}",
        lambda row: f"the nearest starts at {grid.nearest(int(instant[row]))}",
    )
    return first, counts


@dataclass(frozen=True, slots=True, kw_only=True)
class _Runs:
    """Runs of periods of one trade with the same power: a row of each, first period, one past the last."""

    row: Int
    start: Int
    end: Int


def _spread(trade: Int, first: Int, power_kw: Float, grid: _Grid) -> _Runs:
    """The runs of rows, each of which reaches over `grid.parts` periods from `first` on, (R,) each.

    They are in the order in which the trades come first in the table, then of time.
    """
    row = np.repeat(np.arange(len(trade)), grid.parts)
    period = np.repeat(first, grid.parts) + np.tile(np.arange(grid.parts), len(trade))
    inside = (period >= 0) & (period < grid.horizon.periods)
    row, period = row[inside], period[inside]
    _, leader, code = np.unique(trade, return_index=True, return_inverse=True)
    order = np.lexsort((period, leader[code[row]]))
    row, period = row[order], period[order]
    goes_on = (
        (trade[row[1:]] == trade[row[:-1]])
        & (period[1:] == period[:-1] + 1)
        & (power_kw[row[1:]] == power_kw[row[:-1]])
    )
    begin = np.flatnonzero(np.append(np.ones(min(1, len(row)), dtype=np.bool_), ~goes_on))
    last = np.append(begin[1:], len(row))[: len(begin)] - 1
    return _Runs(row=row[begin], start=period[begin], end=period[last] + 1)


def _refuse_known(reader: TableReader, names: Names, trades: Trades) -> None:
    """Takes in the commitments that have the name of a trade of the case, each once."""
    known = set(trades.ids)
    taken = np.array([*(name in known for name in names.distinct), False], dtype=np.bool_)
    is_first = first_of_each(names.of_row) == np.arange(len(names.of_row))
    remedy = "it is a commitment already; give the new trade another name"
    reader.refuse("trade", taken[names.of_row] & is_first, "is a trade of the case too", remedy)
