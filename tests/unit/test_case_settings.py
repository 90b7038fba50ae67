"""Every check of case.toml: line, field, value, what is wrong and the remedy."""

from pathlib import Path

import pytest

from gridpact.case import Allocation, Formulation, PriceRule, read_case
from gridpact.errors import InvalidCase
from gridpact.grid.limits import Limits
from tests.example import write_example

BUILTIN = 'builtin = "pandapower/kerber_landnetz_freileitung_2"'
NO_TEXT = "is empty, has white space around it or a character that cannot be printed"

VOLTS = "write 0.5 to 1.5, in pu of nominal; is the value in volts?"
PERCENT = "write a number above 0, up to 1000, in percent"

CHECKS = [
    ("= 1.05", "= 240", 15, "limits.voltage_max_pu", "240", "is out of range", VOLTS),
    (
        "voltage_max_pu = 1.05",
        "line_loading_max_percent = 0",
        15,
        "limits.line_loading_max_percent",
        "0",
        "is out of range",
        PERCENT,
    ),
    (
        "voltage_max_pu = 1.05",
        "transformer_loading_max_percent = 1001.0",
        15,
        "limits.transformer_loading_max_percent",
        "1001.0",
        "is out of range",
        PERCENT,
    ),
    (
        "= 0.95",
        "= 1.06",
        14,
        "limits.voltage_min_pu",
        "1.06",
        "leaves no band: 1.06 to 1.05 pu",
        "the minimum is below the maximum",
    ),
    (
        'name = "Example street"',
        "",
        0,
        "name",
        "",
        "is missing",
        'add name = "Village street" above the sections',
    ),
    (
        "freileitung_2",
        "unlike_anything",
        11,
        "network.builtin",
        "pandapower/kerber_landnetz_unlike_anything",
        "is not a built-in network",
        None,
    ),
    (
        "pandapower/kerber_landnetz_freileitung_2",
        "pandapower/mv_oberrhein",
        11,
        "network.builtin",
        "pandapower/mv_oberrhein",
        "is not a built-in network",
        "see `gridpact network`",
    ),
    ('name = "Example street"', "name = 5", 1, "name", "5", "is not text", "write it in quotes"),
    ('"Example street"', '""', 1, "name", "", NO_TEXT, "write plain text"),
    (
        '"EUR"',
        '"euro"',
        2,
        "currency",
        "euro",
        "is not an ISO 4217 code",
        'write three capitals, as in "EUR"',
    ),
    ("currency", "curency", 2, "curency", "", "is not known", "did you mean 'currency'?"),
    ("[limits]", "[limit]", 13, "limit", "", "is not known", "did you mean 'limits'?"),
    (
        '"2024-06-21T00:00"',
        '"midnight"',
        5,
        "horizon.start",
        "midnight",
        "is not a time",
        "write it as in 2024-06-21T13:15+01:00",
    ),
    (
        '"2024-06-21T00:00"',
        "20240621",
        5,
        "horizon.start",
        "20240621",
        "is not a time",
        "write it as in 2024-06-21T00:00",
    ),
    (
        '"2024-06-21T00:00"',
        '"2024-06-21T00:00:10"',
        5,
        "horizon.start",
        "2024-06-21T00:00:10",
        "is not a whole minute",
        "write 2024-06-21T00:00+02:00",
    ),
    (
        '"2024-06-21T00:00"',
        '"2024-10-27T02:30"',
        5,
        "horizon.start",
        "2024-10-27T02:30",
        "comes twice in Europe/Berlin, where the clocks are put back",
        "write 2024-10-27T02:30+02:00 or 2024-10-27T02:30+01:00",
    ),
    ('"Europe/Berlin"', '"Mars/Base"', 6, "horizon.timezone", "Mars/Base", "is not a known timezone", None),
    (
        '"15min"',
        '"10min"',
        7,
        "horizon.resolution",
        "10min",
        "is not a resolution",
        "write 5min, 15min, 30min, 1h",
    ),
    (
        "periods = 4",
        "periods = 4.0",
        8,
        "horizon.periods",
        "4.0",
        "is not a whole number",
        "write digits without quotes or a point, as in 24",
    ),
    (
        "periods = 4",
        "periods = true",
        8,
        "horizon.periods",
        "True",
        "is not a whole number",
        "write digits without quotes or a point, as in 24",
    ),
    (
        "periods = 4",
        "periods = 105409",
        8,
        "horizon.periods",
        "105409",
        "is out of range",
        "write 1 to 105408",
    ),
    ("periods = 4\n", "", 4, "horizon.periods", "", "is missing", "add periods = 24 to [horizon]"),
    (
        BUILTIN,
        BUILTIN + '\nfile = "network.json"',
        10,
        "network",
        "",
        "has both builtin and file",
        'keep one, as in builtin = "pandapower/cigre_lv"',
    ),
    (
        BUILTIN,
        "",
        10,
        "network",
        "",
        "needs one of builtin and file",
        'write one, as in builtin = "pandapower/cigre_lv"; without a network a case can only be settled',
    ),
    (
        BUILTIN,
        'file = "/network.json"',
        11,
        "network.file",
        "/network.json",
        "is not relative to the case folder",
        "copy the file there and give its name",
    ),
    (
        "= 0.95",
        '= "0.95"',
        14,
        "limits.voltage_min_pu",
        "0.95",
        "is not a number",
        "write a number without quotes, as in 0.9",
    ),
    ("= 0.95", "= -0.95", 14, "limits.voltage_min_pu", "-0.95", "is out of range", VOLTS),
    ("= 1.05", "= inf", 15, "limits.voltage_max_pu", "inf", "is out of range", VOLTS),
    ("= 1.05", "= nan", 15, "limits.voltage_max_pu", "nan", "is out of range", VOLTS),
    ('"dc"', '"DC"', 18, "clearing.formulation", "DC", "is not a known formulation", "write 'ac' or 'dc'"),
    (
        '"max-volume"',
        '"max-volum"',
        19,
        "clearing.allocation",
        "max-volum",
        "is not a known allocation",
        "did you mean 'max-volume'? there are max-volume, max-min, proportional, priority",
    ),
]


def problems_of(folder: Path, old: str, new: str) -> list[tuple[int, str, str, str, str]]:
    path = write_example(folder) / "case.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(InvalidCase) as refusal:
        read_case(folder)
    assert {problem.file for problem in refusal.value.problems} == {"case.toml"}
    return [
        (problem.line, problem.field, problem.value, problem.what, problem.remedy)
        for problem in refusal.value.problems
    ]


@pytest.mark.parametrize(("old", "new", "line", "field", "value", "what", "remedy"), CHECKS)
def test_a_wrong_setting_is_named(
    old: str, new: str, line: int, field: str, value: str, what: str, remedy: str | None, tmp_path: Path
) -> None:
    (found,) = problems_of(tmp_path, old, new)
    assert found[:4] == (line, field, value, what)
    assert remedy is None or found[4] == remedy


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("periods = 4", "periods = 4 5", 8),
        ("[network]", "[network", 10),
        ("periods = 4", "periods = 4\nperiods = 5", 9),
        ("periods = 4", "periods = " + "9" * 5000, 0),
        ("periods = 4", "periods = " + "[" * 5000, 0),
        ('"max-volume"\n', '"max-volume', 19),
    ],
)
def test_a_syntax_error_is_named_with_its_line(old: str, new: str, line: int, tmp_path: Path) -> None:
    ((found_line, _, _, what, _),) = problems_of(tmp_path, old, new)
    assert found_line == line
    assert what.startswith("is not TOML: ")


@pytest.mark.parametrize(
    ("old", "new", "remedy"),
    [
        ('"Europe/Berlin"', "Europe/Berlin", 'write text in quotes, as in timezone = "Europe/Berlin"'),
        ('"15min"', "15min  # quarters", 'write text in quotes, as in resolution = "15min"'),
        ('"Example street"', "Example street", 'write text in quotes, as in name = "Example street"'),
        ("periods = 4", "periods = hundred", "write a number, as in periods = 24"),
        ("periods = 4", "periods = 4h", "write a number, as in periods = 24"),
        ("= 1.05", "= 1.05 pu", "write a number, as in voltage_max_pu = 1.1"),
        ("[clearing]", "[clearing]\ntime_limit_s = 5min", "write a number, as in time_limit_s = 60"),
        ("[clearing]", "[clearing]\nwork_limit = many", "write a number, as in work_limit = 20000"),
        ('name = "Example street"', "horizon.periods = four", "write a number, as in horizon.periods = 24"),
        ("periods = 4", "periods = 4 5", ""),
        ("periods = 4", "periods = ", ""),
    ],
)
def test_text_without_quotes_or_in_place_of_a_number_is_hinted_at(
    old: str, new: str, remedy: str, tmp_path: Path
) -> None:
    ((*_, found),) = problems_of(tmp_path, old, new)
    assert found == remedy


def test_a_number_too_long_to_write_is_out_of_range(tmp_path: Path) -> None:
    ((line, field, value, what, _),) = problems_of(tmp_path, "periods = 4", "periods = 0x" + "f" * 5000)
    assert (line, field, value, what) == (8, "horizon.periods", "a very long int", "is out of range")


def test_a_section_that_is_a_value(tmp_path: Path) -> None:
    problems = problems_of(tmp_path, 'currency = "EUR"', "matching = 5")
    assert problems == [(2, "matching", "", "is not a section", "write [matching] on a line of its own")]


def test_defaults(tmp_path: Path) -> None:
    path = write_example(tmp_path) / "case.toml"
    text = path.read_text()
    path.write_text(text[: text.index("[limits]")].replace('currency = "EUR"\n', ""))
    case = read_case(tmp_path)
    assert (case.currency, case.limits) == ("", Limits())
    assert (case.formulation, case.allocation) == (Formulation.AC, Allocation.MAX_VOLUME)
    assert case.price_rule is PriceRule.ASK


def test_the_price_rule(tmp_path: Path) -> None:
    path = write_example(tmp_path) / "case.toml"
    path.write_text(path.read_text() + '\n[matching]\nprice_rule = "midpoint"\n')
    assert read_case(tmp_path).price_rule is PriceRule.MIDPOINT
    path.write_text(path.read_text().replace("midpoint", "midpont"))
    with pytest.raises(
        InvalidCase, match=r"line 22: matching.price_rule 'midpont' .*did you mean 'midpoint'"
    ):
        read_case(tmp_path)


def test_a_toml_time_and_an_offset_are_accepted(tmp_path: Path) -> None:
    path = write_example(tmp_path) / "case.toml"
    text = path.read_text()
    starts = []
    for start in (
        '"2024-06-21T00:00"',
        "2024-06-21T00:00:00",
        "2024-06-20T22:00:00Z",
        '"2024-06-20T23:00+01:00"',
    ):
        path.write_text(text.replace('"2024-06-21T00:00"', start))
        starts.append(read_case(tmp_path).horizon.start.isoformat())
    assert starts == ["2024-06-21T00:00:00+02:00"] * 4


def test_files_of_the_settlement_are_let_be(tmp_path: Path) -> None:
    write_example(tmp_path)
    digest = read_case(tmp_path).inputs_sha256
    (tmp_path / "tariffs.toml").write_text("?")
    (tmp_path / "meters.csv").write_text("")
    assert read_case(tmp_path).inputs_sha256 == digest
