"""A market out of a case folder."""

import json
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from gridpact.case import read_case
from gridpact.case.folder.case_files import CASE_FILE
from gridpact.case.writing.case_writer import write_case
from gridpact.errors import InvalidUsage
from gridpact.gate.closing.seal_session import SYSTEM
from gridpact.gate.market.json_tables import new_problems
from gridpact.gate.market.market_commands import put_market, put_market_file
from gridpact.gate.market.market_documents import (
    NETWORK_FILE,
    OF_HORIZON,
    TABLES,
    market_problems,
    network_of,
)
from gridpact.gate.market.participant_tables import columns_from_csv, stored
from gridpact.gate.market.session_frames import NETWORK_CONTENT, PARTICIPANTS_FILE
from gridpact.gate.store.gate_home import open_gate
from gridpact.gate.store.transaction import Transaction, carry_out
from gridpact.gate.words.gate_names import SESSION_NAME
from gridpact.gate.words.refused import Refused


def import_market(folder: Path, case_folder: Path, market: str) -> int:
    """Makes a market of the network, limits, rules and participants of a case.

    Args:
        folder: of the gate.
        case_folder: of the case.
        market: name of the market.

    Returns:
        How many participants it has.

    Raises:
        InvalidCase: the case cannot be read.
        InvalidUsage: its market cannot be made.
    """
    if not SESSION_NAME.fullmatch(market):
        raise InvalidUsage(
            f"{market!r} is not the name of a market", "give --market, of A-Z, a-z, 0-9, ., -, _"
        )
    gate, case = open_gate(folder), read_case(case_folder)
    if case.network.file is not None and case.network.file.suffix != ".json":
        raise InvalidUsage(
            "the gate takes networks as JSON", "convert the case by gridpact convert --to parquet"
        )
    with tempfile.TemporaryDirectory(prefix="gridpact-") as name:
        plain = Path(name) / "case"
        write_case(case, plain, "csv")
        settings = tomllib.loads((plain / CASE_FILE).read_text(encoding="utf-8"))
        participants = (plain / f"{PARTICIPANTS_FILE}.csv").read_bytes()
    network = None if case.network.file is None else case.network.file.read_bytes()
    document = _document(settings)
    if problems := market_problems(document):
        raise InvalidUsage(f"{problems[0].pointer} {problems[0].what}", problems[0].remedy)
    compiled = network_of(document, network, new_problems())
    if compiled is None:
        raise InvalidUsage(f"the network of {case_folder} cannot be used alone", f"see {NETWORK_FILE}")
    columns, now = columns_from_csv(participants, compiled), gate.clock()

    def work(transaction: Transaction) -> None:
        put_market(transaction, market, document, actor=SYSTEM, received_at=now)
        if network is not None:
            put_market_file(transaction, market, NETWORK_CONTENT, network, actor=SYSTEM, received_at=now)
        put_market_file(
            transaction, market, PARTICIPANTS_FILE, stored(columns), actor=SYSTEM, received_at=now
        )

    try:
        carry_out(gate.database, work)
    except Refused as refused:
        raise InvalidUsage(refused.detail, "give another --market") from None
    return len(case.participants)


def _document(settings: dict[str, Any]) -> dict[str, Any]:
    """The document of a market, of the settings of a case."""
    document: dict[str, Any] = {name: settings[name] for name in ("name", "currency") if name in settings}
    document |= {name: settings["horizon"][name] for name in OF_HORIZON}
    document |= {name: dict(settings[name]) for name in TABLES if name in settings}
    document["network"].pop("file", None)
    return dict(json.loads(json.dumps(document)))
