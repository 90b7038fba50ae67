"""The digest of a ledger: of what its entries say, however they are stored."""

import hashlib
import json
from typing import Any

import numpy as np

from gridpact.arrays import Int
from gridpact.settlement.ledger.ledger import Ledger

_NUMBERS = ("version", "kind", "energy_wh", "amount_micro")


class LedgerDigest:
    """SHA-256 of entries, which may come in parts; how accounts and trades are numbered does not matter.

    Each column has a digest of its own; a name counts by where it first stands in its column, and the names
    come last.
    """

    def __init__(self) -> None:
        self._numbers = {name: hashlib.sha256() for name in (*_NUMBERS, "period")}
        self._names = {name: _Named() for name in ("debit", "credit", "trade")}

    def update(self, ledger: Ledger, first_period: int = 0) -> None:
        """Takes entries in, whose periods count from `first_period` on."""
        for name in _NUMBERS:
            self._numbers[name].update(_octets(getattr(ledger, name)))
        self._numbers["period"].update(_octets(ledger.period + first_period))
        self._names["debit"].update(ledger.debit, ledger.accounts)
        self._names["credit"].update(ledger.credit, ledger.accounts)
        self._names["trade"].update(ledger.trade, (*ledger.trade_ids, ""))  # the last is where -1 points

    def copy(self) -> "LedgerDigest":
        """The same, to which other entries may come."""
        other = LedgerDigest()
        other._numbers = {name: number.copy() for name, number in self._numbers.items()}
        other._names = {name: named.copy() for name, named in self._names.items()}
        return other

    def hexdigest(self) -> str:
        """The digest of all entries so far."""
        digest = hashlib.sha256()
        for number in self._numbers.values():
            digest.update(number.digest())
        for named in self._names.values():
            digest.update(named.digest())
        return digest.hexdigest()


class _Named:
    """The digest of a column of names."""

    def __init__(self) -> None:
        self._codes: Any = hashlib.sha256()
        self._code_of: dict[str, int] = {}
        self._known: tuple[tuple[str, ...], Int] | None = None

    def copy(self) -> "_Named":
        """The same, to which other rows may come."""
        other = _Named()
        other._codes, other._code_of = self._codes.copy(), dict(self._code_of)
        return other

    def update(self, codes: Int, names: tuple[str, ...]) -> None:
        """Takes rows in that point into names."""
        code_of_name = self._code_of_names(names)
        first = np.full(len(names), len(codes), dtype=np.int64)
        first[codes[::-1]] = np.arange(len(codes))[::-1]  # of several values the last written stays
        new = np.flatnonzero((first < len(codes)) & (code_of_name < 0))
        for place in new[np.argsort(first[new])].tolist():
            code_of_name[place] = self._code_of.setdefault(names[place], len(self._code_of))
        self._codes.update(_octets(code_of_name[codes]))

    def digest(self) -> bytes:
        """The digest of all rows so far."""
        whole = self._codes.copy()
        whole.update(json.dumps(list(self._code_of)).encode())
        digest: bytes = whole.digest()
        return digest

    def _code_of_names(self, names: tuple[str, ...]) -> Int:
        """The code of each name, −1 where it has none yet; kept for parts that share their names."""
        if self._known is None or self._known[0] != names:
            codes = [self._code_of.get(name, -1) for name in names]
            self._known = (names, np.array(codes, dtype=np.int64))
        return self._known[1]


def ledger_sha256(ledger: Ledger) -> str:
    """SHA-256 of all entries in their order."""
    digest = LedgerDigest()
    digest.update(ledger)
    return digest.hexdigest()


def _octets(values: Int) -> Any:
    """Whole numbers as octets that are the same on every machine."""
    return np.ascontiguousarray(values, dtype="<i8").data
