"""Public functions called with something else say what they take, and how to come by it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import gridpact
from gridpact.errors import InvalidUsage
from tests.made import made, plain

CASE = "give what gridpact.read_case makes of a folder, or gridpact.Case(...)"
NETWORK = "give what gridpact.compile_network makes of a case"
CLEARANCE = "give what gridpact.clear makes, or the folder that it was written to"
PATH = "give it as text or a Path"
CALLS: list[tuple[Callable[[gridpact.Case, Path], Any], str]] = [
    (lambda case, path: gridpact.clear(str(path)), f"clear takes a Case, not a str ({CASE})"),
    (lambda case, path: gridpact.clear(gridpact.Case), f"clear takes a Case, not a type ({CASE})"),
    (lambda case, path: gridpact.match(None), f"match takes a Case, not None ({CASE})"),
    (lambda case, path: gridpact.headroom([case]), f"headroom takes a Case, not a list ({CASE})"),
    (
        lambda case, path: gridpact.compile_network("cigre"),
        f"compile_network takes a Case, not a str ({CASE})",
    ),
    (lambda case, path: gridpact.write_case("case", path), f"write_case takes a Case, not a str ({CASE})"),
    (
        lambda case, path: gridpact.with_commitments(path, path),
        f"with_commitments takes a Case, not a {{path}} ({CASE})",
    ),
    (
        lambda case, path: gridpact.clear(case, network="cigre"),
        f"clear takes a Network, not a str ({NETWORK})",
    ),
    (
        lambda case, path: gridpact.headroom(case, case.network),
        f"headroom takes a Network, not a NetworkSource ({NETWORK})",
    ),
    (lambda case, path: gridpact.read_case(123), f"read_case takes a path, not an int ({PATH})"),
    (lambda case, path: gridpact.read_case(b"case"), f"read_case takes a path, not a bytes ({PATH})"),
    (lambda case, path: gridpact.write_case(case, None), f"write_case takes a path, not None ({PATH})"),
    (
        lambda case, path: gridpact.write_case(case, path, "xlsx"),
        "format 'xlsx' is not known (write csv, parquet)",
    ),
    (
        lambda case, path: gridpact.with_commitments(replace(case, commitments=gridpact.Trades.none()), 3),
        f"with_commitments takes a path, not an int ({PATH})",
    ),
    (
        lambda case, path: gridpact.settle(case, case),
        "settle takes a path, not a Case (give the folder of the case)",
    ),
    (lambda case, path: gridpact.settle(path, case), f"settle takes a Clearance, not a Case ({CLEARANCE})"),
    (lambda case, path: gridpact.settle(path, path, mode=3), "mode '3' is not known (write sharing, firm)"),
    (
        lambda case, path: gridpact.write_clearance(case, path),
        "write_clearance takes a Clearance, not a Case (give what gridpact.clear makes)",
    ),
    (
        lambda case, path: gridpact.write_headroom(case, path),
        "write_headroom takes a Headroom, not a Case (give what gridpact.headroom makes)",
    ),
    (
        lambda case, path: gridpact.operating_envelopes([case]),
        f"operating_envelopes takes a Case, not a list ({CASE})",
    ),
    (
        lambda case, path: gridpact.operating_envelopes(case, rule="fair"),
        "rule 'fair' is not known (write equal, max-min)",
    ),
    (
        lambda case, path: gridpact.write_operating_envelopes(case, path),
        "write_operating_envelopes takes an OperatingEnvelopes, not a Case "
        "(give what gridpact.operating_envelopes makes)",
    ),
    (
        lambda case, path: gridpact.compare(path, case),
        f"compare takes a Clearance, not a Case ({CLEARANCE})",
    ),
    (
        lambda case, path: gridpact.write_comparison(case, path),
        "write_comparison takes a ResultComparison, not a Case (give what gridpact.compare makes)",
    ),
    (
        lambda case, path: gridpact.write_settlement(case, path),
        "write_settlement takes a SettledCase, not a Case (give what gridpact.settle makes)",
    ),
    (lambda case, path: gridpact.run_fleet(3, path), f"run_fleet takes a path, not an int ({PATH})"),
    (
        lambda case, path: gridpact.run_fleet(path, path / "out", formulation="acc"),
        "formulation 'acc' is not known (write ac, dc)",
    ),
    (
        lambda case, path: gridpact.run_fleet(path, path / "out", allocation=1),
        "allocation '1' is not text (write the name of one: max-volume, max-min, proportional, priority)",
    ),
    (
        lambda case, path: gridpact.run_fleet(path, path / "out", workers="four"),
        "workers is a str, not a whole number (write 1 or more)",
    ),
]


@pytest.mark.parametrize(("call", "said"), CALLS, ids=[said[:45] for _, said in CALLS])
def test_a_wrong_argument_is_refused_with_a_remedy(
    call: Callable[[gridpact.Case, Path], Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidUsage) as refusal:
        call(made(plain()), tmp_path)
    assert str(refusal.value) == said.format(path=type(tmp_path).__name__)
    assert not list(tmp_path.iterdir())


def test_formats_and_choices_as_texts_do_what_they_say(tmp_path: Path) -> None:
    gridpact.write_case(made(plain()), str(tmp_path), table_format="parquet")
    assert (tmp_path / "trades.parquet").is_file() and not (tmp_path / "trades.csv").exists()
