"""A session as folders: its case, what it rests on, its result, its seal."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from gridpact.errors import InvalidUsage
from gridpact.gate.closing.seal_session import seal_answer
from gridpact.gate.closing.sealed_case import write_result_files, write_sealed_case
from gridpact.gate.market.session_states import session_state


def export_session(connection: Connection, session: str, out: Path, private: Mapping[str, Any]) -> list[str]:
    """Writes a sealed session into a new folder, and gives the names of what is there.

    `gridpact clear OUT/case --commitments OUT/commitments` gives the tables of `OUT/result`, byte for byte.

    Raises:
        InvalidUsage: there is no such session, it is not sealed, or the folder is not empty.
    """
    state = session_state(connection, session)
    if state is None:
        raise InvalidUsage(f"there is no session '{session}'", "give the name of one")
    if state.seal is None:
        raise InvalidUsage(f"session '{session}' is not sealed yet", "wait until its gate has closed")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InvalidUsage(f"{out} is not an empty folder", "give a new one")
    out.mkdir(parents=True, exist_ok=True)
    write_sealed_case(connection, session, out)
    if state.publication is not None:
        write_result_files(connection, session, out / "result")
    seal = json.dumps(seal_answer(connection, session, private), indent=2, ensure_ascii=False)
    (out / "seal.json").write_text(seal + "\n", encoding="utf-8")
    return sorted(path.name for path in out.iterdir())
