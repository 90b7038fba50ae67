"""The money that settled energies cost by the tariffs, added up by kind: what the ledger is held against."""

import numpy as np

from gridpact.arrays import Int
from gridpact.settlement.amounts.money import amount_micro, sum_at
from gridpact.settlement.ledger.entries import NO_TRADE
from gridpact.settlement.ledger.ledger import EntryKind
from gridpact.settlement.settling.settlement import Settlement
from gridpact.settlement.tariffs.accounts import loss_retailer


def expected_micro(settlement: Settlement) -> Int:
    """The money of each kind in each period, from the tables of energies and the tariffs, (T, kinds).

    Every energy is priced by itself, as entries are. Who shares with whom is known by the entries alone, so
    that the energy of those is theirs.
    """
    return np.stack(
        [
            _traded(settlement) + _shared(settlement),
            _levied(settlement, settlement.tariffs.p2p_charge_micro_per_kwh, is_traded=True)
            + _levied(settlement, settlement.tariffs.retail_charge_micro_per_kwh, is_traded=False),
            _levied(settlement, _tax(settlement), is_traded=True)
            + _levied(settlement, _tax(settlement), is_traded=False),
            _with_retailers(settlement, settlement.supply_wh, "supply_micro_per_kwh"),
            _with_retailers(settlement, settlement.feed_in_wh, "feed_in_micro_per_kwh"),
            _with_retailers(settlement, settlement.long_wh, "imbalance_long_micro_per_kwh")
            + _with_retailers(settlement, settlement.short_wh, "imbalance_short_micro_per_kwh"),
            _lost(settlement),
            _with_retailers(settlement, settlement.shared.unused_wh, "feed_in_micro_per_kwh"),
            _congested(settlement),
        ],
        axis=1,
    )


def _traded(settlement: Settlement) -> Int:
    """What traded energy costs, (T,)."""
    positions = settlement.positions
    amounts = amount_micro(settlement.delivered_wh, positions.price_micro_per_kwh)
    return sum_at(positions.period, amounts, settlement.horizon.periods)


def _congested(settlement: Settlement) -> Int:
    """What buyers of traded energy pay beyond what its sellers receive, (T,)."""
    positions = settlement.positions
    amounts = amount_micro(settlement.delivered_wh, positions.congestion_micro_per_kwh)
    return sum_at(positions.period, amounts, settlement.horizon.periods)


def _shared(settlement: Settlement) -> Int:
    """What shared energy costs, (T,)."""
    booked, key = settlement.booked, settlement.keys
    rows = np.flatnonzero((booked.kind == EntryKind.P2P) & (booked.trade == NO_TRADE))
    amounts = amount_micro(booked.energy_wh[rows], key.price_micro_per_kwh if key else 0)
    return sum_at(booked.period[rows], amounts, settlement.horizon.periods)


def _tax(settlement: Settlement) -> Int:
    """The tax in each period, (T,)."""
    return np.full(settlement.horizon.periods, settlement.tariffs.tax_micro_per_kwh)


def _levied(settlement: Settlement, price_micro_per_kwh: Int, *, is_traded: bool) -> Int:
    """What is levied, at a price of each period, (T,), on all bought from peers, or from retailers, (T,)."""
    if not is_traded:
        bought = settlement.supply_wh + settlement.short_wh  # one of them is 0 everywhere
        return _of_table(bought, price_micro_per_kwh[:, None])
    amounts = amount_micro(settlement.delivered_wh, price_micro_per_kwh[settlement.positions.period])
    traded = sum_at(settlement.positions.period, amounts, settlement.horizon.periods)
    return traded + _of_table(settlement.shared.used_wh, price_micro_per_kwh[:, None])


def _with_retailers(settlement: Settlement, energy_wh: Int, price: str) -> Int:
    """What a table of energies, (T, P), costs at one of the prices of each one's retailer, (T,)."""
    tariffs = settlement.tariffs
    prices = np.stack([getattr(retailer, price) for retailer in tariffs.retailers], axis=1)
    return _of_table(energy_wh, prices[:, tariffs.retailer_of_participant])


def _lost(settlement: Settlement) -> Int:
    """What the DSO pays for the losses and is paid for shares of them, (T,)."""
    price = loss_retailer(settlement.tariffs).supply_micro_per_kwh
    bought = amount_micro(settlement.losses_wh, price)
    if settlement.loss_shares_wh is None:
        return bought
    return bought + _of_table(settlement.loss_shares_wh, price[:, None])


def _of_table(energy_wh: Int, price_micro_per_kwh: Int | int) -> Int:
    """What the energies of a table cost in each period, (T,)."""
    total: Int = amount_micro(energy_wh, price_micro_per_kwh).sum(axis=1)
    return total
