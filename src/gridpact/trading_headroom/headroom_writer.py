"""Writing headroom: all files of a result, or none."""

from pathlib import Path

from gridpact.case.case import TableFormat
from gridpact.case.writing.table_file import write_table
from gridpact.fields.arguments import need, path_of
from gridpact.results.clearance_writer import table_columns
from gridpact.results.output_folder import ResultKind, output_folder
from gridpact.trading_headroom.headroom_result import Headroom

TABLE, PICTURE_FILE = "headroom", "headroom.html"
HEADROOM_RESULT = ResultKind(
    words="headroom",
    names=frozenset({PICTURE_FILE, *(f"{TABLE}.{suffix}" for suffix in TableFormat)}),
    is_one=lambda folder: True,
)


def write_headroom(headroom: Headroom, folder: str | Path, *, picture: str | None = None) -> Path:
    """Writes headroom into a folder, replacing earlier ones there, and gives the folder.

    Args:
        headroom: the result.
        folder: made where it does not exist.
        picture: the page of pictures, left out where there is none.

    Raises:
        InvalidUsage: the folder holds something that is not an earlier result, or cannot be written to.
    """
    need("write_headroom", Headroom, headroom, "give what gridpact.headroom makes")
    target = path_of("write_headroom", folder)
    table_format = headroom.case.table_format
    with output_folder(target, HEADROOM_RESULT) as aside:
        write_table(table_columns(headroom.table, table_format), aside, TABLE, table_format)
        if picture is not None:
            (aside / PICTURE_FILE).write_text(picture, encoding="utf-8", newline="\n")
    return target
