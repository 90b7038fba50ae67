"""Checks of a table's columns against its schema, and of a case's network."""

from dataclasses import replace

from gridpact.case.folder.case_files import CASE_FILE
from gridpact.case.folder.settings import Settings
from gridpact.case.reading.problems import Problems, shown, suggestion
from gridpact.case.reading.table import Table
from gridpact.case.schema import Schema
from gridpact.errors import InvalidCase, Problem
from gridpact.grid.network import Network
from gridpact.grid.source import NEUTRAL_FIELD


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


def read_network(settings: Settings | None, problems: Problems) -> Network | None:
    """The network of a case; `None` where there is none, or it cannot be used, which is then a problem."""
    from gridpact.grid.compile import compile_source

    if settings is None or settings.network is None or not settings.network.is_given:
        return None
    try:
        return compile_source(settings.network)
    except InvalidCase as error:
        for problem in error.problems:
            line = settings.neutral_line if problem.field == NEUTRAL_FIELD else settings.network_line
            is_placed = problem.file != CASE_FILE or problem.line
            problems.add(problem if is_placed else replace(problem, line=line))
        return None
