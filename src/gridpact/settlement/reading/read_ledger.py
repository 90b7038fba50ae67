"""An earlier ledger, from the folder of the settlement that a correction goes on from."""

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from gridpact.arrays import Int, frozen
from gridpact.case.case import Case
from gridpact.case.folder.case_files import SETTLEMENT_FOLDER, CaseFiles
from gridpact.case.folder.opener import TableOpener
from gridpact.case.periods import period_of
from gridpact.case.reading.arrow_arrays import numpy_values
from gridpact.case.reading.problems import Problems, shown
from gridpact.case.reading.reader import Names, TableReader
from gridpact.case.schema import Column, Kind, Schema
from gridpact.case.times import Fault, read_time
from gridpact.errors import Problem
from gridpact.settlement.bills.issued_bill import IssuedBill
from gridpact.settlement.ledger.entries import NO_TRADE
from gridpact.settlement.ledger.entry_names import named_versions
from gridpact.settlement.ledger.ledger import EntryKind, Ledger
from gridpact.settlement.ledger.ledger_digest import LedgerDigest
from gridpact.settlement.reading.read_issued_bills import read_issued_bills
from gridpact.settlement.tariffs.accounts import BILLING, CONGESTION, DSO, RETAILER, TAX

SETTLEMENT_FILE = "settlement.json"
REMEDY = "give an earlier settlement of this case"
VERSION_MAX = 999_999
CHOICES = ("mode", "missing", "loss_allocation")
LEDGER = Schema(
    name="ledger",
    columns=(
        Column(name="entry", kind=Kind.ID, meaning="version and number of the entry"),
        Column(name="time", kind=Kind.TIME, meaning="start of the period"),
        Column(
            name="kind", kind=Kind.CHOICE, meaning="what it is for", choices=tuple(k.label for k in EntryKind)
        ),
        Column(name="debit", kind=Kind.ID, meaning="account that pays"),
        Column(name="credit", kind=Kind.ID, meaning="account that is paid"),
        Column(name="energy_wh", kind=Kind.SIGNED_INTEGER, meaning="energy that it is about"),
        Column(name="amount_micro", kind=Kind.SIGNED_INTEGER, meaning="money moved, micro-currency"),
        Column(name="trade", kind=Kind.ID, meaning="name of the trade", required=False),
    ),
)
_ENTRY = r"^(?P<version>[1-9][0-9]{0,8})-(?P<number>[0-9]{6,12})$"


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """An earlier settlement.

    Attributes:
        ledger: all its entries.
        digest: of them.
        version: of the settlement; entries may all be older, where it changed nothing.
        choices: how it was settled: mode, missing and loss_allocation.
        bills: that were made of it, by participant.
    """

    ledger: Ledger
    digest: LedgerDigest
    version: int
    choices: dict[str, str]
    bills: dict[str, IssuedBill]


def read_ledger(folder: str | Path, case: Case, problems: Problems) -> Earlier | None:
    """The ledger of an earlier settlement of a case; `None` where it cannot be used, which is a problem.

    Args:
        folder: of the settlement.
        case: whose periods they are.
        problems: takes in what is wrong.
    """
    files = CaseFiles(Path(folder), problems, SETTLEMENT_FOLDER)
    if not files.is_folder:
        return None
    opener = TableOpener(files, problems)
    opener.need(LEDGER)
    before = len(problems)
    facts = _facts(files, case, problems)
    reader = opener.table(LEDGER)
    if reader is None or len(problems) > before:
        return None
    ledger = _ledger(reader, case)
    refuse = partial(_refuse_fact, problems, "bills")
    bills = read_issued_bills(facts.get("bills"), case.participants.ids, refuse)
    digest = LedgerDigest()
    if len(problems) == before:
        digest.update(ledger)
    if len(problems) > before or _is_refused(reader, ledger, digest, facts, case):
        return None
    choices = {key: str(facts.get(key, "")) for key in CHOICES}
    return Earlier(ledger=ledger, digest=digest, version=facts["version"], choices=choices, bills=bills)


def _is_refused(
    reader: TableReader, ledger: Ledger, digest: LedgerDigest, facts: dict[str, Any], case: Case
) -> bool:
    """Whether a ledger is not the one that settlement.json is about, or is of others; a problem then."""
    latest, accounts = int(ledger.version.max(initial=0)), _participants(ledger)
    as_written = "give the ledger as it was written"
    if len(ledger.kind) != facts.get("entries"):
        what = f"has {len(ledger.kind):,} entries, and {SETTLEMENT_FILE} says {shown(facts.get('entries'))}"
        reader.refuse_table(what, as_written)
    elif latest > facts["version"]:
        what = f"has entries of version {latest}, and {SETTLEMENT_FILE} says {facts['version']}"
        reader.refuse_table(what, as_written)
    elif digest.hexdigest() != facts.get("ledger_sha256"):
        what = f"is not the ledger that {SETTLEMENT_FILE} has the digest of: an entry was changed"
        reader.refuse_table(what, f"{as_written}; corrections come from new readings alone")
    elif accounts and accounts.isdisjoint(case.participants.ids):
        what = f"has no account of a participant of the case: it is of {shown(min(accounts))!r} and others"
        reader.refuse_table(what, REMEDY)
    else:
        return False
    return True


def _participants(ledger: Ledger) -> set[str]:
    """The accounts that are those of participants."""
    others = (DSO, TAX, CONGESTION, *BILLING)
    return {name for name in ledger.accounts if name not in others and not name.startswith(RETAILER)}


def _facts(files: CaseFiles, case: Case, problems: Problems) -> dict[str, Any]:
    """What settlement.json says of the version and the periods, where it can be used."""
    content = files.read(SETTLEMENT_FILE)
    if content is None:
        return {}
    try:
        facts = json.loads(content)
    except (ValueError, RecursionError):
        facts = None
    if not isinstance(facts, dict) or not {"version", "entries"} <= facts.keys():
        what, remedy = "is not that of a settlement", "settle the case again"
        problems.add(Problem(file=SETTLEMENT_FILE, what=what, remedy=remedy))
        return {}
    version = facts["version"]
    if isinstance(version, bool) or not isinstance(version, int) or not 1 <= version <= VERSION_MAX:
        what, remedy = f"is not a whole number from 1 to {VERSION_MAX}", "give the file as it was written"
        _refuse_fact(problems, "version", version, what, remedy)
    wanted = {
        "name": case.name,
        "currency": case.currency,
        "network": case.network.name,
        "start": case.horizon.instant(0).isoformat(timespec="minutes"),
        "resolution": case.horizon.resolution,
        "periods": case.horizon.periods,
    }
    if _refuse_part(facts, case, problems):
        wanted = {key: value for key, value in wanted.items() if key not in ("start", "periods")}
    for key in (key for key in wanted if facts.get(key) != wanted[key]):
        what = f"is not the {wanted[key] or 'empty one'} of the case"
        _refuse_fact(problems, key, facts.get(key, ""), what, REMEDY)
    return facts


def _refuse_part(facts: dict[str, Any], case: Case, problems: Problems) -> bool:
    """Whether an earlier settlement is of some of the periods of a case alone, which is then a problem."""
    horizon, start, periods = case.horizon, facts.get("start"), facts.get("periods")
    is_count = isinstance(periods, int) and not isinstance(periods, bool) and 1 <= periods < horizon.periods
    if not is_count or not isinstance(periods, int) or not isinstance(start, str):
        return False
    time = read_time(start, ZoneInfo(horizon.timezone))
    first = time if isinstance(time, Fault) else period_of(time, horizon, is_end=False)
    if isinstance(first, Fault) or facts.get("resolution") != horizon.resolution:
        return False
    end = min(first + periods, horizon.periods)
    span, whole = (
        " to ".join(horizon.instant(each).isoformat(timespec="minutes") for each in ends)
        for ends in ((first, end), (0, horizon.periods))
    )
    what = (
        f"are those of {span} alone, and the case is {whole}: a longer settlement, as of a month, cannot "
        "correct days that were settled before"
    )
    remedy = "correct those with the case that they were settled by, or leave --previous out"
    _refuse_fact(problems, "periods", periods, what, remedy)
    return True


def _refuse_fact(problems: Problems, key: str, value: Any, what: str, remedy: str) -> None:
    """Takes in a figure of the earlier settlement that cannot be."""
    problems.add(Problem(file=SETTLEMENT_FILE, field=key, value=shown(value), what=what, remedy=remedy))


def _ledger(reader: TableReader, case: Case) -> Ledger:
    """The entries in a table, as they stand there."""
    debit, credit = reader.names("debit"), reader.names("credit")
    accounts, (of_debit, of_credit) = _numbered(debit, credit)
    trades, trade = reader.labels("trade")
    return Ledger(
        accounts=accounts,
        trade_ids=trades,
        period=frozen(reader.period("time", case.horizon), np.int64),
        kind=frozen(reader.choice("kind"), np.int64),
        debit=frozen(of_debit, np.int64),
        credit=frozen(of_credit, np.int64),
        energy_wh=frozen(_whole_numbers(reader, "energy_wh"), np.int64),
        amount_micro=frozen(_whole_numbers(reader, "amount_micro"), np.int64),
        trade=frozen(np.maximum(trade, NO_TRADE), np.int64),
        version=frozen(_versions(reader), np.int64),
    )


def _whole_numbers(reader: TableReader, name: str) -> Int:
    """A column of whole numbers, (R,); those of Parquet as they are, however large."""
    import pyarrow as pa

    array = reader.table.columns.get(name)
    if array is not None and pa.types.is_int64(array.type) and not array.null_count:
        return numpy_values(array)
    return reader.number(name).astype(np.int64)


def _numbered(*columns: Names) -> tuple[tuple[str, ...], list[Int]]:
    """The names in several columns, and for each the place of every row's name among them."""
    names = tuple(dict.fromkeys(name for column in columns for name in column.distinct))
    place = {name: number for number, name in enumerate(names)}
    return names, [
        np.array([*(place[name] for name in column.distinct), 0], dtype=np.int64)[column.of_row]
        for column in columns
    ]


def _versions(reader: TableReader) -> Int:
    """The version of each entry, (R,); they count up, and so do the numbers of the entries of each."""
    import pyarrow as pa
    import pyarrow.compute as pc

    versions = named_versions(reader.table.columns["entry"]) if "entry" in reader.table.columns else None
    if versions is not None and versions.max(initial=0) <= VERSION_MAX:
        return versions
    names = reader.names("entry")
    texts = pa.array([*names.distinct, ""], pa.string())
    parts = pc.extract_regex(texts, _ENTRY)
    is_name = np.asarray(pc.is_valid(parts).to_numpy(zero_copy_only=False))[names.of_row]
    unfit = (names.of_row >= 0) & ~is_name
    reader.refuse("entry", unfit, "is not the name of an entry", "give it as it was written, as in 1-000001")
    version, number = (
        np.asarray(pc.fill_null(pc.struct_field(parts, [place]), "0").cast(pa.int64()), dtype=np.int64)
        for place in (0, 1)
    )
    version, number = version[names.of_row], number[names.of_row]
    if not is_name.all():
        return version
    starts = np.append(True, version[1:] != version[:-1])[: len(version)]
    expected = np.arange(len(version)) - np.flatnonzero(starts)[np.cumsum(starts) - 1] + 1
    misplaced = (number != expected) | np.append(False, version[1:] < version[:-1])[: len(version)]
    remedy = "keep every entry of the earlier ledger, in its order"
    reader.refuse("entry", misplaced, "does not follow the entry above it", remedy)
    return version
