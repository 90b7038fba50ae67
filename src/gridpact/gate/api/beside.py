"""What takes as long as a clearing: made by gridpact in a process of its own, one at a time, and kept."""

import asyncio
import sys
import tempfile
from collections import OrderedDict
from pathlib import Path

from sqlalchemy import Connection, func, select

from gridpact.gate.api.service import Service
from gridpact.gate.closing.sealed_case import write_sealed_case
from gridpact.gate.store.gate_tables import SUBMISSION
from gridpact.gate.store.writer import not_stored
from gridpact.gate.words.refused import Refused
from gridpact.results.output_folder import REPORT_FILE

KEPT_MAX = 32
REFUSED = 2  # Exit code of a command that refuses its input.
_kept: OrderedDict[tuple[str, str, int], bytes] = OrderedDict()
_turn = asyncio.Semaphore(1)


async def report_of(service: Service, session: str) -> bytes:
    """The report page of a published session."""
    return await _made(service, session, 0, "clear", REPORT_FILE)


async def headroom_of(service: Service, session: str) -> tuple[int, bytes]:
    """The table of headroom under the forecasts that are there, and the sequence that it holds for."""

    def last(connection: Connection) -> int:
        query = select(func.max(SUBMISSION.c.sequence)).where(SUBMISSION.c.session == session)
        return int(connection.execute(query).scalar() or 0)

    sequence = await service.read(last)
    return sequence, await _made(service, session, sequence, "headroom", "headroom.csv")


async def _made(service: Service, session: str, sequence: int, command: str, name: str) -> bytes:
    """A file that a command makes of a session's case, kept for those who ask again."""
    key = (session, command, sequence)
    async with _turn:
        if key not in _kept:
            _kept[key] = await _make(service, session, command, name)
            while len(_kept) > KEPT_MAX:
                _kept.popitem(last=False)
        return _kept[key]


async def _make(service: Service, session: str, command: str, name: str) -> bytes:
    """What a command of another process makes of the case of a session, as bytes."""
    with tempfile.TemporaryDirectory(prefix="gridpact-") as made:
        folder = Path(made)
        commitments = await service.read(lambda connection: write_sealed_case(connection, session, folder))
        words = [command, str(folder / "case"), "--out", str(folder / "out")]
        if commitments is not None:
            words += ["--commitments", str(commitments)]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "gridpact",
            *words,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        code = await process.wait()
        if code == REFUSED:  # What it refuses today it refuses tomorrow.
            raise Refused(409, "wrong-state", f"gridpact {command} does not take the case of this session.")
        if code != 0:
            raise not_stored("It could not be made.")
        return (folder / "out" / name).read_bytes()
