"""What pages load: style sheets and a script of this gate, whose names change with their content."""

from functools import cache
from hashlib import sha256
from importlib.resources import files

STYLE, OWN_STYLE, SCRIPT = "style.css", "gate.css", "gate.js"
TYPES = {STYLE: "text/css", OWN_STYLE: "text/css", SCRIPT: "text/javascript"}
DIGITS = 12


@cache
def asset(name: str) -> bytes:
    """The content of an asset; the style sheet is that of reports, so that all pages look alike."""
    package = "gridpact.report" if name == STYLE else "gridpact.gate.pages"
    return files(package).joinpath("assets", name).read_bytes()


@cache
def asset_path(name: str) -> str:
    """Where a page finds an asset."""
    return f"/assets/{sha256(asset(name)).hexdigest()[:DIGITS]}/{name}"
