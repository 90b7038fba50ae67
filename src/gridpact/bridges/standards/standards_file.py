"""Reading standards.toml: the section that is needed, and every problem of all that are there."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from gridpact.bridges.standards.congestion_points import UFTP, UFTP_KEYS, UftpTerms, read_uftp_terms
from gridpact.bridges.standards.esmp_terms import ESMP, ESMP_KEYS, EsmpTerms, read_esmp_terms
from gridpact.bridges.standards.vtn_terms import OPENADR, OPENADR_KEYS, VtnTerms, read_vtn_terms
from gridpact.case.folder.toml_file import TomlFile, parse_toml
from gridpact.case.reading.problems import Problems
from gridpact.errors import Problem

Terms = TypeVar("Terms", EsmpTerms, UftpTerms, VtnTerms)
SECTIONS = {"": (), ESMP: ESMP_KEYS, UFTP: UFTP_KEYS, OPENADR: OPENADR_KEYS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standards:
    """What standards.toml says; a section is `None` where it is not there."""

    esmp: EsmpTerms | None
    uftp: UftpTerms | None
    openadr: VtnTerms | None


def read_standards(
    path: Path, needed: str, participants: tuple[str, ...] | None, problems: Problems
) -> Standards | None:
    """What standards.toml says; `None`, with a problem, where it cannot be read.

    Args:
        path: of the file.
        needed: the section that has to be there: `esmp`, `uftp` or `openadr`.
        participants: that are known; `None` where that is not known.
        problems: takes in what is wrong.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        what = (
            "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be read: {error.strerror}"
        )
        remedy = f"write one with [{needed}], as docs/how-to/standards.md shows"
        problems.add(Problem(file=str(path), what=what, remedy=remedy))
        return None
    file = parse_toml(content, str(path), problems)
    if file is None:
        return None
    file.refuse_unknown_sections(SECTIONS)
    if needed not in file.values:
        file.refuse("", needed, "is missing", f"add [{needed}], as docs/how-to/standards.md shows")
    return Standards(
        esmp=_section(file, ESMP, read_esmp_terms, participants, needed),
        uftp=_section(file, UFTP, read_uftp_terms, participants, needed),
        openadr=_section(file, OPENADR, read_vtn_terms, participants, needed),
    )


def _section(
    file: TomlFile,
    name: str,
    read: Callable[[TomlFile, tuple[str, ...] | None], Terms],
    participants: tuple[str, ...] | None,
    needed: str,
) -> Terms | None:
    """A section; its participants are looked up only where it is the one that is needed."""
    if not isinstance(file.values.get(name), dict):
        return None
    return read(file, participants if name == needed else None)
