"""Writing envelopes: all files of a result, or none."""

from pathlib import Path

from gridpact.case.case import TableFormat
from gridpact.case.writing.table_file import write_table
from gridpact.envelopes.envelopes import Envelopes
from gridpact.fields.arguments import need, path_of
from gridpact.results.clearance_writer import table_columns
from gridpact.results.output_folder import ResultKind, output_folder

TABLE, PICTURE_FILE = "envelopes", "envelopes.html"
ENVELOPES_RESULT = ResultKind(
    words="envelopes",
    names=frozenset({PICTURE_FILE, *(f"{TABLE}.{suffix}" for suffix in TableFormat)}),
    is_one=lambda folder: True,
)


def write_envelopes(envelopes: Envelopes, folder: str | Path, *, picture: str | None = None) -> Path:
    """Writes envelopes into a folder, replacing earlier ones there, and gives the folder.

    Args:
        envelopes: the result.
        folder: made where it does not exist.
        picture: the page of pictures, left out where there is none.

    Raises:
        InvalidUsage: the folder holds something that is not an earlier result, or cannot be written to.
    """
    need("write_envelopes", Envelopes, envelopes, "give what gridpact.envelope makes")
    target = path_of("write_envelopes", folder)
    table_format = envelopes.case.table_format
    with output_folder(target, ENVELOPES_RESULT) as aside:
        write_table(table_columns(envelopes.table, table_format), aside, TABLE, table_format)
        if picture is not None:
            (aside / PICTURE_FILE).write_text(picture, encoding="utf-8", newline="\n")
    return target
