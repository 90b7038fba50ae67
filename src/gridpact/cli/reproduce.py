"""`gridpact reproduce`: the published results, recomputed."""

from gridpact.cli.options import Json, Quiet
from gridpact.cli.terminal.output import json_text, say


def reproduce(as_json: Json = False, quiet: Quiet = False) -> None:
    """Recompute the published 24-hour results and the extreme hour, and show them beside the published."""
    from gridpact.progress import progress
    from gridpact.published import reproduce as reproduce_published
    from gridpact.published.comparison import comparison

    with progress("clearing the published cases again", quiet=quiet):
        reproduction = reproduce_published()
    if as_json:
        say(json_text(reproduction.as_dict()))
    else:
        say(comparison(reproduction))
