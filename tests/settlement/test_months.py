"""Months, with days on which the clocks change: settled at once, day by day, and by plain fractions."""

from collections import Counter
from dataclasses import fields, replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridpact.case.horizon import Horizon
from gridpact.case.times import FOREVER, microseconds
from gridpact.settlement.energy.keys import KeyKind, Unused
from gridpact.settlement.energy.membership import membership
from gridpact.settlement.ledger.ledger_digest import ledger_sha256
from gridpact.settlement.settlement_totals import entries_of, totals
from gridpact.settlement.settling import days
from gridpact.settlement.settling.settle import book_up, settle_energy
from gridpact.settlement.settling.settlement import Settlement
from gridpact.settlement.tariffs.tariffs import LossAllocation, Mode
from tests.properties.test_settlement import community, net, traded_only, without_nothing
from tests.settlement_oracle import settled_by_hand
from tests.settlements import (
    Inputs,
    make_key,
    make_members,
    make_meters,
    make_positions,
    make_tariffs,
    named_entries,
    random_inputs,
    with_meters,
)

MONTHS = {
    "2026-03-01T00:00": 743,
    "2026-10-01T00:00": 745,
    "2026-06-01T00:00": 720,
}


def month(start: str, seed: int, kind: KeyKind, mode: Mode, losses: LossAllocation) -> Inputs:
    """Four members, of whom one joins and one leaves, with prices that change every hour."""
    rng, periods, count = np.random.default_rng(seed), MONTHS[start], 4
    horizon = Horizon(start=start, timezone="Europe/Vienna", resolution="1h", periods=periods)
    shape = (periods, count)
    joins, leaves = (microseconds(horizon.instant(int(hour))) for hour in (periods // 3, periods // 2))
    people = replace(
        make_members(["d", "a", "c", "b"]),
        member_from=np.array([0, joins, 0, 0]),
        member_until=np.array([FOREVER, FOREVER, leaves, FOREVER]),
    )
    member = membership(people, horizon)
    rows = []
    for number in range(200):
        period, seller, step = rng.integers(periods), rng.integers(count), rng.integers(1, count)
        buyer = (seller + step) % count
        dearer = rng.integers(-9_000, 90_000) * rng.integers(0, 2)
        if member[period, seller] and member[period, buyer]:
            rows.append(
                (f"t{number}", period, seller, buyer, rng.integers(1, 900), rng.integers(-9, 10**6), dearer)
            )
    coefficients = rng.integers(0, 250_001, shape)
    unused = Unused.MEMBER if kind is KeyKind.FIXED and seed % 2 else Unused.GIVER
    meters = make_meters(
        rng.integers(0, 800, shape) * rng.integers(0, 2, shape),
        rng.integers(0, 900, shape) * rng.integers(0, 2, shape),
        "lossless",
    )
    four = [rng.integers(-50_000, 300_000, periods) for _ in range(4)]
    return Inputs(
        participants=people,
        horizon=horizon,
        positions=make_positions(rows),
        meters=replace(meters, head_import_wh=meters.head_import_wh + rng.integers(-5, 40, periods)),
        tariffs=make_tariffs(
            periods,
            mode=mode,
            losses=losses,
            retailers={"default": four},
            of_participant=np.zeros(count),
            p2p_charge=rng.integers(0, 50_000, periods),
            retail_charge=rng.integers(0, 90_000, periods),
        ),
        keys=make_key(kind, coefficients, rng.integers(0, 2, shape), unused=unused),
    )


@settings(max_examples=12, deadline=None)
@given(
    st.sampled_from(list(MONTHS)),
    st.integers(0, 10**6),
    st.sampled_from(KeyKind),
    st.sampled_from(Mode),
    st.sampled_from([LossAllocation.DSO, LossAllocation.PRO_RATA]),
)
def test_a_month_is_that_of_plain_fractions_and_adds_up_to_nothing(start, seed, kind, mode, losses) -> None:
    inputs = month(start, seed, kind, mode, losses)
    settlement = inputs.settled()
    energy, money = settled_by_hand(inputs)
    found_energy, found_money = net(settlement.ledger)
    assert community(found_energy) == without_nothing(energy)
    assert traded_only(found_money) == traded_only(without_nothing(money))
    accounts = Counter()
    for _, _, debit, credit, _, micro, _ in named_entries(settlement.ledger):
        accounts[debit] -= micro
        accounts[credit] += micro
    assert sum(accounts.values()) == 0
    figures = totals(settlement)
    assert figures.balances.net_micro.sum() == figures.balances.retail_only_micro.sum() == 0
    assert not [each for each in figures.invariants if not each.holds]


def day(inputs: Inputs, first: int, end: int) -> Inputs:
    """Some of the periods of a month, cut by the test itself."""
    span, at, tariffs, key = slice(first, end), inputs.positions, inputs.tariffs, inputs.keys
    rows = (at.period >= first) & (at.period < end)
    names = [each.name for each in fields(at) if each.name not in ("trade_ids", "period")]
    charges = ("p2p_charge_micro_per_kwh", "retail_charge_micro_per_kwh")

    def cut(whole, names):
        return replace(whole, **{name: getattr(whole, name)[span] for name in names})

    return replace(
        inputs,
        horizon=replace(inputs.horizon, start=inputs.horizon.instant(first), periods=end - first),
        positions=replace(
            at, period=at.period[rows] - first, **{name: getattr(at, name)[rows] for name in names}
        ),
        meters=cut(inputs.meters, [each.name for each in fields(inputs.meters)][:6]),
        tariffs=replace(
            cut(tariffs, charges),
            retailers=tuple(
                cut(each, [field.name for field in fields(each)][1:]) for each in tariffs.retailers
            ),
        ),
        keys=cut(key, ("member", "coefficient_ppm", "priority")),
    )


@pytest.mark.parametrize("kind", KeyKind)
@pytest.mark.parametrize("start", list(MONTHS))
def test_settled_at_once_is_settled_day_by_day(start: str, kind: KeyKind) -> None:
    """Days of the calendar, of 23, 24 and 25 hours."""
    inputs = month(start, 5, kind, Mode.SHARING, LossAllocation.PRO_RATA)
    once, found, first = named_entries(inputs.settled().ledger), [], 0
    lengths = Counter()
    while first < inputs.horizon.periods:
        today = inputs.horizon.instant(first).date()
        end = first
        while end < inputs.horizon.periods and inputs.horizon.instant(end).date() == today:
            end += 1
        lengths[end - first] += 1
        entries = named_entries(day(inputs, first, end).settled().ledger)
        found += [(period + first, *rest) for period, *rest in entries]
        first = end
    assert found == once
    assert lengths[23] + lengths[25] == (MONTHS[start] % 24 != 0)


@settings(max_examples=60, deadline=None)
@given(random_inputs(), st.data())
def test_the_totals_of_parts_are_those_of_the_whole(inputs: Inputs, data) -> None:
    """Of a first settlement and of a correction, whatever the parts."""
    length = data.draw(st.integers(1, 3))
    energy = settled_energy(inputs)
    compare(energy, length)
    more = with_meters(inputs, inputs.meters.import_wh + 1, inputs.meters.export_wh)
    compare(settled_energy(more, previous=book_up(energy).ledger, version=2), length)


def settled_energy(inputs: Inputs, **more):
    return settle_energy(
        inputs.participants,
        inputs.network,
        inputs.horizon,
        inputs.positions,
        inputs.meters,
        inputs.tariffs,
        inputs.keys,
        **more,
    )


def compare(energy, length: int) -> None:
    """Figures, digest and entries, in parts of so many periods and whole."""
    settlement: Settlement = book_up(energy)
    whole, found = totals(settlement), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(days, "SMALL_PART", 0)
        patch.setattr(days, "timedelta", lambda days: length * energy.horizon.step)
        cut = totals(energy, lambda ledger, first: found.append((ledger, first)))
        again = []
        entries_of(energy, lambda ledger, first: again.append((ledger, first)))
    entries = [(period + first, *rest) for ledger, first in found for period, *rest in named_entries(ledger)]
    assert entries == named_entries(settlement.ledger)
    assert len(again) == len(found)
    assert cut.ledger_sha256 == whole.ledger_sha256 == ledger_sha256(settlement.ledger)
    assert (cut.entries, cut.entries_added) == (whole.entries, whole.entries_added)
    assert cut.invariants == whole.invariants and all(each.holds for each in cut.invariants)
    for name in ("statements", "residuals", "balances"):
        for field in fields(getattr(whole, name)):
            np.testing.assert_array_equal(
                getattr(getattr(cut, name), field.name), getattr(getattr(whole, name), field.name)
            )
    assert cut.money_micro.tolist() == whole.money_micro.tolist()


def test_a_large_horizon_is_cut_into_days_and_a_small_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = month("2026-10-01T00:00", 1, KeyKind.EQUAL, Mode.SHARING, LossAllocation.DSO)
    energy = settled_energy(inputs)
    assert [part.first for part in days.in_days(energy)] == [0]
    monkeypatch.setattr(days, "SMALL_PART", 200)
    firsts = [part.first for part in days.in_days(energy)]
    assert firsts == list(range(0, 745, 48))
    assert sum(part.energy.horizon.periods for part in days.in_days(energy)) == 745
    assert energy.horizon.step == timedelta(hours=1)
