"""Bills as PDF: printed from their published pages by a process of its own, one at a time, and kept."""

import asyncio
import sys
from collections import OrderedDict
from hashlib import sha256
from importlib.util import find_spec

from gridpact.gate.store.writer import not_stored

HTML, PDF = "text/html", "application/pdf"
KEPT_MAX = 64
LIBRARY = "weasyprint"
PROGRAM = (
    "import sys; from gridpact.report.bills.bill_pdf import pdf_maker; make = pdf_maker().make; "
    "sys.exit(3) if make is None else sys.stdout.buffer.write(make(sys.stdin.buffer.read().decode()))"
)
_kept: OrderedDict[str, bytes] = OrderedDict()
_turn = asyncio.Semaphore(1)


def bill_kinds() -> tuple[str, ...]:
    """The media types that bills are given in."""
    return (HTML, PDF) if find_spec(LIBRARY) is not None else (HTML,)


async def pdf_of(page: bytes) -> bytes:
    """The PDF of a page.

    Raises:
        Refused: 503, it could not be made.
    """
    name = sha256(page).hexdigest()
    async with _turn:
        if name not in _kept:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-c",
                PROGRAM,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
            made, _ = await process.communicate(page)
            if process.returncode != 0:
                raise not_stored("The PDF could not be made.")
            _kept[name] = made
            while len(_kept) > KEPT_MAX:
                _kept.popitem(last=False)
        return _kept[name]
