"""The way from a case folder and a clearance to the settled case."""

import hashlib
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from gridpact.arrays import Int
from gridpact.case.case import Case, TableFormat
from gridpact.case.folder.case_files import RESULT_FOLDER, TARIFFS_FILE, CaseFiles
from gridpact.case.folder.case_reader import read_case_folder
from gridpact.case.folder.opener import TableOpener
from gridpact.case.reading.problems import Problems, shown
from gridpact.case.sessions.cleared import CLEARED, CLEARED_STATUS, read_summary, refuse_other_energy, unsafe
from gridpact.errors import InvalidUsage
from gridpact.fields.arguments import chosen, need, path_of
from gridpact.fields.said import counted
from gridpact.grid.compile import compile_source
from gridpact.settlement.bills.billed import Billed
from gridpact.settlement.bills.book_bills import book_bills
from gridpact.settlement.bills.make_bills import make_bills
from gridpact.settlement.energy.keys import SharingKey
from gridpact.settlement.energy.meters import Meters
from gridpact.settlement.energy.positions import Positions
from gridpact.settlement.reading.folder import read_settlement_files
from gridpact.settlement.reading.read_bill_terms import BILL, VAT_KINDS
from gridpact.settlement.reading.read_ledger import CHOICES, Earlier, read_ledger
from gridpact.settlement.reading.read_meters import filled
from gridpact.settlement.reading.read_positions import (
    positions_of,
    read_positions,
    read_schedule,
    refuse_other_horizon,
    schedule_schema,
    scheduled_wh,
)
from gridpact.settlement.reading.read_tariffs import Choices
from gridpact.settlement.settled_case import SettledCase
from gridpact.settlement.settling.settle import settle as settle_arrays
from gridpact.settlement.settling.settlement import Settlement
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
    positions: Positions | None = None
    earlier: Earlier | None = None
    bill: BillTerms | None = None


def settle(
    case_folder: str | Path,
    clearance: "str | Path | Clearance",
    *,
    previous: str | Path | None = None,
    mode: Mode | str | None = None,
    missing: Missing | str | None = None,
    loss_allocation: LossAllocation | str | None = None,
    bills: bool = False,
) -> SettledCase:
    """Settles a case: its cleared trades by its meters and tariffs.

    Args:
        case_folder: holds the case with tariffs.toml and meters, and sharing where a key needs it.
        clearance: of the case, or the folder that it was written to.
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
    _check_clearance(clearance)
    reading = read_case_folder(folder)
    problems, case = reading.problems, reading.case
    found = read_settlement_files(folder, reading, choices, is_needed=True)
    if case is None:
        later = "the clearance, because the case itself has problems"
        raise problems.refusal((*reading.unchecked, *found.unchecked, later))
    given = _Input(tariffs=found.tariffs, key=found.key, meters=found.meters)
    warnings = _read_clearance(clearance, case, given, found.is_unfilled, problems)
    if previous is not None:
        given.earlier = read_ledger(path_of("settle", previous), case, problems)
    if len(problems) or given.tariffs is None or given.meters is None or given.positions is None:
        raise problems.refusal(found.unchecked)
    if bills:
        given.bill = found.bill or BillTerms()
        warnings += _unsaid(found.bill)
    elif given.earlier is not None and given.earlier.bills:
        what = "the settlement that is corrected has bills, and this one would have none"
        raise InvalidUsage(what, "add --bills, in Python bills=True, so that they are corrected too")
    opener = found.opener
    if TableFormat.PARQUET in (case.table_format, opener.table_format):
        case = replace(case, table_format=TableFormat.PARQUET)
    settled = _settled(case, given, (*case.warnings, *opener.warnings, *warnings))
    return settled if previous is None else replace(settled, corrects=Path(previous))


def _check_clearance(clearance: object) -> None:
    """Refuses what is neither a clearance nor a path, before anything is read."""
    if not isinstance(clearance, str | PathLike):
        from gridpact.results.clearance import Clearance

        remedy = "give what gridpact.clear makes, or the folder that it was written to"
        need("settle", Clearance, clearance, remedy)


def _chosen(kind: type[Choice], name: str, value: str | None) -> Choice | None:
    """A choice of the caller; `None` where there is none."""
    return None if value is None else chosen(kind, name, value)


def _read_clearance(
    clearance: "str | Path | Clearance", case: Case, given: _Input, unfilled: bool, problems: Problems
) -> list[str]:
    """Takes in the positions, and what the schedule says where a reading is missing; gives warnings."""
    if isinstance(clearance, str | PathLike):
        return _read_folder(path_of("settle", clearance), case, given, unfilled, problems)
    if (clearance.case.horizon, clearance.case.participants.ids) != (case.horizon, case.participants.ids):
        raise InvalidUsage("the clearance is of other periods or participants", "clear this case")
    given.positions = positions_of(clearance)
    if unfilled:
        _fill(given, scheduled_wh(clearance))
    status = str(clearance.verification.status)
    warnings = [] if status == CLEARED_STATUS else unsafe({"status": status})
    return [*warnings, *_other_inputs(clearance.summary, case)]


def _read_folder(folder: Path, case: Case, given: _Input, unfilled: bool, problems: Problems) -> list[str]:
    """Takes in the same from a result folder."""
    files = CaseFiles(folder, problems, RESULT_FOLDER)
    if not files.is_folder:
        return []
    opener = TableOpener(files, problems)
    opener.need(CLEARED)
    before = len(problems)
    summary = read_summary(files, problems)
    reader = opener.table(CLEARED)
    if reader is None or not summary or refuse_other_horizon(summary, case, problems):
        return []
    given.positions = read_positions(reader, case)
    if len(problems) == before:
        refuse_other_energy(reader, case.horizon.hours_per_period, summary, problems)
    if unfilled and given.meters is not None:
        schema = schedule_schema()
        opener.need(schema)
        schedule = opener.table(schema)
        if schedule is not None:
            _fill(given, read_schedule(schedule, case, ~given.meters.given, problems))
    return [*unsafe(summary), *_other_inputs(summary, case), *opener.warnings]


def _fill(given: _Input, net_injection_wh: Int) -> None:
    """Fills missing readings from the schedule, and counts them."""
    if given.meters is not None:
        given.scheduled = int((~given.meters.given).sum())
        given.meters = filled(given.meters, net_injection_wh)


def _other_inputs(summary: dict[str, Any], case: Case) -> list[str]:
    """The warning that a clearance is not of the case as it is; with commitments its digest cannot tell."""
    digest, commitments = summary.get("inputs_sha256"), summary.get("commitments")
    has_commitments = isinstance(commitments, dict) and bool(commitments.get("trades"))
    if not digest or not case.inputs_sha256 or has_commitments or digest == case.inputs_sha256:
        return []
    return ["the clearance is of other inputs: the case was changed since, or it is of another case"]


def _settled(case: Case, given: _Input, warnings: tuple[str, ...]) -> SettledCase:
    """The settled case of inputs without a problem."""
    tariffs, meters, positions = given.tariffs, given.meters, given.positions
    if tariffs is None or meters is None or positions is None:
        raise InvalidUsage("nothing to settle")
    notices = [*warnings]
    if given.scheduled:
        readings = counted(given.scheduled, "missing reading")
        notices.append(f"{readings} taken from the schedule, and marked as estimated")
    is_needed = not meters.head_given.all() or tariffs.loss_allocation is LossAllocation.MARGINAL
    settlement = settle_arrays(
        case.participants,
        compile_source(case.network) if is_needed else None,
        case.horizon,
        positions,
        meters,
        tariffs,
        given.key,
        given.earlier.ledger if given.earlier else None,
        given.earlier.version + 1 if given.earlier else 1,
    )
    if given.earlier is not None:
        notices += _since(given.earlier, settlement)
    billed = None
    if given.bill is not None:
        issued = given.earlier.bills if given.earlier else {}
        billed = Billed(terms=given.bill, bills=make_bills(settlement, given.bill, issued))
        settlement = book_bills(settlement, billed.bills)
    return SettledCase(
        case=case,
        settlement=replace(settlement, notices=(*notices, *settlement.notices)),
        scheduled=given.scheduled,
        inputs_sha256=_digest(case, given),
        billed=billed,
    )


def _unsaid(terms: BillTerms | None) -> list[str]:
    """What bills do without because tariffs.toml does not say it."""
    if terms is None:
        what = "bills are without VAT, issuer and due date"
        return [f"{TARIFFS_FILE} has no section [{BILL}]: {what}"]
    if not terms.vat_percent:
        return [f"{TARIFFS_FILE}: {BILL}.vat_percent is not given: bills are without VAT"]
    left_out = [kind for kind in VAT_KINDS if kind not in terms.vat_percent]
    if not left_out:
        return []
    return [
        f"{TARIFFS_FILE}: {BILL}.vat_percent names no rate for {', '.join(left_out)}: they are without VAT"
    ]


def _since(earlier: Earlier, settlement: Settlement) -> list[str]:
    """What changed since an earlier settlement beside readings, and whether that changed anything."""
    choices = {key: str(getattr(settlement.tariffs, key)) for key in CHOICES}
    said = [
        f"{key} changed from {shown(earlier.choices[key])} to {now} since version {earlier.version}"
        for key, now in choices.items()
        if earlier.choices[key] != now
    ]
    if len(settlement.ledger.kind) == len(earlier.ledger.kind):
        said.append(f"nothing changed since version {earlier.version}: no entry was added")
    return said


def _digest(case: Case, given: _Input) -> str:
    """Digest of everything that the settlement follows from, however it was stored."""
    digest = hashlib.sha256(case.inputs_sha256.encode())
    _add(digest, given.tariffs)
    _add(digest, given.key)
    _add(digest, given.meters)
    _add(digest, given.positions)
    _add(digest, given.earlier.ledger if given.earlier else None)
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
