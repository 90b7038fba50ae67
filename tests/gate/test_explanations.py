"""Explanations in the gate: to each their own, others together and unnamed, places where they are shown."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import gridpact
from gridpact.gate.market.market_documents import Rules
from gridpact.gate.views.explanation_views import explanation_view
from gridpact.gate.words.refused import Refused
from tests.explanations.streets import ELM, case_of

OPEN = Rules(anonymous=False, show_elements=True)
CLOSED = Rules(anonymous=True, show_elements=False)
ORDERS = gridpact.Orders(
    ids=["ask", "bid", "more"],
    participant=[0, 2, 3],
    sells=[True, False, False],
    start=[0, 0, 0],
    end=[2, 2, 2],
    power_kw=[38.0, 20.0, 18.0],
    price_per_kwh=[0.1, 0.3, 0.3],
)


def files_of(clearance: gridpact.Clearance, folder: Path) -> dict[str, bytes]:
    gridpact.write_clearance(clearance, folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def bilateral(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return files_of(gridpact.clear(case_of()), tmp_path_factory.mktemp("result") / "r")


@pytest.fixture(scope="module")
def matched(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    clearance = gridpact.clear(replace(case_of([]), orders=ORDERS))
    return files_of(clearance, tmp_path_factory.mktemp("result") / "r")


def seen(
    files: dict[str, bytes], name: str, *own: str, rules: Rules = OPEN, what: str | None = None
) -> dict[str, Any]:
    return explanation_view(files, name, what, frozenset(own), rules)


def test_all_is_shown_to_those_who_read_all(bilateral: dict[str, bytes]) -> None:
    found = explanation_view(bilateral, "t1", None, None, CLOSED)
    [cause] = found["causes"]
    assert cause["name"] == ELM and {load["name"] for load in cause["loads"]} == {"t1", "t2"}


def test_others_are_together_and_unnamed(bilateral: dict[str, bytes]) -> None:
    found = seen(bilateral, "t1", "ann")
    [cause] = found["causes"]
    assert cause["name"] == ELM and cause["without_load"] == []
    [others] = [load for load in cause["loads"] if load["kind"] == "others"]
    assert others["name"] == "1 in all" and others["amount"] == pytest.approx(50.0, rel=0.01)
    assert "t2" not in str(found) and "bob" not in str(found) and "t12" not in str(found)
    both = seen(bilateral, "t1", "ann", "bob")
    assert {load["name"] for load in both["causes"][0]["loads"]} == {"t1", "t2"}


def test_places_are_shown_only_where_the_market_shows_them(bilateral: dict[str, bytes]) -> None:
    found = seen(bilateral, "t1", "ann", rules=CLOSED)
    [cause] = found["causes"]
    assert (cause["limited_by"], cause["element"], cause["name"]) == ("line", "", "")
    assert [load["name"] for load in cause["loads"]] == ["t1"] and cause["also_cut"] == 0
    assert cause["share"] == 1.0 and cause["room"] > 0.0 and cause["room_a"] is None
    assert {run["element"] for run in found["runs"]} == {""}
    assert seen(bilateral, "ann", "ann", rules=CLOSED)["pressed"] == []
    assert ELM not in str(found)


@pytest.mark.parametrize("name", ["t2", "bob", "nothing"])
def test_what_is_anothers_looks_like_what_does_not_exist(bilateral: dict[str, bytes], name: str) -> None:
    with pytest.raises(Refused, match="404"):
        seen(bilateral, name, "ann")


def test_the_cap_of_another_is_not_named(tmp_path: Path) -> None:
    files = files_of(gridpact.clear(case_of(generation_kw={"ann": 5.0, "bob": 5.0})), tmp_path / "r")
    [of_buyer] = seen(files, "t1", "cem")["causes"]
    assert (of_buyer["limited_by"], of_buyer["element"], of_buyer["limit"]) == ("seller_surplus", "", None)
    [of_seller] = seen(files, "t1", "ann")["causes"]
    assert of_seller["element"] == "ann" and of_seller["limit"] == pytest.approx(5.0)


def test_a_matched_trade_is_its_own_order_to_each_side(matched: dict[str, bytes]) -> None:
    found = seen(matched, "bid", "cem", rules=CLOSED)
    assert found["kind"] == "order" and {one["trade"] for one in found["trades"]} == {"bid"}
    assert {one["seller"] for one in found["trades"]} == {""} and "ann" not in str(found)
    assert all("ask" not in str(part) for part in (found["trades"], found["runs"], found["causes"]))
    assert any("a peer to cem" in sentence for sentence in found["text"])
    with pytest.raises(Refused, match="404"):
        seen(matched, "ask:bid", "cem", rules=CLOSED)
    named = seen(matched, "ask:bid", "cem", rules=OPEN)
    assert named["trades"][0]["seller"] == "ann"


def test_what_it_is_has_to_be_known(bilateral: dict[str, bytes]) -> None:
    with pytest.raises(Refused, match="422"):
        seen(bilateral, "t1", "ann", what="bus")
    with pytest.raises(Refused, match="404"):
        seen(bilateral, "t1", "ann", what="participant")
