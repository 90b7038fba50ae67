"""Every sharing key by hand."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gridpact.arrays import Int
from gridpact.errors import InvalidCase
from gridpact.settlement.amounts.money import sum_at
from gridpact.settlement.energy.keys import Shared, SharingKey, Unused, share
from gridpact.settlement.invariants.invariants import invariants
from gridpact.settlement.ledger.booking import paired
from gridpact.settlement.statements.residuals import make_residuals
from gridpact.settlement.statements.statements import PLACE, make_statements
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
def test_whoever_exports_gives_and_only_members_of_the_key_receive(kind: str) -> None:
    key = make_key(kind, [[0, 500_000, 500_000, 0]], member=[[True, True, False, False]])
    wanted, offered = np.array([[0, 3_000, 3_000, 0]]), np.array([[4_000, 0, 0, 5_000]])
    shared = share(key, wanted, offered, IN_ORDER)
    assert shared.received_wh.tolist() == [[0, 3_000, 0, 0]]
    assert shared.given_wh.tolist() == [[1_333, 0, 0, 1_667]]


def test_who_imports_and_exports_takes_part_with_both_and_not_with_itself() -> None:
    """Of 1,600 Wh exported by three: a can have 600 of others, b 1,500, c 1,100 and d all.

    By import they would get 1600 · m / 2300: 208.7, 626.1, 347.8 and 417.4.
    """
    key = make_key("proportional", [[0, 0, 0, 0]])
    wanted, offered = np.array([[300, 900, 500, 600]]), np.array([[1_000, 100, 500, 0]])
    shared = share(key, wanted, offered, IN_ORDER)
    assert shared.received_wh.tolist() == [[209, 626, 348, 417]]
    assert shared.given_wh.tolist() == [[1_000, 100, 500, 0]]


def test_what_one_cannot_have_of_others_goes_to_them_by_the_key() -> None:
    """a exports 900 of 1,000 Wh, so that it receives 100 and not 750 by its import; b has the rest."""
    key = make_key("proportional", [[0, 0, 0, 0]])
    shared = share(key, np.array([[900, 300, 0, 0]]), np.array([[900, 100, 0, 0]]), IN_ORDER)
    assert shared.received_wh.tolist() == [[100, 300, 0, 0]]
    assert shared.given_wh.tolist() == [[300, 100, 0, 0]]


def test_givers_give_no_more_than_the_others_receive() -> None:
    """400 Wh are shared, 300 of them to a, which gives at most the 100 of b and c, not 3 in 4 of 400."""
    key = make_key("fixed", [[300_000, 50_000, 50_000, 0]])
    shared = share(key, np.array([[900, 900, 900, 0]]), np.array([[600, 100, 300, 0]]), IN_ORDER)
    assert shared.received_wh.tolist() == [[300, 50, 50, 0]]
    assert shared.given_wh.tolist() == [[100, 75, 225, 0]]


def test_an_unused_share_is_the_givers_or_the_members() -> None:
    """Of 10 kWh a has 3 and uses 1, b has 7 and uses all of it."""
    wanted, offered = np.array([[0, 1_000, 9_000]]), np.array([[10_000, 0, 0]])
    key = make_key("fixed", [[0, 300_000, 700_000]])
    shared = share(key, wanted, offered, np.arange(3))
    assert shared.received_wh.tolist() == [[0, 1_000, 7_000]] and not shared.unused_wh.any()
    assert shared.given_wh.tolist() == [[8_000, 0, 0]]
    key = make_key("fixed", [[0, 300_000, 700_000]], unused=Unused.MEMBER)
    shared = share(key, wanted, offered, np.arange(3))
    assert shared.received_wh.tolist() == [[0, 3_000, 7_000]]
    assert shared.unused_wh.tolist() == [[0, 2_000, 0]]
    assert shared.given_wh.tolist() == [[10_000, 0, 0]]


def test_the_unused_share_of_a_member_by_hand() -> None:
    """b pays the plant for 3 kWh, charge and tax on the one that it uses; its retailer pays for 2."""
    key = make_key("fixed", [[0, 300_000, 700_000]], price=100_000, unused=Unused.MEMBER)
    settlement = make_inputs([[0, 1_000, 9_000]], [[10_000, 0, 0]], keys=key).settled()
    assert [entry for entry in named_entries(settlement.ledger) if "b" in entry[2:4]] == [
        (0, "p2p", "b", "a", 3_000, 300_000, ""),
        (0, "network_charge", "b", "dso", 1_000, 20_000, ""),
        (0, "tax", "b", "tax", 1_000, 10_000, ""),
        (0, "unused", "retailer/default", "b", 2_000, 100_000, ""),
    ]
    statements, place = make_statements(settlement), PLACE["unused"]
    assert statements.energy_wh[place].tolist() == [0, 2_000, 0]
    assert statements.amount_micro[place].tolist() == [0, 100_000, 0]
    assert statements.total_micro[1] == 300_000 + 20_000 + 10_000 - 100_000
    assert make_residuals(settlement).feed_in_wh.tolist() == [[2_000]]
    assert [found.name for found in invariants(settlement) if not found.holds] == []


def test_members_give_in_proportion_to_what_they_have_left() -> None:
    key = make_key("equal", [[0, 0, 0, 0]])
    shared = share(key, np.array([[0, 0, 1_500, 0]]), np.array([[2_000, 1_000, 0, 0]]), IN_ORDER)
    assert shared.given_wh.tolist() == [[1_000, 500, 0, 0]]


def test_coefficients_may_change_from_period_to_period() -> None:
    key = make_key("fixed", [[0, 1_000_000], [0, 250_000]])
    shared = share(key, np.array([[0, 900]] * 2), np.array([[800, 0]] * 2), np.arange(2))
    assert shared.received_wh[:, 1].tolist() == [800, 200]


def test_who_gives_meets_who_receives_in_order() -> None:
    shared = made_shared([[5, 0, 3], [0, 0, 2]], [[0, 8, 0], [1, 1, 0]])
    period, giver, receiver, energy = paired(shared, np.arange(3))
    found = list(zip(period.tolist(), giver.tolist(), receiver.tolist(), energy.tolist(), strict=True))
    assert found == [(0, 0, 1, 5), (0, 2, 1, 3), (1, 2, 0, 1), (1, 2, 1, 1)]
    backwards = [each.tolist() for each in paired(shared, np.array([2, 1, 0]))]
    assert backwards == [[0, 0, 1, 1], [2, 0, 2, 2], [1, 1, 1, 0], [3, 5, 1, 1]]


def made_shared(given: list[list[int]], received: list[list[int]]) -> Shared:
    return Shared(given_wh=np.array(given), received_wh=np.array(received), unused_wh=np.zeros_like(given))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_pair_is_of_one_with_itself(data: st.DataObject) -> None:
    """Of any energies that nobody has to share with itself."""
    count = data.draw(st.integers(2, 6))
    amounts = arrays(np.int64, (3, count), elements=st.integers(0, 50))
    key = make_key("proportional", np.zeros((3, count)))
    shared = share(key, data.draw(amounts), data.draw(amounts), np.arange(count))
    period, giver, receiver, energy = paired(shared, np.array(data.draw(st.permutations(range(count)))))
    assert (giver != receiver).all() and (energy > 0).all()
    assert (np.diff(period) >= 0).all()
    for party, table in ((giver, shared.given_wh), (receiver, shared.received_wh)):
        assert sum_at(period * count + party, energy, 3 * count).reshape(3, count).tolist() == table.tolist()


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
