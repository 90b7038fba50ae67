"""How sentences begin and end."""


def capitalised(text: str) -> str:
    """The text with a capital, unless it begins with the name of a file."""
    is_file = "." in text.partition(" ")[0].rstrip(".")
    return text if is_file else text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """The text with a capital and a full stop."""
    return capitalised(text) + ("" if text.endswith(".") else ".")
