"""An earlier ledger, from the folder of the settlement that a correction goes on from."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gridpact.arrays import Int, frozen
from gridpact.case.case import Case
from gridpact.case.folder.case_files import SETTLEMENT_FOLDER, CaseFiles
from gridpact.case.folder.opener import TableOpener
from gridpact.case.reading.problems import Problems, shown
from gridpact.case.reading.reader import Names, TableReader
from gridpact.case.schema import Column, Kind, Schema
from gridpact.errors import Problem
from gridpact.settlement.ledger.entries import NO_TRADE
from gridpact.settlement.ledger.ledger import EntryKind, Ledger
from gridpact.settlement.ledger.ledger_digest import ledger_sha256
from gridpact.settlement.tariffs.accounts import CONGESTION, DSO, RETAILER, TAX

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
        version: of the settlement; entries may all be older, where it changed nothing.
        choices: how it was settled: mode, missing and loss_allocation.
    """

    ledger: Ledger
    version: int
    choices: dict[str, str]


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
    if len(problems) > before or _is_refused(reader, ledger, facts, case):
        return None
    choices = {key: str(facts.get(key, "")) for key in CHOICES}
    return Earlier(ledger=ledger, version=facts["version"], choices=choices)


def _is_refused(reader: TableReader, ledger: Ledger, facts: dict[str, Any], case: Case) -> bool:
    """Whether a ledger is not the one that settlement.json is about, or is of others; a problem then."""
    latest, accounts = int(ledger.version.max(initial=0)), _participants(ledger)
    as_written = "give the ledger as it was written"
    if len(ledger.kind) != facts.get("entries"):
        what = f"has {len(ledger.kind):,} entries, and {SETTLEMENT_FILE} says {shown(facts.get('entries'))}"
        reader.refuse_table(what, as_written)
    elif latest > facts["version"]:
        what = f"has entries of version {latest}, and {SETTLEMENT_FILE} says {facts['version']}"
        reader.refuse_table(what, as_written)
    elif ledger_sha256(ledger) != facts.get("ledger_sha256"):
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
    others = (DSO, TAX, CONGESTION)
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
    for key in (key for key in wanted if facts.get(key) != wanted[key]):
        what = f"is not the {wanted[key] or 'empty one'} of the case"
        _refuse_fact(problems, key, facts.get(key, ""), what, REMEDY)
    return facts


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
        energy_wh=frozen(reader.number("energy_wh"), np.int64),
        amount_micro=frozen(reader.number("amount_micro"), np.int64),
        trade=frozen(np.maximum(trade, NO_TRADE), np.int64),
        version=frozen(_versions(reader), np.int64),
    )


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
