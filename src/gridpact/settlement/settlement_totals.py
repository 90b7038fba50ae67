"""Totals: the figures of a settlement, taken day by day, so that no ledger has to be in memory whole."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from typing import TypeVar

import numpy as np

from gridpact.arrays import Int
from gridpact.settlement.amounts.money import sum_at
from gridpact.settlement.invariants.invariants import Invariant, invariants, invariants_of_tables
from gridpact.settlement.ledger.entries import as_entries, as_ledger
from gridpact.settlement.ledger.ledger import EntryKind, Ledger
from gridpact.settlement.ledger.ledger_digest import LedgerDigest
from gridpact.settlement.settling.days import Days, in_days
from gridpact.settlement.settling.settle import book_up
from gridpact.settlement.settling.settled_energy import SettledEnergy
from gridpact.settlement.settling.settlement import Settlement
from gridpact.settlement.statements.balances import Balances, make_balances
from gridpact.settlement.statements.residuals import Residuals, make_residuals
from gridpact.settlement.statements.statements import Statements, make_statements

Sink = Callable[[Ledger, int], None]
_Sums = TypeVar("_Sums", Statements, Balances)


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The figures of a settlement of T periods, P participants and R retailers.

    Attributes:
        statements: of the participants.
        residuals: of the retailers.
        balances: of all accounts.
        money_micro: that entries of each kind move, (kinds,).
        invariants: each with its greatest figure.
        entries: of all versions.
        entries_added: of the latest one.
        ledger_sha256: digest of all entries.
    """

    statements: Statements
    residuals: Residuals
    balances: Balances
    money_micro: Int
    invariants: tuple[Invariant, ...]
    entries: int
    entries_added: int
    ledger_sha256: str


def totals(energy: SettledEnergy, sink: Sink | None = None, *, digest: LedgerDigest | None = None) -> Totals:
    """The figures of a settlement.

    Args:
        energy: what is settled; a whole settlement is taken as it is booked.
        sink: takes the entries in their order, in parts, each with the period that its own count from.
        digest: of the entries of before; taken here where it is not given.
    """
    is_whole, found = isinstance(energy, Settlement), list[_OfPart]()
    of_all = LedgerDigest() if is_whole or digest is None else digest.copy()

    def take(ledger: Ledger, first: int) -> None:
        of_all.update(ledger, first)
        if sink is not None:
            sink(ledger, first)

    if energy.previous is not None and not is_whole:
        if digest is None:
            of_all.update(energy.previous)
        if sink is not None:
            sink(energy.previous, 0)
    for part in _booked(energy):
        found.append(_of_part(part.settlement))
        take(_added(part.settlement, energy), part.first)
    statements = [each.statements for each in found]
    tables = [each.residuals for each in found]
    earlier = 0 if energy.previous is None else len(energy.previous.kind)
    added = sum(each.entries_added for each in found)
    return Totals(
        statements=_summed(statements),
        residuals=Residuals(
            **{
                field.name: np.concatenate([getattr(each, field.name) for each in tables])
                for field in fields(Residuals)
            }
        ),
        balances=_summed([each.balances for each in found]),
        money_micro=np.sum([each.money_micro for each in found], axis=0),
        invariants=_greatest([each.invariants for each in found]),
        entries=earlier + added,
        entries_added=added,
        ledger_sha256=of_all.hexdigest(),
    )


def entries_of(energy: SettledEnergy, sink: Sink) -> None:
    """Hands a sink the entries of a settlement, as `totals` does, without any figures."""
    if energy.previous is not None and not isinstance(energy, Settlement):
        sink(energy.previous, 0)
    for part in _booked(energy):
        sink(_added(part.settlement, energy), part.first)


def unchanged_notice(energy: SettledEnergy, entries_added: int) -> list[str]:
    """The notice that a correction corrects nothing, if so."""
    if energy.previous is None or entries_added:
        return []
    return [f"nothing changed since version {energy.version - 1}: no entry was added"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Booked:
    """A part of a settlement with its ledger, and its first period in the whole."""

    first: int
    settlement: Settlement


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfPart:
    """The figures of a part."""

    statements: Statements
    residuals: Residuals
    balances: Balances
    money_micro: Int
    invariants: tuple[Invariant, ...]
    entries_added: int


def _booked(energy: SettledEnergy) -> Iterable[_Booked]:
    """The parts of a settlement, each booked; one that is booked is its only part."""
    if isinstance(energy, Settlement):
        yield _Booked(first=0, settlement=energy)
        return
    part: Days
    for part in in_days(energy):
        yield _Booked(first=part.first, settlement=book_up(part.energy))


def _added(settlement: Settlement, whole: SettledEnergy) -> Ledger:
    """The entries that follow those of before; of a settlement that is booked whole, all of them."""
    if isinstance(whole, Settlement) or settlement.previous is None:
        return settlement.ledger
    rows = slice(len(settlement.previous.kind), None)
    ledger = settlement.ledger
    return as_ledger(
        as_entries(ledger).at(rows),
        accounts=ledger.accounts,
        trade_ids=ledger.trade_ids,
        version=ledger.version[rows],
    )


def _of_part(settlement: Settlement) -> _OfPart:
    """The figures of a part that is booked."""
    statements, residuals = make_statements(settlement), make_residuals(settlement)
    ledger = settlement.ledger
    earlier = 0 if settlement.previous is None else len(settlement.previous.kind)
    return _OfPart(
        statements=statements,
        residuals=residuals,
        balances=make_balances(settlement),
        money_micro=sum_at(ledger.kind, ledger.amount_micro, len(EntryKind)),
        invariants=(
            *invariants(settlement, statements, residuals),
            *invariants_of_tables(settlement, statements, residuals),
        ),
        entries_added=len(ledger.kind) - earlier,
    )


def _summed(found: list[_Sums]) -> _Sums:
    """The sums of parts, array by array; names are the same in all of them."""
    names = [
        field.name for field in fields(found[0]) if isinstance(getattr(found[0], field.name), np.ndarray)
    ]
    return replace(found[0], **{name: sum(getattr(each, name) for each in found) for name in names})


def _greatest(found: list[tuple[Invariant, ...]]) -> tuple[Invariant, ...]:
    """Each invariant with the greatest figure of any part."""
    return tuple(
        replace(same[0], figure=max(each.figure for each in same)) for same in zip(*found, strict=True)
    )
