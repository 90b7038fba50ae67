"""The digest of a ledger: of what its entries say, however they are stored."""

import hashlib
import json

import numpy as np

from gridpact.arrays import Int
from gridpact.settlement.ledger.ledger import Ledger


def ledger_sha256(ledger: Ledger) -> str:
    """SHA-256 of all entries in their order; how accounts and trades are numbered does not matter."""
    digest = hashlib.sha256()
    for values in (ledger.version, ledger.period, ledger.kind, ledger.energy_wh, ledger.amount_micro):
        digest.update(_octets(values))
    trade_names = (*ledger.trade_ids, "")
    for codes, names in (
        (ledger.debit, ledger.accounts),
        (ledger.credit, ledger.accounts),
        (ledger.trade, trade_names),  # the last is where -1 points
    ):
        used, code = _by_name(codes, names)
        digest.update(json.dumps(used).encode())
        digest.update(_octets(code))
    return digest.hexdigest()


def _by_name(codes: Int, names: tuple[str, ...]) -> tuple[list[str], Int]:
    """The names that are used, in order, and the place of each row's name among them, (L,)."""
    is_used = np.zeros(len(names), dtype=np.bool_)
    is_used[codes] = True
    used = sorted(np.flatnonzero(is_used).tolist(), key=names.__getitem__)
    place = np.zeros(len(names), dtype=np.int64)
    place[used] = np.arange(len(used))
    return [names[each] for each in used], place[codes]


def _octets(values: Int) -> bytes:
    """Whole numbers as octets that are the same on every machine."""
    return values.astype("<i8").tobytes()
