"""Each kind of limit, binding and relieved, on networks of both formats, beside an optimum found apart."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize

import gridpact
from gridpact.arrays import Float
from gridpact.case import Case, write_case
from gridpact.clearing.network.network_state import nominal_limits
from gridpact.clearing.problem.problem import ClearingProblem
from tests.phases.cases import FORMATS, PHASES, WIDE, case_on, limited, network_source, worst_of
from tests.phases.made import pandapower_net
from tests.phases.test_three_phase_clearing import best_volume, posed, states_of
from tests.phases.test_three_phase_limits import KINDS, binding_case, strained
from tests.phases.test_three_phase_results import judged_by_opendss

EUROPEAN = Path(__file__).parents[2] / "examples" / "european-lv-phases"
STEP_KW = 1e-4


def assert_optimum(case: Case) -> None:
    """What clears is the greatest volume within the case's own limits, by SLSQP with power-grid-model."""
    problem = posed(case)
    limits = nominal_limits(problem.network, case.limits, case.horizon.periods)
    cleared_kw = gridpact.clear(case).solution.column_kw
    for period in np.unique(problem.offers.column_period).tolist():
        columns = problem.offers.of_period(period)
        best_kw = best_volume(case, problem, period, columns, limits)
        assert best_kw > 0.0
        assert cleared_kw[columns].sum() == pytest.approx(best_kw, rel=1e-4)


@pytest.mark.parametrize("network_format", FORMATS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_binding_limit_leaves_the_greatest_volume(kind: str, network_format: str, tmp_path: Path) -> None:
    assert_optimum(binding_case(kind, network_format, tmp_path))


@pytest.mark.parametrize("network_format", FORMATS)
@pytest.mark.parametrize("kind", KINDS)
def test_what_the_bare_network_breaks_leaves_the_greatest_volume_that_relieves_it(
    kind: str, network_format: str, tmp_path: Path
) -> None:
    case, bare, traded = strained(kind, network_format, tmp_path)
    assert_optimum(limited(case, kind, bare + 0.3 * (traded - bare) if "voltage_m" in kind else 0.9 * bare))


@pytest.mark.parametrize("network_format", FORMATS)
@pytest.mark.parametrize("kind", KINDS)
def test_what_no_trade_mends_leaves_the_greatest_volume_within_what_the_bare_network_has(
    kind: str, network_format: str, tmp_path: Path
) -> None:
    case, bare, _ = strained(kind, network_format, tmp_path)
    case = limited(case, kind, {"voltage_max": 0.9, "voltage_min": 1.1}.get(kind, 0.02 * bare))
    problem = posed(case)
    limits = problem.operating_limits
    cleared_kw = gridpact.clear(case).solution.column_kw
    for period in np.unique(problem.offers.column_period).tolist():
        columns = problem.offers.of_period(period)
        best_kw = best_volume(case, problem, period, columns, limits)
        assert cleared_kw[columns].sum() == pytest.approx(best_kw, rel=1e-4, abs=1e-3)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "transformer"])
def test_opendss_finds_each_kind_of_limit_reached_and_none_broken(kind: str, tmp_path: Path) -> None:
    """Of transformers OpenDSS tells voltages alone: their currents are power-grid-model's to judge."""
    made = {"pfe_kw": 0.0, "i0_percent": 0.0, "vn_lv_kv": 0.4 if kind == "voltage_min" else 0.41}
    case = case_on(network_source("pandapower", tmp_path, **made), tmp_path, phases=PHASES, power_kw=12.0)
    free = gridpact.clear(replace(case, limits=WIDE)).network_state
    bare, most = (worst_of(free, kind, column) for column in ("baseline", "cleared"))
    case = limited(case, kind, bare + 0.6 * (most - bare))
    write_case(case, tmp_path / "case")
    gridpact.write_clearance(gridpact.clear(case), tmp_path / "out")
    net = pandapower_net(charging=False, **made)
    excess = judged_by_opendss(tmp_path / "out", tmp_path / "case", net, case.limits)
    assert excess["voltage"] < 1e-4 and max(excess["line"], excess["neutral"]) < 0.05
    assert excess["unbalance"] < 0.02
    reached = excess[{"voltage_max": "voltage", "voltage_min": "voltage"}.get(kind, kind.split("_")[-1])]
    assert reached > -1e-3


@pytest.mark.parametrize("period", [3, 8, 16])
def test_the_european_feeder_clears_the_optimum_found_apart(period: int) -> None:
    """Upper voltages are all that binds there: SLSQP is given the 40 highest, and keeps all at the end."""
    case = gridpact.read_case(EUROPEAN)
    problem = posed(case)
    columns, most = problem.offers.of_period(period), case.limits.voltage_max_pu
    cleared_kw = european_clearance().solution.column_kw[columns]
    states = states_of(case, problem, period, columns)
    high = np.argsort(-states(cleared_kw[None, :]).voltage_pu[0])[:40]
    rows, caps = caps_of(problem, period, columns)

    def slope(value: Float) -> Float:
        moved = states(value + STEP_KW * np.eye(len(value))).voltage_pu[:, high]
        return (states(value[None, :]).voltage_pu[0, high] - moved).T / STEP_KW

    found = minimize(
        lambda value: -value.sum(),
        0.5 * cleared_kw,
        jac=lambda value: -np.ones(len(value)),
        bounds=[(0.0, most_kw) for most_kw in problem.offers.column_kw[columns]],
        constraints=[
            {
                "type": "ineq",
                "fun": lambda value: 100.0 * (most - states(value[None, :]).voltage_pu[0, high]),
                "jac": lambda value: 100.0 * slope(value),
            },
            {"type": "ineq", "fun": lambda value: caps - rows @ value, "jac": lambda value: -rows},
        ],
        method="SLSQP",
        options={"maxiter": 80, "ftol": 1e-8},
    )
    assert found.success
    free = np.isfinite(problem.nominal_limits.voltage_max_pu[period])
    assert states(found.x[None, :]).voltage_pu[0, free].max() <= most + 1e-7
    assert cleared_kw.sum() == pytest.approx(found.x.sum(), rel=1e-5)


@cache
def european_clearance() -> gridpact.Clearance:
    return gridpact.clear(gridpact.read_case(EUROPEAN))


def caps_of(problem: ClearingProblem, period: int, columns: Any) -> tuple[Float, Float]:
    """The caps of sellers and buyers in a period, as rows over its columns."""
    offers, people = problem.offers, np.arange(problem.shape[1])[:, None]
    rows = np.vstack([offers.column_seller[columns] == people, offers.column_buyer[columns] == people])
    caps = np.concatenate([problem.seller_cap_kw[period], problem.buyer_cap_kw[period]])
    return rows[np.isfinite(caps)].astype(float), caps[np.isfinite(caps)]
