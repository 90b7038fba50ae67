"""What the commands of standards take, in the same words."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from gridpact.errors import InvalidUsage

ResultFolder = Annotated[Path, typer.Argument(metavar="RESULT", help="The result of a clearing.")]
StandardsFile = Annotated[
    Path, typer.Option("--standards", metavar="FILE", help="Parties and codes: standards.toml.")
]
Revision = Annotated[int, typer.Option(help="One more each time that the same periods are sent again.")]
Created = Annotated[
    str, typer.Option(metavar="TIME", help="When it was made, with a UTC offset; now where not said.")
]


def creation_time(text: str) -> datetime:
    """The time that `--created` gives, or now, in UTC to the second.

    Raises:
        InvalidUsage: it is no time with an offset.
    """
    if not text:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise InvalidUsage(f"--created '{text}' is no time with an offset", "write 2030-06-20T14:00:00Z")
    return time.astimezone(UTC).replace(microsecond=0)
