"""The published figures, computed again."""

import json

import numpy as np
import pytest

from gridpact.published import Reproduction, cigre_day, reproduce
from gridpact.published.comparison import comparison


@pytest.fixture(scope="module")
def reproduction() -> Reproduction:
    return reproduce()


def test_both_days_hour_by_hour(reproduction: Reproduction) -> None:
    for day in reproduction.days:
        assert day.max_difference_kwh < 1e-6


def test_the_only_dropped_hour_is_that_of_tiny_trades(reproduction: Reproduction) -> None:
    small, large = reproduction.days
    assert not small.dropped.any()
    assert np.flatnonzero(large.dropped).tolist() == [5]
    assert large.published_kwh["p2p"][5] == 0.0
    assert large.ours_kwh["p2p"][5] == pytest.approx(20 * 0.0000848, abs=1e-6)


@pytest.mark.parametrize(
    ("day", "totals"),
    [(0, (334.045168, 289.477168, 44.568000)), (1, (2226.967784, 1991.635070, 235.332714))],
    ids=["44 buses", "80 buses"],
)
def test_published_sums(reproduction: Reproduction, day: int, totals: tuple[float, ...]) -> None:
    published = reproduction.days[day].published_kwh
    assert [published[name].sum() for name in ("load", "grid", "p2p")] == pytest.approx(totals, abs=1e-6)


def test_the_extreme_hour_in_every_way(reproduction: Reproduction) -> None:
    extreme = reproduction.extreme
    assert extreme.as_published_kw == pytest.approx(255.552889, abs=1e-6)
    assert extreme.exact_balances_kw == pytest.approx(313.276052, abs=1e-6)
    assert extreme.dc_kw == pytest.approx(729.0, abs=1e-9)
    assert extreme.dc_lowest_voltage_pu == pytest.approx(0.890901, abs=1e-6)
    assert extreme.ac_kw == pytest.approx(713.487675, abs=1e-4)
    assert extreme.ac_lowest_voltage_pu == pytest.approx(0.9, abs=1e-7)


def test_the_same_voltage_by_pandapower(reproduction: Reproduction) -> None:
    """The dispatch of the extreme hour, put into pandapower by hand."""
    import pandapower as pp
    from pandapower.networks import create_cigre_network_lv

    net = create_cigre_network_lv()
    net.load = net.load.iloc[:0]
    for bus in (16, 18, 22, 36, 40, 42):
        pp.create_sgen(net, bus, p_mw=0.1215)
    for bus in (12, 17, 19, 35, 37, 41):
        pp.create_load(net, bus, p_mw=0.1215 + 1.20378544e-3)
    pp.runpp(net, numba=False)
    assert net.res_bus.vm_pu.min() == pytest.approx(reproduction.extreme.dc_lowest_voltage_pu, abs=1e-8)
    assert net.res_bus.vm_pu.idxmin() == reproduction.extreme.dc_lowest_voltage_bus


def test_the_44_bus_day_clears_in_full() -> None:
    import gridpact

    summary = gridpact.clear(cigre_day()).summary
    assert summary["status"] == "cleared"
    assert round(summary["cleared_kwh"], 3) == round(summary["proposed_kwh"], 3) == 44.568
    assert round(summary["load_kwh"], 3) == 334.045


def test_as_json_and_as_text(reproduction: Reproduction) -> None:
    values = json.loads(json.dumps(reproduction.as_dict()))
    assert values["extreme"]["exact_balances_kw"] == pytest.approx(313.276052, abs=1e-6)
    assert len(values["days"][0]["hours"]) == 24
    text = comparison(reproduction)
    assert "255.552889" in text
    assert "313.276052" in text
