"""Small tables by which values show themselves in notebooks."""

from collections.abc import Mapping
from html import escape


def small_table(caption: str, facts: Mapping[str, str]) -> str:
    """Names and values as HTML, escaped, in the notebook's own colours."""
    rows = "".join(f"<tr><th>{escape(name)}</th><td>{escape(fact)}</td></tr>" for name, fact in facts.items())
    return f"<table><caption>{escape(caption)}</caption>{rows}</table>"
