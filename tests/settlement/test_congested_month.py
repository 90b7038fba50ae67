"""A month of network auctions that limits of the network hold back, settled with bills and corrected."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import gridpact
from gridpact import Clearance, Horizon, Orders, Profiles, SettledCase
from gridpact.case import write_case
from gridpact.report.bills.bill_page import bill_pages
from gridpact.settlement.settlement_writer import write_settlement
from gridpact.settlement.settling import days
from tests.auctions.made import order_case
from tests.bills.billed_example import Amounts

KERBER = "pandapower/kerber_landnetz_freileitung_1"
MONTH = Horizon(start="2026-03-01T00:00", timezone="Europe/Vienna", resolution="1h", periods=743)
NOONS = tuple(hour for hour in range(MONTH.periods) if f"{MONTH.instant(hour):%H}" == "12")
TARIFFS = """\
mode = "sharing"
missing = "error"

[network]
p2p_charge_per_kwh = 0.02
retail_charge_per_kwh = 0.05
tax_per_kwh = 0.01

[retailers.default]
supply_price_per_kwh = 0.30
feed_in_price_per_kwh = 0.05
imbalance_long_per_kwh = 0.05
imbalance_short_per_kwh = 0.30

[bill]
vat_percent = {supply = 20, network_charge = 20, tax = 20, p2p = 5.5, congestion = 10}
"""


@pytest.fixture(scope="module")
def noons() -> list[Clearance]:
    """An auction at noon of every day, each of another size of supply and demand."""
    one = order_case(0, KERBER, sellers=6, buyers=7, power_kw=60.0, firm=0.3, power_factor=0.95)
    found = []
    for number, hour in enumerate(NOONS):
        size = 0.4 + 0.02 * number
        profiles = Profiles(
            load_kw=one.profiles.load_kw * size, generation_kw=one.profiles.generation_kw * size
        )
        own = replace(MONTH, start=MONTH.instant(hour), periods=1)
        found.append(gridpact.clear(replace(one, horizon=own, profiles=profiles, currency="EUR")))
    return found


@pytest.fixture
def month(noons: list[Clearance], tmp_path: Path) -> Path:
    """The case of the month, its results in one folder, and readings of what was cleared."""
    case = noons[0].case
    shape = (MONTH.periods, len(case.participants))
    nothing = Profiles(load_kw=np.zeros(shape), generation_kw=np.zeros(shape))
    folder = tmp_path / "case"
    write_case(replace(case, horizon=MONTH, profiles=nothing, orders=Orders.none()), folder)
    (folder / "tariffs.toml").write_text(TARIFFS)
    for number, noon in enumerate(noons):
        gridpact.write_clearance(noon, tmp_path / "results" / f"{number:02}")
    read(folder, noons, kept=1.0)
    return tmp_path


def read(folder: Path, noons: list[Clearance], kept: float) -> None:
    """Writes readings: what was scheduled at noon, of exports only a part, and something else at night."""
    ids = noons[0].case.participants.ids
    net_kwh = np.full((MONTH.periods, len(ids)), -0.125)
    for hour, noon in zip(NOONS, noons, strict=True):
        table = noon.cleared
        for sign, side in ((1.0, "seller"), (-1.0, "buyer")):
            sums = table.groupby(side)["cleared_kw"].sum()
            net_kwh[hour, [ids.index(name) for name in sums.index]] = sign * sums.to_numpy()
    rows = {
        "time": np.repeat([each.isoformat() for each in MONTH.instants()], len(ids)),
        "participant": list(ids) * MONTH.periods,
        "import_kwh": np.maximum(-net_kwh, 0.0).ravel().round(3),
        "export_kwh": (kept * np.maximum(net_kwh, 0.0)).ravel().round(3),
    }
    pd.DataFrame(rows).to_csv(folder / "meters.csv", index=False)


def congestion_micro(settled: SettledCase, noons: list[Clearance]) -> Counter[str]:
    """What each buyer pays of congestion, from the energies of the ledger and both prices of the results."""
    ledger = settled.ledger
    traded = ledger[(ledger["kind"] == "p2p") & (ledger["trade"] != "")]
    wh = traded.groupby(["time", "trade"])["energy_wh"].sum()
    found: Counter[str] = Counter()
    for hour, noon in zip(NOONS, noons, strict=True):
        for row in noon.cleared.itertuples():
            paid, received = (round(price * 1e6) for price in (row.price_per_kwh, row.seller_price_per_kwh))
            at = (pd.Timestamp(MONTH.instant(hour)), row.trade)
            found[row.buyer] += round(int(wh.get(at, 0)) * (paid - received) / 1000)
    return found


def check(settled: SettledCase, noons: list[Clearance]) -> Counter[str]:
    """Accounts, statements, bills and pages against the two prices; gives the congestion of each buyer."""
    summary, wanted = settled.summary, congestion_micro(settled, noons)
    assert not {name: each for name, each in summary["invariants"].items() if each["figure"]}
    assert sum(each["net_micro"] for each in summary["accounts"].values()) == 0
    assert sum(each["retail_only_micro"] for each in summary["accounts"].values()) == 0
    rent = summary["accounts"]["congestion"]["net_micro"]
    assert rent == summary["money_micro"]["congestion"] == sum(wanted.values())
    said = settled.statements.set_index("participant")["congestion_micro"]
    assert said.to_dict() == {name: wanted[name] for name in said.index}
    pages = [Amounts(page) for _, page in bill_pages(settled)]
    for bill, page in zip(summary["bills"], pages, strict=True):
        lines = [line for line in bill["lines"] if line["line"] == "congestion"]
        cents = sum(line["cents"] for line in lines)
        assert abs(cents - wanted[bill["participant"]] / 10_000) <= 0.5 * len(lines)
        assert page.sum_of("congestion") == cents
        assert ("Congestion of the network" in page.text) >= bool(lines)
        assert all(line["vat_percent"] == "10" for line in lines)
        has_any = wanted[bill["participant"]] != 0
        assert bool(lines) == has_any
    return wanted


def test_a_month_of_congested_auctions_is_billed_and_corrected(
    month: Path, noons: list[Clearance], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Day by day, from many results: settled, with fewer deliveries, and with none of the results."""
    monkeypatch.setattr(days, "SMALL_PART", 1)
    case, results = month / "case", month / "results"
    first = gridpact.settle(case, results, bills=True)
    wanted = check(first, noons)
    assert not any("congestion" in notice for notice in first.energy.notices)
    rent = sum(each.summary["auction"]["congestion_rent"] for each in noons)
    assert sum(wanted.values()) / 1e6 == pytest.approx(rent, abs=0.05) and rent > 10.0
    buyers = {name for noon in noons for name in noon.cleared["buyer"]}
    assert set(+wanted) | set(-wanted) == buyers
    out = write_settlement(first, month / "first")

    read(case, noons, kept=0.9)
    second = gridpact.settle(case, results, previous=out, bills=True)
    less = check(second, noons)
    assert 0.5 * sum(wanted.values()) < sum(less.values()) < sum(wanted.values())
    again = write_settlement(second, month / "second")

    third = gridpact.settle(case, None, previous=again, bills=True)
    assert not any(each["figure"] for each in third.summary["invariants"].values())
    assert third.summary["accounts"]["congestion"]["net_micro"] == 0
    assert not third.statements["congestion_micro"].any()
    bills = third.summary["bills"]
    assert not [line for bill in bills for line in bill["lines"] if line["line"] == "congestion"]
    assert any("congestion" in (bill["corrects"] or {"line_cents": ()})["line_cents"] for bill in bills)


def test_congestion_may_come_with_a_correction(month: Path, noons: list[Clearance]) -> None:
    """The account then stands before those of bills, which the earlier ledger has already."""
    case = month / "case"
    first = gridpact.settle(case, None, bills=True)
    assert "congestion" not in first.summary["accounts"] | first.summary["money_micro"]
    assert "congestion_micro" not in first.statements
    out = write_settlement(first, month / "first")
    second = gridpact.settle(case, list(noons), previous=out, bills=True)
    check(second, noons)
    assert second.settlement.ledger.accounts[-3:] == ("congestion", "issuer", "rounding")


def test_a_missing_rate_of_congestion_is_told_where_there_is_congestion(
    month: Path, noons: list[Clearance]
) -> None:
    case = month / "case"
    (case / "tariffs.toml").write_text(TARIFFS.replace(", congestion = 10", ""))
    for results, kinds in (
        (list(noons), "imbalance, loss, congestion, fixed"),
        (None, "imbalance, loss, fixed"),
    ):
        notices = gridpact.settle(case, results, bills=True).energy.notices
        assert any(f"names no rate for {kinds}:" in notice for notice in notices)
