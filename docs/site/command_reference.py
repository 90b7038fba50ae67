"""Every command with its arguments and options, from the program itself."""

from collections.abc import Iterator

import typer
from sphinx.application import Sphinx
from typer.main import get_command

from gridpact.cli import app as program

PAGE, MARK = "docs/reference/command-line", "<!-- commands -->"


def commands(name: str, command: typer.core.TyperCommand | typer.core.TyperGroup) -> Iterator[str]:
    """The sections of a command and of those below it."""
    context = typer.Context(command, info_name=name)
    below = getattr(command, "commands", {})
    if not below:
        usage = " ".join([name, *command.collect_usage_pieces(context)])
        yield f"## {name}\n\n{command.help}\n\n```text\n{usage}\n```\n"
        yield from parameters(command, context)
    for each in below:
        yield from commands(f"{name} {each}", below[each])


def parameters(command: typer.core.TyperCommand, context: typer.Context) -> Iterator[str]:
    """What a command takes, as a table."""
    rows = [
        (parameter.get_help_record(context) or (parameter.human_readable_name, parameter.help or ""))
        for parameter in command.get_params(context)
        if not getattr(parameter, "hidden", False)
    ]
    yield "| argument or option | means |\n|---|---|"
    for name, text in rows:
        yield f"| `{escaped(name)}` | {escaped(text)} |"
    yield ""


def escaped(text: str) -> str:
    """A text as a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|").replace("[", "\\[")


def with_commands(_: Sphinx, page: str, source: list[str]) -> None:
    """Puts the commands where the page wants them."""
    if page == PAGE:
        source[0] = source[0].replace(MARK, "\n".join(commands("gridpact", get_command(program))))


def setup(app: Sphinx) -> dict[str, bool]:
    """Completes the page as it is read."""
    app.connect("source-read", with_commands)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
