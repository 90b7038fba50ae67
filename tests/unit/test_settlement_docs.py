"""The page about settlement says what is true: its examples are computed here, its tables are the columns."""

import re
from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
import pytest

from gridpact.settlement.amounts.money import amount_micro
from gridpact.settlement.ledger.ledger import EntryKind
from gridpact.settlement.settling.settlement import Settlement
from gridpact.settlement.statements.ledger_table import LEDGER
from gridpact.settlement.statements.residuals import RESIDUALS
from gridpact.settlement.statements.statements import STATEMENTS, make_statements
from gridpact.settlement.tariffs.tariffs import LossAllocation, Mode
from tests.documentation import read_page
from tests.settlements import Inputs, make_inputs, make_key, make_members, named_entries

PAGE = read_page("settlement")
TRADERS = ("anna", "ben", "sun")
MEMBERS = ("anna", "ben", "cara", "sun", "tom")
KEYS = {
    "fixed": make_key("fixed", [[500_000, 300_000, 200_000, 0, 0]]),
    "proportional": make_key("proportional", [[1_000_000] * 5]),
    "equal": make_key("equal", [[1_000_000] * 5]),
    "hierarchical": make_key("hierarchical", [[1_000_000] * 5], [[1, 1, 2, 3, 3]]),
}


def rows(section: str) -> dict[str, list[str]]:
    """The rows of the first table that follows a text, by their first cell."""
    lines = PAGE.split(section, 1)[1].splitlines()
    first = next(place for place, line in enumerate(lines) if line.startswith("|"))
    found = {}
    for line in lines[first:]:
        if not line.startswith("|"):
            break
        name, *cells = (re.sub(r"^`([^`]*)`$", r"\1", cell.strip()) for cell in line.strip("|").split("|"))
        found[name] = cells
    return found


def whole(cell: str) -> int:
    """The number that a cell begins with."""
    return int(cell.split()[0].replace("−", "-"))


def traded(mode: Mode) -> Settlement:
    inputs = make_inputs(
        [[1500, 1200, 0]],
        [[0, 0, 2400]],
        [("with-anna", 0, 2, 0, 2000, 120_000), ("with-ben", 0, 2, 1, 1000, 120_000)],
        mode=mode,
    )
    return replace(inputs, participants=make_members(TRADERS)).settled()


def community(key: str | None, **more) -> Inputs:
    inputs = make_inputs(
        [[1000, 2000, 3000, 0, 0]], [[0, 0, 0, 3000, 1500]], keys=KEYS[key] if key else None, **more
    )
    return replace(inputs, participants=make_members(MEMBERS))


def test_the_rounding_rule() -> None:
    assert "1 Wh at 0.0005 per kWh is half a millionth and comes to 0; 3 Wh are one and a half and" in PAGE
    assert amount_micro(np.array([1, 3]), 500).tolist() == [0, 2]


def test_the_trades_under_sharing() -> None:
    told, settled = rows("### sharing"), traded(Mode.SHARING)
    delivered = dict(zip(settled.positions.trade_ids, settled.delivered_wh.tolist(), strict=True))
    assert [whole(told["sun"][place]) for place in (0, 2, 3)] == [2400, *delivered.values()]
    assert whole(told["anna"][2]) == delivered["with-anna"]
    assert whole(told["ben"][3]) == delivered["with-ben"]
    assert [whole(told[name][1]) for name in TRADERS] == settled.meters.import_wh[0].tolist()
    assert [whole(told[name][4]) for name in ("anna", "ben")] == settled.retail.supply_wh[0, :2].tolist()
    assert whole(told["sun"][4]) == settled.retail.feed_in_wh[0, 2]


def test_the_positions_under_firm() -> None:
    told, settled = rows("### firm"), traded(Mode.FIRM)
    position = settled.sold_wh[0] - settled.bought_wh[0]
    net = settled.meters.export_wh[0] - settled.meters.import_wh[0]
    for place, name in enumerate(TRADERS):
        figures = (
            position[place],
            net[place],
            settled.retail.long_wh[0, place],
            settled.retail.short_wh[0, place],
        )
        assert [whole(cell) for cell in told[name]] == [int(figure) for figure in figures]


@pytest.mark.parametrize("key", list(KEYS))
def test_the_keys(key: str) -> None:
    told, settled = rows("0.05, tax 0.01.")[key], community(key).settled()
    received, given = settled.received_wh[0].tolist(), settled.given_wh[0].tolist()
    assert [whole(cell) for cell in told] == [*received[:3], sum(received), *given[3:]]
    assert (settled.meters.import_wh - settled.received_wh == settled.retail.supply_wh).all()
    assert (settled.meters.export_wh - settled.given_wh == settled.retail.feed_in_wh).all()


def test_what_the_hour_costs() -> None:
    told, settled = rows("What the hour costs `anna`"), community("proportional").settled()
    mine = [entry for entry in named_entries(settled.ledger) if entry[2] == "anna"]
    by_hand = {
        "shared energy": ("p2p", "sun"),
        "supply": ("supply", "retailer/default"),
    }
    for name, (kind, payee) in by_hand.items():
        (found,) = [entry for entry in mine if entry[1] == kind]
        energy, _, amount = told[name]
        assert found[3:6] == (payee, whole(energy), whole(amount))
    levies = sorted(entry[4:6] for entry in mine if entry[1] in ("network_charge", "tax"))
    assert levies == sorted([(750, 15000), (750, 7500), (250, 12500), (250, 2500)])
    statements = make_statements(settled)
    assert whole(told["together"][2]) == statements.total_micro[0]
    assert whole(told["with retail alone"][2]) == statements.retail_only_micro[0]
    assert whole(told["gain"][2]) == statements.gain_micro[0]


def test_the_losses() -> None:
    told = rows("negative share, and is paid")
    settled = community(None, head_wh=[1620], losses=LossAllocation.PRO_RATA).settled()
    assert settled.losses.losses_wh.tolist() == [120] and "= 120 Wh" in PAGE
    shares = settled.losses.shares_wh[0].tolist()
    assert [whole(told[name][4]) for name in MEMBERS] == shares
    assert whole(told["together"][4]) == sum(shares) == 120
    weight = (settled.meters.import_wh + settled.meters.export_wh)[0]
    for place, name in enumerate(MEMBERS):
        exact = 120 * weight[place] / weight.sum()
        said = [f"{exact:.2f}", str(int(exact)), f"{exact - int(exact):.2f}"]
        assert told[name][:4] == [str(weight[place]), *said]


def test_the_cents_of_a_bill() -> None:
    told = rows("rounded once, half to even.")
    exact, cents = (
        {
            name: Decimal(cells[place].replace("−", "-"))
            for name, cells in told.items()
            if re.match(r"[−\d]", cells[place])
        }
        for place in (0, 1)
    )
    lines = [name for name in exact if " at 0." in name]
    for name in lines:
        wh, price = re.search(r"([\d.]+) kWh at ([\d.]+)", name) or (None, None), name.rpartition(" at ")[2]
        energy = Decimal(wh[1]) if wh[0] else Decimal("359.131")  # the network charge is on what was supplied
        assert abs(exact[name]) == energy * Decimal(price)
        assert cents[name] == exact[name].quantize(Decimal("0.01"), ROUND_HALF_EVEN)
    assert len(lines) == 4 and cents["before VAT"] == sum(cents[name] for name in lines)
    rates = {name: name.split() for name in told if name.startswith("VAT ") and " on " in name}
    for name, (_, rate, _, _, base) in rates.items():
        at_rate = [each for each in lines if told[each][2].split()[:1] == [rate]]
        assert Decimal(base) == sum(cents[each] for each in at_rate)
        assert exact[name] == Decimal(base) * Decimal(rate) / 100
        assert cents[name] == exact[name].quantize(Decimal("0.01"), ROUND_HALF_EVEN)
    assert len(rates) == 2 and cents["to pay"] == cents["before VAT"] + sum(cents[name] for name in rates)


@pytest.mark.parametrize(
    ("section", "columns"), [("ledger", LEDGER), ("statements", STATEMENTS), ("residuals", RESIDUALS)]
)
def test_the_page_has_a_line_for_every_column_and_no_other(section: str, columns: tuple[str, ...]) -> None:
    text = PAGE.split(f"\n### {section}\n")[1].split("\n### ")[0]
    assert re.findall(r"^\| `(\w+)`", text, re.MULTILINE) == list(columns)


def test_the_page_names_every_kind_of_entry() -> None:
    table = rows("## What is booked where")
    assert {kind.label for kind in EntryKind} == set(table) - {"kind", "---"}
