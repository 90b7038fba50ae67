"""Statements, residuals and balances: what they say by hand, and that they add up to the ledger."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridpact.settlement.ledger.account_balance import account_balance_micro
from gridpact.settlement.ledger.ledger import EntryKind, Ledger
from gridpact.settlement.settling.settlement import Settlement
from gridpact.settlement.statements.balances import make_balances
from gridpact.settlement.statements.residuals import RESIDUALS, make_residuals, residuals_table
from gridpact.settlement.statements.statements import (
    LINES,
    PLACE,
    STATEMENTS,
    make_statements,
    period_sums,
    statements_table,
)
from gridpact.settlement.tariffs.tariffs import LossAllocation, Mode
from tests.settlements import Inputs, make_inputs, make_key, random_inputs, with_meters


def one_hour(**more) -> Settlement:
    """`a` sells 1 kWh to `b` at 0.12; `a` exports 1.5 kWh, `b` imports 3 kWh."""
    return make_inputs([[0, 3000]], [[1500, 0]], [("t", 0, 0, 1, 1000, 120_000)], **more).settled()


def said(settlement: Settlement, participant: str) -> dict[str, object]:
    table = statements_table(settlement, make_statements(settlement))
    row = table.set_index("participant").loc[participant]
    return {name: value for name, value in row.items() if value not in (0, "default")}


def test_a_statement_by_hand() -> None:
    assert said(one_hour(), "b") == {
        "import_wh": 3000,
        "p2p_bought_wh": 1000,
        "supply_wh": 2000,
        "p2p_bought_micro": 120_000,
        "supply_micro": 400_000,
        "network_charge_micro": 20_000 + 100_000,
        "tax_micro": 10_000 + 20_000,
        "total_micro": 670_000,
        "retail_only_micro": 600_000 + 150_000 + 30_000,
        "gain_micro": 110_000,
    }
    assert said(one_hour(), "a") == {
        "export_wh": 1500,
        "p2p_sold_wh": 1000,
        "feed_in_wh": 500,
        "p2p_sold_micro": 120_000,
        "feed_in_micro": 25_000,
        "total_micro": -145_000,
        "retail_only_micro": -75_000,
        "gain_micro": 70_000,
    }


def test_a_firm_statement_by_hand() -> None:
    settled = make_inputs([[0, 600]], [[1500, 0]], [("t", 0, 0, 1, 1000, 120_000)], mode=Mode.FIRM).settled()
    assert said(settled, "b") == {
        "import_wh": 600,
        "p2p_bought_wh": 1000,
        "imbalance_long_wh": 400,
        "p2p_bought_micro": 120_000,
        "imbalance_long_micro": 12_000,
        "network_charge_micro": 20_000,
        "tax_micro": 10_000,
        "total_micro": 138_000,
        "retail_only_micro": 156_000,
        "gain_micro": 18_000,
    }
    assert said(settled, "a")["imbalance_long_wh"] == 500


def test_a_share_of_losses_is_the_same_with_retail_alone() -> None:
    without, shared = one_hour(head_wh=[1600]), one_hour(head_wh=[1600], losses=LossAllocation.PRO_RATA)
    told = said(shared, "b")
    assert told["losses_wh"] == 67 and told["losses_micro"] == 13_400
    assert told["gain_micro"] == said(without, "b")["gain_micro"]
    assert told["retail_only_micro"] == said(without, "b")["retail_only_micro"] + 13_400
    assert "losses_wh" not in said(without, "b")


def test_a_negative_share_of_losses_is_paid_to_the_participant() -> None:
    told = said(one_hour(head_wh=[1400], losses=LossAllocation.PRO_RATA), "b")
    assert told["losses_wh"] == -67 and told["losses_micro"] == -13_400


def test_shared_energy_has_lines_of_its_own() -> None:
    key = make_key("proportional", [[1_000_000] * 2])
    told = said(one_hour(keys=key), "b")
    assert (told["p2p_bought_wh"], told["shared_received_wh"], told["supply_wh"]) == (1000, 500, 1500)
    assert told["shared_received_micro"] == 50_000
    assert said(one_hour(keys=key), "a")["shared_given_wh"] == 500


def test_the_residual_of_a_retailer_by_hand() -> None:
    table = residuals_table(one_hour(head_wh=[1600]), make_residuals(one_hour(head_wh=[1600])))
    assert tuple(table.columns) == RESIDUALS
    (row,) = table.drop(columns="time").to_dict("records")
    assert row == {
        "retailer": "default",
        "supply_wh": 2000,
        "feed_in_wh": 500,
        "imbalance_long_wh": 0,
        "imbalance_short_wh": 0,
        "losses_wh": 100,
        "net_wh": 1600,
        "amount_micro": 400_000 - 25_000 + 20_000,
    }


def test_estimates_are_counted() -> None:
    inputs = make_inputs([[5, 1], [5, 1]], [[0, 0], [0, 0]])
    estimated = np.array([[True, False], [True, False]])
    settled = replace(inputs, meters=replace(inputs.meters, estimated=estimated)).settled()
    assert make_statements(settled).estimated_periods.tolist() == [2, 0]


def test_columns_are_declared_once() -> None:
    table = statements_table(one_hour(), make_statements(one_hour()))
    assert tuple(table.columns) == STATEMENTS
    assert len(set(STATEMENTS)) == len(STATEMENTS)
    assert {line.kind for line in LINES} == set(EntryKind)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(random_inputs())
def test_statements_add_up_to_the_ledger_to_the_micro(inputs: Inputs) -> None:
    add_up(inputs.settled())


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(random_inputs(), st.data())
def test_statements_of_a_corrected_ledger_are_those_of_settling_once(inputs: Inputs, data) -> None:
    meters = inputs.meters
    shifted = [
        np.maximum(values + data.draw(st.integers(-3, 3)), 0)
        for values in (meters.import_wh, meters.export_wh)
    ]
    better = with_meters(inputs, *shifted)
    corrected, once = better.settled(previous=inputs.settled().ledger, version=2), better.settled()
    add_up(corrected)
    for make in (make_statements, make_residuals, make_balances):
        for name in make(once).__dataclass_fields__:
            np.testing.assert_array_equal(getattr(make(corrected), name), getattr(make(once), name))


def add_up(settled: Settlement) -> None:
    """Everything that is said of a ledger adds up to it, exactly."""
    statements, residuals, balances = (
        make_statements(settled),
        make_residuals(settled),
        make_balances(settled),
    )
    count, retailers = len(settled.participants), len(settled.tariffs.retailers)
    balance = account_balance_micro(settled.ledger)
    assert (statements.total_micro == -balance[:count]).all()
    assert (residuals.amount_micro.sum(axis=0) == balance[count : count + retailers]).all()
    assert balances.net_micro.tolist() == [
        balance[:count].sum(),
        *balance[count : len(settled.accounts.names)],
    ]
    assert balances.net_micro.sum() == balances.retail_only_micro.sum() == 0
    assert balances.gain_micro[0] == statements.gain_micro.sum()
    by_kind(settled.ledger, statements.energy_wh)
    metered(settled, statements.energy_wh)
    one_by_one = [period_sums(settled, place).sum(axis=1) for place in range(count)]
    np.testing.assert_array_equal(np.array(one_by_one).T, statements.energy_wh)
    np.testing.assert_array_equal(period_sums(settled).sum(axis=1), statements.energy_wh.sum(axis=1))
    net = settled.losses.head_import_wh
    if settled.meters.outside is not None:  # drawn by others than members, whom no retailer here supplies
        outside = settled.meters.outside
        net = net - outside.import_wh.sum(axis=1) + outside.export_wh.sum(axis=1)
    np.testing.assert_array_equal(residuals.net_wh.sum(axis=1), net)


def by_kind(ledger: Ledger, energy_wh: np.ndarray) -> None:
    """Both sides of peers are the same, and are what the ledger has of them."""
    of = {name: int(energy_wh[place].sum()) for name, place in PLACE.items()}
    p2p = int(ledger.energy_wh[ledger.kind == EntryKind.P2P].sum())
    assert of["p2p_bought"] == of["p2p_sold"] and of["shared_received"] == of["shared_given"]
    assert of["p2p_bought"] + of["shared_received"] == p2p
    bought = sum(of[name] for name in ("p2p_bought", "shared_received", "supply", "imbalance_short"))
    bought -= of["unused"]
    assert of["tax"] == of["network_charge"] == bought


def metered(settled: Settlement, energy_wh: np.ndarray) -> None:
    """What the lines say comes to what the meters show."""
    of = {name: energy_wh[place] for name, place in PLACE.items()}
    drawn = of["p2p_bought"] + of["shared_received"] + of["supply"] + of["imbalance_short"] - of["unused"]
    fed = of["p2p_sold"] + of["shared_given"] + of["feed_in"] + of["imbalance_long"]
    imported, exported = settled.meters.import_wh.sum(axis=0), settled.meters.export_wh.sum(axis=0)
    assert (fed - drawn == exported - imported).all()
    if settled.tariffs.mode is Mode.SHARING:
        assert (drawn == imported).all() and (fed == exported).all()
