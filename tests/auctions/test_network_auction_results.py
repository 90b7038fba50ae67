"""The network auction in files, sessions and settlements, and what does not go with it."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from benchmarks import network_auction

import gridpact
from gridpact import Case, InvalidCase, InvalidUsage, Terms, Trades, clear
from gridpact.case import write_case
from gridpact.report.clearance.clearance_page import report_page
from gridpact.results.clearance_outcome import outcome
from gridpact.results.clearance_tables import CLEARED, ORDERS, THREE_PHASE
from gridpact.settlement.ledger.ledger import EntryKind
from tests.auctions.made import order_case
from tests.example import write_example

KERBER = "pandapower/kerber_landnetz_freileitung_1"


@pytest.fixture(scope="module")
def case() -> Case:
    return order_case(0, KERBER, sellers=6, buyers=7, power_kw=60.0, firm=0.3, power_factor=0.95)


def test_the_files_have_the_orders_and_both_prices(case: Case, tmp_path: Path) -> None:
    clearance = clear(case)
    out = gridpact.write_clearance(clearance, tmp_path / "out")
    orders, cleared = pd.read_csv(out / "orders.csv"), pd.read_csv(out / "cleared.csv")
    assert tuple(orders.columns) == ORDERS
    assert tuple(cleared.columns) == tuple(name for name in CLEARED if name not in THREE_PHASE)
    assert (cleared["seller_price_per_kwh"] < cleared["price_per_kwh"]).any()
    assert (cleared["proposed_kw"] == cleared["cleared_kw"]).all()
    sides = [name.split("#")[0].split(":") for name in cleared["trade"]]
    for which, side in ((0, "sell"), (1, "buy")):
        sums = cleared["cleared_kw"].groupby([names[which] for names in sides]).sum()
        table = orders[(orders["side"] == side) & (orders["cleared_kw"] > 0.0)].set_index("order")
        assert sums.to_dict() == pytest.approx(table["cleared_kw"].to_dict(), abs=1e-8)
    summary = json.loads((out / "summary.json").read_text())
    auction = summary["auction"]
    assert auction["cleared_kwh"] == pytest.approx(summary["cleared_kwh"], abs=1e-8)
    most = min(auction["offered_to_sell_kwh"], auction["offered_to_buy_kwh"])
    assert summary["bound"]["upper_kwh"] == pytest.approx(most, abs=1e-8)
    said = outcome(clearance)
    assert f"{summary['cleared_kwh']:.3f} kWh cleared of orders on the network; every limit kept" in said
    assert f"welfare {auction['welfare']:.3f}, congestion rent {auction['congestion_rent']:.3f}" in said
    assert "more welfare an hour" in report_page(clearance)
    again = gridpact.write_clearance(clear(case), tmp_path / "again")
    for name in ("orders.csv", "cleared.csv", "limits.csv", "schedule.csv"):
        assert (again / name).read_bytes() == (out / name).read_bytes()


def test_it_pairs_in_the_order_of_the_double_auction(case: Case) -> None:
    """The first ask meets the first bid: along the trades neither side goes back to a better order."""
    clearance, orders = clear(case), case.orders
    place = {name: k for k, name in enumerate(orders.ids)}
    sides = [[place[name] for name in trade.split("#")[0].split(":")] for trade in clearance.cleared["trade"]]
    asks, bids = (orders.price_per_kwh[list(one)] for one in zip(*sides, strict=True))
    by_ask = np.lexsort((-bids, asks))
    assert (np.diff(asks[by_ask]) >= 0.0).all() and (np.diff(bids[by_ask]) <= 0.0).all()


def test_shadow_prices_are_of_welfare(case: Case) -> None:
    """1 % more of a line's limit adds what its shadow price says, per hour."""
    clearance = clear(case)
    step = 0.05
    for row in clearance.limits.itertuples():
        assert row.limited_by == "line"
    wider = replace(case, limits=replace(case.limits, line_loading_max_percent=100.0 + step))
    hours = case.horizon.hours_per_period
    gained = (clear(wider).summary["auction"]["welfare"] - clearance.summary["auction"]["welfare"]) / hours
    assert gained / step == pytest.approx(clearance.limits["shadow_price"].sum(), rel=1e-2)


def _with_orders(folder: Path) -> Path:
    """The example street with orders alone, that are cleared on the network."""
    write_example(folder)
    (folder / "trades.csv").unlink()
    path = folder / "case.toml"
    said = path.read_text().replace('formulation = "dc"', 'formulation = "ac"')
    path.write_text(said + '\n[matching]\nmechanism = "network-auction"\n')
    return folder


def test_a_folder_names_the_mechanism_and_a_session_goes_on_from_it(tmp_path: Path) -> None:
    case = gridpact.read_case(_with_orders(tmp_path / "case"))
    assert case.mechanism == "network-auction"
    first = clear(case)
    assert first.summary["auction"]["cleared_kwh"] > 0.0
    out = gridpact.write_clearance(first, tmp_path / "first")
    firm = gridpact.with_commitments(replace(case, orders=case.orders.none()), out)
    both = firm.commitments.seller_price_per_kwh, firm.commitments.price_per_kwh
    assert both[0].tolist() == pytest.approx(first.trades.seller_price_per_kwh.tolist()), (
        "what sellers receive is firm too"
    )
    assert both[1].tolist() == pytest.approx(first.trades.price_per_kwh.tolist())
    second = clear(gridpact.with_commitments(_renamed(case), out))
    kept = second.summary["commitments"]
    assert kept["kept_kwh"] == pytest.approx(first.summary["cleared_kwh"], abs=1e-6)
    assert second.verification.status == "cleared"


def _renamed(case: Case) -> Case:
    """The same orders under other names."""
    orders = case.orders
    return replace(case, orders=replace(orders, ids=tuple(f"new-{name}" for name in orders.ids)))


def test_congestion_is_booked_on_its_account(case: Case, tmp_path: Path) -> None:
    clearance = clear(replace(case, currency="EUR"))
    folder = tmp_path / "case"
    write_case(replace(case, currency="EUR"), folder)
    (folder / "tariffs.toml").write_text(
        'mode = "firm"\nloss_allocation = "dso"\nmissing = "schedule"\n'
        "[network]\np2p_charge_per_kwh = 0.02\nretail_charge_per_kwh = 0.05\ntax_per_kwh = 0.01\n"
        "[retailers.default]\nsupply_price_per_kwh = 0.3\nfeed_in_price_per_kwh = 0.05\n"
        "imbalance_short_per_kwh = 0.3\nimbalance_long_per_kwh = 0.05\n"
    )
    (folder / "meters.csv").write_text("time,participant,import_kwh,export_kwh\n")
    out = gridpact.write_clearance(clearance, tmp_path / "out")
    for given in (clearance, out):
        settled = gridpact.settle(folder, given)
        settlement, ledger = settled.settlement, settled.settlement.ledger
        assert ledger.accounts[-1] == "congestion"
        booked = ledger.kind == EntryKind.CONGESTION
        account = ledger.accounts.index("congestion")
        assert (ledger.credit[booked] == account).all() and booked.any()
        rent = float(ledger.amount_micro[booked].sum()) / 1e6
        assert rent == pytest.approx(clearance.summary["auction"]["congestion_rent"], abs=1e-3)
        assert settled.statements["congestion_micro"].sum() == ledger.amount_micro[booked].sum()
        assert settled.summary["accounts"]["congestion"]["net_micro"] == ledger.amount_micro[booked].sum()
        assert not any(each["figure"] for each in settled.summary["invariants"].values())
        assert settlement.positions.has_congestion


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"formulation": "dc"}, "formulation has no voltages and losses"),
        ({"robustness": "declared"}, "robustness asks for more than the state that prices are of"),
        (
            {"trades": Trades(ids=["t"], seller=[0], buyer=[7], start=[0], end=[1], power_kw=[1.0],
                              price_per_kwh=[0.1])},
            "trades are beside orders that are cleared on the network",
        ),
        ({"mechanism_settings": {"x": 1.0}}, "mechanism_settings['x'] is not a setting of the mechanism"),
    ],
)  # fmt: skip
def test_what_does_not_go_with_it_is_refused(case: Case, choices: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidCase) as refusal:
        replace(case, **choices)  # type: ignore[arg-type]
    assert said in str(refusal.value)


def test_terms_of_orders_are_refused_with_the_reason(case: Case, tmp_path: Path) -> None:
    count = len(case.orders)
    blocks = Terms(block=np.arange(count) < 2, min_fraction=np.zeros(count))
    with pytest.raises(InvalidCase, match="no price need exist that fits all") as refusal:
        replace(case, orders=replace(case.orders, terms=blocks))
    assert refusal.value.total == 2
    folder = _with_orders(tmp_path / "case")
    table = pd.read_csv(folder / "orders.csv").assign(min_fraction=0.5)
    table.to_csv(folder / "orders.csv", index=False)
    with pytest.raises(InvalidCase, match="no price need exist that fits all") as refusal:
        gridpact.read_case(folder)
    assert {problem.file for problem in refusal.value.problems} == {"orders.csv"}
    assert refusal.value.problems[0].line == 2


def test_a_folder_lists_all_that_does_not_go_with_it(tmp_path: Path) -> None:
    folder = write_example(tmp_path / "case")
    path = folder / "case.toml"
    path.write_text(
        path.read_text() + '\n[matching]\nmechanism = "network-auction"\nprice_rule = "ask"\nmid = 1\n'
    )
    with pytest.raises(InvalidCase) as refusal:
        gridpact.read_case(folder)
    said = str(refusal.value)
    assert "matching.price_rule 'ask' is of the mechanism 'double-auction'" in said
    assert "matching.mid is not known" in said
    assert "trades.csv: are beside orders that are cleared on the network" in said


def test_it_is_not_matched_without_the_network_and_not_certified(case: Case) -> None:
    with pytest.raises(InvalidUsage, match="has no trades before the network is cleared"):
        gridpact.match(case)
    with pytest.raises(InvalidUsage, match="clears orders by their welfare"):
        clear(case, certify=True)


def test_the_benchmark_compares_both_ways_through_the_same_hour(case: Case) -> None:
    found = network_auction.compared(case)
    assert found.cut_welfare < found.auctioned_welfare < found.matched_welfare
    assert found.auctioned_welfare == pytest.approx(
        clear(case).summary["auction"]["welfare"] / case.horizon.hours_per_period
    )
    assert found.congested == 1 and len(network_auction.NETWORKS) == 5
