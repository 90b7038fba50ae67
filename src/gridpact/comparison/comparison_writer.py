"""Writing a comparison: all files of it, or none."""

import json
from collections.abc import Mapping
from pathlib import Path

from gridpact.case.case import TableFormat
from gridpact.case.writing.table_file import write_table
from gridpact.comparison.comparison_table import TABLE
from gridpact.comparison.result_comparison import ResultComparison
from gridpact.fields.arguments import need, path_of
from gridpact.results.clearance_writer import table_columns
from gridpact.results.output_folder import ResultKind, output_folder

FIGURES_FILE, PAGE_FILE = f"{TABLE}.json", f"{TABLE}.html"
COMPARISON_RESULT = ResultKind(
    words="a comparison",
    names=frozenset({FIGURES_FILE, PAGE_FILE, *(f"{TABLE}.{suffix}" for suffix in TableFormat)}),
    is_one=lambda folder: (folder / FIGURES_FILE).is_file(),
)


def write_comparison(
    comparison: ResultComparison,
    folder: str | Path,
    *,
    page: str | None = None,
    inputs: Mapping[str, Path | None] | None = None,
) -> Path:
    """Writes a comparison into a folder, replacing an earlier one there, and gives the folder.

    The table is Parquet where that of a result is.

    Args:
        comparison: what gridpact.compare makes.
        folder: made where it does not exist.
        page: the page of tables and pictures, left out where there is none.
        inputs: folders that it was made of, which it must not replace, by what they are called.

    Raises:
        InvalidUsage: the folder holds something that is not an earlier comparison, or cannot be written to.
    """
    need("write_comparison", ResultComparison, comparison, "give what gridpact.compare makes")
    target = path_of("write_comparison", folder)
    is_parquet = comparison.first.is_parquet or comparison.second.is_parquet
    table_format = TableFormat.PARQUET if is_parquet else TableFormat.CSV
    figures = json.dumps(comparison.summary, indent=2, ensure_ascii=False) + "\n"
    with output_folder(target, COMPARISON_RESULT, inputs=inputs) as aside:
        write_table(table_columns(comparison.table, table_format), aside, TABLE, table_format)
        (aside / FIGURES_FILE).write_text(figures, encoding="utf-8", newline="\n")
        if page is not None:
            (aside / PAGE_FILE).write_text(page, encoding="utf-8", newline="\n")
    return target
