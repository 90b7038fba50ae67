"""TableOpener: the tables of a folder, opened for reading with their columns checked."""

from gridpact.case.case import TableFormat
from gridpact.case.folder.case_files import CaseFiles
from gridpact.case.folder.check import column_problems
from gridpact.case.reading.empty_rows import without_empty_rows
from gridpact.case.reading.problems import Problems
from gridpact.case.reading.reader import TableReader
from gridpact.case.reading.table import parse_csv, parse_parquet
from gridpact.case.schema import Schema


class TableOpener:
    """Opens the tables of a folder, and keeps what was noticed on the way.

    Args:
        files: of the folder.
        problems: takes in what is wrong with the tables.

    Attributes:
        warnings: what a reader of the result should know about the input.
        incomplete: names of the tables whose form is damaged.
        table_format: Parquet where any table is.
    """

    def __init__(self, files: CaseFiles, problems: Problems) -> None:
        self.files = files
        self.problems = problems
        self.warnings: list[str] = []
        self.incomplete: set[str] = set()
        self.table_format = TableFormat.CSV

    def table(self, schema: Schema) -> TableReader | None:
        """A reader of a table; `None` where there is no such file, or it cannot be read."""
        name = self.files.table_name(schema.name)
        content = self.files.read(name) if name else None
        if name is None or content is None:
            return None
        is_parquet = name.endswith(TableFormat.PARQUET)
        if is_parquet:
            self.table_format = TableFormat.PARQUET
        table, problems = parse_parquet(content, name) if is_parquet else parse_csv(content, name)
        self.problems.extend(problems)
        if problems:
            self.incomplete.add(schema.name)
        if table is None:
            return None
        table, notices, problems = without_empty_rows(table)
        self.problems.extend(problems)
        self.warnings.extend((*table.notices, *notices))
        problems, warnings = column_problems(table, schema)
        self.problems.extend(problems)
        self.warnings.extend(warnings)
        return TableReader(table, schema, self.problems)

    def need(self, *schemas: Schema) -> None:
        """Takes in that none of these tables is there, where that is so."""
        if not any(self.files.has_table(schema.name) for schema in schemas):
            self.files.missing_table([schema.name for schema in schemas])
