"""Figures in Python are the pictures of the pages, and results show themselves in notebooks."""

import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from plotly.graph_objects import Figure

import gridpact
from gridpact.fleet.page.fleet_pictures import hours_picture, shares_picture
from gridpact.fleet.rows.tally import Tally
from gridpact.published import cigre_day, cigre_extreme
from gridpact.report.clearance.clearance_page import report_pictures
from gridpact.report.headroom.headroom_pictures import headroom_pictures
from gridpact.report.settlement.settlement_page import settlement_pictures
from tests.unit.test_settlement_pages import day, settled_case

NASTY = "<b>&\"'</table>"


@pytest.fixture(scope="module")
def extreme() -> gridpact.Clearance:
    return gridpact.clear(cigre_extreme())


def drawn(figure: Figure) -> dict[str, Any]:
    """What the figure has been given of it: traces by type and values."""
    found: dict[str, Any] = figure.to_plotly_json()
    return found


def check_same(figure: Figure, picture: dict[str, Any]) -> None:
    assert isinstance(figure, Figure)
    traces = drawn(figure)["data"]
    assert [trace["type"] for trace in traces] == [trace["type"] for trace in picture["data"]]
    for trace, given in zip(traces, picture["data"], strict=True):
        for name in ("x", "y", "z"):
            assert list(trace.get(name, ())) == list(given.get(name, ()))
    assert drawn(figure)["layout"]["height"] == picture["layout"]["height"]


def test_every_picture_of_a_report_is_a_figure(extreme: gridpact.Clearance) -> None:
    pictures = {name: each for name, each in report_pictures(extreme).items() if each["data"]}
    assert {"load", "generation", "voltage", "loading"} <= set(pictures)
    for name, picture in pictures.items():
        check_same(gridpact.plot_clearance(extreme, name), picture)


def test_headroom_envelopes_comparisons_and_settlements_are_figures(extreme: gridpact.Clearance) -> None:
    headroom = gridpact.headroom(extreme.case)
    for name, picture in headroom_pictures(headroom).items():
        check_same(gridpact.plot_headroom(headroom, name), picture)
    people = replace(extreme.case.participants, connection_kw=50.0)
    envelopes = gridpact.operating_envelopes(replace(extreme.case, participants=people))
    fed = [trace for trace in gridpact.plot_envelopes(envelopes).data if trace.name == "May feed in"]
    assert list(fed[0].x) == pytest.approx(envelopes.export_max_kw[0].tolist(), abs=1e-6)
    fair = gridpact.clear(replace(extreme.case, allocation="max-min"))
    change = gridpact.plot_comparison(gridpact.compare(extreme, fair), "change")
    assert len(change.data[0].x) >= 2
    settled = settled_case(day())
    for name, picture in settlement_pictures(settled).items():
        if picture["data"]:
            check_same(gridpact.plot_settlement(settled, name), picture)


def test_a_fleet_is_drawn_from_its_tables_as_its_page_is_from_its_rows(tmp_path: Path) -> None:
    gridpact.write_case(replace(cigre_extreme(), trades=cigre_extreme().trades), tmp_path / "cases" / "a")
    gridpact.write_case(cigre_day(), tmp_path / "cases" / "b")
    fleet = gridpact.run_fleet(tmp_path / "cases", tmp_path / "out", workers=1, quiet=True)
    tally = Tally()
    share = fleet.table["cleared_share"].min()
    tally.shares[int(share * len(tally.shares))] = 1
    check_same(gridpact.plot_fleet(fleet, "shares"), shares_picture(tally.shares))
    by_hour = {name: fleet.hours.groupby("hour")[name].sum().tolist() for name in tally.by_hour}
    check_same(gridpact.plot_fleet(fleet), hours_picture(by_hour))


def test_what_cannot_be_drawn_is_refused_with_what_can(extreme: gridpact.Clearance) -> None:
    with pytest.raises(gridpact.InvalidUsage, match=r"no picture 'voltages'.*choose one of load, generation"):
        gridpact.plot_clearance(extreme, "voltages")
    with pytest.raises(gridpact.InvalidUsage, match="'commitments' has nothing to show"):
        gridpact.plot_clearance(extreme, "commitments")
    with pytest.raises(gridpact.InvalidUsage, match="plot_headroom takes a Headroom, not a Clearance"):
        gridpact.plot_headroom(extreme)  # type: ignore[arg-type]


def test_pages_and_plots_take_no_plotly_until_a_figure_is_made() -> None:
    script = (
        "import sys; sys.modules['plotly'] = None\n"
        "import gridpact\n"
        "from gridpact.published import cigre_extreme\n"
        "from gridpact.report.clearance.clearance_page import report_page\n"
        "clearance = gridpact.clear(cigre_extreme())\n"
        "assert '<svg' in report_page(clearance)\n"
        "try:\n    gridpact.plot_clearance(clearance)\n"
        "except gridpact.InvalidUsage as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "plotly is not installed (install it: pip install plotly)" in " ".join(done.stdout.split())


class Cells(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.words: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not attrs  # no colours of its own: the notebook's are light or dark
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_every_result_shows_itself_in_a_notebook_in_the_notebooks_colours() -> None:
    case = replace(cigre_extreme(), name=NASTY)
    clearance = gridpact.clear(case)
    people = replace(case.participants, connection_kw=50.0)
    shown = [
        (case, "18"),
        (clearance, "713.488 kWh"),
        (gridpact.headroom(case), "729.000 of 729.000 kWh"),
        (gridpact.operating_envelopes(replace(case, participants=people)), "900.000 kW"),
        (gridpact.compare(clearance, clearance), "713.488 kWh"),
        (settled_case(day(), name=NASTY), "sharing"),
    ]
    for value, words in shown:
        cells = Cells(value._repr_html_())
        assert cells.tags == {"table", "caption", "tr", "th", "td"}
        assert "".join(cells.words).startswith(NASTY), value
        assert words in cells.words, value
