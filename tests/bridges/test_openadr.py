"""OpenADR 3: envelopes onto a server and back, each once; reports as meters and profiles."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from pathlib import Path

import numpy as np
import pytest
from openadr3.api import OpenADRClient
from openadr3.entities.models import Event

import gridpact
from gridpact.bridges.openadr.event_limits import limits_of_event
from gridpact.bridges.openadr.publish_envelopes import publish_envelopes
from gridpact.bridges.openadr.vtn_connection import VtnConnection, VtnFailed
from gridpact.errors import InvalidCase
from tests.bridges.small_vtn import CLIENT, SECRET, TOKEN, SmallVtn, serving
from tests.envelopes.made import builtin_case
from tests.unit.test_cli import run


@pytest.fixture(scope="module")
def envelopes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, gridpact.OperatingEnvelopes]:
    case = builtin_case("pandapower/village_1", 3, 5, scale=6.0)
    horizon = gridpact.Horizon(
        start="2026-10-25T00:00", timezone="Europe/Berlin", resolution="1h", periods=25
    )
    nothing = np.zeros((25, 5))
    profiles = gridpact.Profiles(load_kw=nothing, generation_kw=nothing)
    found = gridpact.operating_envelopes(replace(case, horizon=horizon, profiles=profiles))
    folder = tmp_path_factory.mktemp("envelopes") / "e"
    gridpact.write_operating_envelopes(found, folder)
    return folder, found


@pytest.fixture(params=["3.0", "3.1"])
def vtn(request: pytest.FixtureRequest) -> Iterator[SmallVtn]:
    with serving(request.param) as server:
        yield server


def standards(tmp_path: Path, vtn: SmallVtn, *more: str) -> Path:
    (tmp_path / "vtn.secret").write_text(SECRET + "\n")
    lines = (
        "[openadr]",
        f'vtn = "{vtn.url}"',
        f'version = "{vtn.version}"',
        f'client_id = "{CLIENT}"',
        'client_secret_file = "vtn.secret"',
        *more,
    )
    path = tmp_path / "standards.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


def ven(vtn: SmallVtn) -> OpenADRClient:
    """A resource's side, by another implementation."""
    return OpenADRClient(base_url=vtn.url, token=TOKEN)


def test_every_limit_comes_back_from_the_server_as_it_was(
    tmp_path: Path, vtn: SmallVtn, envelopes: tuple[Path, gridpact.OperatingEnvelopes]
) -> None:
    folder, found = envelopes
    path = standards(tmp_path, vtn, "[openadr.resources]", 'p1 = "site 1/ä"')
    done = publish_envelopes(folder, path)
    assert (done.created, done.replaced, done.kept) == (5, 0, 0)
    names = {"site 1/ä": "p1"}
    back = {}
    for event in vtn.held["events"].values():
        limits = limits_of_event(event)
        back[names.get(limits.target, limits.target)] = limits
    assert tuple(back) == found.case.participants.ids
    for place, limits in enumerate(back.values()):
        assert limits.import_max_kw == tuple(found.import_max_kw[:, place].tolist())
        assert limits.export_max_kw == tuple(found.export_max_kw[:, place].tolist())
        assert limits.starts == tuple(time.astimezone(UTC) for time in found.case.horizon.instants())
        assert limits.step == found.case.horizon.step


def test_another_implementation_reads_the_limits_as_a_resource(
    tmp_path: Path, envelopes: tuple[Path, gridpact.OperatingEnvelopes]
) -> None:
    folder, found = envelopes
    with serving("3.1") as vtn:
        publish_envelopes(folder, standards(tmp_path, vtn))
        (program,) = ven(vtn).programs()
        assert program.program_name == "operating-envelopes"
        events = ven(vtn).events(programID=program.id)
    assert all(isinstance(event, Event) for event in events)
    for place, event in enumerate(events):
        assert list(event.targets) == [found.case.participants.ids[place]]
        first = {payload.type: payload.values[0] for payload in event.intervals[0].payloads}
        assert first["EXPORT_CAPACITY_LIMIT"] == found.export_max_kw[0, place]


def test_the_same_twice_is_as_once_and_a_changed_limit_is_replaced(
    tmp_path: Path, vtn: SmallVtn, envelopes: tuple[Path, gridpact.OperatingEnvelopes]
) -> None:
    path, folder = standards(tmp_path, vtn), tmp_path / "e"
    folder.mkdir()
    events = json.loads((envelopes[0] / "openadr_events.json").read_text())
    (folder / "openadr_events.json").write_text(json.dumps(events))
    publish_envelopes(folder, path)
    assert publish_envelopes(folder, path).kept == 5
    events[2]["intervals"][1]["payloads"][0]["values"][0] /= 2
    (folder / "openadr_events.json").write_text(json.dumps(events))
    done = publish_envelopes(folder, path)
    assert (done.created, done.replaced, done.kept) == (0, 1, 4)
    for event in events:  # the same names on another day are other events
        event["intervalPeriod"]["start"] = "2030-01-01T00:00:00Z"
    (folder / "openadr_events.json").write_text(json.dumps(events))
    assert publish_envelopes(folder, path).created == 5
    assert len(vtn.held["events"]) == 10 and len(vtn.held["programs"]) == 1


def test_more_objects_than_a_page_are_all_found(
    tmp_path: Path, vtn: SmallVtn, envelopes: tuple[Path, gridpact.OperatingEnvelopes]
) -> None:
    for k in range(120):
        vtn.store("programs", {"programName": f"other {k}"})
    mine = vtn.store("programs", {"programName": "mine"})
    path = standards(tmp_path, vtn, 'program = "mine"')
    publish_envelopes(envelopes[0], path)
    assert len(vtn.held["programs"]) == 121
    assert {event["programID"] for event in vtn.held["events"].values()} == {mine["id"]}


def test_a_server_that_is_away_is_asked_again_and_one_that_changes_limits_is_told_on(
    tmp_path: Path, vtn: SmallVtn, envelopes: tuple[Path, gridpact.OperatingEnvelopes]
) -> None:
    path = standards(tmp_path, vtn)
    vtn.away = 2
    assert publish_envelopes(envelopes[0], path).created == 5
    vtn.held["events"].clear()
    vtn.spoil = True
    with pytest.raises(VtnFailed, match="holds another limit of 'p0'"):
        publish_envelopes(envelopes[0], path)


def test_a_refusal_is_told_in_its_words_and_the_secret_in_none(
    tmp_path: Path,
    vtn: SmallVtn,
    envelopes: tuple[Path, gridpact.OperatingEnvelopes],
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = standards(tmp_path, vtn)
    (tmp_path / "vtn.secret").write_text("hunter2")
    code, _, err = run("export", "openadr", envelopes[0], "--standards", path, capsys=capsys)
    assert code == 1 and "401 invalid_client" in err and "hunter2" not in err and "Traceback" not in err
    (tmp_path / "vtn.secret").unlink()
    code, _, err = run("export", "openadr", envelopes[0], "--standards", path, capsys=capsys)
    assert code == 2 and "the secret of the server cannot be read from" in err


def test_every_problem_of_envelopes_and_standards_is_told_before_the_server_is_asked(
    tmp_path: Path, envelopes: tuple[Path, gridpact.OperatingEnvelopes], capsys: pytest.CaptureFixture[str]
) -> None:
    events = json.loads((envelopes[0] / "openadr_events.json").read_text())
    events[0]["payloadDescriptors"][0]["units"] = "KWH"
    events[1]["intervals"][0]["payloads"][0]["values"] = [-1]
    del events[2]["intervalPeriod"]
    events[4]["targets"] = events[3]["targets"]
    (tmp_path / "openadr_events.json").write_text(json.dumps(events))
    with serving() as vtn:
        path = standards(tmp_path, vtn, "[openadr.resources]", 'p3 = "x"', 'p4 = "x"')
        path.write_text(path.read_text().replace("http://127.0.0.1", "http://vtn.example.com"))
        code, _, err = run("export", "openadr", tmp_path, "--standards", path, capsys=capsys)
        assert code == 2 and not vtn.asked
    for words in (
        "event 0 has limits in 'KWH'",
        "event 1 has a limit that is no power of 0 or more: -1",
        "event 2 is no envelope as an event",
        "event 4 'p3' is for a participant that another event is for too",
        "openadr.vtn",
        "would send secrets and limits in the open",
        "is the code of 'p3' too",
    ):
        assert words in err, words


def report(vtn: SmallVtn, resource: str, values: list[float], kind: str = "USAGE", **more: object) -> None:
    """Puts a report of quarter-hours onto the server, as a resource does by another implementation."""
    program = next(iter(vtn.held["programs"].values()), None) or vtn.store(
        "programs", {"programName": "operating-envelopes"}
    )
    quality = more.pop("quality", None)
    body = {
        "objectType": "REPORT",
        "programID": program["id"],
        "eventID": "events-1",
        "clientName": "ven",
        "payloadDescriptors": [
            {"objectType": "REPORT_PAYLOAD_DESCRIPTOR", "payloadType": kind, "units": "KWH"}
        ],
        "resources": [
            {
                "resourceName": resource,
                "intervalPeriod": {"start": "2026-10-25T00:30:00+00:00", "duration": "PT15M"},
                "intervals": [
                    {
                        "id": k,
                        "payloads": [
                            {"type": kind, "values": [value]},
                            *([{"type": "DATA_QUALITY", "values": [quality]}] if quality else []),
                        ],
                    }
                    for k, value in enumerate(values)
                ],
            }
        ],
        **more,
    }
    answer = ven(vtn).create_report(body)
    assert answer.status_code == 201, answer.text


def test_reports_become_meters_with_each_energy_in_its_period_and_direction(
    tmp_path: Path, vtn: SmallVtn, capsys: pytest.CaptureFixture[str]
) -> None:
    path = standards(
        tmp_path,
        vtn,
        "[openadr.resources]",
        'h1 = "site-1"',
        "[openadr.feed_in_resources]",
        'h1 = "site-1-pv"',
    )
    report(vtn, "site-1", [0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    report(vtn, "site-1-pv", [0.0, 1.5])
    report(vtn, "h2", [7.25], quality="ESTIMATED")
    report(vtn, "h2", [9.0, 9.0], quality="BAD")
    report(vtn, "site-1", [0.125])  # a correction
    out = tmp_path / "meters.csv"
    code, said, err = run("import", "openadr", "--standards", path, "--out", out, capsys=capsys)
    assert code == 0, err
    assert "1 intervals were reported again" in said and "2 intervals whose quality is BAD" in said
    rows = [line.split(",") for line in out.read_text().splitlines()]
    assert rows[0] == ["time", "participant", "import_kwh", "export_kwh", "quality"]
    assert rows[1] == ["2026-10-25T00:30+00:00", "h1", "0.125", "0", "measured"]
    assert rows[2] == ["2026-10-25T00:30+00:00", "h2", "7.25", "0", "estimated"]
    assert rows[3] == ["2026-10-25T00:45+00:00", "h1", "0.2", "1.5", "measured"]
    assert [row[0][11:16] for row in rows[4:]] == ["01:00", "01:15", "01:30", "01:45"]


def test_forecasts_become_profiles_of_load_and_generation(
    tmp_path: Path, vtn: SmallVtn, capsys: pytest.CaptureFixture[str]
) -> None:
    path = standards(tmp_path, vtn)
    report(vtn, "h1", [1.0, -0.5], kind="USAGE_FORECAST")
    out = tmp_path / "profiles.csv"
    options = ("import", "openadr", "--standards", path, "--what", "forecast", "--out", out)
    code, _, err = run(*options, capsys=capsys)
    assert code == 0, err
    assert out.read_text().splitlines()[1:] == [
        "2026-10-25T00:30+00:00,h1,4,0",
        "2026-10-25T00:45+00:00,h1,0,2",
    ]
    out.write_text("other\n")
    assert run(*options, capsys=capsys)[0] == 2 and out.read_text() == "other\n"


def test_reports_that_cannot_be_used_are_told_all_at_once_and_nothing_is_written(
    tmp_path: Path, vtn: SmallVtn, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = standards(tmp_path, vtn), tmp_path / "meters.csv"
    assert run("import", "openadr", "--standards", path, "--out", out, capsys=capsys)[0] == 2  # none yet
    report(vtn, "a", [-1.0])
    report(vtn, "b", [1.0], payloadDescriptors=[{"objectType": "X", "payloadType": "USAGE", "units": "KW"}])
    report(vtn, "c", [1.0])
    list(vtn.held["reports"].values())[-1]["resources"][0]["intervalPeriod"]["duration"] = "PT7M"
    report(vtn, "d", [1.0])
    list(vtn.held["reports"].values())[-1]["resources"][0]["intervals"][0]["payloads"] = None
    code, _, err = run("import", "openadr", "--standards", path, "--out", out, capsys=capsys)
    assert code == 2 and not out.exists() and "Traceback" not in err
    for words in (
        "'-1.0' has a usage below 0 (report feed-in by a resource of its own",
        "resource b 'KW' has its USAGE in another unit (report it in KWH)",
        "is not as OpenADR 3 has a report",
        "'0:07:00' are not of one length",
    ):
        assert words in err, words


def test_a_connection_never_follows_and_never_shows_what_a_terminal_would_obey() -> None:
    with serving() as vtn:
        connection = VtnConnection(vtn.url, patience_seconds=0)
        with pytest.raises(VtnFailed, match="403 Refused: no token"):
            connection.ask("GET", "/programs")
    with pytest.raises(VtnFailed, match="no answer"):
        connection.ask("GET", "/programs")


def test_a_folder_without_events_is_refused(tmp_path: Path) -> None:
    with serving() as vtn, pytest.raises(InvalidCase, match=r"openadr_events.json: does not exist"):
        publish_envelopes(tmp_path, standards(tmp_path, vtn))
