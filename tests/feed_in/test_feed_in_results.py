"""What a result says of feed-in: tables, figures, words, page, exit codes, fleets."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import gridpact
from gridpact.case import Case, FeedIn
from gridpact.cli.program import app
from gridpact.grid.limits import Limits
from gridpact.published import village_day
from gridpact.report.clearance.clearance_page import report_page
from gridpact.results import Clearance
from gridpact.results.clearance_outcome import outcome
from tests.feed_in.random_feed_in import cleared, feed_in_case

SUN, BAND = 14.0, Limits(voltage_max_pu=1.03)
UNSAFE, SAFE = 2, 18  # seeds


@pytest.fixture(scope="module")
def village() -> Case:
    """The published village with more sun than its network carries, all of it offered to retailers."""
    case = village_day()
    everybody = np.ones(len(case.participants), dtype=bool)
    return replace(
        case,
        participants=replace(case.participants, exports=everybody),
        profiles=replace(case.profiles, generation_kw=SUN * case.profiles.generation_kw),
        limits=BAND,
        feed_in=FeedIn.AFTER_TRADES,
    )


@pytest.fixture(scope="module")
def clearance(village: Case) -> Clearance:
    return cleared(village)


def test_the_table_has_a_row_for_each_exporter_and_period_that_is_curtailed(clearance: Clearance) -> None:
    table, fed_in = clearance.curtailed, clearance.fed_in
    assert list(table) == ["time", "participant", "available_kw", "curtailed_kw", "limited_by", "element"]
    assert len(table) == np.sum(fed_in.curtailed_kw > 1e-6) > 20
    assert (table["curtailed_kw"] <= table["available_kw"]).all()
    assert set(table["limited_by"]) == {"voltage_max"}
    at_limit = clearance.network_state.query("quantity == 'voltage_pu'").set_index(["time", "element"])
    for row in table.itertuples():
        assert at_limit.loc[(row.time, int(row.element)), "cleared"] == pytest.approx(1.03, abs=1e-6)


def test_the_schedule_adds_up(clearance: Clearance) -> None:
    schedule, fed_in = clearance.schedule, clearance.fed_in
    np.testing.assert_allclose(schedule["retail_export_kw"], fed_in.fed_in_kw.ravel(), atol=1e-9)
    np.testing.assert_allclose(schedule["curtailed_kw"], fed_in.curtailed_kw.ravel(), atol=1e-9)
    parts = schedule[["own_use_kw", "p2p_sold_kw", "retail_export_kw", "curtailed_kw"]].sum(axis=1)
    np.testing.assert_allclose(parts, schedule["generation_kw"], atol=1e-8)


def test_the_summary_has_energies_and_limits(clearance: Clearance) -> None:
    figures = clearance.summary["feed_in"]
    assert figures["available_kwh"] == pytest.approx(figures["fed_in_kwh"] + figures["curtailed_kwh"])
    assert figures["curtailed_kwh"] == pytest.approx(clearance.curtailed["curtailed_kw"].sum(), abs=1e-4)
    assert sum(limit["curtailed_kwh"] for limit in figures["limits"]) == pytest.approx(
        figures["curtailed_kwh"], abs=1e-4
    )


def test_the_price_of_a_limit_is_what_a_little_more_of_it_lets_in(
    village: Case, clearance: Clearance
) -> None:
    step = 1e-5
    more, less = (
        cleared(village, limits=Limits(voltage_max_pu=1.03 * (1.0 + sign * step))).summary["feed_in"]
        for sign in (1, -1)
    )
    gained = (more["fed_in_kwh"] - less["fed_in_kwh"]) / (200.0 * step)
    price = sum(limit["kwh_per_percent"] for limit in clearance.summary["feed_in"]["limits"])
    assert price == pytest.approx(gained, rel=0.02)


def test_even_curtailment_has_no_price(village: Case) -> None:
    limits = cleared(village, curtailment="even").summary["feed_in"]["limits"]
    assert limits
    assert all(limit["kwh_per_percent"] is None for limit in limits)


def test_words_and_page_say_what_is_curtailed_where_and_when(clearance: Clearance) -> None:
    said, page = outcome(clearance), report_page(clearance)
    assert "2,246.956 kWh of 2,615.800 kWh taken by retailers (85.9%); 368.844 kWh curtailed" in said
    assert "curtailed 59% of pv-18's feed-in: bus 16 at 1.03 pu, 11:00–14:00" in said
    assert "Every limit kept, some feed-in curtailed" in page
    assert "What retailers take" in page
    assert '"feed-in"' in page


def test_the_files_of_a_result_have_the_table_where_somebody_exports(
    village: Case, clearance: Clearance, tmp_path: Path
) -> None:
    written = gridpact.write_clearance(clearance, tmp_path / "out")
    assert (written / "curtailed.csv").is_file()
    nobody = replace(village.participants, exports=np.zeros(len(village.participants), dtype=bool))
    again = gridpact.write_clearance(cleared(village, participants=nobody), written)
    assert not (again / "curtailed.csv").exists()
    assert "feed_in" not in json.loads((again / "summary.json").read_text())


@pytest.mark.parametrize(("seed", "code", "status"), [(UNSAFE, 3, "baseline_unsafe"), (SAFE, 0, "cleared")])
def test_strict_is_an_exit_code_and_the_result_is_written(
    seed: int, code: int, status: str, tmp_path: Path
) -> None:
    gridpact.write_case(feed_in_case(seed, tmp_path), tmp_path / "case")
    arguments = ["clear", str(tmp_path / "case"), "--out", str(tmp_path / "out"), "--quiet"]
    assert CliRunner().invoke(app, [*arguments, "--strict"]).exit_code == code
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["status"] == status
    assert CliRunner().invoke(app, arguments).exit_code == 0


def test_a_fleet_counts_each_status_and_says_what_is_curtailed(tmp_path: Path) -> None:
    for name, seed in (("safe", SAFE), ("unsafe", UNSAFE)):
        gridpact.write_case(feed_in_case(seed, tmp_path), tmp_path / "fleet" / name)
    arguments = [
        "fleet",
        str(tmp_path / "fleet"),
        "--out",
        str(tmp_path / "out"),
        "--workers",
        "1",
        "--quiet",
    ]
    run = CliRunner().invoke(app, [*arguments, "--strict"])
    assert run.exit_code == 3
    assert "1 of 2 cases cleared, 1 NOT SAFE" in run.output
    assert "curtailed of" in run.output
    summary = json.loads((tmp_path / "out" / "fleet.json").read_text())
    assert summary["statuses"]["baseline_unsafe"] == summary["statuses"]["cleared"] == 1
    assert summary["curtailed_kwh"] > 1.0
    assert "limits broken before any trade, none made worse" in (tmp_path / "out" / "fleet.html").read_text()


def test_settings_are_read_and_written(tmp_path: Path) -> None:
    case = replace(feed_in_case(SAFE, tmp_path), feed_in="firm", curtailment="even")
    gridpact.write_case(case, tmp_path / "case")
    again = gridpact.read_case(tmp_path / "case")
    assert (again.feed_in, again.curtailment) == ("firm", "even")


def test_a_case_folder_with_other_words_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "case"
    gridpact.write_case(feed_in_case(SAFE, tmp_path), folder)
    text = (folder / "case.toml").read_text()
    text = text.replace('"after-trades"', '"always"').replace('"most"', '"fair"')
    (folder / "case.toml").write_text(text)
    with pytest.raises(gridpact.InvalidCase) as refused:
        gridpact.read_case(folder)
    assert {problem.field for problem in refused.value.problems} == {
        "clearing.feed_in",
        "clearing.curtailment",
    }
