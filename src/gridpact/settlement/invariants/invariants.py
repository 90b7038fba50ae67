"""Invariants: what must hold of every settlement, each with the figure that says so."""

from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Bool, Int
from gridpact.settlement.amounts.money import sum_at
from gridpact.settlement.invariants.expected import expected_micro
from gridpact.settlement.ledger.entries import NO_TRADE, as_entries, joined, places, renumbered
from gridpact.settlement.ledger.ledger import EntryKind, Ledger
from gridpact.settlement.settling.settlement import Settlement
from gridpact.settlement.statements.residuals import make_residuals
from gridpact.settlement.statements.statements import make_statements
from gridpact.settlement.tariffs.accounts import CONGESTION
from gridpact.settlement.tariffs.tariffs import Mode


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
    lost_wh = _lost_wh(settlement)
    figures = {
        "meter_balance_wh": (_meaning_of_meters(settlement), _meter_balance(settlement)),
        "sold_less_bought_wh": ("in each period, sold + given = bought + received", _sold_bought(settlement)),
        "within_cleared_wh": (_meaning_of_cleared(settlement), _beyond_cleared(settlement)),
        "residual_sign_wh": ("no retailer supplies or takes a negative energy", _negative(settlement)),
        "amounts_micro": ("in each period, the money of each kind is energy × tariff", _amounts(settlement)),
        "money_micro": (
            "statements, residuals and the other accounts together come to 0",
            _money(settlement),
        ),
        "head_balance_wh": ("in each period, head = meters + losses booked", _head(settlement, lost_wh)),
        "losses_booked_wh": (
            "in each period, the ledger has the losses and their shares",
            _lost(settlement, lost_wh),
        ),
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
    """What holds of each meter in this mode."""
    if settlement.tariffs.mode is Mode.FIRM:
        return "in each period, each meter's export − import = sold − bought + long − short"
    return "in each period, each meter's import = bought + supply, and its export = sold + feed-in"


def _meter_balance(settlement: Settlement) -> int:
    """The largest difference of a meter to what the ledger has of its participant, Wh."""
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
    """The largest difference of sold and bought energy in a period, Wh."""
    sold = settlement.sold_wh + settlement.given_wh
    bought = settlement.bought_wh + settlement.received_wh
    in_ledger = _of_participants(settlement, EntryKind.P2P, pays=False).sum(axis=1)
    return max(_largest((sold - bought).sum(axis=1)), _largest(in_ledger - sold.sum(axis=1)))


def _meaning_of_cleared(settlement: Settlement) -> str:
    """What holds of each trade in this mode."""
    if settlement.tariffs.mode is Mode.FIRM:
        return "in each period, the ledger has of each trade what was cleared"
    return "in each period, the ledger has of no trade more than was cleared, nor less than nothing"


def _beyond_cleared(settlement: Settlement) -> int:
    """By how much a trade in the ledger is beyond what was cleared of it, at most."""
    ledger, positions = settlement.ledger, settlement.positions
    rows = np.flatnonzero((ledger.kind == EntryKind.P2P) & (ledger.trade != NO_TRADE))
    count = len(ledger.trade_ids)  # The trades of the positions come first among them.
    booked_at = ledger.period[rows] * count + ledger.trade[rows]
    cleared_at = positions.period * count + positions.trade
    distinct, place = np.unique(np.concatenate([booked_at, cleared_at]), return_inverse=True)
    booked = sum_at(place[: len(rows)], ledger.energy_wh[rows], len(distinct))
    cleared = sum_at(place[len(rows) :], positions.energy_wh, len(distinct))
    if settlement.tariffs.mode is Mode.FIRM:
        return _largest(booked - cleared)
    return max(_largest(np.maximum(booked - cleared, 0)), _largest(np.minimum(booked, 0)))


def _negative(settlement: Settlement) -> int:
    """The largest energy below zero, Wh."""
    tables = (settlement.supply_wh, settlement.feed_in_wh, settlement.long_wh, settlement.short_wh)
    return max(_largest(np.minimum(table, 0)) for table in tables)


def _amounts(settlement: Settlement) -> int:
    """How far the money of a kind in a period is off what its energies cost by the tariffs, at most."""
    ledger, size = settlement.ledger, len(EntryKind)
    periods = settlement.horizon.periods
    booked = sum_at(ledger.period * size + ledger.kind, ledger.amount_micro, periods * size)
    return _largest(booked.reshape(periods, size) - expected_micro(settlement))


def _money(settlement: Settlement) -> int:
    """What statements, residuals and the other accounts come to together, each by its own sums."""
    balance = account_balance_micro(settlement.ledger)
    dso = len(settlement.participants) + len(settlement.tariffs.retailers)
    participants_pay = int(make_statements(settlement).total_micro.sum())
    retailers_get = int(make_residuals(settlement).amount_micro.sum())
    accounts = settlement.ledger.accounts
    others = [dso, dso + 1, *([accounts.index(CONGESTION)] if CONGESTION in accounts else [])]
    return abs(retailers_get + int(balance[others].sum()) - participants_pay)


def _head(settlement: Settlement, lost_wh: Int) -> int:
    """How far the head is off the meters and the losses that the ledger has, (T,), at most."""
    meters = settlement.meters
    metered = meters.import_wh.sum(axis=1) - meters.export_wh.sum(axis=1)
    read = np.where(meters.head_given, meters.head_import_wh, settlement.head_import_wh)
    return max(_largest(read - metered - lost_wh), _largest(read - settlement.head_import_wh))


def _lost_wh(settlement: Settlement) -> Int:
    """The losses that the ledger has the DSO buy in each period, (T,)."""
    ledger = settlement.ledger
    is_bought = (ledger.kind == EntryKind.LOSS) & (ledger.debit >= len(settlement.participants))
    return _by_period(settlement, is_bought)


def _lost(settlement: Settlement, lost_wh: Int) -> int:
    """The largest difference of losses in the ledger to those that were found, Wh."""
    ledger, count = settlement.ledger, len(settlement.participants)
    shared = _by_period(settlement, (ledger.kind == EntryKind.LOSS) & (ledger.debit < count))
    wrong = _largest(lost_wh - settlement.losses_wh)
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
    """The energy of some entries in each period, (T,)."""
    ledger = settlement.ledger
    return sum_at(ledger.period[rows], ledger.energy_wh[rows], settlement.horizon.periods)


def _largest(differences: Int) -> int:
    """The largest difference without its sign, 0 of none."""
    return int(np.abs(differences).max(initial=0))
