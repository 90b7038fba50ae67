"""However the files of a case are damaged, reading it gives a case or InvalidCase, and nothing else."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridpact.case import Case, TableFormat, read_case, write_case
from gridpact.errors import InvalidCase
from tests.example import FILES, write_example

Change = Callable[[Path], None]

WEIRD = [
    "",
    "\x00",
    "\ufeff",
    "ß",
    "ｈ１",
    "\u202e",
    "\u0301",
    "🏠",
    '"',
    '""',
    ",",
    "\n",
    "\r",
    "\t",
    "'",
    "=1+1",
    "nan",
]
WEIRD += [
    "-inf",
    "1e400",
    "1_0",
    "0x1",
    "٣",
    "1,5",
    "9" * 400,
    "-1",
    "2024-06-21",
    "0001-01-01T00:00",
    "24:00",
]
WEIRD += [
    "9999-12-31T23:59",
    "2024-06-21T00:00+23:59",
    "2024-03-31T02:30",
    "2024-10-27T02:30",
    "[",
    "]",
    "{",
    "=",
]
WEIRD += [
    "[[horizon]]",
    "periods = 0x" + "f" * 5000,
    "Europe",
    "../x",
    "/dev/null",
    "true",
    "h1",
    " h1",
    "dc",
]

tables = st.sampled_from(FILES[1:])
pieces = st.one_of(st.sampled_from(WEIRD), st.text(max_size=12))
raw = st.one_of(st.binary(max_size=8), pieces.map(lambda text: text.encode("utf-8", "surrogatepass")))
places = st.integers(0, 2000)


def _edit(file: str, change: Callable[[bytes], bytes]) -> Change:
    def inflict(folder: Path) -> None:
        for path in (folder / file, (folder / file).with_suffix(".parquet")):
            if path.is_file():
                path.write_bytes(change(path.read_bytes()))

    return inflict


def _lines(change: Callable[[list[bytes]], None]) -> Callable[[bytes], bytes]:
    def edit(content: bytes) -> bytes:
        lines = content.split(b"\n")
        change(lines)
        return b"\n".join(lines)

    return edit


@st.composite
def byte_changes(draw: st.DrawFn) -> Change:
    """Replaces a stretch of bytes, inserts some, or deletes some."""
    file, at, length, new = draw(st.sampled_from(FILES)), draw(places), draw(st.integers(0, 40)), draw(raw)
    return _edit(file, lambda old: old[: at % (len(old) + 1)] + new + old[at % (len(old) + 1) + length :])


@st.composite
def cell_changes(draw: st.DrawFn) -> Change:
    """Replaces a value of a table or of case.toml."""
    file, row, column, new = draw(st.sampled_from(FILES)), draw(places), draw(places), draw(raw)

    def change(lines: list[bytes]) -> None:
        separator = b"=" if file == "case.toml" else b","
        cells = lines[row % len(lines)].split(separator)
        cells[column % len(cells)] = new
        lines[row % len(lines)] = separator.join(cells)

    return _edit(file, _lines(change))


@st.composite
def line_changes(draw: st.DrawFn) -> Change:
    """Swaps two lines, or deletes, repeats or inserts one."""
    file, first, second, new = draw(st.sampled_from(FILES)), draw(places), draw(places), draw(raw)
    kind = draw(st.sampled_from(["swap", "delete", "repeat", "insert"]))

    def change(lines: list[bytes]) -> None:
        a, b = first % len(lines), second % len(lines)
        if kind == "swap":
            lines[a], lines[b] = lines[b], lines[a]
        elif kind == "delete":
            del lines[a]
        else:
            lines.insert(b, lines[a] if kind == "repeat" else new)

    return _edit(file, _lines(change))


@st.composite
def column_changes(draw: st.DrawFn) -> Change:
    """Deletes, repeats or renames a column."""
    file, place, new = draw(tables), draw(places), draw(raw)
    kind = draw(st.sampled_from(["delete", "repeat", "rename"]))

    def change(lines: list[bytes]) -> None:
        for index, line in enumerate(lines):
            cells = line.split(b",")
            at = place % len(cells)
            if kind == "delete":
                del cells[at]
            elif kind == "repeat":
                cells.insert(at, cells[at])
            elif index == 0:
                cells[at] = new
            lines[index] = b",".join(cells)

    return _edit(file, _lines(change))


@st.composite
def file_changes(draw: st.DrawFn) -> Change:
    """Deletes a file, renames it to the other format, makes it a folder, or gives it another's content."""
    file, other = draw(st.sampled_from(FILES)), draw(st.sampled_from(FILES))
    kind = draw(st.sampled_from(["delete", "rename", "folder", "content"]))

    def inflict(folder: Path) -> None:
        path = folder / file
        if not path.is_file():
            return
        if kind == "content" and (folder / other).is_file():
            path.write_bytes((folder / other).read_bytes())
        elif kind == "rename":
            path.rename(path.with_suffix(".parquet"))
        elif kind != "content":
            path.unlink()
        if kind == "folder":
            path.mkdir()

    return inflict


changes = st.one_of(byte_changes(), cell_changes(), line_changes(), column_changes(), file_changes())


def _holds(changes: list[Change], table_format: TableFormat) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = write_example(Path(name) / "csv")
        if table_format is TableFormat.PARQUET:
            sound, folder = read_case(folder), Path(name) / "parquet"
            write_case(sound, folder, table_format)
        for change in changes:
            change(folder)
        try:
            case = read_case(folder)
        except InvalidCase as refusal:
            assert refusal.problems
            assert all(problem.file and problem.what for problem in refusal.problems)
            str(refusal).encode()
        else:
            assert isinstance(case, Case)
            copy = Path(name) / "copy"
            write_case(case, copy)
            assert read_case(copy).participants.ids == case.participants.ids
            shutil.rmtree(copy)


@given(changes=st.lists(changes, min_size=1, max_size=4))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_damaged_csv_case_is_read_or_refused(changes: list[Change]) -> None:
    _holds(changes, TableFormat.CSV)


@given(changes=st.lists(byte_changes(), min_size=1, max_size=3))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_damaged_parquet_case_is_read_or_refused(changes: list[Change]) -> None:
    _holds(changes, TableFormat.PARQUET)
