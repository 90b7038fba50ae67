"""What several commands take, in the same words."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from gridpact.errors import InvalidUsage
from gridpact.fields.arguments import chosen
from gridpact.plug_ins import unknown_name

Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(slots=True)
class Invocation:
    """What the program has to know of the command that ran."""

    as_json: bool = False


def _note_json(context: typer.Context, value: bool) -> bool:
    """Notes that failures are to be told as JSON too."""
    if isinstance(context.obj, Invocation):
        context.obj.as_json = value
    return value


CaseFolder = Annotated[Path, typer.Argument(metavar="CASE", help="A case folder.")]
OutFolder = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the result.")]
Commitments = Annotated[
    Path | None,
    typer.Option("--commitments", metavar="DIR", help="An earlier result: what it cleared is firm."),
]
NoReport = Annotated[bool, typer.Option("--no-report", help="Leave report.html out.")]
Json = Annotated[
    bool,
    typer.Option("--json", help="Machine-readable result on stdout.", callback=_note_json, is_eager=True),
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Exit with 3, the result written, where a status is not `cleared`.")
]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress on stderr.")]


def plug_in(group: str, option: str, value: str) -> str:
    """The name of a plug-in of a group that an option names.

    Raises:
        InvalidUsage: there is none.
    """
    if fault := unknown_name(group, value):
        raise InvalidUsage(f"{option} '{value}' {fault[0]}", fault[1])
    return value


def choice(kind: type[Choice], option: str, value: str) -> Choice:
    """The member of a kind that an option names.

    Raises:
        InvalidUsage: No member has that name.
    """
    return chosen(kind, option, value)
