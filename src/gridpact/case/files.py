"""CaseFiles: the files of a case folder, each read once."""

import hashlib
from pathlib import Path

from gridpact.case.case import TableFormat
from gridpact.case.problems import Problems, suggestion
from gridpact.case.schema import SCHEMAS, SETTLEMENT_SCHEMAS
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
        """Content of a file; `None`, with a problem, where it cannot be read."""
        try:
            content = (self.folder / name).read_bytes()
        except FileNotFoundError:
            remedy = self._near(name) or "give the folder that holds it"
            self._problems.add(Problem(file=name, what=self._missing, remedy=remedy))
            return None
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            self._problems.add(Problem(file=name, what=f"cannot be read: {reason}"))
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
