"""`gridpact network`: the built-in networks, or what one network consists of."""

from pathlib import Path
from typing import Annotated, Any

import typer

from gridpact.cli.options import Json, Quiet, choice
from gridpact.cli.terminal.output import json_text, say
from gridpact.errors import InvalidUsage

Participants = Annotated[
    bool,
    typer.Option("--participants", help="Print an OpenDSS folder's loads as a participants.csv."),
]


def network(
    name: Annotated[
        str, typer.Argument(metavar="[NAME_OR_FILE]", help="A built-in network's name, or a network file.")
    ] = "",
    model: Annotated[str, typer.Option(help="Model: balanced or three-phase.")] = "",
    participants: Participants = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """List the buses, lines and transformers of a network; without a name, the built-in networks.

    Of an OpenDSS folder, which its master file stands for, they are those of its three phases.
    """
    from gridpact.grid.compile import compile_source
    from gridpact.grid.listing import listed, listing
    from gridpact.grid.network_model import NetworkModel
    from gridpact.grid.opendss.participants_template import participants_template, template_csv
    from gridpact.grid.pandapower.builtin import builtin_names, may_be_builtin, near_builtin
    from gridpact.grid.source import NetworkSource, is_opendss
    from gridpact.progress import progress

    if participants and not name:
        raise InvalidUsage("--participants needs a network", "give the master file of an OpenDSS folder")
    if not name:
        say(json_text(builtin_names()) if as_json else "\n".join(builtin_names()))
        return
    is_file = Path(name).is_file()
    if not is_file and not may_be_builtin(name):
        raise InvalidUsage(f"'{name}' is neither a built-in network nor a file", near_builtin(name))
    is_opendss_folder = is_file and is_opendss(Path(name))
    default = NetworkModel.THREE_PHASE if is_opendss_folder else NetworkModel.BALANCED
    modelled = choice(NetworkModel, "--model", model) if model else default
    place: dict[str, Any] = {"file": Path(name)} if is_file else {"builtin": name}
    source = NetworkSource(**place, model=modelled)
    if participants:
        with progress(f"reading {name}", quiet=quiet):
            rows = participants_template(source)
        say(json_text(rows) if as_json else template_csv(rows))
        return
    with progress(f"compiling {name}", quiet=quiet):
        facts = listing(compile_source(source))
    say(json_text(facts) if as_json else listed(facts))
