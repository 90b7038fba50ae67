"""Invariants: what must hold of every settlement, each with the figure that says so."""

from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Bool, Int
from gridpact.settlement.entries import as_entries, joined, places, renumbered
from gridpact.settlement.ledger import EntryKind, Ledger
from gridpact.settlement.money import sum_at
from gridpact.settlement.settlement import Settlement
from gridpact.settlement.tariffs import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    """Something that must hold exactly.

    Attributes:
        name: ends in the unit of the figure.
        meaning: what is compared, for people.
        figure: the greatest difference found, in whole units; 0 where it holds.
    """

    name: str
    meaning: str
    figure: int

    @property
    def holds(self) -> bool:
        """Whether the figure is 0."""
        return self.figure == 0


def invariants(settlement: Settlement) -> tuple[Invariant, ...]:
    """All invariants of a settlement.

    Energies are read off the ledger where it has them, reversals and all, so that the figures are about what
    is paid for.
    """
    figures = {
        "meter_balance_wh": (_meaning_of_meters(settlement), _meter_balance(settlement)),
        "sold_less_bought_wh": ("in each period, sold + given = bought + received", _sold_bought(settlement)),
        "within_cleared_wh": ("no trade counts for more than was cleared", _beyond_cleared(settlement)),
        "residual_sign_wh": ("no retailer supplies or takes a negative energy", _negative(settlement)),
        "money_micro": ("what all accounts pay and are paid adds up to 0", _money(settlement)),
        "head_balance_wh": ("in each period, head = meters + losses", _head(settlement)),
        "losses_booked_wh": ("in each period, the ledger has the losses and their shares", _lost(settlement)),
        "correction_micro": ("the ledger nets to the one settled once", _corrected(settlement)),
    }
    return tuple(
        Invariant(name=name, meaning=meaning, figure=figure) for name, (meaning, figure) in figures.items()
    )


def account_balance_micro(ledger: Ledger) -> Int:
    """What each account is paid less what it pays, (accounts,)."""
    size = len(ledger.accounts)
    paid = sum_at(ledger.credit, ledger.amount_micro, size)
    return paid - sum_at(ledger.debit, ledger.amount_micro, size)


def _meaning_of_meters(settlement: Settlement) -> str:
    if settlement.tariffs.mode is Mode.FIRM:
        return "in each period, each meter's export − import = sold − bought + long − short"
    return "in each period, each meter's import = bought + supply, and its export = sold + feed-in"


def _meter_balance(settlement: Settlement) -> int:
    imported = _of_participants(settlement, EntryKind.P2P, pays=True) + _of_participants(
        settlement, EntryKind.SUPPLY, pays=True
    )
    exported = _of_participants(settlement, EntryKind.P2P, pays=False) + _of_participants(
        settlement, EntryKind.FEED_IN, pays=False
    )
    meters = settlement.meters
    if settlement.tariffs.mode is Mode.SHARING:
        return max(_largest(imported - meters.import_wh), _largest(exported - meters.export_wh))
    short = _of_participants(settlement, EntryKind.IMBALANCE, pays=True)
    long = _of_participants(settlement, EntryKind.IMBALANCE, pays=False)
    net = meters.export_wh - meters.import_wh
    return _largest(exported + long - imported - short - net)


def _sold_bought(settlement: Settlement) -> int:
    sold = settlement.sold_wh + settlement.given_wh
    bought = settlement.bought_wh + settlement.received_wh
    in_ledger = _of_participants(settlement, EntryKind.P2P, pays=False).sum(axis=1)
    return max(_largest((sold - bought).sum(axis=1)), _largest(in_ledger - sold.sum(axis=1)))


def _beyond_cleared(settlement: Settlement) -> int:
    cleared = settlement.positions.energy_wh
    beyond = np.maximum(settlement.delivered_wh - cleared, 0) + np.maximum(-settlement.delivered_wh, 0)
    return _largest(beyond)


def _negative(settlement: Settlement) -> int:
    tables = (settlement.supply_wh, settlement.feed_in_wh, settlement.long_wh, settlement.short_wh)
    return max(_largest(np.minimum(table, 0)) for table in tables)


def _money(settlement: Settlement) -> int:
    return abs(int(account_balance_micro(settlement.ledger).sum()))


def _head(settlement: Settlement) -> int:
    meters = settlement.meters
    metered = meters.import_wh.sum(axis=1) - meters.export_wh.sum(axis=1)
    read = np.where(meters.head_given, meters.head_import_wh, settlement.head_import_wh)
    return max(_largest(read - metered - settlement.losses_wh), _largest(read - settlement.head_import_wh))


def _lost(settlement: Settlement) -> int:
    ledger, count = settlement.ledger, len(settlement.participants)
    is_loss = ledger.kind == EntryKind.LOSS
    shared = _by_period(settlement, is_loss & (ledger.debit < count))
    supplied = _by_period(settlement, is_loss & (ledger.debit >= count))
    wrong = _largest(supplied - settlement.losses_wh)
    if settlement.loss_shares_wh is None:
        return max(wrong, _largest(shared))
    return max(wrong, _largest(shared - settlement.losses_wh))


def _corrected(settlement: Settlement) -> int:
    """The greatest difference, in energy or money, of any period, kind, payer, payee and trade."""
    if settlement.ledger is settlement.booked:
        return 0
    now, once = settlement.ledger, settlement.booked
    rows = joined([as_entries(now), renumbered(once, now.accounts, now.trade_ids)])
    _, place = np.unique(places(rows), return_inverse=True)
    sign = np.repeat([1, -1], [len(now.period), len(once.period)])
    size = int(place.max(initial=-1)) + 1
    return max(_largest(sum_at(place, sign * each, size)) for each in (rows.energy_wh, rows.amount_micro))


def _of_participants(settlement: Settlement, kind: EntryKind, *, pays: bool) -> Int:
    """Energy of the entries of a kind that each participant pays, or is paid, (T, P)."""
    ledger, count = settlement.ledger, len(settlement.participants)
    account = ledger.debit if pays else ledger.credit
    rows = np.flatnonzero((ledger.kind == kind) & (account < count))
    size = settlement.horizon.periods * count
    sums = sum_at(ledger.period[rows] * count + account[rows], ledger.energy_wh[rows], size)
    return sums.reshape(settlement.horizon.periods, count)


def _by_period(settlement: Settlement, rows: Bool) -> Int:
    ledger = settlement.ledger
    return sum_at(ledger.period[rows], ledger.energy_wh[rows], settlement.horizon.periods)


def _largest(differences: Int) -> int:
    return int(np.abs(differences).max(initial=0))
