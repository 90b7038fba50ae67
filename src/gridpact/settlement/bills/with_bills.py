"""Putting bills into a settlement, so that its ledger comes to their cents."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from gridpact.arrays import frozen
from gridpact.settlement.amounts.cents import MICRO_PER_CENT
from gridpact.settlement.bills.bill import Bill
from gridpact.settlement.ledger.bill_entries import BillEntries
from gridpact.settlement.ledger.correction import continued
from gridpact.settlement.ledger.ledger import EntryKind
from gridpact.settlement.settling.settled_energy import SettledEnergy
from gridpact.settlement.tariffs.accounts import CONGESTION, open_accounts

_Energy = TypeVar("_Energy", bound=SettledEnergy)


def with_bills(energy: _Energy, bills: Sequence[Bill]) -> _Energy:
    """A settlement whose ledger, once it is booked, has what bills charge and round beside the energy.

    The standing charges of a bill are one entry, to the account of the issuer. Of what a bill's cents before
    VAT differ from the ledger there is one entry between the participant and the account `rounding`; where a
    bill is corrected, of the difference to before.

    Args:
        energy: what is billed.
        bills: of it.
    """
    accounts = open_accounts(
        energy.participants,
        energy.tariffs,
        has_congestion=CONGESTION in energy.accounts.names,
        has_bills=True,
    )
    previous = energy.previous
    return replace(
        energy,
        accounts=accounts,
        previous=previous and continued(previous, accounts.names, energy.positions.trade_ids),
        bill_entries=_entries_of(bills, len(energy.participants), energy.version),
    )


def _entries_of(bills: Sequence[Bill], count: int, version: int) -> BillEntries:
    """What the bills of `count` participants add to the ledger."""
    fixed, rounding = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    has_bill, is_new = np.zeros(count, dtype=np.bool_), np.zeros(count, dtype=np.bool_)
    for bill in bills:
        place = bill.participant
        has_bill[place], is_new[place] = True, bill.version == version
        for line in bill.lines:
            if line.kind == EntryKind.FIXED.label:
                fixed[place] += line.cents * MICRO_PER_CENT
            else:
                rounding[place] += line.cents * MICRO_PER_CENT - int(line.amount_micro)
    return BillEntries(
        fixed_micro=frozen(fixed, np.int64),
        rounding_micro=frozen(rounding, np.int64),
        has_bill=frozen(has_bill, np.bool_),
        is_new=frozen(is_new, np.bool_),
    )
