"""Checks of a table's columns against its schema, and of the participants against the network."""

from dataclasses import replace

import numpy as np

from gridpact.arrays import Int
from gridpact.case.files import CASE_FILE
from gridpact.case.participants import Participants
from gridpact.case.problems import Problems, shown, suggestion
from gridpact.case.reading.reader import TableReader
from gridpact.case.reading.table import Table
from gridpact.case.schema import Schema
from gridpact.case.settings import Settings
from gridpact.errors import InvalidCase, Problem
from gridpact.grid.network import Network

RUNS_SHOWN_MAX = 8


def column_problems(table: Table, schema: Schema) -> tuple[list[Problem], list[str]]:
    """What is wrong with a table's columns, and a warning for each that is ignored.

    Args:
        table: the table.
        schema: the columns it should have.

    Returns:
        A problem for each missing column and each unknown one that is near an absent optional one, and the
        warnings for other unknown columns.
    """
    line = 0 if table.is_row else 1
    known = {column.name for column in schema.columns}
    unknown = [name for name in table.columns if name not in known]
    absent = [column for column in schema.columns if column.name not in table.columns]
    problems = []
    for column in absent:
        if column.required:
            near = suggestion(column.name, unknown).replace("did you mean", "is it")
            remedy = near or f"add it: {column.meaning}"
            what = "is not among the columns"
            problems.append(Problem(file=table.file, line=line, field=column.name, what=what, remedy=remedy))
    optional = [column.name for column in absent if not column.required]
    warnings = []
    for name in unknown:
        if near := suggestion(name, optional):
            what = "is not a known column"
            problems.append(Problem(file=table.file, line=line, field=shown(name), what=what, remedy=near))
        else:
            warnings.append(f"{table.file}: column {shown(name)!r} is not known and was ignored")
    return problems, warnings


def check_network(
    reader: TableReader | None,
    participants: Participants | None,
    settings: Settings | None,
    problems: Problems,
) -> bool:
    """Takes in what is wrong with the network, and with the buses of the participants in it.

    Returns:
        Whether there is a network that the buses could be looked up in.
    """
    from gridpact.grid.compile import compile_source

    if settings is None or settings.network is None:
        return False
    try:
        network = compile_source(settings.network)
    except InvalidCase as error:
        for problem in error.problems:
            line = settings.network_line if problem.file == CASE_FILE and not problem.line else problem.line
            problems.add(replace(problem, line=line))
        return False
    if reader is not None and participants is not None:
        _check_buses(reader, participants, network)
    return True


def _check_buses(reader: TableReader, participants: Participants, network: Network) -> None:
    bus = participants.bus
    off = np.isin(bus, network.out_of_service_bus_ids)
    islanded = np.isin(bus, network.islanded_bus_ids)
    unknown = (bus >= 0) & ~off & ~islanded & ~np.isin(bus, network.bus_ids)
    known = f"its buses are {_spans(network.bus_ids)}; see `gridpact network`"
    reader.refuse("bus", unknown, "is not a bus of the network", known)
    reader.refuse("bus", off, "is out of service in the network", "choose a bus in service")
    reader.refuse("bus", islanded, "is cut off in the network", "the bus is not connected to a supply")


def _spans(indices: Int) -> str:
    """Ascending indices as runs, "0 to 43, 47, 50 to 52", the first ones of very many."""
    if not len(indices):
        return "none"
    runs = np.split(indices, np.flatnonzero(np.diff(indices) > 1) + 1)
    words = [f"{run[0]} to {run[-1]}" if len(run) > 1 else str(run[0]) for run in runs]
    return ", ".join(words[:RUNS_SHOWN_MAX]) + (", …" if len(words) > RUNS_SHOWN_MAX else "")
