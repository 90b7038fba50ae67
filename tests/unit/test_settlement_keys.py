"""Every sharing key by hand."""

from dataclasses import replace

import numpy as np
import pytest

from gridpact.arrays import Int
from gridpact.errors import InvalidCase
from gridpact.settlement.energy.keys import Shared, SharingKey, share
from gridpact.settlement.ledger.booking import paired
from gridpact.settlement.tariffs.tariffs import Mode
from tests.settlements import make_inputs, make_key, named_entries

IN_ORDER = np.arange(4)


def received(key: SharingKey, wanted: list[int], offered: list[int], order: Int = IN_ORDER) -> list[int]:
    """What each of four receives in the one period of a key."""
    shared = share(key, np.array([wanted]), np.array([offered]), order)
    assert shared.given_wh.sum() == shared.received_wh.sum()
    assert (shared.given_wh <= np.array([offered])).all()
    assert (shared.received_wh <= np.array([wanted])).all()
    return shared.received_wh[0].tolist()


OFFERED = [10_000, 0, 0, 0]


def test_fixed_leaves_what_a_member_cannot_take_and_what_is_nobodys() -> None:
    key = make_key("fixed", [[0, 500_000, 300_000, 0]])
    assert received(key, [0, 4_000, 9_000, 9_000], OFFERED) == [0, 4_000, 3_000, 0]


def test_fixed_shares_whole_watt_hours_by_largest_remainder() -> None:
    """1 Wh in 0.3, 0.3, 0.3 and 0.1 of nobody: the first in order gets it."""
    key = make_key("fixed", [[0, 300_000, 300_000, 300_000]])
    wanted = [0, 9, 9, 9]
    assert received(key, wanted, [1, 0, 0, 0]) == [0, 1, 0, 0]
    assert received(key, wanted, [1, 0, 0, 0], np.array([3, 2, 1, 0])) == [0, 0, 0, 1]
    mostly_nobody = make_key("fixed", [[0, 100_000, 100_000, 100_000]])
    assert received(mostly_nobody, wanted, [1, 0, 0, 0]) == [0, 0, 0, 0]


def test_proportional_follows_what_is_wanted() -> None:
    key = make_key("proportional", [[0, 0, 0, 0]])
    assert received(key, [0, 4_000, 8_000, 0], [6_000, 0, 0, 0]) == [0, 2_000, 4_000, 0]
    assert received(key, [0, 4_000, 3_000, 0], OFFERED) == [0, 4_000, 3_000, 0]


def test_equal_fills_up_from_below() -> None:
    key = make_key("equal", [[0, 0, 0, 0]])
    assert received(key, [0, 1_000, 5_000, 8_000], [9_000, 0, 0, 0]) == [0, 1_000, 4_000, 4_000]
    assert received(key, [0, 1_000, 5_000, 8_000], OFFERED) == [0, 1_000, 4_500, 4_500]
    assert received(key, [0, 1_000, 2_000, 8_000], OFFERED) == [0, 1_000, 2_000, 7_000]
    assert received(key, [0, 7, 7, 7], [20, 0, 0, 0]) == [0, 7, 7, 6]


def test_hierarchical_serves_the_lower_number_first() -> None:
    key = make_key("hierarchical", [[0, 500_000, 500_000, 1_000_000]], [[1, 1, 1, 2]])
    assert received(key, [0, 3_000, 4_000, 9_000], OFFERED) == [0, 3_000, 4_000, 3_000]
    other = make_key("hierarchical", [[0, 500_000, 500_000, 1_000_000]], [[1, 1, 1, -2]])
    assert received(other, [0, 3_000, 4_000, 9_000], OFFERED) == [0, 500, 500, 9_000]


def test_hierarchical_shares_a_level_by_coefficient_and_again_what_some_cannot_take() -> None:
    """6 kWh at 3 : 1 are 4.5 and 1.5; the first takes 2, the other gets the rest."""
    key = make_key("hierarchical", [[0, 750_000, 250_000, 0]])
    assert received(key, [0, 2_000, 9_000, 9_000], [6_000, 0, 0, 0]) == [0, 2_000, 4_000, 0]
    assert received(key, [0, 9_000, 9_000, 9_000], [6_000, 0, 0, 0]) == [0, 4_500, 1_500, 0]


@pytest.mark.parametrize("kind", ["fixed", "proportional", "hierarchical", "equal"])
def test_only_members_give_and_receive(kind: str) -> None:
    key = make_key(kind, [[0, 500_000, 500_000, 0]], member=[[True, True, False, False]])
    wanted, offered = np.array([[0, 3_000, 3_000, 0]]), np.array([[4_000, 0, 0, 5_000]])
    shared = share(key, wanted, offered, IN_ORDER)
    half = 2_000 if kind == "fixed" else 3_000
    assert shared.received_wh.tolist() == [[0, half, 0, 0]]
    assert shared.given_wh.tolist() == [[half, 0, 0, 0]]


def test_nobody_shares_with_itself() -> None:
    """a and b have both left: a gives, b receives, each by its greater side; c has as much of both."""
    key = make_key("proportional", [[0, 0, 0, 0]])
    wanted, offered = np.array([[300, 900, 500, 600]]), np.array([[1_000, 100, 500, 0]])
    shared = share(key, wanted, offered, IN_ORDER)
    assert shared.given_wh.tolist() == [[1_000, 0, 0, 0]]
    assert shared.received_wh.tolist() == [[0, 600, 0, 400]]


def test_members_give_in_proportion_to_what_they_have_left() -> None:
    key = make_key("equal", [[0, 0, 0, 0]])
    shared = share(key, np.array([[0, 0, 1_500, 0]]), np.array([[2_000, 1_000, 0, 0]]), IN_ORDER)
    assert shared.given_wh.tolist() == [[1_000, 500, 0, 0]]


def test_coefficients_may_change_from_period_to_period() -> None:
    key = make_key("fixed", [[0, 1_000_000], [0, 250_000]])
    shared = share(key, np.array([[0, 900]] * 2), np.array([[800, 0]] * 2), np.arange(2))
    assert shared.received_wh[:, 1].tolist() == [800, 200]


def test_who_gives_meets_who_receives_in_order() -> None:
    shared = Shared(given_wh=np.array([[5, 0, 3], [0, 0, 2]]), received_wh=np.array([[0, 6, 2], [1, 1, 0]]))
    period, giver, receiver, energy = paired(shared, np.arange(3))
    found = list(zip(period.tolist(), giver.tolist(), receiver.tolist(), energy.tolist(), strict=True))
    assert found == [(0, 0, 1, 5), (0, 2, 1, 1), (0, 2, 2, 2), (1, 2, 0, 1), (1, 2, 1, 1)]
    backwards = [each.tolist() for each in paired(shared, np.array([2, 1, 0]))]
    assert backwards == [[0, 0, 0, 1, 1], [2, 2, 0, 2, 2], [2, 1, 1, 1, 0], [2, 1, 5, 1, 1]]


def test_a_community_that_does_not_trade_by_hand() -> None:
    """a gives 3 of its 4 kWh by halves and quarters: 2 to b, who wants 3, and 1 to c."""
    key = make_key("fixed", [[0, 500_000, 250_000]], price=120_000)
    settlement = make_inputs([[0, 3_000, 5_000]], [[4_000, 0, 0]], keys=key).settled()
    assert named_entries(settlement.ledger) == [
        (0, "p2p", "b", "a", 2_000, 240_000, ""),
        (0, "p2p", "c", "a", 1_000, 120_000, ""),
        (0, "network_charge", "b", "dso", 2_000, 40_000, ""),
        (0, "network_charge", "b", "dso", 1_000, 50_000, ""),
        (0, "network_charge", "c", "dso", 1_000, 20_000, ""),
        (0, "network_charge", "c", "dso", 4_000, 200_000, ""),
        (0, "tax", "b", "tax", 2_000, 20_000, ""),
        (0, "tax", "b", "tax", 1_000, 10_000, ""),
        (0, "tax", "c", "tax", 1_000, 10_000, ""),
        (0, "tax", "c", "tax", 4_000, 40_000, ""),
        (0, "supply", "b", "retailer/default", 1_000, 200_000, ""),
        (0, "supply", "c", "retailer/default", 4_000, 800_000, ""),
        (0, "feed_in", "retailer/default", "a", 1_000, 50_000, ""),
    ]


def test_a_key_shares_what_trades_leave() -> None:
    key = make_key("equal", [[0, 0, 0]])
    inputs = make_inputs([[0, 2_000, 2_000]], [[5_000, 0, 0]], [("t1", 0, 0, 1, 1_500, 0)], keys=key)
    settlement = inputs.settled()
    assert settlement.bought_wh.tolist() == [[0, 1_500, 0]]
    assert settlement.received_wh.tolist() == [[0, 500, 2_000]]
    assert settlement.feed_in_wh.tolist() == [[1_000, 0, 0]]
    firm = replace(inputs, tariffs=replace(inputs.tariffs, mode=Mode.FIRM)).settled()
    assert firm.received_wh.tolist() == [[0, 500, 2_000]]
    assert firm.long_wh.tolist() == [[1_000, 0, 0]]


def test_ties_go_by_the_ids_and_not_by_the_order_of_rows() -> None:
    key = make_key("equal", [[0, 0, 0]])
    inputs = make_inputs([[0, 5, 5]], [[7, 0, 0]], keys=key)
    assert inputs.settled().received_wh.tolist() == [[0, 4, 3]]
    renamed = replace(inputs, participants=replace(inputs.participants, ids=("a", "z", "k")))
    assert renamed.settled().received_wh.tolist() == [[0, 3, 4]]


def test_a_fixed_key_of_more_than_everything_is_refused() -> None:
    key = make_key("fixed", [[0, 600_000, 600_000], [0, 500_000, 500_000]])
    with pytest.raises(InvalidCase) as refused:
        make_inputs([[0, 0, 0]] * 2, [[0, 0, 0]] * 2, keys=key).settled()
    assert str(refused.value).splitlines()[1:] == [
        "  sharing.csv: coefficient '1.200000' is what a fixed key adds up to (at most 1 at "
        "2024-06-21T00:00+00:00)"
    ]
