"""Hand-made cases with known answers: each folder of tests/cases says its oracle."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import gridpact
from gridpact.results import Clearance
from gridpact.results.clearance_outcome import outcome

CASES = sorted(path for path in (Path(__file__).parents[1] / "cases").iterdir() if path.is_dir())
POWER_KW, VOLTAGE_PU, PERCENT = 1e-4, 1e-6, 1e-4


@pytest.fixture(scope="module", params=CASES, ids=lambda path: path.name)
def known(request: pytest.FixtureRequest) -> tuple[Clearance, dict[str, Any]]:
    expected = json.loads((request.param / "expected.json").read_text())
    return gridpact.clear(gridpact.read_case(request.param)), expected


def of_trade(clearance: Clearance, trade: str) -> pd.DataFrame:
    return clearance.cleared.query("trade == @trade")


def test_every_folder_says_its_oracle() -> None:
    for folder in CASES:
        assert "**Oracle**" in (folder / "README.md").read_text(), folder.name


def test_status(known: tuple[Clearance, dict[str, Any]]) -> None:
    clearance, expected = known
    if "status" in expected:
        assert clearance.summary["status"] == expected["status"], outcome(clearance)
    if "cleared_kwh" in expected:
        assert clearance.summary["cleared_kwh"] == pytest.approx(expected["cleared_kwh"], abs=1e-9)


def test_cleared_powers(known: tuple[Clearance, dict[str, Any]]) -> None:
    clearance, expected = known
    assert set(clearance.cleared["trade"]) == set(expected["cleared_kw"])
    for trade, powers in expected["cleared_kw"].items():
        np.testing.assert_allclose(of_trade(clearance, trade)["cleared_kw"], powers, rtol=0, atol=POWER_KW)


def test_reasons(known: tuple[Clearance, dict[str, Any]]) -> None:
    clearance, expected = known
    for trade, reasons in expected.get("limited_by", {}).items():
        rows = of_trade(clearance, trade)
        assert [*(rows["limited_by"] + " " + rows["element"]).str.strip()] == reasons
    assert expected.get("cut", "") in outcome(clearance)


def test_binding_limits(known: tuple[Clearance, dict[str, Any]]) -> None:
    clearance, expected = known
    assert len(clearance.limits) == len(expected["limits"])
    for row, wanted in zip(clearance.limits.to_dict("records"), expected["limits"], strict=True):
        assert (row["limited_by"], row["element"]) == (wanted["limited_by"], wanted["element"])
        assert row["limit"] == pytest.approx(wanted["limit"], abs=PERCENT)
        assert row["value"] == pytest.approx(wanted["limit"], abs=PERCENT)
        if "shadow_price" in wanted:
            assert row["shadow_price"] == pytest.approx(wanted["shadow_price"], rel=1e-3)


def test_network_and_exchange(known: tuple[Clearance, dict[str, Any]]) -> None:
    clearance, expected = known
    state = clearance.network_state
    for bus, voltages in expected.get("voltage_pu", {}).items():
        rows = state[(state["kind"] == "bus") & (state["element"] == int(bus))]
        np.testing.assert_allclose(rows["cleared"], voltages, rtol=0, atol=VOLTAGE_PU)
    for column, powers in expected.get("exchange", {}).items():
        np.testing.assert_allclose(clearance.exchange[column], powers, rtol=0, atol=POWER_KW)
    if expected.get("network_unchanged"):
        np.testing.assert_allclose(state["cleared"], state["baseline"], rtol=0, atol=1e-9)


def test_schedule(known: tuple[Clearance, dict[str, Any]]) -> None:
    clearance, expected = known
    for participant, columns in expected.get("schedule", {}).items():
        rows = clearance.schedule[clearance.schedule["participant"] == participant]
        for column, powers in columns.items():
            np.testing.assert_allclose(rows[column], powers, rtol=0, atol=1e-9)
    for trade, times in expected.get("times", {}).items():
        assert [time.isoformat(timespec="minutes") for time in of_trade(clearance, trade)["time"]] == times


@pytest.mark.parametrize("name", ["violations", "baseline_violations"])
def test_violations(known: tuple[Clearance, dict[str, Any]], name: str) -> None:
    clearance, expected = known
    if name not in expected:
        return
    found = clearance.summary[name]
    assert len(found) == len(expected[name])
    for one, wanted in zip(found, expected[name], strict=True):
        for key, value in wanted.items():
            assert one[key] == (pytest.approx(value, abs=PERCENT) if isinstance(value, float) else value)


def test_verdict(known: tuple[Clearance, dict[str, Any]]) -> None:
    clearance, expected = known
    assert expected.get("verdict", "") in outcome(clearance)
