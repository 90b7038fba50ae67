"""The report of a three-phase network: each phase, neutrals and unbalance as the tables have them."""

import json
from pathlib import Path

import numpy as np
import pytest

import gridpact
from gridpact.published import cigre_day
from gridpact.report.clearance.clearance_page import report_page, report_pictures
from gridpact.report.shell.packed import LETTERS, packed
from gridpact.results import Clearance
from tests.pages.phase_cases import idle_clearance, phase_clearance, readings, without_trades
from tests.unit.test_report import Structure, embedded, hovered, own_part

VOLTAGE_MAX, NEUTRAL_MAX = 1.05, 15.0


@pytest.fixture(scope="module")
def cleared(tmp_path_factory: pytest.TempPathFactory) -> Clearance:
    return phase_clearance(tmp_path_factory.mktemp("voltage"), voltage_max_pu=VOLTAGE_MAX)


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Clearance:
    return phase_clearance(tmp_path_factory.mktemp("firm"), is_firm=True)


@pytest.fixture(scope="module")
def page(cleared: Clearance) -> str:
    return report_page(cleared)


def levels(trace: dict) -> list[float]:
    """The values of a stepped line or of the upper edge of a band, one a period."""
    return [value for value in trace["y"] if value is not None][: 2 * 2 : 2]


def unpacked(table: dict, period: int, column: int) -> float | None:
    width = table["width"]
    letters = table["rows"][period][column * width : (column + 1) * width]
    if letters[0] == ".":
        return None
    number = 0
    for letter in letters:
        number = number * len(LETTERS) + LETTERS.index(letter)
    return (table["low"] + number) / table["scale"]


def test_the_page_is_sound_and_loads_nothing(page: str, cleared: Clearance) -> None:
    own = own_part(page)
    structure = Structure(own)
    assert structure.open == [] and structure.links == ["data:,"]
    assert len(structure.ids) == len(set(structure.ids))
    assert {name for name, each in report_pictures(cleared).items() if each["data"]} <= set(structure.ids)
    assert "http:" not in own and "https:" not in own
    assert own.count('type="radio"') == 4 and own.count(" checked>") == 1


@pytest.mark.parametrize("phase", ["a", "b", "c"])
def test_voltages_of_each_phase_are_those_of_the_table(cleared: Clearance, phase: str) -> None:
    table = readings(cleared, "bus", "voltage_pu", phase)
    base = without_trades(cleared, "bus", "voltage_pu", phase)
    band, median, lowest, highest, _ = report_pictures(cleared)[f"voltage-{phase}"]["data"]
    assert levels(band) == pytest.approx(table.max(axis=1).tolist(), abs=1e-5)
    assert levels(median) == pytest.approx(table.median(axis=1).tolist(), abs=1e-5)
    assert levels(lowest) == pytest.approx(base.min(axis=1).tolist(), abs=1e-5)
    assert levels(highest) == pytest.approx(base.max(axis=1).tolist(), abs=1e-5)
    for period, text in enumerate(hovered(cleared, f"voltage-{phase}")):
        values = table.iloc[period]
        assert f"Highest: {values.max():.4f} pu at bus " in text and f" phase {phase}<br>Median" in text
    layouts = [report_pictures(cleared)[f"voltage-{each}"]["layout"] for each in "abc"]
    assert len({tuple(layout["yaxis"]["range"]) for layout in layouts}) == 1


@pytest.mark.parametrize(("picture", "kind"), [("loading", "line"), ("transformers", "transformer")])
def test_loadings_of_each_phase_are_those_of_the_table(cleared: Clearance, picture: str, kind: str) -> None:
    *curves, _ = report_pictures(cleared)[picture]["data"]
    assert [curve["name"] for curve in curves] == ["Phase a", "Phase b", "Phase c"]
    assert len({curve["line"]["dash"] for curve in curves}) == 3
    for phase, curve in zip("abc", curves, strict=True):
        table = readings(cleared, kind, "loading_percent", phase)
        assert levels(curve) == pytest.approx(table.max(axis=1).tolist(), abs=1e-5)
        for period, text in enumerate(hovered(cleared, picture)):
            assert f"{kind} {table.iloc[period].idxmax()} phase {phase}: " in text


@pytest.mark.parametrize(
    ("picture", "kind", "quantity", "phase", "named", "limit"),
    [
        ("neutral", "line", "loading_percent", "n", "the neutral of line ", "Limit 100 %"),
        ("unbalance", "bus", "unbalance_percent", "", "bus ", "Limit 50 %"),
    ],
)
def test_neutrals_and_unbalance_have_pictures_of_their_own(
    firm: Clearance, picture: str, kind: str, quantity: str, phase: str, named: str, limit: str
) -> None:
    table, base = readings(firm, kind, quantity, phase), without_trades(firm, kind, quantity, phase)
    drawn = report_pictures(firm)[picture]
    with_trades, without, _ = drawn["data"]
    assert levels(with_trades) == pytest.approx(table.max(axis=1).tolist(), abs=1e-5)
    assert levels(without) == pytest.approx(base.max(axis=1).tolist(), abs=1e-5)
    assert limit in drawn["layout"]["annotations"][-1]["text"]
    for period, text in enumerate(hovered(firm, picture)):
        assert f"{named}{table.iloc[period].idxmax()}: " in text
        assert f"Without trades, {named}{base.iloc[period].idxmax()}: " in text


def test_the_drawing_holds_each_phase_as_the_table_has_it(page: str, cleared: Clearance) -> None:
    states = embedded(page, "states")
    values, ids = states["byPhase"], cleared.network.bus_ids
    for place, phase in enumerate("abc"):
        table = readings(cleared, "bus", "voltage_pu", phase)
        for node, bus in enumerate(states["nodes"]["bus"]):
            for period in range(2):
                shown = unpacked(values["voltage"], period, 3 * bus + place)
                assert shown == pytest.approx(table.iloc[period][ids[bus]], abs=5.1e-5), node
        loadings = readings(cleared, "line", "loading_percent", phase)
        for element, (kind, line) in enumerate(zip(*kinds(cleared), strict=True)):
            if kind == "line":
                shown = unpacked(values["loading"], 1, values["first"][element] + place)
                assert shown == pytest.approx(loadings.iloc[1][line], abs=5.1e-3)
    assert values["neutral"] == [int(kind == "line") for kind in kinds(cleared)[0]]
    supply = states["nodes"]["supply"].index(1)
    assert states["nodes"]["unbalance"][supply] == -1
    assert states["participants"]["name"][0].endswith(", phase a")
    assert states["participants"]["name"][4].endswith(", phases bc")


def kinds(cleared: Clearance) -> tuple[list[str], list[int]]:
    elements = cleared.network.elements
    return [str(kind) for kind in elements.kind], elements.id.tolist()


def test_the_words_of_each_period_name_phase_neutral_and_bus(page: str, cleared: Clearance) -> None:
    neutral = readings(cleared, "line", "loading_percent", "n")
    unbalance = readings(cleared, "bus", "unbalance_percent", "")
    for period, said in enumerate(embedded(page, "states")["facts"]):
        assert f"at the neutral of line {neutral.iloc[period].idxmax()};" in said
        assert f"at bus {unbalance.iloc[period].idxmax()}." in said
        assert " pu at bus " in said and " phase " in said.split("highest loading")[1].split(";")[0]
    assert "<dt>Highest neutral loading</dt>" in page and "<dt>Highest unbalance</dt>" in page
    assert "<dt>Highest phase loading</dt>" in page


def test_cuts_name_the_phase_or_the_neutral(page: str, tmp_path: Path) -> None:
    assert " phase " in page.split("<h2>Trades</h2>")[1]
    bus = page.split("<h2>Limits that hold the volume down</h2>")[1]
    assert " phase c at 1.05 pu</span>" in bus
    tight = phase_clearance(tmp_path, neutral_loading_max_percent=NEUTRAL_MAX)
    other = report_page(tight)
    assert "Neutral of line 1 at 15 % of the line&#x27;s rating" in other
    marks = report_pictures(tight)["neutral"]["layout"]
    assert marks["annotations"][-1]["text"] == "Limit 15 %"
    assert marks["shapes"][-1]["y0"] == NEUTRAL_MAX


def test_what_was_beyond_its_limit_is_marked_in_the_view_of_its_phase_alone(tmp_path: Path) -> None:
    base = idle_clearance(tmp_path / "open")
    voltages = {phase: without_trades(base, "bus", "voltage_pu", phase).drop(columns=0) for phase in "abc"}
    tops = {phase: table.max().max() for phase, table in voltages.items()}
    phase, below, _ = sorted(tops, key=tops.__getitem__, reverse=True)
    limit = round((tops[phase] + tops[below]) / 2.0, 9)
    assert tops[below] < limit < tops[phase]
    clearance = idle_clearance(tmp_path / "tight", voltage_max_pu=limit)
    states = embedded(report_page(clearance), "states")
    views = states["byPhase"]["beyond"]
    marked = {view: any(marks["beforeNodes"]) for view, marks in views.items()}
    assert marked == {"worst": True, "a": phase == "a", "b": phase == "b", "c": phase == "c"}
    assert f" phase {phase}" in " ".join(states["facts"]).split("before any trade: ")[1]


def test_an_unbalance_beyond_its_limit_is_marked_under_the_worst_phase_alone(tmp_path: Path) -> None:
    clearance = idle_clearance(tmp_path, voltage_unbalance_max_percent=0.001)
    views = embedded(report_page(clearance), "states")["byPhase"]["beyond"]
    assert any(views["worst"]["beforeNodes"])
    assert not any(any(views[phase]["beforeNodes"]) for phase in "abc")


def test_a_balanced_page_has_nothing_of_phases() -> None:
    page = own_part(report_page(gridpact.clear(cigre_day())))
    assert "phase" not in page.lower()


@pytest.mark.parametrize(
    ("values", "decimals"),
    [
        ([[1.0534, 0.9], [1.1, np.nan]], 4),
        ([[0.0, 250.07], [12.34, 9999.99]], 2),
        ([[-3.5, 4.25], [0.0, 1.0]], 2),
        ([[np.nan, np.nan]], 3),
        ([[1.0, 1.0]], 3),
        ([[0.0, 64.0], [63.0, 4096.0]], 0),
        ([[0.0, 64.0]], 0),
    ],
)
def test_packed_numbers_come_back(values: list[list[float]], decimals: int) -> None:
    table = packed(np.array(values), decimals)
    for period, row in enumerate(values):
        for column, value in enumerate(row):
            back = unpacked(table, period, column)
            assert back is None if np.isnan(value) else back == pytest.approx(value, abs=1e-9)


def test_a_great_network_takes_few_bytes_a_value() -> None:
    rng = np.random.default_rng(0)
    voltage, loading = rng.uniform(0.9, 1.1, (96, 2721)), rng.uniform(0.0, 120.0, (96, 3620))
    size = len(json.dumps([packed(voltage, 4), packed(loading, 2)]))
    assert size < 2.65 * (voltage.size + loading.size)
