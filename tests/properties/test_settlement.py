"""Settlement: what must hold of any clearance, meters and tariffs, exactly and in integers."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gridpact.arrays import frozen
from gridpact.grid.compile import compile_source
from gridpact.grid.network import Network
from gridpact.grid.source import NetworkSource
from gridpact.settlement.invariants.invariants import invariants
from gridpact.settlement.ledger.account_balance import account_balance_micro
from gridpact.settlement.ledger.ledger import EntryKind, Ledger
from gridpact.settlement.tariffs.tariffs import LossAllocation, Mode
from tests.settlement_oracle import members, settled_by_hand
from tests.settlements import Inputs, make_members, make_positions, named_entries, random_inputs, with_meters

MANY = settings(max_examples=100, deadline=None)
SOME = settings(max_examples=60, deadline=None)


def net(ledger: Ledger) -> tuple[Counter, Counter]:
    """Net energy and money of each period, kind, payer, payee and trade, without what nets to nothing."""
    energy, money = Counter(), Counter()
    for period, kind, debit, credit, wh, micro, trade in named_entries(ledger):
        energy[period, kind, debit, credit, trade] += wh
        money[period, kind, debit, credit, trade] += micro
    return without_nothing(energy), without_nothing(money)


def without_nothing(sums: Counter) -> Counter:
    return Counter({key: value for key, value in sums.items() if value})


def community(sums: Counter) -> Counter:
    """The sums with a `community` between those who share, as in the oracle."""
    met = Counter()
    for (period, kind, debit, credit, trade), value in sums.items():
        if kind == "p2p" and not trade:
            met[period, kind, debit, "community", trade] += value
            met[period, kind, "community", credit, trade] += value
        else:
            met[period, kind, debit, credit, trade] += value
    return without_nothing(met)


def traded_only(sums: Counter) -> Counter:
    """The sums without shared energy."""
    return Counter({key: value for key, value in sums.items() if key[1] != "p2p" or key[4]})


@MANY
@given(random_inputs())
def test_the_settlement_is_that_of_plain_fractions(inputs: Inputs) -> None:
    energy, money = settled_by_hand(inputs)
    found_energy, found_money = net(inputs.settled().ledger)
    assert community(found_energy) == without_nothing(energy)
    assert traded_only(found_money) == traded_only(without_nothing(money))


@MANY
@given(random_inputs())
def test_all_invariants_hold(inputs: Inputs) -> None:
    settlement = inputs.settled()
    assert {found.name: found.figure for found in invariants(settlement) if not found.holds} == {}


@MANY
@given(random_inputs())
def test_meters_money_and_head_add_up_by_plain_sums(inputs: Inputs) -> None:
    """The invariants without the code that reports them."""
    settlement = inputs.settled()
    meters, sums = settlement.meters, Counter()
    money = Counter()
    for period, kind, debit, credit, wh, micro, _ in named_entries(settlement.ledger):
        sums[period, kind, "pays", debit] += wh
        sums[period, kind, "is paid", credit] += wh
        money[debit] -= micro
        money[credit] += micro
    assert sum(money.values()) == 0
    assert account_balance_micro(settlement.ledger).tolist() == [
        money[name] for name in settlement.ledger.accounts
    ]
    for t in range(inputs.horizon.periods):
        for k, name in enumerate(inputs.participants.ids):
            into, out = int(meters.import_wh[t, k]), int(meters.export_wh[t, k])
            assert k in members(inputs, t) or not (into or out)
            bought, sold = sums[t, "p2p", "pays", name], sums[t, "p2p", "is paid", name]
            bought -= sums[t, "unused", "is paid", name]
            if inputs.tariffs.mode is Mode.SHARING:
                assert into == bought + sums[t, "supply", "pays", name]
                assert out == sold + sums[t, "feed_in", "is paid", name]
            else:
                long, short = (sums[t, "imbalance", side, name] for side in ("is paid", "pays"))
                assert out - into == sold - bought + long - short
        metered = inputs.meters.import_wh[t].sum() - inputs.meters.export_wh[t].sum()
        assert meters.head_import_wh[t] == metered + sums[t, "loss", "pays", "dso"]


@MANY
@given(random_inputs(mode=Mode.SHARING))
def test_under_sharing_no_trade_counts_beyond_its_meters(inputs: Inputs) -> None:
    settlement = inputs.settled()
    assert (settlement.delivered_wh <= inputs.positions.energy_wh).all()
    assert (settlement.delivered_wh >= 0).all()
    assert (settlement.sold_wh + settlement.given_wh <= inputs.meters.export_wh).all()
    assert (settlement.bought_wh + settlement.shared.used_wh <= inputs.meters.import_wh).all()
    assert (settlement.given_wh.sum(axis=1) == settlement.received_wh.sum(axis=1)).all()


@MANY
@given(random_inputs(), st.data())
def test_a_corrected_ledger_is_that_of_settling_once(inputs: Inputs, data: st.DataObject) -> None:
    """After any number of corrections, of readings, tariffs and trades; nothing earlier is touched."""
    ledger, version = inputs.settled().ledger, 1
    shape = inputs.meters.import_wh.shape
    for version in range(2, 2 + data.draw(st.integers(1, 3))):
        changes = arrays(np.int64, shape, elements=st.sampled_from([0, 0, 0, 1, 7]))
        inputs = with_meters(
            inputs,
            inputs.meters.import_wh + data.draw(changes),
            inputs.meters.export_wh + data.draw(changes),
        )
        if data.draw(st.booleans()):
            at, kept = inputs.positions, data.draw(st.integers(0, 1))
            prices = {
                "price_micro_per_kwh": frozen(at.price_micro_per_kwh + 1, np.int64),
                "congestion_micro_per_kwh": frozen(at.congestion_micro_per_kwh * kept, np.int64),
            }
            inputs = replace(inputs, positions=replace(at, **prices))
        settlement = inputs.settled(previous=ledger, version=version)
        once = inputs.settled()
        assert named_entries(settlement.ledger)[: len(ledger.period)] == named_entries(ledger)
        assert (settlement.ledger.version[len(ledger.period) :] == version).all()
        assert net(settlement.ledger) == net(once.ledger)
        assert named_entries(settlement.booked) == named_entries(once.ledger)
        assert all(found.holds for found in invariants(settlement))
        ledger = settlement.ledger
    again = inputs.settled(previous=ledger, version=version + 1).ledger
    assert len(again.period) == len(ledger.period), "nothing has changed, so nothing is booked"


@pytest.mark.slow
@SOME
@given(random_inputs(), st.randoms(use_true_random=False))
def test_the_order_of_participants_and_trades_does_not_matter(inputs: Inputs, random) -> None:
    count, at = len(inputs.participants), inputs.positions
    places = list(range(count))
    random.shuffle(places)  # new number → old number
    rows = list(range(len(at.period)))
    random.shuffle(rows)
    number = np.argsort(places)  # old number → new number
    key, meters = inputs.keys, inputs.meters
    shuffled = replace(
        inputs,
        participants=replace(
            make_members([inputs.participants.ids[k] for k in places]),
            member_from=inputs.participants.member_from[places],
            member_until=inputs.participants.member_until[places],
        ),
        positions=make_positions(
            [
                (
                    at.trade_ids[at.trade[r]],
                    int(at.period[r]),
                    int(number[at.seller[r]]),
                    int(number[at.buyer[r]]),
                    int(at.energy_wh[r]),
                    int(at.price_micro_per_kwh[r]),
                    int(at.congestion_micro_per_kwh[r]),
                )
                for r in rows
            ]
        ),
        meters=replace(meters, import_wh=meters.import_wh[:, places], export_wh=meters.export_wh[:, places]),
        tariffs=replace(
            inputs.tariffs, retailer_of_participant=inputs.tariffs.retailer_of_participant[places]
        ),
        keys=key
        and replace(
            key,
            member=key.member[:, places],
            coefficient_ppm=key.coefficient_ppm[:, places],
            priority=key.priority[:, places],
        ),
    )
    before, after = inputs.settled().ledger, shuffled.settled().ledger
    assert sorted(named_entries(before)) == sorted(named_entries(after))


@SOME
@given(random_inputs())
def test_the_same_input_gives_the_same_ledger_in_its_stated_order(inputs: Inputs) -> None:
    one, other = inputs.settled().ledger, inputs.settled().ledger
    assert named_entries(one) == named_entries(other)
    columns = np.stack([one.period, one.kind, one.debit, one.credit, one.trade], axis=1).tolist()
    assert columns == sorted(columns)
    assert (one.energy_wh != 0).all()


@pytest.fixture(scope="module")
def network() -> Network:
    return compile_source(NetworkSource(builtin="pandapower/cigre_lv"))


@settings(max_examples=40, deadline=None)
@given(inputs=random_inputs(losses=tuple(LossAllocation)), data=st.data())
def test_invariants_hold_without_a_head_and_with_marginal_losses(network, inputs, data) -> None:
    """Readings of at most 5 kWh a quarter-hour, which this network carries."""
    largest = 5_000
    meters = replace(
        inputs.meters,
        import_wh=np.minimum(inputs.meters.import_wh, largest),
        export_wh=np.minimum(inputs.meters.export_wh, largest),
        head_given=data.draw(arrays(np.bool_, inputs.horizon.periods)),
    )
    buses = data.draw(st.lists(st.sampled_from(network.bus_ids.tolist()), min_size=5, max_size=5))
    count = len(inputs.participants)
    participants = replace(
        make_members(inputs.participants.ids, buses=buses[:count], load_pf=0.95),
        member_from=inputs.participants.member_from,
        member_until=inputs.participants.member_until,
    )
    settlement = replace(inputs, meters=meters, participants=participants, network=network).settled()
    assert [found for found in invariants(settlement) if not found.holds] == []
    if settlement.loss_shares_wh is not None:
        borne = settlement.loss_shares_wh.sum(axis=1)
        has_members = np.array([bool(members(inputs, t)) for t in range(inputs.horizon.periods)])
        assert borne.tolist() == np.where(has_members, settlement.losses_wh, 0).tolist()
    unread = ~meters.head_given
    assert (settlement.losses_wh[unread] >= 0).all()
    kinds = settlement.ledger.kind[settlement.ledger.debit < count]
    assert (inputs.tariffs.loss_allocation is LossAllocation.DSO) <= (EntryKind.LOSS not in kinds)
