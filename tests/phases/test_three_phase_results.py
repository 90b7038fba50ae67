"""Results of three phases: tables, words, files, commands; and OpenDSS as the judge of a written schedule."""

import json
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import gridpact
from gridpact.case import Allocation, Case, TableFormat, write_case
from gridpact.case.terms import Terms
from gridpact.cli import main
from gridpact.grid.limits import Limits
from gridpact.grid.places import places
from gridpact.report.clearance.clearance_page import report_page
from gridpact.results import Clearance
from gridpact.results import clearance_tables as tables
from gridpact.results.clearance_outcome import outcome
from tests.phases.cases import FORMATS, PHASES, case_on, limited, network_source, relief_case
from tests.phases.made import pandapower_net
from tests.phases.test_three_phase_opendss import ORDER_OF_CLOCK, of_pandapower
from tests.sessions import after, with_forecast

TIGHT = Limits(
    voltage_max_pu=1.052,
    neutral_loading_max_percent=25.0,
    line_loading_max_percent=25.0,
    voltage_unbalance_max_percent=0.4,
)


def tight_case(folder: Path, network_format: str = "pandapower", **made: Any) -> Case:
    source = network_source(network_format, folder, **made)
    return case_on(source, folder, limits=TIGHT, phases=PHASES, power_kw=14.0)


@pytest.mark.parametrize("table_format", list(TableFormat))
def test_tables_have_the_columns_of_phases_and_balanced_ones_do_not(
    table_format: TableFormat, tmp_path: Path
) -> None:
    case = replace(tight_case(tmp_path), table_format=table_format)
    less = replace(with_forecast(case, 1.0, 0.7), trades=case.trades.at(np.arange(0)))
    session = after(less, gridpact.clear(replace(case, limits=Limits())))
    people = replace(case.participants, phases=())
    source = replace(case.network, model="balanced")
    balanced = replace(case, network=source, limits=Limits(), participants=people)
    for one, is_balanced in ((session, False), (balanced, True)):
        folder = gridpact.write_clearance(gridpact.clear(one), tmp_path / f"out{is_balanced}")
        for name in ("cleared", "commitments", "schedule", "network", "limits"):
            path = folder / f"{name}.{table_format}"
            if name == "commitments" and is_balanced:
                continue
            table = pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
            expected = [
                column
                for column in getattr(tables, name.upper())
                if column != "seller_price_per_kwh"  # which only auctions have
                and not (is_balanced and column in ("phase", "phases"))
            ]
            assert list(table.columns) == expected
        summary = json.loads((folder / "summary.json").read_text())
        assert ("model" in summary) is not is_balanced
        assert ("max_unbalance_excess_percent" in summary["verification"]) is not is_balanced


@pytest.mark.parametrize("network_format", FORMATS)
def test_the_table_of_the_network_holds_every_phase_neutral_and_unbalance_once(
    network_format: str, tmp_path: Path
) -> None:
    clearance = gridpact.clear(tight_case(tmp_path, network_format))
    table, network = clearance.network_state, clearance.network
    found, periods = places(network), 2
    kinds = table.groupby(["kind", "quantity", "phase"]).size()
    buses, lines = len(network.bus_ids), sum(kind == "line" for kind in network.elements.kind)
    for phase in "abc":
        assert kinds["bus", "voltage_pu", phase] == periods * buses
        assert kinds["line", "loading_percent", phase] == periods * lines
        assert kinds["transformer", "loading_percent", phase] == periods
    assert kinds["line", "loading_percent", "n"] == periods * lines
    assert kinds["bus", "unbalance_percent", ""] == periods * len(found.unbalance_bus)
    assert len(table) == kinds.sum()
    key = ["time", "kind", "element", "phase", "quantity"]
    assert not table.duplicated(key).any()
    supply = network.bus_ids[np.isin(network.bus_node, network.slack_node)]
    held = table["element"].isin(supply) & (table["kind"] == "bus")
    assert table.loc[~held, "limit_max"].notna().all()
    assert set(table.loc[table["limit_min"].notna(), "quantity"]) == {"voltage_pu"}
    exchange, schedule = clearance.exchange, clearance.schedule
    net = schedule.groupby("time")["net_injection_kw"].sum().to_numpy()
    np.testing.assert_allclose(exchange["import_kw"] + net, exchange["losses_kw"], rtol=0, atol=1e-6)
    assert tuple(schedule["phases"][: len(PHASES)]) == PHASES


def judged_by_opendss(folder: Path, case_folder: Path, net: Any, limits: Limits = TIGHT) -> dict[str, float]:
    """The greatest excesses of a written schedule over the limits of its case, by OpenDSS."""
    schedule = pd.read_csv(folder / "schedule.csv")
    people = pd.read_csv(case_folder / "participants.csv").set_index("participant")
    worst: dict[str, float] = defaultdict(lambda: -np.inf)
    turn = np.exp(2j * np.pi / 3)
    for _, rows in schedule.groupby("time"):
        circuit = of_pandapower(net, ORDER_OF_CLOCK[5], (" conn=delta", ""))
        for row in rows.itertuples():
            own = people.loc[row.participant]
            made = row.own_use_kw + row.p2p_sold_kw + row.retail_export_kw
            used = row.own_use_kw + row.p2p_bought_kw + row.retail_import_kw
            factors = own.generation_power_factor, own.load_power_factor
            tangent = [np.sqrt(1 - factor**2) / factor for factor in factors]
            drawn = used * (1 + 1j * tangent[1]) - made * (1 + 1j * tangent[0])
            assert row.net_injection_kw == pytest.approx(-drawn.real, abs=1e-6)
            for phase in own.phases:
                node = "abc".index(phase) + 1
                name = f"l{row.participant}_{phase}"
                circuit.load(name, f"b{own.bus}.{node}.0", 0.4 / np.sqrt(3), drawn / len(own.phases))
        circuit.solve()
        for bus in range(1, 6):
            volts = circuit.phasors(f"b{bus}") / (400.0 / np.sqrt(3))
            a, b, c = volts
            share = abs(a + turn**2 * b + turn * c) / abs(a + turn * b + turn**2 * c)
            size = np.abs(volts)
            worst["voltage"] = max(worst["voltage"], size.max() - limits.voltage_max_pu)
            worst["voltage"] = max(worst["voltage"], limits.voltage_min_pu - size.min())
            worst["unbalance"] = max(worst["unbalance"], 100 * share - limits.voltage_unbalance_max_percent)
        for index, line in net.line.iterrows():
            current = circuit.currents(f"Line.n{index}").reshape(2, 3) / (1e3 * line.max_i_ka * line.df)
            most = 100 * np.abs(current).max() - limits.line_loading_max_percent
            back = 100 * np.abs(current.sum(axis=1)).max() - limits.neutral_loading_max_percent
            worst["line"], worst["neutral"] = max(worst["line"], most), max(worst["neutral"], back)
    return worst


def test_opendss_finds_no_limit_broken_by_the_written_schedule(tmp_path: Path) -> None:
    made = {"pfe_kw": 0.0, "i0_percent": 0.0}
    case = tight_case(tmp_path, **made)
    write_case(case, tmp_path / "case")
    main_ends(["clear", str(tmp_path / "case"), "--out", str(tmp_path / "out"), "--quiet"], 0)
    net = pandapower_net(charging=False, vn_lv_kv=0.41, **made)
    excess = judged_by_opendss(tmp_path / "out", tmp_path / "case", net)
    assert excess["voltage"] < 1e-6 and excess["line"] < 1e-4
    assert excess["neutral"] < 1e-4 and excess["unbalance"] < 1e-4
    assert max(excess["voltage"] / 0.01, excess["neutral"], excess["unbalance"]) > -1e-4  # something binds
    free = replace(case, limits=Limits(voltage_max_pu=1.4, voltage_unbalance_max_percent=50.0))
    everything = gridpact.write_clearance(gridpact.clear(free), tmp_path / "everything")
    assert max(judged_by_opendss(everything, tmp_path / "case", net).values()) > 0.05


def main_ends(arguments: list[str], code: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["gridpact", *arguments])
        try:
            main()
            ended = 0
        except SystemExit as stop:
            ended = int(stop.code or 0)
    assert ended == code


def test_commands_say_what_there_is_and_refuse_what_has_no_meaning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case, out = tight_case(tmp_path), tmp_path / "out"
    write_case(case, tmp_path / "cases" / "case")
    folder = str(tmp_path / "cases" / "case")
    main_ends(["check", folder, "--quiet"], 0)
    main_ends(["clear", folder, "--out", str(out), "--quiet"], 0)
    said = capsys.readouterr().out
    assert "every limit kept" in said and " phase " in said and "highest unbalance" in said
    page = (out / "report.html").read_text()
    assert " phase " in page and "neutral of line" in page.lower()
    main_ends(["clear", folder, "--out", str(tmp_path / "json"), "--json", "--quiet"], 0)
    assert json.loads(capsys.readouterr().out)["model"] == "three-phase"
    for option in (["--formulation", "dc"], ["--certify"]):
        main_ends(["clear", folder, "--out", str(tmp_path / "none"), *option, "--quiet"], 2)
        captured = capsys.readouterr()
        assert "balanced" in captured.err and not captured.out and not (tmp_path / "none").exists()
    main_ends(["convert", folder, "--to", "parquet", "--out", str(tmp_path / "parquet"), "--quiet"], 0)
    main_ends(["clear", str(tmp_path / "parquet"), "--out", str(tmp_path / "p"), "--quiet"], 0)
    assert pd.read_parquet(tmp_path / "p" / "schedule.parquet")["phases"].tolist()[:6] == list(PHASES)
    main_ends(["network", folder + "/net.json", "--model", "three-phase", "--quiet"], 0)
    main_ends(
        ["fleet", str(tmp_path / "cases"), "--out", str(tmp_path / "fleet"), "--workers", "1", "--quiet"], 0
    )
    row = pd.read_parquet(tmp_path / "fleet" / "fleet.parquet").iloc[0]
    assert row["status"] == "cleared" and row["network_cut_kwh"] > 0.0 and row["element"]


@pytest.mark.parametrize("rule", list(Allocation))
@pytest.mark.parametrize("network_format", FORMATS)
def test_every_rule_and_terms_clear_within_every_limit(
    rule: Allocation, network_format: str, tmp_path: Path
) -> None:
    case = replace(tight_case(tmp_path, network_format), allocation=rule)
    free = gridpact.clear(case)
    safe(free)
    count = len(case.trades)
    terms = Terms(
        block=np.arange(count) % 3 == 0,
        min_fraction=np.where(np.arange(count) % 2 == 0, 0.3, 0.0),
        group=np.full(count, -1),
        link=np.full(count, -1),
        group_names=(),
        link_names=(),
    )
    tied = gridpact.clear(replace(case, trades=replace(case.trades, terms=terms)))
    safe(tied)
    if rule is Allocation.MAX_VOLUME:
        assert tied.summary["cleared_kwh"] <= free.summary["cleared_kwh"] + 1e-6
        return
    assert free.summary["price_of_fairness"]["cost_kwh"] >= 0.0
    assert free.limits["shadow_price"].isna().all()


def safe(clearance: Clearance) -> None:
    summary = clearance.summary
    assert summary["status"] == "cleared" and summary["cleared_kwh"] > 0.0
    assert summary["verification"]["max_difference_pu"] < 1e-9
    assert summary["remaining_violations"] == []
    report_page(clearance)
    outcome(clearance)


def test_a_session_keeps_what_was_firm_and_says_on_which_phase_it_is_cut(tmp_path: Path) -> None:
    case = tight_case(tmp_path)
    first = gridpact.clear(case)
    again = gridpact.clear(after(replace(case, trades=case.trades.at(np.arange(0))), first))
    assert len(again.commitments) == 0
    assert again.summary["commitments"]["kept_kwh"] == pytest.approx(first.summary["cleared_kwh"], abs=1e-6)
    assert again.summary["notices"] == first.summary["notices"]
    narrow = replace(case, limits=replace(TIGHT, neutral_loading_max_percent=12.0))
    cut = gridpact.clear(after(replace(narrow, trades=case.trades.at(np.arange(0))), first))
    named = cut.commitments[cut.commitments["limited_by"] == "neutral"]
    assert len(named) and set(named["phase"]) == {"n"}
    assert "(firm) cut" in outcome(cut)


def test_a_limit_broken_before_any_trade_is_said_with_its_phase(tmp_path: Path) -> None:
    case = relief_case(network_source("pandapower", tmp_path), high=True)
    broken = gridpact.clear(limited(case, "voltage_max", 1.03))
    [*violations] = broken.summary["baseline_violations"]
    assert {each["phase"] for each in violations} <= set("abc")
    first = violations[0]
    assert f"bus {first['element']} phase {first['phase']} at " in outcome(broken)
    unbalanced = gridpact.clear(limited(case, "voltage_unbalance", 0.01))
    assert {each["phase"] for each in unbalanced.summary["baseline_violations"]} == {""}
    assert "unbalance of bus 4 at " in outcome(unbalanced)
    assert "unbalance of bus 4 at " in report_page(unbalanced).lower()
