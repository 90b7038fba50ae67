"""The rule `max-min`: no share can be raised alone, none is smaller than by `equal`, and all is safe."""

from pathlib import Path

import numpy as np
import pytest

import gridpact
from gridpact.arrays import Float
from gridpact.case import Case
from gridpact.clearing.network.connections import connections_of
from gridpact.clearing.network.network_state import nominal_limits
from gridpact.envelopes import OperatingEnvelopes
from gridpact.grid.verification.verification_flow import run_verification_power_flow
from tests.envelopes.made import SINGLE, Judge, all_corners, builtin_case, three_phase_case

AT_BOUND, RAISED = 1e-5, 0.01


def every_excess(case: Case, found: OperatingEnvelopes, power_kw: Float) -> Float:
    """The excess of each limit by power-grid-model, (m, Q)."""
    people, network = case.participants, found.network
    tan_phi = np.where(power_kw > 0.0, people.generation_tan_phi, people.load_tan_phi)
    at = connections_of(network, people)
    flow = run_verification_power_flow(
        network.verification_model, at.bus, at.shared(power_kw), at.shared(power_kw * tan_phi), at.phase
    )
    limits = nominal_limits(network, case.limits, len(power_kw))
    return np.hstack(
        [
            flow.voltage_pu - limits.voltage_max_pu,
            limits.voltage_min_pu - flow.voltage_pu,
            (flow.loading_percent - limits.loading_max_percent) / 100.0,
            (flow.unbalance_percent - limits.unbalance_max_percent) / 100.0,
        ]
    )


def raisable(case: Case, found: OperatingEnvelopes) -> list[tuple[int, str]]:
    """The shares below 1 that are not at a limit, all corners tried."""
    people, connection = len(case.participants), case.participants.connection_kw
    corners = all_corners(people)
    judge = Judge(case, found.network)
    boxes = {"import": found.import_max_kw[0], "export": found.export_max_kw[0]}
    before = every_excess(case, found, judge.powers(corners, boxes["import"], boxes["export"])).max(axis=0)
    near = before >= -AT_BOUND
    free = []
    for side in boxes:
        for one in range(people):
            if boxes[side][one] >= connection[one] * (1.0 - 1e-9):
                continue
            raised = {name: box.copy() for name, box in boxes.items()}
            raised[side][one] += RAISED * connection[one]
            powers = judge.powers(corners, raised["import"], raised["export"])
            after = every_excess(case, found, powers).max(axis=0)
            if not np.any(near & (after > before + 1e-10)):
                free.append((one, side))
    return free


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
    assert raisable(case, found) == []
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
    assert raisable(case, gridpact.operating_envelopes(case))


@pytest.mark.parametrize("seed", [0, 1])
def test_no_share_can_be_raised_alone_on_single_phases(seed: int, tmp_path: Path) -> None:
    check(three_phase_case(tmp_path, phases=SINGLE[:5], seed=seed, voltage_unbalance_max_percent=1.0 + seed))
