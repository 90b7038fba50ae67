"""An OpenDSS folder is the network that OpenDSS has: voltages under load, by three ways to work them out."""

from pathlib import Path

import numpy as np
import pytest

from gridpact.grid.network import Network
from tests.opendss.folders import (
    CODE,
    FOOT,
    FOUR_CODE,
    HEAD,
    compiled,
    folder,
    judged,
    problems_of,
    transformer,
)
from tests.phases.judged import bus_phasors, differences_from_power_grid_model, flow_of, random_powers

MEDIUM = "New LineCode.medium nphases=3 R1=0.3 X1=0.35 R0=1.0 X0=1.4 C1={c} C0={c} units=km NormAmps=300\n"
MEDIUM += "New Line.mv bus1=source bus2=mid linecode=medium length=2 units=km\n"


def differences(master: Path, network: Network, *, kva: float = 4.0, back: int = 0) -> float:
    """Greatest difference in pu of voltage from OpenDSS; power-grid-model has to agree as well."""
    power = random_powers(network, kva, seed=3)[1:2]
    power[:, network.bus_voltage_kv > 1.0] = 0.0
    voltage, loading, unbalance = differences_from_power_grid_model(network, power)
    assert voltage < 1e-9
    assert loading < 1e-4
    assert unbalance < 1e-4
    own = bus_phasors(network, flow_of(network, power))[0]
    return float(np.abs(own - judged(master, network, power[0], back=back)).max())


def cables(code: str = "cable", ends: str = "", mesh: bool = True, more: str = "") -> str:
    pairs = [("lv", "a"), ("a", "b"), ("b", "c"), ("a", "d"), *([("c", "d")] if mesh else [])]
    return "\n".join(
        f"New Line.l{place} bus1={one}{ends} bus2={other}{ends} linecode={code} length=0.1 units=km {more}"
        for place, (one, other) in enumerate(pairs)
    )


@pytest.mark.parametrize("low", [".1.2.3.0", ".3.1.2.0", ".2.3.1.0", ""])
@pytest.mark.parametrize("lead", ["lag", "lead"])
def test_delta_star_transformers_of_every_clock(low: str, lead: str, tmp_path: Path) -> None:
    master = folder(tmp_path, HEAD + CODE + transformer(low, more=f"leadlag={lead}") + "\n" + cables() + FOOT)
    assert differences(master, compiled(master)) < 1e-8


@pytest.mark.parametrize("low", [".1.2.3.0", ".3.1.2.0"])
def test_star_star_transformers_carry_the_zero_sequence_to_the_source(low: str, tmp_path: Path) -> None:
    master = folder(tmp_path, HEAD + CODE + transformer(low, "wye") + "\n" + cables() + FOOT)
    assert differences(master, compiled(master)) < 1e-8


def test_taps_losses_charging_and_a_turned_high_side(tmp_path: Path) -> None:
    more = "taps=(1.025 1.0) %noloadloss=0.4 %imag=1.5"
    text = transformer(more=more).replace("source lv", "mid.2.3.1 lv")
    code = CODE.replace("C1=0 C0=0", "C1=260 C0=120")
    master = folder(tmp_path, HEAD + code + MEDIUM.format(c=200) + text + "\n" + cables() + FOOT)
    assert differences(master, compiled(master)) < 1e-8


@pytest.mark.parametrize("mesh", [True, False])
def test_four_conductors_whose_neutral_is_the_way_back(mesh: bool, tmp_path: Path) -> None:
    text = transformer(".1.2.3.4") + "\n" + cables("four", ".1.2.3.4", mesh)
    text += "\nNew Reactor.earth phases=1 bus1=lv.4 bus2=lv.0 R=0.5 X=0"
    master = folder(tmp_path, HEAD + FOUR_CODE + text + FOOT)
    network = compiled(master)
    assert differences(master, network, back=4) < 1e-8
    earthed = compiled(master, "earthed")
    assert np.abs(network.admittance - earthed.admittance).max() > 1.0


def test_a_mesh_of_unlike_cables_differs_by_what_circulates_in_all_four_conductors(tmp_path: Path) -> None:
    """The loop impedance takes the currents of a line's conductors for none in all, which a mesh need not."""
    thin = FOUR_CODE.replace("LineCode.four", "LineCode.thin")
    thin = thin.replace("(0.40 | 0.05 0.41 | 0.051 0.052 0.42 |", "(1.9 | 0.05 1.9 | 0.05 0.05 1.9 |")
    ends = "bus1=c.1.2.3.4 bus2=d.1.2.3.4"
    text = transformer(".1.2.3.4") + "\n" + cables("four", ".1.2.3.4", mesh=False)
    text += f"\nNew Line.m {ends} linecode=thin length=0.2 units=km"
    text += "\nNew Reactor.earth phases=1 bus1=lv.4 bus2=lv.0 R=0.5 X=0"
    master = folder(tmp_path, HEAD + FOUR_CODE + thin + text + FOOT)
    network = compiled(master)
    assert 1e-8 < differences(master, network, back=4) < 1e-3
    assert any("form a mesh" in notice for notice in network.notices)


def test_earthings_beside_the_transformers_are_said_to_be_left_out(tmp_path: Path) -> None:
    text = transformer(".1.2.3.4") + "\n" + cables("four", ".1.2.3.4", mesh=False)
    text += "\nNew Reactor.e1 phases=1 bus1=lv.4 bus2=lv.0 R=0.5 X=0"
    text += "\nNew Reactor.e2 phases=1 bus1=c.4 R=10 X=0"
    network = compiled(folder(tmp_path, HEAD + FOUR_CODE + text + FOOT))
    said = " ".join(network.notices)
    assert "1 earthing of neutrals beside those of transformers" in said
    assert "mesh" not in said


def test_four_conductors_whose_neutral_is_earth_leave_no_choice_of_it(tmp_path: Path) -> None:
    text = transformer() + "\n" + cables("four", ".1.2.3.0")
    master = folder(tmp_path, HEAD + FOUR_CODE + text + FOOT)
    assert differences(master, compiled(master)) < 1e-8
    [problem] = problems_of(master, "earthed")
    assert problem.field == "network.neutral"


def test_the_choice_earthed_is_each_neutral_at_earth(tmp_path: Path) -> None:
    """The same lines with .0 and with .4 are one network where neutrals are earthed."""
    written = [
        folder(
            tmp_path / name,
            HEAD + FOUR_CODE + transformer(f".1.2.3.{node}") + "\n" + cables("four", f".1.2.3.{node}") + FOOT,
        )
        for name, node in (("earth", 0), ("neutral", 4))
    ]
    networks = [compiled(written[0]), compiled(written[1], "earthed")]
    assert np.abs(networks[0].admittance - networks[1].admittance).max() < 1e-6
    assert differences(written[0], networks[1]) < 1e-8


@pytest.mark.parametrize("earthing", ["rneut=0.8 xneut=0.1", ""])
def test_a_transformer_earthed_by_an_impedance(earthing: str, tmp_path: Path) -> None:
    text = transformer(".1.2.3.4") + "\n" + cables() + "\n"
    if earthing:
        text += f"Edit Transformer.t1 wdg=2 {earthing}"
    else:
        text += "New Reactor.earth phases=1 bus1=lv.4 bus2=lv.0 R=0.8 X=0.1"
    master = folder(tmp_path, HEAD + CODE + text + FOOT)
    assert differences(master, compiled(master)) < 1e-8


def test_other_units_geometries_permuted_nodes_and_sixty_hertz(tmp_path: Path) -> None:
    text = """
New WireData.w runits=km rac=0.4 gmrunits=mm gmrac=4 radunits=mm radius=6 NormAmps=180
New LineGeometry.g nconds=4 nphases=3 reduce=yes
~ cond=1 wire=w x=-0.4 h=8 units=m
~ cond=2 wire=w x=0 h=8 units=m
~ cond=3 wire=w x=0.4 h=8 units=m
~ cond=4 wire=w x=0 h=7.5 units=m
New Line.o1 bus1=lv.2.3.1 bus2=a.2.3.1 geometry=g length=300 units=ft
New Line.o2 bus1=a bus2=b linecode=cable length=(100 2 /) units=m
New Line.o3 a c cable 0.05 units=km
Line.o3.enabled=yes
"""
    head = HEAD.replace("=50", "=60")
    master = folder(tmp_path, head + CODE + transformer() + text.replace("Line.o3.enabled=yes\n", "") + FOOT)
    network = compiled(master)
    assert differences(master, network) < 1e-8
    assert network.notices == ("not part of the network, and left out: 1 'solve'",)


def test_open_lines_switches_and_what_no_supply_reaches(tmp_path: Path) -> None:
    text = (
        cables(mesh=True)
        + """
New Line.s bus1=d bus2=e phases=3 switch=yes
New Line.off bus1=e bus2=f linecode=cable length=0.1 units=km
New Line.gone bus1=e bus2=c linecode=cable length=0.1 units=km enabled=no
Open Line.off 1
New Line.far bus1=f bus2=g linecode=cable length=0.1 units=km
New Line.end bus1=e bus2=h linecode=cable length=0.1 units=km
Open Line.end 2
"""
    )
    master = folder(tmp_path, HEAD + CODE + transformer() + "\n" + text + FOOT)
    network = compiled(master)
    assert set(network.islanded_bus_names) == {"f", "g", "h"}
    assert "gone" not in network.elements.name
    assert differences(master, network) < 1e-8


def test_a_source_with_next_to_no_impedance_and_with_an_angle(tmp_path: Path) -> None:
    head = HEAD.replace("MVAsc3=200 MVAsc1=150", "Z1=[0, 1e-9] Z0=[0, 1e-9] angle=30")
    master = folder(tmp_path, head + CODE + transformer("", "wye") + "\n" + cables() + FOOT)
    assert differences(master, compiled(master)) < 1e-8
