"""File names for things that are called as people like."""

import re
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256

PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}")
FOREIGN = re.compile(r"[^A-Za-z0-9_-]+")
KEPT, MARK = 40, 16
RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}


def file_names(ids: Sequence[str]) -> tuple[str, ...]:
    """A file name for each of different ids, without its suffix.

    It is the id itself where every file system can bear it, and no other id differs from it in case only;
    otherwise what can be kept of it and a digest of the whole.
    """
    seen = Counter(each.casefold() for each in ids)
    return tuple(each if _is_plain(each) and seen[each.casefold()] == 1 else _marked(each) for each in ids)


def _is_plain(name: str) -> bool:
    """Whether a name is a safe file name everywhere."""
    stem = name.split(".")[0].casefold()
    return bool(PLAIN.fullmatch(name)) and not name.endswith(".") and stem not in RESERVED


def _marked(name: str) -> str:
    """What can be kept of a name, and the digest of the whole."""
    kept = FOREIGN.sub("_", name)[:KEPT].strip("_-") or "id"
    return f"{kept}~{sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:MARK]}"
