"""The generator of fleets: what a feeder holds, and that it depends on the seed and its number alone."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from benchmarks import make_fleet as maker

import gridpact
from gridpact.case.case import TableFormat
from gridpact.grid.compile import compile_source
from gridpact.grid.network_file import NetworkFormat, network_text, read_network_file
from gridpact.grid.network_model import ALL_PHASES, PHASES, NetworkModel
from gridpact.grid.source import NetworkSource

CODES = ("1-LV-rural1--0-sw", "1-LV-semiurb4--0-sw")
FEEDERS, SEED = 6, 7


@pytest.fixture(scope="module")
def bases_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bases")
    maker.make_bases(folder, CODES)
    return folder


@pytest.fixture(scope="module")
def bases(bases_folder: Path) -> list[maker.Base]:
    return maker.read_bases(bases_folder)


@pytest.fixture(scope="module")
def fleet(bases: list[maker.Base], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fleet")
    for number in range(1, FEEDERS + 1):
        case = maker.make_case(bases, number, SEED)
        maker.write_feeder(case, folder / maker.feeder_name(number), SEED, number, settled=True)
    return folder


@pytest.fixture(scope="module")
def phased_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("phased")
    maker.make_bases(folder, CODES, NetworkModel.THREE_PHASE)
    return folder


@pytest.fixture(scope="module")
def phased(phased_folder: Path) -> list[maker.Base]:
    return maker.read_bases(phased_folder, NetworkModel.THREE_PHASE)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_fleet_written_by_processes_is_the_same_and_starts_with_a_smaller_one(
    fleet: Path,
    bases_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(maker, "BATCH", 2)
    monkeypatch.setattr(
        maker,
        "make_bases",
        lambda folder, model: shutil.copytree(bases_folder, folder, dirs_exist_ok=True),
    )
    maker.make_fleet(tmp_path / "again", FEEDERS - 1, SEED, settled=True, workers=2)
    again, first = contents(tmp_path / "again"), contents(fleet)
    assert len(again) == 7 * (FEEDERS - 1)
    assert again == {name: content for name, content in first.items() if f"{FEEDERS:05d}/" not in name}
    assert f"{FEEDERS - 1} of {FEEDERS - 1} feeders" in capsys.readouterr().err


def test_another_seed_makes_another_fleet(bases: list[maker.Base]) -> None:
    first, other = (maker.make_case(bases, 1, seed) for seed in (1, 2))
    assert not np.array_equal(first.profiles.load_kw, other.profiles.load_kw)


@pytest.mark.parametrize("number", range(1, FEEDERS + 1))
def test_what_is_written_reads_back_as_the_feeder(bases: list[maker.Base], fleet: Path, number: int) -> None:
    made, case = maker.make_case(bases, number, SEED), gridpact.read_case(fleet / maker.feeder_name(number))
    assert not case.warnings
    assert case.table_format is TableFormat.PARQUET
    assert case.horizon.instant(0) == made.horizon.instant(0)
    assert case.participants.ids == made.participants.ids
    np.testing.assert_array_equal(case.profiles.load_kw, made.profiles.load_kw)
    np.testing.assert_array_equal(case.profiles.generation_kw, made.profiles.generation_kw)
    np.testing.assert_array_equal(case.trades.power_kw, made.trades.power_kw)
    np.testing.assert_array_equal(case.orders.power_kw, made.orders.power_kw)
    file = read_network_file(case.network)
    assert network_text(file).format is NetworkFormat.POWER_GRID_MODEL


def test_every_load_is_kept_and_shared_among_its_connections(bases: list[maker.Base]) -> None:
    for number, base in enumerate(bases, start=1):
        case = maker.make_case(bases, number, SEED)
        assert len(case.participants) == 84 == maker.HOMES_MIN > len(base.bus)
        assert set(case.participants.bus) == set(base.bus)
        day = (case.horizon.start.replace(tzinfo=None) - maker.datetime(maker.YEAR, 1, 1)).days
        total = base.load_kw[day * 96 : (day + 1) * 96].sum()
        assert 0.4 * total < case.profiles.load_kw.sum() < 2.0 * total


def test_trades_and_orders_are_as_many_as_they_should_be(bases: list[maker.Base]) -> None:
    cases = [maker.make_case(bases, number, SEED) for number in range(1, 81)]
    with_orders = [case for case in cases if len(case.orders)]
    assert 5 <= len(with_orders) <= 30
    for case in cases:
        assert (50 <= len(case.orders) <= 100) != (50 <= len(case.trades) <= 100)
        assert (case.trades.seller != case.trades.buyer).all()
        for rows in (case.trades, case.orders):
            assert ((rows.start >= 0) & (rows.start < rows.end) & (rows.end <= 96)).all()
            assert (rows.power_kw > 0).all()
    lengths = np.concatenate([case.trades.end - case.trades.start for case in cases])
    assert 9 < lengths.mean() < 15


def test_the_share_of_solar_plants_differs_evenly(bases: list[maker.Base]) -> None:
    shares = [
        (maker.make_case(bases, number, SEED).profiles.generation_kw.max(axis=0) > 0).mean()
        for number in range(1, 41)
    ]
    assert min(shares) < 0.12
    assert max(shares) > 0.8


def test_a_feeder_clears_and_settles(fleet: Path, tmp_path: Path) -> None:
    folder = fleet / maker.feeder_name(1)
    clearance = gridpact.clear(gridpact.read_case(folder))
    assert clearance.summary["status"] == "cleared"
    gridpact.write_clearance(clearance, tmp_path / "out")
    settled = gridpact.settle(folder, tmp_path / "out")
    assert settled.summary["energy_wh"]


@pytest.mark.parametrize(("maximum", "congested"), [("1.4", 0), ("1.001", 3)])
def test_the_congested_of_a_sample_are_counted(
    fleet: Path, tmp_path: Path, maximum: str, congested: int
) -> None:
    """With the supply at 1.025 pu every feeder breaks the one limit, and none comes near the other."""
    for number in range(1, 4):
        folder = tmp_path / maker.feeder_name(number)
        shutil.copytree(fleet / folder.name, folder)
        text = (folder / "case.toml").read_text()
        text = text.replace("voltage_max_pu = 1.05", f"voltage_max_pu = {maximum}")
        (folder / "case.toml").write_text(text.replace("percent = 100.0", "percent = 1000.0"))
    assert maker.congested_share(tmp_path, 50) == (congested, 3)


def test_the_command_refuses_what_it_cannot_do(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("")
    for arguments, said in (
        (["--feeders", "3"], "is not empty"),
        ([], "give --feeders"),
        (["--feeders", "-1"], "negative"),
        (["--congested", "5"], "has no cases"),
    ):
        command = [sys.executable, maker.__file__, str(tmp_path), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert said in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_feeder_on_three_phases_is_the_balanced_one_with_homes_on_a_phase_each(
    bases: list[maker.Base], phased: list[maker.Base]
) -> None:
    seen = []
    for number in range(1, 13):
        balanced, case = (maker.make_case(one, number, SEED) for one in (bases, phased))
        homes, plain = case.participants, balanced.participants
        assert case.network.is_three_phase and case.horizon == balanced.horizon
        assert homes.ids == plain.ids and (homes.bus == plain.bus).all() and (homes.firm == plain.firm).all()
        np.testing.assert_array_equal(case.profiles.load_kw, balanced.profiles.load_kw)
        phases = np.array(homes.phases)
        single = phases != ALL_PHASES
        assert (single == (case.profiles.load_kw.max(axis=0) <= maker.SERVICE_KW)).all()
        plant, whole = (one.profiles.generation_kw.max(axis=0) for one in (case, balanced))
        np.testing.assert_array_equal(plant[~single], whole[~single])
        expected = np.minimum(maker.ON_ONE_PHASE * whole[single], maker.SERVICE_KW)
        np.testing.assert_allclose(plant[single], expected, rtol=0, atol=1e-3)
        seen.extend(homes.phases)
    shares = np.array([seen.count(phase) for phase in PHASES]) / len(seen)
    assert (np.abs(shares - shares.mean()) < 0.05).all() and shares.sum() > 0.9
    assert maker.make_case(phased, 1, SEED).participants.phases != (
        maker.make_case(phased, 1, SEED + 1).participants.phases
    )


def test_four_equal_cores_in_a_square_have_four_times_the_impedance_in_the_zero_sequence() -> None:
    """From the magnetic field of the conductors: Z0/Z1, and with it C1/C0, do not depend on their size."""
    corners = np.array([0.0, 1.0, 1.0 + 1.0j, 1.0j])
    distance = np.abs(corners[:, None] - corners)
    radius, ohm = 0.3, 0.2
    flux = -np.log(np.where(distance == 0.0, radius, distance))
    drop = ohm * np.eye(4) + 0.0628j * flux
    back = drop[:3, :3] - drop[:3, 3:] - drop[3:, :3] + drop[3, 3]
    # The mean of the three places of the neutral and of the phases, as of a cable that is turned.
    own, mutual = np.trace(back) / 3, (back.sum() - np.trace(back)) / 6
    assert (own + 2 * mutual) / (own - mutual) == pytest.approx(maker.EQUAL_CORES)


def test_the_zero_sequence_is_written_with_each_network(phased: list[maker.Base]) -> None:
    for base in phased:
        data = json.loads(base.network.read_bytes())["data"]
        for line in data["line"]:
            for part in "rx":
                assert line[f"{part}0"] == pytest.approx(maker.EQUAL_CORES * line[f"{part}1"])
            assert line["c0"] == pytest.approx(line["c1"] / maker.EQUAL_CORES)
        [transformer] = data["transformer"]
        assert transformer["clock"] == 5 and transformer["winding_to"] == 1
        network = compile_source(NetworkSource(file=base.network, model=NetworkModel.THREE_PHASE))
        assert network.is_three_phase


def test_a_fleet_of_three_phases_is_written_and_a_feeder_of_it_clears(
    phased_folder: Path,
    phased: list[maker.Base],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def copied(folder: Path, *, model: NetworkModel) -> None:
        assert model is NetworkModel.THREE_PHASE
        shutil.copytree(phased_folder, folder, dirs_exist_ok=True)

    monkeypatch.setattr(maker, "make_bases", copied)
    command = ["make_fleet.py", str(tmp_path / "fleet"), "--feeders", "2", "--model", "three-phase"]
    monkeypatch.setattr(sys, "argv", [*command, "--workers", "1"])
    maker.main()
    for number in (1, 2):
        case = gridpact.read_case(tmp_path / "fleet" / maker.feeder_name(number))
        made = maker.make_case(phased, number, 1)
        assert case.participants.phases == made.participants.phases and not case.warnings
        np.testing.assert_array_equal(case.trades.power_kw, made.trades.power_kw)
    clearance = gridpact.clear(case)
    assert clearance.summary["model"] == "three-phase" and clearance.summary["status"] == "cleared"
