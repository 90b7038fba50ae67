"""The mark of a conversion: a comment in case.toml by which a folder is known to be one, unchanged."""

import hashlib
import re
from pathlib import Path

from gridpact.case.folder.case_files import CASE_FILE

_WORDS = b"# written by gridpact convert, and nothing changed since while its files have the digest "
_MARK = re.compile(re.escape(_WORDS) + rb"([0-9a-f]{64})\n")


def write_mark(folder: Path) -> None:
    """Puts the mark at the head of the case.toml of a folder whose files are all written."""
    content = (folder / CASE_FILE).read_bytes()
    mark = _WORDS + _digest(folder, content).encode() + b"\n"
    (folder / CASE_FILE).write_bytes(mark + content)


def is_as_converted(folder: Path) -> bool:
    """Whether a folder holds what a conversion wrote: these files, with this content, and nothing else."""
    try:
        content = (folder / CASE_FILE).read_bytes()
        mark = _MARK.match(content)
        only_files = all(entry.is_file() and not entry.is_symlink() for entry in folder.iterdir())
        return (
            only_files
            and mark is not None
            and mark[1].decode() == _digest(folder, content.removeprefix(mark[0]))
        )
    except OSError:
        return False


def _digest(folder: Path, settings: bytes) -> str:
    """Digest of the names and contents of all files of a folder, with a case.toml of such a content."""
    whole = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.name == CASE_FILE:
            one = hashlib.sha256(settings)
        else:
            with path.open("rb") as file:
                one = hashlib.file_digest(file, "sha256")
        whole.update(path.name.encode() + b"\0" + one.digest())
    return whole.hexdigest()
