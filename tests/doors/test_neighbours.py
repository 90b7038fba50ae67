"""Statements name neighbours where trades do, and nobody where a key decides."""

import re
from dataclasses import replace

import numpy as np
import pytest

from gridpact.report.settlement.statement_page import statement_pages
from gridpact.report.shell.amounts import exact_money, kwh
from gridpact.settlement.energy.keys import KeyKind
from gridpact.settlement.ledger.ledger import EntryKind
from gridpact.settlement.statements.statements import PLACE, make_statements
from tests.settlements import make_inputs, make_key, make_members
from tests.unit.test_settlement_pages import day, pages, settled_case

PEOPLE = ("adam", "berta", "carl", "dora")


def shared_hour(kind: KeyKind = KeyKind.PROPORTIONAL, trades: tuple = (), order: tuple = (0, 1, 2, 3)):
    """`adam` and `carl` have energy to give, `berta` and `dora` take it; the ledger pairs them by order."""
    imports, exports = (np.array([wh])[:, list(order)] for wh in ([0, 2000, 0, 3000], [3000, 0, 1000, 0]))
    inputs = make_inputs(imports, exports, trades, keys=make_key(str(kind), [[250_000] * 4]))
    return settled_case(replace(inputs, participants=make_members([PEOPLE[place] for place in order])))


def cells(page: str) -> set[str]:
    return set(re.findall(r"<span>(.*?)</span>", page))


@pytest.mark.parametrize("kind", KeyKind)
def test_a_key_names_no_neighbour(kind: KeyKind) -> None:
    settled = shared_hour(kind)
    ledger, statements = settled.settlement.ledger, make_statements(settled.settlement)
    assert (ledger.kind == EntryKind.P2P).any()
    found = pages(settled)
    for place, name in enumerate(PEOPLE):
        page = found[f"{name}.html"]
        others = [other for other in PEOPLE if other != name and other in page]
        assert others == []
        part = page.split("<h2>Shared</h2>")[1].split("</section>")[0]
        line = "shared_received" if name in ("berta", "dora") else "shared_given"
        sign = 1 if line == "shared_received" else -1
        energy, amount = (
            int(values[PLACE[line], place]) for values in (statements.energy_wh, statements.amount_micro)
        )
        assert energy > 0
        words = "Received" if line == "shared_received" else "Given"
        assert cells(part) == {words, kwh(energy), exact_money(sign * amount)}
        assert "<h2>Peers</h2>" not in page


def test_trades_name_their_parties_beside_a_key() -> None:
    settled = shared_hour(trades=(("t", 0, 0, 1, 1000, 120_000),))
    found = pages(settled)
    peers = found["berta.html"].split("<h2>Peers</h2>")[1].split("</section>")[0]
    assert {"adam", kwh(1000), exact_money(120_000)} <= cells(peers)
    assert "carl" not in found["berta.html"] and "dora" not in found["berta.html"]
    assert all(other not in found["carl.html"] for other in ("adam", "berta", "dora"))
    assert "<h2>Peers</h2>" not in found["carl.html"]


def test_what_a_page_says_does_not_follow_the_order_of_names() -> None:
    one, other = (pages(shared_hour(order=order)) for order in ((0, 1, 2, 3), (2, 3, 0, 1)))
    for name in PEOPLE:
        shared = [
            each[f"{name}.html"].split("<h2>Shared</h2>")[1].split("</section>")[0] for each in (one, other)
        ]
        assert shared[0] == shared[1]


def test_a_correction_names_no_neighbour_either() -> None:
    inputs = day(keys=make_key("equal", [[1_000_000] * 3] * 4))
    bare = replace(inputs, positions=make_inputs([[0]], [[0]]).positions)
    before = bare.settled().ledger
    assert np.any(before.kind == EntryKind.P2P)
    settled = settled_case(bare, previous=before, version=2)
    for name, page in statement_pages(settled):
        others = {"anna", "ben", "sun"} - {name.removesuffix(".html")}
        assert not any(other in page for other in others)
