"""Case.from_frames: data frames and a network in memory, checked like a folder of tables."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import gridpact
from gridpact import Case, Horizon, InvalidCase, InvalidUsage, Limits, NetworkSource
from gridpact.grid.pandapower.builtin import builtin_net
from tests.example import write_example
from tests.phases.made import pandapower_net

BUILTIN = "pandapower/kerber_landnetz_freileitung_2"
TABLES = ("participants", "profiles", "trades", "orders")


class FrameOfAnotherLibrary:
    """What polars' frames have in common with Arrow's: a stream of their columns."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)


def with_views(table: pa.Table) -> pa.Table:
    """The table with its texts as views, as polars has them."""
    texts = [name for name in table.column_names if pa.types.is_string(table.schema.field(name).type)]
    for name in texts:
        column = pa.chunked_array([pa.array(table[name].to_pylist(), pa.string_view())])
        table = table.set_column(table.column_names.index(name), name, column)
    return table


def converted(frame: pd.DataFrame, kind: str) -> object:
    if kind == "pandas":
        return frame
    if kind == "polars":
        polars = pytest.importorskip("polars")
        return polars.from_pandas(frame)
    return FrameOfAnotherLibrary(with_views(pa.Table.from_pandas(frame)))


def frames(folder: Path) -> dict[str, pd.DataFrame]:
    return {name: pd.read_csv(folder / f"{name}.csv", float_precision="round_trip") for name in TABLES}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_example(tmp_path / "case")


def same(one: Case, other: Case) -> None:
    """Whether the parts of two cases are alike."""
    for part in ("participants", "profiles", "trades", "orders"):
        first, second = getattr(one, part), getattr(other, part)
        for name in first.__dataclass_fields__:
            if name != "terms":
                np.testing.assert_array_equal(getattr(first, name), getattr(second, name), f"{part} {name}")
    assert one.horizon == other.horizon


@pytest.mark.parametrize("kind", ["pandas", "arrow", "polars"])
def test_frames_are_what_a_folder_is(kind: str, folder: Path) -> None:
    read = gridpact.read_case(folder)
    tables = frames(folder)
    made = {name: converted(one, kind) for name, one in tables.items()}
    case = Case.from_frames(
        BUILTIN, **made, horizon=read.horizon, name="Example street", limits=read.limits, formulation="dc"
    )
    same(case, read)
    assert gridpact.clear(case).cleared.equals(gridpact.clear(read).cleared)


@pytest.mark.parametrize("as_times", [False, True])
def test_the_horizon_is_that_of_the_profiles(as_times: bool, folder: Path) -> None:
    tables = frames(folder)
    if as_times:
        tables["profiles"]["time"] = pd.to_datetime(tables["profiles"]["time"]).dt.tz_convert("Europe/Berlin")
    case = Case.from_frames(BUILTIN, participants=tables["participants"], profiles=tables["profiles"])
    assert (case.horizon.periods, case.horizon.step) == (4, timedelta(minutes=15))
    assert case.horizon.timezone == ("Europe/Berlin" if as_times else "UTC")
    assert case.horizon.instant(0).timestamp() == gridpact.read_case(folder).horizon.instant(0).timestamp()
    assert case.profiles.load_kw.sum() == gridpact.read_case(folder).profiles.load_kw.sum()


def test_frames_of_polars_that_are_wrong_are_refused_in_the_same_words(folder: Path) -> None:
    polars = pytest.importorskip("polars")
    tables = frames(folder)
    wrong = polars.from_pandas(tables["trades"]).with_columns(polars.lit(-1.0).alias("power_kw"))
    said = []
    for frame in (wrong, wrong.to_pandas()):
        with pytest.raises(gridpact.InvalidCase) as refused:
            Case.from_frames(BUILTIN, **tables | {"trades": frame})
        said.append(str(refused.value))
    assert said[0] == said[1] and "is negative" in said[0]


def test_polars_is_not_imported_for_its_frames(folder: Path) -> None:
    """What is there already is asked for its columns; nothing of polars is in the product."""
    product = Path(gridpact.__file__).parent
    assert not [path for path in product.rglob("*.py") if "import polars" in path.read_text()]


def test_a_net_in_memory_and_a_compiled_network_are_networks(folder: Path, tmp_path: Path) -> None:
    tables = frames(folder)
    net, _ = builtin_net(NetworkSource(builtin=BUILTIN))
    given = {"limits": Limits(voltage_min_pu=0.95, voltage_max_pu=1.05), "timezone": "Europe/Berlin"}
    named = Case.from_frames(BUILTIN, **tables, **given)
    compiled = gridpact.compile_network(named)
    expected = gridpact.clear(named)
    for network in (net, compiled, named.network):
        case = Case.from_frames(network, **tables, **given)
        found = gridpact.clear(case)
        assert found.cleared.equals(expected.cleared)
        assert found.network_state["cleared"].to_numpy() == pytest.approx(
            expected.network_state["cleared"].to_numpy(), abs=1e-9
        )
    in_memory = Case.from_frames(net, **tables, **given)
    assert in_memory.network.compiled is gridpact.compile_network(in_memory)
    assert replace(in_memory, name="other").network == in_memory.network
    with pytest.raises(InvalidUsage, match="is in memory, and no file that a case folder can hold"):
        gridpact.write_case(in_memory, tmp_path / "written")


def test_a_net_of_three_phases_has_them(tmp_path: Path) -> None:
    people = pd.DataFrame(
        {"participant": ["s", "d"], "bus": [3, 5], "phases": ["a", "b"], "demand": "elastic"}
    )
    times = pd.date_range("2024-06-21", periods=2, freq="1h", tz="UTC")
    profiles = pd.DataFrame(
        [(time, name, 0.0 if name == "s" else 3.0, 3.0 if name == "s" else 0.0)
         for time in times for name in ("s", "d")],
        columns=["time", "participant", "load_kw", "generation_kw"],
    )  # fmt: skip
    trades = pd.DataFrame({
        "trade": ["t"], "seller": ["s"], "buyer": ["d"], "start": times[:1], "end": times[1:],
        "power_kw": [2.0], "price_per_kwh": [0.2],
    })  # fmt: skip
    net = pandapower_net(charging=False)
    case = Case.from_frames(net, participants=people, profiles=profiles, trades=trades, model="three-phase")
    assert case.network.is_three_phase and case.participants.phases == ("a", "b")
    assert gridpact.clear(case).summary["cleared_kwh"] == 2.0
    with pytest.raises(InvalidCase, match="phases"):
        Case.from_frames(net, participants=people, profiles=profiles, trades=trades)


def test_everything_that_is_wrong_is_listed_with_its_row(folder: Path) -> None:
    tables = frames(folder)
    tables["participants"].loc[1, "bus"] = 4711
    tables["trades"].loc[2, "buyer"] = "h9"
    tables["orders"] = tables["orders"].drop(columns="side")
    tables["profiles"].loc[0, "load_kw"] = -1.0
    with pytest.raises(InvalidCase) as refusal:
        Case.from_frames(BUILTIN, **tables)
    said = str(refusal.value)
    for one in (
        "participants row 2: bus '4711'",
        "trades row 3: buyer 'h9' is not in participants",
        "orders: side is not among the columns",
        "profiles row 1: load_kw '-1.0'",
    ):
        assert one in said


def test_what_is_no_frame_no_network_and_no_horizon_is_refused(folder: Path) -> None:
    tables = frames(folder)
    with pytest.raises(InvalidCase, match=r"trades: is .* and no data frame that can be read"):
        Case.from_frames(BUILTIN, **{**tables, "trades": 3})
    with pytest.raises(InvalidUsage, match="give a built-in's name, a pandapower net, or a compiled network"):
        Case.from_frames(3, **tables)
    with pytest.raises(InvalidCase, match="network"):
        Case.from_frames("pandapower/nowhere", **tables)
    with pytest.raises(InvalidCase, match="are in the timezone 'Europe/Nowhere', which is not known"):
        Case.from_frames(BUILTIN, **tables, timezone="Europe/Nowhere")
    with pytest.raises(InvalidCase, match="model"):
        Case.from_frames(BUILTIN, **tables, model="single")
    wrong = tables["profiles"].assign(time="noon")
    with pytest.raises(InvalidCase, match=r"profiles.*time"):
        Case.from_frames(BUILTIN, participants=tables["participants"], profiles=wrong)
    wrong = tables["profiles"].assign(time=["noon", *tables["profiles"]["time"][1:]])
    with pytest.raises(InvalidCase, match=r"profiles.*time"):
        Case.from_frames(BUILTIN, participants=tables["participants"], profiles=wrong)
    one = tables["profiles"].head(3)
    with pytest.raises(InvalidCase, match=r"have times that tell no resolution .give horizon="):
        Case.from_frames(BUILTIN, participants=tables["participants"], profiles=one)
    horizon = Horizon(start="2024-06-21T00:00", timezone="Europe/Berlin", resolution="15min", periods=1)
    case = Case.from_frames(BUILTIN, participants=tables["participants"], profiles=one, horizon=horizon)
    assert case.profiles.load_kw.shape == (1, 3)
    with pytest.raises(InvalidCase, match="network: compiled"):
        NetworkSource(compiled=3)  # type: ignore[arg-type]


def test_memberships_and_meters_are_read_like_those_of_a_folder(folder: Path) -> None:
    made, timezone = frames(folder), gridpact.read_case(folder).horizon.timezone
    count = len(made["participants"])
    made["participants"]["meter"] = [f"m{place}" for place in range(count)]
    made["participants"]["member_from"] = ["2024-06-01", *[None] * (count - 1)]
    horizon = gridpact.read_case(folder).horizon
    found = Case.from_frames(BUILTIN, horizon=horizon, **made).participants
    assert found.meter[:2] == ("m0", "m1")
    first = pd.Timestamp("2024-06-01", tz=timezone)
    assert found.member_from.tolist() == [first.value // 1000, *[0] * (count - 1)]


def test_times_of_a_fixed_offset_are_instants(folder: Path) -> None:
    """An offset is no timezone: the horizon is in UTC, or in the one that is named."""
    tables, zone = frames(folder), gridpact.read_case(folder).horizon.timezone
    tables = {name: tables[name] for name in ("participants", "profiles")}
    times = pd.to_datetime(tables["profiles"]["time"], utc=True)
    tables["profiles"]["time"] = times.dt.tz_convert("+02:00")
    plain = Case.from_frames(BUILTIN, **tables).horizon
    named = Case.from_frames(BUILTIN, timezone=zone, **tables).horizon
    assert (plain.timezone, named.timezone) == ("UTC", zone)
    assert plain.instant(0) == named.instant(0) == times.min()
