"""Changes: whose readings a correction changed, in how many periods, and what it came to."""

from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Int
from gridpact.settlement.amounts.money import sum_at
from gridpact.settlement.ledger.account_balance import account_balance_micro
from gridpact.settlement.ledger.ledger import EntryKind, Ledger
from gridpact.settlement.settling.settled_energy import SettledEnergy
from gridpact.settlement.statements.statements import Statements
from gridpact.settlement.tariffs.tariffs import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What changed since an earlier settlement, of P participants.

    Attributes:
        periods: in which its reading did, (P,).
        import_wh, export_wh: by how much, over the horizon, (P,). Where either settlement is `firm`, a ledger
            knows the net of a meter alone, and these are the changes of that.
        amount_micro: how much more it pays than before, (P,).
    """

    periods: Int
    import_wh: Int
    export_wh: Int
    amount_micro: Int


def changes(energy: SettledEnergy, earlier_mode: Mode, statements: Statements) -> Changes | None:
    """What changed since the ledger that a settlement corrects; `None` where it corrects none.

    Args:
        energy: of the settlement.
        earlier_mode: of the one that is corrected.
        statements: of the settlement.
    """
    if energy.previous is None:
        return None
    before, now = _metered(energy, earlier_mode), (energy.meters.import_wh, energy.meters.export_wh)
    if Mode.FIRM in (earlier_mode, energy.tariffs.mode):
        before, now = _net(*before), _net(*now)
    import_wh, export_wh = (after - earlier for after, earlier in zip(now, before, strict=True))
    paid_micro = -account_balance_micro(energy.previous)[: len(energy.participants)]
    return Changes(
        periods=((import_wh != 0) | (export_wh != 0)).sum(axis=0),
        import_wh=import_wh.sum(axis=0),
        export_wh=export_wh.sum(axis=0),
        amount_micro=statements.total_micro - paid_micro,
    )


def _metered(energy: SettledEnergy, mode: Mode) -> tuple[Int, Int]:
    """Import and export that the entries of a ledger are about, (T, P) each; under `firm` their net is."""
    deviations = [EntryKind.IMBALANCE] if mode is Mode.FIRM else []
    ledger = energy.previous
    if ledger is None:
        raise ValueError("no ledger is corrected")
    import_wh = _energy_of(energy, ledger, ledger.debit, [EntryKind.P2P, EntryKind.SUPPLY, *deviations])
    unused_wh = _energy_of(energy, ledger, ledger.credit, [EntryKind.UNUSED])
    export_wh = _energy_of(energy, ledger, ledger.credit, [EntryKind.P2P, EntryKind.FEED_IN, *deviations])
    return import_wh - unused_wh, export_wh


def _energy_of(energy: SettledEnergy, ledger: Ledger, side: Int, kinds: list[EntryKind]) -> Int:
    """The energy of entries of some kinds on whose side a participant stands, (T, P)."""
    count, periods = len(energy.participants), energy.horizon.periods
    rows = np.flatnonzero(np.isin(ledger.kind, kinds) & (side < count))
    place = ledger.period[rows] * count + side[rows]
    return sum_at(place, ledger.energy_wh[rows], periods * count).reshape(periods, count)


def _net(import_wh: Int, export_wh: Int) -> tuple[Int, Int]:
    """Import and export, one of which is 0, of the same net energy, (T, P) each."""
    net_wh = export_wh - import_wh
    return np.maximum(-net_wh, 0), np.maximum(net_wh, 0)
