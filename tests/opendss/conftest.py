"""Networks of OpenDSS folders are compiled anew in each test."""

import pytest

from gridpact.grid import compile as compiling
from gridpact.grid.cache import FOLDER_VARIABLE


@pytest.fixture(autouse=True)
def _compiled_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("dss", reason="OpenDSS comes with gridpact[opendss]")
    monkeypatch.setenv(FOLDER_VARIABLE, "")
    compiling._compiled_file.cache_clear()
