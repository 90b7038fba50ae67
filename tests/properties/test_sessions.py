"""Random sequences of sessions: what is firm stays firm, and is cut by nothing but a new forecast."""

import itertools
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gridpact
from gridpact.case import Allocation, Case, Formulation, Trades
from gridpact.grid.limits import Limits
from gridpact.results import Clearance
from tests.congested import NONE_MADE_WORSE
from tests.instances import make_case, make_participants, make_trades, random_case
from tests.sessions import after, rolled, split, with_forecast

TOLERANCE_KW = 1e-6
SEEDS = st.integers(0, 2**32 - 1)
FORMULATIONS = st.sampled_from(list(Formulation))


def congested(seed: int, formulation: Formulation) -> Case:
    """A random case in which limits, caps or both bind."""
    case = random_case(seed, trades=24, participants=10, line_percent=[15.0, 30.0, 100.0][seed % 3])
    voltages = {"voltage_min_pu": 0.97, "voltage_max_pu": 1.03} if seed % 2 else {}
    return replace(case, formulation=formulation, limits=replace(case.limits, **voltages))


def kept(clearance: Clearance) -> tuple[np.ndarray, np.ndarray]:
    """What was committed and what of it is kept, by row."""
    firm = clearance.cleared[clearance.is_committed]
    return firm["proposed_kw"].to_numpy(), firm["cleared_kw"].to_numpy()


def cleared_kwh(clearance: Clearance) -> dict[str, float]:
    """Cleared energy of each trade that clears."""
    energy = clearance.cleared.groupby("trade")["cleared_kw"].sum()
    return {str(trade): kwh for trade, kwh in energy.items() if kwh > 0.0}


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, formulation=FORMULATIONS, sessions=st.integers(2, 4))
def test_with_the_same_forecast_everything_firm_is_kept(
    seed: int, formulation: Formulation, sessions: int
) -> None:
    clearances = rolled(split(congested(seed, formulation), sessions, seed))
    for earlier, later in itertools.pairwise(clearances):
        committed_kw, kept_kw = kept(later)
        assert np.array_equal(committed_kw, kept_kw)
        assert later.commitments.empty and not later.summary["commitments"]["cut_rows"]
        was, now = cleared_kwh(earlier), cleared_kwh(later)
        assert {trade: now[trade] for trade in was} == pytest.approx(was, abs=1e-9)
        if formulation is Formulation.AC:
            assert later.summary["status"] in NONE_MADE_WORSE
        assert later.summary["cleared_kwh"] >= earlier.summary["cleared_kwh"] - TOLERANCE_KW


@settings(max_examples=20, deadline=None)
@given(
    seed=SEEDS,
    formulation=FORMULATIONS,
    rule=st.sampled_from(list(Allocation)),
    spread=st.floats(0.05, 0.6),
)
def test_new_trades_never_cut_what_is_firm(
    seed: int, formulation: Formulation, rule: Allocation, spread: float
) -> None:
    """Whatever the forecast: in each period they keep at least what they keep when they are cleared alone."""
    rng = np.random.default_rng(seed)
    case = replace(congested(seed, formulation), allocation=rule)
    first, second = split(case, 2, seed)
    shape = case.profiles.load_kw.shape
    second = with_forecast(
        second, rng.uniform(1 - spread, 1 + spread, shape), rng.uniform(1 - spread, 1 + spread, shape)
    )
    second = after(second, gridpact.clear(first))
    if not len(second.commitments):
        return
    together, alone = gridpact.clear(second), gridpact.clear(replace(second, trades=Trades.none()))
    committed_kw, kept_kw = kept(together)
    assert np.all(kept_kw <= committed_kw)
    period, periods = together.offers.period[together.is_committed], shape[0]
    in_period = [np.bincount(period, weights=kw, minlength=periods) for kw in (kept_kw, kept(alone)[1])]
    assert np.all(in_period[0] >= in_period[1] - TOLERANCE_KW)
    cut = together.commitments
    assert len(cut) == np.sum(kept_kw < committed_kw)
    assert (cut["limited_by"] != "").all() or np.allclose(cut["kept_kw"], cut["committed_kw"], atol=1e-6)
    sold_kw = together.dispatch.p2p_sold_kw
    assert np.all(sold_kw <= second.profiles.surplus_kw + TOLERANCE_KW)
    assert np.all(together.dispatch.p2p_bought_kw <= second.profiles.residual_demand_kw + TOLERANCE_KW)


@settings(max_examples=4, deadline=None)
@given(seed=SEEDS)
def test_replayed_sessions_give_the_same_bytes(seed: int) -> None:
    cases = split(congested(seed, Formulation.AC), 3, seed)
    tables = []
    for _ in range(2):
        with tempfile.TemporaryDirectory() as folder:
            for number, clearance in enumerate(rolled(cases)):
                gridpact.write_clearance(replace(clearance, seconds={}), f"{folder}/{number}")
            files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
            tables.append({str(path.relative_to(folder)): path.read_bytes() for path in files})
    assert tables[0] == tables[1]
    assert len(tables[0]) >= 3 * 6


def feeder(*rows: tuple[int, int, float], formulation: Formulation) -> Case:
    """Trades along a feeder between a seller and a buyer near its head, 0 and 1, and at its end, 2 and 3."""
    seller, buyer, power_kw = zip(*rows, strict=True)
    count = len(rows)
    case = make_case(
        make_participants([3, 3, 10, 10], [False] * 4, [False] * 4),
        np.array([[0.0, 200.0, 0.0, 200.0]]),
        np.array([[200.0, 0.0, 200.0, 0.0]]),
        make_trades(seller, buyer, np.zeros(count), np.ones(count), power_kw),
        network="pandapower/cigre_lv",
        limits=Limits(line_loading_max_percent=10.0, voltage_min_pu=0.5, voltage_max_pu=1.5),
    )
    return replace(case, formulation=formulation)


def renamed(case: Case, *names: str) -> Case:
    return replace(case, trades=replace(case.trades, ids=names))


@pytest.mark.parametrize("formulation", list(Formulation))
def test_a_trade_that_flows_against_a_firm_one_makes_room(formulation: Formulation) -> None:
    first = gridpact.clear(renamed(feeder((0, 3, 100.0), formulation=formulation), "firm"))
    firm_kw = cleared_kwh(first)["firm"]
    assert 1.0 < firm_kw < 99.0
    assert first.cleared.at[0, "limited_by"] == "line"

    same_way = renamed(feeder((0, 3, 100.0), formulation=formulation), "more")
    without = cleared_kwh(gridpact.clear(after(same_way, first)))
    assert without["firm"] == pytest.approx(firm_kw, abs=1e-9)
    assert without.get("more", 0.0) == pytest.approx(0.0, abs=0.01)

    both = renamed(feeder((0, 3, 100.0), (2, 1, 20.0), formulation=formulation), "more", "against")
    with_room = cleared_kwh(gridpact.clear(after(both, first)))
    assert with_room["firm"] == pytest.approx(firm_kw, abs=1e-9)
    assert with_room["against"] == pytest.approx(20.0, abs=1e-3)
    assert with_room["more"] == pytest.approx(20.0, rel=0.1)


def test_a_trade_that_flows_against_a_firm_one_saves_it_where_it_would_be_cut() -> None:
    first = gridpact.clear(renamed(feeder((0, 3, 100.0), formulation=Formulation.AC), "firm"))
    firm_kw = cleared_kwh(first)["firm"]
    against = renamed(feeder((2, 1, 40.0), formulation=Formulation.AC), "against")
    narrow = replace(against, limits=replace(against.limits, line_loading_max_percent=8.0))
    together = gridpact.clear(after(narrow, first))
    alone = gridpact.clear(after(replace(narrow, trades=Trades.none()), first))
    assert cleared_kwh(alone)["firm"] == pytest.approx(0.8 * firm_kw, rel=0.02)
    assert set(alone.commitments["limited_by"]) == {"line"}
    assert cleared_kwh(together)["firm"] == pytest.approx(firm_kw, abs=TOLERANCE_KW)
    assert cleared_kwh(together)["against"] == pytest.approx(40.0, abs=TOLERANCE_KW)
