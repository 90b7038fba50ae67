"""The folder in which the processes of one server count together."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

COUNTING_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"  # As the library of the metrics calls it.


@contextmanager
def counting_folder() -> Iterator[None]:
    """Lets the processes that are started meanwhile count together."""
    with tempfile.TemporaryDirectory(prefix="gridpact-metrics-") as name:
        os.environ[COUNTING_VARIABLE] = name
        try:
            yield
        finally:
            del os.environ[COUNTING_VARIABLE]
