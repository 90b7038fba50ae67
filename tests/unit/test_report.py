"""The report: structure, escaping, determinism, size, and the drawing of networks."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import numpy as np
import pytest

import gridpact
from gridpact.case.case import Case, Formulation
from gridpact.case.horizon import Horizon
from gridpact.case.orders import Orders
from gridpact.case.profiles import Profiles
from gridpact.clearing.dispatch_verification import Status
from gridpact.grid.limits import Limits
from gridpact.published import cigre_day, cigre_extreme
from gridpact.report.clearance.clearance_page import report_page, report_pictures
from gridpact.report.clearance.drawing import start_period
from gridpact.report.pictures.colours import loading_scale, voltage_scale
from gridpact.report.pictures.period_axis import TICKS_MAX, period_axis
from gridpact.report.pictures.traces import SAND, time_layout
from gridpact.report.pictures.tree import Tree, tree
from gridpact.report.shell.document import Head, Pictures, document
from gridpact.report.shell.html import Tile, key, section
from gridpact.report.shell.numbers import fixed, script_json, short
from gridpact.report.shell.sentences import sentence
from gridpact.results import Clearance
from tests.market import Trade, ask, bid, market, trades

NASTY = "</script><script>alert(1)</script><b>&\"'${x}"
VOID = {"meta", "link", "input", "br"}
SIZE_MAX = 1_000_000


@pytest.fixture(scope="module")
def day() -> Clearance:
    return gridpact.clear(cigre_day())


@pytest.fixture(scope="module")
def extreme() -> Clearance:
    return gridpact.clear(replace(cigre_extreme(), formulation=Formulation.DC))


class Structure(HTMLParser):
    """Checks that elements are nested, and keeps what a test asks about."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.headings: list[str] = []
        self.links: list[str] = []
        self.anchors: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if "id" in values:
            self.ids.append(str(values["id"]))
        if tag in ("h1", "h2", "h3"):
            self.headings.append(tag)
        found = [str(values[name]) for name in ("src", "href", "action", "srcset") if name in values]
        self.links += [address for address in found if not address.startswith("#")]
        self.anchors += [address[1:] for address in found if address.startswith("#")]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def own_part(page: str) -> str:
    """The page without its script, of which there is one at most, and without its style sheet."""
    assert page.count("<script>") <= 1
    return re.sub(r"<(script|style)>.*?</\1>", r"<\1></\1>", page, flags=re.DOTALL)


def embedded(page: str, name: str) -> dict:
    found = re.findall(rf'<script type="application/json" id="{name}">(.*?)</script>', page, re.DOTALL)
    assert len(found) == 1
    return json.loads(found[0])


def hovered(clearance: Clearance, picture: str) -> list[str]:
    return report_pictures(clearance)[picture]["data"][-1]["hovertext"]


def with_profiles(case: Case, *, load: float = 1.0, generation: float = 1.0) -> Case:
    profiles = Profiles(
        load_kw=case.profiles.load_kw * load, generation_kw=case.profiles.generation_kw * generation
    )
    return replace(case, profiles=profiles)


def test_page_is_well_formed_and_loads_nothing(day: Clearance) -> None:
    page = own_part(report_page(day))
    structure = Structure(page)
    assert structure.open == []
    assert page.startswith('<!doctype html>\n<html lang="en">')
    assert structure.headings[0] == "h1" and structure.headings.count("h1") == 1
    assert len(structure.ids) == len(set(structure.ids))
    assert {name for name, each in report_pictures(day).items() if each["data"]} <= set(structure.ids)
    assert len(structure.anchors) >= 5 and set(structure.anchors) <= set(structure.ids)
    assert structure.links == ["data:,"]
    assert "http:" not in page and "https:" not in page
    assert "@import" not in page and set(re.findall(r"url\((.)", page)) <= {"#"}
    assert "default-src 'none'" in page


def test_same_clearance_makes_same_bytes(day: Clearance) -> None:
    again = gridpact.clear(cigre_day())
    assert again.seconds != day.seconds
    assert report_page(again) == report_page(day)


def test_size_without_plotly_stays_small(day: Clearance) -> None:
    case = day.case
    quarters = replace(
        with_profiles(case, load=2.0, generation=3.0),
        horizon=replace(case.horizon, resolution="15min", periods=96),
        profiles=Profiles(
            load_kw=np.repeat(case.profiles.load_kw, 4, axis=0) * np.linspace(0.9, 1.1, 96)[:, None],
            generation_kw=np.repeat(case.profiles.generation_kw, 4, axis=0)
            * np.linspace(0.9, 1.1, 96)[:, None],
        ),
    )
    page = own_part(report_page(gridpact.clear(quarters, network=day.network)))
    assert len(page.encode()) < SIZE_MAX * day.network.nodes / 100
    assert len(embedded(page, "states")["labels"]) == 96


def test_verdict_of_a_full_clearing(day: Clearance) -> None:
    page = report_page(day)
    assert "Every limit kept, every trade in full." in page
    assert '<div class="verdict safe">' in page
    assert "Nothing was cut of " in page
    assert "No limit holds the traded volume down." in page
    assert "Limits broken without any trade" not in page


def test_verdict_of_a_dispatch_that_breaks_limits(extreme: Clearance) -> None:
    assert extreme.verification.status is Status.LIMITS_BROKEN
    page = report_page(extreme)
    assert '<div class="verdict unsafe">' in page
    assert "Not safe to operate: limits are broken." in page
    assert "NOT SAFE: the dispatch breaks limits of the network" in page
    assert "The dispatch breaks 2 limits: bus 35 (Bus C12) at 0.8909 pu, limit 0.9 pu, worst at 11:00" in page
    assert "<h2>Limits that the dispatch breaks</h2>" in page
    assert "<span>Bus 35 (Bus C12) at 0.8909 pu, limit 0.9 pu</span>" in page
    assert "broken by the dispatch</li>" in page and "before any trade</li>" not in page
    states = embedded(page, "states")
    assert states["outsideNodes"][0] and not any(states["beforeNodes"] + states["beforeElements"])
    assert "broken by the dispatch: bus 35 (Bus C12)" in states["facts"][0]


def test_limits_broken_before_any_trade_have_a_mark_of_their_own(day: Clearance) -> None:
    limits = Limits(line_loading_max_percent=1.0, transformer_loading_max_percent=1.0)
    page = own_part(report_page(gridpact.clear(replace(cigre_day(), limits=limits), network=day.network)))
    states = embedded(page, "states")
    assert any(states["beforeElements"]) and not any(states["outsideElements"])
    assert "already beyond its limit before any trade: " in " ".join(states["facts"])
    assert "before any trade</li>" in page and "broken by the dispatch</li>" not in page
    assert states["beforeColour"] != states["brokenColour"]
    assert "Limits that the dispatch breaks" not in page
    assert "Not safe to operate: limits stay broken that are broken without any trade" in page


def test_what_an_elastic_load_does_not_buy_is_no_alarm(day: Clearance) -> None:
    participants = replace(day.case.participants, firm=np.zeros(12, dtype=np.bool_))
    clearance = gridpact.clear(replace(cigre_day(), participants=participants), network=day.network)
    page, traces = report_page(clearance), report_pictures(clearance)["load"]["data"]
    (elastic,) = [trace for trace in traces if trace.get("name") == "Not bought (elastic)"]
    assert elastic["marker"]["color"] == SAND
    assert "Unserved" not in own_part(page)


@pytest.mark.parametrize(
    ("formulation", "solvers"), [(Formulation.AC, ["daqp", "piqp"]), (Formulation.DC, ["highspy"])]
)
def test_the_foot_names_the_solvers_of_the_formulation(formulation: Formulation, solvers: list[str]) -> None:
    page = own_part(report_page(gridpact.clear(replace(cigre_extreme(), formulation=formulation))))
    said = page.split("<dt>Solvers</dt><dd>")[1].split("</dd>")[0]
    assert all(solver in said for solver in solvers)
    assert ("daqp" in said) == (formulation is Formulation.AC)


def test_few_bars_stand_as_close_as_many(day: Clearance) -> None:
    gaps = []
    for periods in (4, 24):
        horizon = replace(day.case.horizon, resolution="15min", periods=periods)
        layout = time_layout(period_axis(horizon), "kW")
        gaps.append(layout["bargap"] / periods)
    assert gaps[0] == pytest.approx(gaps[1], rel=0.05)


def test_network_limits_make_cuts_and_shadow_prices(day: Clearance) -> None:
    limits = Limits(line_loading_max_percent=8.0, transformer_loading_max_percent=8.0)
    case = replace(with_profiles(cigre_day(), load=4.0, generation=40.0), limits=limits)
    orders = replace(case.orders, power_kw=case.orders.power_kw * 40)
    clearance = gridpact.clear(replace(case, orders=orders), network=day.network)
    assert len(clearance.limits)
    page = report_page(clearance)
    assert "kW per %" in page and " were cut from " in page
    assert "Limits broken without any trade" in page
    assert '<div class="verdict safe">' not in page


def test_trades_beyond_two_hundred_are_counted_not_shown() -> None:
    base = market(generation_kw={"s": [0.0]}, load_kw={"b": [1.0]})
    many = [Trade(f"t{number:03d}", "s", "b", 0, 1, 1.0, 0.1) for number in range(230)]
    page = report_page(gridpact.clear(replace(base, trades=trades(many, {"s": 0, "b": 1}))))
    assert "The 200 that lost most are shown; 30 more are in cleared.csv." in page
    assert page.count('<th scope="row" data-column="Trade">') == 200


def test_no_trades_at_all(day: Clearance) -> None:
    page = report_page(gridpact.clear(replace(cigre_day(), orders=Orders.none()), network=day.network))
    assert "There were no trades." in page
    assert "nothing was proposed" in page


def test_no_generation_has_words_in_place_of_a_picture(day: Clearance) -> None:
    case = with_profiles(cigre_day(), generation=0.0)
    clearance = gridpact.clear(case, network=day.network)
    assert "No participant has any generation in this horizon." in report_page(clearance)
    assert report_pictures(clearance)["generation"]["data"] == []


def test_periods_without_a_solution_are_gaps(day: Clearance) -> None:
    load_kw = cigre_day().profiles.load_kw.copy()
    load_kw[18:21] *= 400.0
    case = replace(cigre_day(), profiles=replace(cigre_day().profiles, load_kw=load_kw))
    clearance = gridpact.clear(case, network=day.network)
    page = report_page(clearance)
    assert "Not safe to operate: no power-flow solution." in page
    states = embedded(page, "states")
    assert states["start"] == 18
    assert set(states["voltage"][18]) == {None} and set(states["loading"][18]) == {None}
    assert "no power-flow solution" in hovered(clearance, "voltage")[18]
    assert report_pictures(clearance)["voltage"]["layout"]["shapes"][0]["x0"] == 17.5


def test_never_a_solution(extreme: Clearance) -> None:
    profiles = replace(extreme.case.profiles, load_kw=np.full_like(extreme.case.profiles.load_kw, 4000.0))
    clearance = gridpact.clear(replace(extreme.case, profiles=profiles), network=extreme.network)
    assert not clearance.operation.converged.any()
    page = report_page(clearance)
    assert "no power-flow solution" in page and "nan" not in own_part(page).lower().replace("nan(", "")


def test_names_from_the_case_are_escaped_everywhere() -> None:
    case = market(
        ask("a", NASTY, 3.0, 0.1),
        bid("b", "buyer" + NASTY, 3.0, 0.2),
        generation_kw={NASTY: [2.0]},
        load_kw={"buyer" + NASTY: [1.0]},
    )
    page = own_part(report_page(gridpact.clear(replace(case, name=NASTY))))
    assert "alert(1)</script>" not in page and "<b>&" not in page
    structure = Structure(page)
    assert structure.open == []
    assert page.count("<script") == 4
    name = embedded(page, "states")["participants"]["name"][0]
    assert "<" not in name and "&lt;/script&gt;" in name
    assert "&lt;/script&gt;" in page.split("</title>")[0]


@pytest.mark.parametrize(
    "pictures", [None, Pictures(drawn={}, script="network.js", data={"pictures": {NASTY: NASTY}})]
)
def test_the_shell_of_all_pages_escapes_every_text(pictures: Pictures | None) -> None:
    head = Head(
        title=NASTY,
        heading=NASTY,
        below=[NASTY, NASTY],
        said="<p>Said</p>",
        tiles=[Tile(name=NASTY, value=NASTY, remark=NASTY)],
        notices=[NASTY],
    )
    sections = [section(NASTY, key([(NASTY, "<path/>")], lead=NASTY), kind=NASTY), ""]
    page = document(head, sections, [(NASTY, NASTY)], pictures=pictures)
    own = page if pictures is None else own_part(page)
    assert "alert(1)</script>" not in own and "<b>&" not in own
    assert own.count("${x}") == (14 if pictures is None else 16)
    assert Structure(own).open == []
    assert own.count("<script") == (0 if pictures is None else 2)
    assert ("script-src 'sha256-" in own) == (pictures is not None)
    assert "unsafe" not in own.split("<title>")[0]


def test_series_that_are_zero_throughout_are_left_out(day: Clearance) -> None:
    names = [trace.get("name") for trace in report_pictures(day)["load"]["data"]]
    assert names == ["Peers (P2P)", "Retailer", None]


def test_stacks_add_up_to_load_and_generation(day: Clearance) -> None:
    participants = replace(
        day.case.participants,
        exports=np.arange(12) % 2 == 1,
        firm=np.arange(12) % 3 > 0,
    )
    case = with_profiles(replace(day.case, participants=participants), load=2.0, generation=6.0)
    clearance = gridpact.clear(case, network=day.network)
    pictures = report_pictures(clearance)
    for name, whole in (("load", case.profiles.load_kw), ("generation", case.profiles.generation_kw)):
        layers = np.array([trace["y"] for trace in pictures[name]["data"] if trace["type"] == "bar"])
        assert len(layers) >= 3
        np.testing.assert_allclose(layers.sum(axis=0), whole.sum(axis=1), rtol=2e-3)


def test_states_hold_the_operation(day: Clearance) -> None:
    states = embedded(report_page(day), "states")
    nodes = day.network.nodes
    assert len(states["nodes"]["x"]) == nodes
    assert np.array(states["voltage"]).shape == (24, nodes)
    np.testing.assert_allclose(np.array(states["loading"], float), day.operation.loading_percent, rtol=6e-4)
    assert states["nodes"]["label"][0] == "0, 1,<br>20, 23"
    assert sum(states["nodes"]["supply"]) == 1
    assert states["start"] == int(day.dispatch.p2p_sold_kw.sum(axis=1).argmax())


def test_first_period_shown_is_the_one_under_most_stress(day: Clearance) -> None:
    tight = replace(cigre_day(), limits=Limits(voltage_min_pu=0.9935, voltage_max_pu=1.1))
    clearance = gridpact.clear(tight, network=day.network)
    assert start_period(clearance) == int(clearance.operation.voltage_pu.min(axis=1).argmin())


@pytest.mark.parametrize(
    ("start", "periods", "resolution"),
    [
        (datetime(2024, 3, 31), 23, "1h"),
        (datetime(2024, 10, 27), 25, "1h"),
        (datetime(2024, 10, 27), 100, "15min"),
        (datetime(2024, 6, 21), 96, "15min"),
        (datetime(2024, 6, 21), 48, "1h"),
        (datetime(2024, 6, 21), 24 * 7, "1h"),
        (datetime(2024, 6, 21, 11), 1, "1h"),
        (datetime(2024, 6, 21, 0, 5), 3, "15min"),
        (datetime(2024, 1, 1), 24 * 366, "1h"),
    ],
)
def test_time_axis_is_readable_and_right(start: datetime, periods: int, resolution: str) -> None:
    zone = ZoneInfo("Europe/Berlin")
    horizon = Horizon(
        start=start.replace(tzinfo=zone), timezone="Europe/Berlin", resolution=resolution, periods=periods
    )
    axis = period_axis(horizon)
    assert len(axis.labels) == periods == len(set(axis.labels))
    assert 2 <= len(axis.tick_positions) <= TICKS_MAX
    for position, text in zip(axis.tick_positions, axis.tick_texts, strict=True):
        instant = horizon.instant(round(position + 0.5))
        assert text.split("<br>")[0] in (f"{instant:%H:%M}", f"{instant:%m-%d}")
    if len({horizon.instant(at).utcoffset() for at in range(periods + 1)}) > 1 and periods < 200:
        assert all("UTC+0" in label for label in axis.labels)


def test_hour_that_comes_twice_is_told_apart() -> None:
    horizon = Horizon(
        start=datetime(2024, 10, 26, 22, tzinfo=UTC), timezone="Europe/Berlin", resolution="1h", periods=25
    )
    labels = period_axis(horizon).labels
    assert labels[2] == "2024-10-27 02:00–02:00 (UTC+02:00)"
    assert labels[3] == "2024-10-27 02:00–03:00 (UTC+01:00)"


def placed(nodes: int, branches: list[tuple[int, int]], roots: list[int]) -> Tree:
    ends = np.array(branches, dtype=np.int64).reshape(-1, 2)
    return tree(nodes, ends[:, 0], ends[:, 1], np.array(roots))


def test_a_feeder_runs_straight_and_its_laterals_hang_below() -> None:
    drawn = placed(6, [(0, 1), (1, 2), (2, 3), (1, 4), (2, 5)], [0])
    assert drawn.depth.tolist() == [0, 1, 2, 3, 2, 3]
    assert drawn.row.tolist() == [0, 0, 0, 0, 1, 1]
    assert drawn.in_tree.all()


def test_loops_parallels_and_several_supplies() -> None:
    drawn = placed(6, [(0, 1), (1, 2), (0, 2), (1, 2), (3, 4), (2, 4)], [0, 3])
    assert drawn.parent_branch.tolist() == [-1, 0, 2, -1, 4, -1]
    assert drawn.in_tree.tolist() == [True, False, True, False, True, False]
    assert drawn.depth[[0, 3, 5]].tolist() == [0, 0, 0]
    assert len({(d, r) for d, r in zip(drawn.depth, drawn.row, strict=True)}) == 6
    straight, bowed = drawn.path(1, 2, is_loop=False), drawn.path(1, 2, is_loop=True)
    assert straight[0][1] != bowed[0][1]


@pytest.mark.parametrize("seed", range(20))
def test_random_trees_have_no_two_nodes_in_one_place(seed: int) -> None:
    rng = np.random.default_rng(seed)
    branches = [(int(rng.integers(max(0, node - 6), node)), node) for node in range(1, 80)]
    drawn = placed(80, branches, [0])
    assert len(set(zip(drawn.depth.tolist(), drawn.row.tolist(), strict=True))) == 80
    children = drawn.row[[end for _, end in branches]] - drawn.row[[start for start, _ in branches]]
    assert children.min() >= 0
    assert not crossings(drawn, branches)


def crossings(drawn: Tree, branches: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Branches from different nodes of one column whose rows overlap in the gap that they share."""
    found = []
    for start, end in branches:
        for one, other in branches:
            if one == start or drawn.depth[one] != drawn.depth[start]:
                continue
            spans = sorted([(drawn.row[start], drawn.row[end]), (drawn.row[one], drawn.row[other])])
            if spans[0][1] >= spans[1][0]:
                found.append((end, other))
    return found


def test_short_numbers_keep_four_digits() -> None:
    assert short(np.array([0.993612, 100.04, 12345.6, 0.0, -1e-7, np.nan, 3.3])) == [
        0.9936,
        100.0,
        12350.0,
        0.0,
        -1e-7,
        None,
        3.3,
    ]
    assert fixed(-1e-9, 3) == "0.000"


def test_script_json_cannot_end_its_element() -> None:
    text = script_json({"x": NASTY + "\u2028"})
    assert "<" not in text and "&" not in text and "\u2028" not in text
    assert json.loads(text) == {"x": NASTY + "\u2028"}


@pytest.mark.parametrize("values", [[0.9936, 1.0006], [1.0, 1.0], [0.85, 1.12], [np.nan], [0.2, 3.0]])
def test_scales_hold_all_values_in_few_steps(values: list[float]) -> None:
    scale = voltage_scale(np.array(values))
    assert len(scale.ticks) == len(scale.colours) + 1
    if np.isfinite(values).all() and max(values) < 1.5:
        assert scale.low <= min(values) and max(values) <= scale.high
    loading = loading_scale(np.array(values) * 100)
    assert loading.low == 0.0
    if np.isfinite(values).all():
        assert max(values) * 100 <= loading.high


def test_sentences_begin_with_a_capital_but_for_names_of_files() -> None:
    assert sentence("no reading of @head") == "No reading of @head."
    assert sentence("tariffs.toml has no section [bill]") == "tariffs.toml has no section [bill]."
