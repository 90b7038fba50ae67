"""Fleets with three-phase feeders: their columns, what their limits cut, and the page."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import gridpact
from gridpact.case import read_case, write_case
from gridpact.fleet import FleetResult, run_fleet
from gridpact.fleet.page.fleet_outcome import limit_name
from gridpact.fleet.rows.fleet_tables import ALL_COLUMNS, COLUMNS, PHASE_COLUMNS
from gridpact.fleet.rows.row import row_of
from gridpact.results import Clearance
from tests.fleets import fleet_case
from tests.pages.phase_cases import idle_clearance, phase_case, readings
from tests.unit.test_report import Structure, own_part

LIMITS = {
    "line": {"line_loading_max_percent": 15.0},
    "neutral": {"neutral_loading_max_percent": 15.0},
    "unbalance": {"voltage_unbalance_max_percent": 0.3},
    "voltage": {"voltage_max_pu": 1.05},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four three-phase cases and a balanced one."""
    root = tmp_path_factory.mktemp("mixed")
    for name, limits in LIMITS.items():
        write_case(replace(phase_case(root / "nets" / name, **limits), name=name), root / "cases" / name)
    write_case(fleet_case(1), root / "cases" / "balanced")
    return root


@pytest.fixture(scope="module")
def done(folder: Path) -> FleetResult:
    return run_fleet(folder / "cases", folder / "out", workers=1, quiet=True)


@pytest.fixture(scope="module")
def table(done: FleetResult) -> pd.DataFrame:
    return done.table.set_index("path")


def clearance_of(folder: Path, path: str) -> Clearance:
    return gridpact.clear(read_case(folder / "cases" / path))


def test_the_columns_are_there_where_a_feeder_is_on_three_phases(
    done: FleetResult, table: pd.DataFrame, folder: Path
) -> None:
    assert list(done.table.columns) == list(ALL_COLUMNS)
    assert set(ALL_COLUMNS) - set(COLUMNS) == set(PHASE_COLUMNS)
    assert table.loc["balanced", [*PHASE_COLUMNS]].isna().all()
    assert table.drop(index="balanced")[["worst_phase", "highest_unbalance_percent"]].notna().all(axis=None)
    balanced = folder / "balanced-alone"
    write_case(fleet_case(1), balanced / "one")
    alone = run_fleet(balanced, folder / "out-alone", workers=1, quiet=True)
    assert list(alone.table.columns) == list(COLUMNS)
    assert not {*PHASE_COLUMNS} & {*alone.summary}
    assert "three phases" not in own_part(alone.page.read_text())


@pytest.mark.parametrize("path", LIMITS)
def test_a_row_has_the_extremes_of_the_tables(table: pd.DataFrame, folder: Path, path: str) -> None:
    clearance, row = clearance_of(folder, path), table.loc[path]
    neutral = readings(clearance, "line", "loading_percent", "n").max()
    unbalance = readings(clearance, "bus", "unbalance_percent", "").max()
    assert row["highest_neutral_percent"] == pytest.approx(neutral.max(), abs=1e-9)
    assert neutral[int(row["highest_neutral_line"])] == pytest.approx(neutral.max(), abs=1e-8)
    assert row["highest_unbalance_percent"] == pytest.approx(unbalance.max(), abs=1e-9)
    assert unbalance[int(row["highest_unbalance_bus"])] == pytest.approx(unbalance.max(), abs=1e-8)


def test_a_row_names_the_phase_and_counts_what_neutral_and_unbalance_cut(
    table: pd.DataFrame, folder: Path
) -> None:
    for path, kind in (("neutral", "neutral"), ("unbalance", "voltage_unbalance")):
        cleared, row = clearance_of(folder, path).cleared, table.loc[path]
        cut_kw = (cleared["proposed_kw"] - cleared["cleared_kw"])[cleared["limited_by"] == kind]
        assert row[f"{kind}_cut_kwh"] == pytest.approx(cut_kw.sum() * 0.25, abs=1e-6)
        assert row[f"{kind}_cut_kwh"] > 0.0 and row["limited_by"] == kind
    cuts = [name for name in table.columns if name.endswith("_cut_kwh")]
    parts = [name for name in cuts if name not in ("network_cut_kwh", "caps_cut_kwh", "element_cut_kwh")]
    assert len(parts) == 6
    of_phases = table.drop(index="balanced")
    assert of_phases[parts].sum(axis=1).tolist() == pytest.approx(of_phases["network_cut_kwh"].tolist())
    assert table["phase"].drop("balanced").to_dict() | {"line": "", "voltage": ""} == {
        "line": "", "neutral": "n", "unbalance": "", "voltage": "",
    }  # fmt: skip
    for path in ("line", "voltage"):
        cleared, row = clearance_of(folder, path).cleared, table.loc[path]
        kwh = (
            cleared.assign(kwh=0.25 * (cleared["proposed_kw"] - cleared["cleared_kw"]))
            .query("limited_by == @row.limited_by")
            .groupby(["element", "phase"])["kwh"]
            .sum()
        )
        assert (row["element"], row["phase"]) == kwh.idxmax()
        prices = clearance_of(folder, path).limits.query(
            "limited_by == @row.limited_by and element == @row.element and phase == @row.phase"
        )["shadow_price"]
        assert row["shadow_price"] == pytest.approx(prices.max(), abs=1e-6)
        assert row["phase"] in {"a", "b", "c"} and row["element_cut_kwh"] == pytest.approx(
            kwh.max(), abs=1e-6
        )


def test_the_worst_phase_is_the_one_nearest_to_a_limit(tmp_path: Path) -> None:
    for limits in ({"voltage_max_pu": 1.06}, {"voltage_min_pu": 0.99}, {"line_loading_max_percent": 120.0}):
        clearance = idle_clearance(tmp_path / next(iter(limits)), **limits)
        state = clearance.network_state
        of_phases = state[state["phase"].isin([*"abc"])]
        middle = (of_phases["limit_max"] + of_phases["limit_min"].fillna(0.0)) / 2.0
        of_voltage = of_phases["quantity"] == "voltage_pu"
        share = np.where(
            of_voltage,
            (of_phases["cleared"] - middle).abs() / (of_phases["limit_max"] - middle),
            of_phases["cleared"] / of_phases["limit_max"],
        )
        worst = of_phases.assign(share=share).groupby("phase")["share"].max().idxmax()
        assert row_of("x", clearance, {})["worst_phase"] == worst


def test_the_page_and_the_words_tell_of_phases(done: FleetResult, table: pd.DataFrame) -> None:
    page = own_part(done.page.read_text())
    assert Structure(page).open == []
    part = page.split("<h2>Phases, neutrals and unbalance</h2>")[1].split("</section>")[0]
    assert "4 cases on three phases." in part
    counts = table["worst_phase"].value_counts()
    for phase, count in counts.items():
        assert f"{phase} in {count} case{'s' if count > 1 else ''}" in part
    order = table["highest_unbalance_percent"].drop("balanced").sort_values(ascending=False)
    places = [re.search(rf">{path}</(a|span)>", part).start() for path in order.index]  # type: ignore[union-attr]
    assert places == sorted(places) and ">balanced</" not in part
    for path, value in order.items():
        assert f"<span>{value:.3f}</span>" in re.split(rf">{path}</(?:a|span)>", part)[1]
    congested = page.split("<h2>Congested feeders</h2>")[1]
    assert f"<span>neutral of line {table.loc['neutral', 'element']}</span>" in congested
    assert f"<span>voltage unbalance of bus {table.loc['unbalance', 'element']}</span>" in congested
    row = table.loc["voltage"]
    assert f"<span>upper voltage of bus {row['element']} phase {row['phase']}</span>" in congested
    assert "<span>Neutral</span>" in congested and "<span>Voltage unbalance</span>" in congested
    assert done.summary["neutral_cut_kwh"] == pytest.approx(table["neutral_cut_kwh"].sum(), abs=1e-6)


def test_complete_feeders_on_three_phases_are_kept(done: FleetResult, folder: Path) -> None:
    again = run_fleet(folder / "cases", folder / "out", workers=1, quiet=True)
    assert again.summary["complete_before"] == len(LIMITS) + 1
    pd.testing.assert_frame_equal(again.table, done.table)
    assert again.page.read_text().count("<h2>Phases, neutrals and unbalance</h2>") == 1


def test_a_limit_of_one_phase_is_named_with_its_name_in_the_file() -> None:
    row = {"limited_by": "line", "element": "12", "phase": "b", "element_name": "Church Road"}
    assert limit_name(row) == "line 12 phase b (Church Road)"
    assert limit_name(row | {"limited_by": "voltage_min"}) == "lower voltage of bus 12 phase b (Church Road)"
    assert limit_name(row | {"limited_by": "neutral", "phase": "n"}) == "neutral of line 12 (Church Road)"
