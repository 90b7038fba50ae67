"""The page on standards: its commands run, and say what it shows."""

import base64
import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from nacl.bindings import crypto_sign_keypair
from openadr3.api import OpenADRClient
from shapeshifter_uftp.transport import seal_message, to_xml
from shapeshifter_uftp.uftp import FlexOrderISP, SignedMessage, UsefRole
from xsdata.models.datatype import XmlDate

from gridpact.case.horizon import Horizon
from tests.bridges.results import write_result
from tests.bridges.small_vtn import SECRET, TOKEN, SmallVtn, serving
from tests.bridges.test_uftp import order
from tests.unit.test_docs import ROOT, run_commands_of

PAGE = (ROOT / "docs" / "how-to" / "standards.md").read_text()
NAMES = ("h01", "h02", "h03", "h04")


def make_inputs(vtn: SmallVtn) -> None:
    """What the commands of the page read, in the current folder."""
    horizon = Horizon(start="2026-06-01T00:00", timezone="Europe/Lisbon", resolution="1h", periods=24)
    sun = [2.0 if 10 <= hour < 16 else -0.3 for hour in range(24)]
    net = {"h01": [-0.4] * 24, "h02": [-1.2] * 24, "h03": sun, "h04": [-0.25] * 24}
    write_result(Path("out/day"), horizon, net)
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    Path("standards.toml").write_text(text.replace("https://vtn.example.com/openadr3/3.0.1", vtn.url))
    Path("vtn.secret").write_text(SECRET)
    events = [
        {
            "objectType": "EVENT",
            "programID": "operating-envelopes",
            "eventName": f"operating envelope of {name}",
            "targets": [{"type": "RESOURCE_NAME", "values": [name]}],
            "payloadDescriptors": [
                {"objectType": "EVENT_PAYLOAD_DESCRIPTOR", "payloadType": kind, "units": "KW"}
                for kind in ("IMPORT_CAPACITY_LIMIT", "EXPORT_CAPACITY_LIMIT")
            ],
            "intervalPeriod": {"start": "2026-05-31T23:00:00Z", "duration": "PT1H"},
            "intervals": [
                {
                    "id": 0,
                    "payloads": [
                        {"type": "IMPORT_CAPACITY_LIMIT", "values": [7.5]},
                        {"type": "EXPORT_CAPACITY_LIMIT", "values": [3.25]},
                    ],
                }
            ],
        }
        for name in NAMES
    ]
    Path("out/envelopes").mkdir()
    Path("out/envelopes/openadr_events.json").write_text(json.dumps(events))
    public, private = (base64.b64encode(key).decode() for key in crypto_sign_keypair())
    Path("agr.key").write_text(private)
    Path("dso.key").write_text(public)
    isps = [FlexOrderISP(power=-1000, start=9, duration=4), FlexOrderISP(power=500, start=13)]
    facts = {
        "isps": isps,
        "period": XmlDate(2026, 6, 1),
        "time_zone": "Europe/Lisbon",
        "price": Decimal("12.5"),
    }
    body = seal_message(order("O-17", **facts), private)
    envelope = SignedMessage(sender_domain="dso.example.com", sender_role=UsefRole.DSO, body=body)
    Path("order.xml").write_text(to_xml(envelope))


def send_reports(vtn: SmallVtn) -> None:
    """What two resources report of two hours."""
    program = vtn.store("programs", {"programName": "operating-envelopes"})
    start = datetime(2026, 5, 31, 23, tzinfo=UTC)
    with OpenADRClient(base_url=vtn.url, token=TOKEN) as client:
        for resource, values in (("h02", (0.5, 0.25)), ("site-3", (0.75, 0.0)), ("site-3-pv", (0.0, 0.75))):
            intervals = [
                {
                    "id": k,
                    "intervalPeriod": {
                        "start": (start + k * timedelta(hours=1)).isoformat(),
                        "duration": "PT1H",
                    },
                    "payloads": [{"type": "USAGE", "values": [value]}],
                }
                for k, value in enumerate(values)
            ]
            body = {
                "programID": program["id"],
                "eventID": "none",
                "clientName": resource,
                "resources": [{"resourceName": resource, "intervals": intervals}],
            }
            assert client.create_report(body).status_code == 201


def test_the_commands_of_the_page_say_what_it_shows_and_its_python_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with serving() as vtn:
        make_inputs(vtn)
        send_reports(vtn)
        said = run_commands_of(PAGE, capsys)
        shown = re.findall(r"```console\n[^`]*```\n\n```\n(.*?)```", PAGE, re.DOTALL)
        assert said == shown
        (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
        found: dict = {}
        exec(code, found)
    assert found["published"].kept == 4
    assert len(found["orders"]) == 2 and len(found["messages"]) == 2
    assert found["readings"].import_wh.sum() == 1500
