"""The folder of a gate, as every command of a gate takes it."""

from pathlib import Path
from typing import Annotated

import typer

from gridpact.extras import GATE


def _need_libraries(folder: Path) -> Path:
    """Refuses to go on without the gate's libraries, before anything of them is imported."""
    GATE.need("the gate takes libraries that are not installed")
    return folder


GateFolder = Annotated[
    Path, typer.Argument(metavar="DIR", help="The folder of a gate.", callback=_need_libraries)
]
