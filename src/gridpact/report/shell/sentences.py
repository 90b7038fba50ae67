"""How sentences begin and end."""


def capitalised(text: str) -> str:
    """The text with a capital."""
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """The text with a capital and a full stop."""
    return capitalised(text) + ("" if text.endswith(".") else ".")
