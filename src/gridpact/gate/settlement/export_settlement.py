"""A settlement as folders: what it is made of, what came of it, and what the gate signed."""

import json
from pathlib import Path

from sqlalchemy import Connection

from gridpact.errors import InvalidUsage
from gridpact.gate.settlement.settle_folder import RESULT
from gridpact.gate.settlement.settlement_case import PREVIOUS, write_settled_files, write_settlement_case
from gridpact.gate.settlement.settlement_state import settlement_state

PUBLICATION_FILE = "publication.json"


def export_settlement(connection: Connection, settlement: str, out: Path) -> list[str]:
    """Writes a settlement into a new folder, and gives the names of what is there.

    `gridpact settle OUT/case --clearance OUT/clearances --bills --no-report`, with `--previous OUT/previous`
    where it corrects another one, gives the tables, figures and bills of `OUT/result`, byte for byte.

    Raises:
        InvalidUsage: there is no such settlement, or the folder is not empty.
    """
    state = settlement_state(connection, settlement)
    if state is None:
        raise InvalidUsage(f"there is no settlement '{settlement}'", "give the name of one")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InvalidUsage(f"{out} is not an empty folder", "give a new one")
    out.mkdir(parents=True, exist_ok=True)
    write_settlement_case(connection, state, out)
    if state.publication is not None:
        write_settled_files(connection, settlement, out / RESULT)
        signed = json.dumps(state.answer, indent=2, ensure_ascii=False)
        (out / PUBLICATION_FILE).write_text(signed + "\n", encoding="utf-8")
    return sorted(path.name for path in out.iterdir())


def settle_words(out: Path, names: list[str]) -> str:
    """The command that settles what was exported once more."""
    words = ["gridpact settle", str(out / "case")]
    words += ["--clearance", str(out / "clearances")] if "clearances" in names else []
    words += ["--previous", str(out / PREVIOUS)] if PREVIOUS in names else []
    return " ".join([*words, "--bills --no-report --out …"])
