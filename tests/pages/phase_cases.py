"""Small cases on three phases for tests of pages, and what their tables say."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

import gridpact
from gridpact.case.case import Case
from gridpact.case.trades import Trades
from gridpact.grid.limits import Limits
from gridpact.results import Clearance
from tests.phases.made import pandapower_net
from tests.phases.test_three_phase_clearing import case_on

PHASES = ("a", "b", "c", "a", "bc", "b")
OPEN = Limits(voltage_max_pu=1.2, voltage_min_pu=0.8, voltage_unbalance_max_percent=50.0)


def phase_case(folder: Path, *, is_firm: bool = False, **limits: float) -> Case:
    """Six participants on their phases around a transformer, in two periods, with firm or elastic loads."""
    folder.mkdir(parents=True, exist_ok=True)
    net = pandapower_net(charging=False)
    case = case_on(net, folder, limits=replace(OPEN, **limits), phases=PHASES, power_kw=12.0)
    firm = np.full(len(PHASES), is_firm)
    return replace(case, participants=replace(case.participants, firm=firm))


def phase_clearance(folder: Path, *, is_firm: bool = False, **limits: float) -> Clearance:
    return gridpact.clear(phase_case(folder, is_firm=is_firm, **limits))


def idle_clearance(folder: Path, **limits: float) -> Clearance:
    """The same with firm loads and no trades."""
    return gridpact.clear(replace(phase_case(folder, is_firm=True, **limits), trades=Trades.none()))


def readings(
    clearance: Clearance, kind: str, quantity: str, phase: str, state: str = "cleared"
) -> pd.DataFrame:
    """Values of the table `network`: a row for each period, a column for each element."""
    table = clearance.network_state
    table = table[(table["kind"] == kind) & (table["quantity"] == quantity) & (table["phase"] == phase)]
    return table.pivot_table(index="time", columns="element", values=state)


def without_trades(clearance: Clearance, kind: str, quantity: str, phase: str) -> pd.DataFrame:
    """The same of the baseline."""
    return readings(clearance, kind, quantity, phase, "baseline")
