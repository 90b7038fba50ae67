"""Small things to settle, written out by hand or drawn at random."""

from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gridpact.arrays import frozen
from gridpact.case.horizon import Horizon
from gridpact.case.participants import Participants
from gridpact.case.times import FOREVER, microseconds
from gridpact.grid.network import Network
from gridpact.settlement.energy.keys import KeyKind, SharingKey, Unused
from gridpact.settlement.energy.membership import membership
from gridpact.settlement.energy.meters import Meters
from gridpact.settlement.energy.positions import Positions
from gridpact.settlement.ledger.ledger import EntryKind, Ledger
from gridpact.settlement.settling.settle import settle
from gridpact.settlement.settling.settlement import Settlement
from gridpact.settlement.tariffs.tariffs import LossAllocation, Missing, Mode, Retailer, Tariffs

FLAT = (200_000, 50_000, 30_000, 300_000)  # supply, feed-in, long, short: micro per kWh

Row = tuple[str, int, int, int, int, int] | tuple[str, int, int, int, int, int, int]


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What `settle` takes."""

    participants: Participants
    horizon: Horizon
    positions: Positions
    meters: Meters
    tariffs: Tariffs
    keys: SharingKey | None = None
    network: Network | None = None

    def settled(self, **more) -> Settlement:
        return settle(
            self.participants,
            self.network,
            self.horizon,
            self.positions,
            self.meters,
            self.tariffs,
            self.keys,
            **more,
        )


def make_horizon(periods: int, resolution: str = "1h") -> Horizon:
    return Horizon(
        start=datetime(2024, 6, 21, tzinfo=UTC), timezone="UTC", resolution=resolution, periods=periods
    )


def make_members(ids, retailers=None, buses=None, load_pf=1.0, generation_pf=1.0) -> Participants:
    count = len(ids)
    return Participants(
        ids=tuple(ids),
        bus=frozen(buses if buses is not None else np.zeros(count), np.int64),
        firm=frozen(np.ones(count), np.bool_),
        exports=frozen(np.ones(count), np.bool_),
        load_power_factor=frozen(np.full(count, load_pf), np.float64),
        generation_power_factor=frozen(np.full(count, generation_pf), np.float64),
        retailer=tuple(retailers or ("default",) * count),
    )


def make_positions(rows: list[Row]) -> Positions:
    """Rows of trade, period, seller, buyer, Wh, micro per kWh, and what buyers pay beyond, if anything."""
    ids = sorted({row[0] for row in rows})
    columns = np.array([(*row[1:], 0)[:6] for row in rows], dtype=np.int64).reshape(-1, 6).T
    return Positions(
        trade_ids=tuple(ids),
        trade=frozen([ids.index(row[0]) for row in rows], np.int64),
        period=frozen(columns[0], np.int64),
        seller=frozen(columns[1], np.int64),
        buyer=frozen(columns[2], np.int64),
        energy_wh=frozen(columns[3], np.int64),
        price_micro_per_kwh=frozen(columns[4], np.int64),
        congestion_micro_per_kwh=frozen(columns[5], np.int64),
    )


def make_meters(import_wh, export_wh, head_wh=None) -> Meters:
    """Readings, (T, P), and of the head, (T,): None for none at all, "lossless" for one without losses."""
    imported, exported = np.array(import_wh, dtype=np.int64), np.array(export_wh, dtype=np.int64)
    lossless = imported.sum(axis=1) - exported.sum(axis=1)
    head = lossless if isinstance(head_wh, str) or head_wh is None else np.array(head_wh)
    return Meters(
        import_wh=frozen(imported, np.int64),
        export_wh=frozen(exported, np.int64),
        given=frozen(np.ones(imported.shape), np.bool_),
        estimated=frozen(np.zeros(imported.shape), np.bool_),
        head_import_wh=frozen(head if head_wh is not None else np.zeros(len(imported)), np.int64),
        head_given=frozen(np.full(len(imported), head_wh is not None), np.bool_),
    )


def make_tariffs(
    periods: int,
    *,
    mode=Mode.SHARING,
    losses=LossAllocation.DSO,
    retailers=None,
    of_participant,
    p2p_charge=20_000,
    retail_charge=50_000,
    tax=10_000,
) -> Tariffs:
    """`retailers` maps names to four prices, each one for all periods or one of each."""
    prices = retailers or {"default": FLAT}
    return Tariffs(
        mode=mode,
        missing=Missing.ERROR,
        loss_allocation=losses,
        p2p_charge_micro_per_kwh=frozen(np.broadcast_to(p2p_charge, periods), np.int64),
        retail_charge_micro_per_kwh=frozen(np.broadcast_to(retail_charge, periods), np.int64),
        tax_micro_per_kwh=tax,
        retailers=tuple(
            Retailer(
                name=name,
                **{
                    field.name: frozen(np.broadcast_to(price, periods), np.int64)
                    for field, price in zip(fields(Retailer)[1:], prices[name], strict=True)
                },
            )
            for name in sorted(prices)
        ),
        retailer_of_participant=frozen(of_participant, np.int64),
    )


def make_inputs(import_wh, export_wh, trades=(), *, head_wh="lossless", keys=None, **tariffs) -> Inputs:
    """Participants a, b, c … with one retailer; readings (T, P)."""
    meters = make_meters(import_wh, export_wh, head_wh)
    periods, count = meters.import_wh.shape
    return Inputs(
        participants=make_members("abcdefghij"[:count]),
        horizon=make_horizon(periods),
        positions=make_positions(list(trades)),
        meters=meters,
        tariffs=make_tariffs(periods, of_participant=np.zeros(count), **tariffs),
        keys=keys,
    )


def make_key(
    kind: str, coefficient_ppm, priority=None, *, price=100_000, member=None, unused=Unused.GIVER
) -> SharingKey:
    """A key; coefficients, (T, P)."""
    coefficient = np.array(coefficient_ppm, dtype=np.int64)
    return SharingKey(
        kind=KeyKind(kind),
        unused=unused,
        price_micro_per_kwh=price,
        member=frozen(np.ones(coefficient.shape) if member is None else member, np.bool_),
        coefficient_ppm=frozen(coefficient, np.int64),
        priority=frozen(np.zeros(coefficient.shape) if priority is None else priority, np.int64),
    )


def named_entries(ledger: Ledger) -> list[tuple]:
    """The entries in their order: period, kind, debit, credit, Wh, micro, trade."""
    names, trades = ledger.accounts, (*ledger.trade_ids, "")
    return [
        (period, EntryKind(kind).label, names[debit], names[credit], energy, amount, trades[trade])
        for period, kind, debit, credit, energy, amount, trade in zip(
            ledger.period.tolist(),
            ledger.kind.tolist(),
            ledger.debit.tolist(),
            ledger.credit.tolist(),
            ledger.energy_wh.tolist(),
            ledger.amount_micro.tolist(),
            ledger.trade.tolist(),
            strict=True,
        )
    ]


def with_meters(inputs: Inputs, import_wh, export_wh) -> Inputs:
    """The same with other readings of the participants."""
    meters = replace(
        inputs.meters, import_wh=frozen(import_wh, np.int64), export_wh=frozen(export_wh, np.int64)
    )
    return replace(inputs, meters=meters)


@st.composite
def random_inputs(draw, *, mode=None, losses=(LossAllocation.DSO, LossAllocation.PRO_RATA)) -> Inputs:
    """Anything that can be settled without a network: a few participants, periods, trades and retailers."""
    periods, count = draw(st.integers(1, 3)), draw(st.integers(2, 5))
    largest = draw(st.sampled_from([3, 20, 5_000, 10**9]))
    readings = arrays(np.int64, (periods, count), elements=st.integers(0, largest))
    meters = make_meters(draw(readings), draw(readings), "lossless")
    noise = draw(arrays(np.int64, periods, elements=st.integers(-3 - largest // 100, largest // 10)))
    meters = replace(meters, head_import_wh=frozen(meters.head_import_wh + noise, np.int64))
    prices = st.integers(-300_000, 300_000)
    charges = arrays(np.int64, periods, elements=prices)
    people = make_members(draw(st.permutations(["a", "b", "c10", "c9", "Z"]))[:count])
    people = draw(_membership(people, make_horizon(periods, "15min")))
    names = draw(st.lists(st.sampled_from(["default", "green", "zeta"]), min_size=1, unique=True))
    four = st.tuples(*[arrays(np.int64, periods, elements=prices)] * 4)
    return Inputs(
        participants=people,
        horizon=make_horizon(periods, "15min"),
        positions=draw(_positions(membership(people, make_horizon(periods, "15min")), largest)),
        meters=meters,
        tariffs=make_tariffs(
            periods,
            mode=mode or draw(st.sampled_from(Mode)),
            losses=draw(st.sampled_from(losses)),
            retailers={name: draw(four) for name in names},
            of_participant=draw(arrays(np.int64, count, elements=st.integers(0, len(names) - 1))),
            p2p_charge=draw(charges),
            retail_charge=draw(charges),
            tax=draw(prices),
        ),
        keys=draw(st.none() | _keys(periods, count)),
    )


@st.composite
def _membership(draw, people: Participants, horizon: Horizon) -> Participants:
    """The same people, some of whom are members from a period on, or until one."""
    ends = st.sampled_from([0, 0, 0, *(microseconds(each) for each in horizon.instants())])
    first = np.array([draw(ends) for _ in people.ids])
    last = [draw(st.sampled_from([FOREVER, FOREVER, *horizon_ends(horizon)])) for _ in people.ids]
    return replace(people, member_from=first, member_until=np.where(np.array(last) > first, last, FOREVER))


def horizon_ends(horizon: Horizon) -> list[int]:
    """The ends of its periods, microseconds since 1970."""
    return [microseconds(horizon.instant(period)) for period in range(1, horizon.periods + 1)]


@st.composite
def _positions(draw, member, largest: int) -> Positions:
    periods, count = member.shape
    pairs = draw(
        st.lists(st.tuples(st.integers(0, count - 1), st.integers(1, count - 1), st.integers(-1, 10**6)))
    )
    is_congested = draw(st.booleans())
    rows: list[Row] = []
    for number, (seller, step, price) in enumerate(pairs):
        for period in draw(st.sets(st.integers(0, periods - 1))):
            energy = draw(st.integers(1, largest))
            buyer = (seller + step) % count
            if member[period, seller] and member[period, buyer]:
                dearer = draw(st.integers(-200_000, 200_000)) if is_congested else 0
                rows.append((f"t{number}", period, seller, buyer, energy, price, dearer))
    return make_positions(rows)


@st.composite
def _keys(draw, periods: int, count: int) -> SharingKey:
    shape = (periods, count)
    kind = draw(st.sampled_from(KeyKind))
    coefficient = draw(arrays(np.int64, shape, elements=st.integers(0, 1_000_000 // count)))
    unused = draw(st.sampled_from(Unused)) if kind is KeyKind.FIXED else Unused.GIVER
    return make_key(
        kind,
        coefficient,
        draw(arrays(np.int64, shape, elements=st.integers(-1, 2))),
        price=draw(st.integers(-1, 300_000)),
        member=draw(arrays(np.bool_, shape)),
        unused=unused,
    )
