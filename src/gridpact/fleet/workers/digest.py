"""What the input of a case is, found from the bytes of its files without parsing its tables."""

import re
import tomllib
from pathlib import Path

from gridpact.case.folder.case_files import CASE_FILE, CaseFiles, file_inside
from gridpact.case.reading.problems import Problems
from gridpact.case.schema import SCHEMAS
from gridpact.case.times import Fault

_NETWORK = re.compile(r"""^\s*(?:builtin|file)\s*=\s*["']([^"']*)""", re.MULTILINE)


def inputs_sha256(folder: Path) -> str:
    """The digest that `read_case` gives a case, empty where the folder does not hold a whole one."""
    problems = Problems()
    files = CaseFiles(folder, problems)
    content = files.read(CASE_FILE)
    for schema in SCHEMAS:
        if (name := files.table_name(schema.name)) is not None:
            files.read(name)
    try:
        network = tomllib.loads((content or b"").decode())["network"]
        if "file" in network:
            files.read(str(Path(network["file"])))
        builtin = str(network.get("builtin", ""))
    except (KeyError, TypeError, ValueError, AttributeError):
        return ""
    return "" if len(problems) else files.sha256(builtin)


def network_key(folder: Path) -> str:
    """What tells the networks of cases apart well enough to put equal ones next to each other.

    It is the network's name and the size of its file. A wrong guess costs time and nothing else.
    """
    try:
        settings = file_inside(folder, CASE_FILE)
        if isinstance(settings, Fault):
            return ""
        found = _NETWORK.search(settings.read_text(encoding="utf-8", errors="replace"))
        name = found[1] if found else ""
        file = file_inside(folder, name)
        return f"{name} {0 if isinstance(file, Fault) else file.stat().st_size}"
    except OSError:
        return ""
