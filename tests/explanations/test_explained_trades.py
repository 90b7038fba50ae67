"""Explanations of results that can be computed by hand, and of every kind of reason."""

import json
from dataclasses import replace
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gridpact
from gridpact.report.explanation.explanation_page import explanation_page
from gridpact.results.explanation.explanation import Explanation
from gridpact.results.explanation.explanation_facts import CauseOfCut
from tests.explanations.streets import ELM, RATING_A, case_of, two_streets


@pytest.fixture(scope="module")
def full_street() -> gridpact.Clearance:
    return gridpact.clear(case_of())


def only(explanation: Explanation) -> CauseOfCut:
    [cause] = explanation.causes
    return cause


def test_a_full_cable_is_shared_by_those_that_load_it_and_by_no_others(full_street: Any) -> None:
    explanation = full_street.explain("t1")
    cause = only(explanation)
    assert (cause.limited_by, cause.element, cause.name, cause.unit) == ("line", "0", ELM, "%")
    assert cause.share == 1.0 and cause.periods == 2
    own, other = sorted(cause.loads, key=lambda load: not load.is_own)
    # The ends of both streets are near nominal voltage: a kW makes 1 / (sqrt(3) 0.4) A.
    per_kw = 100.0 / (sqrt(3.0) * 0.4 * RATING_A)
    assert own.name == "t1" and own.per_kw == pytest.approx(per_kw, rel=0.01)
    assert other.name == "t2" and other.amount == pytest.approx(50.0, rel=0.01)
    assert cause.without_load == ("t12",) and cause.also_cut == 1
    assert cause.rest == pytest.approx(0.0, abs=0.5)
    assert "At that time t12 does not load it." in str(explanation)
    assert full_street.explain("t12").causes == ()
    assert "Nothing cut it" in str(full_street.explain("t12"))


def test_energy_lost_is_that_of_the_table(full_street: Any) -> None:
    rows = full_street.cleared.query("trade == 't1'")
    lost = float((rows["proposed_kw"] - rows["cleared_kw"]).sum())
    assert only(full_street.explain("t1")).lost_kwh == pytest.approx(lost, abs=1e-6)


def test_the_room_that_is_named_is_what_clears_the_trade() -> None:
    """With the named amperes more, and the other trade as it was, all clears: as far as first order goes."""
    alone = [("t1", "ann", "cem", 36.0, 0.2)]
    cause = only(gridpact.clear(case_of(alone)).explain("t1"))
    assert cause.room_a is not None and cause.room_a == pytest.approx(cause.room / 100.0 * RATING_A)
    enough = two_streets(rating_a=RATING_A + 1.02 * cause.room_a)
    assert gridpact.clear(case_of(alone, net=enough)).explain("t1").causes == ()
    little = two_streets(rating_a=RATING_A + 0.9 * cause.room_a)
    assert only(gridpact.clear(case_of(alone, net=little)).explain("t1")).room_a == pytest.approx(
        0.1 * cause.room_a, rel=0.1
    )


@pytest.mark.parametrize("who", ["ann", "cem"])
def test_a_cap_is_a_cause_with_exact_room(who: str) -> None:
    few = {"ann": {"generation_kw": {"ann": 4.0}}, "cem": {"load_kw": {"cem": 4.0}}}[who]
    cause = only(gridpact.clear(case_of([("t1", "ann", "cem", 10.0, 0.2)], **few)).explain("t1"))
    assert cause.limited_by == ("seller_surplus" if who == "ann" else "buyer_demand")
    assert (cause.element, cause.unit) == (who, "kW")
    assert cause.limit == pytest.approx(4.0) and cause.room == pytest.approx(6.0)
    more = {name: {who: 10.0} for name in few}
    assert gridpact.clear(case_of([("t1", "ann", "cem", 10.0, 0.2)], **more)).explain("t1").causes == ()


def test_those_that_share_a_cap_are_named() -> None:
    trades = [("t1", "ann", "cem", 10.0, 0.2), ("t3", "ann", "dee", 10.0, 0.2)]
    explanation = gridpact.clear(case_of(trades, generation_kw={"ann": 10.0})).explain("t1")
    assert [(load.name, load.is_own, load.kw) for load in only(explanation).loads] == [
        ("t1", True, pytest.approx(5.0)),
        ("t3", False, pytest.approx(5.0)),
    ]
    assert "Or its other trades would have to give up as much." in str(explanation)


@pytest.mark.parametrize("allocation", ["max-volume", "max-min", "proportional", "priority"])
@pytest.mark.parametrize("formulation", ["ac", "dc"])
def test_every_rule_and_both_models_say_what_cuts_and_who_loads_it(allocation: str, formulation: str) -> None:
    clearance = gridpact.clear(case_of(allocation=allocation, formulation=formulation))
    explained = [clearance.explain(name) for name in ("t1", "t2")]
    cut = [each for each in explained if each.causes]
    assert cut
    for each in cut:
        cause = only(each)
        assert cause.element == "0" and cause.room is not None and cause.loads
        assert sum(load.amount for load in cause.loads) == pytest.approx(100.0, rel=0.01)
    said = str(cut[0])
    assert ("exact in the dc model" in said) == (formulation == "dc")


@pytest.mark.parametrize("side", ["voltage_max", "voltage_min"])
def test_a_voltage_is_told_with_volts(side: str) -> None:
    limits = gridpact.Limits(
        voltage_max_pu=1.005 if side == "voltage_max" else 1.1,
        voltage_min_pu=0.995 if side == "voltage_min" else 0.9,
    )
    clearance = gridpact.clear(case_of(net=two_streets(rating_a=500.0, r_ohm=0.05), limits=limits))
    cause = clearance.explain("t1").causes[0]
    assert cause.limited_by == side and cause.unit == "pu"
    assert cause.name == ("elm 1" if side == "voltage_max" else "oak 1")
    assert cause.room is not None and cause.room_v == pytest.approx(400.0 * cause.room)
    assert all(load.amount > 0.0 for load in cause.loads if load.is_own)
    step = gridpact.clear(
        case_of(
            net=two_streets(rating_a=500.0, r_ohm=0.05),
            limits=replace(
                limits,
                **{f"{side}_pu": (1.005 + 1e-4) if side == "voltage_max" else (0.995 - 1e-4)},
            ),
        )
    )
    volume = [float(each.cleared["cleared_kw"].sum()) for each in (clearance, step)]
    per_kw = max(load.per_kw or 0.0 for load in cause.loads if load.kind == "trade")
    assert volume[1] - volume[0] == pytest.approx(2 * 1e-4 / per_kw, rel=0.05)  # two hours


def test_terms_are_told_by_what_the_tables_prove() -> None:
    trades = [("t1", "ann", "cem", 10.0, 0.2), ("t2", "bob", "dee", 12.0, 0.2)]
    grouped = gridpact.clear(case_of(trades, columns={"group": ["g", "g"]}))
    assert (
        "only one of the group g may clear, and t2 clears instead of t1" in str(grouped.explain("t1")).lower()
    )
    whole = [("t1", "ann", "cem", 39.0, 0.2)]
    cause = only(gridpact.clear(case_of(whole, columns={"min_fraction": [1.0]})).explain("t1"))
    assert cause.limited_by == "terms" and "all of it clears" in cause.terms


def test_outages_are_said_not_to_have_sensitivities() -> None:
    explanation = gridpact.clear(case_of(robustness="declared")).explain("t1")
    cause = only(explanation)
    assert cause.limited_by == "line" and cause.room is not None and cause.loads == ()
    assert any("worst outage" in note for note in explanation.notes)
    assert any(note.startswith("Who else loads these limits is not known") for note in explanation.notes)


def test_curtailed_feed_in_is_explained_to_its_participant() -> None:
    case = case_of([], surplus="export", generation_kw={"ann": 40.0, "bob": 0.0, "eve": 0.0})
    explanation = gridpact.clear(case).explain("ann")
    cause = only(explanation)
    assert cause.of == "feed_in" and cause.limited_by == "line" and cause.name == ELM
    assert cause.lost_kwh == pytest.approx(explanation.energy_kwh["curtailed_kw"])
    assert cause.room_a == pytest.approx(cause.cut_kw / (sqrt(3.0) * 0.4), rel=0.02)


def test_a_network_that_is_unsafe_before_is_said_to_be() -> None:
    case = case_of([("t1", "cem", "ann", 5.0, 0.2)], generation_kw={"ann": 0.0, "bob": 0.0, "cem": 50.0})
    people = replace(case.participants, firm=[True] * 6)
    loads = np.array(case.profiles.load_kw)
    loads[:, :2] = 30.0
    unsafe = replace(case, participants=people, profiles=replace(case.profiles, load_kw=loads))
    explanation = gridpact.clear(unsafe).explain("t1")
    assert any("before any trade" in note for note in explanation.notes)


@pytest.mark.parametrize("table_format", ["csv", "parquet"])
def test_a_folder_says_what_the_clearance_says(tmp_path: Path, full_street: Any, table_format: str) -> None:
    clearance = replace(full_street, case=replace(full_street.case, table_format=table_format))
    gridpact.write_clearance(clearance, tmp_path / "result")
    for name in ("t1", "t12", "ann"):
        assert gridpact.explain(tmp_path / "result", name).facts() == full_street.explain(name).facts()


def test_a_result_without_its_tables_says_what_is_missing(tmp_path: Path, full_street: Any) -> None:
    gridpact.write_clearance(full_street, tmp_path / "result")
    for name in ("reasons", "sensitivities", "places"):
        (tmp_path / "result" / f"{name}.csv").unlink()
    explanation = gridpact.explain(tmp_path / "result", "t1")
    cause = only(explanation)
    assert cause.room is None and cause.loads == () and cause.share == 1.0 and cause.name == ""
    assert sum("clear the case again" in note for note in explanation.notes) == 2


def test_names_that_mean_nothing_or_several_things_are_refused(full_street: Any) -> None:
    with pytest.raises(gridpact.InvalidUsage, match=r"no trade, participant or order .* 't13'.*did you mean"):
        full_street.explain("t13")
    twice = gridpact.clear(case_of([("ann", "ann", "cem", 1.0, 0.2)]))
    with pytest.raises(gridpact.InvalidUsage, match=r"name of a trade and of a participant.*--what trade"):
        twice.explain("ann")
    assert twice.explain("ann", what="trade").kind == "trade"
    assert twice.explain("ann", what="participant").kind == "participant"
    with pytest.raises(gridpact.InvalidUsage, match="nothing that is explained"):
        twice.explain("ann", what="bus")


def test_orders_say_why_they_were_not_matched() -> None:
    case = case_of([])
    orders = gridpact.Orders(
        ids=["a1", "a2", "b1"],
        participant=[0, 1, 2],
        sells=[True, True, False],
        start=[0, 0, 0],
        end=[2, 2, 2],
        power_kw=[2.0, 2.0, 3.0],
        price_per_kwh=[0.1, 0.4, 0.3],
    )
    clearance = gridpact.clear(replace(case, orders=orders))
    [dear] = clearance.explain("a2").orders
    assert dear.done_kwh == 0.0 and "its price is not met: the highest bid for that time is 0.3" in dear.why
    [bid] = clearance.explain("b1").orders
    assert bid.done_kwh == pytest.approx(4.0) and bid.why
    assert [trade.trade for trade in clearance.explain("a1").trades] == ["a1:b1"]
    auctioned = gridpact.clear(replace(case, orders=orders, mechanism="network-auction"))
    [dear] = auctioned.explain("a2").orders
    assert dear.done_kwh == 0.0 and "its price is not met" in dear.why
    assert "No limit of the network is reached, so that all have one price" in str(auctioned.explain("b1"))


@pytest.mark.parametrize("name", ["ask", "ask:bid", "ann"])
def test_an_auction_names_the_limits_that_hold_orders_down(name: str, tmp_path: Path) -> None:
    orders = gridpact.Orders(
        ids=["ask", "bid"],
        participant=[0, 2],
        sells=[True, False],
        start=[0, 0],
        end=[2, 2],
        power_kw=[40.0, 40.0],
        price_per_kwh=[0.1, 0.3],
    )
    clearance = gridpact.clear(replace(case_of([]), orders=orders, mechanism="network-auction"))
    assert clearance.summary["auction"]["cleared_kwh"] < 79.0
    gridpact.write_clearance(clearance, tmp_path / "out")
    for explanation in (clearance.explain(name), gridpact.explain(tmp_path / "out", name)):
        told = str(explanation)
        assert "Nothing cut it" not in told and explanation.is_auction
        assert f"prices differ from place to place: line 0 ({ELM}), 12:00–14:00." in told


def test_facts_are_json_and_texts_are_escaped_in_notebooks_and_pages() -> None:
    clearance = gridpact.clear(case_of([("<b>1", "ann", "cem", 39.0, 0.2)]))
    explanation = clearance.explain("<b>1")
    assert json.loads(json.dumps(explanation.facts()))["text"] == explanation.sentences()
    for html in (explanation._repr_html_(), explanation_page(explanation)):
        assert "<b>1" not in html and "&lt;b&gt;1" in html and ELM in html
    assert repr(explanation).startswith("<Explanation of trade '<b>1'")


def test_what_was_firm_is_said_to_be_and_its_cut_is_explained() -> None:
    firm = case_of([("firm", "ann", "cem", 39.0, 0.2)]).trades
    clearance = gridpact.clear(replace(case_of([("new", "eve", "fox", 5.0, 0.2)]), commitments=firm))
    explanation = clearance.explain("firm")
    assert explanation.trades[0].is_firm and "firm from an earlier clearing" in str(explanation)
    assert only(explanation).name == ELM and only(explanation).room_a is not None
    assert not clearance.explain("new").trades[0].is_firm


def test_a_block_names_what_holds_it_down_elsewhere() -> None:
    case = case_of([("t1", "ann", "cem", 30.0, 0.2)], columns={"block": [True]})
    made = np.array(case.profiles.generation_kw)
    made[1, 0] = 10.0  # ann, in the second hour
    clearance = gridpact.clear(replace(case, profiles=replace(case.profiles, generation_kw=made)))
    explanation = clearance.explain("t1")
    assert [cause.limited_by for cause in explanation.causes] == ["seller_surplus", "terms"]
    assert "it is a block" in explanation.causes[1].terms
    assert "seller surplus ann in t1" in explanation.causes[1].terms
