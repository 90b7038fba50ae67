"""Corrections: what is reversed and booked again, and what is left alone."""

from collections import Counter
from dataclasses import fields, replace

import numpy as np
import pytest

from gridpact.arrays import frozen
from gridpact.settlement.invariants.invariants import invariants
from gridpact.settlement.ledger.entries import as_entries, places
from gridpact.settlement.ledger.ledger import EntryKind, Ledger
from gridpact.settlement.tariffs.tariffs import Mode
from tests.settlements import FLAT, make_inputs, make_key, make_tariffs, named_entries, with_meters

TRADES = [("t1", 0, 0, 1, 1_000, 100_000), ("t1", 1, 0, 1, 1_000, 100_000)]
INPUTS = make_inputs([[0, 1_000]] * 2, [[1_000, 0]] * 2, TRADES)


def broken(settlement) -> dict[str, int]:
    return {found.name: found.figure for found in invariants(settlement) if not found.holds}


def test_an_entry_that_changes_is_reversed_and_booked_again() -> None:
    """In the second period b has drawn 900 Wh: what it bought shrinks, and a feeds the rest in."""
    first = INPUTS.settled().ledger
    second = with_meters(INPUTS, [[0, 1_000], [0, 900]], INPUTS.meters.export_wh).settled(
        previous=first, version=2
    )
    entries = named_entries(second.ledger)
    assert entries[: len(first.period)] == named_entries(first)
    assert entries[len(first.period) :] == [
        (1, "p2p", "b", "a", -1_000, -100_000, "t1"),
        (1, "p2p", "b", "a", 900, 90_000, "t1"),
        (1, "network_charge", "b", "dso", -1_000, -20_000, "t1"),
        (1, "network_charge", "b", "dso", 900, 18_000, "t1"),
        (1, "tax", "b", "tax", -1_000, -10_000, "t1"),
        (1, "tax", "b", "tax", 900, 9_000, "t1"),
        (1, "feed_in", "retailer/default", "a", 100, 5_000, ""),
        (1, "loss", "dso", "retailer/default", 100, 20_000, ""),
    ]
    assert second.ledger.version.tolist() == [1] * 6 + [2] * 8
    assert broken(second) == {}


def test_correcting_back_reverses_the_correction() -> None:
    first = INPUTS.settled()
    changed = with_meters(INPUTS, [[0, 1_000], [0, 900]], INPUTS.meters.export_wh)
    second = changed.settled(previous=first.ledger, version=2)
    third = INPUTS.settled(previous=second.ledger, version=3)
    added = [
        entry for entry, v in zip(named_entries(third.ledger), third.ledger.version, strict=True) if v == 3
    ]
    assert len(added) == 8
    assert added[-1] == (1, "loss", "dso", "retailer/default", -100, -20_000, "")
    assert broken(third) == {}


def test_nothing_changed_books_nothing() -> None:
    first = INPUTS.settled().ledger
    assert named_entries(INPUTS.settled(previous=first, version=2).ledger) == named_entries(first)


def test_two_entries_that_are_alike_are_both_reversed() -> None:
    """Half of b's import is shared, half supplied, with the same charge on each; then it is nothing."""
    key = make_key("equal", [[0, 0]])
    inputs = make_inputs([[0, 2_000]], [[1_000, 0]], keys=key, p2p_charge=50_000)
    first = inputs.settled().ledger
    charges = [entry for entry in named_entries(first) if entry[1] == "network_charge"]
    assert charges == [(0, "network_charge", "b", "dso", 1_000, 50_000, "")] * 2
    second = with_meters(inputs, [[0, 0]], [[0, 0]]).settled(previous=first, version=2)
    found = [entry for entry in named_entries(second.ledger) if entry[1] == "network_charge"]
    assert found[2:] == [(0, "network_charge", "b", "dso", -1_000, -50_000, "")] * 2
    assert broken(second) == {}


def test_losses_that_turn_negative() -> None:
    inputs = make_inputs([[1_000]], [[0]], head_wh=[990])
    first = inputs.settled()
    again = replace(inputs, meters=replace(inputs.meters, head_import_wh=frozen([1_010], np.int64)))
    second = again.settled(previous=first.ledger, version=2)
    losses = [entry[4:6] for entry in named_entries(second.ledger) if entry[1] == "loss"]
    assert losses == [(-10, -2_000), (10, 2_000), (10, 2_000)]
    assert broken(second) == {}


def test_a_change_of_price_alone_books_again_at_the_new_one() -> None:
    first = INPUTS.settled().ledger
    dearer = replace(
        INPUTS,
        positions=replace(INPUTS.positions, price_micro_per_kwh=frozen([100_000, 100_001], np.int64)),
    )
    second = dearer.settled(previous=first, version=2).ledger
    assert named_entries(second)[len(first.period) :] == [
        (1, "p2p", "b", "a", -1_000, -100_000, "t1"),
        (1, "p2p", "b", "a", 1_000, 100_001, "t1"),
    ]


def test_accounts_and_trades_that_are_gone_keep_their_entries() -> None:
    inputs = make_inputs([[0, 1_500]], [[1_000, 0]], [("old", 0, 0, 1, 1_000, 100_000)])
    gone = make_tariffs(1, retailers={"gone": FLAT}, of_participant=[0, 0])
    first = replace(inputs, tariffs=gone).settled().ledger
    trades = make_inputs([[0, 0]], [[0, 0]], [("new", 0, 0, 1, 1_000, 100_000)]).positions
    second = replace(inputs, positions=trades).settled(previous=first, version=2)
    assert second.ledger.accounts == ("a", "b", "retailer/default", "dso", "tax", "retailer/gone")
    assert second.ledger.trade_ids == ("new", "old")
    entries = named_entries(second.ledger)
    assert entries[: len(first.period)] == named_entries(first)
    assert (0, "supply", "b", "retailer/gone", -500, -100_000, "") in entries
    assert (0, "supply", "b", "retailer/default", 500, 100_000, "") in entries
    assert (0, "p2p", "b", "a", -1_000, -100_000, "old") in entries
    assert (0, "p2p", "b", "a", 1_000, 100_000, "new") in entries
    assert broken(second) == {}


def test_places_are_in_order_and_exact_where_their_product_does_not_fit() -> None:
    rows = as_entries(INPUTS.settled().ledger)
    far = replace(rows, debit=rows.debit * 10**9, credit=rows.credit * 10**9, trade=rows.trade * 10**9)
    assert np.unique(places(rows), return_inverse=True)[1].tolist() == (places(far) - 1).tolist()


def spoiled(ledger: Ledger, row: int, **changes: int) -> Ledger:
    """The ledger with an entry that is off by something."""
    arrays = {name: getattr(ledger, name).copy() for name in changes}
    for name, change in changes.items():
        arrays[name][row] += change
    return replace(ledger, **arrays)


@pytest.mark.parametrize(
    ("kind", "changes", "names"),
    [
        (
            0,
            {"energy_wh": 501},
            {"meter_balance_wh", "sold_less_bought_wh", "within_cleared_wh", "correction_micro"},
        ),
        (
            0,
            {"energy_wh": 1},
            {"meter_balance_wh", "sold_less_bought_wh", "within_cleared_wh", "correction_micro"},
        ),
        (0, {"energy_wh": -1}, {"meter_balance_wh", "sold_less_bought_wh", "correction_micro"}),
        (1, {"amount_micro": 1}, {"amounts_micro", "correction_micro"}),
        (2, {"amount_micro": -1}, {"amounts_micro", "correction_micro"}),
        (0, {"amount_micro": 1}, {"amounts_micro", "correction_micro"}),
        (3, {"energy_wh": -2}, {"meter_balance_wh", "correction_micro"}),
        (4, {"energy_wh": -2}, {"meter_balance_wh", "correction_micro"}),
        (6, {"energy_wh": 5}, {"head_balance_wh", "losses_booked_wh", "correction_micro"}),
    ],
)
def test_invariants_see_what_is_wrong_with_a_ledger(kind: int, changes, names: set[str]) -> None:
    inputs = make_inputs([[0, 1_500]], [[1_200, 0]], TRADES[:1], head_wh=[350])
    settlement = inputs.settled()
    row = int(np.flatnonzero(settlement.ledger.kind == kind)[0])
    assert set(broken(replace(settlement, ledger=spoiled(settlement.ledger, row, **changes)))) == names


def test_invariants_see_money_that_leaves_the_accounts() -> None:
    settlement = INPUTS.settled()
    ghost = len(settlement.ledger.accounts)
    ledger = replace(settlement.ledger, accounts=(*settlement.ledger.accounts, "ghost"))
    row = int(np.flatnonzero(ledger.kind == EntryKind.TAX)[0])
    lost = spoiled(ledger, row, credit=ghost - int(ledger.credit[row]))
    assert broken(replace(settlement, ledger=lost))["money_micro"] == 10_000


def test_a_firm_trade_counts_in_full() -> None:
    settlement = replace(INPUTS, tariffs=replace(INPUTS.tariffs, mode=Mode.FIRM)).settled()
    less = spoiled(settlement.ledger, 0, energy_wh=-4)
    assert broken(replace(settlement, ledger=less))["within_cleared_wh"] == 4


def test_invariants_see_what_is_wrong_with_energies() -> None:
    settlement = make_inputs([[0, 1_500]], [[1_200, 0]], TRADES[:1], head_wh=[350]).settled()
    delivery, losses, retail = settlement.delivery, settlement.losses, settlement.retail
    more = replace(settlement, delivery=replace(delivery, energy_wh=delivery.energy_wh + 3))
    assert broken(more) == {"amounts_micro": 300}
    sold = replace(settlement, delivery=replace(delivery, sold_wh=delivery.sold_wh + 1))
    assert broken(sold)["sold_less_bought_wh"] > 0
    lost = replace(settlement, losses=replace(losses, losses_wh=losses.losses_wh + 7))
    assert broken(lost) == {"losses_booked_wh": 7, "amounts_micro": 1_400}
    head = replace(settlement, losses=replace(losses, head_import_wh=losses.head_import_wh + 9))
    assert broken(head) == {"head_balance_wh": 9}
    below = replace(settlement, retail=replace(retail, supply_wh=retail.supply_wh - 501))
    assert broken(below) == {"residual_sign_wh": 501, "amounts_micro": 200_400}  # of both
    dearer = replace(settlement, tariffs=replace(settlement.tariffs, tax_micro_per_kwh=10_001))
    assert set(broken(dearer)) == {"amounts_micro"}
    assert settlement.ledger is settlement.booked
    assert Counter(found.name for found in invariants(settlement)).most_common(1)[0][1] == 1
    assert {field.name for field in fields(settlement)} >= {"delivery", "shared", "retail", "losses"}
