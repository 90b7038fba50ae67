"""Odd cases of terms and commitments: what they clear, and that the bound is one."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandapower as pp
import pytest

import gridpact
from gridpact.case import Case, Formulation, Robustness
from gridpact.case.terms import NONE, Terms
from gridpact.errors import InvalidUsage
from gridpact.grid.source import NetworkSource
from gridpact.results.clearance import Clearance
from tests.instances import make_case, make_participants, make_trades
from tests.sessions import after
from tests.terms_instances import street, tight_case, with_terms


def named(case: Case, prefix: str) -> Case:
    trades = case.trades
    return replace(case, trades=replace(trades, ids=tuple(prefix + name for name in trades.ids)))


def upper_and_cleared(clearance: Clearance) -> tuple[float, float]:
    return clearance.summary["bound"]["upper_kwh"], clearance.summary["cleared_kwh"]


@pytest.mark.parametrize("formulation", list(Formulation))
def test_the_bound_counts_what_is_firm_too(formulation: Formulation) -> None:
    early = street([[5, 5], [5, 5.0]], [[4, 4], [4, 4.0]], [(0, 0, 0, 2, 3.0), (1, 1, 0, 1, 3.0)])
    late = street([[5, 5], [5, 5.0]], [[4, 4], [4, 4.0]], [(0, 1, 0, 2, 3.0), (1, 0, 0, 2, 0.5)])
    late = with_terms(named(late, "n"), block=True, min_fraction=0.3)
    early, late = (replace(case, formulation=formulation) for case in (early, late))
    upper, cleared = upper_and_cleared(gridpact.clear(after(late, gridpact.clear(early))))
    assert upper == pytest.approx(cleared, abs=1e-6)
    assert cleared > 0.0


@pytest.mark.parametrize("formulation", list(Formulation))
def test_terms_are_not_put_last_where_a_commitment_is_cut(formulation: Formulation) -> None:
    early = street([[5, 5], [5, 5.0]], [[4, 4], [4, 4.0]], [(1, 1, 0, 1, 3.0)])
    late = street([[5, 2], [5, 2.0]], [[10, 2], [10, 2.0]], [(0, 0, 0, 1, 5.0), (0, 0, 0, 1, 0.5)])
    late = with_terms(named(late, "n"), min_fraction=[1.0, 0.0])
    early, late = (replace(case, formulation=formulation) for case in (early, late))
    clearance = gridpact.clear(after(late, gridpact.clear(early)))
    assert dict(zip(clearance.cleared.trade, clearance.cleared.cleared_kw, strict=True))["nt000"] == 5.0
    upper, cleared = upper_and_cleared(clearance)
    assert upper == pytest.approx(cleared, abs=1e-6)


def test_a_link_is_one_fraction_to_the_last_digit() -> None:
    case = street([[100 - 5e-7, 200]], [[400, 400.0]], [(0, 0, 0, 1, 100.0), (1, 1, 0, 1, 1.0)])
    powers = gridpact.clear(with_terms(case, link=0)).cleared
    fraction = powers.cleared_kw / powers.proposed_kw
    assert fraction.iloc[0] == pytest.approx(fraction.iloc[1], abs=1e-9)
    assert fraction.iloc[0] < 1.0


@pytest.mark.parametrize("missing_kw", [1.1e-9, 2e-9, 5e-9])
def test_a_cap_that_nearly_holds_the_least_fractions_is_no_error(missing_kw: float) -> None:
    rows = [(0, 0, 0, 1, 10.0), (0, 1, 0, 1, 20.0), (0, 2, 0, 1, 20.0)]
    case = with_terms(street([[15.0 - missing_kw]], [[40, 40, 40.0]], rows), min_fraction=0.5)
    assert gridpact.clear(case).summary["cleared_kwh"] == pytest.approx(3.75, abs=1e-6)


def test_a_search_that_is_stopped_at_once_is_feasible() -> None:
    case = tight_case(0, trades=12, periods=2, power_kw=60, block_share=0.5, min_fraction=1.0)
    clearance = gridpact.clear(replace(case, seconds_max=1e-3))
    assert clearance.summary["status"] == "cleared"
    upper, cleared = upper_and_cleared(clearance)
    assert upper >= cleared - 1e-9


def test_a_network_without_operating_point_clears_nothing_of_what_is_tied_to_it() -> None:
    case = tight_case(1, trades=8, power_kw=60, block_share=0.5, min_fraction=0.5, firm=1.0)
    profiles = replace(case.profiles, load_kw=case.profiles.load_kw * 30.0)
    clearance = gridpact.clear(replace(case, profiles=profiles))
    assert clearance.summary["status"] == "not_converged"
    assert clearance.summary["cleared_kwh"] == 0.0
    assert set(clearance.cleared.limited_by) == {"voltage_min"}


@pytest.fixture(scope="module")
def one_free_bus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    net = pp.create_empty_network()
    first, second = pp.create_bus(net, 0.4), pp.create_bus(net, 0.4)
    pp.create_ext_grid(net, first)
    pp.create_line(net, first, second, 0.5, "NAYY 4x50 SE")
    path = tmp_path_factory.mktemp("one") / "network.json"
    pp.to_json(net, str(path))
    return path


@pytest.mark.parametrize("robust", list(Robustness))
@pytest.mark.parametrize("block", [False, True])
def test_a_network_with_one_bus_beside_the_supply(
    one_free_bus: Path, block: bool, robust: Robustness
) -> None:
    participants = make_participants([0, 0, 1, 1], [False] * 4, [False] * 4)
    generation = np.array([[90, 90.0, 0, 0]] * 2)
    load = np.array([[0, 0, 90.0, 90]] * 2)
    trades = make_trades([0, 0, 1], [2, 3, 2], [0, 0, 0], [2, 2, 1], [80.0, 40, 40])
    case = make_case(participants, load, generation, trades, network="pandapower/cigre_lv")
    case = replace(
        case,
        network=NetworkSource(file=one_free_bus),
        formulation=Formulation.AC,
        robustness=robust,
        trades=replace(
            trades,
            terms=Terms(
                block=np.full(3, block),
                min_fraction=np.zeros(3),
                group=np.full(3, NONE),
                link=np.full(3, NONE),
            ),
        ),
    )
    clearance = gridpact.clear(case)
    assert clearance.summary["status"] == "cleared"
    drop_kw = clearance.cleared.groupby("time").cleared_kw.sum()
    voltage = clearance.operation.voltage_pu.min(axis=1)
    assert voltage.min() == pytest.approx(0.9, abs=1e-6)
    assert drop_kw.min() > 10.0


def test_a_cap_that_binds_beside_a_voltage_is_kept_to_the_last_digit() -> None:
    """Two limits at once: 60 kW of residual demand, and 1.05 pu at the seller's bus."""
    buses = [42, 35, 41]
    participants = make_participants(buses, [True, False, False], [False] * 3)
    case = make_case(
        participants,
        np.array([[0.0, 50.0, 60.0]]),
        np.array([[120.0, 0.0, 0.0]]),
        make_trades([0, 0, 0], [1, 2, 2], [0, 0, 0], [1, 1, 1], [30.0, 20.0, 50.0]),
        network="pandapower/cigre_lv",
    )
    limits = replace(case.limits, voltage_min_pu=0.95, voltage_max_pu=1.05)
    case = replace(case, limits=limits, formulation=Formulation.AC)
    plain = gridpact.clear(case).summary["cleared_kwh"]
    terms = gridpact.clear(with_terms(case, min_fraction=[0.0, 0.0, 1.0]))
    assert terms.summary["solves"]["best_found"] == 0
    assert terms.summary["bound"]["gap"] < 1e-6
    assert terms.summary["cleared_kwh"] == pytest.approx(plain, abs=1e-5)
    assert terms.dispatch.p2p_bought_kw.max() <= 60.0


def test_a_closed_period_takes_no_new_trade_made_in_memory() -> None:
    case = replace(street([[5.0], [5.0]], [[4.0], [4.0]], [(0, 0, 0, 2, 3.0)]), first_open=1)
    with pytest.raises(InvalidUsage, match="closed period"):
        gridpact.clear(case)
