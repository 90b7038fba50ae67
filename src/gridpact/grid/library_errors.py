"""What the network libraries raise on bad input, as a problem of the network."""

import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from gridpact.errors import InvalidCase
from gridpact.grid.source import NetworkSource

REASON_LENGTH_MAX = 300
# Words of a program rather than of a network: names of classes and functions, and of Python's own types.
PROGRAM_WORDS = re.compile(
    r"\b(?=\w*[a-z])[A-Z]\w*[A-Z]\w*|\b\w+(Error|Exception|Warning)\b|\w+\(|"
    r"\b(class|dict|float|int|list|None|object|str)\b"
)
REMEDY = "see whether the program that wrote it still reads and solves it, and write it anew"
BUILTIN_REMEDY = "please report this network, with the versions of the libraries"


@contextmanager
def problems_of_libraries(source: NetworkSource) -> Iterator[None]:
    """Turns what the network libraries raise on bad input into a problem of the source."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except library_errors() as error:
        what, remedy = _in_words(error)
        remedy = remedy or (REMEDY if source.file is not None else BUILTIN_REMEDY)
        raise InvalidCase([source.problem(f"cannot be used as a network{what}", remedy=remedy)]) from error


def _in_words(error: Exception) -> tuple[str, str]:
    """What an error says of the network, and what to do about it; empty where it speaks of a program only."""
    if isinstance(error, MemoryError):
        return (
            ": it takes more memory than there is",
            "leave out what it need not hold, or use a larger machine",
        )
    if isinstance(error, RecursionError):
        return ": it is nested too deeply", ""
    if isinstance(error, ImportError):
        package = error.name or "a package"
        return f": reading it takes {package}, which is not installed", f"install {package}"
    if isinstance(error, KeyError) and error.args and isinstance(error.args[0], str):
        return f": it lacks {error.args[0]!r}", ""
    if isinstance(error, (AttributeError, IndexError, TypeError)):  # which speak of the program only
        return "", ""
    reason = " ".join(str(error).split())[:REASON_LENGTH_MAX].rstrip(". !")
    return ("" if not reason or PROGRAM_WORDS.search(reason) else f": {reason}"), ""


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
        MemoryError,
        NotImplementedError,
        OSError,
        RuntimeError,  # power-grid-model's errors, scipy's singular matrices, too deep nesting
        TypeError,
        UserWarning,
        ValueError,  # numpy's and JSON's errors too
    )
    if sys.modules.get("pandapower") is None:
        return errors
    from pandapower.auxiliary import ppException
    from pandapower.io_utils import DeserializationNotAllowed

    return (*errors, DeserializationNotAllowed, ppException)
