"""One piece of work of each kind from Python: it gives its result, and prints nothing, as in a notebook."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import gridpact
from gridpact.case import Allocation, Case, Formulation, Robustness, read_case
from gridpact.matching import match
from gridpact.report.bills.bill_page import bill_pages
from gridpact.report.bills.bill_pdf import pdf_maker
from gridpact.results.clearance import Clearance
from gridpact.settlement.accounts_workbook import accounts_workbook
from tests.fleets import fleet_case
from tests.instances import random_case
from tests.newest.outputs import printed
from tests.settle_example import write_settle_example

CASES = Path(__file__).parents[1] / "cases"
EXAMPLES = Path(__file__).parents[2] / "examples"


def known(name: str, **changes: object) -> Case:
    return replace(read_case(CASES / name), **changes)


def congested(**changes: object) -> Case:
    case = random_case(
        5,
        network="pandapower/cigre_lv",
        periods=2,
        participants=24,
        trades=90,
        power_kw=40.0,
        line_percent=10.0,
    )
    return replace(case, **{"formulation": Formulation.AC, **changes})


def is_cut(clearance: Clearance) -> bool:
    return clearance.summary["cleared_kwh"] < clearance.summary["proposed_kwh"] - 1e-3


CLEARINGS: dict[str, Callable[[], Case]] = {
    "ac, uncongested": lambda: read_case(EXAMPLES / "village-day"),
    "ac, congested": congested,
    "ac, two buses": lambda: known("two-bus-line-limit"),
    "dc": lambda: known("dc-angle-limit"),
    "dc, of ac": lambda: congested(formulation=Formulation.DC),
    "terms, group": lambda: known("terms-group"),
    "terms, block": lambda: known("terms-block"),
    "terms, least fraction": lambda: known("terms-all-or-nothing"),
    "robust": lambda: known("two-bus-line-limit", robustness=Robustness.DECLARED),
    **{str(rule): lambda rule=rule: congested(allocation=rule) for rule in Allocation},
}


@pytest.mark.parametrize("kind", CLEARINGS)
def test_a_clearing(kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    case = CLEARINGS[kind]()
    clearance = gridpact.clear(case)
    assert clearance.summary["status"] == "cleared"
    assert is_cut(clearance) == (kind != "ac, uncongested")
    assert printed(capfd) == ""


def test_a_certificate(capfd: pytest.CaptureFixture[str]) -> None:
    clearance = gridpact.clear(known("two-bus-line-limit"), certify=True)
    assert clearance.summary["bound"]["upper_kwh"] >= clearance.summary["cleared_kwh"]
    assert printed(capfd) == ""


def test_a_matching(capfd: pytest.CaptureFixture[str]) -> None:
    assert len(match(read_case(EXAMPLES / "cigre-lv-day")))
    assert printed(capfd) == ""


def test_headroom(capfd: pytest.CaptureFixture[str]) -> None:
    assert len(gridpact.headroom(fleet_case(1)).table)
    assert printed(capfd) == ""


def test_operating_envelopes(capfd: pytest.CaptureFixture[str]) -> None:
    case = fleet_case(1)
    case = replace(case, participants=replace(case.participants, connection_kw=30.0))
    assert len(gridpact.operating_envelopes(case).table)
    assert printed(capfd) == ""


def test_a_comparison(capfd: pytest.CaptureFixture[str]) -> None:
    clearance = gridpact.clear(fleet_case(1))
    assert len(gridpact.compare(clearance, clearance).table)
    assert printed(capfd) == ""


def test_bills(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("xlsxwriter")
    settled = gridpact.settle(*write_settle_example(tmp_path), bills=True)
    (_, page), *_ = bill_pages(settled)
    make = pdf_maker().make
    assert make is None or make(page).startswith(b"%PDF-")
    assert accounts_workbook(settled).startswith(b"PK")
    assert printed(capfd) == ""


def test_a_settlement(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert len(gridpact.settle(*write_settle_example(tmp_path)).ledger)
    assert printed(capfd) == ""
