"""limits.csv beside finite differences: move one limit by 0.1 % both ways, and clear again."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

import gridpact
from gridpact.case import Case, Formulation
from gridpact.grid.limits import Limits
from gridpact.published import cigre_extreme

STEP = 0.001  # of the limit
SELLER = 2

Change = Callable[[Case, float], Case]


def limited(case: Case, **values: float) -> Case:
    return replace(case, limits=replace(case.limits, **values))


def moved(name: str) -> Change:
    """Scales one limit of the network."""
    return lambda case, factor: limited(case, **{name: getattr(case.limits, name) * factor})


def moved_surplus(case: Case, factor: float) -> Case:
    """Scales the surplus of one seller, which has no load of its own."""
    generation_kw = case.profiles.generation_kw.copy()
    seller = case.trades.seller[SELLER]
    own_use_kw = case.profiles.own_use_kw[:, seller]
    generation_kw[:, seller] = own_use_kw + (generation_kw[:, seller] - own_use_kw) * factor
    return replace(case, profiles=replace(case.profiles, generation_kw=generation_kw))


def extreme(formulation: Formulation, **limits: float) -> Case:
    wide = {"voltage_min_pu": 0.5, "voltage_max_pu": 1.5}
    return replace(cigre_extreme(), formulation=formulation, limits=Limits(**(wide | limits)))


AC, DC = Formulation.AC, Formulation.DC


@pytest.mark.parametrize(
    ("case", "kind", "change"),
    [
        (extreme(AC, voltage_min_pu=0.9), "voltage_min", moved("voltage_min_pu")),
        (extreme(AC, voltage_max_pu=1.05), "voltage_max", moved("voltage_max_pu")),
        (extreme(AC, line_loading_max_percent=10.0), "line", moved("line_loading_max_percent")),
        (
            extreme(AC, transformer_loading_max_percent=45.0),
            "transformer",
            moved("transformer_loading_max_percent"),
        ),
        (moved_surplus(extreme(AC, voltage_min_pu=0.5), 0.8), "seller_surplus", moved_surplus),
        (extreme(DC, line_loading_max_percent=10.0), "line", moved("line_loading_max_percent")),
        (
            extreme(DC, transformer_loading_max_percent=15.0),
            "transformer",
            moved("transformer_loading_max_percent"),
        ),
        (moved_surplus(extreme(DC), 0.8), "seller_surplus", moved_surplus),
    ],
    ids=lambda value: value if isinstance(value, str) else getattr(value, "formulation", ""),
)
def test_the_price_of_a_kind_of_limit(case: Case, kind: str, change: Change) -> None:
    clearance = gridpact.clear(case)
    rows = clearance.limits[clearance.limits["limited_by"] == kind]
    assert len(rows), clearance.limits
    more, less = (
        gridpact.clear(change(case, factor)).cleared["cleared_kw"].sum() for factor in (1 + STEP, 1 - STEP)
    )
    slope_kw_per_percent = abs(more - less) / (200.0 * STEP)
    assert slope_kw_per_percent > 0.01
    assert rows["shadow_price"].sum() == pytest.approx(slope_kw_per_percent, rel=0.01)
    np.testing.assert_allclose(rows["value"], rows["limit"], rtol=1e-6)
