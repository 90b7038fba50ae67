"""Output folders: what is replaced, what is refused, and that nothing of anyone else's is ever deleted."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gridpact.errors import InvalidUsage
from gridpact.results.output_folder import (
    CLEARANCE,
    MATCHED_TRADES,
    ResultKind,
    check_output_folder,
    output_folder,
)

SUMMARY = json.dumps({"version": "0.1.0", "inputs_sha256": "", "status": "cleared"})


def earlier_clearance(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "summary.json").write_text(SUMMARY)
    (folder / "cleared.csv").write_text("trade\n")
    return folder


def write_new(folder: Path, kind: ResultKind = CLEARANCE) -> None:
    with output_folder(folder, kind) as aside:
        (aside / "new.txt").write_text("new")


def contents(folder: Path) -> dict[str, str]:
    """Every file below a folder with its text, and every folder with none."""
    return {
        str(path.relative_to(folder)): path.read_text() if path.is_file() else ""
        for path in sorted(folder.rglob("*"))
    }


def test_a_new_an_empty_and_an_earlier_folder_are_written(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "a" / "new", tmp_path / "empty", earlier_clearance(tmp_path / "earlier")):
        write_new(folder)
        assert contents(folder) == {"new.txt": "new"}
    (tmp_path / "matched").mkdir()
    (tmp_path / "matched" / "trades.parquet").write_text("")
    write_new(tmp_path / "matched", MATCHED_TRADES)
    assert contents(tmp_path / "matched") == {"new.txt": "new"}
    assert not list(tmp_path.rglob(".*"))


def foreign_file(folder: Path) -> None:
    (earlier_clearance(folder) / "notes.txt").write_text("mine")


def foreign_summary(folder: Path) -> None:
    folder.mkdir()
    (folder / "summary.json").write_text('{"version": 3}')


def summary_that_is_no_json(folder: Path) -> None:
    folder.mkdir()
    (folder / "summary.json").write_text("[" * 100_000)


def tables_without_a_summary(folder: Path) -> None:
    folder.mkdir()
    (folder / "cleared.csv").write_text("mine")


def folder_of_a_known_name(folder: Path) -> None:
    (earlier_clearance(folder) / "limits.csv").mkdir()
    (folder / "limits.csv" / "thesis.tex").write_text("mine")


def case(folder: Path) -> None:
    (earlier_clearance(folder) / "case.toml").write_text("")


def matched(folder: Path) -> None:
    folder.mkdir()
    (folder / "trades.csv").write_text("")


def plain_file(folder: Path) -> None:
    folder.write_text("mine")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (foreign_file, "holds notes.txt, which is not part of an earlier result"),
        (foreign_summary, "holds summary.json, which is not part of"),
        (summary_that_is_no_json, "holds summary.json, which is not part of"),
        (tables_without_a_summary, "holds cleared.csv, which is not part of"),
        (folder_of_a_known_name, "holds limits.csv, which is not part of"),
        (case, "holds a case"),
        (matched, "holds matched trades, not a clearance"),
        (plain_file, "is a file"),
    ],
)
def test_anything_else_is_refused_and_left_alone(
    make: Callable[[Path], None], said: str, tmp_path: Path
) -> None:
    make(tmp_path / "out")
    before = contents(tmp_path)
    with pytest.raises(InvalidUsage, match=said):
        write_new(tmp_path / "out")
    assert contents(tmp_path) == before


def test_a_clearance_is_not_replaced_by_matched_trades(tmp_path: Path) -> None:
    folder = earlier_clearance(tmp_path / "out")
    with pytest.raises(InvalidUsage, match="holds a clearance, not matched trades"):
        check_output_folder(folder, MATCHED_TRADES)


def test_the_case_folder_the_current_one_and_those_above_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a" / "case").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "a" / "case")
    for folder in (tmp_path / "a" / "case", tmp_path / "a", tmp_path / "link", tmp_path / "a" / "x" / ".."):
        with pytest.raises(InvalidUsage, match=r"(is|holds) the case folder"):
            check_output_folder(folder, case_folder=tmp_path / "link")
    monkeypatch.chdir(tmp_path / "a")
    for name in (".", "..", ""):
        with pytest.raises(InvalidUsage, match=r"(is|holds) the current folder"):
            check_output_folder(name)
    assert check_output_folder("case/result", case_folder=Path("case")) == tmp_path / "a" / "case" / "result"


def test_a_link_is_followed(tmp_path: Path) -> None:
    earlier_clearance(tmp_path / "real")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "dangling").symlink_to(tmp_path / "later")
    write_new(tmp_path / "link")
    write_new(tmp_path / "dangling")
    assert (tmp_path / "link").is_symlink()
    assert contents(tmp_path / "real") == contents(tmp_path / "later") == {"new.txt": "new"}


@pytest.mark.parametrize("name", ["/proc/x", "/dev/null/x", "a\0b", "x" * 300])
def test_what_cannot_be_written_is_refused_before_any_work(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidUsage, match="cannot write to"):
        check_output_folder(name)
    with pytest.raises(InvalidUsage, match="cannot write to"), output_folder(name):
        raise AssertionError("there is no folder to write into")
    assert not contents(tmp_path)


def test_a_failure_while_writing_leaves_the_earlier_result(tmp_path: Path) -> None:
    folder = earlier_clearance(tmp_path / "out")
    before = contents(tmp_path)
    with pytest.raises(ZeroDivisionError), output_folder(folder) as aside:
        (aside / "half.csv").write_text("")
        raise ZeroDivisionError
    assert contents(tmp_path) == before


def test_what_came_into_the_folder_meanwhile_is_not_deleted(tmp_path: Path) -> None:
    folder = earlier_clearance(tmp_path / "out")
    with pytest.raises(InvalidUsage, match=r"notes\.txt"), output_folder(folder):
        (folder / "notes.txt").write_text("mine")
    assert contents(tmp_path).keys() == {"out", "out/summary.json", "out/cleared.csv", "out/notes.txt"}


def test_a_swap_that_fails_half_way_puts_the_earlier_result_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = earlier_clearance(tmp_path / "out")
    before, rename = contents(tmp_path), Path.rename

    def failing(path: Path, target: Path) -> Path:
        if path.name == "new":
            raise OSError(28, "No space left on device")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(InvalidUsage, match="No space left"):
        write_new(folder)
    assert contents(tmp_path) == before


def test_a_swap_that_can_neither_go_on_nor_back_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = earlier_clearance(tmp_path / "out")
    rename, calls = Path.rename, []

    def failing(path: Path, target: Path) -> Path:
        calls.append(path)
        if len(calls) > 1:
            raise OSError(5, "Input/output error")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(InvalidUsage, match="Input/output error"):
        write_new(folder)
    assert [path.read_text() for path in tmp_path.rglob("summary.json")] == [SUMMARY]
