"""The column connection_kw: read, refused, written, and compared with the forecast."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gridpact.case import Case, TableFormat, read_case, write_case
from gridpact.errors import InvalidCase
from tests.example import PARTICIPANTS, write_example


def example_with(folder: Path, connections: tuple[str, str, str]) -> Path:
    """The example with a cell of connection_kw for each participant."""
    case = write_example(folder)
    lines = PARTICIPANTS.splitlines()
    cells = ("connection_kw", *connections)
    text = "\n".join(f"{line},{cell}" for line, cell in zip(lines, cells, strict=True))
    (case / "participants.csv").write_text(text + "\n")
    return case


def warned(case: Case) -> list[str]:
    return [warning for warning in case.warnings if "connection_kw" in warning]


def test_without_the_column_no_connection_is_known_and_none_is_written(tmp_path: Path) -> None:
    case = read_case(write_example(tmp_path / "case"))
    assert np.isnan(case.participants.connection_kw).all() and not warned(case)
    write_case(case, tmp_path / "again")
    assert "connection_kw" not in (tmp_path / "again" / "participants.csv").read_text()


@pytest.mark.parametrize("table_format", TableFormat)
def test_connections_are_read_and_written_as_they_are_with_empty_cells(
    table_format: TableFormat, tmp_path: Path
) -> None:
    case = read_case(example_with(tmp_path / "case", ("17.25", "", "4999.9")))
    write_case(case, tmp_path / "again", table_format)
    again = read_case(tmp_path / "again").participants.connection_kw
    assert np.array_equal(again, [17.25, np.nan, 4999.9], equal_nan=True)


@pytest.mark.parametrize(
    ("cell", "what"),
    [
        ("0", "'0' is not above 0"),
        ("-3", "'-3' is not above 0"),
        ("9200", "'9200' is more than 5,000 kW (no low-voltage connection carries this; is the value in W?)"),
        ("inf", "is not a finite number"),
        ("nan", "is not a finite number"),
        ("9 kW", "is not a number"),
    ],
)
def test_what_no_connection_can_be_is_refused_with_its_line(cell: str, what: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidCase) as refused:
        read_case(example_with(tmp_path / "case", ("5", cell, "")))
    assert "participants.csv line 3: connection_kw" in str(refused.value)
    assert what in str(refused.value)


def test_a_forecast_above_the_connection_at_the_meter_is_a_notice_and_own_use_is_not(tmp_path: Path) -> None:
    case = read_case(example_with(tmp_path / "case", ("", "", "")))
    load_kw, generation_kw = case.profiles.load_kw, case.profiles.generation_kw
    net_kw = np.abs(load_kw - generation_kw).max(axis=0)
    assert (net_kw > 0.0).any() and (np.maximum(load_kw, generation_kw).max(axis=0) > net_kw).any()
    just_above, just_below = (tuple(f"{kw + more:.3f}" for kw in net_kw) for more in (0.001, -0.001))
    assert not warned(read_case(example_with(tmp_path / "fits", just_above)))
    worst = int(np.argmax(net_kw))
    cells = tuple("" if place != worst else just_below[place] for place in range(3))
    (told,) = warned(read_case(example_with(tmp_path / "above", cells)))
    assert told.startswith("participants.csv: 1 participant is forecast above connection_kw at the meter: ")
    assert f"'{case.participants.ids[worst]}'" in told
    known = replace(case.participants, connection_kw=5.0)
    assert known.connection_kw.tolist() == [5.0, 5.0, 5.0]
