"""Names that users of a gate choose, and what is wrong with one."""

import re
import unicodedata

from gridpact.gate.words.refused import FieldProblem

USER_NAME = re.compile(r"[a-z0-9._-]{1,64}")
SESSION_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
NAME_CHARACTERS_MAX = 64
NAME_MAX = 200  # Of participants and retailers: what the database has room for.


def name_problem(pointer: str, value: object) -> FieldProblem | None:
    """What is wrong with the name of an order, trade, withdrawal, group or link."""
    if isinstance(value, str) and 1 <= len(value) <= NAME_CHARACTERS_MAX and not has_controls(value):
        return None
    return FieldProblem(
        pointer=pointer,
        value=shown(value),
        what="is not a name",
        remedy=f"write text of 1 to {NAME_CHARACTERS_MAX} characters, none of them a control character",
    )


def shown(value: object) -> str:
    """A value as a problem shows it."""
    from gridpact.case.reading.problems import shown as cut
    from gridpact.gate.words.json_bodies import compact_json

    return cut(value if isinstance(value, str) else compact_json(value))


def has_controls(text: str) -> bool:
    """Whether a text has a control character."""
    return any(unicodedata.category(character) == "Cc" for character in text)
