"""Every example folder is a case that clears."""

from pathlib import Path

import pytest

import gridpact

EXAMPLES = Path(__file__).parents[2] / "examples"
EXPECTED = {
    "cigre-lv-day": ("cleared", 44.568),
    "village-day": ("cleared", 235.334),
    "cigre-lv-extreme": ("cleared", 713.488),
    "simbench-rural-june": ("cleared", 348.617),
    "simbench-rural-winter": ("cleared", 115.918),
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
            for field in type(left).__dataclass_fields__:
                one, other = getattr(left, field), getattr(right, field)
                assert (one == other).all() if hasattr(one, "all") else one == other, (name, part, field)
        assert replace(read.network) == case.network
