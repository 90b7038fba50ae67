"""Losses: where they come from, who pays for them, and the marginal ones against finite differences."""

from dataclasses import replace

import numpy as np
import pandapower as pp
import pytest

from gridpact.arrays import frozen
from gridpact.clearing.network.injection import Injection, at_nodes
from gridpact.errors import InvalidCase, InvalidUsage
from gridpact.grid.compile import compile_source
from gridpact.grid.flow.power_flow import losses_kw, run_power_flow
from gridpact.grid.network import Network
from gridpact.grid.pandapower.from_pandapower import network_from_pandapower
from gridpact.grid.source import NetworkSource
from gridpact.settlement.amounts.money import largest_remainder
from gridpact.settlement.energy.losses import WEIGHT_STEPS, marginal_weights
from gridpact.settlement.energy.metered_flow import MeteredFlow, marginal_losses_kw, run_metered_flow
from gridpact.settlement.tariffs.tariffs import LossAllocation
from tests.settlements import (
    FLAT,
    Inputs,
    make_horizon,
    make_inputs,
    make_members,
    make_meters,
    make_positions,
    make_tariffs,
    named_entries,
)

KV, OHM, REACTANCE_OHM, STEP = 0.4, 0.08, 0.06, 0.01


def loss_entries(inputs: Inputs) -> list[tuple]:
    return [entry for entry in named_entries(inputs.settled().ledger) if entry[1] == "loss"]


def test_losses_are_what_the_head_shows_beyond_the_meters() -> None:
    inputs = make_inputs([[0, 5_000], [0, 1_000]], [[2_000, 0], [0, 0]], head_wh=[3_150, 1_000])
    settlement = inputs.settled()
    assert settlement.losses_wh.tolist() == [150, 0]
    assert settlement.head_import_wh.tolist() == [3_150, 1_000]
    assert settlement.loss_shares_wh is None
    assert settlement.notices == ()
    assert loss_entries(inputs) == [(0, "loss", "dso", "retailer/default", 150, 30_000, "")]


def test_negative_losses_reverse_the_sign_and_are_told() -> None:
    inputs = make_inputs([[5_000], [5_000]], [[0], [0]], head_wh=[5_100, 4_900])
    assert loss_entries(inputs) == [
        (0, "loss", "dso", "retailer/default", 100, 20_000, ""),
        (1, "loss", "dso", "retailer/default", -100, -20_000, ""),
    ]
    assert inputs.settled().notices == (
        "in 1 of 2 periods (first 2024-06-21T01:00+00:00), the meters show 100 Wh more than @head: "
        "negative losses",
    )


def test_losses_are_bought_from_the_first_retailer_where_none_is_the_default() -> None:
    prices = {"north": FLAT, "east": (100_000, 0, 0, 0)}
    inputs = make_inputs([[5_000]], [[0]], head_wh=[6_000])
    inputs = replace(inputs, tariffs=make_tariffs(1, retailers=prices, of_participant=[1]))
    assert loss_entries(inputs) == [(0, "loss", "dso", "retailer/east", 1_000, 100_000, "")]


def test_pro_rata_by_import_and_export() -> None:
    """11 Wh over 2, 1 and 1 kWh: 5.5, 2.75, 2.75, and the two largest remainders are rounded up."""
    inputs = make_inputs(
        [[0, 1_000, 500]], [[2_000, 0, 500]], head_wh=[-1_000 + 11], losses=LossAllocation.PRO_RATA
    )
    assert inputs.settled().loss_shares_wh.tolist() == [[5, 3, 3]]
    assert loss_entries(inputs) == [
        (0, "loss", "a", "dso", 5, 1_000, ""),
        (0, "loss", "b", "dso", 3, 600, ""),
        (0, "loss", "c", "dso", 3, 600, ""),
        (0, "loss", "dso", "retailer/default", 11, 2_200, ""),
    ]


def test_negative_losses_are_shared_alike() -> None:
    inputs = make_inputs([[2_000, 1_000]], [[0, 0]], head_wh=[2_991], losses=LossAllocation.PRO_RATA)
    assert inputs.settled().loss_shares_wh.tolist() == [[-6, -3]]


def test_losses_of_idle_meters_are_shared_equally_and_it_is_told() -> None:
    inputs = make_inputs([[0, 0, 0]], [[0, 0, 0]], head_wh=[10], losses=LossAllocation.PRO_RATA)
    settlement = inputs.settled()
    assert settlement.loss_shares_wh.tolist() == [[4, 3, 3]]
    assert "no meter shows any energy: losses are shared equally" in settlement.notices[0]


@pytest.fixture(scope="module")
def line() -> Network:
    """A supply at bus 0 and a line of 0.08 + 0.06j Ω to bus 1."""
    net = pp.create_empty_network()
    supply, end = (pp.create_bus(net, KV) for _ in range(2))
    pp.create_ext_grid(net, supply)
    pp.create_line_from_parameters(net, supply, end, 1.0, OHM, REACTANCE_OHM, 0.0, 0.2)
    return network_from_pandapower(net, NetworkSource(builtin="one line"))


def line_losses_kw(load_kw: float) -> float:
    """R P² / V² of a load P at the end, with V² from V₀² = (V + R P / V)² + (X P / V)²."""
    watt, supplied = load_kw * 1e3, (KV * 1e3) ** 2
    half = supplied / 2.0 - OHM * watt
    squared = half + np.sqrt(half**2 - (OHM**2 + REACTANCE_OHM**2) * watt**2)
    return float(OHM * watt**2 / squared / 1e3)


def on_line(network: Network, import_wh, export_wh, losses=LossAllocation.DSO, head_wh=None) -> Inputs:
    """Participants at the end of the line, quarter-hours."""
    meters = make_meters(import_wh, export_wh, head_wh)
    periods, count = meters.import_wh.shape
    return Inputs(
        participants=make_members("abc"[:count], buses=[1] * count),
        horizon=make_horizon(periods, "15min"),
        positions=make_positions([]),
        meters=meters,
        tariffs=make_tariffs(periods, of_participant=np.zeros(count), losses=losses),
        network=network,
    )


def test_without_a_head_they_are_those_of_the_power_flow(line: Network) -> None:
    """5 kWh in a quarter-hour are 20 kW: on 0.08 Ω at 400 V a loss of about 0.2 kW, in closed form."""
    settlement = on_line(
        line, [[5_000, 0], [9_000, 0], [9_000, 4_000]], [[0, 0], [0, 4_000], [0, 0]]
    ).settled()
    expected = [line_losses_kw(kw) * 0.25 * 1e3 for kw in (20.0, 20.0, 52.0)]
    assert settlement.losses_wh.tolist() == [round(wh) for wh in expected]
    assert settlement.head_import_wh.tolist() == [
        metered + round(wh) for metered, wh in zip([5_000, 5_000, 13_000], expected, strict=True)
    ]
    assert settlement.notices == (
        "in 3 of 3 periods (first 2024-06-21T00:00+00:00), no reading of @head: losses are those of the "
        "AC power flow of the meters",
    )


def test_pro_rata_shares_go_by_energy_where_no_head_is_read_either(line: Network) -> None:
    """Of 13 and 9 kWh of import and export; marginal ones would go by 5 and 9 kWh of net import."""
    settled = on_line(line, [[9_000, 9_000]], [[4_000, 0]], LossAllocation.PRO_RATA).settled()
    expected = largest_remainder(settled.losses_wh, np.array([[13, 9]]), np.arange(2))
    assert settled.losses_wh[0] > 100 and settled.loss_shares_wh.tolist() == expected.tolist()


def test_a_head_that_is_read_now_and_then(line: Network) -> None:
    inputs = on_line(line, [[5_000], [5_000]], [[0], [0]])
    head = replace(
        inputs.meters,
        head_import_wh=frozen([0, 5_500], np.int64),
        head_given=frozen([False, True], np.bool_),
    )
    settlement = replace(inputs, meters=head).settled()
    assert settlement.losses_wh.tolist() == [round(line_losses_kw(20.0) * 250.0), 500]


def test_a_power_flow_without_a_solution_is_refused(line: Network) -> None:
    inputs = on_line(line, [[5_000], [500_000]], [[0], [0]])
    with pytest.raises(InvalidCase) as refused:
        inputs.settled()
    assert "time '2024-06-21T00:15+00:00' has no reading of @head" in str(refused.value)
    assert refused.value.total == 1
    marginal = on_line(line, [[500_000]], [[0]], LossAllocation.MARGINAL, head_wh=[510_000]).settled()
    assert marginal.loss_shares_wh.tolist() == [[10_000]]
    assert "losses are shared pro rata" in marginal.notices[0]


def test_without_a_network_nothing_is_lost_without_a_head_and_marginal_losses_are_refused(line) -> None:
    inputs = replace(on_line(line, [[5_000]], [[0]]), network=None)
    settled = inputs.settled()
    assert settled.losses_wh.tolist() == [0] and settled.head_import_wh.tolist() == [5_000]
    assert "no reading of @head, and no network: no losses are counted" in settled.notices[0]
    read = replace(on_line(line, [[5_000]], [[0]], LossAllocation.MARGINAL, head_wh=[6_000]), network=None)
    with pytest.raises(InvalidUsage, match="need the network"):
        read.settled()


def test_at_one_bus_marginal_shares_follow_the_net_injection(line: Network) -> None:
    """Whoever feeds in at the loaded end relieves the line: 12, −4 and 0 kWh of net import share 800 Wh."""
    inputs = on_line(
        line, [[12_000, 0, 1_000]], [[0, 4_000, 1_000]], LossAllocation.MARGINAL, head_wh=[8_800]
    )
    assert inputs.settled().loss_shares_wh.tolist() == [[1_200, -400, 0]]
    assert loss_entries(inputs) == [
        (0, "loss", "a", "dso", 1_200, 240_000, ""),
        (0, "loss", "b", "dso", -400, -80_000, ""),
        (0, "loss", "dso", "retailer/default", 800, 160_000, ""),
    ]


def test_marginal_losses_that_cancel_out_are_shared_pro_rata(line: Network) -> None:
    inputs = on_line(line, [[6_000, 0]], [[0, 6_000]], LossAllocation.MARGINAL, head_wh=[40])
    settlement = inputs.settled()
    assert settlement.loss_shares_wh.tolist() == [[20, 20]]
    assert "marginal losses cancel out or cannot be computed" in settlement.notices[0]


def test_weights_of_marginal_losses() -> None:
    weight, has_vanished = marginal_weights(
        np.array([[2.0, -1.0, 0.5], [1.0, -1.0, 0.0], [-3.0, 1.0, 1.0], [np.nan] * 3, [1.0, -0.99, 0.0]])
    )
    assert has_vanished.tolist() == [False, True, True, True, False]
    assert weight[0].tolist() == [WEIGHT_STEPS, -WEIGHT_STEPS // 2, WEIGHT_STEPS // 4]
    assert not weight[1:4].any()


NETWORKS = ("pandapower/cigre_lv", "simbench/1-LV-rural1--0-sw")


@pytest.mark.parametrize("name", NETWORKS)
def test_marginal_losses_are_those_of_finite_differences(name: str) -> None:
    """Each participant's injection, active and reactive, is scaled up and down in the power flow itself."""
    network = compile_source(NetworkSource(builtin=name))
    rng = np.random.default_rng(5)
    buses = rng.choice(network.bus_ids, 8)
    shape = (3, len(buses))
    members = make_members([f"p{k}" for k in range(8)], buses=buses, load_pf=0.9, generation_pf=0.95)
    meters = make_meters(rng.integers(0, 3_000, shape), rng.integers(0, 2_000, shape))
    metered = run_metered_flow(members, network, make_horizon(3, "15min"), meters)
    found = marginal_losses_kw(metered)
    for participant in range(len(buses)):
        expected = (
            scaled_losses_kw(metered, participant, STEP) - scaled_losses_kw(metered, participant, -STEP)
        ) / (2.0 * STEP)
        np.testing.assert_allclose(found[:, participant], expected, rtol=1e-5, atol=1e-7)
    assert np.abs(found).max() > 1e-3


def scaled_losses_kw(metered: MeteredFlow, participant: int, by: float) -> np.ndarray:
    """Losses of every period with one injection larger by a part of itself."""
    factor = np.ones(metered.injected.p_kw.shape[1])
    factor[participant] += by
    scaled = Injection(p_kw=metered.injected.p_kw * factor, q_kvar=metered.injected.q_kvar * factor)
    at = at_nodes(metered.connected, scaled)
    return losses_kw(metered.network, run_power_flow(metered.network, at.p_kw, at.q_kvar))


def test_metered_injections_carry_the_power_factors() -> None:
    network = compile_source(NetworkSource(builtin="pandapower/cigre_lv"))
    members = make_members(["a"], buses=network.bus_ids[5:6], load_pf=0.8, generation_pf=0.6)
    meters = make_meters([[1_000], [0]], [[0], [500]])
    metered = run_metered_flow(members, network, make_horizon(2, "15min"), meters)
    np.testing.assert_allclose(metered.injected.p_kw[:, 0], [-4.0, 2.0])
    np.testing.assert_allclose(metered.injected.q_kvar[:, 0], [-3.0, 2.0 * 4.0 / 3.0])
