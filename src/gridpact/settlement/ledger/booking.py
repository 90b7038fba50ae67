"""Booking: settled energy as the entries of a ledger."""

from collections.abc import Iterable

import numpy as np

from gridpact.arrays import Int
from gridpact.settlement.energy.delivery import Delivery
from gridpact.settlement.energy.keys import Shared, SharingKey
from gridpact.settlement.energy.losses import Losses
from gridpact.settlement.energy.positions import Positions
from gridpact.settlement.energy.retail import Retail
from gridpact.settlement.ledger.bill_entries import BillEntries
from gridpact.settlement.ledger.book_bills import billed_once
from gridpact.settlement.ledger.entries import NO_TRADE, Entries, as_ledger, entries, in_order, joined
from gridpact.settlement.ledger.ledger import EntryKind, Ledger
from gridpact.settlement.tariffs.accounts import Accounts, loss_retailer
from gridpact.settlement.tariffs.tariffs import Retailer, Tariffs


def book(
    positions: Positions,
    delivery: Delivery,
    key: SharingKey | None,
    shared: Shared,
    retail: Retail,
    losses: Losses,
    tariffs: Tariffs,
    accounts: Accounts,
    order: Int,
    version: int,
    bills: BillEntries | None = None,
) -> Ledger:
    """The ledger of a horizon, settled once.

    Args:
        positions: of R rows.
        delivery: energy traded.
        key: whose price shared energy has.
        shared: energy shared beside the trades.
        retail: energy between participants and retailers.
        losses: and who pays for them.
        tariffs: all other prices.
        accounts: that money moves between.
        order: the participants in the order in which those who give meet those who receive, (P,).
        version: of the settlement.
        bills: what they add in the last period.
    """
    last = len(losses.losses_wh) - 1
    parts = [
        *_traded(positions, delivery.energy_wh, tariffs, accounts),
        *(_shared(key, shared, tariffs, accounts, order) if key else ()),
        *_retail(retail, shared, tariffs, accounts),
        *_lost(losses, tariffs, accounts),
        *(billed_once(bills, accounts.names, last) if bills else ()),
    ]
    rows = in_order(joined(parts))
    return as_ledger(rows, accounts=accounts.names, trade_ids=positions.trade_ids, version=version)


def paired(shared: Shared, order: Int) -> tuple[Int, Int, Int, Int]:
    """Period, giver, receiver and energy of shared energy, of nobody with itself.

    In every period the first in `order` who gives serves the first who receives, and whoever is done makes
    room for the next (the north-west corner rule). All pay one price, so that who meets whom moves no
    participant's money but for the rounding of single entries. The pairs are for double entry alone:
    no key says whose energy somebody received, and nothing that a member sees names them.
    """
    count = len(order)
    given_up_to = np.cumsum(shared.given_wh[:, order].ravel())
    received_up_to = np.cumsum(shared.received_wh[:, order].ravel())
    ends = np.union1d(given_up_to, received_up_to)
    ends = ends[ends > 0]
    giver = np.searchsorted(given_up_to, ends)
    receiver = np.searchsorted(received_up_to, ends)
    pairs = giver // count, order[giver % count], order[receiver % count], np.diff(ends, prepend=0)
    return _without_self(*pairs) if (pairs[1] == pairs[2]).any() else pairs


def _without_self(period: Int, giver: Int, receiver: Int, energy_wh: Int) -> tuple[Int, Int, Int, Int]:
    """The same without pairs of one with itself, each of which changes partners with pairs of its period.

    The others always have enough: who gives g and receives r has g + r ≤ T, so that pairs without it hold
    at least as much as its pair with itself.
    """
    is_torn = np.isin(period, period[giver == receiver])
    kept = [(period[~is_torn], giver[~is_torn], receiver[~is_torn], energy_wh[~is_torn])]
    rows = np.flatnonzero(is_torn)
    for part in np.split(rows, np.flatnonzero(np.diff(period[rows])) + 1):
        mended = _mended(
            dict(
                zip(
                    zip(giver[part].tolist(), receiver[part].tolist(), strict=True),
                    energy_wh[part].tolist(),
                    strict=True,
                )
            )
        )
        columns = np.array([(one, other, wh) for (one, other), wh in mended.items()], dtype=np.int64).T
        kept.append((np.full(columns.shape[1], period[part[0]]), *columns))
    found = [np.concatenate(column) for column in zip(*kept, strict=True)]
    in_order = np.argsort(found[0], kind="stable")
    return found[0][in_order], found[1][in_order], found[2][in_order], found[3][in_order]


def _mended(energy_wh: dict[tuple[int, int], int]) -> dict[tuple[int, int], int]:
    """The energies of pairs of giver and receiver in one period, with none of one with itself."""
    for one in [giver for giver, receiver in energy_wh if giver == receiver]:
        left = energy_wh.pop((one, one), 0)
        for giver, receiver in list(energy_wh):
            if not left:
                break
            moved = min(left, energy_wh[giver, receiver]) if one not in (giver, receiver) else 0
            if not moved:
                continue
            energy_wh[giver, receiver] -= moved
            for pair in ((one, receiver), (giver, one)):
                energy_wh[pair] = energy_wh.get(pair, 0) + moved
            left -= moved
    return {pair: wh for pair, wh in energy_wh.items() if wh}


def _traded(positions: Positions, energy_wh: Int, tariffs: Tariffs, accounts: Accounts) -> Iterable[Entries]:
    """The trades, what congestion makes them dearer for buyers, and the charge and the tax on each."""
    yield entries(
        EntryKind.P2P,
        period=positions.period,
        debit=positions.buyer,
        credit=positions.seller,
        energy_wh=energy_wh,
        price_micro_per_kwh=positions.price_micro_per_kwh,
        trade=positions.trade,
    )
    rows = np.flatnonzero(positions.congestion_micro_per_kwh)
    yield entries(
        EntryKind.CONGESTION,
        period=positions.period[rows],
        debit=positions.buyer[rows],
        credit=accounts.congestion,
        energy_wh=energy_wh[rows],
        price_micro_per_kwh=positions.congestion_micro_per_kwh[rows],
        trade=positions.trade[rows],
    )
    charge = tariffs.p2p_charge_micro_per_kwh[positions.period]
    yield from _levied(
        positions.period, positions.buyer, energy_wh, charge, tariffs, accounts, positions.trade
    )


def _shared(
    key: SharingKey, shared: Shared, tariffs: Tariffs, accounts: Accounts, order: Int
) -> Iterable[Entries]:
    """What is shared, and the charge and the tax on what each receives and uses."""
    period, giver, receiver, energy = paired(shared, order)
    yield entries(
        EntryKind.P2P,
        period=period,
        debit=receiver,
        credit=giver,
        energy_wh=energy,
        price_micro_per_kwh=key.price_micro_per_kwh,
    )
    yield from _levied_on(shared.used_wh, tariffs.p2p_charge_micro_per_kwh, tariffs, accounts)


def _retail(retail: Retail, shared: Shared, tariffs: Tariffs, accounts: Accounts) -> Iterable[Entries]:
    """Supply and imbalance with the charge and the tax on what is bought, feed-in, and unused shares."""
    of = tariffs.retailers
    bought = (
        (EntryKind.SUPPLY, retail.supply_wh, [each.supply_micro_per_kwh for each in of]),
        (EntryKind.IMBALANCE, retail.short_wh, [each.imbalance_short_micro_per_kwh for each in of]),
    )
    for kind, energy, prices in bought:
        yield _with_retailer(kind, energy, prices, tariffs, accounts, is_bought=True)
        yield from _levied_on(energy, tariffs.retail_charge_micro_per_kwh, tariffs, accounts)
    taken = (
        (EntryKind.FEED_IN, retail.feed_in_wh, [each.feed_in_micro_per_kwh for each in of]),
        (EntryKind.IMBALANCE, retail.long_wh, [each.imbalance_long_micro_per_kwh for each in of]),
        (EntryKind.UNUSED, shared.unused_wh, [each.feed_in_micro_per_kwh for each in of]),
    )
    for kind, energy, prices in taken:
        yield _with_retailer(kind, energy, prices, tariffs, accounts, is_bought=False)


def _with_retailer(
    kind: EntryKind,
    energy_wh: Int,
    prices: list[Int],
    tariffs: Tariffs,
    accounts: Accounts,
    *,
    is_bought: bool,
) -> Entries:
    """Entries between participants and their retailers, each at its own retailer's price of the period."""
    period, participant, energy = _listed(energy_wh)
    retailer = accounts.retailer[participant]
    return entries(
        kind,
        period=period,
        debit=participant if is_bought else retailer,
        credit=retailer if is_bought else participant,
        energy_wh=energy,
        price_micro_per_kwh=np.stack(prices)[tariffs.retailer_of_participant[participant], period],
    )


def _lost(losses: Losses, tariffs: Tariffs, accounts: Accounts) -> Iterable[Entries]:
    """The DSO buys the losses from a retailer, and is paid by those who bear them; gains reverse the sign."""
    supplier: Retailer = loss_retailer(tariffs)
    price = supplier.supply_micro_per_kwh
    yield entries(
        EntryKind.LOSS,
        period=np.arange(len(price)),
        debit=accounts.dso,
        credit=accounts.loss_retailer,
        energy_wh=losses.losses_wh,
        price_micro_per_kwh=price,
    )
    if losses.shares_wh is not None:
        period, participant, energy = _listed(losses.shares_wh)
        yield entries(
            EntryKind.LOSS,
            period=period,
            debit=participant,
            credit=accounts.dso,
            energy_wh=energy,
            price_micro_per_kwh=price[period],
        )


def _levied_on(
    energy_wh: Int, charge_micro_per_kwh: Int, tariffs: Tariffs, accounts: Accounts
) -> Iterable[Entries]:
    """The network charge of each period, (T,), and the tax on a table of what is bought, (T, P)."""
    period, payer, energy = _listed(energy_wh)
    return _levied(period, payer, energy, charge_micro_per_kwh[period], tariffs, accounts)


def _levied(
    period: Int,
    payer: Int,
    energy_wh: Int,
    charge_micro_per_kwh: Int,
    tariffs: Tariffs,
    accounts: Accounts,
    trade: Int | int = NO_TRADE,
) -> Iterable[Entries]:
    """The network charge and the tax on energy that is bought."""
    levies = (
        (EntryKind.NETWORK_CHARGE, accounts.dso, charge_micro_per_kwh),
        (EntryKind.TAX, accounts.tax, tariffs.tax_micro_per_kwh),
    )
    for kind, account, price in levies:
        yield entries(
            kind,
            period=period,
            debit=payer,
            credit=account,
            energy_wh=energy_wh,
            price_micro_per_kwh=price,
            trade=trade,
        )


def _listed(table_wh: Int) -> tuple[Int, Int, Int]:
    """Period, participant and energy of what is not 0 in a table, (T, P)."""
    period, participant = np.nonzero(table_wh)
    return period, participant, table_wh[period, participant]
