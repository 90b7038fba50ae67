"""Mechanisms and rules of packages, found by their names, and the pages of the cookbook as they stand."""

import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import gridpact
from gridpact import Case, InvalidCase, InvalidUsage, clear, match
from gridpact.clearing.rules.rule import AllocationRule
from gridpact.cli import app
from gridpact.matching.mechanisms.mechanism import Mechanism
from gridpact.plug_ins import MECHANISMS, RULES, load, names_of
from tests.ac_instances import ac_case
from tests.documentation import page_at
from tests.example import write_example
from tests.market import ask, bid, market

PAGE = page_at("cookbook")
Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Installs a package of one module with its entry points, where Python looks for them."""

    def installed(module: str, text: str, points: str, name: str = "street-market") -> None:
        site = tmp_path / "site"
        information = site / f"{name.replace('-', '_')}-1.0.dist-info"
        information.mkdir(parents=True)
        (site / f"{module}.py").write_text(text)
        (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (information / "entry_points.txt").write_text(points)
        monkeypatch.syspath_prepend(str(site))
        monkeypatch.delitem(sys.modules, module, raising=False)

    return installed


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)


@pytest.fixture
def cookbook(install: Install) -> None:
    settings, registration = blocks("toml")
    points = registration.replace('[project.entry-points."', "[").replace('"]', "]").replace('"', "")
    install("street_market", "\n".join(blocks("python")), points)
    assert "first-come" in settings


def three() -> Case:
    """Asks 2 kW at 0.05 and 2 at 0.10; of the bids the second was submitted first."""
    case = market(
        ask("a1", "s1", 2.0, 0.05),
        ask("a2", "s2", 2.0, 0.10),
        bid("b1", "d1", 3.0, 0.25, submitted=2),
        bid("b2", "d2", 3.0, 0.15, submitted=1),
        generation_kw={"s1": [9.0], "s2": [9.0]},
        load_kw={"d1": [9.0], "d2": [9.0]},
    )
    return replace(case, formulation="ac")


@pytest.mark.usefixtures("cookbook")
def test_the_mechanism_of_the_cookbook_serves_who_comes_first() -> None:
    case = replace(three(), mechanism="first-come", mechanism_settings={"fee_per_kwh": 0.01})
    trades = match(case)
    assert trades.ids == ("a1:b2", "a2:b1", "a2:b2")
    assert trades.power_kw.tolist() == [2.0, 1.0, 1.0]
    assert trades.price_per_kwh.tolist() == pytest.approx([0.09, 0.165, 0.115])
    assert clear(case).summary["cleared_kwh"] == 4.0


@pytest.mark.usefixtures("cookbook")
def test_the_rule_of_the_cookbook_cuts_evenly_and_costs_volume() -> None:
    case = ac_case(1, "pandapower/cigre_lv", power_kw=90.0)
    own, most = clear(replace(case, allocation="least-squares")), clear(case)
    assert own.verification.status == "cleared"
    assert own.summary["allocation"] == "least-squares"
    table = own.cleared
    unevenness = [
        float(((one["proposed_kw"] - one["cleared_kw"]) ** 2 / one["proposed_kw"]).sum())
        for one in (table, most.cleared)
    ]
    assert unevenness[0] < unevenness[1] - 1e-3
    assert own.summary["cleared_kwh"] < most.summary["cleared_kwh"] - 1e-3
    assert own.summary["price_of_fairness"]["max_volume_kwh"] == pytest.approx(
        most.summary["cleared_kwh"], rel=1e-6
    )


@pytest.mark.usefixtures("cookbook")
def test_case_files_and_the_command_line_name_them(tmp_path: Path) -> None:
    folder = write_example(tmp_path / "case")
    path, (settings, _) = folder / "case.toml", blocks("toml")
    said = path.read_text().replace('allocation = "max-volume"', 'allocation = "least-squares"')
    path.write_text(f"{said}\n{settings[settings.index('[matching]') :]}fee_per_kwh = 0.01\n")
    case = gridpact.read_case(folder)
    assert (case.mechanism, case.allocation) == ("first-come", "least-squares")
    gridpact.write_case(case, tmp_path / "copy")
    copy = gridpact.read_case(tmp_path / "copy")
    assert copy.mechanism_settings == {"fee_per_kwh": 0.01}
    path.write_text(path.read_text().replace("least-squares", "max-volume"))
    run = CliRunner().invoke(
        app, ["clear", str(folder), "--allocation", "least-squares", "--out", str(tmp_path / "out"), "--json"]
    )
    assert run.exit_code == 0, run.output
    assert '"allocation": "least-squares"' in run.output


@pytest.mark.usefixtures("cookbook")
def test_settings_of_a_mechanism_are_checked(tmp_path: Path) -> None:
    folder = write_example(tmp_path / "case")
    path = folder / "case.toml"
    own = path.read_text()
    for added, said in (
        ("", "matching.fee_per_kwh is missing, which the mechanism 'first-come' needs"),
        ('fee_per_kwh = "1"', "matching.fee_per_kwh '1' is not a number"),
        ("fee_per_kwh = nan", "is not a number"),
        ("fee_per_kwh = 1\nfees = 2", "matching.fees is not known"),
    ):
        path.write_text(f'{own}\n[matching]\nmechanism = "first-come"\n{added}\n')
        with pytest.raises(InvalidCase) as refusal:
            gridpact.read_case(folder)
        assert refusal.value.total == 1
        assert said in str(refusal.value)


def test_an_unknown_name_lists_what_is_there(tmp_path: Path) -> None:
    folder = write_example(tmp_path / "case")
    path = folder / "case.toml"
    said = path.read_text().replace('"max-volume"', '"fair"')
    path.write_text(f'{said}\n[matching]\nmechanism = "bazaar"\n')
    with pytest.raises(InvalidCase) as refusal:
        gridpact.read_case(folder)
    text = str(refusal.value)
    assert refusal.value.total == 2
    assert "clearing.allocation 'fair' is not a known allocation" in text
    assert "matching.mechanism 'bazaar' is not a known mechanism" in text
    for name in (*names_of(MECHANISMS), *names_of(RULES)):
        assert name in text
    with pytest.raises(InvalidCase, match="there are double-auction, pay-as-bid"):
        replace(three(), mechanism="bazaar")
    run = CliRunner().invoke(
        app, ["clear", str(folder), "--allocation", "fair", "--out", str(tmp_path / "o")]
    )
    assert isinstance(run.exception, InvalidUsage)
    assert "there are max-volume, max-min" in str(run.exception)


def test_what_is_built_in_is_loaded_as_what_it_is() -> None:
    assert all(isinstance(load(MECHANISMS, name, Mechanism), Mechanism) for name in names_of(MECHANISMS))
    assert all(isinstance(load(RULES, name, AllocationRule), AllocationRule) for name in names_of(RULES))


@pytest.mark.parametrize(
    ("text", "points", "said"),
    [
        ("import no_such_module", "bazaar = odd:X", "cannot be loaded from odd:X: No module named"),
        ("X = 1", "bazaar = odd:X", "'bazaar', odd:X, is something else"),
        ("Y = 1", "bazaar = odd:X", "cannot be loaded from odd:X"),
    ],
)
def test_a_package_that_is_of_no_use_is_a_problem(
    text: str, points: str, said: str, install: Install, tmp_path: Path
) -> None:
    install("odd", text, f"[gridpact.mechanisms]\n{points}\n[gridpact.rules]\n{points}\n")
    folder = write_example(tmp_path / "case")
    path = folder / "case.toml"
    path.write_text(path.read_text() + '\n[matching]\nmechanism = "bazaar"\n')
    with pytest.raises(InvalidCase) as refusal:
        gridpact.read_case(folder)
    assert said in str(refusal.value)
    assert refusal.value.problems[0].line > 0
    with pytest.raises(InvalidUsage) as failure:
        clear(replace(three(), allocation="bazaar"))
    assert said in str(failure.value)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("None", "no StagedAllocation"),
        ("None  # without a step", "no StagedAllocation"),
        ("replace(given, value=given.value[:-1])", "what is not 9 finite numbers"),
        ("replace(given, value=given.value * float('nan'))", "what is not 9 finite numbers"),
        ("replace(given, value=question.programme.upper + 1.0)", "values beyond their bounds"),
    ],
)
def test_what_a_rule_gives_is_held_against_what_it_was_asked(wrong: str, said: str, install: Install) -> None:
    given = "own(question)" if "without" in wrong else "yield from own(question)"
    text = f"""
from dataclasses import replace
from gridpact.clearing.rules.rule import AllocationRule
from gridpact.clearing.rules.max_volume import clear as own

def clear(question):
    given = {given}
    return {wrong}

RULE = AllocationRule(clear=clear)
"""
    install("street_rules", text, "[gridpact.rules]\nodd = street_rules:RULE\n")
    case = replace(ac_case(1, "pandapower/cigre_lv", power_kw=90.0, periods=1), allocation="odd")
    with pytest.raises(InvalidUsage, match=f"the allocation 'odd' gives {said}"):
        clear(case)


def test_two_packages_of_one_name_are_told(install: Install) -> None:
    install("one", "", "[gridpact.mechanisms]\nbazaar = one:X\n", name="one")
    install("two", "", "[gridpact.mechanisms]\nbazaar = two:X\n", name="two")
    with pytest.raises(InvalidCase, match="several packages have a mechanism 'bazaar': one:X, two:X"):
        replace(three(), mechanism="bazaar")


def test_no_package_takes_a_name_that_is_built_in(install: Install) -> None:
    install("odd", "raise RuntimeError", "[gridpact.mechanisms]\ndouble-auction = odd:X\n")
    assert len(match(three()))
    assert names_of(MECHANISMS).count("double-auction") == 1


GOOD = "ask=[0], bid=[2], period=[0], power_kw=[1.0], price_per_kwh=[0.1]"
WRONG = {
    "bid=[0, 2]": "gives bid of another shape than ask",
    "ask=[9]": "gives an ask that is no index of an order 9",
    "ask=[2]": "gives as an ask an order to buy 'b1'",
    "bid=[1]": "gives as a bid an order to sell 'a2'",
    "period=[1]": "matches outside its window, or in a closed period, the order 'a1'",
    "power_kw=[-1.0]": "gives no power or no price to 'a1'",
    "price_per_kwh=[float('nan')]": "gives no power or no price to 'a1'",
    "power_kw=[2.5]": "matches in one period more than its power of the order 'a1'",
    "price_per_kwh=[0.26]": "asks more than its limit price of the order 'b1'",
    "price_per_kwh=[0.04]": "pays less than its limit price to the order 'a1'",
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_a_mechanism_gives_is_held_against_the_orders(wrong: str, install: Install) -> None:
    name = wrong.partition("=")[0]
    given = re.sub(rf"\b{name}=\[[^\]]*\]", wrong.replace("\\", ""), GOOD)
    text = (
        "import numpy as np\nfrom gridpact.matching import Matches, Mechanism\n\n\n"
        f"def match(book):\n    given = dict({given})\n"
        "    return Matches(**{name: np.array(value) for name, value in given.items()})\n\n\n"
        "X = Mechanism(match=match)\n"
    )
    install("odd", text, "[gridpact.mechanisms]\nodd = odd:X\n")
    case = replace(three(), mechanism="odd")
    with pytest.raises(InvalidUsage, match="the mechanism 'odd'") as refusal:
        match(case)
    assert WRONG[wrong] in str(refusal.value)


def test_no_participant_trades_more_than_it_has(install: Install) -> None:
    text = (
        "import numpy as np\nfrom gridpact.matching import Matches, Mechanism\n"
        "X = Mechanism(match=lambda book: Matches.of([(0, 0, 2, 2.0, 0.1), (0, 1, 2, 1.0, 0.1)]))\n"
        "Y = Mechanism(match=lambda book: Matches.of([(0, 0, 2, 1.0, 0.1), (0, 0, 2, 0.5, 0.1)]))\n"
        "Z = Mechanism(match=lambda book: None)\n"
    )
    install("odd", text, "[gridpact.mechanisms]\nmuch = odd:X\ntwice = odd:Y\nnone = odd:Z\n")
    case = three()
    small = replace(
        case,
        profiles=gridpact.Profiles(
            load_kw=np.array([[0.0, 0.0, 2.5, 9.0]]), generation_kw=case.profiles.generation_kw
        ),
    )
    for name, said in (
        ("much", "more than its participant has of the order 'b1'"),
        ("twice", "matches twice in a period, with the same bid, the order 'a1'"),
        ("none", "gives no Matches"),
    ):
        with pytest.raises(InvalidUsage, match=said):
            match(replace(small, mechanism=name))
