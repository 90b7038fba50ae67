"""Fleets with three phases: a network is compiled once, and cuts by neutrals and unbalances are counted."""

from pathlib import Path

import pytest

import gridpact
from gridpact.case import TableFormat, read_case, write_case
from gridpact.fleet.page.fleet_outcome import limit_name
from gridpact.fleet.rows.fleet_tables import LIMIT_CUTS, PHASE_LIMIT_CUTS
from gridpact.fleet.rows.row import row_of
from gridpact.fleet.workers.worker import Plan, clear_batch
from gridpact.fleet.workspace.workspace import workspace
from gridpact.grid import compile as compiling
from gridpact.grid.cache import FOLDER_VARIABLE
from gridpact.grid.limits import Limits
from gridpact.grid.pandapower import from_pandapower
from tests.fleets import contents, single_results
from tests.phases.made import pandapower_net
from tests.phases.test_three_phase_clearing import BINDING, balanced_twin, case_on

FEEDERS = ("a", "b", "c", "d")
PHASES = ("a", "b", "c", "a", "bc", "b")
WIDE = Limits(voltage_min_pu=0.94, voltage_max_pu=1.06, voltage_unbalance_max_percent=3.0)


def test_feeders_on_one_network_compile_it_once_with_each_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two feeders with phases and two without, the same file in a folder of each."""
    for number, name in enumerate(FEEDERS):
        case = case_on(pandapower_net(), tmp_path, limits=WIDE, seed=number, phases=PHASES)
        kept = case if number % 2 else balanced_twin(case_on(pandapower_net(), tmp_path, seed=number))
        write_case(kept, tmp_path / "cases" / name, list(TableFormat)[number // 2])
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "cache"))
    compiling._compiled_file.cache_clear()
    compiled = []
    own = from_pandapower.network_from_pandapower

    def counted(net: object, source: object, *more: object) -> object:
        compiled.append(source.model)
        return own(net, source, *more)

    monkeypatch.setattr(from_pandapower, "network_from_pandapower", counted)
    with workspace(tmp_path / "out", FEEDERS, quiet=True) as place:
        plan = Plan(cases=tmp_path / "cases", place=place, version=gridpact.__version__)
        done = clear_batch(plan, list(enumerate(FEEDERS)))
    assert [one.row["status"] for one in done] == ["cleared"] * len(FEEDERS)
    assert sorted(compiled) == ["balanced", "three-phase"]
    compiling._compiled_file.cache_clear()
    for name in FEEDERS:
        compiling.compile_source(read_case(tmp_path / "cases" / name).network)
    assert len(compiled) == 2  # another process takes both from the disk
    single_results(tmp_path / "cases", list(FEEDERS), tmp_path / "alone")
    for name in FEEDERS:
        assert contents(tmp_path / "out" / name) == contents(tmp_path / "alone" / name)
        phases = read_case(tmp_path / "cases" / name).participants.phases
        assert phases == (PHASES if name in "bd" else ("abc",) * len(PHASES))


@pytest.mark.parametrize(
    ("kind", "words"),
    [("neutral", "neutral of line"), ("voltage_unbalance", "voltage unbalance of bus")],
)
def test_what_neutrals_and_unbalances_cut_is_cut_by_the_network(
    kind: str, words: str, tmp_path: Path
) -> None:
    net = pandapower_net(charging=False)
    clearance = gridpact.clear(case_on(net, tmp_path, limits=BINDING[kind], phases=PHASES, power_kw=12.0))
    row = row_of("x", clearance, {})
    cleared = clearance.cleared
    hours = clearance.case.horizon.hours_per_period
    cut = (cleared["proposed_kw"] - cleared["cleared_kw"])[cleared["limited_by"] == kind].sum() * hours
    assert cut > 0.1
    assert row[f"{kind}_cut_kwh"] == pytest.approx(cut, abs=1e-6)
    cuts = (*LIMIT_CUTS.values(), *PHASE_LIMIT_CUTS.values())
    assert row["network_cut_kwh"] == pytest.approx(sum(row[name] for name in cuts), abs=1e-6)
    assert row["limited_by"] == kind
    assert row["element"] in set(cleared["element"][cleared["limited_by"] == kind])
    assert limit_name(row) == f"{words} {row['element']}"
