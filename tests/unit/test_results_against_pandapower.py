"""network.csv and exchange.csv beside pandapower, with loads built by hand from the schedule."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import gridpact
from gridpact.arrays import frozen
from gridpact.case import Case, Formulation
from gridpact.results import Clearance
from tests.instances import random_case

VOLTAGE_PU, LOADING_PERCENT, POWER_KW = 1e-7, 1e-4, 1e-3


def with_power_factors(case: Case) -> Case:
    """The case with exports, elastic demands and power factors other than one, mixed at random."""
    rng = np.random.default_rng(7)
    count = len(case.participants)
    participants = replace(
        case.participants,
        firm=frozen(np.arange(count) % 2 == 0, np.bool_),
        exports=frozen(np.arange(count) % 3 == 0, np.bool_),
        load_power_factor=frozen(rng.uniform(0.8, 0.99, count), float),
        generation_power_factor=frozen(rng.uniform(0.8, 0.99, count), float),
    )
    return replace(case, participants=participants, formulation=Formulation.AC)


@pytest.fixture(scope="module")
def clearance() -> Clearance:
    found = gridpact.clear(with_power_factors(random_case(3, power_kw=15.0, periods=3)))
    assert found.summary["status"] == "cleared"
    table = found.schedule
    for column in ("p2p_sold_kw", "retail_export_kw", "curtailed_kw", "unserved_kw", "retail_import_kw"):
        assert table[column].sum() > 1.0, column
    return found


@pytest.fixture(scope="module", params=["baseline", "cleared"])
def solved(request: pytest.FixtureRequest, clearance: Clearance) -> tuple[str, list[Any]]:
    """pandapower's solution of each period, of the baseline or of the dispatch."""
    import pandapower as pp
    from pandapower.networks import create_cigre_network_lv

    nets = []
    for _, rows in clearance.schedule.groupby("time"):
        net = create_cigre_network_lv()
        net.load = net.load.iloc[:0]
        made, used = powers_kw(clearance.case, rows, request.param)
        participants = clearance.case.participants
        for place, bus in enumerate(rows["bus"]):
            load_tan = np.tan(np.arccos(participants.load_power_factor[place]))
            made_tan = np.tan(np.arccos(participants.generation_power_factor[place]))
            pp.create_load(net, bus, p_mw=used[place] / 1e3, q_mvar=used[place] * load_tan / 1e3)
            pp.create_sgen(net, bus, p_mw=made[place] / 1e3, q_mvar=made[place] * made_tan / 1e3)
        pp.runpp(net, numba=False, tolerance_mva=1e-10)
        nets.append(net)
    return request.param, nets


def powers_kw(case: Case, rows: pd.DataFrame, column: str) -> tuple[np.ndarray, np.ndarray]:
    """What participants make and use in a period, from the rows of the schedule."""
    if column == "cleared":
        made = rows["own_use_kw"] + rows["p2p_sold_kw"] + rows["retail_export_kw"]
        used = rows["own_use_kw"] + rows["p2p_bought_kw"] + rows["retail_import_kw"]
    else:
        own = np.minimum(rows["load_kw"], rows["generation_kw"])
        made = np.where(case.participants.exports, rows["generation_kw"], own)
        used = np.where(case.participants.firm, rows["load_kw"], own)
    return np.asarray(made), np.asarray(used)


def test_network_csv(clearance: Clearance, solved: tuple[str, list[Any]]) -> None:
    column, nets = solved
    state = clearance.network_state
    assert np.abs(state["cleared"] - state["baseline"]).max() > 0.01
    for (_, rows), net in zip(state.groupby("time"), nets, strict=True):
        for kind, values, tolerance in (
            ("bus", net.res_bus.vm_pu, VOLTAGE_PU),
            ("line", net.res_line.loading_percent, LOADING_PERCENT),
            ("transformer", net.res_trafo.loading_percent, LOADING_PERCENT),
        ):
            shown = rows[rows["kind"] == kind]
            assert len(shown)
            np.testing.assert_allclose(
                shown[column], values.loc[shown["element"].astype(int)], rtol=0, atol=tolerance
            )


def test_exchange_csv(clearance: Clearance, solved: tuple[str, list[Any]]) -> None:
    column, nets = solved
    name = "import_kw" if column == "cleared" else "baseline_import_kw"
    drawn = [1e3 * net.res_ext_grid.p_mw.sum() for net in nets]
    np.testing.assert_allclose(clearance.exchange[name], drawn, rtol=0, atol=POWER_KW)
    lost = [1e3 * (net.res_line.pl_mw.sum() + net.res_trafo.pl_mw.sum()) for net in nets]
    difference = np.abs(clearance.exchange["losses_kw"] - lost)
    assert difference.max() < POWER_KW if column == "cleared" else difference.max() > 10 * POWER_KW


def test_the_exchange_is_what_retailers_carry_and_the_losses(clearance: Clearance) -> None:
    retail = clearance.schedule.groupby("time", sort=False)[["retail_import_kw", "retail_export_kw"]].sum()
    carried = retail["retail_import_kw"] - retail["retail_export_kw"]
    exchange = clearance.exchange.set_index("time")
    np.testing.assert_allclose(exchange["import_kw"], carried + exchange["losses_kw"], rtol=0, atol=1e-6)


def test_net_injection_is_the_signed_sum_of_the_schedule(clearance: Clearance) -> None:
    table = clearance.schedule
    made = table["own_use_kw"] + table["p2p_sold_kw"] + table["retail_export_kw"]
    used = table["own_use_kw"] + table["p2p_bought_kw"] + table["retail_import_kw"]
    np.testing.assert_allclose(table["net_injection_kw"], made - used, rtol=0, atol=1e-8)
    assert (table["net_injection_kw"] > 1.0).any() and (table["net_injection_kw"] < -1.0).any()
