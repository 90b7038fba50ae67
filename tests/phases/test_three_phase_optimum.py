"""Each kind of limit, binding and relieved, on networks of both formats, beside an optimum found apart."""

from pathlib import Path

import numpy as np
import pytest

import gridpact
from gridpact.case import Case
from gridpact.clearing.network.network_state import nominal_limits
from tests.phases.cases import FORMATS, limited
from tests.phases.test_three_phase_clearing import best_volume, posed
from tests.phases.test_three_phase_limits import KINDS, binding_case, strained


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
