"""What proofs, bounds, prices and second opinions must not get wrong where a solver gives little."""

from dataclasses import replace
from types import SimpleNamespace

import clarabel
import numpy as np
import pytest
from scipy.sparse import csr_array

import gridpact
from gridpact.clearing.certificate.cones_clarabel import CONE_ROWS, ConeSet
from gridpact.clearing.problem.market import market_of
from gridpact.clearing.problem.problem import pose
from gridpact.clearing.rules.stage import holds
from gridpact.clearing.solver.budget import Budget
from gridpact.clearing.solver.lockstep import run_together
from gridpact.clearing.solver.programme import Programme
from gridpact.clearing.terms.decision_search import Cuts, Leaf, Search
from gridpact.clearing.terms.linear_choices import LinearChoices
from gridpact.clearing.terms.tangent_planes import tangents
from gridpact.grid.compile import compile_source
from gridpact.grid.limits import Limits
from tests.ac_instances import ac_case
from tests.instances import make_trades
from tests.markets import keeps_everything, market, posed
from tests.terms_instances import street, with_terms


@pytest.mark.parametrize("proposed", [0.0, 0.5, 1.0, 3.0])
def test_any_multiplier_proves_a_bound_but_never_less_than_there_is(
    proposed: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Greatest x + y under x + y ≤ 1 within [0, 1]²: it is 1, whatever multiplier is proposed for the row."""
    cone_set = ConeSet(
        equations=csr_array((0, 2)),
        equal_to=np.zeros(0),
        rows=csr_array(np.ones((1, 2))),
        at_most=np.ones(1),
        cones=csr_array((CONE_ROWS, 2)),
        cone_offset=np.array([1.0, 0.0, 0.0, 0.0]),
        lower=np.zeros(2),
        upper=np.ones(2),
    )
    multipliers = np.array([proposed, 0.0, 0.0, 0.0, 0.0])
    solution = SimpleNamespace(z=multipliers, x=np.ones(2), status=clarabel.SolverStatus.Solved)
    monkeypatch.setattr(ConeSet, "_solver", lambda *_: SimpleNamespace(solve=lambda: solution))
    upper = cone_set.greatest(np.ones(2)).upper
    assert upper >= 1.0
    assert upper == pytest.approx(proposed + 2.0 * max(1.0 - proposed, 0.0))


@pytest.mark.parametrize("firm_kw", [0.0, 4.0, 9.0])
def test_a_cap_has_the_same_price_however_much_of_it_is_firm(firm_kw: float) -> None:
    """One percent of a surplus of 10 kW is 0.1 kW of volume, whether a part of it is committed or not."""
    case = street([10.0], [40.0], [(0, 0, 0, 1, 30.0)])
    if firm_kw:
        committed = make_trades([0], [1], [0], [1], [firm_kw])
        case = replace(case, commitments=replace(committed, ids=("earlier",)))
    limits = gridpact.clear(case).limits
    [row] = limits[limits.limited_by == "seller_surplus"].itertuples()
    assert row.shadow_price == pytest.approx(0.1, rel=1e-4)
    assert (row.value, row.limit) == pytest.approx((10.0, 10.0))


def test_a_choice_whose_worth_no_solver_found_leaves_the_search_unfinished() -> None:
    case = with_terms(street([5.0], [9.0], [(0, 0, 0, 1, 4.0), (0, 0, 0, 1, 3.0)]), min_fraction=1.0)
    problem = pose(case, case.trades, compile_source(case.network))
    [part] = problem.parts
    programme = market_of(problem, part).programme

    class Unsolved(LinearChoices):
        def leaf(self, taken, draft_kw, budget):
            if taken.any():
                return Leaf(power_kw=draft_kw, volume_kw=-np.inf, is_known=False)
            return super().leaf(taken, draft_kw, budget)

    found = Search(part, Unsolved.of(part, programme)).run(Budget())
    assert found.leaf.volume_kw == 0.0
    assert found.upper_kw >= 4.0
    assert not found.is_finished
    known = Search(part, LinearChoices.of(part, programme)).run(Budget())
    assert known.leaf.volume_kw == pytest.approx(4.0) and known.is_finished


def test_planes_that_cut_too_much_prove_no_bound() -> None:
    """What is cut off at 5 kW may clear all the same: the bound stays that of the caps, 7 kW."""
    case = with_terms(street([9.0], [9.0], [(0, 0, 0, 1, 4.0), (0, 0, 0, 1, 3.0)]), min_fraction=1.0)
    problem = pose(case, case.trades, compile_source(case.network))
    [part] = problem.parts
    programme = market_of(problem, part).programme

    class CutTooMuch(LinearChoices):
        def leaf(self, taken, draft_kw, budget):
            if taken.all():
                return Leaf(power_kw=draft_kw, volume_kw=-np.inf)
            return super().leaf(taken, draft_kw, budget)

        def cuts(self, power_kw, budget):
            row = csr_array(np.ones((1, len(power_kw))))
            return Cuts(rows=row, upper=np.array([5.0])) if power_kw.sum() > 5.0 else None

    found = Search(part, CutTooMuch.of(part, programme)).run(Budget())
    assert found.leaf.volume_kw == pytest.approx(4.0)
    assert found.upper_kw == pytest.approx(7.0)


@pytest.mark.parametrize(
    "limits", [Limits(voltage_min_pu=0.985), Limits(transformer_loading_max_percent=12.0)]
)
def test_a_plane_touches_what_the_network_carries(limits: Limits) -> None:
    """It goes through the last allocation on the way that keeps everything; what is within lies below it."""
    case = ac_case(2, "pandapower/cigre_lv", trades=20, power_kw=60.0, limits=limits)
    problem, tight = posed(case)
    one = market(problem, tight[0])
    power_kw = one.programme.upper
    cuts, situation = tangents(one.situations, power_kw)
    assert len(situation) and not keeps_everything(one, power_kw)
    shares = np.linspace(0.0, 1.0, 2001)
    kept = run_together(one.oracle, [holds(on_network_alone(one.programme), shares[:, None] * power_kw)])[0]
    last_kw = shares[np.flatnonzero(kept)[-1]] * power_kw
    reached = cuts.rows @ last_kw / cuts.upper
    assert np.all(reached <= 1.0 + 1e-6) and reached.max() == pytest.approx(1.0, abs=2e-3)
    random = np.random.default_rng(1)
    within = random.random((200, len(power_kw))) * power_kw * random.random((200, 1))
    carried = run_together(one.oracle, [holds(on_network_alone(one.programme), within)])[0]
    assert carried.any()
    assert np.all(cuts.rows @ within[carried].T <= cuts.upper[:, None] * (1.0 + 1e-3))


def on_network_alone(programme: Programme) -> Programme:
    """A programme without its caps: only the network is asked."""
    return replace(programme, rows=csr_array((0, len(programme))), row_upper=np.zeros(0))
