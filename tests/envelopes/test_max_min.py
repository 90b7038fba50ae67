"""The rule `max-min`: no share can be raised alone, none is smaller than by `equal`, and all is safe."""

from pathlib import Path

import numpy as np
import pytest

import gridpact
from gridpact.case import Case
from gridpact.envelopes import OperatingEnvelopes
from tests.envelopes.made import SINGLE, Judge, all_corners, builtin_case, three_phase_case
from tests.envelopes.raising import raisable


def check(case: Case) -> tuple[OperatingEnvelopes, OperatingEnvelopes]:
    equal = gridpact.operating_envelopes(case)
    found = gridpact.operating_envelopes(case, rule="max-min")
    for side in ("import_max_kw", "export_max_kw"):
        assert np.all(getattr(found, side) >= getattr(equal, side) - 1e-5)
    assert np.all(found.export_max_kw <= case.participants.connection_kw)
    judge = Judge(case, found.network)
    corners = judge.powers(
        all_corners(len(case.participants)), found.import_max_kw[0], found.export_max_kw[0]
    )
    assert judge.excess(corners).max() <= 1e-8
    assert raisable(judge, found) == []
    return equal, found


CASES = [
    ("pandapower/cigre_lv", 1, {}),
    ("pandapower/cigre_lv", 7, {"voltage_max_pu": 1.03, "voltage_min_pu": 0.97}),
    ("pandapower/kerber_dorfnetz", 4, {"transformer_loading_max_percent": 500.0}),
    ("pandapower/village_1", 9, {"transformer_loading_max_percent": 500.0}),
]


@pytest.mark.parametrize(("name", "seed", "limits"), CASES)
def test_no_share_can_be_raised_alone(name: str, seed: int, limits: dict[str, float]) -> None:
    check(builtin_case(name, seed, 5, scale=10.0, **limits))


def test_who_is_far_from_the_limit_of_all_gets_more() -> None:
    equal, found = check(builtin_case("pandapower/cigre_lv", 1, 5, scale=10.0))
    assert found.export_max_kw.sum() > 1.1 * equal.export_max_kw.sum()
    assert found.import_max_kw.sum() > 1.1 * equal.import_max_kw.sum()


def test_the_test_of_a_raised_share_bites() -> None:
    case = builtin_case("pandapower/cigre_lv", 1, 5, scale=10.0)
    found = gridpact.operating_envelopes(case)
    assert raisable(Judge(case, found.network), found)


@pytest.mark.parametrize("seed", [0, 1])
def test_no_share_can_be_raised_alone_on_single_phases(seed: int, tmp_path: Path) -> None:
    check(three_phase_case(tmp_path, phases=SINGLE[:5], seed=seed, voltage_unbalance_max_percent=1.0 + seed))


def test_who_hardly_touches_the_limit_of_all_gets_its_whole_connection() -> None:
    """Losses alone let two of them load, by less than 1e-9, the line that stops the other eighteen."""
    name = "pandapower/kerber_landnetz_freileitung_1"
    case = builtin_case(name, 3, 20, scale=3.0, transformer_loading_max_percent=500.0)
    found = gridpact.operating_envelopes(case, rule="max-min")
    limits = found.table["limited_by_export"].value_counts().to_dict()
    assert limits == {"line": 18, "connection": 2}
    assert np.isclose(found.export_max_kw[0], case.participants.connection_kw, rtol=1e-8).sum() == 2
