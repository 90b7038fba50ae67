"""Headroom on three phases: of each participant on its own phases, stopped by a limit of a phase."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import gridpact
from gridpact.arrays import Float
from gridpact.case.case import Case
from gridpact.clearing.network.connections import connections_of
from gridpact.clearing.network.injection import injection, used_kw
from gridpact.clearing.network.network_state import nominal_limits
from gridpact.clearing.problem.solution import LimitedBy
from gridpact.grid.compile import compile_source
from gridpact.grid.limits import Limits
from gridpact.grid.network import Network
from gridpact.grid.network_model import PHASE_LABELS
from gridpact.grid.places import places
from gridpact.grid.verification.verification_flow import run_verification_power_flow
from gridpact.report.headroom.headroom_page import headroom_page
from gridpact.trading_headroom import Headroom
from gridpact.trading_headroom.headroom_outcome import outcome
from tests.injections import made_kw
from tests.phases.made import pandapower_net
from tests.phases.test_three_phase_clearing import balanced_twin, case_on

PHASES = ("a", "b", "c", "a", "bc", "b")
FOUND_KW, MORE_KW = 2e-6, 0.05
STOPPING = {
    "voltage_max": Limits(voltage_max_pu=1.06, voltage_unbalance_max_percent=50.0),
    "voltage_min": Limits(voltage_min_pu=1.0, voltage_unbalance_max_percent=50.0),
    "neutral": Limits(neutral_loading_max_percent=15.0, voltage_unbalance_max_percent=50.0),
    "line": Limits(line_loading_max_percent=15.0, voltage_unbalance_max_percent=50.0),
    "transformer": Limits(transformer_loading_max_percent=3.0, voltage_unbalance_max_percent=50.0),
    "voltage_unbalance": Limits(voltage_unbalance_max_percent=0.3),
}


@pytest.mark.parametrize(("group", "shift"), [("Dyn", 150.0), ("YNyn", 0.0)])
@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_connected_to_all_phases_has_the_headroom_of_its_balanced_twin(
    group: str, shift: float, seed: int, tmp_path: Path
) -> None:
    limits = Limits(voltage_min_pu=0.97, voltage_max_pu=1.05)
    case = case_on(pandapower_net(group, shift), tmp_path, seed=seed, power_kw=60.0, limits=limits)
    balanced, phases = gridpact.headroom(balanced_twin(case)), gridpact.headroom(case)
    for side in ("sale", "purchase"):
        one, other = (getattr(each, f"{side}_alone_kw") for each in (balanced, phases))
        assert (one < getattr(balanced, f"{side}_cap_kw")).any()
        np.testing.assert_allclose(other, one, rtol=0, atol=1e-6)
        kinds, others = (getattr(each, f"{side}_limited_by") for each in (balanced, phases))
        np.testing.assert_array_equal(others, kinds)
        np.testing.assert_array_equal(
            getattr(phases, f"{side}_element"), getattr(balanced, f"{side}_element")
        )
        together, with_phases = (getattr(each, f"{side}_together_kw") for each in (balanced, phases))
        np.testing.assert_allclose(with_phases, together, rtol=0, atol=1e-3)
    sums = [each.sale_together_kw.sum() + each.purchase_together_kw.sum() for each in (balanced, phases)]
    assert sums[1] == pytest.approx(sums[0], abs=1e-6)
    assert phases.together_kept.all()


def single_phase_case(kind: str, folder: Path) -> Case:
    net = pandapower_net(charging=False, vn_lv_kv=0.4 if kind == "voltage_min" else 0.41)
    return case_on(net, folder, limits=STOPPING[kind], power_kw=12.0, phases=PHASES)


@pytest.mark.parametrize("kind", STOPPING)
def test_each_kind_of_limit_stops_where_power_grid_model_finds_it(kind: str, tmp_path: Path) -> None:
    """Alone keeps every limit by its asymmetric flow, and a little more breaks the one that is named."""
    case = single_phase_case(kind, tmp_path)
    found, network = gridpact.headroom(case), compile_source(case.network)
    seen = set()
    for side in ("sale", "purchase"):
        alone_kw, cap_kw = getattr(found, f"{side}_alone_kw"), getattr(found, f"{side}_cap_kw")
        at_most = excess_by_power_grid_model(case, network, side, alone_kw)
        assert max(float(part.max(initial=-1.0)) for part in at_most.values()) <= 1e-7
        stopped = (alone_kw < cap_kw - MORE_KW) & (alone_kw > 0.0)
        more = excess_by_power_grid_model(case, network, side, np.where(stopped, alone_kw + MORE_KW, 0.0))
        for row, (period, participant) in enumerate(np.argwhere(stopped)):
            kinds = LimitedBy(int(getattr(found, f"{side}_limited_by")[period, participant]))
            element = int(getattr(found, f"{side}_element")[period, participant])
            phase = PHASE_LABELS[getattr(found, f"{side}_phase")[period, participant]]
            seen.add(kinds.label)
            assert more[column(network, kinds, element, phase)][row] > 1e-7
    assert kind in seen


Limit = tuple[str, int, str]


def column(network: Network, kind: LimitedBy, element: int, phase: str) -> Limit:
    return kind.label, element, phase


def excess_by_power_grid_model(
    case: Case, network: Network, side: str, power_kw: Float
) -> dict[Limit, Float]:
    """How far each limit is exceeded, pu and parts of one, (m,), where m participants trade alone."""
    period, participant = np.nonzero(power_kw > 0.0)
    traded = np.zeros((len(period), len(case.participants)))
    traded[np.arange(len(period)), participant] = power_kw[period, participant]
    nothing = np.zeros_like(traded)
    sold, bought = (traded, nothing) if side == "sale" else (nothing, traded)
    profiles = replace(
        case.profiles,
        load_kw=case.profiles.load_kw[period],
        generation_kw=case.profiles.generation_kw[period],
    )
    people = case.participants
    rows = injection(people, made_kw(people, profiles, sold), used_kw(people, profiles, bought))
    connected = connections_of(network, people)
    flow = run_verification_power_flow(
        network.verification_model,
        connected.bus,
        connected.shared(rows.p_kw),
        connected.shared(rows.q_kvar),
        connected.phase,
    )
    limits, where = nominal_limits(network, case.limits, len(period)), places(network)
    found: dict[Limit, Float] = {}
    for index, (bus, phase) in enumerate(zip(where.voltage_bus.tolist(), where.voltage_phase, strict=True)):
        voltage = flow.voltage_pu[:, index]
        found["voltage_max", bus, phase] = voltage - limits.voltage_max_pu[:, index]
        found["voltage_min", bus, phase] = limits.voltage_min_pu[:, index] - voltage
    loadings = zip(where.loading_element.tolist(), where.loading_phase, strict=True)
    for index, (element, phase) in enumerate(loadings):
        kind = "neutral" if phase == "n" else str(network.elements.kind[element])
        over = flow.loading_percent[:, index] - limits.loading_max_percent[:, index]
        found[kind, element, phase] = over / 100.0
    for index, bus in enumerate(where.unbalance_bus.tolist()):
        over = flow.unbalance_percent[:, index] - limits.unbalance_max_percent[:, index]
        found["voltage_unbalance", bus, ""] = over / 100.0
    return found


def test_the_phase_that_stops_stands_in_the_table_in_words_and_on_the_page(tmp_path: Path) -> None:
    for kind, said in (
        ("voltage_max", "bus 4 phase"),
        ("neutral", "neutral of line"),
        ("voltage_unbalance", " at 0.3 %"),
    ):
        found: Headroom = gridpact.headroom(single_phase_case(kind, tmp_path))
        table = found.table
        position = table.columns.get_loc("sale_element")
        assert table.columns[position + 1] == "sale_phase"
        assert table.columns[-1] == "purchase_phase"
        stopped = table[(table["sale_limited_by"] == kind) | (table["purchase_limited_by"] == kind)]
        phases = {*stopped["sale_phase"], *stopped["purchase_phase"]} - {""}
        assert len(stopped)
        assert phases <= set({"neutral": "n", "voltage_max": "abc", "voltage_unbalance": ""}[kind])
        assert bool(phases) == (kind != "voltage_unbalance")
        assert said in outcome(found)
        assert kind == "voltage_unbalance" or said in headroom_page(found)


def test_a_balanced_network_has_no_phases_in_the_table(tmp_path: Path) -> None:
    table = gridpact.headroom(balanced_twin(case_on(pandapower_net(), tmp_path))).table
    assert not [name for name in table.columns if "phase" in name]
