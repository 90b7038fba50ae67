"""CaseFiles: the files of a case folder, each read once."""

import hashlib
import os
import stat
from pathlib import Path, PureWindowsPath

from gridpact.case.case import TableFormat
from gridpact.case.reading.problems import Problems, suggestion
from gridpact.case.schema import SCHEMAS, SETTLEMENT_SCHEMAS
from gridpact.case.times import Fault
from gridpact.errors import Problem

CASE_FILE, TARIFFS_FILE = "case.toml", "tariffs.toml"
_KNOWN_NAMES = {
    CASE_FILE,
    TARIFFS_FILE,
    *(f"{schema.name}.{suffix}" for schema in (*SCHEMAS, *SETTLEMENT_SCHEMAS) for suffix in TableFormat),
}
CASE_FOLDER, RESULT_FOLDER, SETTLEMENT_FOLDER = "case", "result", "settlement"
_HOLDS = {
    CASE_FOLDER: CASE_FILE,
    RESULT_FOLDER: "the tables of an earlier clearing",
    SETTLEMENT_FOLDER: "the ledger of an earlier settlement",
}
_DOES_NOT_EXIST = "does not exist"


def file_inside(folder: Path, name: str, kind: str = CASE_FOLDER) -> Path | Fault:
    """The plain file in a folder that a name means, links resolved, or why it means none.

    A case may come from anybody, so that what it names has to lie in it. Nothing is said of what lies
    elsewhere, not even whether it exists.

    Args:
        folder: that the name is relative to; it may be a link itself.
        name: with `/` between folders, as every system has it.
        kind: what the folder holds, for the words.
    """
    if PureWindowsPath(name).anchor:  # `/etc`, `C:x` and `\\\\server` alike
        return Fault(
            what=f"is not relative to the {kind} folder", remedy="copy the file there and give its name"
        )
    if "\\" in name or "\0" in name:
        return Fault(what="is not a file name on every system", remedy="write / between a folder and a file")
    home, path = (Path(os.path.realpath(each)) for each in (folder, folder / name))
    if not path.is_relative_to(home):
        what, remedy = f"leads out of the {kind} folder", "copy the file there and give its name"
        return Fault(what=what, remedy=remedy)
    choose = f"give the name of a file in the {kind} folder"
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return Fault(what=_DOES_NOT_EXIST, remedy=choose)
    except OSError as error:
        return Fault(what=f"cannot be read: {error.strerror}", remedy=choose)
    if not stat.S_ISREG(mode):  # reading from a pipe or a device may never end
        return Fault(what="is a folder" if stat.S_ISDIR(mode) else "is not a plain file", remedy=choose)
    return path


class CaseFiles:
    """Reads the files of a folder and remembers their content for the digest.

    Args:
        folder: the folder.
        problems: takes in what is wrong with the files.
        kind: what it holds: `CASE_FOLDER`, `RESULT_FOLDER` or `SETTLEMENT_FOLDER`.
    """

    def __init__(self, folder: Path, problems: Problems, kind: str = CASE_FOLDER) -> None:
        self.folder = folder
        self._kind = kind
        self._problems = problems
        self._digests: dict[str, bytes] = {}
        self._names = self._list()

    @property
    def _missing(self) -> str:
        return f"is missing from the {self._kind} folder"

    @property
    def is_folder(self) -> bool:
        """Whether there is a folder to read."""
        return self._names is not None

    def read(self, name: str) -> bytes | None:
        """Content of a file of the folder; `None`, with a problem, where it is none or cannot be read."""
        found = file_inside(self.folder, name, self._kind)
        if isinstance(found, Fault):
            if found.what == _DOES_NOT_EXIST:
                found = Fault(what=self._missing, remedy=self._near(name) or "give the folder that holds it")
            self._problems.add(Problem(file=name, what=found.what, remedy=found.remedy))
            return None
        try:
            content = found.read_bytes()
        except OSError as error:
            self._problems.add(Problem(file=name, what=f"cannot be read: {error.strerror or error}"))
            return None
        self._digests[name] = hashlib.sha256(content).digest()
        return content

    def table_name(self, stem: str) -> str | None:
        """File name of a table, CSV or Parquet; `None` where there is none, a problem where both exist."""
        present = self.present_tables(stem)
        if len(present) > 1:
            what = f"stands beside {present[1]}, and only one of them can be the table"
            self._problems.add(Problem(file=present[0], what=what, remedy="remove one of them"))
        return present[0] if present else None

    def has_file(self, name: str) -> bool:
        """Whether there is a file of that name."""
        return name in (self._names or ())

    def has_table(self, stem: str) -> bool:
        """Whether there is a file of a table."""
        return bool(self.present_tables(stem))

    def present_tables(self, stem: str) -> list[str]:
        """Names of the files of a table that are there, of which there should be one at most."""
        return [f"{stem}.{suffix}" for suffix in TableFormat if self.has_file(f"{stem}.{suffix}")]

    def missing_table(self, stems: list[str]) -> None:
        """Takes in that a required table, or all of several of which one is required, is missing."""
        name = f"{stems[0]}.{TableFormat.CSV}"
        wanted = " or ".join(f"{stem}.{suffix}" for stem in stems for suffix in TableFormat)
        self._problems.add(Problem(file=name, what=self._missing, remedy=self._near(name) or f"add {wanted}"))

    def sha256(self, builtin: str) -> str:
        """Digest of the names and contents of all files read, in order, and of a built-in's name."""
        digest = hashlib.sha256()
        for name, content_digest in sorted(self._digests.items()):
            digest.update(name.encode() + b"\0" + content_digest)
        digest.update(builtin.encode())
        return digest.hexdigest()

    def table_sha256(self, stem: str) -> str:
        """Digest of the content of a table that was read."""
        names = (f"{stem}.{suffix}" for suffix in TableFormat)
        return next((self._digests[name].hex() for name in names if name in self._digests), "")

    def _near(self, name: str) -> str:
        """The remedy that suggests a file in the folder whose name may be misspelt."""
        return suggestion(name, (self._names or frozenset()) - _KNOWN_NAMES)

    def _list(self) -> frozenset[str] | None:
        remedy = f"give the folder that holds {_HOLDS[self._kind]}"
        try:
            return frozenset(entry.name for entry in self.folder.iterdir())
        except NotADirectoryError:
            what = "is not a folder"
        except FileNotFoundError:
            what = "does not exist"
        except (OSError, ValueError) as error:
            what = f"cannot be read: {error}"
        self._problems.add(Problem(file=str(self.folder), what=what, remedy=remedy))
        return None
