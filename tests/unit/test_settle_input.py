"""What a settlement reads: every problem with its file, line, field, value and remedy."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

import gridpact
from gridpact.case import read_case
from gridpact.case.folder.toml_file import parse_toml
from gridpact.case.horizon import Horizon
from gridpact.case.reading.problems import Problems
from gridpact.errors import InvalidCase, InvalidUsage
from gridpact.settlement.amounts.whole import MICRO, nearest_wh, nearest_whole
from gridpact.settlement.energy.keys import KeyKind
from gridpact.settlement.tariffs.prices import period_prices
from tests.settle_example import METERS, SHARING, SUMMARY, TARIFFS, write_settle_example

SUPPLY = "supply_price_per_kwh = 0.20"
LIST = "retailers.default.supply_price_per_kwh"
WRITE_ENTRY = 'write it as in {days = "weekday", from = "07:00", to = "23:00", price = 0.25}'
KNOWN_KEYS = (
    "known are supply_price_per_kwh, feed_in_price_per_kwh, imbalance_long_per_kwh, imbalance_short_per_kwh"
)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    return write_settle_example(tmp_path)


def found(folders: tuple[Path, Path], **options: object) -> list[str]:
    """The problems that settling meets, as text."""
    with pytest.raises(InvalidCase) as refusal:
        gridpact.settle(*folders, **options)
    return [str(problem) for problem in refusal.value.problems]


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


METER_CHECKS = [
    (
        "00:00,h1,0,0.5,",
        "00:00,h1,0,-0.5,",
        "line 2: export_kwh '-0.5' is negative "
        "(energy has no sign here: give import and export apart, each 0 or more)",
    ),
    (
        "h2,0.4,0,",
        "h2,0.4004,0,",
        "line 3: import_kwh '0.4004' is not a whole number of watt-hours "
        "(round it to 3 decimals where it is read, so that nothing is lost here)",
    ),
    (
        "h2,0.4,0,",
        "h2,400,0,",
        None,  # 400 kWh in a quarter-hour are 1,600 kW: much, and possible.
    ),
    (
        "h2,0.4,0,",
        "h2,400000,0,",
        "line 3: import_kwh '400000' is more than 1,250 kWh "
        "(no low-voltage connection carries this in a period; is the value in Wh?)",
    ),
    (
        "@head,0.03,0,",
        "@head,30000.5,0,",
        "line 14: import_kwh '30000.5' is more than 12,500 kWh "
        "(no supply of a low-voltage network carries this in a period; is the value in Wh?)",
    ),
    ("h2,0.4,0,", "h2,much,0,", "line 3: import_kwh 'much' is not a number (write it plainly, as in 1.5)"),
    ("h2,0.4,0,", "h2,inf,0,", "line 3: import_kwh 'inf' is not a finite number (write the value itself)"),
    (
        "h2,0.4,0,",
        "h2,,0,",
        "line 3: import_kwh is missing (give the energy drawn from the network in the period)",
    ),
    ("h2,0.4,0,", "h9,0.4,0,", "line 3: participant 'h9' is not in participants.csv"),
    (
        "h2,0.4,0,",
        "@haed,0.4,0,",
        "line 3: participant '@haed' is not in participants.csv (did you mean '@head'?)",
    ),
    (
        "00:00,h2,0.4,0,",
        "00:00,h1,0.4,0,",
        "line 3: time '2024-06-21T00:00' and its participant are given more than once "
        "(first in line 2; keep one)",
    ),
    (
        "T00:15,h1",
        "T00:20,h1",
        "line 5: time '2024-06-21T00:20' is not the start of a period "
        "(periods start every 15min, the nearest at 2024-06-21T00:15+02:00)",
    ),
    (
        "T00:15,h1",
        "T01:00,h1",
        "line 5: time '2024-06-21T01:00' is outside the horizon "
        "(which is 2024-06-21T00:00+02:00 to 2024-06-21T01:00+02:00)",
    ),
    (
        "T00:15,h1",
        "T99:15,h1",
        "line 5: time '2024-06-21T99:15' is not a time (write it as in 2024-06-21T13:15+01:00)",
    ),
    (
        "0,estimated",
        "0,guessed",
        "line 6: quality 'guessed' is not a choice (write 'measured' or 'estimated')",
    ),
    ("import_kwh", "imports", "line 1: import_kwh is not among the columns (is it 'imports'?)"),
    ("quality", "qualty", "line 1: qualty is not a known column (did you mean 'quality'?)"),
]


@pytest.mark.parametrize(("old", "new", "said"), METER_CHECKS)
def test_a_wrong_reading_is_refused_with_its_line(
    folders: tuple[Path, Path], old: str, new: str, said: str | None
) -> None:
    edit(folders[0] / "meters.csv", old, new)
    if said is None:
        assert gridpact.settle(*folders).settlement.meters.import_wh[0, 1] == 400_000
    else:
        [problem] = found(folders)
        assert problem.startswith(f"meters.csv {said}")


TARIFF_CHECKS = [
    ("mode =", "mod =", "line 1: mod is not known (did you mean 'mode'?)"),
    ('"sharing"', '"sharin"', "line 1: mode 'sharin' is not a known mode (did you mean 'sharing'?)"),
    ('"error"', '"none"', "line 2: missing 'none' is not a known missing (write 'error' or 'schedule')"),
    ('"dso"', "3", "line 3: loss_allocation '3' is not text (write it in quotes)"),
    ("[network]", "[grid]", "line 5: grid is not known (the sections are network, sharing, retailers, bill)"),
    ("tax_per_kwh", "tax_kwh", "line 8: network.tax_kwh is not known (did you mean 'tax_per_kwh'?)"),
    (
        "= 0.01",
        '= "0.01"',
        "line 8: network.tax_per_kwh '0.01' is not a price (write a number without quotes, as in 0.25)",
    ),
    (
        "= 0.01",
        "= true",
        "line 8: network.tax_per_kwh 'True' is not a price (write a number without quotes, as in 0.25)",
    ),
    (
        "= 0.01",
        "= 0.0100005",
        "line 8: network.tax_per_kwh '0.0100005' has more than 6 decimals "
        "(write 0.010000, if that is what it is)",
    ),
    ("= 0.01", "= nan", "line 8: network.tax_per_kwh 'NaN' is not a finite number (write the price itself)"),
    (
        "= 0.01",
        "= -100001",
        "line 8: network.tax_per_kwh '-100001' is out of range "
        "(write at most 100,000 per kWh, in the case's currency)",
    ),
    (
        "feed_in_price_per_kwh = 0.05\n",
        "",
        "line 10: retailers.default.feed_in_price_per_kwh is missing "
        "(add feed_in_price_per_kwh = 0.05 to [retailers.default])",
    ),
    (
        "feed_in_price_per_kwh = 0.05",
        "feed_in_price_per_kwh = 0.05\nsupply = 3",
        f"line 13: retailers.default.supply is not known ({KNOWN_KEYS})",
    ),
    (
        "[retailers.default]",
        "[retailers.other]",
        "line 10: retailers.default is missing (add [retailers.default]: it is the retailer of 'h3')",
    ),
    (
        "[retailers.default]",
        '[retailers." default"]',
        None,
    ),
    (SUPPLY, f'{SUPPLY}"', "line 11: is not TOML: Expected newline or end of document after a statement"),
    (
        "= 0.01",
        "= free",
        "line 8: is not TOML: Invalid value (write a number, as in tax_per_kwh = 0.03)",
    ),
    (SUPPLY, "supply_price_per_kwh = []", f"line 11: {LIST} is an empty list"),
    (SUPPLY, "supply_price_per_kwh = [0.2]", f"line 11: {LIST}[1] '0.2' is not an entry ({WRITE_ENTRY})"),
    (SUPPLY, "supply_price_per_kwh = [{}]", f"line 11: {LIST}[1].price is missing (add price = 0.25)"),
    (
        SUPPLY,
        "supply_price_per_kwh = [{day = 'mon', price = 1}]",
        f"line 11: {LIST}[1].day is not known (did you mean 'days'?)",
    ),
    (
        SUPPLY,
        "supply_price_per_kwh = [{days = 'weekdays', price = 1}]",
        f"line 11: {LIST}[1].days 'weekdays' is not a choice (did you mean 'weekday'?)",
    ),
    (
        SUPPLY,
        "supply_price_per_kwh = [{days = 5, price = 1}]",
        f"line 11: {LIST}[1].days '5' is not a choice "
        "(write everyday, weekday, weekend, holiday, mon, tue, wed, thu, fri, sat, sun)",
    ),
    (
        SUPPLY,
        "supply_price_per_kwh = [{from = '7:00', price = 1}]",
        f"line 11: {LIST}[1].from '7:00' is not a time of day "
        '(write it as in "07:00", from "00:00" to "24:00")',
    ),
    (
        SUPPLY,
        "supply_price_per_kwh = [{to = '24:01', price = 1}]",
        f"line 11: {LIST}[1].to '24:01' is not a time of day "
        '(write it as in "07:00", from "00:00" to "24:00")',
    ),
    (
        SUPPLY,
        "supply_price_per_kwh = [{from = '23:00', to = '07:00', price = 1}]",
        f"line 11: {LIST}[1].to '07:00' is not after from "
        '(split it at midnight: one entry to = "24:00", another from = "00:00")',
    ),
    (
        SUPPLY,
        "supply_price_per_kwh = [{price = 0.1234567}]",
        f"line 11: {LIST}[1].price '0.1234567' has more than 6 decimals "
        "(write 0.123457, if that is what it is)",
    ),
    (
        SUPPLY,
        "supply_price_per_kwh = [{from = '00:30', price = 1}]",
        f"line 11: {LIST} has no price at Fri 2024-06-21 00:00 local time and in 1 more period "
        "(add an entry that covers it)",
    ),
    (
        SUPPLY,
        "supply_price_per_kwh = [{price = 1}, {days = 'thu', price = 3}, "
        "{days = 'fri', to = '00:15', price = 2}]",
        f"line 11: {LIST} has more than one price at Fri 2024-06-21 00:00 local time: entries 1 and 3 "
        "(let only one entry cover it)",
    ),
    (
        SUPPLY,
        "supply_price_per_kwh = [{to = '00:20', price = 1}, {from = '00:20', price = 2}]",
        f"line 11: {LIST} changes at Fri 2024-06-21 00:20 local time, inside a period "
        "(let prices change where periods of 15min start)",
    ),
]


@pytest.mark.parametrize(("old", "new", "said"), TARIFF_CHECKS)
def test_a_wrong_tariff_is_refused_with_its_line(
    folders: tuple[Path, Path], old: str, new: str, said: str | None
) -> None:
    edit(folders[0] / "tariffs.toml", old, new)
    problems = found(folders)
    if said is None:  # The name has two faults: it is written with a space, and so is not that of anybody.
        assert len(problems) == 2 and "has white space around it" in "".join(problems)
    elif said.endswith(")"):
        assert problems == [f"tariffs.toml {said}"]
    else:
        assert len(problems) == 1 and problems[0].startswith(f"tariffs.toml {said}")


def test_without_any_retailer_there_is_one_problem(folders: tuple[Path, Path]) -> None:
    path = folders[0] / "tariffs.toml"
    path.write_text(TARIFFS[: TARIFFS.index("[retailers")])
    said = "tariffs.toml: retailers has no retailer (add [retailers.default], who supplies what peers do not)"
    assert found(folders) == [said]
    path.write_text(TARIFFS[: TARIFFS.index("[retailers")] + f"[retailers]\n{SUPPLY}\n")
    [problem] = found(folders)
    assert problem.startswith(
        "tariffs.toml line 11: retailers.supply_price_per_kwh is not a retailer's section"
    )


def test_a_retailer_without_a_section_is_refused_where_it_is_named(folders: tuple[Path, Path]) -> None:
    edit(folders[0] / "participants.csv", "0.95,1.0,north", "0.95,1.0,nort")
    edit(folders[0] / "participants.csv", "1.0,0.9,north", "1.0,0.9,elsewhere")
    assert found(folders) == [
        "participants.csv line 2: retailer 'nort' has no section in tariffs.toml (did you mean 'north'?)",
        "participants.csv line 3: retailer 'elsewhere' has no section in tariffs.toml "
        "(add [retailers.elsewhere] to it)",
    ]


def test_imbalance_prices_are_needed_where_positions_are_firm(folders: tuple[Path, Path]) -> None:
    path = folders[0] / "tariffs.toml"
    path.write_text("".join(line for line in TARIFFS.splitlines(keepends=True) if "imbalance" not in line))
    gridpact.settle(*folders)
    problems = found(folders, mode="firm")
    assert len(problems) == 4
    assert problems[0].endswith("(add imbalance_long_per_kwh = 0.03 to [retailers.default])")


@pytest.mark.parametrize("name", ["dso", "tax", "retailer/north", "@head"])
def test_a_participant_cannot_have_the_name_of_another_account(folders: tuple[Path, Path], name: str) -> None:
    for path in (*folders[0].glob("*.csv"), *folders[1].glob("*.csv")):
        path.write_text(path.read_text().replace("h3", name))
    problems = found(folders)
    assert f"participants.csv: participant '{name}' is the name of" in problems[0]


SHARING_SECTION = '\n[sharing]\nkey = "fixed"\nprice_per_kwh = 0.1\n'
SHARING_CHECKS = [
    (",h2,0.5", ",h2,-0.5", "sharing.csv line 2: coefficient '-0.5' is negative (give it as 0 or more)"),
    (
        ",h2,0.5",
        ",h2,0.5000001",
        "sharing.csv line 2: coefficient '0.5000001' has more than 6 decimals (write at most 6 decimals)",
    ),
    (
        ",h2,0.5",
        ",h2,0.8",
        "sharing.csv: has fixed coefficients that add up to 1.050000, "
        "at 2024-06-21T00:00+02:00 and 3 more periods "
        "(they are shares of all that is shared: at most 1 in each period)",
    ),
    (
        ",h2,0.5",
        ",h9,0.5",
        "sharing.csv line 2: participant 'h9' is not in participants.csv",
    ),
    (
        ",h2,0.5,1",
        ",h2,0.5,first",
        "sharing.csv line 2: priority 'first' is not a number (write a whole number from 0, as in 1)",
    ),
    (
        ",h2,0.5,1",
        ",h2,0.5,1.5",
        "sharing.csv line 2: priority '1.5' is not a whole number (write a whole number from 0, as in 1)",
    ),
    (
        ",h2,0.5,1",
        ",h2,0.5,-1",
        "sharing.csv line 2: priority '-1' is negative (write a whole number from 0, as in 1)",
    ),
    (
        ",h2,0.5,1",
        ",h3,0.5,1",
        "sharing.csv line 3: participant 'h3' is given more than once for the same time "
        "(first in line 2; keep one)",
    ),
    (
        ",h2,0.5,1",
        "2024-06-21T00:10,h2,0.5,1",
        "sharing.csv line 2: time '2024-06-21T00:10' is not the start",
    ),
]


@pytest.mark.parametrize(("old", "new", "said"), SHARING_CHECKS)
def test_a_wrong_share_is_refused_with_its_line(
    folders: tuple[Path, Path], old: str, new: str, said: str
) -> None:
    (folders[0] / "tariffs.toml").write_text(TARIFFS + SHARING_SECTION)
    (folders[0] / "sharing.csv").write_text(SHARING)
    gridpact.settle(*folders)
    edit(folders[0] / "sharing.csv", old, new)
    [problem] = found(folders)
    assert problem.startswith(said)


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("", "sharing.csv: is there, and tariffs.toml has no section [sharing] (add [sharing] with key"),
        ("[sharing]\nprice_per_kwh = 0.1\n", 'tariffs.toml line 25: sharing.key is missing (add key = "prop'),
        ('[sharing]\nkey = "equal"\n', "tariffs.toml line 25: sharing.price_per_kwh is missing (add price_"),
        (
            '[sharing]\nkey = "even"\nprice_per_kwh = 1\n',
            "tariffs.toml line 26: sharing.key 'even' is not a known",
        ),
        ("[sharing]\nkey = 3\nprice_per_kwh = 1\n", "tariffs.toml line 26: sharing.key '3' is not text"),
    ],
)
def test_a_wrong_section_of_sharing_is_refused(folders: tuple[Path, Path], section: str, said: str) -> None:
    (folders[0] / "tariffs.toml").write_text(TARIFFS + section)
    (folders[0] / "sharing.csv").write_text(SHARING.replace("h3,0.5,0", "h3,0.25,0"))
    [problem] = found(folders)
    assert problem.startswith(said), problem


def test_keys_with_coefficients_need_the_table_and_the_others_do_not(folders: tuple[Path, Path]) -> None:
    for key in KeyKind:
        section = f'[sharing]\nkey = "{key}"\nprice_per_kwh = 0.1\n'
        (folders[0] / "tariffs.toml").write_text(TARIFFS + section)
        if key in ("fixed", "hierarchical"):
            [problem] = found(folders)
            assert (
                problem == "sharing.csv: is missing from the case folder (add sharing.csv or sharing.parquet)"
            )
        else:
            read = gridpact.settle(*folders).settlement.keys
            assert read is not None and read.kind is key and read.member.all()


def test_a_share_with_a_time_takes_the_place_of_the_one_without_in_that_period(
    folders: tuple[Path, Path],
) -> None:
    (folders[0] / "tariffs.toml").write_text(TARIFFS + SHARING_SECTION)
    (folders[0] / "sharing.csv").write_text(SHARING)
    key = gridpact.settle(*folders).settlement.keys
    assert key is not None and key.price_micro_per_kwh == 100_000
    assert key.member.tolist() == [[False, True, True]] * 4
    assert key.coefficient_ppm.tolist() == [
        [0, 500_000, 250_000],
        [0, 500_000, 500_000],
        [0, 500_000, 250_000],
        [0, 500_000, 250_000],
    ]
    assert key.priority[:, 2].tolist() == [2, 0, 2, 2]


CLEARED_CHECKS = [
    ("t2,2024-06-21T00:00+02:00,h1,h3", "t2,2024-06-21T00:00+02:00,h1,h9", "line 5: seller"),
    (
        "t1,2024-06-21T00:15",
        "t1,2024-06-21T00:00",
        "line 3: time '2024-06-21T00:00+02:00' and its trade are given",
    ),
    ("1.5,1.2,0.1", "1.5,-1.2,0.1", "line 2: cleared_kw '-1.2' is negative"),
    ("1.5,1.2,0.1", "1.5,1.2,", "line 2: price_per_kwh is missing"),
    (
        "1.5,1.2,0.1",
        "1.5,1.2,1e14",
        "line 2: price_per_kwh '1e14' is out of range (write at most 100,000 per kWh",
    ),
    (
        "t1,2024-06-21T00:15",
        "t1,2024-06-21T01:15",
        "line 3: time '2024-06-21T01:15+02:00' is outside the horizon",
    ),
    ("h1,h2", "h2,h2", "line 2: buyer 'h2' is the seller too"),
    ("cleared_kw", "cleared", "line 1: cleared_kw is not among the columns (is it 'cleared'?)"),
]


@pytest.mark.parametrize(("old", "new", "said"), CLEARED_CHECKS)
def test_a_wrong_row_of_the_clearance_is_refused_with_its_line(
    folders: tuple[Path, Path], old: str, new: str, said: str
) -> None:
    edit(folders[1] / "cleared.csv", old, new)
    problems = found(folders)
    assert any(problem.startswith(f"cleared.csv {said.split(':')[0]}") for problem in problems), problems
    if "seller" not in said:
        assert problems[0].startswith(f"cleared.csv {said}"), problems


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"resolution": "1h"},
            "resolution '1h' is not the 15min of the case (give the clearance of this case",
        ),
        ({"periods": 96}, "periods '96' is not the 4 of the case (give the clearance of this case, or clear"),
        (
            {"periods": None},
            "periods is not among the keys (give the clearance of this case, or clear it again)",
        ),
        (
            {"start": "2024-06-20T00:00+02:00"},
            "start '2024-06-20T00:00+02:00' is not in the case, which is 2024-06-21T00:00+02:00 to "
            "2024-06-21T01:00+02:00 (give the clearance of this case",
        ),
        ({"cleared_kwh": None}, "cleared_kwh is not among the keys (clear the case again)"),
        ({"cleared_kwh": True}, "cleared_kwh 'True' is not an energy (clear the case again)"),
        ({"cleared_kwh": 10**400}, "cleared_kwh '1000"),
        ({"cleared_kwh": float("nan")}, "cleared_kwh 'nan' is not an energy"),
    ],
)
def test_a_clearance_of_other_periods_is_refused(
    folders: tuple[Path, Path], changes: dict[str, object], said: str
) -> None:
    summary = {key: value for key, value in (SUMMARY | changes).items() if value is not None}
    (folders[1] / "summary.json").write_text(json.dumps(summary))
    [problem] = found(folders)
    assert problem.startswith(f"summary.json: {said}")


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_a_clearance_that_lost_rows_is_refused(folders: tuple[Path, Path], kept: int) -> None:
    cleared = folders[1] / "cleared.csv"
    cleared.write_text("".join(cleared.read_text().splitlines(keepends=True)[: kept + 1]))
    assert found(folders) == [
        f"cleared.csv: adds up to {0.3 * kept:.3f} kWh cleared, and summary.json says 0.800 kWh "
        "(give the table as it was written, or clear the case again)"
    ]


def test_readings_of_few_digits_say_how_to_store_them(folders: tuple[Path, Path]) -> None:
    table = pyarrow.csv.read_csv(folders[0] / "meters.csv").drop_columns(["time"])
    times = [line.split(",")[0] for line in METERS.splitlines()[1:]]
    column = table.column_names.index("export_kwh")
    table = table.set_column(column, "export_kwh", table["export_kwh"].cast(pa.float32()))
    table = table.add_column(0, "time", pa.array(times))
    (folders[0] / "meters.csv").unlink()
    pyarrow.parquet.write_table(table, folders[0] / "meters.parquet")
    [problem] = found(folders)
    assert "export_kwh '0.09" in problem
    assert problem.endswith(
        "(store it as float64 or decimal: the column has fewer digits than readings need)"
    )


def renamed(folders: tuple[Path, Path], old: str, new: str) -> None:
    """Gives participants other names in all tables."""
    for path in (path for folder in folders for path in folder.glob("*.csv")):
        path.write_text(re.sub(old, new, path.read_text()))


def test_a_participant_called_like_the_head_is_one_problem(folders: tuple[Path, Path]) -> None:
    meters = [line for line in METERS.splitlines(keepends=True) if "@head" not in line]
    (folders[0] / "meters.csv").write_text("".join(meters))
    renamed(folders, r"\bh3\b", "@head")
    assert found(folders) == [
        "participants.csv: participant '@head' is the name of the meter at the supply "
        "(give the participant another name)"
    ]


def test_a_missing_file_is_named_with_its_folder(folders: tuple[Path, Path]) -> None:
    for name in ("meters.csv", "tariffs.toml"):
        (folders[0] / name).rename(folders[0] / f"my-{name}")
    for name in ("cleared.csv", "summary.json"):
        (folders[1] / name).unlink()
    assert [problem.split(" (")[0] for problem in found(folders)] == [
        "tariffs.toml: is missing from the case folder",
        "meters.csv: is missing from the case folder",
        "summary.json: is missing from the result folder",
        "cleared.csv: is missing from the result folder",
    ]


def test_a_folder_that_is_not_there_is_refused(folders: tuple[Path, Path], tmp_path: Path) -> None:
    [problem] = found((folders[0], tmp_path / "nowhere"))
    assert problem.endswith("does not exist (give the folder that holds the tables of an earlier clearing)")
    [problem] = found(folders, previous=tmp_path / "nowhere")
    assert problem.endswith("does not exist (give the folder that holds the ledger of an earlier settlement)")


def test_all_problems_are_found_at_once_in_the_order_of_files(folders: tuple[Path, Path]) -> None:
    edit(folders[0] / "tariffs.toml", "tax_per_kwh", "tax")
    edit(folders[0] / "meters.csv", "h2,0.4,0,", "h2,x,0,")
    edit(folders[1] / "cleared.csv", "1.5,1.2,0.1", "1.5,x,0.1")
    with pytest.raises(InvalidCase) as refusal:
        gridpact.settle(*folders)
    assert [problem.file for problem in refusal.value.problems] == [
        "tariffs.toml",
        "meters.csv",
        "cleared.csv",
    ]
    assert "not checked yet: missing readings, because some readings" in str(refusal.value)


def test_problems_of_the_case_come_with_those_of_the_readings(folders: tuple[Path, Path]) -> None:
    edit(folders[0] / "participants.csv", "h1,3,", "h1,300,")
    (folders[0] / "meters.csv").unlink()
    with pytest.raises(InvalidCase) as refusal:
        gridpact.settle(*folders)
    assert [problem.file for problem in refusal.value.problems] == ["participants.csv", "meters.csv"]
    assert "the clearance, because the case itself has problems" in str(refusal.value)


def test_a_missing_reading_is_never_zero(folders: tuple[Path, Path]) -> None:
    rows = [line for line in METERS.splitlines(keepends=True) if "T00:15,h1" not in line and "h3" not in line]
    (folders[0] / "meters.csv").write_text("".join(rows))
    assert found(folders) == [
        "meters.csv: participant 'h1' has no reading in some period "
        "(add 2024-06-21T00:15+02:00, or take the schedule there: missing = 'schedule')",
        "meters.csv: participant 'h3' has no reading in some period "
        "(add 2024-06-21T00:00+02:00 and 3 more, or take the schedule there: missing = 'schedule')",
    ]
    settled = gridpact.settle(*folders, missing="schedule")
    meters = settled.settlement.meters
    assert meters.export_wh[1, 0] == 200 and meters.import_wh[1, 0] == 0
    assert meters.import_wh[:, 2].tolist() == [100, 200, 300, 400]
    assert meters.estimated.sum() == 6 and settled.scheduled == 5  # and one by its own quality
    assert "5 missing readings taken from the schedule, and marked as estimated" in settled.settlement.notices


def test_the_file_can_ask_for_the_schedule_too(folders: tuple[Path, Path]) -> None:
    (folders[0] / "meters.csv").write_text(METERS.replace("2024-06-21T00:15,h1,0,0.25,\n", ""))
    edit(folders[0] / "tariffs.toml", '"error"', '"schedule"')
    assert gridpact.settle(*folders).scheduled == 1
    assert len(found(folders, missing="error")) == 1


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "2024-06-21T00:15+02:00,h1,3,0.8\n",
            "",
            "schedule.csv: has no row for 2024-06-21T00:15+02:00 of 'h1',",
        ),
        ("h1,3,0.8", "h9,3,0.8", "schedule.csv line 5: participant 'h9' is not in participants.csv"),
        ("h1,3,0.8", "h1,3,x", "schedule.csv line 5: net_injection_kw 'x' is not a number"),
        ("net_injection_kw", "power_kw", "schedule.csv line 1: net_injection_kw is not among the columns"),
        (
            ",h2,3,-0.8",
            ",h1,3,-0.8",
            "schedule.csv line 6: time '2024-06-21T00:15+02:00' and its participant",
        ),
    ],
)
def test_a_schedule_that_is_needed_is_checked(
    folders: tuple[Path, Path], old: str, new: str, said: str
) -> None:
    (folders[0] / "meters.csv").write_text(METERS.replace("2024-06-21T00:15,h1,0,0.25,\n", ""))
    edit(folders[1] / "schedule.csv", old, new)
    assert found(folders, missing="schedule")[0].startswith(said)
    (folders[0] / "meters.csv").write_text(METERS)
    gridpact.settle(*folders, missing="schedule")  # Where every reading is there, nobody reads the schedule.


def test_what_is_read_is_whole_and_exact(folders: tuple[Path, Path]) -> None:
    settlement = gridpact.settle(*folders).settlement
    meters, positions, tariffs = settlement.meters, settlement.positions, settlement.tariffs
    assert meters.import_wh.tolist() == [[0, 400, 125], [0, 300, 200], [1, 2, 3], [0, 600, 300]]
    assert meters.export_wh.tolist() == [[500, 0, 0], [250, 0, 0], [0, 0, 0], [1000, 0, 0]]
    assert meters.head_import_wh.tolist() == [30, 260, 6, -90] and meters.head_given.all()
    assert np.argwhere(meters.estimated).tolist() == [[1, 1]]
    assert positions.energy_wh.tolist() == [300, 300, 100, 100]  # what was cut to nothing is not there
    assert positions.price_micro_per_kwh.tolist() == [100_000, 100_000, 120_000, 120_000]
    assert [positions.trade_ids[trade] for trade in positions.trade] == ["t1", "t1", "t2", "t2"]
    assert [retailer.name for retailer in tariffs.retailers] == ["default", "north"]
    assert tariffs.retailer_of_participant.tolist() == [1, 1, 0]
    assert tariffs.retailers[1].supply_micro_per_kwh.tolist() == [250_000, 250_000, 150_000, 150_000]
    assert tariffs.retailers[0].imbalance_short_micro_per_kwh.tolist() == [300_000] * 4
    assert tariffs.p2p_charge_micro_per_kwh.tolist() == [20_000] * 4
    assert tariffs.retail_charge_micro_per_kwh.tolist() == [50_000] * 4
    assert tariffs.tax_micro_per_kwh == 10_000


def test_energies_and_prices_are_rounded_once_half_to_even(folders: tuple[Path, Path]) -> None:
    edit(folders[1] / "cleared.csv", "1.5,1.2,0.1", "1.5,0.01,0.1000005")  # 2.5 Wh
    edit(folders[1] / "cleared.csv", "0.4,0.4,0.12", "0.4,0.014,0.1000015")  # 3.5 Wh
    (folders[1] / "summary.json").write_text(json.dumps(SUMMARY | {"cleared_kwh": 0.406}))
    positions = gridpact.settle(*folders).settlement.positions
    assert positions.energy_wh[[0, 2]].tolist() == [2, 4]
    assert positions.price_micro_per_kwh[[0, 2]].tolist() == [100_000, 100_002]


@pytest.mark.parametrize(("resolution", "per_hour"), [("1h", 1), ("15min", 4)])
def test_a_tie_in_decimals_is_a_tie(resolution: str, per_hour: int) -> None:
    """Every power of 0.1 W up to 60 kW, 0.5015 kW among them, as a table would say it."""
    del resolution
    texts = [f"{tenths // 10_000}.{tenths % 10_000:04}" for tenths in range(5, 600_000, 5)]
    power_kw = np.array([float(text) for text in texts])
    exact = [Decimal(text) * 1000 / per_hour for text in texts]
    assert nearest_wh(power_kw, 1 / per_hour).tolist() == [int(each.to_integral_value()) for each in exact]
    assert nearest_wh(np.array([0.5015, 0.5025, 0.5005]), 1.0).tolist() == [502, 502, 500]
    assert nearest_wh(-power_kw[:99], 1.0).tolist() == (-nearest_wh(power_kw[:99], 1.0)).tolist()


def test_a_tie_of_a_price_is_a_tie() -> None:
    texts = [f"0.{micro:06}5" for micro in range(0, 1_000_000, 37)]
    found = nearest_whole(np.array([float(text) for text in texts]) * MICRO)
    assert found.tolist() == [int((Decimal(text) * MICRO).to_integral_value()) for text in texts]


def test_parquet_reads_as_csv_does(folders: tuple[Path, Path]) -> None:
    (folders[0] / "tariffs.toml").write_text(TARIFFS + SHARING_SECTION)
    (folders[0] / "sharing.csv").write_text(SHARING)
    expected = gridpact.settle(*folders)
    for folder, name in (*((folders[0], each) for each in ("meters", "sharing")), (folders[1], "cleared")):
        table = pyarrow.csv.read_csv(folder / f"{name}.csv")
        times = pa.array(
            [None if time is None else time.as_py() and f"{time.as_py()}" for time in table["time"]]
        )
        table = table.set_column(table.column_names.index("time"), "time", times)
        pyarrow.parquet.write_table(table, folder / f"{name}.parquet")
        (folder / f"{name}.csv").unlink()
    settled = gridpact.settle(*folders)
    assert settled.case.table_format == "parquet" and expected.case.table_format == "csv"
    assert settled.inputs_sha256 == expected.inputs_sha256
    assert settled.ledger.equals(expected.ledger)


def test_a_row_of_parquet_is_called_a_row(folders: tuple[Path, Path]) -> None:
    times = ["2024-06-21T00:00", "2024-06-21T00:00"]
    table = pa.table(
        {
            "time": times,
            "participant": ["h1", "h1"],
            "import_kwh": pa.array([0.1, 0.2], pa.float64()),
            "export_kwh": pa.array([0, 0], pa.int64()),
        }
    )
    (folders[0] / "meters.csv").unlink()
    pyarrow.parquet.write_table(table, folders[0] / "meters.parquet")
    [problem] = found(folders)
    assert problem.startswith("meters.parquet row 2: time '2024-06-21T00:00' and its participant are given")


def test_computed_readings_are_whole_where_only_floating_point_says_otherwise(
    folders: tuple[Path, Path],
) -> None:
    edit(folders[0] / "meters.csv", "h2,0.4,0,", f"h2,{0.1 + 0.2!r},0,")
    assert gridpact.settle(*folders).settlement.meters.import_wh[0, 1] == 300


def test_a_clearance_in_memory_settles_like_its_folder(folders: tuple[Path, Path], tmp_path: Path) -> None:
    clearance = gridpact.clear(read_case(folders[0]))
    gridpact.write_clearance(clearance, tmp_path / "real")
    for missing in ("error", "schedule"):
        if missing == "schedule":
            (folders[0] / "meters.csv").write_text(METERS.replace("2024-06-21T00:15,h1,0,0.25,\n", ""))
        one = gridpact.settle(folders[0], clearance, missing=missing)
        other = gridpact.settle(folders[0], tmp_path / "real", missing=missing)
        assert len(one.settlement.positions.trade) and one.ledger.equals(other.ledger)
        assert one.inputs_sha256 == other.inputs_sha256


def test_a_clearance_of_other_periods_in_memory_is_refused(folders: tuple[Path, Path]) -> None:
    edit(folders[0] / "case.toml", "periods = 4", "periods = 8")
    clearance = gridpact.clear(read_case(folders[0]))
    edit(folders[0] / "case.toml", "periods = 8", "periods = 4")
    with pytest.raises(InvalidUsage, match="of other periods or participants"):
        gridpact.settle(folders[0], clearance)


@pytest.mark.parametrize("choice", ["mode", "missing", "loss_allocation"])
def test_a_choice_that_is_not_known_is_refused(folders: tuple[Path, Path], choice: str) -> None:
    with pytest.raises(InvalidUsage, match=f"{choice} 'other' is not known"):
        gridpact.settle(*folders, **{choice: "other"})


def test_a_clearance_of_other_inputs_is_said(folders: tuple[Path, Path]) -> None:
    digest = read_case(folders[0]).inputs_sha256
    warning = "the clearance is of other inputs"
    for inputs, commitments, is_said in (
        (digest, 0, False),
        ("0" * 64, 0, True),
        ("0" * 64, 3, False),  # With commitments the digest covers more than the case.
    ):
        summary = SUMMARY | {"inputs_sha256": inputs, "commitments": {"trades": commitments}}
        (folders[1] / "summary.json").write_text(json.dumps(summary))
        assert any(warning in notice for notice in gridpact.settle(*folders).settlement.notices) == is_said


def test_an_unsafe_clearance_is_said(folders: tuple[Path, Path]) -> None:
    (folders[1] / "summary.json").write_text(json.dumps(SUMMARY | {"status": "limits_broken"}))
    assert "has the status 'limits_broken'" in gridpact.settle(*folders).settlement.notices[0]


def test_the_files_of_a_settlement_do_not_change_a_case(folders: tuple[Path, Path]) -> None:
    case = read_case(folders[0])
    for name in ("tariffs.toml", "meters.csv"):
        (folders[0] / name).unlink()
    assert read_case(folders[0]).inputs_sha256 == case.inputs_sha256
    assert not case.warnings


def prices(entries: str, horizon: Horizon) -> tuple[list[int], list[str]]:
    """Prices of the periods in micro, and the problems."""
    problems = Problems()
    file = parse_toml(f"price = {entries}".encode(), "t.toml", problems, Decimal)
    assert file is not None
    found = period_prices(file, "", "price", file.get("", "price"), horizon)
    return found.tolist(), [str(problem) for problem in problems.in_order()]


DAY = Horizon(
    start=datetime.fromisoformat("2024-03-31T00:00+01:00"),
    timezone="Europe/Berlin",
    resolution="1h",
    periods=23,
)
NIGHT = '[{to = "03:00", price = 1}, {from = "03:00", to = "22:00", price = 2}, {from = "22:00", price = 3}]'


def test_prices_follow_the_local_clock_on_the_days_on_which_it_changes() -> None:
    found, problems = prices(NIGHT, DAY)
    assert not problems
    assert found == [1_000_000] * 2 + [2_000_000] * 19 + [3_000_000] * 2
    autumn = replace(DAY, start=datetime.fromisoformat("2024-10-27T00:00+02:00"), periods=25)
    found, problems = prices(NIGHT, autumn)
    assert not problems
    assert found == [1_000_000] * 4 + [2_000_000] * 19 + [3_000_000] * 2


def test_a_local_time_that_the_clocks_skip_needs_no_price() -> None:
    found, problems = prices('[{to = "02:00", price = 1}, {from = "03:00", price = 2}]', DAY)
    assert not problems and found == [1_000_000] * 2 + [2_000_000] * 21
    autumn = replace(DAY, start=datetime.fromisoformat("2024-10-27T00:00+02:00"), periods=25)
    _, [problem] = prices('[{to = "02:00", price = 1}, {from = "03:00", price = 2}]', autumn)
    assert "has no price at Sun 2024-10-27 02:00 local time and in 1 more period" in problem


def test_days_are_those_of_the_local_calendar() -> None:
    entries = "[{days = 'mon', price = 1}, {days = 'sun', price = 7}, {days = 'sat', price = 6}]"
    start = datetime.fromisoformat("2024-06-22T22:00+00:00")  # Sunday has begun in Berlin.
    found, problems = prices(entries, replace(DAY, start=start, periods=26))
    assert not problems and found == [7_000_000] * 24 + [1_000_000] * 2
    weekend = "[{days = 'weekday', price = 1}, {days = 'weekend', price = 7}]"
    assert prices(weekend, replace(DAY, start=start, periods=26)) == (found, [])


def test_a_period_across_midnight_cannot_have_two_prices() -> None:
    start = datetime.fromisoformat("2024-06-21T22:30+02:00")
    entries = "[{days = 'weekday', price = 1}, {days = 'weekend', price = 2}]"
    _, [problem] = prices(entries, replace(DAY, start=start, periods=4))
    assert "changes at Sat 2024-06-22 00:00 local time, inside a period" in problem
    same = "[{days = 'weekday', price = 1}, {days = 'weekend', price = 1}]"
    assert prices(same, replace(DAY, start=start, periods=4)) == ([1_000_000] * 4, [])


def test_a_price_has_six_decimals_exactly() -> None:
    assert prices("0.000001", DAY)[0] == [1] * 23
    assert prices("-0.123456", DAY)[0] == [-123_456] * 23
    assert prices("3", DAY)[0] == [3_000_000] * 23


LedgerDamage = Callable[[Path], None]


def settled_once(folders: tuple[Path, Path], folder: Path) -> Path:
    gridpact.write_settlement(gridpact.settle(*folders), folder)
    return folder


LEDGER_CHECKS = [
    ("1-000002,", "1-000007,", "ledger.csv line 3: entry '1-000007' does not follow the entry above it"),
    (
        "1-000002,",
        "2,",
        "ledger.csv line 3: entry '2' is not the name of an entry (give it as it was written",
    ),
    (",tax,h2,tax,100,1000,", ",taxes,h2,tax,100,1000,", "ledger.csv line 8: kind 'taxes' is not a choice"),
    (
        "h2,tax,100,1000,",
        "h2,tax,100,1000.5,",
        "ledger.csv line 8: amount_micro '1000.5' is not a whole number",
    ),
    ("h2,tax,100,1000,", "h2,,100,1000,", "ledger.csv line 8: credit is missing"),
    (
        "T00:15+02:00",
        "T02:15+02:00",
        "ledger.csv line 16: time '2024-06-21T02:15+02:00' is outside the horizon",
    ),
    ("energy_wh", "energy", "ledger.csv line 1: energy_wh is not among the columns (is it 'energy'?)"),
]


@pytest.mark.parametrize(("old", "new", "said"), LEDGER_CHECKS)
def test_a_damaged_ledger_is_not_corrected(
    folders: tuple[Path, Path], tmp_path: Path, old: str, new: str, said: str
) -> None:
    folder = settled_once(folders, tmp_path / "v1")
    edit(folder / "ledger.csv", old, new)
    problems = found(folders, previous=folder)
    assert problems[0].startswith(said), problems


def lines_removed(folder: Path) -> None:
    lines = (folder / "ledger.csv").read_text().splitlines(keepends=True)
    (folder / "ledger.csv").write_text("".join(lines[:-2]))


def no_ledger(folder: Path) -> None:
    (folder / "ledger.csv").unlink()


def no_figures(folder: Path) -> None:
    (folder / "settlement.json").unlink()


def other_figures(folder: Path) -> None:
    (folder / "settlement.json").write_text('{"version": "1"}')


def facts_changed(**changes: object) -> LedgerDamage:
    def change(folder: Path) -> None:
        facts = json.loads((folder / "settlement.json").read_text())
        (folder / "settlement.json").write_text(json.dumps(facts | changes))

    return change


def amount_changed(folder: Path) -> None:
    edit(folder / "ledger.csv", "h2,tax,100,1000,", "h2,tax,100,1001,")


def payer_changed(folder: Path) -> None:
    edit(folder / "ledger.csv", "tax,h2,tax,100,1000,", "tax,h3,tax,100,1000,")


def other_start(folder: Path) -> None:
    edit(folder / "settlement.json", '"2024-06-21T00:00+02:00"', '"2024-06-20T00:00+02:00"')


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lines_removed, "ledger.csv: has 42 entries, and settlement.json says 44 (give the ledger as it was"),
        (no_ledger, "ledger.csv: is missing from the settlement folder (add ledger.csv or ledger.parquet)"),
        (no_figures, "settlement.json: is missing from the settlement folder"),
        (other_figures, "settlement.json: is not that of a settlement (settle the case again)"),
        (
            other_start,
            "settlement.json: start '2024-06-20T00:00+02:00' is not the 2024-06-21T00:00+02:00 of the",
        ),
        (
            amount_changed,
            "ledger.csv: is not the ledger that settlement.json has the digest of: an entry was",
        ),
        (payer_changed, "ledger.csv: is not the ledger that settlement.json has the digest of: an entry was"),
        (facts_changed(name="other"), "settlement.json: name 'other' is not the "),
        (facts_changed(currency="USD"), "settlement.json: currency 'USD' is not the "),
        (facts_changed(network="other.json"), "settlement.json: network 'other.json' is not the "),
        (
            facts_changed(version=True),
            "settlement.json: version 'True' is not a whole number from 1 to 999999",
        ),
        (facts_changed(version=0), "settlement.json: version '0' is not a whole number from 1 to 999999"),
        (facts_changed(version=10**30), "settlement.json: version '1000000000000"),
    ],
)
def test_a_damaged_settlement_is_not_corrected(
    folders: tuple[Path, Path], tmp_path: Path, damage: LedgerDamage, said: str
) -> None:
    folder = settled_once(folders, tmp_path / "v1")
    damage(folder)
    [problem] = found(folders, previous=folder)
    assert problem.startswith(said)


def test_an_earlier_ledger_reads_back_as_it_was(folders: tuple[Path, Path], tmp_path: Path) -> None:
    first = gridpact.settle(*folders)
    gridpact.write_settlement(first, tmp_path / "v1")
    again = gridpact.settle(*folders, previous=tmp_path / "v1")
    assert again.settlement.version == 2
    assert again.ledger.equals(first.ledger)  # Nothing has changed, and nothing is booked.
    assert again.summary["entries_added"] == 0
    assert "nothing changed since version 1: no entry was added" in again.summary["notices"]


def test_entries_newer_than_the_settlement_are_refused(folders: tuple[Path, Path], tmp_path: Path) -> None:
    settled_once(folders, tmp_path / "v1")
    edit(folders[0] / "meters.csv", "h2,0.4,0,", "h2,0.2,0,")
    gridpact.write_settlement(gridpact.settle(*folders, previous=tmp_path / "v1"), tmp_path / "v2")
    facts_changed(version=1)(tmp_path / "v2")
    [problem] = found(folders, previous=tmp_path / "v2")
    assert problem.startswith("ledger.csv: has entries of version 2, and settlement.json says 1 (")


def test_a_settlement_of_other_people_is_not_corrected(folders: tuple[Path, Path], tmp_path: Path) -> None:
    settled_once(folders, tmp_path / "v1")
    renamed(folders, r"\bh([123])\b", r"x\1")
    [problem] = found(folders, previous=tmp_path / "v1")
    assert problem == (
        "ledger.csv: has no account of a participant of the case: it is of 'h1' and others "
        "(give an earlier settlement of this case)"
    )


def test_another_way_to_settle_than_before_is_said(folders: tuple[Path, Path], tmp_path: Path) -> None:
    settled_once(folders, tmp_path / "v1")
    again = gridpact.settle(*folders, previous=tmp_path / "v1", mode="firm", loss_allocation="pro-rata")
    said = [notice for notice in again.summary["notices"] if "since version" in notice]
    assert said == [
        "mode changed from sharing to firm since version 1",
        "loss_allocation changed from dso to pro-rata since version 1",
    ]
