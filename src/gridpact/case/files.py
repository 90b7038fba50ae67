"""CaseFiles: the files of a case folder, each read once."""

import hashlib
from pathlib import Path

from gridpact.case.case import TableFormat
from gridpact.case.problems import Problems, suggestion
from gridpact.case.schema import SCHEMAS
from gridpact.errors import Problem

CASE_FILE = "case.toml"
_KNOWN_NAMES = {CASE_FILE, *(f"{schema.name}.{suffix}" for schema in SCHEMAS for suffix in TableFormat)}
_MISSING = "is missing from the case folder"


class CaseFiles:
    """Reads the files of a case folder and remembers their content for the digest.

    Args:
        folder: the case folder.
        problems: takes in what is wrong with the files.
    """

    def __init__(self, folder: Path, problems: Problems) -> None:
        self.folder = folder
        self._problems = problems
        self._digests: dict[str, bytes] = {}
        self._names = self._list()

    @property
    def is_folder(self) -> bool:
        """Whether there is a folder to read."""
        return self._names is not None

    def read(self, name: str) -> bytes | None:
        """Content of a file; `None`, with a problem, where it cannot be read."""
        try:
            content = (self.folder / name).read_bytes()
        except FileNotFoundError:
            remedy = self._near(name) or "give the folder that holds it"
            self._problems.add(Problem(file=name, what=_MISSING, remedy=remedy))
            return None
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            self._problems.add(Problem(file=name, what=f"cannot be read: {reason}"))
            return None
        self._digests[name] = hashlib.sha256(content).digest()
        return content

    def table_name(self, stem: str) -> str | None:
        """File name of a table, CSV or Parquet; `None` where there is none, a problem where both exist."""
        names = self._names or ()
        present = [f"{stem}.{suffix}" for suffix in TableFormat if f"{stem}.{suffix}" in names]
        if len(present) > 1:
            what = f"stands beside {present[1]}, and only one of them can be the table"
            self._problems.add(Problem(file=present[0], what=what, remedy="remove one of them"))
        return present[0] if present else None

    def has_table(self, stem: str) -> bool:
        """Whether there is a file of a table."""
        return any(f"{stem}.{suffix}" in (self._names or ()) for suffix in TableFormat)

    def missing_table(self, stems: list[str]) -> None:
        """Takes in that a required table, or all of several of which one is required, is missing."""
        name = f"{stems[0]}.{TableFormat.CSV}"
        wanted = " or ".join(f"{stem}.{suffix}" for stem in stems for suffix in TableFormat)
        self._problems.add(Problem(file=name, what=_MISSING, remedy=self._near(name) or f"add {wanted}"))

    def sha256(self, builtin: str) -> str:
        """Digest of the names and contents of all files read, in order, and of a built-in's name."""
        digest = hashlib.sha256()
        for name, content_digest in sorted(self._digests.items()):
            digest.update(name.encode() + b"\0" + content_digest)
        digest.update(builtin.encode())
        return digest.hexdigest()

    def _near(self, name: str) -> str:
        """The remedy that suggests a file in the folder whose name may be misspelt."""
        return suggestion(name, (self._names or frozenset()) - _KNOWN_NAMES)

    def _list(self) -> frozenset[str] | None:
        remedy = "give the folder that holds case.toml"
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
