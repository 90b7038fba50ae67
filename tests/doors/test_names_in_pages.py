"""Names of cases, participants and trades are words in pages, whatever they contain."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pandapower as pp
import pytest

import gridpact
from gridpact.case import Trades, read_case, write_case
from gridpact.report.clearance.clearance_page import report_page
from gridpact.report.comparison.comparison_page import comparison_page
from gridpact.report.envelopes.envelope_page import envelope_page
from gridpact.report.headroom.headroom_page import headroom_page
from gridpact.report.settlement.settlement_page import settlement_page
from gridpact.report.settlement.statement_page import statement_pages
from tests.fleets import fleet_case
from tests.newest.outputs import gridpact as run
from tests.settle_example import SHARING, write_settle_example

HOSTILE = (
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    '<a href="javascript:alert(1)">pay here</a>',
    "' onmouseover='alert(1)",
    "<b>bold</b><br>",
    "%{x} &lt;i&gt; $x^2$",
    "<!--",
    "]]>",
    "../../../etc/passwd",
    "<style>*{display:none}</style>",
)
REPORT = re.compile(r"[\w.%~/-]+/report\.html")  # of a case of a fleet, below it


class Structure(HTMLParser):
    """The tags of a page with the names of their attributes, its addresses, and what scripts read."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.addresses: list[str] = []
        self.data: list[str] = []
        self._in_data = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attributes)))
        self.addresses += [value or "" for name, value in attributes if name in ("href", "src", "action")]
        self._in_data = tag == "script" and ("type", "application/json") in attributes

    def handle_data(self, data: str) -> None:
        if self._in_data:
            self.data.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._in_data = False


def check(page: str) -> Structure:
    """A page whose only elements are gridpact's own, in its pictures too."""
    structure = Structure(page)
    assert not {tag for tag, _ in structure.tags} & {"img", "b", "i"}
    assert {name for _, names in structure.tags for name in names if name.startswith("on")} == set()
    own = {each for each in structure.addresses if each.startswith("#about-") or REPORT.fullmatch(each)}
    assert set(structure.addresses) - own <= {"data:,"}
    assert page.count("<style") == page.count("</style") == 1
    for data in structure.data:
        json.loads(data)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write", page)  # texts stay texts
    return structure


def hostile(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{HOSTILE[k % len(HOSTILE)]} {k}" for k in range(len(names)))


def harmless(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"name {k}" for k in range(len(names)))


def named(rename, case_name: str):
    """A congested case on a network whose buses and lines have such names too."""
    case = fleet_case(1)
    participants = replace(
        case.participants,
        ids=rename(case.participants.ids),
        retailer=tuple(case_name for _ in case.participants.ids),
    )
    return replace(
        case,
        name=case_name,
        participants=participants,
        trades=replace(case.trades, ids=rename(case.trades.ids)),
    )


def pages_of(case) -> dict[str, str]:
    connected = replace(case, participants=replace(case.participants, connection_kw=60.0))
    untraded = replace(case, trades=Trades.none())
    return {
        "report": report_page(gridpact.clear(case)),
        "headroom": headroom_page(gridpact.headroom(case)),
        "comparison": comparison_page(gridpact.compare(gridpact.clear(case), gridpact.clear(untraded))),
        "envelopes": envelope_page(gridpact.operating_envelopes(connected)),
    }


@pytest.mark.parametrize("name", HOSTILE[:4])
def test_names_add_nothing_to_a_report(name: str) -> None:
    shown, plain = pages_of(named(hostile, name)), pages_of(named(harmless, "plain"))
    for kind in plain:
        assert check(shown[kind]).tags == check(plain[kind]).tags
        assert "pay here" in shown[kind]


def test_names_in_a_network_file_add_nothing(tmp_path: Path) -> None:
    import pandapower.networks as pn

    net = pn.create_cigre_network_lv()
    for table in (net.bus, net.line, net.trafo):
        table["name"] = [HOSTILE[k % len(HOSTILE)] for k in range(len(table))]
    net.name = HOSTILE[0]
    case = replace(fleet_case(0), name=HOSTILE[1])
    write_case(case, tmp_path / "case")
    pp.to_json(net, str(tmp_path / "case" / "network.json"))
    settings = tmp_path / "case" / "case.toml"
    settings.write_text(
        settings.read_text().replace('builtin = "pandapower/cigre_lv"', 'file = "network.json"')
    )
    for page in pages_of(read_case(tmp_path / "case")).values():
        check(page)


def settled(folder: Path, rename) -> tuple[dict[str, str], list[str]]:
    """The pages of the settled example with a key, all its names renamed, and the files they would go to."""
    case, result = write_settle_example(folder)
    (case / "sharing.csv").write_text(SHARING)
    tariffs = case / "tariffs.toml"
    tariffs.write_text(tariffs.read_text() + '[sharing]\nkey = "fixed"\nprice_per_kwh = 0.1\n')
    plain = ("h1", "h2", "h3", "t1", "t2", "north")
    for path in (*case.iterdir(), *result.iterdir()):
        text = path.read_text()
        for old, new in zip(plain, rename(plain), strict=True):
            quoted = new.replace('"', '""')
            if path.suffix == ".csv":
                text = re.sub(rf"(?m)(^|,){old}(?=,|$)", lambda m, q=quoted: f'{m[1]}"{q}"', text)
            if path.name == "tariffs.toml":
                text = text.replace(f"retailers.{old}", f"retailers.{json.dumps(new)}")
            if path.name == "case.toml":
                text = text.replace('"Example street"', json.dumps(rename(("x",))[0]))
        path.write_text(text)
    done = gridpact.settle(case, result)
    statements = dict(statement_pages(done))
    return {"settlement": settlement_page(done), **statements}, list(statements)


def test_names_add_nothing_to_a_settlement(tmp_path: Path) -> None:
    shown, files = settled(tmp_path / "hostile", hostile)
    plain, _ = settled(tmp_path / "plain", harmless)
    assert len(files) == 3
    assert all(re.fullmatch(r"[\w.~-]+\.html", file) and not file.startswith(".") for file in files)
    for page, other in zip(shown.values(), plain.values(), strict=True):
        assert check(page).tags == check(other).tags
    assert any("script-src" not in page for page in shown.values())


def test_names_add_nothing_to_the_page_of_a_fleet(tmp_path: Path) -> None:
    names = (
        "<a href='javascript:alert(1)'>x<",
        "<b>bold<",
        "' onmouseover='alert(1)",
        '"><img src=x onerror=y>',
    )
    for place, name in enumerate(names):
        write_case(replace(fleet_case(1 + place % 2), name=name), tmp_path / "fleet" / name)
    (tmp_path / "fleet" / names[0] / "trades.csv").write_text("trade\n<b>bold</b>\n")
    written = run(
        "fleet", tmp_path / "fleet", "--out", tmp_path / "out", "--workers", "1", "--quiet", "--json"
    )
    assert written.code == 1
    page = (tmp_path / "out" / "fleet.html").read_text()
    check(page)
    assert "bold" in page
