"""Both modes by hand: what of a trade counts, and every entry that follows."""

from dataclasses import replace

import numpy as np
import pytest

from gridpact.arrays import frozen
from gridpact.errors import InvalidCase, InvalidUsage
from gridpact.settlement.invariants.invariants import invariants
from gridpact.settlement.ledger.ledger import EntryKind
from gridpact.settlement.tariffs.tariffs import Mode
from tests.settlements import FLAT, make_inputs, make_key, make_positions, make_tariffs, named_entries

# a sells 4 kWh to b and 4 kWh to c, and feeds in 6 kWh: 3 kWh of each are carried. c draws only 1 kWh.
SALES = [("t1", 0, 0, 1, 4_000, 100_000), ("t2", 0, 0, 2, 4_000, 150_000)]
DRAWN, FED = [[0, 5_000, 1_000]], [[6_000, 0, 0]]


def test_sharing_by_hand() -> None:
    settlement = make_inputs(DRAWN, FED, SALES).settled()
    assert settlement.delivered_wh.tolist() == [3_000, 1_000]
    assert settlement.sold_wh.tolist() == [[4_000, 0, 0]]
    assert settlement.bought_wh.tolist() == [[0, 3_000, 1_000]]
    assert settlement.supply_wh.tolist() == [[0, 2_000, 0]]
    assert settlement.feed_in_wh.tolist() == [[2_000, 0, 0]]
    assert not settlement.long_wh.any()
    assert not settlement.short_wh.any()
    assert named_entries(settlement.ledger) == [
        (0, "p2p", "b", "a", 3_000, 300_000, "t1"),
        (0, "p2p", "c", "a", 1_000, 150_000, "t2"),
        (0, "network_charge", "b", "dso", 2_000, 100_000, ""),
        (0, "network_charge", "b", "dso", 3_000, 60_000, "t1"),
        (0, "network_charge", "c", "dso", 1_000, 20_000, "t2"),
        (0, "tax", "b", "tax", 2_000, 20_000, ""),
        (0, "tax", "b", "tax", 3_000, 30_000, "t1"),
        (0, "tax", "c", "tax", 1_000, 10_000, "t2"),
        (0, "supply", "b", "retailer/default", 2_000, 400_000, ""),
        (0, "feed_in", "retailer/default", "a", 2_000, 100_000, ""),
    ]
    assert settlement.ledger.accounts == ("a", "b", "c", "retailer/default", "dso", "tax")
    assert settlement.ledger.version.tolist() == [1] * 10


def test_firm_by_hand() -> None:
    """a is 2 kWh short of the 8 it sold; b draws 1 kWh more than it bought, c 3 kWh less."""
    settlement = make_inputs(DRAWN, FED, SALES, mode=Mode.FIRM).settled()
    assert settlement.delivered_wh.tolist() == [4_000, 4_000]
    assert settlement.short_wh.tolist() == [[2_000, 1_000, 0]]
    assert settlement.long_wh.tolist() == [[0, 0, 3_000]]
    assert named_entries(settlement.ledger) == [
        (0, "p2p", "b", "a", 4_000, 400_000, "t1"),
        (0, "p2p", "c", "a", 4_000, 600_000, "t2"),
        (0, "network_charge", "a", "dso", 2_000, 100_000, ""),
        (0, "network_charge", "b", "dso", 1_000, 50_000, ""),
        (0, "network_charge", "b", "dso", 4_000, 80_000, "t1"),
        (0, "network_charge", "c", "dso", 4_000, 80_000, "t2"),
        (0, "tax", "a", "tax", 2_000, 20_000, ""),
        (0, "tax", "b", "tax", 1_000, 10_000, ""),
        (0, "tax", "b", "tax", 4_000, 40_000, "t1"),
        (0, "tax", "c", "tax", 4_000, 40_000, "t2"),
        (0, "imbalance", "a", "retailer/default", 2_000, 600_000, ""),
        (0, "imbalance", "b", "retailer/default", 1_000, 300_000, ""),
        (0, "imbalance", "retailer/default", "c", 3_000, 90_000, ""),
    ]


def test_a_trade_is_rounded_down_to_whole_watt_hours() -> None:
    trades = [("t1", 0, 0, 1, 10, 0), ("t2", 0, 0, 2, 20, 0)]
    settlement = make_inputs([[0, 50, 50]], [[10, 0, 0]], trades).settled()
    assert settlement.delivered_wh.tolist() == [3, 6]  # 3.33 and 6.67
    assert settlement.feed_in_wh.tolist() == [[1, 0, 0]]


def test_the_scarcer_side_of_each_trade_decides() -> None:
    """b buys from a and from c; a falls short by half, b draws three quarters of what it bought."""
    trades = [("t1", 0, 0, 1, 800, 0), ("t2", 0, 2, 1, 800, 0)]
    settlement = make_inputs([[0, 1_200, 0]], [[400, 0, 800]], trades).settled()
    assert settlement.delivered_wh.tolist() == [400, 600]
    assert settlement.supply_wh.tolist() == [[0, 200, 0]]
    assert settlement.feed_in_wh.tolist() == [[0, 0, 200]]


def test_without_export_or_import_nothing_is_traded() -> None:
    settlement = make_inputs([[0, 5_000]], [[0, 0]], [("t1", 0, 0, 1, 4_000, 100_000)]).settled()
    assert settlement.delivered_wh.tolist() == [0]
    assert EntryKind.P2P not in settlement.ledger.kind
    assert settlement.supply_wh.tolist() == [[0, 5_000]]


def test_periods_do_not_mix() -> None:
    trades = [("t1", 0, 0, 1, 100, 0), ("t1", 1, 0, 1, 100, 0)]
    settlement = make_inputs([[0, 100], [0, 100]], [[30, 0], [200, 0]], trades).settled()
    assert settlement.delivered_wh.tolist() == [30, 100]


def test_a_participant_may_buy_and_sell_in_one_period() -> None:
    trades = [("t1", 0, 0, 1, 100, 0), ("t2", 0, 1, 2, 50, 0)]
    inputs = make_inputs([[0, 60, 50]], [[100, 40, 0]], trades)
    settlement = inputs.settled()
    assert settlement.delivered_wh.tolist() == [60, 40]
    firm = replace(inputs, tariffs=replace(inputs.tariffs, mode=Mode.FIRM)).settled()
    assert firm.long_wh.tolist() == [[0, 30, 0]]  # −20 metered, −50 as the position
    assert firm.short_wh.tolist() == [[0, 0, 0]]


def test_a_negative_price_moves_money_from_seller_to_buyer() -> None:
    settlement = make_inputs([[0, 1_000]], [[1_000, 0]], [("t1", 0, 0, 1, 1_000, -40_000)]).settled()
    assert named_entries(settlement.ledger)[0] == (0, "p2p", "b", "a", 1_000, -40_000, "t1")


def test_each_participant_has_its_own_retailer_at_the_price_of_the_period() -> None:
    inputs = make_inputs([[1_000, 1_000]] * 2, [[0, 0]] * 2)
    tariffs = make_tariffs(
        2,
        retailers={"north": ([100_000, 200_000], 0, 0, 0), "south": ([300_000, 400_000], 0, 0, 0)},
        of_participant=[1, 0],
        retail_charge=0,
        tax=0,
    )
    settlement = replace(inputs, tariffs=tariffs).settled()
    supplied = [entry for entry in named_entries(settlement.ledger) if entry[1] == "supply"]
    assert supplied == [
        (0, "supply", "a", "retailer/south", 1_000, 300_000, ""),
        (0, "supply", "b", "retailer/north", 1_000, 100_000, ""),
        (1, "supply", "a", "retailer/south", 1_000, 400_000, ""),
        (1, "supply", "b", "retailer/north", 1_000, 200_000, ""),
    ]


def test_nothing_at_all_can_be_settled() -> None:
    settlement = make_inputs([[0, 0]], [[0, 0]]).settled()
    assert named_entries(settlement.ledger) == []
    assert all(found.holds for found in invariants(settlement))


def test_results_cannot_be_written_to() -> None:
    settlement = make_inputs(DRAWN, FED, SALES, keys=make_key("equal", [[0, 0, 0]])).settled()
    for array in (settlement.supply_wh, settlement.sold_wh, settlement.received_wh, settlement.losses_wh):
        assert not array.flags.writeable
    assert not settlement.ledger.amount_micro.flags.writeable


def test_missing_readings_are_refused_all_at_once() -> None:
    inputs = make_inputs([[0, 1_000]] * 2, [[0, 0]] * 2)
    given = frozen([[True, False], [False, False]], np.bool_)
    estimated = frozen([[False, False], [True, False]], np.bool_)
    with pytest.raises(InvalidCase) as refused:
        replace(inputs, meters=replace(inputs.meters, given=given, estimated=estimated)).settled()
    assert str(refused.value).splitlines() == [
        "2 problems:",
        "  meters.csv: participant 'b' has no reading (a row at 2024-06-21T00:00+00:00, or "
        'missing = "schedule")',
        "  meters.csv: participant 'b' has no reading (a row at 2024-06-21T01:00+00:00, or "
        'missing = "schedule")',
    ]


def test_money_that_does_not_fit_in_64_bits_is_refused() -> None:
    inputs = make_inputs([[0, 10**12]], [[0, 0]])
    tariffs = make_tariffs(1, retailers={"default": (10**12, *FLAT[1:])}, of_participant=[0, 0])
    with pytest.raises(InvalidCase, match="64 bits of micro-currency"):
        replace(inputs, tariffs=tariffs).settled()


def test_an_amount_whose_product_is_beyond_64_bits_is_exact() -> None:
    trade = make_positions([("t1", 0, 0, 1, 10**9, 10**11 - 1)])
    inputs = replace(make_inputs([[0, 10**9]], [[10**9, 0]]), positions=trade)
    assert named_entries(inputs.settled().ledger)[0][5] == 10**17 - 10**6


def test_a_version_must_be_above_the_earlier_ones() -> None:
    inputs = make_inputs(DRAWN, FED, SALES)
    ledger = inputs.settled(version=3).ledger
    with pytest.raises(InvalidUsage, match="version 3 of a ledger whose latest version is 3"):
        inputs.settled(previous=ledger, version=3)
    assert inputs.settled(previous=ledger, version=4).version == 4
