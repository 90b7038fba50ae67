"""Files that are named on the command line, as sheets."""

from collections.abc import Sequence
from pathlib import Path

from gridpact.errors import Problem
from gridpact.imports.sheets.sheet import Sheet
from gridpact.imports.sheets.text_sheet import text_sheet
from gridpact.imports.sheets.workbook import is_workbook, workbook_sheets


def file_content(path: Path) -> bytes | Problem:
    """The content of a plain file, or why there is none."""
    if path.is_dir():
        return Problem(file=str(path), what="is a folder", remedy="name the files in it")
    try:
        content = path.read_bytes() if path.is_file() else None
    except OSError as error:
        return Problem(file=str(path), what=f"cannot be read: {error.strerror}")
    if content is None:
        what = "is not a plain file" if path.exists() else "does not exist"
        return Problem(file=str(path), what=what, remedy="give the name of a file")
    if not content.strip():
        return Problem(file=str(path), what="is empty", remedy="export it again")
    return content


def file_sheets(path: Path, separator: str = "") -> Sequence[Sheet] | Problem:
    """The sheets of a file: one of a text, those that hold anything of a workbook.

    Args:
        path: of the file.
        separator: between the cells of a text; found in it where none is given.
    """
    content = file_content(path)
    if isinstance(content, Problem):
        return content
    if is_workbook(content):
        return workbook_sheets(content, str(path))
    sheet = text_sheet(content, str(path), separator)
    return sheet if isinstance(sheet, Problem) else (sheet,)
