"""The way from a case folder and a clearance to the settled case."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from gridpact.case.case import Case, TableFormat
from gridpact.case.folder.case_files import TARIFFS_FILE
from gridpact.case.folder.case_reader import read_case_folder
from gridpact.case.reading.problems import Problems, shown
from gridpact.errors import InvalidUsage, Problem
from gridpact.fields.arguments import chosen, need, path_of
from gridpact.fields.said import counted
from gridpact.grid.compile import compile_source
from gridpact.settlement.bills.billed import Billed
from gridpact.settlement.bills.make_bills import make_bills
from gridpact.settlement.bills.with_bills import with_bills
from gridpact.settlement.energy.doubts import doubts, expected_of, losses_doubted
from gridpact.settlement.energy.keys import SharingKey
from gridpact.settlement.energy.meters import Meters
from gridpact.settlement.energy.positions import Positions
from gridpact.settlement.ledger.ledger import EntryKind
from gridpact.settlement.reading.folder import SettlementFiles, read_settlement_files
from gridpact.settlement.reading.read_bill_terms import BILL, VAT_KINDS
from gridpact.settlement.reading.read_clearances import Clearances, read_clearances
from gridpact.settlement.reading.read_ledger import CHOICES, Earlier, read_ledger
from gridpact.settlement.reading.read_meters import filled, refuse_unscheduled
from gridpact.settlement.reading.read_tariffs import Choices
from gridpact.settlement.settled_case import SettledCase
from gridpact.settlement.settling.settle import settle_energy
from gridpact.settlement.settling.settled_energy import SettledEnergy
from gridpact.settlement.tariffs.bill_terms import BillTerms
from gridpact.settlement.tariffs.tariffs import LossAllocation, Missing, Mode, Tariffs

if TYPE_CHECKING:
    from gridpact.results.clearance import Clearance


Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(slots=True, kw_only=True)
class _Input:
    """What is read; a part that cannot be used is `None`, and there is a problem."""

    tariffs: Tariffs | None = None
    key: SharingKey | None = None
    meters: Meters | None = None
    scheduled: int = 0
    cleared: Clearances | None = None
    has_profiles: bool = False
    earlier: Earlier | None = None
    bill: BillTerms | None = None


def settle(
    case_folder: str | Path,
    clearance: "str | Path | Clearance | Sequence[str | Path | Clearance] | None" = None,
    *,
    previous: str | Path | None = None,
    mode: Mode | str | None = None,
    missing: Missing | str | None = None,
    loss_allocation: LossAllocation | str | None = None,
    bills: bool = False,
) -> SettledCase:
    """Settles a case: its cleared trades by its meters and tariffs.

    Args:
        case_folder: holds the case with tariffs.toml and meters, sharing where a key needs it, and prices
            where they change from period to period. Without a network it needs no buses, profiles and trades.
        clearance: of the case, the folder that it was written to, or a folder whose subfolders are such; or
            several of these, each of other periods of the case. Without any, nothing was traded.
        previous: folder of the settlement that this one corrects; nothing in it is changed.
        mode: in place of what tariffs.toml says.
        missing: likewise.
        loss_allocation: likewise.
        bills: whether bills are made, by `[bill]` of tariffs.toml, and their rounding booked.

    Raises:
        InvalidCase: with every problem found.
        InvalidUsage: a choice is not known, the clearance is of other periods or participants, an earlier
            settlement has bills and this one would have none, or something else is given in place of an
            argument.
    """
    choices = Choices(
        mode=_chosen(Mode, "mode", mode),
        missing=_chosen(Missing, "missing", missing),
        loss_allocation=_chosen(LossAllocation, "loss_allocation", loss_allocation),
    )
    folder = path_of("settle", case_folder, "give the folder of the case")
    clearances = _checked_clearances(clearance)
    reading = read_case_folder(folder, needs_network=False)
    problems, case = reading.problems, reading.case
    found = read_settlement_files(folder, reading, choices, is_needed=True)
    if case is None or found.member is None:
        later = ["the clearance, because the case itself has problems"] if clearances else []
        raise problems.refusal((*reading.unchecked, *found.unchecked, *later))
    given = _Input(tariffs=found.tariffs, key=found.key, meters=found.meters, has_profiles=found.has_profiles)
    warnings = _read_clearances(clearances, case, given, found, problems)
    if previous is not None:
        given.earlier = read_ledger(path_of("settle", previous), case, problems)
    if len(problems) or given.tariffs is None or given.meters is None or given.cleared is None:
        raise problems.refusal(found.unchecked)
    if bills:
        given.bill = found.bill or BillTerms()
        warnings += _unsaid(found.bill, given.cleared.positions)
    elif given.earlier is not None and given.earlier.bills:
        what = "the settlement that is corrected has bills, and this one would have none"
        raise InvalidUsage(what, "add --bills, in Python bills=True, so that they are corrected too")
    opener = found.opener
    if TableFormat.PARQUET in (case.table_format, opener.table_format):
        case = replace(case, table_format=TableFormat.PARQUET)
    settled = _settled(case, given, (*case.warnings, *opener.warnings, *warnings))
    if previous is None or given.earlier is None:
        return settled
    modes = {str(each): each for each in Mode}
    earlier_mode = modes.get(given.earlier.choices["mode"], Mode.SHARING)
    return replace(
        settled, corrects=Path(previous), earlier_mode=earlier_mode, earlier_digest=given.earlier.digest
    )


def _checked_clearances(clearance: object) -> "list[Path | Clearance]":
    """The clearances, folders as paths; refuses what is neither, before anything is read."""
    many = clearance if isinstance(clearance, list | tuple) else () if clearance is None else (clearance,)
    checked: list[Any] = []
    for each in many:
        if not isinstance(each, str | PathLike):
            from gridpact.results.clearance import Clearance

            remedy = "give what gridpact.clear makes, or the folder that it was written to"
            need("settle", Clearance, each, remedy)
        checked.append(path_of("settle", each) if isinstance(each, str | PathLike) else each)
    return checked


def _chosen(kind: type[Choice], name: str, value: str | None) -> Choice | None:
    """A choice of the caller; `None` where there is none."""
    return None if value is None else chosen(kind, name, value)


def _read_clearances(
    clearances: "list[Path | Clearance]",
    case: Case,
    given: _Input,
    found: SettlementFiles,
    problems: Problems,
) -> list[str]:
    """Takes in the positions, and what the schedule says where a reading is missing; gives warnings."""
    shape = (case.horizon.periods, len(case.participants))
    meters, member = given.meters, np.ones(shape, np.bool_) if found.member is None else found.member
    needed = np.zeros(shape, dtype=np.bool_)
    if meters is not None and found.is_unfilled:
        needed = ~meters.given & meters.is_asked
    given.cleared = cleared = read_clearances(clearances, case, needed, member, problems)
    if cleared is None:
        return []
    if given.tariffs is not None and given.tariffs.mode is Mode.FIRM:
        _refuse_uncovered(cleared, case, problems)
    if meters is not None and needed.any():
        refuse_unscheduled(needed & ~cleared.is_covered[:, None], case, problems)
        given.scheduled = int(needed.sum())
        given.meters = filled(meters, cleared.net_injection_wh)
    warnings = cleared.warnings
    if not clearances and (count := len(case.trades) + len(case.orders)):
        said = counted(count, "trade") if len(case.trades) else counted(count, "order")
        warnings = [*warnings, f"the case has {said}, and no clearance is given: nothing counts as traded"]
    return warnings


def _refuse_uncovered(cleared: Clearances, case: Case, problems: Problems) -> None:
    """Takes in that positions are firm, and some periods have no result that says them."""
    absent = np.flatnonzero(~cleared.is_covered)
    if not len(absent):
        return
    first = case.horizon.instant(int(absent[0])).isoformat(timespec="minutes")
    what = f"needs what was cleared in every period, and {len(absent):,} have no result, the first {first}"
    remedy = f"give a clearance of them with --clearance, or take mode = '{Mode.SHARING}'"
    problems.add(Problem(file=TARIFFS_FILE, field="mode", value=str(Mode.FIRM), what=what, remedy=remedy))


def _settled(case: Case, given: _Input, warnings: tuple[str, ...]) -> SettledCase:
    """The settled case of inputs without a problem."""
    tariffs, meters, cleared = given.tariffs, given.meters, given.cleared
    if tariffs is None or meters is None or cleared is None:
        raise InvalidUsage("nothing to settle")
    notices = [*warnings]
    if given.scheduled:
        readings = counted(given.scheduled, "missing reading")
        notices.append(f"{readings} taken from the schedule, and marked as estimated")
    known = (cleared.net_injection_wh, cleared.is_scheduled)
    expected = expected_of(case, *known, has_profiles=given.has_profiles)
    notices += doubts(case, meters, expected, has_profiles=given.has_profiles)
    is_needed = not meters.head_given.all() or tariffs.loss_allocation is LossAllocation.MARGINAL
    energy = settle_energy(
        case.participants,
        compile_source(case.network) if is_needed and case.network.is_given else None,
        case.horizon,
        cleared.positions,
        meters,
        tariffs,
        given.key,
        given.earlier.ledger if given.earlier else None,
        given.earlier.version + 1 if given.earlier else 1,
    )
    notices += losses_doubted(case, meters, energy.losses_wh)
    if given.earlier is not None:
        notices += _since(given.earlier, energy)
    billed = None
    if given.bill is not None:
        issued = given.earlier.bills if given.earlier else {}
        billed = Billed(terms=given.bill, bills=make_bills(energy, given.bill, issued))
        energy = with_bills(energy, billed.bills)
    return SettledCase(
        case=case,
        energy=replace(energy, notices=(*notices, *energy.notices)),
        scheduled=given.scheduled,
        inputs_sha256=_digest(case, given),
        billed=billed,
    )


def _unsaid(terms: BillTerms | None, positions: Positions) -> list[str]:
    """What bills do without because tariffs.toml does not say it; of congestion only where there is any."""
    if terms is None:
        what = "bills are without VAT, issuer and due date"
        return [f"{TARIFFS_FILE} has no section [{BILL}]: {what}"]
    if not terms.vat_percent:
        return [f"{TARIFFS_FILE}: {BILL}.vat_percent is not given: bills are without VAT"]
    never = () if positions.has_congestion else (EntryKind.CONGESTION.label,)
    left_out = [kind for kind in VAT_KINDS if kind not in (*terms.vat_percent, *never)]
    if not left_out:
        return []
    return [
        f"{TARIFFS_FILE}: {BILL}.vat_percent names no rate for {', '.join(left_out)}: they are without VAT"
    ]


def _since(earlier: Earlier, settlement: SettledEnergy) -> list[str]:
    """What changed since an earlier settlement beside readings, and whether that changed anything."""
    choices = {key: str(getattr(settlement.tariffs, key)) for key in CHOICES}
    return [
        f"{key} changed from {shown(earlier.choices[key])} to {now} since version {earlier.version}"
        for key, now in choices.items()
        if earlier.choices[key] != now
    ]


def _digest(case: Case, given: _Input) -> str:
    """Digest of everything that the settlement follows from, however it was stored."""
    digest = hashlib.sha256(case.inputs_sha256.encode())
    _add(digest, given.tariffs)
    _add(digest, given.key)
    _add(digest, given.meters)
    _add(digest, given.cleared.positions if given.cleared else None)
    _add(digest, given.earlier.digest.hexdigest() if given.earlier else None)
    if given.bill is not None:
        _add(digest, given.bill)
        _add(digest, tuple(given.earlier.bills.values()) if given.earlier else ())
    return digest.hexdigest()


def _add(digest: Any, value: object) -> None:
    """Adds a value, an array or a dataclass of such to a digest."""
    if isinstance(value, np.ndarray):
        digest.update(f"{value.dtype}{value.shape}".encode() + value.tobytes())
    elif hasattr(value, "__dataclass_fields__"):
        for part in fields(value):  # type: ignore[arg-type]
            _add(digest, getattr(value, part.name))
    elif isinstance(value, tuple):
        digest.update(f"({len(value)}".encode())
        for each in value:
            _add(digest, each)
    else:
        digest.update(repr(value).encode() + b"\0")
