"""The result of a clearing, read from its folder for a comparison."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from gridpact.case.case import TableFormat
from gridpact.case.folder.case_files import RESULT_FOLDER, CaseFiles
from gridpact.case.folder.opener import TableOpener
from gridpact.case.horizon import Horizon
from gridpact.case.reading.problems import Problems
from gridpact.case.reading.reader import TableReader
from gridpact.case.schema import Schema
from gridpact.case.sessions.cleared import read_summary
from gridpact.comparison.compared_result import ComparedResult
from gridpact.comparison.reading.read_state import read_exchange, read_flows, read_worst_places
from gridpact.comparison.reading.read_trading import read_trading
from gridpact.comparison.reading.result_schemas import AS_WRITTEN, CLEARED, EXCHANGE, NETWORK, SCHEDULE
from gridpact.comparison.reading.summary_facts import summary_facts
from gridpact.errors import Problem

Part = TypeVar("Part")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadResult:
    """What reading a result folder gave.

    Attributes:
        folder: as it was named.
        problems: everything that is wrong, with the folder in front of each file.
        horizon: its periods, in UTC; `None` where they are not known.
        start: of the first, as the summary writes it.
        participants: their names; `None` where they are not known.
        schedule_file: the file that they are in.
        result: `None` where there is a problem.
        warnings: what a reader of the comparison should know.
    """

    folder: Path
    problems: tuple[Problem, ...]
    horizon: Horizon | None = None
    start: str = ""
    participants: tuple[str, ...] | None = None
    schedule_file: str = ""
    result: ComparedResult | None = None
    warnings: tuple[str, ...] = ()


def read_result(folder: Path, label: str) -> ReadResult:
    """The result in a folder, with every problem found in it."""
    problems = Problems()
    files = CaseFiles(folder, problems, RESULT_FOLDER)
    if not files.is_folder:
        return ReadResult(folder=folder, problems=problems.in_order())
    opener = TableOpener(files, problems)
    summary = read_summary(files, problems)
    facts = summary_facts(summary, problems)
    horizon = facts.horizon if facts is not None else None
    cleared, *readers = (_opened(opener, schema) for schema in (CLEARED, SCHEDULE, EXCHANGE, NETWORK))
    schedule = _read(read_flows, readers[0], horizon)
    exchange = _read(read_exchange, readers[1], horizon)
    worst = _read(read_worst_places, readers[2], horizon)
    schedule_file = readers[0].table.file if readers[0] is not None else ""
    traded = None
    if cleared is not None and horizon is not None and schedule is not None:
        traded = read_trading(cleared, horizon, schedule.participants, schedule_file, summary, problems)
    result = None
    if not len(problems) and facts and horizon and schedule and exchange and traded and worst is not None:
        result = ComparedResult(
            label=label,
            name=facts.name,
            status=facts.status,
            formulation=facts.formulation,
            model=facts.model,
            allocation=facts.allocation,
            still_broken=facts.still_broken,
            inputs_sha256=facts.inputs_sha256,
            borders=(*exchange.starts, exchange.starts[-1] + horizon.step),
            resolution=horizon.resolution,
            participants=schedule.participants,
            bus=schedule.bus,
            flows=schedule.flows,
            traded=traded,
            network_import_kw=exchange.import_kw,
            losses_kw=exchange.losses_kw,
            worst=worst,
            is_parquet=opener.table_format is TableFormat.PARQUET,
        )
    return ReadResult(
        folder=folder,
        problems=tuple(_placed(problem, folder) for problem in problems.in_order()),
        horizon=horizon,
        start=str(summary.get("start", "")),
        participants=schedule.participants if schedule is not None else None,
        schedule_file=schedule_file,
        result=result,
        warnings=tuple(f"{label}: {warning}" for warning in opener.warnings),
    )


def _placed(problem: Problem, folder: Path) -> Problem:
    """A problem whose file is named with its folder, as there are two of each."""
    also = tuple(replace(each, file=str(folder / each.file)) for each in problem.also)
    return replace(problem, file=str(folder / problem.file), also=also)


def _opened(opener: TableOpener, schema: Schema) -> TableReader | None:
    """A reader of a table that has to be there, with all columns that are read.

    Cells that may be empty, because nothing is known, are optional; their columns are not.
    """
    opener.need(schema)
    reader = opener.table(schema)
    if reader is None:
        return None
    may_be_empty = [column.name for column in schema.columns if column.default]
    absent = [name for name in may_be_empty if name not in reader.table.columns]
    for name in absent:
        opener.problems.add(
            Problem(
                file=reader.table.file,
                line=0 if reader.table.is_row else 1,
                field=name,
                what="is not among the columns",
                remedy=AS_WRITTEN,
            )
        )
    return reader


def _read(
    read: Callable[[TableReader, Horizon], Part | None], reader: TableReader | None, horizon: Horizon | None
) -> Part | None:
    """What a table gives; nothing where it or its periods are not known."""
    return None if reader is None or horizon is None else read(reader, horizon)
