"""Arguments: what functions are called with, or the words that refuse the call."""

import os
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from gridpact.errors import InvalidUsage
from gridpact.fields.said import a, with_article

Choice = TypeVar("Choice", bound=StrEnum)


def need(function: str, kind: type[Any], value: object, remedy: str) -> None:
    """Refuses a call whose argument is not of a kind.

    Args:
        function: that is called.
        kind: what its argument has to be.
        value: what it is.
        remedy: how to come by one.

    Raises:
        InvalidUsage: it is something else.
    """
    if not isinstance(value, kind):
        raise InvalidUsage(f"{function} takes {with_article(kind.__name__)}, not {a(value)}", remedy)


def path_of(function: str, value: object, remedy: str = "give it as text or a Path") -> Path:
    """The path that an argument of a function gives.

    Raises:
        InvalidUsage: it is neither text nor a path.
    """
    if isinstance(value, str | os.PathLike) and isinstance(path := os.fspath(value), str):
        return Path(path)
    raise InvalidUsage(f"{function} takes a path, not {a(value)}", remedy)


def chosen(kind: type[Choice], name: str, value: object) -> Choice:
    """The member of an enumeration that an argument names.

    Raises:
        InvalidUsage: no member has that name.
    """
    if isinstance(value, str) and value in tuple(kind):
        return kind(value)
    raise InvalidUsage(f"{name} '{value}' is not known", f"write {_listed(kind)}")


def _listed(names: Iterable[str]) -> str:
    """Names with commas between them."""
    return ", ".join(str(name) for name in names)
