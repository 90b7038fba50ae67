"""The schedule as an ESMP document: by the schema, every quantity, clocks that change, what is refused."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from entsoe.xml_models.iec62325_451_2_schedule_v5_2 import ScheduleMarketDocument
from lxml import etree

import gridpact
from gridpact.bridges.esmp.export_esmp import export_esmp
from gridpact.bridges.esmp.schedule_document import Issue
from gridpact.case.horizon import Horizon
from gridpact.errors import InvalidCase
from tests.bridges.results import DOMAIN, ESMP, write_result
from tests.bridges.schema_of_models import schema_of
from tests.example import write_example
from tests.unit.test_cli import run

NS = {"d": "urn:iec62325.351:tc57wg16:451-2:scheduledocument:5:2"}
ISSUE = Issue(revision=1, created=datetime(2026, 3, 28, 12, 0, 7, tzinfo=UTC))
POINTS = {"a": "570000000000000001", "=b": "570000000000000002"}
SCHEMA = schema_of(ScheduleMarketDocument)


@pytest.fixture
def standards(tmp_path: Path) -> Path:
    lines = "\n".join(f'"{name}" = "{code}"' for name, code in POINTS.items())
    path = tmp_path / "standards.toml"
    path.write_text(f"{ESMP}\n[esmp.points]\n{lines}\n")
    return path


def series(root: etree._Element) -> dict[tuple[str, str], list[Decimal]]:
    """The quantities of each point and direction, by position."""
    found = {}
    for each in root.findall("d:TimeSeries", NS):
        points = each.findall(".//d:Point", NS)
        assert [point.findtext("d:position", "", NS) for point in points] == [
            str(k + 1) for k in range(len(points))
        ]
        key = (each.findtext("d:marketEvaluationPoint.mRID", "", NS), each.findtext("d:businessType", "", NS))
        assert key not in found
        found[key] = [Decimal(point.findtext("d:quantity", "", NS)) for point in points]
    return found


def export(result: str, out: str, *more: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    command = ("export", "esmp", result, "--standards", "standards.toml", "--out", out)
    return run(*command, *more, capsys=capsys)


def checked(document: str) -> etree._Element:
    root = etree.fromstring(document.encode())
    SCHEMA.assertValid(root)
    return root


@pytest.mark.parametrize(("unit", "per_kw"), [("MAW", Decimal("0.001")), ("KWT", Decimal(1))])
def test_a_day_on_which_clocks_change_has_every_quantity_in_its_unit_and_direction(
    tmp_path: Path, standards: Path, unit: str, per_kw: Decimal
) -> None:
    horizon = Horizon(start="2026-03-29T00:00", timezone="Europe/Berlin", resolution="15min", periods=92)
    net = {
        "a": [round(0.000001 * k - 0.00001, 9) for k in range(92)],
        "=b": [(-1) ** k * 1234.567891 for k in range(92)],
    }
    standards.write_text(standards.read_text().replace("[esmp.points]", f'unit = "{unit}"\n[esmp.points]'))
    write_result(tmp_path / "r", horizon, net)
    root = checked(export_esmp(tmp_path / "r", standards, ISSUE).document)
    found = series(root)
    for name, code in POINTS.items():
        back = [in_ - out for in_, out in zip(found[code, "A01"], found[code, "A04"], strict=True)]
        assert back == [Decimal(repr(kw)) * per_kw for kw in net[name]]
    assert all(value >= 0 for values in found.values() for value in values)
    assert set(root.xpath("//d:measurement_Unit.name/text()", namespaces=NS)) == {unit}
    for interval in root.xpath("//d:timeInterval|//d:schedule_Time_Period.timeInterval", namespaces=NS):
        assert interval.xpath("*/text()") == ["2026-03-28T23:00Z", "2026-03-29T22:00Z"]
    assert set(root.xpath("//d:resolution/text()", namespaces=NS)) == {"PT15M"}
    assert root.findtext("d:createdDateTime", "", NS) == "2026-03-28T12:00:07Z"


def test_production_goes_into_the_area_and_consumption_out_of_it(tmp_path: Path, standards: Path) -> None:
    horizon = Horizon(start="2026-06-01T00:00", timezone="Europe/Lisbon", resolution="1h", periods=2)
    write_result(tmp_path / "r", horizon, {"a": [1.0, -2.0], "=b": [0.0, 0.0]})
    root = checked(export_esmp(tmp_path / "r", standards, ISSUE).document)
    for each in root.findall("d:TimeSeries", NS):
        into, out = (each.findtext(f"d:{way}_Domain.mRID", None, NS) for way in ("in", "out"))
        assert (into, out) == (
            (DOMAIN, None) if each.findtext("d:businessType", "", NS) == "A01" else (None, DOMAIN)
        )
    assert set(root.xpath("//d:resolution/text()", namespaces=NS)) == {"PT60M"}


def test_a_revision_keeps_the_mark_and_another_day_has_another(tmp_path: Path, standards: Path) -> None:
    def mark(start: str, revision: int) -> tuple[str, str]:
        horizon = Horizon(start=start, timezone="Europe/Lisbon", resolution="1h", periods=1)
        write_result(tmp_path / "r", horizon, {"a": [1.0], "=b": [0.0]})
        issue = Issue(revision=revision, created=ISSUE.created)
        root = checked(export_esmp(tmp_path / "r", standards, issue).document)
        return root.findtext("d:mRID", "", NS), root.findtext("d:revisionNumber", "", NS)

    first, second, other = mark("2026-06-01", 1), mark("2026-06-01", 2), mark("2026-06-02", 1)
    assert first[0] == second[0] != other[0]
    assert (first[1], second[1]) == ("1", "2")


def test_the_schema_refuses_what_the_standard_refuses(tmp_path: Path, standards: Path) -> None:
    """The check itself: each of these is against the published schema."""
    horizon = Horizon(start="2026-06-01T00:00", timezone="Europe/Lisbon", resolution="1h", periods=1)
    write_result(tmp_path / "r", horizon, {"a": [1.0], "=b": [0.0]})
    document = export_esmp(tmp_path / "r", standards, ISSUE).document
    for old, new in (
        ("MAW<", "MWATT<"),
        ("T23:00Z</start>", "T23:00:00Z</start>"),
        ("<position>1<", "<position>0<"),
        ('codingScheme="A10"', 'codingScheme="GS1"'),
        ("<curveType>A01</curveType>", ""),
        ("<version>1</version>", ""),
        ("<revisionNumber>1<", "<revisionNumber>1000<"),
    ):
        assert old in document
        is_good = SCHEMA.validate(etree.fromstring(document.replace(old, new, 1).encode()))
        assert is_good == (old.startswith("<curveType>")), (old, new)  # the one element that may be absent
    swapped = re.sub(
        r"(<version>1</version>)\s*(<businessType>\w+</businessType>)", r"\2\1", document, count=1
    )
    assert not SCHEMA.validate(etree.fromstring(swapped.encode()))


def test_a_clearing_is_exported_by_the_command_and_adds_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    cleared = gridpact.clear(gridpact.read_case(write_example(tmp_path / "case")))
    gridpact.write_clearance(cleared, "result")
    people = cleared.case.participants.ids
    lines = "\n".join(f'{name} = "57{k:016}"' for k, name in enumerate(people))
    Path("standards.toml").write_text(f"{ESMP}\n[esmp.points]\n{lines}\n")
    code, said, _ = export("result", "out/s.xml", "--revision", "7", capsys=capsys)
    assert code == 0 and "revision 7" in said
    root = checked(Path("out/s.xml").read_text())
    found = series(root)
    table = [line.split(",") for line in Path("result/schedule.csv").read_text().splitlines()]
    column = table[0].index("net_injection_kw")
    for place, name in enumerate(people):
        net = [Decimal(row[column]) for row in table[1:] if row[1] == name]
        code = f"57{place:016}"
        both = zip(found[code, "A01"], found[code, "A04"], strict=True)
        assert [(up - down) * 1000 for up, down in both] == net


def test_every_problem_of_result_and_standards_is_told_at_once_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    horizon = Horizon(start="2026-06-01T00:00", timezone="Europe/Lisbon", resolution="1h", periods=2)
    write_result(tmp_path / "r", horizon, {"a": [1.0, 0.0], "b": [0.0, 0.0]})
    lines = Path("r/schedule.csv").read_text().splitlines()
    Path("r/schedule.csv").write_text("\n".join([lines[0], lines[1].replace("1.0", "x"), *lines[3:], ""]))
    Path("standards.toml").write_text(
        ESMP.replace('----0"', '----1"').replace('sender_role = "A08"', 'sender_rol = "A08"')
        + 'unit = "MW"\nproduct = 7\n[esmp.points]\na = "1"\n[uftp]\ndso = "DSO"\n[other]\n'
    )
    code, _, err = export("r", "s.xml", capsys=capsys)
    assert code == 2 and not Path("s.xml").exists()
    for words in (
        "r/schedule.csv line 2: net_injection_kw 'x'",
        "r/schedule.csv: has no row for 2026-05-31T23:00+00:00 of 'b'",
        "esmp.sender '10XGRIDPACT----1' has a check character that does not fit: '0' would",
        "esmp.sender_rol is not known (did you mean 'sender_role'?)",
        "esmp.sender_role is missing",
        "esmp.unit 'MW' is not a known unit",
        "esmp.product '7' is not text",
        "uftp.dso 'DSO' is not an Internet domain",
        "uftp.congestion_points is missing",
        "other is not known",
    ):
        assert words in err, words
    assert "Traceback" not in err


def test_a_participant_without_a_code_is_named(tmp_path: Path, standards: Path) -> None:
    horizon = Horizon(start="2026-06-01T00:00", timezone="Europe/Lisbon", resolution="1h", periods=1)
    write_result(tmp_path / "r", horizon, {"a": [1.0], "c": [0.0]})
    with pytest.raises(InvalidCase, match=r"has no code for c .*\n.*'?=b'? is not a participant"):
        export_esmp(tmp_path / "r", standards, ISSUE)


@pytest.mark.parametrize(
    ("out", "words"),
    [
        ("s.txt", "is no XML file by its name"),
        ("r/s.xml", "is, or is in, what is read"),
        ("there.xml", "is no Schedule_MarketDocument that could be replaced"),
    ],
)
def test_what_is_there_and_is_no_document_is_never_replaced(
    tmp_path: Path,
    standards: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    out: str,
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    horizon = Horizon(start="2026-06-01T00:00", timezone="Europe/Lisbon", resolution="1h", periods=1)
    write_result(tmp_path / "r", horizon, {"a": [1.0], "=b": [0.0]})
    Path("there.xml").write_text("<Other/>")
    code, _, err = export("r", out, capsys=capsys)
    assert code == 2 and words in err
    assert Path("there.xml").read_text() == "<Other/>"
    for name in ("good.xml", "good.xml"):
        assert export("r", name, capsys=capsys)[0] == 0
