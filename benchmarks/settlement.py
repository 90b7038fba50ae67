"""`python -m benchmarks.settlement`: time and memory of settling a day, 1,000 participants and 5,000 trades.

Every trade runs all day, so that there are 480,000 rows of positions. Reading and writing files is not part.
"""

import resource
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import numpy as np

from gridpact.arrays import Int, frozen
from gridpact.case.horizon import Horizon
from gridpact.case.participants import Participants
from gridpact.case.schema import DEFAULT_RETAILER
from gridpact.grid.compile import compile_source
from gridpact.grid.network import Network
from gridpact.grid.source import NetworkSource
from gridpact.settlement.energy.keys import WHOLE_PPM, KeyKind, SharingKey
from gridpact.settlement.energy.meters import Meters
from gridpact.settlement.energy.positions import Positions
from gridpact.settlement.invariants.invariants import invariants
from gridpact.settlement.settling.settle import settle
from gridpact.settlement.settling.settlement import Settlement
from gridpact.settlement.tariffs.tariffs import LossAllocation, Missing, Mode, Retailer, Tariffs

PARTICIPANTS = 1_000
PERIODS = 96
TRADES = 5_000
MEAN_TRADE_WH = 30.0
MEAN_IMPORT_WH = 250.0
MEAN_EXPORT_WH = 400.0
LOSSES = 0.03
SEED = 7
NETWORK = NetworkSource(builtin="simbench/1-LV-rural2--0-sw")
HORIZON = Horizon(
    start=datetime(2024, 6, 21, tzinfo=UTC), timezone="UTC", resolution="15min", periods=PERIODS
)
KIB_PER_MIB = 1024


def connections(network: Network) -> Participants:
    """Participants, ten to a bus or so; the first half are prosumers."""
    buses = np.setdiff1d(network.bus_ids, network.bus_ids[np.isin(network.bus_node, network.slack_node)])
    return Participants(
        ids=tuple(f"p{number:04d}" for number in range(PARTICIPANTS)),
        bus=frozen(np.resize(buses, PARTICIPANTS), np.int64),
        firm=frozen(np.ones(PARTICIPANTS), np.bool_),
        exports=frozen(np.ones(PARTICIPANTS), np.bool_),
        load_power_factor=frozen(np.full(PARTICIPANTS, 0.97), np.float64),
        generation_power_factor=frozen(np.ones(PARTICIPANTS), np.float64),
        retailer=(DEFAULT_RETAILER,) * PARTICIPANTS,
    )


def cleared(rng: np.random.Generator) -> Positions:
    """All trades in all periods."""
    rows = TRADES * PERIODS
    seller = rng.integers(0, PARTICIPANTS // 2, TRADES)
    buyer = rng.integers(PARTICIPANTS // 2, PARTICIPANTS, TRADES)
    price = rng.integers(80_000, 200_000, TRADES)
    trade = np.repeat(np.arange(TRADES), PERIODS)
    return Positions(
        trade_ids=tuple(f"t{number:05d}" for number in range(TRADES)),
        trade=frozen(trade, np.int64),
        period=frozen(np.tile(np.arange(PERIODS), TRADES), np.int64),
        seller=frozen(seller[trade], np.int64),
        buyer=frozen(buyer[trade], np.int64),
        energy_wh=frozen(1 + rng.poisson(MEAN_TRADE_WH, rows), np.int64),
        price_micro_per_kwh=frozen(price[trade], np.int64),
    )


def readings(rng: np.random.Generator) -> Meters:
    """A reading of every participant in every period, and of the head."""
    shape = (PERIODS, PARTICIPANTS)
    imported = rng.poisson(MEAN_IMPORT_WH, shape)
    exported = rng.poisson(MEAN_EXPORT_WH, shape) * (np.arange(PARTICIPANTS) < PARTICIPANTS // 2)
    net = imported.sum(axis=1) - exported.sum(axis=1)
    return Meters(
        import_wh=frozen(imported, np.int64),
        export_wh=frozen(exported, np.int64),
        given=frozen(np.ones(shape), np.bool_),
        estimated=frozen(np.zeros(shape), np.bool_),
        head_import_wh=frozen(net + (LOSSES * imported.sum(axis=1)).astype(np.int64), np.int64),
        head_given=frozen(np.ones(PERIODS), np.bool_),
    )


def prices(periods: int = PERIODS, participants: int = PARTICIPANTS) -> Tariffs:
    """One retailer, mode `sharing`, losses on the DSO's account."""

    def constant(micro_per_kwh: int) -> Int:
        return frozen(np.full(periods, micro_per_kwh), np.int64)

    return Tariffs(
        mode=Mode.SHARING,
        missing=Missing.ERROR,
        loss_allocation=LossAllocation.DSO,
        p2p_charge_micro_per_kwh=constant(20_000),
        retail_charge_micro_per_kwh=constant(50_000),
        tax_micro_per_kwh=10_000,
        retailers=(
            Retailer(
                name=DEFAULT_RETAILER,
                supply_micro_per_kwh=constant(200_000),
                feed_in_micro_per_kwh=constant(50_000),
                imbalance_long_micro_per_kwh=constant(30_000),
                imbalance_short_micro_per_kwh=constant(300_000),
            ),
        ),
        retailer_of_participant=frozen(np.zeros(participants), np.int64),
    )


def levels() -> SharingKey:
    """A hierarchical key: ten levels of priority, and coefficients of 1 to 5 thousandths."""
    shape = (PERIODS, PARTICIPANTS)
    number = np.broadcast_to(np.arange(PARTICIPANTS), shape)
    return SharingKey(
        kind=KeyKind.HIERARCHICAL,
        price_micro_per_kwh=100_000,
        member=frozen(np.ones(shape), np.bool_),
        coefficient_ppm=frozen((1 + number % 5) * WHOLE_PPM // 1000, np.int64),
        priority=frozen(number % 10, np.int64),
    )


def main() -> None:
    """Prints a table in Markdown."""
    rng = np.random.default_rng(SEED)
    network = compile_source(NETWORK)
    participants, positions, meters = connections(network), cleared(rng), readings(rng)
    tariffs, unread = prices(), replace(meters, head_given=frozen(np.zeros(PERIODS), np.bool_))
    corrected = replace(
        meters, import_wh=frozen(meters.import_wh + (rng.random(meters.import_wh.shape) < 0.01), np.int64)
    )
    run = partial(settle, participants, network, HORIZON, positions)
    firm = replace(tariffs, mode=Mode.FIRM)
    marginal = replace(tariffs, loss_allocation=LossAllocation.MARGINAL)
    print("| settlement | entries | seconds | peak MiB so far | invariants, s |")
    print("|---|---:|---:|---:|---:|")
    first = measured("sharing", lambda: run(meters, tariffs))
    measured("firm", lambda: run(meters, firm))
    measured("sharing, hierarchical key", lambda: run(meters, tariffs, levels()))
    measured("sharing, no head, marginal losses", lambda: run(unread, marginal))
    measured("sharing, 1 % of the readings corrected", lambda: run(corrected, tariffs, None, first.ledger, 2))


def measured(name: str, call: Callable[[], Settlement]) -> Settlement:
    """Settles, checks the invariants, and prints what both took."""
    start = time.perf_counter()
    settlement = call()
    seconds = time.perf_counter() - start
    start = time.perf_counter()
    broken = [found.name for found in invariants(settlement) if not found.holds]
    checked = time.perf_counter() - start
    if broken:
        raise SystemExit(f"{name}: {', '.join(broken)} broken")
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_PER_MIB
    print(
        f"| {name} | {len(settlement.ledger.period):,} | {seconds:.2f} | {peak_mib:.0f} | {checked:.2f} |",
        flush=True,
    )
    return settlement


if __name__ == "__main__":
    main()
