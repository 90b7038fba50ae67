"""A workbook as sheets of cells, by python-calamine."""

import io
import zipfile
from typing import Any

from gridpact.errors import Problem
from gridpact.extras import XLSX
from gridpact.imports.sheets.sheet import Sheet, is_empty

UNPACKED_BYTES_MAX = 2**31  # of all parts of a workbook together
_ZIP, _OLD = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_AGAIN = "open it in a spreadsheet and save it again, without a password, or as CSV"


def is_workbook(content: bytes) -> bool:
    """Whether a file is a workbook, by how it begins."""
    return content.startswith((_ZIP, _OLD))


def workbook_sheets(content: bytes, file: str) -> list[Sheet] | Problem:
    """The sheets of a workbook that hold anything, hidden ones too, or why there are none.

    Raises:
        InvalidUsage: what reads workbooks is not installed.
    """
    if content.startswith(_ZIP) and (problem := _too_large(content, file)):
        return problem
    read = _calamine()
    try:
        book = read.CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = [(name, book.get_sheet_by_name(name)) for name in book.sheet_names]
        tables = [(name, sheet.to_python(skip_empty_area=False)) for name, sheet in sheets]
    except (read.CalamineError, ValueError, OSError):
        return Problem(file=file, what="cannot be read as a workbook", remedy=_AGAIN)
    except BaseException as error:  # It may also panic, which Python has no name for.
        if type(error).__name__ != "PanicException":
            raise
        return Problem(file=file, what="cannot be read as a workbook", remedy=_AGAIN)
    filled = [
        (name, rows) for name, rows in tables if any(not is_empty(cell) for row in rows for cell in row)
    ]
    if not filled:
        return Problem(file=file, what="is a workbook without any cells", remedy="export it again")
    return [
        Sheet(
            file=f"{file}, sheet {name!r}" if len(filled) > 1 else file,
            rows=[list(row) for row in rows],
            lines=list(range(1, 1 + len(rows))),
            form=f"workbook, sheet {name!r}",
            is_workbook=True,
            name=name,
        )
        for name, rows in filled
    ]


def _too_large(content: bytes, file: str) -> Problem | None:
    """The problem of a workbook that would take all memory once it is unpacked, or is damaged."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            size = sum(part.file_size for part in parts.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return Problem(file=file, what="cannot be read as a workbook", remedy=_AGAIN)
    if size <= UNPACKED_BYTES_MAX:
        return None
    what = f"holds {size / 2**30:.1f} GiB once it is unpacked"
    return Problem(file=file, what=what, remedy="export fewer meters or months at a time")


def _calamine() -> Any:
    """What reads workbooks."""
    XLSX.need("a workbook (.xlsx) takes python-calamine, which is not installed", "python_calamine")
    import python_calamine

    return python_calamine
