"""Every example folder is a case that clears."""

import importlib
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gridpact
from gridpact.case.terms import Terms

EXAMPLES = Path(__file__).parents[2] / "examples"
EXPECTED = {
    "cigre-lv-day": ("cleared", 44.568),
    "village-day": ("cleared", 235.334),
    "cigre-lv-extreme": ("cleared", 713.488),
    "simbench-rural-june": ("cleared", 348.617),
    "simbench-rural-winter": ("cleared", 115.918),
    "clock-forward-day": ("cleared", 120.338),
    "clock-back-day": ("cleared", 133.130),
    "european-lv-phases": ("cleared", 473.339),
}


def test_no_example_is_forgotten() -> None:
    folders = {path.name for path in EXAMPLES.iterdir() if (path / "case.toml").is_file()}
    assert folders == set(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_the_example_clears(name: str) -> None:
    clearance = gridpact.clear(gridpact.read_case(EXAMPLES / name))
    status, cleared_kwh = EXPECTED[name]
    summary = clearance.summary
    assert summary["status"] == status
    assert summary["cleared_kwh"] == pytest.approx(cleared_kwh, abs=5e-4)
    assert summary["verification"]["max_difference_pu"] < 1e-8
    assert summary["inputs_sha256"]


def test_the_written_examples_are_the_published_cases() -> None:
    """The folders hold what the package makes, number for number."""
    from dataclasses import replace

    from gridpact.published import cigre_day, cigre_extreme, village_day

    for name, case in (
        ("cigre-lv-day", cigre_day()),
        ("village-day", village_day()),
        ("cigre-lv-extreme", cigre_extreme()),
    ):
        read = gridpact.read_case(EXAMPLES / name)
        for part in ("participants", "profiles", "trades", "orders", "horizon", "limits"):
            left, right = getattr(read, part), getattr(case, part)
            assert_same(left, right, f"{name}: {part}")
        assert replace(read.network) == case.network


def test_the_page_of_the_day_of_three_phases_says_what_clears(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(EXAMPLES)
    maker = importlib.import_module("european_phases")
    case = maker.european_phases(EXAMPLES)
    assert set(case.participants.phases) == {"a", "b", "c"}
    page = (EXAMPLES / maker.FOLDER / "README.md").read_text()
    assert maker.readme(case) == page
    cuts = [float(kwh) for kwh in re.findall(r"^\| .* \| ([0-9.]+) \|$", page, re.MULTILINE)]
    [(cleared, proposed)] = re.findall(r"Cleared: ([0-9.]+) kWh of ([0-9.]+) kWh", page)
    assert sum(cuts) == pytest.approx(float(proposed) - float(cleared), abs=0.02)


def assert_same(left: Any, right: Any, where: str) -> None:
    """Two of the same class agree field by field."""
    for field in type(left).__dataclass_fields__:
        one, other = getattr(left, field), getattr(right, field)
        if isinstance(one, Terms):
            assert_same(one, other, f"{where}.{field}")
        else:
            np.testing.assert_array_equal(one, other, err_msg=f"{where}.{field}")
