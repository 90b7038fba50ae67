"""Progress on stderr, for work that takes longer than a person likes to wait in silence."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer

PATIENCE_SECONDS = 1.0


@contextmanager
def progress(what: str, *, quiet: bool) -> Iterator[None]:
    """Says `what` is being done on stderr once it has taken over a second, unless `quiet`."""
    timer = Timer(PATIENCE_SECONDS, _say, args=(what,))
    timer.daemon = True
    if not quiet:
        timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _say(what: str) -> None:
    """Says on stderr what is going on."""
    sys.stderr.write(f"{what} …\n")
    sys.stderr.flush()
