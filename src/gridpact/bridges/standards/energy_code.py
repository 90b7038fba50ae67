"""The check character of an energy identification code (EIC).

ENTSO-E, "Energy Identification Coding Scheme (EIC) Reference Manual": 15 characters of 0-9, A-Z and hyphen,
each worth its place in that order, times 16 down to 2; the check character is worth 36 − ((sum − 1) mod 37).
"""

import re

CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-"
_FORM = re.compile(r"[0-9]{2}[A-Z][A-Z0-9-]{12}[A-Z0-9]")


def check_character(stem: str) -> str:
    """The check character of the first 15 characters of a code."""
    total = sum(CHARACTERS.index(each) * weight for each, weight in zip(stem, range(16, 1, -1), strict=True))
    return CHARACTERS[36 - (total - 1) % 37]


def energy_code_fault(code: str) -> tuple[str, str] | None:
    """What is wrong with an energy identification code and what would be right; `None` where nothing is."""
    if not _FORM.fullmatch(code):
        return (
            "is not an energy identification code",
            "write 16 characters: two digits, a letter, 12 of A-Z, 0-9 and -, and the check character",
        )
    due = check_character(code[:15])
    if code[15] != due:
        return f"has a check character that does not fit: '{due}' would", "look for a slip of the pen"
    return None
