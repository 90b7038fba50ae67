"""The pages of a settlement: self-contained, escaped, the same bytes, and true to the figures."""

import re
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridpact.case import Case, Orders, Profiles
from gridpact.case.horizon import Horizon
from gridpact.errors import InvalidUsage
from gridpact.published import cigre_day
from gridpact.report.settlement.line_words import DRAWN, FED, LINE_WORDS
from gridpact.report.settlement.settlement_page import settlement_page, settlement_pictures
from gridpact.report.settlement.settlement_pictures import PARTICIPANTS_MAX, ROWS_WHOLE
from gridpact.report.settlement.statement_page import BARS_MAX, PEERS_SHOWN, statement_pages
from gridpact.report.shell.amounts import exact_money, kwh, money
from gridpact.results.file_names import file_names
from gridpact.settlement.bills.billed import Billed
from gridpact.settlement.bills.make_bills import make_bills
from gridpact.settlement.bills.with_bills import with_bills
from gridpact.settlement.settled_case import SettledCase
from gridpact.settlement.settlement_outcome import outcome
from gridpact.settlement.settling.settle import book_up
from gridpact.settlement.statements.balances import make_balances
from gridpact.settlement.statements.statements import LINES, make_statements
from gridpact.settlement.tariffs.bill_terms import BillTerms
from gridpact.settlement.tariffs.tariffs import Mode
from tests.settlements import Inputs, make_inputs, make_key, make_members
from tests.unit.test_report import NASTY, Structure, own_part


def settled_case(inputs: Inputs, name: str = "street", currency: str = "EUR", **more) -> SettledCase:
    nothing = np.zeros((inputs.horizon.periods, len(inputs.participants)))
    case: Case = replace(
        cigre_day(),
        name=name,
        currency=currency,
        participants=inputs.participants,
        horizon=inputs.horizon,
        profiles=Profiles(load_kw=nothing, generation_kw=nothing),
        orders=Orders.none(),
    )
    return SettledCase(case=case, energy=inputs.settled(**more), scheduled=0, inputs_sha256="0" * 64)


def day(ids: tuple[str, ...] = ("sun", "anna", "ben"), **more) -> Inputs:
    """Four hours of one seller and two buyers."""
    imports = [[0, 900, 400], [0, 1500, 1200], [100, 800, 0], [300, 700, 600]]
    exports = [[0, 0, 0], [2400, 0, 0], [1900, 0, 50], [0, 0, 0]]
    trades = [
        (f"t{buyer}", period, 0, buyer, energy, 120_000)
        for buyer, energy in ((1, 1200), (2, 800))
        for period in (1, 2)
    ]
    inputs = make_inputs(imports, exports, trades, head_wh=[1350, 350, -1000, 1650], **more)
    return replace(inputs, participants=make_members(ids))


def street(count: int, *, feeding: int = 1) -> Inputs:
    """Many participants, the first of whom sell to the others."""
    sells = np.arange(count) < feeding
    imports = np.where(sells, 0, 100 + np.arange(count))[None, :]
    exports = np.where(sells, 100_000, 0)[None, :]
    trades = [(f"t{place}", 0, 0, place, 10 + place, 100_000) for place in range(feeding, count)]
    full = make_inputs(imports, exports, trades)
    return replace(full, participants=make_members([f"home-{place}" for place in range(count)]))


def pages(settled: SettledCase) -> dict[str, str]:
    return dict(statement_pages(settled))


def test_the_page_is_well_formed_and_loads_nothing() -> None:
    for beside in (None, settled_case(day(mode=Mode.FIRM))):
        page = own_part(settlement_page(settled_case(day()), beside=beside))
        structure = Structure(page)
        assert structure.open == []
        assert structure.headings[0] == "h1" and structure.headings.count("h1") == 1
        assert len(structure.ids) == len(set(structure.ids))
        shown = settlement_pictures(settled_case(day()), beside=beside)
        assert {name for name, each in shown.items() if each["data"]} <= set(structure.ids)
        assert structure.links == ["data:,"]
        assert "http:" not in page and "https:" not in page
        assert "@import" not in page and set(re.findall(r"url\((.)", page)) <= {"#"}
        assert "default-src 'none'" in page
        assert "$" not in page.split("<script>")[0]


def test_statements_are_well_formed_and_run_nothing() -> None:
    for mode in Mode:
        found = pages(settled_case(day(mode=mode)))
        assert list(found) == ["sun.html", "anna.html", "ben.html"]
        for page in found.values():
            structure = Structure(page)
            assert structure.open == []
            assert structure.headings[0] == "h1" and structure.headings.count("h1") == 1
            assert structure.links == ["data:,"]
            assert "://" not in page and "<script" not in page and "url(" not in page
            assert "default-src 'none'" in page and "script-src" not in page
            assert len(page) < 40_000


def test_the_same_settlement_makes_the_same_bytes() -> None:
    one, other = settled_case(day()), settled_case(day())
    assert settlement_page(one) == settlement_page(other)
    assert pages(one) == pages(other)


def test_names_are_escaped_everywhere() -> None:
    settled = settled_case(day(ids=(NASTY, "anna" + NASTY, "ben")), name=NASTY)
    page = own_part(settlement_page(settled, beside=settled_case(day(mode=Mode.FIRM))))
    assert page.count("<script") == 2
    for each in (page, *pages(settled).values()):
        assert "alert(1)</script>" not in each and "<b>&" not in each
        assert Structure(each).open == []
    labels = settlement_pictures(settled)["gain-feeding-0"]["layout"]["yaxis"]["ticktext"]
    assert labels == ["&lt;/script&gt;&lt;scrip…", "ben"]


def test_the_pictures_show_what_the_statements_say() -> None:
    sharing, firm = settled_case(day()), settled_case(day(mode=Mode.FIRM))
    pictures = settlement_pictures(sharing, beside=firm)
    (label,) = pictures["gain-drawing-0"]["layout"]["yaxis"]["ticktext"]
    assert label == "anna"
    for place, settled in enumerate((sharing, firm)):
        gain = make_statements(settled.settlement).gain_micro / 1e6
        feeding = pictures["gain-feeding-0"]["data"][place]
        names = pictures["gain-feeding-0"]["layout"]["yaxis"]["ticktext"]
        by_name = dict(zip(names, feeding["x"], strict=True))
        assert by_name == {"sun": gain[0], "ben": gain[2]}
        assert pictures["gain-drawing-0"]["data"][place]["x"] == [gain[1]]
        net = make_balances(settled.settlement).net_micro / 1e6
        assert pictures["accounts"]["data"][1 + place]["x"] == net.tolist()
    assert pictures["accounts"]["data"][0]["name"] == "Retail alone"
    layers = np.array([each["y"] for each in pictures["drawn-0"]["data"] if each["type"] == "bar"])
    np.testing.assert_allclose(layers.sum(axis=0), sharing.settlement.meters.import_wh.sum(axis=1) / 1000)


def community(**more) -> Inputs:
    """Two hours of one who gives and one who receives, and no trade."""
    key = make_key("proportional", [[1_000_000] * 2] * 2)
    inputs = make_inputs([[0, 900], [0, 1500]], [[2400, 0], [0, 0]], keys=key, **more)
    return replace(inputs, participants=make_members(("sun", "anna")))


def lead(page: str) -> str:
    """What a page says above its sections, without its elements."""
    return re.sub(r"<[^>]+>", " ", page.split("</header>")[0].split("<h1>")[1])


def test_the_page_leads_with_what_was_traded_or_shared_whichever_there_was() -> None:
    traded, shared = (lead(own_part(settlement_page(settled_case(each)))) for each in (day(), community()))
    assert "kWh were settled between peers" in traded and "shared" not in traded
    assert traded.index("Settled between peers") < traded.index("Metered import")
    assert "0.900 kWh were shared by the key" in shared and "peers" not in shared
    assert shared.index("Shared by the key") < shared.index("Metered import")
    said = outcome(settled_case(community()))
    assert said.startswith("street: 0.900 kWh of 2.400 kWh exported is shared (37.5%); participants gain")
    neither = settled_case(replace(community(), keys=None))
    assert "nothing was traded or shared" in outcome(neither)
    assert "nothing was traded or shared" in lead(own_part(settlement_page(neither)))


def test_all_gains_have_one_scale_and_so_have_energy_drawn_and_fed_in() -> None:
    """One gains more than ten times as much as any other: bars of one length must mean one gain."""
    pictures = settlement_pictures(settled_case(street(52)))
    gains = [picture for name, picture in pictures.items() if name.startswith("gain-")]
    assert len(gains) == 3
    (scale,) = {tuple(picture["layout"]["xaxis"]["range"]) for picture in gains}
    shown = [value for picture in gains for trace in picture["data"] for value in trace["x"]]
    assert scale[0] <= min(shown) and max(shown) <= scale[1] and max(shown) > 10 * sorted(shown)[-2]
    (powers,) = {tuple(pictures[name]["layout"]["yaxis"]["range"]) for name in ("drawn-0", "fed-0")}
    assert powers[1] >= 100.0


def test_the_page_lists_the_bills() -> None:
    settled = settled_case(day())
    bills = make_bills(settled.settlement, BillTerms(number_prefix="N<"))
    billed = replace(settled, billed=Billed(terms=BillTerms(), bills=bills))
    page = own_part(settlement_page(billed))
    assert "<h2>Bills</h2>" in page and "<h2>Bills</h2>" not in own_part(settlement_page(settled))
    for bill in bills:
        assert f"N&lt;{bill.running_number:04d}" in page and money(bill.total_cents * 10_000, "") in page
    for place, each in enumerate(pages(billed).values()):
        assert f"Bill N&lt;{place + 1:04d} asks for it in whole cents and with VAT" in each


@pytest.mark.parametrize("billed_first", [True, False])
@pytest.mark.parametrize("mode", [Mode.FIRM, Mode.SHARING])  # of the side without bills
def test_bills_on_one_side_alone_leave_each_account_its_own_figures(billed_first: bool, mode: Mode) -> None:
    terms = BillTerms(number_prefix="S-")
    plain = settled_case(day(mode=mode))
    bills = make_bills(settled_case(day()).settlement, terms)
    energy = book_up(with_bills(day().settled(), bills))
    billed = replace(settled_case(day()), energy=energy, billed=Billed(terms=terms, bills=bills))
    sides = (billed, plain) if billed_first else (plain, billed)
    page = own_part(settlement_page(sides[0], beside=sides[1]))
    assert page.count("<h2>Bills</h2>") == 1 and "S-0001" in page
    named = "Sharing with bills" if mode is Mode.SHARING else "Sharing"
    assert {f"{named}: net", f"{str(mode).capitalize()}: net"} <= set(
        re.findall(r">([A-Z][^<]*: net)<", page)
    )
    checked = page.partition("Checked</h2>")[2]
    assert set(re.findall(r"<h3>([^<]*)</h3>", checked)) == {named, str(mode).capitalize()}
    accounts = settlement_pictures(sides[0], beside=sides[1])["accounts"]
    names = accounts["layout"]["yaxis"]["ticktext"]
    for place, side in enumerate(sides):
        found = make_balances(side.settlement)
        net = dict(zip(found.accounts, (found.net_micro / 1e6).tolist(), strict=True))
        drawn = dict(zip(names, accounts["data"][1 + place]["x"], strict=True))
        assert drawn == {name: pytest.approx(net.get(name, 0.0)) for name in names}
    assert set(names) == set(make_balances(billed.settlement).accounts)


def test_settlements_of_two_cases_do_not_stand_side_by_side() -> None:
    with pytest.raises(InvalidUsage, match="number of participants") as caught:
        settlement_page(settled_case(day()), beside=settled_case(street(4)))
    assert "the same case" in str(caught.value)


def test_many_participants_stand_in_two_columns_and_too_many_are_counted() -> None:
    few = settlement_pictures(settled_case(street(ROWS_WHOLE)))
    assert "gain-drawing-0" in few and "gain-drawing-1" not in few
    count = PARTICIPANTS_MAX + 20
    page = own_part(settlement_page(settled_case(street(count))))
    pictures = settlement_pictures(settled_case(street(count)))
    shown = [len(pictures[f"gain-drawing-{half}"]["data"][0]["x"]) for half in (0, 1)]
    assert sum(shown) == PARTICIPANTS_MAX
    assert f"The {PARTICIPANTS_MAX} at both ends are shown, 19 more are not." in page
    gains = [pictures[f"gain-drawing-{half}"]["data"][0]["x"] for half in (0, 1)]
    assert [*gains[0], *gains[1]] == sorted([*gains[0], *gains[1]], reverse=True)


def test_every_check_is_shown_with_its_figure() -> None:
    settled = settled_case(day())
    page = settlement_page(settled)
    for each in settled.summary["invariants"].values():
        assert each["figure"] == 0
        assert each["meaning"].capitalize()[:10] in page
    assert page.count("<span>0 Wh</span>") + page.count("<span>0 micro</span>") == len(
        settled.summary["invariants"]
    )


def test_a_statement_says_what_the_table_says() -> None:
    settled = settled_case(day(keys=make_key("equal", [[1_000_000] * 3] * 4)))
    statements, found = make_statements(settled.settlement), pages(settled)
    for place, name in enumerate(settled.case.participants.ids):
        page = found[f"{name}.html"]
        for line, amount in zip(LINES, statements.amount_micro[:, place].tolist(), strict=True):
            if amount:
                words = LINE_WORDS[line.name]
                row = re.search(rf"<span>{re.escape(words.name)}</span>.*?</tr>", page.split("<h2>Money")[1])
                assert row and f"<span>{exact_money(amount if line.is_paid else -amount)}</span>" in row[0]
        for figure in (statements.total_micro, statements.retail_only_micro, statements.gain_micro):
            assert f"<span>{exact_money(int(figure[place]))}</span>" in page
        assert f"<span>{kwh(int(statements.import_wh[place]))}</span>" in page


def test_a_statement_lists_the_peers_with_most_energy() -> None:
    page = pages(settled_case(street(PEERS_SHOWN + 11)))["home-0.html"]
    assert f"The {PEERS_SHOWN} with most energy of {PEERS_SHOWN + 10} are shown." in page
    assert page.count('data-column="Peer"') == PEERS_SHOWN
    alone = pages(settled_case(replace(day(), positions=make_inputs([[0]], [[0]]).positions)))
    assert "Nothing was settled with neighbours." in alone["anna.html"]


def test_estimates_and_versions_are_said() -> None:
    inputs = day()
    estimated = np.zeros((4, 3), dtype=np.bool_)
    estimated[:2, 1] = True
    inputs = replace(inputs, meters=replace(inputs.meters, estimated=estimated))
    settled = settled_case(inputs, previous=inputs.settled().ledger, version=2)
    found = pages(settled)
    assert "Estimated, not measured: the reading of 2 periods." in found["anna.html"]
    assert "Estimated" not in found["ben.html"]
    assert "Version 2: it takes the place of the earlier one." in found["ben.html"]
    assert "corrects an earlier one" in settlement_page(settled)


def test_long_horizons_are_drawn_in_few_bars() -> None:
    periods = 2976
    imports = np.tile([[0, 500]], (periods, 1))
    inputs = make_inputs(imports, imports[:, ::-1], head_wh=np.zeros(periods))
    horizon = Horizon(
        start=datetime(2024, 3, 1, tzinfo=ZoneInfo("Europe/Berlin")),
        timezone="Europe/Berlin",
        resolution="15min",
        periods=periods,
    )
    page = pages(settled_case(replace(inputs, horizon=horizon)))["b.html"]
    assert "Drawn, means of 15 periods, up to 2.000 kW" in page
    bars = re.findall(r"M\d+ \d+h1v", page)
    assert 0 < len(bars) <= BARS_MAX
    assert len(page) < 60_000


def test_nobody_gains_where_nothing_is_traded() -> None:
    settled = settled_case(make_inputs([[5, 7]], [[0, 0]]))
    assert "Nobody gains or loses anything against retail alone." in settlement_page(settled)
    assert settlement_pictures(settled)["fed-0"]["data"] == []


def test_every_line_with_energy_is_drawn_and_has_words() -> None:
    assert list(LINE_WORDS) == [line.name for line in LINES]
    sources = {line.name for line in LINES if line.has_energy} - {"losses"}
    assert set(DRAWN) | set(FED) == sources


@pytest.mark.parametrize(
    ("micro", "exact", "rounded"),
    [
        (0, "0.000000", "0.00 EUR"),
        (-1, "−0.000001", "0.00 EUR"),
        (1_234_567_890, "1,234.567890", "1,234.57 EUR"),
        (-15_000, "−0.015000", "−0.02 EUR"),
        (25_000, "0.025000", "0.02 EUR"),
        (25_001, "0.025001", "0.03 EUR"),
    ],
)
def test_amounts_are_written_digit_for_digit(micro: int, exact: str, rounded: str) -> None:
    assert exact_money(micro) == exact
    assert money(micro, "EUR") == rounded
    assert money(micro, "") == rounded.removesuffix(" EUR")


def test_energies_are_written_to_the_watt_hour() -> None:
    assert [kwh(wh) for wh in (0, 7, -1_234_567)] == ["0.000", "0.007", "−1,234.567"]


@given(st.lists(st.text(min_size=1), unique=True))
def test_file_names_are_safe_and_different(ids: list[str]) -> None:
    names = file_names(ids)
    assert len({name.casefold() for name in names}) == len(ids)
    for name in names:
        assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.~-]{0,79}", name) and not name.endswith(".")


def test_plain_names_are_kept_and_others_told_apart() -> None:
    names = file_names(["home-9", "Home", "home", "../etc/passwd", "con", "ünï", "a" * 200, "x."])
    assert names[0] == "home-9"
    assert names[1].startswith("Home~") and names[2].startswith("home~")
    assert names[3].startswith("etc_passwd~") and "/" not in names[3]
    assert names[4].startswith("con~") and names[7].startswith("x~")
    assert len(set(names)) == 8 and max(map(len, names)) <= 80
