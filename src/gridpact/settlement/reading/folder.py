"""What a case folder holds for settlement: tariffs, who shares, and readings."""

from dataclasses import dataclass, field
from pathlib import Path

from gridpact.arrays import Bool
from gridpact.case.case import Case
from gridpact.case.folder.case_files import TARIFFS_FILE, CaseFiles
from gridpact.case.folder.case_reader import CaseReading, read_case_folder
from gridpact.case.folder.opener import TableOpener
from gridpact.case.reading.frame import Frame
from gridpact.case.reading.problems import Problems
from gridpact.case.schema import METERS, PRICES, PROFILES, SETTLEMENT_SCHEMAS, SHARING
from gridpact.errors import Problem
from gridpact.fields.arguments import path_of
from gridpact.settlement.energy.keys import SharingKey
from gridpact.settlement.energy.membership import membership
from gridpact.settlement.energy.meters import Meters, within
from gridpact.settlement.reading.read_meters import HEAD, read_meters, refuse_missing
from gridpact.settlement.reading.read_prices import PriceTable, read_prices
from gridpact.settlement.reading.read_sharing import (
    NEED_COEFFICIENTS,
    SharingTerms,
    everybody,
    read_sharing,
)
from gridpact.settlement.reading.read_tariffs import Choices, read_tariffs
from gridpact.settlement.tariffs.accounts import BILLING, CONGESTION, DSO, RETAILER, TAX
from gridpact.settlement.tariffs.bill_terms import BillTerms
from gridpact.settlement.tariffs.tariffs import LossAllocation, Missing, Tariffs


@dataclass(slots=True, kw_only=True)
class SettlementFiles:
    """What was read for settlement; a part that is not there or cannot be used is `None`.

    Attributes:
        opener: of the tables, with its warnings.
        names: of the files that are there.
        tariffs: of tariffs.toml.
        key: how members share.
        bill: how it is billed; `None` where tariffs.toml says nothing of it.
        meters: the readings.
        is_unfilled: whether there are readings that have to come from the schedule.
        member: who is a member when, (T, P); `None` where it is not known.
        has_profiles: whether it has forecasts.
        unchecked: what could not be checked because of problems, and why.
    """

    opener: TableOpener
    names: tuple[str, ...]
    tariffs: Tariffs | None = None
    key: SharingKey | None = None
    bill: BillTerms | None = None
    meters: Meters | None = None
    is_unfilled: bool = False
    member: Bool | None = None
    has_profiles: bool = False
    unchecked: list[str] = field(default_factory=list)


def read_everything(folder: str | Path) -> tuple[Case, SettlementFiles]:
    """The case in a folder, and what is there for settlement, of which nothing has to be.

    Raises:
        InvalidCase: with every problem found in any of them.
    """
    files = CaseFiles(path_of("read_everything", folder), Problems())
    is_for_settlement = files.has_file(TARIFFS_FILE) or bool(_table_names(files))
    reading = read_case_folder(folder, needs_network=not is_for_settlement)
    found = read_settlement_files(folder, reading, Choices(), is_needed=False)
    if reading.case is None or len(reading.problems):
        raise reading.problems.refusal((*reading.unchecked, *found.unchecked))
    return reading.case, found


def read_settlement_files(
    folder: str | Path, reading: CaseReading, choices: Choices, *, is_needed: bool
) -> SettlementFiles:
    """What a case folder holds for settlement; what is wrong with it goes to the problems of the case.

    Args:
        folder: of the case.
        reading: the case, as far as it could be read.
        choices: that go before those of tariffs.toml.
        is_needed: whether a file that settlement needs and that is not there is a problem.
    """
    frame, problems = reading.frame, reading.problems
    files = CaseFiles(Path(folder), problems)
    names = (*_table_names(files), *([TARIFFS_FILE] if files.has_file(TARIFFS_FILE) else []))
    found = SettlementFiles(
        opener=TableOpener(files, problems),
        names=names,
        member=_membership(frame),
        has_profiles=files.has_table(PROFILES.name),
    )
    if names or is_needed:
        _refuse_account_names(frame, problems)
    prices = found.opener.table(PRICES)
    table = None if prices is None else read_prices(prices, frame)
    terms = None
    if is_needed or TARIFFS_FILE in names:
        terms = _read_tariffs(files, reading, choices, found, table)
    if table is not None:
        found.opener.warnings += table.warnings
    if reading.case is not None and not reading.case.network.is_given:
        _refuse_marginal(found.tariffs, problems)
    _read_sharing(found, terms, frame, is_needed=is_needed)
    _read_meters(found, frame, problems, is_needed=is_needed)
    return found


def _table_names(files: CaseFiles) -> list[str]:
    """The names of the tables for settlement that the folder holds."""
    names = (files.present_tables(schema.name) for schema in SETTLEMENT_SCHEMAS)
    return [name for present in names for name in present]


def _refuse_account_names(frame: Frame, problems: Problems) -> None:
    """Takes in the participants whose names are those of other accounts of a ledger, or of the head meter."""
    for name in frame.index or ():
        if name in (DSO, TAX, CONGESTION, *BILLING, HEAD) or name.startswith(RETAILER):
            what = "is the name of the meter at the supply" if name == HEAD else "is the name of an account"
            remedy = "give the participant another name"
            problems.add(Problem(file=frame.file, field="participant", value=name, what=what, remedy=remedy))


def _read_tariffs(
    files: CaseFiles,
    reading: CaseReading,
    choices: Choices,
    found: SettlementFiles,
    table: PriceTable | None,
) -> SharingTerms | None:
    """Reads the tariffs, where there are any, and gives their terms of sharing."""
    content = files.read(TARIFFS_FILE)
    if content is None:
        return None
    read = read_tariffs(content, reading.frame, reading.participants, choices, reading.problems, table)
    if read is None:
        return None
    found.tariffs, terms, found.bill = read
    return terms


def _refuse_marginal(tariffs: Tariffs | None, problems: Problems) -> None:
    """Takes in that marginal losses are asked for where there is no network to have any."""
    allocation = tariffs.loss_allocation if tariffs is not None else None
    if allocation is not LossAllocation.MARGINAL:
        return
    what, remedy = "needs a network, and the case has none", "add [network] to case.toml, or share pro-rata"
    field, value = "loss_allocation", str(allocation)
    problems.add(Problem(file=TARIFFS_FILE, field=field, value=value, what=what, remedy=remedy))


def _read_sharing(
    found: SettlementFiles, terms: SharingTerms | None, frame: Frame, *, is_needed: bool
) -> None:
    """Reads who takes part in sharing, by the table or by the tariffs alone."""
    reader = found.opener.table(SHARING)
    if reader is not None:
        found.key = read_sharing(reader, terms, frame, found.member)
        if terms is None and found.tariffs is not None:
            remedy = f"add [sharing] with key and price_per_kwh to {TARIFFS_FILE}, or remove the table"
            reader.refuse_table(f"is there, and {TARIFFS_FILE} has no section [sharing]", remedy)
    elif terms is not None and terms.kind in NEED_COEFFICIENTS:
        if is_needed:
            found.opener.need(SHARING)
        elif SHARING.name not in (name.rpartition(".")[0] for name in found.names):
            warning = (
                f"{TARIFFS_FILE}: sharing.key '{terms.kind}' needs a table of who shares, and there is none"
            )
            found.opener.warnings.append(warning)
    elif terms is not None and found.member is not None:
        found.key = everybody(terms, found.member)


def _read_meters(found: SettlementFiles, frame: Frame, problems: Problems, *, is_needed: bool) -> None:
    """Reads the meters, which may be left out unless they are needed."""
    if is_needed:
        found.opener.need(METERS)
    reader = found.opener.table(METERS)
    if reader is None:
        return
    before = len(problems)
    found.meters = read_meters(reader, frame)
    if found.meters is not None and found.member is not None:
        found.meters = within(found.meters, found.member)
        found.opener.warnings += _told_outside(reader.table.file, found.meters)
    has_problems = len(problems) > before or METERS.name in found.opener.incomplete
    if has_problems or found.meters is None or found.tariffs is None:
        if is_needed or TARIFFS_FILE in found.names:
            reason = "because some readings or the tariffs could not be read"
            found.unchecked.append(f"missing readings, {reason}")
        return
    if found.tariffs.missing is Missing.ERROR:
        refuse_missing(reader.table.file, found.meters, frame, problems)
    is_whole = bool((found.meters.given | ~found.meters.is_asked).all())
    found.is_unfilled = found.tariffs.missing is Missing.SCHEDULE and not is_whole


def _membership(frame: Frame) -> Bool | None:
    """Who is a member when, (T, P); `None` where it is not known."""
    participants, horizon = frame.participants, frame.horizon
    if participants is None or horizon is None or frame.shape != (horizon.periods, len(participants)):
        return None
    return membership(participants, horizon)


def _told_outside(file: str, meters: Meters) -> list[str]:
    """The notice that readings outside of memberships are there, and what they count for."""
    if meters.outside is None:
        return []
    count = int(meters.outside.given.sum())
    said = "1 reading is" if count == 1 else f"{count:,} readings are"
    return [f"{file}: {said} outside of a membership: for losses, and for nothing else"]
