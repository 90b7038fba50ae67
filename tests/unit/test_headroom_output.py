"""Headroom as files, on the command line and as a page."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import gridpact
from gridpact.arrays import frozen
from gridpact.case import Case, TableFormat, Trades, read_case, write_case
from gridpact.published import cigre_extreme
from gridpact.report.headroom.headroom_page import headroom_page
from gridpact.report.headroom.headroom_pictures import (
    ROWS_MAX,
    SHADES,
    headroom_pictures,
    map_states,
    offers,
)
from gridpact.trading_headroom.headroom_outcome import outcome
from gridpact.trading_headroom.headroom_table import HEADROOM
from gridpact.trading_headroom.stops import stops
from tests.damage import DAMAGES
from tests.example import write_example
from tests.instances import make_case, make_participants
from tests.unit.test_cli import run
from tests.unit.test_report import NASTY, Structure, own_part

EXAMPLES = Path(__file__).parents[2] / "examples"
SMALL = EXAMPLES / "cigre-lv-extreme"


@pytest.fixture(scope="module")
def extreme() -> gridpact.Headroom:
    return gridpact.headroom(cigre_extreme())


def street(participants: int, periods: int) -> Case:
    """Many participants on the 44-bus network, in turn with surplus and with elastic demand."""
    rng = np.random.default_rng(1)
    sells = np.arange(participants) % 2 == 0
    power_kw = rng.uniform(0.1, 9.0, (periods, participants))
    case = make_case(
        make_participants(1 + np.arange(participants) % 40, np.zeros(participants), np.zeros(participants)),
        np.where(sells, 0.0, power_kw),
        np.where(sells, power_kw, 0.0),
        Trades.none(),
        network="pandapower/cigre_lv",
    )
    return replace(case, limits=replace(case.limits, line_loading_max_percent=10.0))


def test_the_command_writes_the_table_and_the_picture_and_says_the_outcome(tmp_path: Path, capsys) -> None:
    code, out, _ = run("headroom", SMALL, "--out", tmp_path / "e", capsys=capsys)
    assert code == 0
    assert out.startswith("CIGRE LV, extreme hour: all together the network takes 729.000 kWh of 729.000 kWh")
    assert "  sales     alone, 3 of 6 participants could not sell all they have" in out
    assert f"  picture   {tmp_path / 'e' / 'headroom.html'}" in out
    assert {path.name for path in (tmp_path / "e").iterdir()} == {"headroom.csv", "headroom.html"}
    table = pd.read_csv(tmp_path / "e" / "headroom.csv")
    assert tuple(table.columns) == HEADROOM
    assert len(table) == 18
    assert table["time"].unique().tolist() == ["2024-06-21T11:00+01:00"]
    stopped = table[table["participant"] == "pv-36"].iloc[0]
    assert (stopped["sale_limited_by"], stopped["sale_element"]) == ("voltage_max", "36")
    assert stopped["sale_alone_kw"] == round(stopped["sale_alone_kw"], 9) < stopped["surplus_kw"]


def test_the_same_input_gives_the_same_bytes_and_an_earlier_result_is_replaced(
    tmp_path: Path, capsys
) -> None:
    for name in ("one", "two", "two"):
        assert run("headroom", EXAMPLES / "village-day", "--out", tmp_path / name, capsys=capsys)[0] == 0
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


def test_parquet_in_parquet_out(tmp_path: Path, capsys) -> None:
    write_case(read_case(SMALL), tmp_path / "case", TableFormat.PARQUET)
    assert run("headroom", tmp_path / "case", "--out", tmp_path / "e", capsys=capsys)[0] == 0
    assert {path.name for path in (tmp_path / "e").iterdir()} == {"headroom.parquet", "headroom.html"}
    table = pd.read_parquet(tmp_path / "e" / "headroom.parquet")
    assert tuple(table.columns) == HEADROOM
    assert isinstance(table["time"].dtype, pd.DatetimeTZDtype)


def test_json_is_the_summary(tmp_path: Path, capsys) -> None:
    code, out, err = run("headroom", SMALL, "--out", tmp_path / "e", "--json", "--quiet", capsys=capsys)
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert told == json.loads(json.dumps(gridpact.headroom(read_case(SMALL)).summary))
    assert told["sale_together_kwh"] == pytest.approx(729.0)


@pytest.mark.parametrize("damage", DAMAGES[:6], ids=lambda damage: damage.name)
def test_a_bad_case_gives_exit_2_and_nothing_written(damage, tmp_path: Path, capsys) -> None:
    damage.inflict(write_example(tmp_path / "case"))
    code, out, err = run("headroom", tmp_path / "case", "--out", tmp_path / "e", capsys=capsys)
    assert (code, out) == (2, "")
    assert damage.file in err
    assert not (tmp_path / "e").exists()


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path, capsys) -> None:
    run("clear", SMALL, "--out", tmp_path / "r", "--no-report", capsys=capsys)
    before = sorted(path.name for path in (tmp_path / "r").iterdir())
    code, _, err = run("headroom", SMALL, "--out", tmp_path / "r", capsys=capsys)
    assert code == 2
    assert "holds a clearance, not headroom" in err
    assert sorted(path.name for path in (tmp_path / "r").iterdir()) == before
    run("headroom", SMALL, "--out", tmp_path / "e", capsys=capsys)
    code, _, err = run("clear", SMALL, "--out", tmp_path / "e", capsys=capsys)
    assert code == 2
    assert (tmp_path / "e" / "headroom.csv").is_file()
    code, _, err = run("headroom", SMALL, "--out", SMALL, capsys=capsys)
    assert (code, "is the case folder" in err) == (2, True)


def test_commitments_of_an_earlier_clearing_are_where_it_starts(tmp_path: Path, capsys) -> None:
    run("clear", SMALL, "--out", tmp_path / "r", "--no-report", capsys=capsys)
    shutil.copytree(SMALL, tmp_path / "next")
    header, first, *_ = (SMALL / "trades.csv").read_text().splitlines()
    (tmp_path / "next" / "trades.csv").write_text(f"{header}\nnew-{first}\n")
    arguments = ("headroom", tmp_path / "next", "--commitments", tmp_path / "r", "--json", "--quiet")
    code, out, err = run(*arguments, "--out", tmp_path / "e", capsys=capsys)
    assert code == 0, err
    told, cleared = json.loads(out), json.loads((tmp_path / "r" / "summary.json").read_text())
    left_kwh = cleared["proposed_kwh"] - cleared["cleared_kwh"]
    assert told["surplus_kwh"] == pytest.approx(729.0)
    assert told["sale_cap_kwh"] == pytest.approx(left_kwh, abs=1e-6)
    assert told["purchase_alone_kwh"] < 0.6 * told["purchase_cap_kwh"], "what is firm has filled the network"
    code, _, err = run(*arguments, "--out", tmp_path / "r", capsys=capsys)
    assert (code, "the result that the commitments come from" in err) == (2, True)


def test_the_picture_can_be_left_out(extreme: gridpact.Headroom, tmp_path: Path) -> None:
    assert gridpact.write_headroom(extreme, tmp_path / "e") == tmp_path / "e"
    assert [path.name for path in (tmp_path / "e").iterdir()] == ["headroom.csv"]


def test_the_words_say_the_limits_that_stop_most(extreme: gridpact.Headroom) -> None:
    found = stops(extreme, "sale")
    assert found["kwh"].is_monotonic_decreasing
    held_kwh = (extreme.sale_cap_kw - extreme.sale_alone_kw).sum()
    assert found["kwh"].sum() == pytest.approx(held_kwh)
    assert found["reason"].tolist()[0] == "bus 36 (Bus C13) at 1.1 pu"
    assert "bus 36 (Bus C13) at 1.1 pu stops 1 participant in 1 period, " in outcome(extreme)
    calm = gridpact.headroom(replace(street(4, 2), trades=Trades.none()))
    assert "alone, each of 2 participants could sell all it has" in outcome(calm)


def test_nothing_to_trade_is_said(tmp_path: Path) -> None:
    case = street(2, 1)
    idle = replace(
        case, profiles=replace(case.profiles, generation_kw=np.zeros_like(case.profiles.generation_kw))
    )
    found = gridpact.headroom(idle)
    assert "nothing, as there is no surplus" in outcome(found)
    assert "nobody has anything to sell" in outcome(found)
    assert "No participant has anything to sell in this horizon." in headroom_page(found)


def test_the_page_is_whole_and_loads_nothing(extreme: gridpact.Headroom) -> None:
    page = headroom_page(extreme)
    structure = Structure(own_part(page))
    assert structure.open == []
    assert len(set(structure.ids)) == len(structure.ids)
    assert {
        f"{side}-{which}" for side in ("sale", "purchase") for which in ("sums", "alone", "together")
    } <= {*structure.ids}
    assert structure.links == ["data:,"]
    assert not re.search(r"https?://", own_part(page))
    assert page == headroom_page(gridpact.headroom(cigre_extreme()))


def test_names_cannot_break_the_page() -> None:
    case = street(4, 2)
    people = replace(case.participants, ids=(NASTY, "b", "c", "d"))
    page = own_part(headroom_page(gridpact.headroom(replace(case, name=NASTY, participants=people))))
    assert "<script>alert" not in page
    assert Structure(page).open == []


def test_the_maps_show_each_share_once(extreme: gridpact.Headroom) -> None:
    sale, _ = offers(extreme)
    states = map_states(extreme, sale)
    drawn = headroom_pictures(extreme)["sale-alone"]["data"][0]["z"]
    assert len(states["names"]) == 6 == len(drawn)
    for row, place in enumerate(sale.shown):
        share = float(extreme.sale_alone_kw[0, place] / extreme.sale_cap_kw[0, place])
        (shade,) = drawn[row]
        assert shade == (len(SHADES) - 1 if share == 1.0 else int(4 * share))
        reason = states["reason"][row][0]
        assert (reason >= 0) == (share < 1.0)
    assert states["reasons"][states["reason"][3][0]] == "bus 36 (Bus C13) at its limit"


def test_only_the_most_held_back_are_on_the_maps_of_a_large_case() -> None:
    found = gridpact.headroom(street(2 * ROWS_MAX + 20, 1))
    sale, _ = offers(found)
    assert len(sale.shown) == ROWS_MAX and sale.left_out == 10
    held_kw = (2 * sale.cap_kw - sale.alone_kw - sale.together_kw).sum(axis=0)
    rest = np.setdiff1d(np.flatnonzero(sale.cap_kw[0]), sale.shown)
    assert held_kw[sale.shown].max() > 0.1
    assert held_kw[sale.shown].min() >= held_kw[rest].max()
    assert "10 participants more are in headroom.csv" in headroom_page(found)


def test_a_period_without_an_operating_point_is_shaded() -> None:
    case = street(4, 2)
    load_kw = case.profiles.load_kw.copy()
    load_kw[1, 1] = 5e3
    hopeless = replace(
        case,
        participants=replace(case.participants, firm=frozen([False, True, False, False], np.bool_)),
        profiles=replace(case.profiles, load_kw=load_kw),
    )
    found = gridpact.headroom(hopeless)
    assert found.has_state.tolist() == [True, False]
    assert re.search(r">no<tspan[^>]*>solution</tspan>", headroom_page(found))


def states_of(page: str) -> str:
    found = re.search(r'<script type="application/json" id="states">(.*?)</script>', page, re.DOTALL)
    assert found
    return found[1]
