"""What every test has, a cache of compiled networks of its own run; and what a run left out, said loudly."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gridpact.grid.cache import FOLDER_VARIABLE
from tests.pages.browser import NO_BROWSER


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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says loudly which tests were left out for want of a browser, and how to get one."""
    skipped = terminalreporter.stats.get("skipped", [])
    left_out = sorted({one.nodeid for one in skipped if NO_BROWSER in str(one.longrepr)})
    if left_out:
        terminalreporter.section("LEFT OUT: tests in a real browser", sep="!", red=True, bold=True)
        for name in left_out:
            terminalreporter.line(name)
        terminalreporter.line(NO_BROWSER)
