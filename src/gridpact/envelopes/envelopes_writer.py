"""Writing operating envelopes: all files of a result, or none."""

from pathlib import Path

from gridpact.case.case import TableFormat
from gridpact.case.writing.table_file import write_table
from gridpact.envelopes.exchange_formats.csip_aus_controls import csip_aus_controls
from gridpact.envelopes.exchange_formats.openadr_events import openadr_text
from gridpact.envelopes.operating_result import OperatingEnvelopes
from gridpact.fields.arguments import need, path_of
from gridpact.results.clearance_writer import table_columns
from gridpact.results.file_names import file_names
from gridpact.results.output_folder import ResultKind, output_folder

TABLES, PAGE_FILE = ("operating_envelopes", "operating_corners"), "envelopes.html"
OPENADR_FILE, CSIP_AUS_FOLDER = "openadr_events.json", "csip_aus"
OPERATING_RESULT = ResultKind(
    words="operating envelopes",
    names=frozenset(
        {PAGE_FILE, OPENADR_FILE, *(f"{name}.{suffix}" for name in TABLES for suffix in TableFormat)}
    ),
    is_one=lambda folder: (folder / OPENADR_FILE).is_file(),
    folders={CSIP_AUS_FOLDER: (".xml",)},
)


def write_operating_envelopes(
    envelopes: OperatingEnvelopes, folder: str | Path, *, page: str | None = None
) -> Path:
    """Writes operating envelopes into a folder, replacing earlier ones there, and gives the folder.

    Args:
        envelopes: the result.
        folder: made where it does not exist.
        page: the page of pictures, left out where there is none.

    Raises:
        InvalidUsage: the folder holds something that is not an earlier result, or cannot be written to.
    """
    need(
        "write_operating_envelopes",
        OperatingEnvelopes,
        envelopes,
        "give what gridpact.operating_envelopes makes",
    )
    target = path_of("write_operating_envelopes", folder)
    table_format = envelopes.case.table_format
    with output_folder(target, OPERATING_RESULT) as aside:
        for name, table in zip(TABLES, (envelopes.table, envelopes.corners_table), strict=True):
            write_table(table_columns(table, table_format), aside, name, table_format)
        _write(aside / OPENADR_FILE, openadr_text(envelopes))
        (aside / CSIP_AUS_FOLDER).mkdir()
        for place, name in enumerate(file_names(envelopes.case.participants.ids)):
            _write(aside / CSIP_AUS_FOLDER / f"{name}.xml", csip_aus_controls(envelopes, place))
        if page is not None:
            _write(aside / PAGE_FILE, page)
    return target


def _write(path: Path, text: str) -> None:
    """Writes a text, the same bytes on every system."""
    path.write_text(text, encoding="utf-8", newline="\n")
