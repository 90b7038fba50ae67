"""PricedEnergy: settled energy and its money by participant, line, source and unit price."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Bool, Int, frozen
from gridpact.settlement.amounts.money import amount_micro, sum_at
from gridpact.settlement.ledger.booking import paired
from gridpact.settlement.settling.settled_energy import SettledEnergy
from gridpact.settlement.statements.statements import PLACE
from gridpact.settlement.tariffs.accounts import loss_retailer

KEYS = ("participant", "line", "is_retail", "is_of_table", "price_micro_per_kwh")


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedEnergy:
    """B sums of entries, each of one participant, line of its statement, source and unit price.

    Attributes:
        participant: index, (B,).
        line: index into `statements.LINES`, (B,).
        is_retail: whether it is about energy between the participant and its retailer, (B,).
        is_of_table: whether the table of prices gives its price, from period to period, (B,).
        price_micro_per_kwh: (B,).
        energy_wh: (B,).
        amount_micro: the sum of what each entry comes to, as the ledger has it; what is paid and what is
            received both positive, (B,).
    """

    participant: Int
    line: Int
    is_retail: Bool
    is_of_table: Bool
    price_micro_per_kwh: Int
    energy_wh: Int
    amount_micro: Int


def price_energy(settled: SettledEnergy) -> PricedEnergy:
    """All that is settled, ordered by participant, line, source (peers first) and price.

    It is made of the tables of energy and the tariffs, and not of the ledger, which does not say what a
    network charge or a tax is levied on; an invariant holds that both come to the same.
    """
    parts = [*_traded(settled), *_shared(settled), *_retail(settled), *_lost(settled)]
    keys = [np.concatenate([getattr(part, name) for part in parts]) for name in KEYS]
    order = np.lexsort(keys[::-1])
    keys = [key[order] for key in keys]
    is_first = np.any([np.append(True, key[1:] != key[:-1])[: len(order)] for key in keys], axis=0)
    first, place = np.flatnonzero(is_first), np.cumsum(is_first) - 1
    participant, line, is_retail, is_of_table, price = (key[first] for key in keys)
    energy_wh, amount = (
        sum_at(place, np.concatenate([getattr(part, name) for part in parts])[order], len(first))
        for name in ("energy_wh", "amount_micro")
    )
    return PricedEnergy(
        participant=frozen(participant, np.int64),
        line=frozen(line, np.int64),
        is_retail=frozen(is_retail, np.bool_),
        is_of_table=frozen(is_of_table, np.bool_),
        price_micro_per_kwh=frozen(price, np.int64),
        energy_wh=frozen(energy_wh, np.int64),
        amount_micro=frozen(amount, np.int64),
    )


def _traded(settled: SettledEnergy) -> Iterator[PricedEnergy]:
    """The trades, what is levied on them, and what congestion makes them dearer."""
    positions, tariffs = settled.positions, settled.tariffs
    energy, price = settled.delivered_wh, positions.price_micro_per_kwh
    yield _summed("p2p_bought", positions.buyer, energy, price)
    yield _summed("p2p_sold", positions.seller, energy, price)
    charge = tariffs.p2p_charge_micro_per_kwh[positions.period]
    yield _summed("network_charge", positions.buyer, energy, charge)
    yield _summed("tax", positions.buyer, energy, np.full(len(energy), tariffs.tax_micro_per_kwh))
    dearer = positions.congestion_micro_per_kwh
    yield _summed("congestion", positions.buyer, np.where(dearer, energy, 0), dearer)


def _shared(settled: SettledEnergy) -> Iterator[PricedEnergy]:
    """What is shared, entry by entry of the ledger, and what is levied on it."""
    key, tariffs = settled.keys, settled.tariffs
    if key is None:
        return
    _, giver, receiver, wh = paired(settled.shared, settled.order)
    price = np.full(len(wh), key.price_micro_per_kwh)
    yield _summed("shared_received", receiver, wh, price)
    yield _summed("shared_given", giver, wh, price)
    used = settled.shared.used_wh
    yield _table("network_charge", used, tariffs.p2p_charge_micro_per_kwh[:, None])
    yield _table("tax", used, tariffs.tax_micro_per_kwh)


def _retail(settled: SettledEnergy) -> Iterator[PricedEnergy]:
    """What is settled with retailers, and what is levied on what they supply."""
    tariffs, of = settled.tariffs, settled.tariffs.retailer_of_participant
    for line, energy, name, is_bought in (
        ("supply", settled.supply_wh, "supply_micro_per_kwh", True),
        ("feed_in", settled.feed_in_wh, "feed_in_micro_per_kwh", False),
        ("imbalance_short", settled.short_wh, "imbalance_short_micro_per_kwh", True),
        ("imbalance_long", settled.long_wh, "imbalance_long_micro_per_kwh", False),
        ("unused", settled.shared.unused_wh, "feed_in_micro_per_kwh", False),
    ):
        prices = np.stack([getattr(each, name) for each in tariffs.retailers], axis=1)
        is_of_table = tariffs.is_of_table(name)[:, of]
        for in_table, part in ((True, is_of_table), (False, ~is_of_table)):
            yield _table(line, np.where(part, energy, 0), prices[:, of], is_retail=True, is_of_table=in_table)
        if is_bought:
            charge = tariffs.retail_charge_micro_per_kwh[:, None]
            yield _table("network_charge", energy, charge, is_retail=True)
            yield _table("tax", energy, tariffs.tax_micro_per_kwh, is_retail=True)


def _lost(settled: SettledEnergy) -> Iterator[PricedEnergy]:
    """Shares of the losses, where participants bear them."""
    tariffs, shares = settled.tariffs, settled.loss_shares_wh
    if shares is None:
        return
    retailer, field = loss_retailer(tariffs), "supply_micro_per_kwh"
    price = getattr(retailer, field)[:, None]
    is_of_table = tariffs.is_of_table(field)[:, tariffs.retailers.index(retailer), None]
    for in_table, part in ((True, is_of_table), (False, ~is_of_table)):
        yield _table("losses", np.where(part, shares, 0), price, is_of_table=in_table)


def _table(
    line: str,
    energy_wh: Int,
    price_micro_per_kwh: Int | int,
    *,
    is_retail: bool = False,
    is_of_table: bool = False,
) -> PricedEnergy:
    """The sums of a table of energies, (T, P), at prices that it can be broadcast with."""
    period, participant = np.nonzero(energy_wh)
    price = np.broadcast_to(np.asarray(price_micro_per_kwh, np.int64), energy_wh.shape)
    energy, at = energy_wh[period, participant], price[period, participant]
    return _summed(line, participant, energy, at, is_retail=is_retail, is_of_table=is_of_table)


def _summed(
    line: str,
    participant: Int,
    energy_wh: Int,
    price_micro_per_kwh: Int,
    *,
    is_retail: bool = False,
    is_of_table: bool = False,
) -> PricedEnergy:
    """The sums of entries of a line by participant and price, (L,) each; without those about no energy."""
    rows = np.flatnonzero(energy_wh)
    participant, energy, price = participant[rows], energy_wh[rows], price_micro_per_kwh[rows]
    distinct, code = np.unique(price, return_inverse=True)
    found, place = np.unique(participant * max(len(distinct), 1) + code, return_inverse=True)
    size = len(found)
    return PricedEnergy(
        participant=found // max(len(distinct), 1),
        line=np.full(size, PLACE[line]),
        is_retail=np.full(size, is_retail),
        is_of_table=np.full(size, is_of_table),
        price_micro_per_kwh=distinct[found % max(len(distinct), 1)] if size else found,
        energy_wh=sum_at(place, energy, size),
        amount_micro=sum_at(place, amount_micro(energy, price), size),
    )
