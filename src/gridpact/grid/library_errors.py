"""What the network libraries raise on bad input, as a problem of the network."""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from gridpact.errors import InvalidCase
from gridpact.grid.source import NetworkSource


@contextmanager
def problems_of_libraries(source: NetworkSource) -> Iterator[None]:
    """Turns what the network libraries raise on bad input into a problem of the source."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except library_errors() as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise InvalidCase([source.problem("cannot be used as a network", remedy=reason)]) from error


def library_errors() -> tuple[type[Exception], ...]:
    """The errors that a network file can provoke.

    A file can hold anything, and the libraries check little of it before they use it, so the list is long; it
    is the only place that has one. pandapower's own are on it once it is imported, and cannot come before.
    """
    errors: tuple[type[Exception], ...] = (
        ArithmeticError,
        AttributeError,
        ImportError,
        LookupError,
        NotImplementedError,
        OSError,
        RuntimeError,  # power-grid-model's errors, scipy's singular matrices, too deep nesting
        TypeError,
        UserWarning,
        ValueError,  # numpy's and JSON's errors too
    )
    if "pandapower" not in sys.modules:
        return errors
    from pandapower.auxiliary import ppException
    from pandapower.io_utils import DeserializationNotAllowed

    return (*errors, DeserializationNotAllowed, ppException)
