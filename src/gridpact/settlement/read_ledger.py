"""An earlier ledger, from the folder of the settlement that a correction goes on from."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gridpact.arrays import Int, frozen
from gridpact.case.case import Case
from gridpact.case.files import SETTLEMENT_FOLDER, CaseFiles
from gridpact.case.opener import TableOpener
from gridpact.case.problems import Problems, shown
from gridpact.case.reader import Names, TableReader
from gridpact.case.schema import Column, Kind, Schema
from gridpact.errors import Problem
from gridpact.settlement.entries import NO_TRADE
from gridpact.settlement.ledger import EntryKind, Ledger

SETTLEMENT_FILE = "settlement.json"
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
    """An earlier settlement: all its entries, the last version among them, and its digest."""

    ledger: Ledger
    version: int
    digest: str


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
    if len(problems) > before:
        return None
    if len(ledger.kind) != facts.get("entries"):
        what = f"has {len(ledger.kind):,} entries, and {SETTLEMENT_FILE} says {shown(facts.get('entries'))}"
        reader.refuse_table(what, "give the ledger as it was written")
        return None
    return Earlier(ledger=ledger, version=facts["version"], digest=files.table_sha256(LEDGER.name))


def _facts(files: CaseFiles, case: Case, problems: Problems) -> dict[str, Any]:
    """What settlement.json says of the version and the periods, where it can be used."""
    content = files.read(SETTLEMENT_FILE)
    if content is None:
        return {}
    try:
        facts = json.loads(content)
    except (ValueError, RecursionError):
        facts = None
    version = facts.get("version") if isinstance(facts, dict) else None
    if not isinstance(facts, dict) or not isinstance(version, int) or version < 1:
        what, remedy = "is not that of a settlement", "settle the case again"
        problems.add(Problem(file=SETTLEMENT_FILE, what=what, remedy=remedy))
        return {}
    start = case.horizon.instant(0).isoformat(timespec="minutes")
    wanted = {"start": start, "resolution": case.horizon.resolution, "periods": case.horizon.periods}
    for key in (key for key in wanted if facts.get(key) != wanted[key]):
        what, remedy = f"is not the {wanted[key]} of the case", "give an earlier settlement of this case"
        value = shown(facts.get(key, ""))
        problems.add(Problem(file=SETTLEMENT_FILE, field=key, value=value, what=what, remedy=remedy))
    return facts


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
