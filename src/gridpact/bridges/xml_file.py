"""XML in files: read without any entity or document type of its own, and written whole or not at all."""

import os
import tempfile
from pathlib import Path
from xml.parsers import expat

from gridpact.errors import InvalidUsage
from gridpact.results.output_folder import refused_by_the_system

BYTES_MAX = 64 * 1024 * 1024


class UnsafeXml(Exception):
    """XML that is not read; the text of it says why."""


def root_of(content: bytes) -> str:
    """The local name of the root of an XML text, which is well-formed then and has no document type.

    A document type is refused where it begins, so that no entity of it is ever expanded or fetched.

    Raises:
        UnsafeXml: it is too long, is not well-formed, or has a document type.
    """
    if len(content) > BYTES_MAX:
        raise UnsafeXml(f"has more than {BYTES_MAX:,} bytes")
    parser = expat.ParserCreate(namespace_separator=" ")
    names: list[str] = []

    def refuse(*_: object) -> None:
        raise UnsafeXml("has a document type (<!DOCTYPE …>), which these messages have not")

    def note(name: str, _: object) -> None:
        if not names:
            names.append(name.rpartition(" ")[2])

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = note
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise UnsafeXml(f"is not XML: {expat.ErrorString(error.code)} in line {error.lineno}") from error
    except (ValueError, LookupError) as error:
        raise UnsafeXml("is in an encoding that is not read, write UTF-8") from error
    return names[0]


def check_xml_file(out: Path, root: str, inputs: tuple[Path, ...]) -> None:
    """Makes sure that a document may be written to a file.

    Args:
        out: the file.
        root: name of the root of the documents that it may replace.
        inputs: what the document is made of.

    Raises:
        InvalidUsage: it may not.
    """
    if out.suffix.lower() != ".xml":
        raise InvalidUsage(f"{out} is no XML file by its name", "name it as in schedule.xml")
    with refused_by_the_system(out):
        target = Path(os.path.realpath(out))
        for path in inputs:
            source = Path(os.path.realpath(path))
            if target == source or source in target.parents:
                raise InvalidUsage(f"{out} is, or is in, what is read: {path}", "name another")
        if target.exists() and not _holds(target, root):
            raise InvalidUsage(f"{out} is there, and is no {root} that could be replaced", "name another")


def _holds(path: Path, root: str) -> bool:
    """Whether a file holds a document with that root."""
    try:
        return path.is_file() and root_of(path.read_bytes()) == root
    except UnsafeXml:
        return False


def write_xml(text: str, out: Path) -> None:
    """Writes a document, which takes the place of an earlier one when it is whole.

    Raises:
        InvalidUsage: it cannot be written.
    """
    with refused_by_the_system(out):
        target = Path(os.path.realpath(out))
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(prefix=f".{target.name[:80]}-", dir=target.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            Path(aside).chmod(0o644)
            Path(aside).replace(target)
        finally:
            Path(aside).unlink(missing_ok=True)
