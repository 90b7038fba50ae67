"""power-grid-model input that cannot be is refused by name, and values in another unit are asked about."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gridpact.errors import InvalidCase
from gridpact.grid.compile import compile_source
from tests.unit.test_grid_from_power_grid_model import branch, line, transformer, written

Data = dict[str, list[dict[str, Any]]]
Change = Callable[[Data], Any]


def feeder() -> Data:
    """A 10 kV node 1, a transformer 20, and lines 10 to 13 between nodes 2 to 6 of 400 V."""
    return {
        "node": [{"id": 1, "u_rated": 10e3}, *({"id": index, "u_rated": 400.0} for index in range(2, 7))],
        "line": [line(8 + start, start, start + 1) for start in range(2, 6)],
        "transformer": [transformer(20, 1, 2, u1=10e3, u2=400.0, tap_pos=0)],
        "source": [{"id": 30, "node": 1, "status": 1, "u_ref": 1.02, "sk": 1e9}],
    }


def refusal(folder: Path, data: Data) -> list[str]:
    with pytest.raises(InvalidCase) as caught:
        compile_source(written(folder, data))
    return [str(problem).replace("'", "").removeprefix("network.json: ") for problem in caught.value.problems]


def first(component: str, **values: Any) -> Change:
    return lambda data: data[component][0].update(values)


def every(component: str, attribute: str, factor: float) -> Change:
    def change(data: Data) -> None:
        for record in data[component]:
            record[attribute] *= factor

    return change


def both(*changes: Change) -> Change:
    def change(data: Data) -> None:
        for each in changes:
            each(data)

    return change


def added(component: str, record: dict[str, Any]) -> Change:
    return lambda data: data.setdefault(component, []).append(record)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            first("transformer", u1=20e3),
            "transformer 20 is rated 20/0.4 kV between nodes of 10 and 0.4 kV: the ratio is off by",
        ),
        (first("transformer", u1=11.9e3), "transformer 20 is rated 11.9/0.4 kV"),
        (first("node", u_rated=20e3), "transformer 20 is rated 10/0.4 kV between nodes of 20 and 0.4 kV"),
        (first("transformer", u1=13e3, u2=520.0), "transformer 20 is rated 13/0.52 kV"),
        (first("transformer", from_node=2, to_node=1), "(are its sides exchanged?)"),
        (first("transformer", u1=400.0, u2=10e3), "(are its sides exchanged?)"),
        (added("link", branch(40, 1, 4)), "link 40 joins nodes of 10 kV and 0.4 kV"),
        (added("line", line(40, 1, 4)), "line 40 joins nodes of 10 kV and 0.4 kV"),
        (lambda data: data["node"][5].update(u_rated=405.0), "line 13 joins nodes of 0.4 kV and 0.405 kV"),
    ],
)
def test_voltages_that_do_not_go_together(change: Change, said: str, tmp_path: Path) -> None:
    data = feeder()
    change(data)
    problems = refusal(tmp_path, data)
    assert any(said in problem for problem in problems), problems


@pytest.mark.parametrize(
    "change",
    [
        lambda _: None,
        first("transformer", u2=420.0),
        both(first("node", u_rated=11e3), first("transformer", u1=11e3, u2=433.0)),
        first("transformer", u1=11.5e3),  # its taps go 6 % down
        both(added("node", {"id": 7, "u_rated": 402.0}), added("link", branch(40, 6, 7))),
        added(
            "generic_branch", branch(40, 1, 5, r1=0.02, x1=0.05, g1=0.0, b1=0.0, k=1.0, theta=2.618, sn=1e5)
        ),
        first("line", i_n=4900.0),
        first("line", i_n=2.5),
        first("transformer", clock=0, winding_from=1, p0=0.0, i0=0.0, pk=0.0),
        added("source", {"id": 31, "node": 1, "status": 1, "u_ref": 1.01, "sk": 1e7}),
    ],
)
def test_what_is_ordinary_passes(change: Change, tmp_path: Path) -> None:
    data = feeder()
    change(data)
    compile_source(written(tmp_path, data))


def test_three_winding_transformers_are_looked_at_too(tmp_path: Path) -> None:
    data = feeder()
    ends = {f"node_{end}": end for end in (1, 2, 3)} | {f"status_{end}": 1 for end in (1, 2, 3)}
    data["three_winding_transformer"] = [{"id": 80, **ends, "u1": 10e3, "u2": 400.0, "u3": 400.0}]
    assert len(refusal(tmp_path, data)) == 1
    data["three_winding_transformer"][0].update(u1=400.0, u2=10e3)
    problems = refusal(tmp_path, data)
    said = "three_winding_transformer 80 is rated 0.4/10/0.4 kV between nodes of 10 and 0.4 and 0.4 kV"
    assert any(said in problem and "are its sides exchanged?" in problem for problem in problems), problems


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (every("node", "u_rated", 1e-3), "node 1 u_rated 10 is no nominal voltage"),
        (every("node", "u_rated", 1e-3), "is the value in kV?"),
        (lambda data: data["node"][1].update(u_rated=0.4), "node 2 u_rated 0.4"),
        (lambda data: data["node"][5].update(u_rated=0.4), "node 6 u_rated 0.4"),
        (first("node", u_rated=10.0), "node 1 u_rated 10"),
        (first("transformer", u1=10.0), "transformer 20 u1 10 is no rated voltage at node 1 of 10 kV"),
        (first("transformer", u1=10.0, u2=0.4), "transformer 20 u2 0.4"),
        (every("line", "i_n", 1e-3), "line 10 i_n 0.2 is less than 2 A"),
        (every("line", "i_n", 1e-3), "write it in A; is the value in kA?"),
        (every("line", "i_n", 1e3), "line 10 i_n 200000 is more than a line carries"),
        (every("line", "r1", 1e3), "line 10 r1 30"),
        (both(every("line", "r1", 1e3), every("line", "x1", 1e3)), "is the value in milliohm?"),
        (every("line", "c1", 1e9), "line 10 c1 200 is more than any line has"),
        (every("line", "c1", 1e9), "is the value in nF?"),
        (every("line", "c1", 1e6), "is the value in microfarad?"),
        (first("transformer", sn=200.0), "transformer 20 sn 200"),
        (first("transformer", sn=200.0), "is the value in kVA?"),
        (first("transformer", sn=0.2), "is the value in MVA?"),
        (first("transformer", uk=4.0), "transformer 20 uk 4"),
        (first("transformer", uk=4.0), "is the value in percent?"),
        (first("transformer", i0=0.4), "transformer 20 i0 0.4"),
        (first("transformer", pk=2.4), "transformer 20 pk 2.4"),
        (first("transformer", pk=2.4), "is the value in kW?"),
        (first("transformer", p0=0.5), "transformer 20 p0 0.5"),
        (first("transformer", tap_pos=2, tap_size=2.0), "transformer 20 tap_size 2"),
        (first("source", sk=1e3), "source 30 sk 1000"),
        (first("source", sk=1e3), "is the value in MVA?"),
        (first("source", u_ref_angle=30.0), "is the value in degrees?"),
        (first("source", u_ref=408.0), "is the value in volts?"),
        (added("shunt", {"id": 40, "node": 3, "status": 1, "g1": 0.0, "b1": 100.0}), "shunt 40 b1 100"),
        (
            added("generic_branch", branch(40, 1, 5, r1=0.02, x1=0.05, g1=0.0, b1=0.0, k=1.0, theta=150.0)),
            "generic_branch 40 theta 150",
        ),
    ],
)
def test_values_in_another_unit(change: Change, said: str, tmp_path: Path) -> None:
    data = feeder()
    change(data)
    problems = refusal(tmp_path, data)
    assert any(said in problem for problem in problems), problems


def test_one_cause_is_one_problem(tmp_path: Path) -> None:
    data = feeder()
    every("line", "i_n", 1e-3)(data)
    (said,) = refusal(tmp_path, data)
    assert "; so for 4 in all: 10, 11, 12, … (" in said


@pytest.mark.parametrize("rating", [9_900.0, 99_999.0, 1e5, 1e6, 9.9e6, 99_999e3, 3e8])
def test_a_rating_that_stands_for_none(rating: float, tmp_path: Path) -> None:
    data = feeder()
    data["line"][1]["i_n"] = rating
    network = compile_source(written(tmp_path, data))
    assert any("without a rating" in notice and "(11)" in notice for notice in network.notices)
    assert np.isinf(network.branches.rating_from_kva[1])


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (
            {"u_ref": 1.02, "u_ref_angle": 0.0},
            "source 31 holds 1.02 pu at 0°, where source 30 gives",
        ),
        ({"u_ref": 1.02, "u_ref_angle": np.deg2rad(-150)}, ""),
        ({"u_ref": 1.2, "u_ref_angle": np.deg2rad(-150)}, "source 31 holds 1.2 pu"),
        ({"u_ref": 1.115, "u_ref_angle": np.deg2rad(-150)}, "of its rating without load"),
    ],
)
def test_supplies_that_fight(second: dict[str, float], said: str, tmp_path: Path) -> None:
    data = feeder()
    data["source"].append({"id": 31, "node": 3, "status": 1, "sk": 1e9, **second})
    if said:
        (problem,) = refusal(tmp_path, data)
        assert said in problem
        assert "source 30" in problem
    else:
        compile_source(written(tmp_path, data))


@pytest.mark.parametrize("sk", [1e9, 1e16])
def test_a_supply_out_of_what_can_be(sk: float, tmp_path: Path) -> None:
    data = feeder()
    data["source"][0].update(u_ref=1.3, sk=sk)
    (said,) = refusal(tmp_path, data)
    assert said.startswith("source 30 holds 1.3 pu at 0°"), said


def test_a_ratio_that_takes_the_voltage_away(tmp_path: Path) -> None:
    data = feeder()
    data["node"].append({"id": 7, "u_rated": 690.0})
    data["generic_branch"] = [branch(40, 3, 7, r1=0.01, x1=0.02, g1=0.0, b1=0.0, k=0.5, theta=0.0, sn=1e5)]
    (said,) = refusal(tmp_path, data)
    assert said.startswith("generic_branch 40 gives 2.0") and "at node 7, where" in said, said


def test_a_broken_reference_hides_nothing_behind_a_traceback(tmp_path: Path) -> None:
    data = feeder()
    data["line"][0]["to_node"] = 99
    data["line"][1]["i_n"] = 0.2
    assert any("to_node" in problem for problem in refusal(tmp_path, data))
