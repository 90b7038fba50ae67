"""Texts in CSV cells that no spreadsheet takes for a formula, and the texts that they stand for.

A spreadsheet calculates a cell that begins with one of the signs below, whoever wrote it; where it takes
semicolons for separators, what follows one is a cell too. An apostrophe in front makes it text. A text that
has apostrophes there itself gets one more, so that taking one away always gives the text back.
"""

import re
from collections.abc import Iterable
from typing import Any

SIGNS = "=+@\t\r\n＝＋－＠-"
KNOWN = ("@head",)  # a word of the format itself, which calculates nothing
_STARTS = f"(^|;)('*[{SIGNS}])"
_MARKED = f"(^|;)'('*[{SIGNS}])"
_MARKED_CELLS = rf"\A'('*[{SIGNS}])", rf";'('*[{SIGNS}])"


def cell_texts(texts: Iterable[str]) -> list[str]:
    """Each text as it stands in a cell: with an apostrophe where a spreadsheet would calculate."""
    return [text if text in KNOWN else re.sub(_STARTS, r"\1'\2", text) for text in texts]


def cell_array(array: Any) -> Any:
    """The same for an Arrow array; one that has no such text, or is not of texts, as it is."""
    import pyarrow as pa
    import pyarrow.compute as pc

    is_text = pa.types.is_string(array.type) or pa.types.is_large_string(array.type)
    if not is_text or not pc.any(pc.match_substring_regex(array, _STARTS)).as_py():
        return array
    return pa.array(
        [None if text is None else cell_texts([text])[0] for text in array.to_pylist()], array.type
    )


def texts_of_cells(array: Any) -> Any:
    """The texts, an Arrow array, that an Arrow array of cells stands for."""
    import pyarrow.compute as pc

    if not pc.any(pc.match_substring_regex(array, _MARKED)).as_py():
        return array
    for pattern, kept in zip(_MARKED_CELLS, (r"\1", r";\1"), strict=True):
        array = pc.replace_substring_regex(array, pattern, kept)
    return array


def text_of_cell(cell: str) -> str:
    """The text that one cell stands for."""
    for pattern, kept in zip(_MARKED_CELLS, (r"\1", r";\1"), strict=True):
        cell = re.sub(pattern, kept, cell)
    return cell
