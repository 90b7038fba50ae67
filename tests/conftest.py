"""What every test has: a cache of compiled networks of its own run, never the user's."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gridpact.grid.cache import FOLDER_VARIABLE


@pytest.fixture(scope="session", autouse=True)
def cache_of_this_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The cache folder, shared by the worker processes of one run; processes that tests start take it too."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    before = os.environ.get(FOLDER_VARIABLE)
    os.environ[FOLDER_VARIABLE] = str(shared / "gridpact-cache")
    yield shared / "gridpact-cache"
    if before is None:
        del os.environ[FOLDER_VARIABLE]
    else:
        os.environ[FOLDER_VARIABLE] = before
