"""Operating envelopes as files, on the command line, as a page, and as other systems take them."""

import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

import gridpact
from gridpact.case import Case, TableFormat, write_case
from gridpact.envelopes import OperatingEnvelopes
from gridpact.envelopes.envelopes_outcome import outcome
from gridpact.envelopes.exchange_formats.csip_aus_controls import (
    CSIP_AUS,
    SEP,
    active_power,
    csip_aus_controls,
)
from gridpact.envelopes.exchange_formats.openadr_events import openadr_events
from gridpact.envelopes.operating_tables import OPERATING_CORNERS, OPERATING_ENVELOPES
from gridpact.errors import InvalidCase, InvalidUsage
from gridpact.grid.source import NetworkSource
from gridpact.report.envelopes.envelope_page import envelope_page
from gridpact.report.envelopes.envelope_pictures import ROWS_MAX, envelope_pictures
from tests.envelopes.made import builtin_case, envelope_case, three_phase_case
from tests.unit.test_cli import run
from tests.unit.test_report import NASTY, own_part

FILES = {
    "operating_envelopes.csv",
    "operating_corners.csv",
    "openadr_events.json",
    "csip_aus",
    "envelopes.html",
}


@pytest.fixture(scope="module")
def village() -> Case:
    return replace(builtin_case("pandapower/village_1", 2, 9, scale=6.0), name="Village")


@pytest.fixture(scope="module")
def found(village: Case) -> OperatingEnvelopes:
    return gridpact.operating_envelopes(over(village, 3))


def over(case: Case, periods: int) -> Case:
    people = len(case.participants)
    nothing = np.zeros((periods, people))
    profiles = gridpact.Profiles(load_kw=nothing, generation_kw=nothing)
    return replace(case, horizon=replace(case.horizon, periods=periods), profiles=profiles)


def test_the_command_writes_all_files_and_says_the_outcome(
    village: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_case(over(village, 2), tmp_path / "case")
    code, out, err = run("envelope", tmp_path / "case", "--out", tmp_path / "e", capsys=capsys)
    assert code == 0, err
    assert re.match(r"Village: each may export \d+\.\d% and import \d+\.\d% of its connection", out)
    assert "  rule      equal, for 9 participants with connections of " in out
    assert re.search(
        r"  tried     [\d,]+ combinations, none of which breaks a limit; of the worst \d+ power-", out
    )
    assert {path.name for path in (tmp_path / "e").iterdir()} == FILES
    table = pd.read_csv(tmp_path / "e" / "operating_envelopes.csv")
    assert tuple(table) == OPERATING_ENVELOPES and len(table) == 18
    corners = pd.read_csv(tmp_path / "e" / "operating_corners.csv")
    assert tuple(corners) == OPERATING_CORNERS
    ends = table[table["time"] == table["time"][0]].set_index("participant")
    for _, corner in corners.groupby("corner"):
        power = corner.set_index("participant")["power_kw"]
        assert (power <= ends["export_max_kw"] + 1e-9).all() and (
            power >= -ends["import_max_kw"] - 1e-9
        ).all()
        assert corner["value"].iloc[0] == pytest.approx(corner["limit"].iloc[0], abs=2e-3)


def test_the_rule_is_chosen_on_the_command_line_and_json_is_the_summary(
    village: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_case(village, tmp_path / "case")
    arguments = (
        "envelope",
        tmp_path / "case",
        "--out",
        tmp_path / "e",
        "--rule",
        "max-min",
        "--json",
        "--quiet",
    )
    code, out, err = run(*arguments, capsys=capsys)
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert told["rule"] == "max-min" and told["verification"]["status"] == "kept"
    assert told["combinations_tried"] > 1000
    code, _, err = run(
        "envelope", tmp_path / "case", "--out", tmp_path / "f", "--rule", "fair", capsys=capsys
    )
    assert code == 2 and "--rule 'fair' is not known (write equal, max-min)" in err
    assert not (tmp_path / "f").exists()


def test_every_participant_without_a_connection_is_told_at_once(
    village: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    connection_kw = village.participants.connection_kw.copy()
    connection_kw[[1, 4, 7]] = np.nan
    case = replace(village, participants=replace(village.participants, connection_kw=connection_kw))
    with pytest.raises(InvalidCase) as refused:
        gridpact.operating_envelopes(case)
    assert [problem.value for problem in refused.value.problems] == ["p1", "p4", "p7"]
    write_case(case, tmp_path / "case")
    code, out, err = run("envelope", tmp_path / "case", "--out", tmp_path / "e", capsys=capsys)
    assert (code, out) == (2, "") and not (tmp_path / "e").exists()
    for name in ("p1", "p4", "p7"):
        assert (
            f"participants.csv: connection_kw '{name}' has none, and operating envelopes need it "
            "(write the kW that its connection carries, above 0)"
        ) in err


def test_wrong_use_is_refused(village: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for call in (
        lambda: gridpact.operating_envelopes(3),
        lambda: gridpact.operating_envelopes(village, village.network),
        lambda: gridpact.operating_envelopes(village, rule="fair"),
        lambda: gridpact.write_operating_envelopes(village, tmp_path),
    ):
        with pytest.raises(InvalidUsage):
            call()
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "csip_aus").mkdir()
    (tmp_path / "kept" / "csip_aus" / "mine.txt").write_text("mine")
    with pytest.raises(InvalidUsage, match="csip_aus"):
        gridpact.write_operating_envelopes(gridpact.operating_envelopes(village), tmp_path / "kept")
    assert (tmp_path / "kept" / "csip_aus" / "mine.txt").read_text() == "mine"


def test_the_same_input_gives_the_same_bytes_and_an_earlier_result_is_replaced(
    found: OperatingEnvelopes, tmp_path: Path
) -> None:
    again = gridpact.operating_envelopes(found.case)
    for envelopes, name in ((found, "one"), (again, "two"), (again, "two")):
        gridpact.write_operating_envelopes(envelopes, tmp_path / name, page=envelope_page(envelopes))
    files = [path for path in (tmp_path / "one").rglob("*") if path.is_file()]
    assert len(files) == 4 + 9
    for path in files:
        assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()


def test_parquet_in_parquet_out_with_phases(tmp_path: Path) -> None:
    case = replace(three_phase_case(tmp_path), table_format=TableFormat.PARQUET)
    gridpact.write_operating_envelopes(gridpact.operating_envelopes(case), tmp_path / "e")
    table = pd.read_parquet(tmp_path / "e" / "operating_envelopes.parquet")
    assert list(table)[4:] == [
        "limited_by_import", "element_import", "phase_import",
        "limited_by_export", "element_export", "phase_export",
    ]  # fmt: skip
    assert set(table["phase_import"]) <= {"a", "b", "c", "n", ""}
    corners = pd.read_parquet(tmp_path / "e" / "operating_corners.parquet")
    assert list(corners)[1:4] == ["limited_by", "element", "phase"]


def test_a_corner_of_a_mixed_limit_has_participants_on_both_sides(tmp_path: Path) -> None:
    case = three_phase_case(tmp_path, voltage_unbalance_max_percent=0.4, neutral_loading_max_percent=900.0)
    corners = gridpact.operating_envelopes(case).corners_table.query("limited_by == 'voltage_unbalance'")
    assert len(corners)
    signs = corners.groupby("corner")["power_kw"].agg(["min", "max"])
    assert ((signs["min"] < 0.0) & (signs["max"] > 0.0)).all()


# Schemas of `event`, `interval`, `valuesMap` and `eventPayloadDescriptor` in openadr3.yaml of OpenADR 3.0.1,
# and of the two payload types in event-interval-payloads.schema.yaml of 3.1.0, written down by hand.
def check_event(event: dict) -> None:
    assert set(event) <= {
        "id", "createdDateTime", "modificationDateTime", "objectType", "programID", "eventName", "priority",
        "targets", "reportDescriptors", "payloadDescriptors", "intervalPeriod", "intervals",
    }  # fmt: skip
    assert event["objectType"] == "EVENT"
    assert re.fullmatch(r"[a-zA-Z0-9_-]{1,128}", event["programID"])
    for target in event["targets"]:
        assert set(target) == {"type", "values"} and isinstance(target["values"], list)
    kinds = {"IMPORT_CAPACITY_LIMIT", "EXPORT_CAPACITY_LIMIT"}
    assert {each["payloadType"] for each in event["payloadDescriptors"]} == kinds
    for each in event["payloadDescriptors"]:
        assert (each["objectType"], each["units"]) == ("EVENT_PAYLOAD_DESCRIPTOR", "KW")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event["intervalPeriod"]["start"])
    assert re.fullmatch(r"P(?!$)(T(\d+H)?(\d+M)?)", event["intervalPeriod"]["duration"])
    for interval in event["intervals"]:
        assert set(interval) == {"id", "payloads"} and isinstance(interval["id"], int)
        assert {payload["type"] for payload in interval["payloads"]} == kinds
        for payload in interval["payloads"]:
            (value,) = payload["values"]
            assert isinstance(value, float) and value >= 0.0


def test_openadr_events_have_every_limit_in_kw_in_its_own_interval(found: OperatingEnvelopes) -> None:
    events = openadr_events(found)
    assert len(events) == 9
    for place, event in enumerate(events):
        check_event(event)
        assert event["targets"] == [{"type": "RESOURCE_NAME", "values": [f"p{place}"]}]
        assert event["intervalPeriod"] == {"start": "2024-06-21T00:00:00Z", "duration": "PT15M"}
        assert [interval["id"] for interval in event["intervals"]] == [0, 1, 2]
        for period, interval in enumerate(event["intervals"]):
            values = {payload["type"]: payload["values"][0] for payload in interval["payloads"]}
            assert values["IMPORT_CAPACITY_LIMIT"] == found.import_max_kw[period, place]
            assert values["EXPORT_CAPACITY_LIMIT"] == found.export_max_kw[period, place]


@pytest.mark.parametrize(
    ("kw", "expected"),
    [
        (0.0, (0, 0)),
        (4.035, (4035, 0)),
        (4.0359, (4035, 0)),
        (32.767, (32767, 0)),
        (32.768, (3276, 1)),
        (123.4567, (12345, 1)),
        (4999.999, (4999, 3)),
        (9.2, (9200, 0)),
    ],
)
def test_a_power_is_sixteen_bits_and_a_power_of_ten_never_more_than_it_is(
    kw: float, expected: tuple[int, int]
) -> None:
    value, multiplier = expected if kw != 4999.999 else (4999, 3)
    found = active_power(kw)
    assert found[0] * 10 ** found[1] <= kw * 1e3 + 1e-6 and 0 <= found[0] <= 32767
    assert found[0] * 10 ** found[1] > kw * 1e3 - 10 ** found[1]
    if kw != 4999.999:
        assert found == (value, multiplier)


def test_csip_aus_controls_have_every_limit_in_watts_in_the_order_of_the_schema(
    found: OperatingEnvelopes,
) -> None:
    root = ElementTree.fromstring(csip_aus_controls(found, 3))
    assert root.tag == f"{{{SEP}}}DERControlList" and root.attrib == {"all": "3", "results": "3"}
    for period, control in enumerate(root):
        names = [child.tag.split("}")[1] for child in control]
        assert names == ["mRID", "description", "creationTime", "EventStatus", "interval", "DERControlBase"]
        assert re.fullmatch(r"[0-9A-F]{32}", control[0].text or "")
        start = found.case.horizon.instant(period).timestamp()
        assert [child.text for child in control[4]] == ["900", str(int(start))]
        limits = list(control[5])
        assert [child.tag for child in limits] == [
            f"{{{CSIP_AUS}}}opModImpLimW",
            f"{{{CSIP_AUS}}}opModExpLimW",
        ]
        for child, kw in zip(limits, (found.import_max_kw, found.export_max_kw), strict=True):
            assert [each.tag for each in child] == [f"{{{SEP}}}multiplier", f"{{{SEP}}}value"]
            watts = int(child[1].text or "") * 10 ** int(child[0].text or "")
            assert kw[period, 3] * 1e3 - 10.0 < watts <= kw[period, 3] * 1e3 + 1e-6
    marks = {control[0].text for control in root}
    assert len(marks) == 3


def test_csip_aus_controls_are_what_the_standard_s_own_models_read(found: OperatingEnvelopes) -> None:
    der = pytest.importorskip("envoy_schema.server.schema.sep2.der", reason="envoy-schema has these models")
    for place in range(9):
        read = der.DERControlListResponse.from_xml(csip_aus_controls(found, place).encode())
        assert (read.all_, read.results, len(read.DERControl)) == (3, 3, 3)
        for period, control in enumerate(read.DERControl):
            assert control.interval.duration == 900
            assert control.interval.start == int(found.case.horizon.instant(period).timestamp())
            assert control.EventStatus_.currentStatus == 0
            base = control.DERControlBase_
            for limit, kw in (
                (base.opModImpLimW, found.import_max_kw),
                (base.opModExpLimW, found.export_max_kw),
            ):
                assert limit.value * 10**limit.multiplier == pytest.approx(1e3 * kw[period, place], abs=10.0)
            unused = base.model_dump(exclude={"opModImpLimW", "opModExpLimW"}, exclude_none=True)
            assert not unused


def test_a_change_of_clocks_leaves_no_gap_in_either_format(village: Case) -> None:
    horizon = gridpact.Horizon(start="2026-10-25T00:00", timezone="Europe/Berlin", resolution="1h", periods=5)
    nothing = np.zeros((5, 9))
    profiles = gridpact.Profiles(load_kw=nothing, generation_kw=nothing)
    found = gridpact.operating_envelopes(replace(village, horizon=horizon, profiles=profiles))
    root = ElementTree.fromstring(csip_aus_controls(found, 0))
    starts = [int(control[4][1].text or "") for control in root]
    assert np.diff(starts).tolist() == [3600] * 4
    assert openadr_events(found)[0]["intervalPeriod"] == {"start": "2026-10-24T22:00:00Z", "duration": "PT1H"}


def test_the_page_shows_every_envelope_what_holds_it_and_what_was_tried(found: OperatingEnvelopes) -> None:
    page = own_part(envelope_page(found))
    assert "operating envelopes</h1>" in page
    assert "no more is claimed than that none that was tried breaks a limit" in page
    assert f"{found.tried:,}" in page
    pictures = envelope_pictures(found)
    fed = next(trace for trace in pictures["envelopes-0"]["data"] if trace["name"] == "May feed in")
    taken = next(trace for trace in pictures["envelopes-0"]["data"] if trace["name"] == "May take")
    assert fed["x"] == pytest.approx(found.export_max_kw[0].tolist(), abs=1e-6)
    assert taken["x"] == pytest.approx((-found.import_max_kw[0]).tolist(), abs=1e-6)
    for kw in found.export_max_kw[0]:
        assert f"<span>{np.floor(kw * 1e3) / 1e3:.3f}</span>" in page, "rounded down, as nobody may go beyond"


def test_names_add_nothing_to_the_page_the_files_or_the_controls(village: Case, tmp_path: Path) -> None:
    ids = tuple(f"{NASTY} -- {k} ]]>" for k in range(9))
    case = replace(village, name=NASTY, participants=replace(village.participants, ids=ids))
    found = gridpact.operating_envelopes(case)
    assert NASTY not in own_part(envelope_page(found))
    for place in range(9):
        assert len(ElementTree.fromstring(csip_aus_controls(found, place))) == 1
    gridpact.write_operating_envelopes(found, tmp_path / "e", page=envelope_page(found))
    assert len(list((tmp_path / "e" / "csip_aus").iterdir())) == 9
    events = json.loads((tmp_path / "e" / "openadr_events.json").read_text())
    assert [event["targets"][0]["values"][0] for event in events] == list(ids)


def test_too_many_participants_for_the_page_are_said_to_be_in_the_table() -> None:
    people = ROWS_MAX + 10
    case = envelope_case(
        NetworkSource(builtin="pandapower/cigre_lv"),
        buses=[2 + k % 40 for k in range(people)],
        connection_kw=5.0,
    )
    found = gridpact.operating_envelopes(case)
    page = own_part(envelope_page(found))
    assert f"The {ROWS_MAX} smallest envelopes of {people}" in page
    assert outcome(found).startswith("random: each may export ")
