"""What is shown of operating envelopes: to each their own."""

from gridpact.gate.views.table_text import ResultRows, text_rows


def envelope_rows(
    content: bytes, own: frozenset[str] | None, wanted: str | None, *, shows_elements: bool
) -> ResultRows:
    """The rows of some participants, by which bus, line or transformer only where that is shown.

    Args:
        content: of the table.
        own: whose rows the reader may have, `None` for all.
        wanted: the one whose rows are asked for, `None` for all of these.
        shows_elements: whether elements are shown.
    """
    rows = [
        row
        for row in text_rows(content)
        if (own is None or row["participant"] in own) and wanted in (None, row["participant"])
    ]
    if not shows_elements:
        for row in rows:
            row |= {name: None for name in row if name.startswith(("element_", "phase_"))}
    return rows
