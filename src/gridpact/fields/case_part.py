"""CasePart: what the frozen dataclasses that a case is made of have in common."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeVar, cast

import numpy as np

P = TypeVar("P", bound="CasePart")


class CasePart:
    """Checks its fields when it is made; copies and pickles keep its arrays read-only."""

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        values = {field.name: getattr(self, field.name) for field in fields(cast(Any, self))}
        return _restored, (type(self), values)

    def _set(self, **values: Any) -> None:
        """Puts converted values in the place of those that were given; for `__post_init__` alone."""
        for name, value in values.items():
            object.__setattr__(self, name, value)


def unchecked(kind: type[P], **values: Any) -> P:
    """A part of values that are checked already, or that only accompany problems which refuse the case.

    Args:
        kind: the class.
        values: every field without a default; they are taken as they are.
    """
    part = object.__new__(kind)
    for field in fields(cast(Any, kind)):
        if field.name in values:
            value = values.pop(field.name)
        elif field.default_factory is not MISSING:
            value = field.default_factory()
        elif field.default is not MISSING:
            value = field.default
        else:
            raise TypeError(f"{kind.__name__} needs {field.name}")
        object.__setattr__(part, field.name, value)
    if values:
        raise TypeError(f"{kind.__name__} has no {next(iter(values))}")
    return part


def _restored(kind: type[P], values: Mapping[str, Any]) -> P:
    """A part as it was; arrays come out of a pickle writeable."""
    for value in values.values():
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
    return unchecked(kind, **values)
