"""UFTP: D-Prognoses that add up to the schedule to the watt, signed; FlexOrders that become orders."""

import base64
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import numpy as np
import pytest
from nacl.bindings import crypto_sign_keypair
from shapeshifter_uftp.transport import from_xml, seal_message, to_xml, unseal_message
from shapeshifter_uftp.uftp import DPrognosis, FlexOrder, FlexOrderISP, SignedMessage, UsefRole
from xsdata.models.datatype import XmlDate, XmlDuration

import gridpact
from gridpact.bridges.uftp.export_uftp import export_uftp
from gridpact.bridges.uftp.flex_orders import import_flex_orders
from gridpact.bridges.uftp.uftp_messages import model_faults
from gridpact.case.horizon import Horizon
from gridpact.errors import InvalidCase, InvalidUsage
from tests.bridges.results import write_result
from tests.example import write_example
from tests.unit.test_cli import run

POINT, OTHER = "ean.871685900012636543", "ea1.2030-01.dso.example.com:feeder 2"
STANDARDS = f"""[uftp]
aggregator = "agr.example.com"
dso = "dso.example.com"
timezone = "Europe/Berlin"
buy_price_per_kwh = 0.31
sell_price_per_kwh = -0.05

[uftp.congestion_points]
"{POINT}" = ["a", "=b"]
"{OTHER}" = ["c"]

[uftp.orders]
"{POINT}" = "=b"
"""
CREATED = datetime(2026, 10, 24, 12, 0, tzinfo=UTC)
BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><FlexOrder>&b;</FlexOrder>'
)
OUTSIDE = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><FlexOrder>&e;</FlexOrder>'


@pytest.fixture
def standards(tmp_path: Path) -> Path:
    path = tmp_path / "standards.toml"
    path.write_text(STANDARDS, encoding="utf-8")
    return path


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    """Files of a private key and its public one."""
    public, private = crypto_sign_keypair()
    paths = (tmp_path / "private.key", tmp_path / "public.key")
    for path, key in zip(paths, (private, public), strict=True):
        path.write_text(base64.b64encode(key).decode() + "\n")
    return paths


def result(folder: Path, start: str, periods: int, resolution: str = "15min") -> dict[str, list[float]]:
    """A result of three participants and one of another aggregator, from a day of Berlin on."""
    random = np.random.default_rng(5)
    net = {name: random.uniform(-9, 9, periods).round(9).tolist() for name in ("a", "=b", "c", "else")}
    horizon = Horizon(start=start, timezone="Europe/Berlin", resolution=resolution, periods=periods)
    write_result(folder, horizon, net)
    return net


@pytest.mark.parametrize(
    ("start", "periods", "resolution", "isps"),
    [
        ("2026-10-25T00:00", 100, "15min", [100]),  # clocks go back
        ("2026-03-29T00:00", 23, "1h", [23]),  # and forward
        ("2026-06-01T00:00", 96, "30min", [48, 48]),
    ],
)
def test_prognoses_add_up_to_the_schedule_to_the_watt(
    tmp_path: Path, standards: Path, start: str, periods: int, resolution: str, isps: list[int]
) -> None:
    net = result(tmp_path / "r", start, periods, resolution)
    made = export_uftp(tmp_path / "r", standards, revision=1, created=CREATED)
    assert made.others == ("else",)
    for point, members in ((POINT, ("a", "=b")), (OTHER, ("c",))):
        messages = [each for each in made.messages if each.congestion_point == point]
        assert [len(each.isps) for each in messages] == isps
        taken = [isp.power for each in messages for isp in each.isps]
        exact = [-1000 * sum(Decimal(repr(net[name][k])) for name in members) for k in range(periods)]
        assert all(abs(power - watts) <= Decimal("0.5") for power, watts in zip(taken, exact, strict=True))
        for message in messages:
            assert [isp.start for isp in message.isps] == list(range(1, len(message.isps) + 1))
            assert not list(model_faults(message))
            assert (
                str(message.isp_duration) == {"15min": "PT15M", "30min": "PT30M", "1h": "PT60M"}[resolution]
            )
    days = {str(each.period) for each in made.messages}
    assert len(days) == len(isps) and min(days) == start[:10]


def test_positive_is_towards_the_prosumer(tmp_path: Path, standards: Path) -> None:
    horizon = Horizon(start="2026-06-01T00:00", timezone="Europe/Berlin", resolution="1h", periods=24)
    takes = {"a": [-1.0] * 24, "=b": [-0.25] * 24, "c": [2.0] * 24}
    write_result(tmp_path / "r", horizon, takes)
    made = export_uftp(tmp_path / "r", standards, revision=1, created=CREATED)
    assert [{isp.power for isp in each.isps} for each in made.messages] == [{1250}, {-2000}]


def test_messages_are_written_signed_and_open_by_the_library(
    tmp_path: Path, standards: Path, keys: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    result(tmp_path / "r", "2026-06-01T00:00", 24, "1h")
    command = ("export", "uftp", tmp_path / "r", "--standards", standards, "--key", keys[0], "--revision", 3)
    fixed = ("--created", "2026-05-31T14:00:00+02:00")
    code, said, err = run(*command, *fixed, "--out", tmp_path / "o", capsys=capsys)
    assert code == 0 and "2 D-Prognoses" in said and "signed" in said and "DEBUG" not in err
    facts = json.loads((tmp_path / "o" / "d_prognoses.json").read_text())
    for each in facts:
        plain = (tmp_path / "o" / "d_prognoses" / each["file"]).read_text()
        message = from_xml(plain)
        assert isinstance(message, DPrognosis) and message.revision == 3
        assert message.time_stamp == "2026-05-31T12:00:00Z"
        envelope = from_xml((tmp_path / "o" / "signed" / each["file"]).read_text())
        assert (envelope.sender_domain, envelope.sender_role) == ("agr.example.com", "AGR")
        assert unseal_message(envelope.body, keys[1].read_text()) == message
        assert each["energy_kwh"] == pytest.approx(sum(isp.power for isp in message.isps) / 1000)
    before = {path.name: path.read_bytes() for path in (tmp_path / "o").rglob("*.xml")}
    assert run(*command, *fixed, "--out", tmp_path / "o", capsys=capsys)[0] == 0
    assert before == {path.name: path.read_bytes() for path in (tmp_path / "o").rglob("*.xml")}


def test_a_day_that_is_not_whole_is_refused(tmp_path: Path, standards: Path) -> None:
    result(tmp_path / "r", "2026-06-01T00:00", 100, "15min")
    with pytest.raises(InvalidCase, match="do not have the whole of 2026-06-02 in Europe/Berlin"):
        export_uftp(tmp_path / "r", standards, revision=1, created=CREATED)
    standards.write_text(STANDARDS.replace("Europe/Berlin", "Europe/Lisbon"))
    result(tmp_path / "r", "2026-06-01T00:00", 96, "15min")
    with pytest.raises(InvalidCase, match=r"2026-05-31 in Europe/Lisbon(.|\n)*2026-06-01 in Europe/Lisbon"):
        export_uftp(tmp_path / "r", standards, revision=1, created=CREATED)


def order(reference: str = "O-1", **changed: object) -> FlexOrder:
    """A FlexOrder of two hours, 1 kW less and then 0.5 kW more."""
    facts: dict = {
        "isps": [
            FlexOrderISP(power=-1000, start=9, duration=4),
            FlexOrderISP(power=500, start=13, duration=4),
        ],
        "isp_duration": XmlDuration("PT15M"),
        "period": XmlDate(2026, 10, 25),
        "time_zone": "Europe/Berlin",
        "congestion_point": POINT,
        "sender_domain": "dso.example.com",
        "recipient_domain": "agr.example.com",
        "time_stamp": "2026-10-24T12:00:00Z",
        "message_id": str(uuid5(NAMESPACE_URL, reference)),
        "conversation_id": "00000000-0000-4000-8000-000000000001",
        "unsolicited": True,
        "price": Decimal("12.5"),
        "currency": "EUR",
        "order_reference": reference,
    }
    return FlexOrder(**{**facts, **changed})


def written(path: Path, message: FlexOrder) -> Path:
    path.write_text(to_xml(message), encoding="utf-8")
    return path


def test_a_flex_order_becomes_orders_in_its_windows_also_where_clocks_go_back(
    tmp_path: Path, standards: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = written(tmp_path / "1.xml", order())
    two = written(
        tmp_path / "2.xml",
        order("O-2", activation_factor=Decimal("0.25"), isps=[FlexOrderISP(power=2, start=100)]),
    )
    out = tmp_path / "orders.csv"
    code, said, err = run("import", "uftp", one, two, "--standards", standards, "--out", out, capsys=capsys)
    assert code == 0, err
    assert "O-1: the DSO pays 12.5000 EUR" in said
    assert out.read_text().splitlines() == [
        "order,participant,side,start,end,power_kw,price_per_kwh",
        "O-1/9,'=b,sell,2026-10-25T00:00+00:00,2026-10-25T01:00+00:00,1,-0.05",
        "O-1/13,'=b,buy,2026-10-25T01:00+00:00,2026-10-25T02:00+00:00,0.5,0.31",
        "O-2/100,'=b,buy,2026-10-25T22:45+00:00,2026-10-25T23:00+00:00,0.0005,0.31",
    ]


def test_orders_of_flex_orders_are_orders_of_a_case(
    tmp_path: Path, standards: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = write_example(tmp_path / "case")
    standards.write_text(STANDARDS.replace('["a", "=b"]', '["h1", "h2"]').replace('"=b"\n', '"h1"\n'))
    isps = [FlexOrderISP(power=-1000, start=1, duration=2)]
    path = written(tmp_path / "1.xml", order(isps=isps, period=XmlDate(2024, 6, 21)))
    command = ("import", "uftp", path, "--standards", standards, "--out", case / "orders.csv")
    assert run(*command, capsys=capsys)[0] == 0
    orders = gridpact.read_case(case).orders
    assert (orders.power_kw.tolist(), orders.start.tolist(), orders.end.tolist()) == ([1.0], [0], [2])


def test_a_signature_is_checked_where_there_is_a_key(
    tmp_path: Path, standards: Path, keys: tuple[Path, Path]
) -> None:
    path = tmp_path / "s.xml"

    def sign(message: FlexOrder, domain: str = "dso.example.com") -> None:
        body = seal_message(message, keys[0].read_text())
        path.write_text(to_xml(SignedMessage(sender_domain=domain, sender_role=UsefRole.DSO, body=body)))

    sign(order())
    assert len(import_flex_orders([path], standards, dso_key=keys[1]).orders) == 2
    with pytest.raises(InvalidCase, match="is signed, and there is no key to check it by"):
        import_flex_orders([path], standards)
    sign(order(), "other.example.com")
    with pytest.raises(InvalidCase, match="is signed by another than it is from"):
        import_flex_orders([path], standards, dso_key=keys[1])
    keys[1].write_text(base64.b64encode(crypto_sign_keypair()[0]).decode())
    with pytest.raises(InvalidCase, match="has a signature that the DSO's key did not make"):
        import_flex_orders([path], standards, dso_key=keys[1])
    with pytest.raises(InvalidCase, match="is not signed"):
        import_flex_orders([written(path, order())], standards, dso_key=keys[1])
    keys[1].write_text("short")
    with pytest.raises(InvalidUsage, match="holds no key of 32 bytes in base64"):
        import_flex_orders([path], standards, dso_key=keys[1])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (BOMB, "has a document type"),
        (OUTSIDE, "has a document type"),
        (b"<FlexOrder", "is not XML"),
        (b"", "is not XML"),
        (b"<D-Prognosis/>", "is a D-Prognosis"),
        (b'<FlexOrder Nonsense="1"/>', "is no FlexOrder of UFTP"),
        (b"<FlexOrder>" + b"<a>" * 3000 + b"</a>" * 3000 + b"</FlexOrder>", "is no FlexOrder of UFTP"),
        (b'<?xml version="1.0" encoding="x-none"?><FlexOrder/>', "is"),
    ],
)
def test_what_is_no_flex_order_is_refused(
    tmp_path: Path, standards: Path, content: bytes, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = tmp_path / "m.xml", tmp_path / "orders.csv"
    path.write_bytes(content)
    code, _, err = run("import", "uftp", path, "--standards", standards, "--out", out, capsys=capsys)
    assert code == 2 and words in err and not out.exists()
    assert "Traceback" not in err and "__init__" not in err and "root:" not in err


def test_every_problem_of_several_messages_is_told_at_once(
    tmp_path: Path, standards: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    standards.write_text(STANDARDS.replace("buy_price_per_kwh = 0.31\n", ""))
    isps = [
        FlexOrderISP(power=-1, start=1, duration=2),
        FlexOrderISP(power=-1, start=2),
        FlexOrderISP(power=-1, start=101),
        FlexOrderISP(power=3, start=50),
    ]
    files = [
        written(tmp_path / "1.xml", order(isps=isps)),
        written(tmp_path / "2.xml", order("O-1", message_id="00000000-0000-4000-8000-00000000000a")),
        written(tmp_path / "3.xml", order("O-3", congestion_point=OTHER, sender_domain="x.example.com")),
        written(
            tmp_path / "4.xml", order("O-4", isp_duration=XmlDuration("PT7M"), time_zone="Europe/Lisbon")
        ),
        written(tmp_path / "5.xml", order("O" * 60)),
    ]
    out = tmp_path / "orders.csv"
    code, _, err = run("import", "uftp", *files, "--standards", standards, "--out", out, capsys=capsys)
    assert code == 2 and not out.exists()
    for words in (
        "1.xml: ISP 2 '1' is given more than once",
        "1.xml: ISP 101 '1' is not among the 100 ISPs of 2026-10-25",
        "1.xml: ISP 50 '3' asks to buy, and [uftp] has no price for that",
        "2.xml: OrderReference 'O-1' is that of",
        "3.xml: SenderDomain 'x.example.com' is not that of [uftp], dso.example.com",
        f"3.xml: CongestionPoint '{OTHER}' has nobody who hands in orders for it",
        "4.xml: TimeZone 'Europe/Lisbon' is not that of [uftp], Europe/Berlin",
        "4.xml: ISP-Duration 'PT7M' is no length of a period",
        "5.xml: OrderReference",
    ):
        assert words in err, words


def test_values_out_of_form_are_refused_and_never_rounded(tmp_path: Path, standards: Path) -> None:
    path = written(tmp_path / "1.xml", order())
    text = path.read_text()
    for old, new, words in (
        ('Power="500"', 'Power="500.5"', "Power|power"),
        ('ActivationFactor="1.00"', 'ActivationFactor="2.00"', "ActivationFactor 2.00 is out of range"),
        ('Period="2026-10-25"', 'Period="2026-10-45"', "is no FlexOrder"),
        ('Currency="EUR"', 'Currency="euro"', "Currency 'euro' is not of its form"),
        (' MessageID="', ' Other="', "is no FlexOrder"),
    ):
        assert old in text
        path.write_text(text.replace(old, new, 1))
        with pytest.raises(InvalidCase, match=words):
            import_flex_orders([path], standards)


def test_the_congestion_points_of_standards_are_checked_with_the_schedule(
    tmp_path: Path, standards: Path
) -> None:
    result(tmp_path / "r", "2026-06-01T00:00", 24, "1h")
    standards.write_text(
        STANDARDS.replace('"c"', '"a", "nobody"')
        .replace(POINT, "ean.12")
        .replace("Europe/Berlin", "Asia/Tokyo")
    )
    with pytest.raises(InvalidCase) as refused:
        export_uftp(tmp_path / "r", standards, revision=1, created=CREATED)
    for words in (
        "'nobody' is not a participant",
        "'a' names a participant that is behind 'ean.12' already",
        "ean.12 is not the entity address of a congestion point",
        "'Asia/Tokyo' is no time zone that a message can name",
    ):
        assert words in str(refused.value), words


def test_without_the_library_one_line_says_what_to_install(
    tmp_path: Path, standards: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("gridpact.extras.find_spec", lambda name: None)
    command = ("export", "uftp", tmp_path, "--standards", standards, "--out", tmp_path / "o")
    code, _, err = run(*command, capsys=capsys)
    assert code == 2 and "pip install 'gridpact[uftp]'" in err
