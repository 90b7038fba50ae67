"""Prices that change: a table of them, lists of the network's charges, and holidays."""

from datetime import datetime
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import gridpact
from gridpact.case.folder.toml_file import parse_toml
from gridpact.case.horizon import Horizon
from gridpact.case.reading.frame import Frame
from gridpact.case.reading.problems import Problems
from gridpact.settlement.reading.folder import read_everything
from gridpact.settlement.reading.read_tariffs import Choices, read_tariffs
from gridpact.settlement.tariffs.prices import period_prices
from tests.settlement.community import CASE, TARIFFS, problems, readings, write_community

SPOT = TARIFFS.replace("supply_price_per_kwh = 0.20\n", "")
QUARTERS = "time,supply_price_per_kwh\n" + "".join(
    f"2024-06-21T12:{15 * n:02},{price}\n" for n, price in enumerate(("0.112", "0.098", "0.083", "-0.004"))
)
SUPPLIED = readings({"sun": [(1, 0)] * 4, "anna": [(1, 0)] * 4})


def supply(case: Path) -> list[int]:
    return gridpact.settle(case).settlement.tariffs.retailers[0].supply_micro_per_kwh.tolist()


def test_prices_of_every_period_need_none_in_the_tariffs(tmp_path: Path) -> None:
    for name, tariffs in (
        ("absent", SPOT),
        ("given too", TARIFFS),
        ("named", TARIFFS.replace("supply_price_per_kwh = 0.20", 'supply_price_per_kwh = "prices.csv"')),
    ):
        case = write_community(tmp_path / name, tariffs=tariffs, prices=QUARTERS, meters=SUPPLIED)
        assert supply(case) == [112_000, 98_000, 83_000, -4_000]
        paid = gridpact.settle(case).statements["supply_micro"]
        assert paid.tolist() == [289_000, 289_000]


def test_a_retailer_may_have_all_its_prices_in_the_table(tmp_path: Path) -> None:
    rows = "".join(f"2024-06-21T12:{15 * n:02},0.1,0.03\n" for n in range(4))
    prices = f"time,supply_price_per_kwh,feed_in_price_per_kwh\n{rows}"
    case = write_community(tmp_path / "case", tariffs="", prices=prices)
    retailer = gridpact.settle(case).settlement.tariffs.retailers[0]
    assert retailer.name == "default" and retailer.feed_in_micro_per_kwh.tolist() == [30_000] * 4


def test_a_row_holds_for_the_step_of_its_table(tmp_path: Path) -> None:
    """Of hourly rows the first starts before the horizon, and the last after it, which is told."""
    prices = "time,supply_price_per_kwh\n2024-06-21T11:30,0.1\n2024-06-21T12:30,0.2\n2024-06-21T13:30,0.3\n"
    case = write_community(tmp_path / "case", tariffs=SPOT, prices=prices)
    assert supply(case) == [100_000] * 2 + [200_000] * 2
    notices = gridpact.settle(case).summary["notices"]
    assert "prices.csv: 1 row is outside the horizon and not used" in notices


def test_rows_of_days_hold_for_days_of_any_length(tmp_path: Path) -> None:
    text = CASE.replace("2024-06-21T12:00", "2024-03-30T00:00").replace("periods = 4", "periods = 71")
    text = text.replace("15min", "1h")
    rows = "".join(f"2024-03-{day},{price}\n" for day, price in ((30, 0.3), (31, 0.31)))
    prices = f"time,supply_price_per_kwh\n{rows}2024-04-01,0.01\n"
    horizon = Horizon(start="2024-03-30T00:00", timezone="Europe/Lisbon", resolution="1h", periods=71)
    meters = "time,participant,import_kwh,export_kwh\n" + "".join(
        f"{label},{name},1,0\n" for name in ("sun", "anna") for label in horizon.labels()
    )
    case = write_community(tmp_path / "case", case=text, tariffs=SPOT, prices=prices, meters=meters)
    assert supply(case) == [300_000] * 24 + [310_000] * 23 + [10_000] * 24


def test_what_the_table_leaves_is_of_the_tariffs_and_told(tmp_path: Path) -> None:
    prices = (
        "time,supply_price_per_kwh,feed_in_price_per_kwh\n2024-06-21T12:15,0.1,\n2024-06-21T12:30,,0.07\n"
    )
    case = write_community(tmp_path / "case", prices=prices)
    settled = gridpact.settle(case)
    retailer = settled.settlement.tariffs.retailers[0]
    assert retailer.supply_micro_per_kwh.tolist() == [200_000, 100_000, 200_000, 200_000]
    assert retailer.feed_in_micro_per_kwh.tolist() == [50_000, 50_000, 70_000, 50_000]
    told = (
        "prices.csv: supply_price_per_kwh of 'default' is that of tariffs.toml in 3 of 4 periods, the first"
    )
    assert any(notice.startswith(told) for notice in settled.summary["notices"])


def test_prices_of_several_retailers(tmp_path: Path) -> None:
    rows = [
        f"2024-06-21T12:{15 * n:02},{name},0.{n + 1}{len(name)}" for name in ("", "sol") for n in range(4)
    ]
    prices = "time,retailer,supply_price_per_kwh\n" + "\n".join(rows) + "\n"
    case = write_community(
        tmp_path / "case",
        tariffs=SPOT + "\n[retailers.sol]\nfeed_in_price_per_kwh = 0.01\n",
        prices=prices,
        participants="participant,retailer\nsun,sol\nanna,\n",
    )
    tariffs = gridpact.settle(case).settlement.tariffs
    assert [each.name for each in tariffs.retailers] == ["default", "sol"]
    assert tariffs.retailer_of_participant.tolist() == [1, 0]
    assert tariffs.retailers[0].supply_micro_per_kwh.tolist() == [100_000, 200_000, 300_000, 400_000]
    assert tariffs.retailers[1].supply_micro_per_kwh.tolist() == [130_000, 230_000, 330_000, 430_000]


HEAD = "time,retailer,supply_price_per_kwh\n"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("2024-06-21T12:00,,0.1", "prices.csv: has no supply_price_per_kwh of 'default' at 2024-06-21T12:15"),
        ("2024-06-21T12:05,,0.1", "prices.csv line 2: time '2024-06-21T12:05' is not the start of a period"),
        (
            "2024-06-21T12:00,,0.1234567",
            "prices.csv line 2: supply_price_per_kwh '0.1234567' has more than 6",
        ),
        ("2024-06-21T12:00,,100001", "prices.csv line 2: supply_price_per_kwh '100001' is out of range"),
        ("2024-06-21T12:00,,cheap", "prices.csv line 2: supply_price_per_kwh 'cheap' is not a number"),
        (
            "2024-06-21T12:00,,0.1\n2024-06-21T12:00,,0.2",
            "prices.csv line 3: time '2024-06-21T12:00' and its r",
        ),
        (
            "2024-06-21T12:00,defualt,0.1",
            "prices.csv line 2: retailer 'defualt' is no retailer of a participant",
        ),
        (
            "2024-06-21T12:00,,0.1\n2024-06-21T12:30,,0.2\n2024-06-21T13:15,,0.2",
            "prices.csv line 4: time '2024-06-21T13:15' is not a multiple of 0:30:00 after the first time",
        ),
    ],
)
def test_a_wrong_price_is_refused_with_its_line(tmp_path: Path, rows: str, said: str) -> None:
    case = write_community(tmp_path / "case", tariffs=SPOT, prices=f"{HEAD}{rows}\n")
    found = problems(lambda: gridpact.settle(case))
    assert any(problem.startswith(said) for problem in found), found
    code_found = problems(lambda: read_everything(case))
    assert any(problem.startswith(said) for problem in code_found)


def test_a_table_without_prices_is_refused(tmp_path: Path) -> None:
    case = write_community(tmp_path / "case", prices="time,retailer\n2024-06-21T12:00,\n")
    [problem] = problems(lambda: gridpact.settle(case))
    assert problem == (
        "prices.csv: has no prices (add a column supply_price_per_kwh or feed_in_price_per_kwh)"
    )


def test_charges_of_the_network_may_be_lists(tmp_path: Path) -> None:
    listed = '[{to = "12:30", price = 0.02}, {from = "12:30", price = 0.04}]'
    tariffs = TARIFFS.replace("p2p_charge_per_kwh = 0.02", f"p2p_charge_per_kwh = {listed}")
    tariffs = tariffs.replace("retail_charge_per_kwh = 0.05", "retail_charge_per_kwh = [{price = 0.06}]")
    settled = gridpact.settle(write_community(tmp_path / "case", tariffs=tariffs))
    found = settled.settlement.tariffs
    assert found.p2p_charge_micro_per_kwh.tolist() == [20_000] * 2 + [40_000] * 2
    assert found.retail_charge_micro_per_kwh.tolist() == [60_000] * 4
    charged = settled.ledger[settled.ledger["kind"] == "network_charge"]["amount_micro"].tolist()
    assert charged == [5_000, 5_000, 10_000, 10_000]


YEAR = Horizon(start="2026-12-21T00:00", timezone="Europe/Vienna", resolution="1h", periods=24 * 14)
LIST = """[
  {days = "weekday", from = "08:00", to = "20:00", price = 3},
  {days = "weekday", to = "08:00", price = 2},
  {days = "weekday", from = "20:00", price = 2},
  {days = "weekend", price = 1},
  HOLIDAY
]"""


def listed(entry: str, holidays: str, horizon: Horizon = YEAR) -> tuple[np.ndarray, list[str]]:
    problems_found = Problems()
    text = f"holidays = {holidays}\n[network]\np2p_charge_per_kwh = {LIST.replace('HOLIDAY', entry)}\n"
    frame = Frame(horizon=horizon, participants=None, index=None, file="")
    choices = Choices()
    read = read_tariffs(text.encode(), frame, None, choices, problems_found)
    others = [str(each) for each in problems_found.in_order() if "has no retailer" not in str(each)]
    return read[0].p2p_charge_micro_per_kwh // 1_000_000, others


@pytest.mark.parametrize("holidays", ['["2026-12-25", "2027-01-01"]', "[2026-12-25, 2027-01-01]"])
def test_on_a_holiday_only_its_own_entries_hold(holidays: str) -> None:
    found, others = listed('{days = "holiday", price = 7}', holidays)
    assert not others
    for period, instant in enumerate(YEAR.instants()):
        is_holiday = (instant.month, instant.day) in ((12, 25), (1, 1))
        peak = 3 if 8 <= instant.hour < 20 else 2
        assert found[period] == (7 if is_holiday else 1 if instant.weekday() > 4 else peak), instant


def test_a_list_that_names_no_holiday_has_none() -> None:
    with_days, others = listed("", '["2026-12-25"]')
    without, _ = listed("", "[]")
    assert not others and with_days.tolist() == without.tolist()


def test_everyday_entries_hold_on_holidays_too() -> None:
    """An entry of a holiday and an everyday one are two for the same time."""
    file = parse_toml(b'price = [{price = 1}, {days = "holiday", price = 2}]', "t.toml", Problems())
    problems_found = Problems()
    file._problems = problems_found
    day = datetime(2026, 12, 25).date()
    period_prices(file, "", "price", file.get("", "price"), YEAR, {day})
    [problem] = problems_found.in_order()
    assert "has more than one price at Fri 2026-12-25 00:00 local time and in 23 more periods" in str(problem)


@pytest.mark.parametrize(
    ("holidays", "said"),
    [
        ('["2026-13-25"]', "holidays[1] '2026-13-25' is not a day"),
        ('"2026-12-25"', "holidays '2026-12-25' is not a list of days"),
        ("[2026-12-25T00:00:00]", "holidays[1] '2026-12-25 00:00:00' is not a day"),
        ('["2026-12-25", 2026-12-25]', "holidays[2] '2026-12-25' is there more than once"),
    ],
)
def test_a_wrong_holiday_is_refused(holidays: str, said: str) -> None:
    _, others = listed("", holidays)
    assert any(said in problem for problem in others), others


def test_amounts_of_changing_prices_are_exact(tmp_path: Path) -> None:
    case = write_community(tmp_path / "case", tariffs=SPOT, prices=QUARTERS)
    settled = gridpact.settle(case)
    ledger = settled.ledger[settled.ledger["kind"] == "loss"]
    assert ledger.empty
    prices = [112_000, 98_000, 83_000, -4_000]
    alone = sum(round(Fraction(250 * (price + 60_000), 1000)) for price in prices)
    statements = settled.statements.set_index("participant")
    assert statements.loc["anna", "retail_only_micro"] == alone
