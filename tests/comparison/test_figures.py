"""What a comparison says is what the tables of both results add up to."""

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import gridpact
from gridpact.case import Case, TableFormat
from gridpact.comparison.comparison_table import COMPARISON
from gridpact.published import cigre_day, cigre_extreme
from tests.comparison.made import exporting, fair, two_models, two_rules, without_trades, written

FLOWS = {
    "sold": "p2p_sold_kw",
    "bought": "p2p_bought_kw",
    "fed_in": "retail_export_kw",
    "curtailed": "curtailed_kw",
    "retail_import": "retail_import_kw",
    "unserved": "unserved_kw",
}


def tables(folder: Path) -> dict[str, pd.DataFrame]:
    return {path.stem: pd.read_csv(path) for path in folder.glob("*.csv")}


def check(first: Path, second: Path, hours: float) -> gridpact.ResultComparison:
    """Every figure from the files, by another way."""
    found = gridpact.compare(first, second)
    assert list(found.table) == list(COMPARISON)
    by_side = {"first": tables(first), "second": tables(second)}
    names = list(dict.fromkeys(by_side["first"]["schedule"]["participant"]))
    assert found.table["participant"].tolist() == names
    for side, one in by_side.items():
        flows = one["schedule"].groupby("participant").sum(numeric_only=True).loc[names] * hours
        for name, column in FLOWS.items():
            assert found.table[f"{name}_{side}_kwh"].to_numpy() == pytest.approx(flows[column].to_numpy())
        cleared = one["cleared"]
        cut = (cleared["proposed_kw"] - cleared["cleared_kw"]) * hours
        by_seller, by_buyer = (cut.groupby(cleared[role]).sum() for role in ("seller", "buyer"))
        expected = by_seller.reindex(names, fill_value=0.0) + by_buyer.reindex(names, fill_value=0.0)
        assert found.table[f"cut_{side}_kwh"].to_numpy() == pytest.approx(expected.to_numpy(), abs=1e-9)
        energy = {key: row[side] for key, row in found.summary["energy"].items()}
        assert energy["proposed_kwh"] == pytest.approx(cleared["proposed_kw"].sum() * hours)
        assert energy["cleared_kwh"] == pytest.approx(cleared["cleared_kw"].sum() * hours, abs=1e-6)
        assert energy["fed_in_kwh"] == pytest.approx(flows["retail_export_kw"].sum())
        drawn = one["exchange"]["import_kw"] * hours
        assert energy["network_import_kwh"] == pytest.approx(drawn[drawn > 0].sum())
        assert energy["network_export_kwh"] == pytest.approx(-drawn[drawn < 0].sum())
        assert energy["losses_kwh"] == pytest.approx(one["exchange"]["losses_kw"].sum() * hours)
        check_limits(found, one["network"], side)
    for name in ("traded", *FLOWS, "cut"):
        first_kwh, second_kwh, difference = (
            found.table[f"{name}_{side}_kwh"] for side in ("first", "second", "difference")
        )
        assert (second_kwh - first_kwh).to_numpy() == pytest.approx(difference.to_numpy(), abs=2e-9)
    return found


def check_limits(found: gridpact.ResultComparison, network: pd.DataFrame, side: str) -> None:
    """The worst values, where they are and when, of places that have a limit."""
    limited = network.dropna(subset=["limit_min", "limit_max"], how="all").fillna({"phase": ""})
    is_neutral = limited["phase"] == "n" if "phase" in limited else pd.Series(False, index=limited.index)
    of_kind = {
        "highest_voltage_pu": limited["quantity"] == "voltage_pu",
        "lowest_voltage_pu": limited["quantity"] == "voltage_pu",
        "line_loading_percent": (limited["kind"] == "line") & ~is_neutral,
        "transformer_loading_percent": limited["kind"] == "transformer",
        "neutral_loading_percent": is_neutral,
        "unbalance_percent": limited["quantity"] == "unbalance_percent",
    }
    for kind, chosen in of_kind.items():
        rows = limited[chosen]
        place = found.summary["limits"].get(kind, {}).get(side)
        assert (place is None) == rows.empty, kind
        if place is None:
            continue
        at = rows["cleared"].idxmin() if kind == "lowest_voltage_pu" else rows["cleared"].idxmax()
        row = rows.loc[at]
        assert place["value"] == pytest.approx(row["cleared"], abs=1e-9)
        assert place["limit"] == row["limit_min" if kind == "lowest_voltage_pu" else "limit_max"]
        here = rows[np.isclose(rows["cleared"], row["cleared"], rtol=0.0, atol=1e-9)]
        assert (place["kind"], place["element"], place["time"]) in set(
            zip(here["kind"], here["element"].astype(str), here["time"], strict=True)
        )


def test_two_rules(tmp_path: Path) -> None:
    found = check(*two_rules(tmp_path), 1.0)
    summary = found.summary
    assert summary["energy"]["cleared_kwh"]["difference"] == pytest.approx(-7.527, abs=1e-3)
    assert (summary["trade_more"], summary["trade_less"], summary["trade_as_much"]) == (2, 4, 12)
    assert [summary[side]["allocation"] for side in ("first", "second")] == ["max-volume", "max-min"]
    assert summary["notices"] == []


def test_with_and_without_trades(tmp_path: Path) -> None:
    day = cigre_day()
    bare, traded = written(without_trades(day), tmp_path / "bare"), written(day, tmp_path / "traded")
    found = check(bare, traded, 1.0)
    assert found.summary["energy"]["cleared_kwh"]["first"] == 0.0
    assert found.summary["trade_more"] > 0 and found.summary["trade_less"] == 0
    back = gridpact.compare(traded, bare)
    for name in ("traded", "cut", "curtailed"):
        one, other = (each.table[f"{name}_difference_kwh"].to_numpy() for each in (found, back))
        assert one == pytest.approx(-other, abs=1e-9)


def test_balanced_and_three_phases(tmp_path: Path) -> None:
    balanced, three = two_models(tmp_path / "network")
    found = check(written(balanced, tmp_path / "balanced"), written(three, tmp_path / "three"), 0.25)
    assert [found.summary[side]["model"] for side in ("first", "second")] == ["balanced", "three-phase"]
    limits = found.summary["limits"]
    for kind in ("neutral_loading_percent", "unbalance_percent"):
        assert limits[kind]["first"] is None and limits[kind]["difference"] is None
        assert limits[kind]["second"]["value"] > 0.0
    assert limits["highest_voltage_pu"]["second"]["phase"] in ("a", "b", "c")
    assert "phase" not in limits["highest_voltage_pu"]["first"]


def test_what_is_fed_in_for_retailers(tmp_path: Path) -> None:
    found = check(
        written(exporting(4.0), tmp_path / "more"), written(exporting(1.0), tmp_path / "less"), 0.25
    )
    assert (found.summary["feed_in_more"], found.summary["feed_in_less"]) == (1, 0)
    assert found.table["fed_in_difference_kwh"].tolist() == pytest.approx([1.5, 0.0, 0.0])
    assert found.summary["energy"]["network_export_kwh"]["second"] > 0.0


def test_clearances_at_hand_and_folders_give_the_same(tmp_path: Path) -> None:
    folders = two_rules(tmp_path)
    at_hand = [gridpact.clear(cigre_extreme()), gridpact.clear(fair())]
    expected = gridpact.compare(*folders)
    for pair in (at_hand, (at_hand[0], folders[1]), (str(folders[0]), at_hand[1])):
        found = gridpact.compare(*pair)
        pd.testing.assert_frame_equal(found.table, expected.table, rtol=0.0, atol=1e-8)
        for part in ("energy", "limits"):
            assert json.dumps(found.summary[part]) == json.dumps(expected.summary[part])
    assert repr(gridpact.compare(*at_hand)) == "<ResultComparison of 'first' and 'second'>"


def test_parquet_gives_what_csv_gives(tmp_path: Path) -> None:
    csv = gridpact.compare(*two_rules(tmp_path / "csv"))
    found = gridpact.compare(*two_rules(tmp_path / "parquet", TableFormat.PARQUET))
    pd.testing.assert_frame_equal(found.table, csv.table)
    assert found.summary == csv.summary
    mixed = gridpact.compare(tmp_path / "csv" / "volume", tmp_path / "parquet" / "fair")
    pd.testing.assert_frame_equal(mixed.table, csv.table)


def reordered(case: Case) -> Case:
    """The same people in another order."""
    order = list(reversed(range(len(case.participants))))
    place = np.argsort(order)
    people = case.participants
    columns = {
        name: np.asarray(getattr(people, name))[order]
        for name in ("bus", "firm", "exports", "load_power_factor", "generation_power_factor")
    }
    return replace(
        case,
        participants=replace(people, ids=tuple(people.ids[k] for k in order), **columns),
        profiles=replace(
            case.profiles,
            load_kw=case.profiles.load_kw[:, order],
            generation_kw=case.profiles.generation_kw[:, order],
        ),
        trades=replace(case.trades, seller=place[case.trades.seller], buyer=place[case.trades.buyer]),
    )


def test_the_order_of_participants_does_not_matter(tmp_path: Path) -> None:
    first = written(exporting(), tmp_path / "first")
    second = written(reordered(exporting(20.0)), tmp_path / "second")
    found = check(first, second, 0.25)
    straight = gridpact.compare(exporting_result(4.0), exporting_result(20.0))
    assert found.table["cut_second_kwh"].tolist()[0] > 1.0
    pd.testing.assert_frame_equal(found.table, straight.table, rtol=0.0, atol=1e-8)
    assert found.summary["notices"] == []


def exporting_result(power_kw: float) -> gridpact.Clearance:
    return gridpact.clear(exporting(power_kw))


def test_results_alike_differ_in_nothing(tmp_path: Path) -> None:
    folder = written(exporting(), tmp_path / "one")
    found = gridpact.compare(folder, folder)
    differences = found.table.filter(like="_difference_")
    assert not differences.to_numpy().any()
    assert found.summary["trade_as_much"] == 3
    assert all(row["difference"] == 0.0 for row in found.summary["energy"].values())


def test_other_names_buses_and_forecasts_are_noticed(tmp_path: Path) -> None:
    case = exporting()
    load_kw = case.profiles.load_kw.copy()
    load_kw[1, 2] += 0.5
    moved = replace(case.participants, bus=[5, 11, 17])
    other = replace(case, name="other", participants=moved, profiles=replace(case.profiles, load_kw=load_kw))
    found = gridpact.compare(written(case, tmp_path / "one"), written(other, tmp_path / "two"))
    assert found.summary["notices"] == [
        "the cases have different names: 'random' and 'other'",
        "participant 'p2' at another bus in two",
        "participant 'p2' is forecast otherwise in two: differences are of that too",
    ]


def test_periods_without_a_solution_are_left_out_and_noticed(tmp_path: Path) -> None:
    case = exporting()
    load_kw = case.profiles.load_kw.copy()
    load_kw[1, 2] = 4000.0
    heavy = replace(case, profiles=replace(case.profiles, load_kw=load_kw))
    found = gridpact.compare(written(heavy, tmp_path / "heavy"), written(case, tmp_path / "light"))
    notices = found.summary["notices"]
    assert notices[0] == "heavy has the status 'not_converged'"
    assert notices[1].startswith("heavy has no power-flow solution in 1 period")
    both = found.summary["energy"]["losses_kwh"]
    exchange = pd.read_csv(tmp_path / "heavy" / "exchange.csv")
    assert exchange["losses_kw"].isna().tolist() == [False, True]
    assert both["first"] == pytest.approx(exchange["losses_kw"][0] * 0.25)
    assert "NaN" not in json.dumps(found.summary)


def test_days_on_which_clocks_change_keep_their_times(tmp_path: Path) -> None:
    case = exporting()
    zone = replace(case.horizon, start="2024-10-27T01:45+01:00", timezone="Europe/Lisbon")
    first = written(replace(case, horizon=zone), tmp_path / "one")
    found = gridpact.compare(first, first)
    assert found.summary["start"] == "2024-10-27T01:45+01:00"
    assert [str(border) for border in found.first.borders[:2]] == [
        "2024-10-27 01:45:00+01:00",
        "2024-10-27 01:00:00+00:00",
    ]
    assert found.first.borders[2] == datetime.fromisoformat("2024-10-27T01:15+00:00")
