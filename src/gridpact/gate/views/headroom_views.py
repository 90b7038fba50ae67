"""What is shown of headroom: to each their own."""

from typing import Any

from gridpact.gate.views.table_text import table_rows


def headroom_rows(
    content: bytes, participants: frozenset[str], *, shows_elements: bool
) -> list[dict[str, Any]]:
    """The rows of some participants, by which bus, line or transformer only where that is shown."""
    rows = [row for row in table_rows(content) if row["participant"] in participants]
    if not shows_elements:
        for row in rows:
            row |= {name: None for name in row if name.endswith(("_element", "_phase"))}
    return rows
