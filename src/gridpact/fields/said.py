"""Words: how values of any kind are shown in problems."""

VALUE_SHOWN_MAX = 80


def said(value: object) -> str:
    """A value of any kind as a problem shows it: one line, cut where it is long."""
    if isinstance(value, str):
        text = value
    else:
        try:
            text = " ".join(repr(value).split())
        except Exception:  # Whatever the caller's own class does, it is the case that is refused.
            text = a(value)
    return cut(text)


def cut(text: str) -> str:
    """A text as a problem shows it: no longer than `VALUE_SHOWN_MAX`, and an ellipsis for the rest."""
    return text if len(text) <= VALUE_SHOWN_MAX else text[:VALUE_SHOWN_MAX] + "…"


def a(value: object) -> str:
    """What kind of object a value is: "a dict", "an int", "None"."""
    return "None" if value is None else with_article(type(value).__name__)


def with_article(name: str) -> str:
    """A name with its article: "an int"."""
    return f"{'an' if name[:1].lower() in tuple('aeiou') else 'a'} {name}"


def counted(count: int, noun: str) -> str:
    """A count with its noun: "1 period", "2 periods"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def shortened(text: str, characters: int) -> str:
    """A text of no more than so many characters, the last of them an ellipsis where it is cut."""
    return text if len(text) <= characters else f"{text[: characters - 1]}…"
