"""The text of a JSON file, with a byte order mark or without, and what a file that is no text is instead."""

import codecs

from gridpact.errors import InvalidCase
from gridpact.grid.source import NetworkSource

# UTF-32 comes first: its mark for little-endian text starts with that of UTF-16.
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
BY_PANDAPOWER = "open it with pandapower.{}, and write it with pandapower.to_json"
OTHER_FILES = (
    (
        tuple(b"\x80" + bytes([protocol]) for protocol in range(2, 6)),
        "is a pickle, which can run code when it is opened",
        BY_PANDAPOWER.format("from_pickle"),
    ),
    (
        (b"PK\x03\x04",),
        "is a workbook or a ZIP archive",
        f"unpack it, or {BY_PANDAPOWER.format('from_excel')}",
    ),
    ((b"SQLite format 3\x00",), "is a database", BY_PANDAPOWER.format("from_sqlite")),
    ((b"\x1f\x8b",), "is compressed", "unpack it"),
)


def json_text(content: bytes, source: NetworkSource, formats: str) -> str:
    """The text of a file in UTF-8, or in what its byte order mark names.

    Args:
        content: the file.
        source: for problems.
        formats: what the file should be, in words.

    Raises:
        InvalidCase: it is not text.
    """
    for starts, what, remedy in OTHER_FILES:
        if content.startswith(starts):
            raise InvalidCase([source.problem(what, remedy=remedy)])
    mark, encoding = next((pair for pair in MARKS if content.startswith(pair[0])), (b"", "utf-8"))
    try:
        return content[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        what = f"is not {encoding.upper().removesuffix('-LE').removesuffix('-BE')} text"
        raise InvalidCase([source.problem(what, remedy=f"give {formats}")]) from error
