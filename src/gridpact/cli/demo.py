"""`gridpact demo`: the published 44-bus day, cleared."""

import filecmp
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from gridpact.cli.clear import clear_and_say
from gridpact.cli.options import Json, OutFolder, Quiet
from gridpact.errors import InvalidUsage

if TYPE_CHECKING:
    from gridpact.case import Case


def demo(out: OutFolder = Path("gridpact-demo"), as_json: Json = False, quiet: Quiet = False) -> None:
    """Clear the published 44-bus day: a first look at what gridpact gives."""
    from gridpact.case import read_case
    from gridpact.progress import progress
    from gridpact.published import cigre_day
    from gridpact.results.output_folder import check_output_folder

    check_output_folder(out / "result", case_folder=out / "case")
    with progress("writing the published 44-bus day as a case", quiet=quiet):
        _write_or_keep(cigre_day(), out / "case")
        case = read_case(out / "case")
    clear_and_say(case, out / "result", report=True, as_json=as_json, quiet=quiet)


def _write_or_keep(case: "Case", folder: Path) -> None:
    """Writes a case folder; the same one is kept where it is there already, and no other is touched."""
    from gridpact.case import write_case

    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        write_case(case, folder)
        return
    with tempfile.TemporaryDirectory() as aside:
        write_case(case, aside)
        names = sorted(path.name for path in Path(aside).iterdir())
        found = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
        if found != names or filecmp.cmpfiles(aside, folder, names, shallow=False)[0] != names:
            raise InvalidUsage(f"{folder} holds something else than the demo's case", "name another --out")
