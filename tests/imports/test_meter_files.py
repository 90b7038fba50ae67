"""Files that are wrong, odd or of no portal, and whose readings they are."""

import json
import re
import shlex
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gridpact
from gridpact.case.case import TableFormat
from gridpact.cli import main
from gridpact.errors import GridpactError, InvalidCase, InvalidUsage
from gridpact.imports.cells.quantities import Unit
from gridpact.imports.import_meters import ImportedMeters, ImportOptions, import_meters
from gridpact.imports.meters_file import write_meters
from gridpact.imports.meters_outcome import facts, outcome
from gridpact.imports.portals.plain_table import TableOptions, day_order_of
from gridpact.imports.starter.first_case import make_first_case
from tests.imports import portal_files as made
from tests.imports.portal_files import Truth

HEADER = "cups;fecha;hora;consumo_kWh;metodoObtencion;energiaVertida_kWh"


def datadis(path: Path, *rows: str, encoding: str = "utf-8") -> Path:
    path.write_bytes("\r\n".join((HEADER, *rows)).encode(encoding))
    return path


def refusal(*files: Path, **options: object) -> list[str]:
    with pytest.raises(InvalidCase) as refused:
        import_meters(files, ImportOptions(**options))  # type: ignore[arg-type]
    return [str(problem).replace(f"{files[0].parent}/", "") for problem in refused.value.problems]


def steady(zone: str, meter: str, first: date = date(2026, 6, 1), step: int = 15, days: int = 1) -> Truth:
    """The k-th interval has k Wh of import and 2 k Wh of export."""
    starts = made.instants(zone, first, days, step)
    count = range(len(starts))
    return Truth(meter, step, starts, [Decimal(k) for k in count], [Decimal(2 * k) for k in count])


def test_every_problem_of_all_files_is_said_at_once(tmp_path: Path) -> None:
    first = datadis(
        tmp_path / "a.csv",
        "ES1;2026/10/25;01:00;0,1;Real;0",
        "ES1;2026/10/25;02:00;abc;Real;0",
        "ES1;2026/13/25;03:00;0,1;Real;0",
        "ES1;2026/10/25;05:00;-0,1;Real;0",
        "ES1;2026/10/25;06:00;1.234;Real;0",
        "ES1;2026/10/25;07:07;1,1;Real;0",
        "ES1;2026/10/25;08:00;99999,1;Real;0",
        ";2026/10/25;09:00;0,1;Real;0",
        "ES1;2026/10/25;10:00;0,1;Real;0",
        "ES1;2026/10/25;10:00;0,2;Real;0",
    )
    second = tmp_path / "b.csv"
    second.write_text("one;two\n1;2\n")
    said = refusal(first, second, tmp_path / "c.csv")
    for line, words in {
        3: "consumo_kWh 'abc' is no number",
        4: "fecha '2026/13/25 03:00' is no date",
        5: "consumo_kWh '-0,1' is negative",
        6: "consumo_kWh '1.234' could be a thousand times as much",
        7: "fecha '2026/10/25 07:07' is not on the grid of 60 minutes",
        8: "consumo_kWh '99999,1' is more than any connection carries",
        9: "cups names no meter",
        11: "is another value than that of the same time before (line 10 has the first; keep one of them)",
    }.items():
        assert any(each.startswith(f"a.csv line {line}: ") and words in each for each in said), words
    assert any(each.startswith("b.csv: is not recognised") and "one; two" in each for each in said)
    assert any(each.startswith("c.csv: does not exist") for each in said)
    assert len(said) == 10


def test_the_doubled_hour_that_is_there_once_is_never_guessed(tmp_path: Path) -> None:
    rows = [f"ES1;2026/10/25;{hour:02}:00;0,1;Real;0" for hour in range(1, 6)]
    (said,) = refusal(datadis(tmp_path / "a.csv", *rows))
    assert said.startswith("a.csv line 4: fecha '2026/10/25 03:00' comes twice in Europe/Madrid")
    both = [row for row in rows for _ in range(2 if ";03:00;" in row else 1)]
    assert len(import_meters([datadis(tmp_path / "b.csv", *both)], ImportOptions()).readings.period) == 6


def test_quarters_of_the_doubled_hour_that_are_mixed_are_refused(tmp_path: Path) -> None:
    truth = steady("Europe/Vienna", "", date(2026, 10, 25))
    rows = made.netz_noe(truth, False)
    mixed = [rows[0], *sorted(rows[1:], key=lambda row: row[0])]
    said = refusal(made.write_csv(tmp_path / "a.csv", mixed), absent_is_zero=True)
    assert any("its rows are not in the order of time" in each for each in said)


def test_rows_of_a_skipped_hour_say_nothing_or_are_refused(tmp_path: Path) -> None:
    rows = [f"ES1;2026/03/29;{hour:02}:00;0,1;Real;0" for hour in (1, 2, 4, 5)]
    # 03:00 is 02:00 summer time's first hour by no clock: the interval from 02:00 to 03:00 is not there.
    truth = steady("Europe/Vienna", "", date(2026, 3, 29))
    table = made.netz_noe(truth, False, made.naive_end)
    place = next(k for k, row in enumerate(table) if row[0].endswith("02:00"))
    for value, is_refused in (("", False), ("0,000000", False), ("0,5", True)):
        skipped = [[f"29.03.2026 02:{minute}", value, "L1", "", "", "", ""] for minute in ("15", "30", "45")]
        path = made.write_csv(
            tmp_path / f"{len(value)}.csv", [*table[: place + 1], *skipped, *table[place + 1 :]]
        )
        if is_refused:
            said = refusal(path, absent_is_zero=True)
            assert "does not exist in Europe/Vienna, where the clocks skip it" in said[0]
            continue
        imported = import_meters([path], ImportOptions(absent_is_zero=True))
        assert imported.rows.skipped == 3
        assert imported.readings.import_wh.tolist() == list(range(92))
    assert len(import_meters([datadis(tmp_path / "d.csv", *rows)], ImportOptions()).readings.period) == 4


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings_and_line_ends(tmp_path: Path, encoding: str) -> None:
    rows = made.e_redes(steady("Europe/Lisbon", "PT0002000012345678AB"))
    path = made.write_csv(tmp_path / "a.csv", rows, encoding=encoding)
    other = tmp_path / "b.csv"
    other.write_bytes(path.read_bytes().replace("\r\n".encode(encoding), "\n".encode(encoding)))
    for each in (path, other):
        if encoding == "utf-16" and each is other:
            continue  # replacing in UTF-16 with its mark is no file
        imported = import_meters([each], ImportOptions())
        assert imported.readings.import_wh.tolist() == list(range(96))
        assert imported.readings.export_wh.tolist() == list(range(0, 192, 2))
        assert imported.meters == {"PT0002000012345678AB": ("PT0002000012345678AB",)}


def test_the_meter_is_read_and_not_what_sharing_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = made.e_redes(steady("Europe/Lisbon", "PT0002000012345678AB"))
    told = outcome(import_meters([made.write_csv(tmp_path / "a.csv", rows)], ImportOptions()), Path("m.csv"))
    assert "'Consumo registado (kW)', 'Injeção registada (kW)', which is what sharing left" in told
    header = next(k for k, row in enumerate(rows) if row[:1] == ["Data"])
    without = [row if k < header else [*row[:2], *row[6:]] for k, row in enumerate(rows)]
    (said,) = refusal(made.write_csv(tmp_path / "b.csv", without))
    assert "has no column 'Consumo medido na IC, Ativa (kW)'" in said and "--as table" in said
    remedy = shlex.split(said[said.index("--as table") :].rstrip(")"))
    monkeypatch.chdir(tmp_path)
    words = ("import", "meters", "b.csv", *remedy, "--absent", "zero", "--out", "m.csv", "--json", "--quiet")
    code, told, _ = run(monkeypatch, capsys, *words)
    assert code == 0 and json.loads(told)["meters"] == {"PT0002000012345678AB": ["PT0002000012345678AB"]}
    assert json.loads(told)["import_wh"] == 96 * 2475  # 9,9 kW in each quarter
    turned = [row if k < header else [*row[:2], *row[6:], *row[2:6]] for k, row in enumerate(rows)]
    imported = import_meters([made.write_csv(tmp_path / "c.csv", turned)], ImportOptions())
    assert imported.readings.import_wh.tolist() == list(range(96))


def test_overlapping_files_give_each_reading_once_and_measured_goes_before_estimated(tmp_path: Path) -> None:
    first = datadis(
        tmp_path / "a.csv",
        "ES1;2026/06/01;01:00;0,1;Estimada;0",
        "ES1;2026/06/01;02:00;0,2;Real;0",
        "ES1;2026/06/01;03:00;;Real;",
    )
    second = datadis(
        tmp_path / "b.csv",
        "ES1;2026/06/01;01:00;0,15;Real;0",
        "ES1;2026/06/01;02:00;0,2;Real;0",
        "ES1;2026/06/01;03:00;0,3;Real;0",
    )
    for files in ([first, second], [second, first]):
        imported = import_meters(files, ImportOptions())
        assert imported.readings.import_wh.tolist() == [150, 200, 300]
        assert not imported.readings.estimated.any()
        counts = imported.readings.counts
        assert (counts.all, counts.used, counts.repeated, counts.empty) == (12, 6, 4, 2)


def test_a_direction_without_readings_is_asked_about(tmp_path: Path) -> None:
    rows = ("ES1;2026/06/01;01:00;0,1;Real;", "ES1;2026/06/01;02:00;0,2;Real;NULL")
    path = datadis(tmp_path / "a.csv", *rows)
    (said,) = refusal(path)
    assert said == (
        "a.csv: participant 'ES1' has no reading of its export "
        "(add the files with its export, or take 0 for an absent direction: --absent zero)"
    )
    imported = import_meters([path], ImportOptions(absent_is_zero=True))
    assert imported.readings.export_wh.tolist() == [0, 0]
    assert "export taken as 0, as --absent zero says: 'ES1'" in outcome(imported, Path("m.csv"))


def test_words_of_quality_that_are_not_known_are_said(tmp_path: Path) -> None:
    path = datadis(
        tmp_path / "a.csv", "ES1;2026/06/01;01:00;0,1;Adivinada;0", "ES1;2026/06/01;02:00;0,2;Real;0"
    )
    told = outcome(import_meters([path], ImportOptions()), Path("m.csv"))
    assert "2 values are marked 'adivinada', which is not known and counts as measured" in told


def test_files_of_two_portals_and_of_two_intervals_are_refused(tmp_path: Path) -> None:
    hourly = datadis(tmp_path / "a.csv", "ES1;2026/06/01;01:00;0,1;Real;0", "ES1;2026/06/01;02:00;0,2;Real;0")
    quarters = [f"ES2;2026/06/01;01:{minute};0,1;Real;0" for minute in ("00", "15", "30", "45")]
    quarterly = datadis(tmp_path / "b.csv", *quarters)
    other = made.write_csv(tmp_path / "c.csv", made.fluvius(steady("Europe/Brussels", "541448000000000012")))
    assert (
        "b.csv: has intervals of 15 minutes, and a.csv has intervals of 60 minutes"
        in refusal(hourly, quarterly)[0]
    )
    assert any(
        "c.csv: is a file of fluvius, and a.csv is one of datadis" in each for each in refusal(hourly, other)
    )


def test_a_file_of_enedis_that_is_no_load_curve_is_refused(tmp_path: Path) -> None:
    rows = made.enedis(steady("Europe/Paris", "12345678901234", step=30), False)
    for k, wrong in ((1, "Index"), (4, "Energie reactive"), (7, "kvar"), (5, "Autre")):
        changed = [rows[0], [wrong if place == k else cell for place, cell in enumerate(rows[1])], *rows[2:]]
        (said,) = refusal(made.write_csv(tmp_path / "a.csv", changed), absent_is_zero=True)
        assert re.search("no load curve|says no unit|says neither", said)


def test_several_meters_below_each_other_in_a_file_of_enedis(tmp_path: Path) -> None:
    rows = [
        row
        for meter in ("11111111111111", "22222222222222")
        for way in (False, True)
        for row in made.enedis(steady("Europe/Paris", meter, step=30), way)
    ]
    imported = import_meters([made.write_csv(tmp_path / "a.csv", rows)], ImportOptions())
    assert set(imported.meters) == {"11111111111111", "22222222222222"}
    assert imported.rows.all == len(rows) and imported.rows.readings == 4 * 48
    assert imported.readings.import_wh.tolist() == [k for k in range(48) for _ in range(2)]
    assert imported.readings.export_wh.tolist() == [2 * k for k in range(48) for _ in range(2)]


def test_the_log_of_a_workbook_of_eda_is_left_out(tmp_path: Path) -> None:
    truth = steady("Europe/Vienna", "AT01")
    rows = made.eda([truth])
    wrong = [row if k < 8 else [row[0], "77,0", *row[2:]] for k, row in enumerate(rows)]
    path = made.write_xlsx(
        tmp_path / "a.xlsx", {"Übersicht": [["EEG"]], "Energiedaten": rows, "QoV Log": wrong}
    )
    imported = import_meters([path], ImportOptions(absent_is_zero=True))
    assert imported.readings.import_wh.tolist() == list(range(96))
    assert imported.files[0].left_out == ("Übersicht", "QoV Log")


TABLE = "Kunde;Tag;Uhr;Bezug;Einspeisung;Art\nK 1;06/01/26;00:15;0.5;0;E\nK 1;06/01/26;00:30;1.5;2;M\n"


def table(path: Path, text: str = TABLE, **options: object) -> ImportedMeters:
    path.write_text(text)
    said: dict[str, object] = {
        "time": "Tag",
        "clock": "Uhr",
        "import_column": "Bezug",
        "export_column": "Einspeisung",
        "meter_column": "Kunde",
        "quality_column": "Art",
        "estimate": "E",
        "unit": Unit.KW,
        "is_end": True,
        "day_order": "mdy",
        **options,
    }
    zone = {"timezone": "Europe/Berlin"}
    return import_meters([path], ImportOptions(format="table", table=TableOptions(**said), **zone))  # type: ignore[arg-type]


def test_any_other_table_is_read_by_what_is_said_of_it(tmp_path: Path) -> None:
    found = table(tmp_path / "a.csv").readings
    assert found.horizon.instant(0).isoformat() == "2026-06-01T00:00:00+02:00"
    assert found.import_wh.tolist() == [125, 375] and found.export_wh.tolist() == [0, 500]
    assert found.estimated.tolist() == [True, False] and found.participants == ("K 1",)
    assert table(tmp_path / "b.csv", unit=Unit.KWH, is_end=False).readings.import_wh.tolist() == [500, 1500]
    assert table(tmp_path / "c.csv", unit=Unit.W, day_order="dmy").readings.horizon.start.month == 1
    numbered = {"time": "2", "clock": "3", "import_column": "4", "export_column": "5", "meter_column": "1"}
    bare = TABLE.partition("\n")[2]
    assert table(tmp_path / "d.csv", bare, quality_column="", **numbered).readings.import_wh.tolist() == [
        125,
        375,
    ]
    tabbed = TABLE.replace(";", "\t")
    assert table(tmp_path / "e.csv", tabbed, separator="\t").readings.import_wh.tolist() == [125, 375]


def test_a_table_in_a_workbook_may_stand_beside_other_sheets(tmp_path: Path) -> None:
    rows = [line.split(";") for line in TABLE.splitlines()]
    path = made.write_xlsx(tmp_path / "a.xlsx", {"Notes": [["x", "y"]], "Data": [["Title"], *rows]})
    said = TableOptions(
        time="Tag", clock="Uhr", import_column="Bezug", is_end=True, day_order="mdy", unit=Unit.KW
    )
    options = ImportOptions(format="table", table=said, timezone="Europe/Berlin", absent_is_zero=True)
    imported = import_meters([path], options)
    assert imported.readings.import_wh.tolist() == [125, 375] and imported.files[0].left_out == ("Notes",)
    titled = tmp_path / "b.csv"
    titled.write_text("no;header;but;a;title\n" + TABLE.partition("\n")[2])
    by_number = replace(said, time="2", clock="3", import_column="4")
    imported = import_meters([titled], replace(options, table=by_number))
    assert imported.readings.import_wh.tolist() == [125, 375] and imported.rows.above == 1
    for column in ("0", "²", "Bezüge"):
        with pytest.raises(InvalidCase, match="has no row with the columns"):
            import_meters([titled], replace(options, table=replace(said, import_column=column)))


@pytest.mark.parametrize(("status", "total"), [("Geen verbruik", 300), ("Geen gegevens", None)])
def test_a_register_that_says_nothing_is_no_zero(tmp_path: Path, status: str, total: int | None) -> None:
    def row(register: str, volume: str, said: str) -> list[str]:
        times = ["01-06-2026", "12:00:00", "01-06-2026", "12:15:00"]
        return [*times, '="541448000000000012"', "1SAG", "Digitaal", register, volume, "kWh", said, ""]

    rows = [
        [*made.FLUVIUS_COLUMNS],
        row("Afname Dag", "0,3", "Uitgelezen"),
        row("Afname Nacht", "", status),
        row("Injectie Dag", "0,1", "Uitgelezen"),
        row("Reactief Inductief", "7", "Uitgelezen"),
    ]
    path = made.write_csv(tmp_path / "a.csv", rows)
    if total is None:
        assert "hold no reading that can be settled" in refusal(path)[0]
        return
    imported = import_meters([path], ImportOptions())
    assert imported.readings.import_wh.tolist() == [total] and imported.rows.other == 1


@pytest.mark.parametrize(
    ("pattern", "order"),
    [("dd/mm/yyyy hh:mm", "dmy"), ("%Y-%m-%dT%H:%M", "ymd"), ("mm/dd/yy", "mdy"), ("jj.mm.aaaa", "")],
)
def test_a_date_format_is_an_order(pattern: str, order: str) -> None:
    if order:
        assert day_order_of(pattern) == order
    else:
        with pytest.raises(InvalidUsage, match="no order of day, month and year"):
            day_order_of(pattern)


def test_a_table_whose_dates_could_begin_with_the_month_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidCase, match="could begin with the day or with the month"):
        table(tmp_path / "a.csv", day_order="")


def case(tmp_path: Path, participants: str, resolution: str = "1h", periods: int = 24) -> Path:
    """A case of which only what an import needs is there."""
    folder = tmp_path / "case"
    make_first_case(folder)
    (folder / "participants.csv").write_text(participants)
    settings = (folder / "case.toml").read_text()
    settings = settings.replace('"1h"', f'"{resolution}"').replace("periods = 24", f"periods = {periods}")
    (folder / "case.toml").write_text(settings.replace("2026-06-21", "2026-06-01"))
    return folder


def test_readings_beyond_a_horizon_that_forgets_the_change_of_the_clocks_are_said(tmp_path: Path) -> None:
    autumn = steady("Europe/Berlin", "ES1", first=date(2026, 10, 25), step=60)
    folder = case(tmp_path, "participant,bus,meter\nanna,house 1,ES1\n")
    settings = (folder / "case.toml").read_text().replace("2026-06-01", "2026-10-25")
    for periods, said in ((24, True), (25, False)):
        (folder / "case.toml").write_text(settings.replace("periods = 24", f"periods = {periods}"))
        path = made.write_csv(tmp_path / "a.csv", made.datadis([autumn]))
        told = facts(import_meters([path], ImportOptions(case=folder)), Path("m.csv"))["notices"]
        assert any("2026-10-25T23:00+01:00 and not at midnight" in notice for notice in told) is said


def test_participants_of_a_case_are_found_by_their_meters(tmp_path: Path) -> None:
    folder = case(tmp_path, "participant,bus,meter\nanna,house 1,ES1 ES2\nben,house 2,\ncara,house 3,ES9\n")
    path = datadis(
        tmp_path / "a.csv",
        *(f"ES1;2026/06/01;{hour:02}:00;0,1;Real;" for hour in range(1, 25)),
        *(f"ES2;2026/06/01;{hour:02}:00;;Real;0,2" for hour in range(1, 25)),
        *(f"ben;2026/06/01;{hour:02}:00;0,3;Real;0" for hour in range(1, 24)),
        "ES7;2026/06/01;01:00;0,3;Real;0",
        "ben;2026/06/02;01:00;0,3;Real;0",
    )
    imported = import_meters([path], ImportOptions(case=folder))
    readings = imported.readings
    assert readings.participants == ("anna", "ben", "cara")
    assert readings.horizon.timezone == "Europe/Berlin" and readings.horizon.periods == 24
    is_anna = readings.participant == 0
    assert readings.import_wh[is_anna].tolist() == [100] * 24
    assert readings.export_wh[is_anna].tolist() == [200] * 24
    assert (readings.participant == 1).sum() == 23
    assert imported.without == ("cara",) and imported.missing == 1
    told = facts(imported, Path("m.csv"))
    assert told["unknown_meters"] == {"ES7": 2} and told["readings"]["outside_the_horizon"] == 2
    assert sum(told["readings"].values()) == 2 * told["readings"]["all"]


def test_readings_finer_than_the_case_are_added_up_and_coarser_ones_refused(tmp_path: Path) -> None:
    folder = case(tmp_path, "participant,bus,meter\nanna,house 1,541448000000000012\n")
    path = made.write_csv(tmp_path / "a.csv", made.fluvius(steady("Europe/Brussels", "541448000000000012")))
    imported = import_meters([path], ImportOptions(case=folder))
    assert imported.readings.import_wh.tolist() == [sum(range(k, k + 4)) for k in range(0, 96, 4)]
    settings = folder / "case.toml"
    settings.write_text(settings.read_text().replace('"1h"', '"5min"'))
    (said,) = refusal(path, case=folder)
    assert 'has intervals of 15 minutes, which make no periods of 5min (write resolution = "15min"' in said


def test_a_meter_that_was_replaced_goes_on_as_another(tmp_path: Path) -> None:
    folder = case(tmp_path, "participant,bus,meter\nanna,house 1,ES1 ES2\n")
    rows = [f"ES{1 + (hour > 10)};2026/06/01;{hour:02}:00;0,1;Real;0" for hour in range(1, 25)]
    assert import_meters([datadis(tmp_path / "a.csv", *rows)], ImportOptions(case=folder)).missing == 0
    gap = [row for row in rows if ";14:00;" not in row]
    assert import_meters([datadis(tmp_path / "b.csv", *gap)], ImportOptions(case=folder)).missing == 1


def test_meters_of_nobody_and_meters_of_two_are_refused(tmp_path: Path) -> None:
    path = datadis(tmp_path / "a.csv", "ES1;2026/06/01;01:00;0,1;Real;0")
    folder = case(tmp_path, "participant,bus,meter\nanna,house 1,ES2\nben,house 2,ES3 ES2\n")
    said = refusal(path, case=folder)
    assert said[0].startswith("participants.csv line 3: meter 'ES3 ES2' names a meter that is named already")
    (folder / "participants.csv").write_text("participant,bus,meter\nanna,house 1,ES2\n")
    (only,) = refusal(path, case=folder)
    assert "'ES1' and all other meters of the files are of no participant" in only
    with pytest.raises(InvalidCase, match="names a meter that is named already"):
        gridpact.Participants(ids=["a", "b"], bus=[1, 2], meter=["M1", "M1"])


def test_the_meter_at_the_supply_is_the_head(tmp_path: Path) -> None:
    path = datadis(tmp_path / "a.csv", "ES1;2026/06/01;01:00;0,1;Real;0", "HV;2026/06/01;01:00;0,4;Real;0")
    imported = import_meters([path], ImportOptions(head="HV"))
    assert imported.readings.participants == ("ES1", "@head")
    with pytest.raises(InvalidUsage, match="no meter in the files"):
        import_meters([path], ImportOptions(head="XX"))


def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: object
) -> tuple[int, str, str]:
    monkeypatch.setattr("sys.argv", ["gridpact", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


def test_the_command_writes_readings_that_settle_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = case(tmp_path, "participant,bus,meter\nanna,house 1,541448000000000012\n")
    for name in ("profiles", "trades"):
        table = folder / f"{name}.csv"
        table.write_text(table.read_text().partition("\n")[0] + "\n")
    path = made.write_csv(tmp_path / "a.csv", made.fluvius(steady("Europe/Brussels", "541448000000000012")))
    for out in (folder / "meters.csv", folder / "meters.parquet"):
        words = ("import", "meters", path, "--case", folder, "--out", out, "--quiet", "--json")
        code, told, _ = run(monkeypatch, capsys, *words)
        assert code == 0 and json.loads(told)["readings"]["used"] == 192
        assert run(monkeypatch, capsys, "check", folder)[0] == 0
        run(monkeypatch, capsys, "clear", folder, "--out", tmp_path / "cleared", "--no-report")
        settled = gridpact.settle(folder, tmp_path / "cleared")
        assert int(settled.summary["energy_wh"]["import"]) == sum(range(96))
        out.unlink()


def test_nothing_is_written_where_anything_is_wrong_and_nothing_else_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = datadis(tmp_path / "bad.csv", "ES1;2026/06/01;01:00;x;Real;0")
    good = datadis(tmp_path / "good.csv", "ES1;2026/06/01;01:00;0,1;Real;0")
    out = tmp_path / "new" / "meters.csv"
    code, _, err = run(monkeypatch, capsys, "import", "meters", bad, "--out", out)
    assert code == 2 and "consumo_kWh 'x' is no number" in err and not out.parent.exists()
    assert run(monkeypatch, capsys, "import", "meters", good, "--out", out)[0] == 0
    before = out.read_bytes()
    assert run(monkeypatch, capsys, "import", "meters", bad, "--out", out)[0] == 2
    assert out.read_bytes() == before and [each.name for each in out.parent.iterdir()] == ["meters.csv"]
    assert (
        run(monkeypatch, capsys, "import", "meters", good, "--out", out)[0] == 0
    )  # readings replace readings
    for other in (good, bad, tmp_path / "x.txt", tmp_path):
        assert run(monkeypatch, capsys, "import", "meters", good, "--out", other)[0] == 2
    code, _, err = run(monkeypatch, capsys, "import", "meters", good, "--out", out, "--as", "datadiss")
    assert code == 2 and "did you mean 'datadis'?" in err


MAKERS: tuple[Callable[[], made.Rows], ...] = (
    lambda: made.e_redes(steady("Europe/Lisbon", "PT0002000012345678AB")),
    lambda: made.datadis([steady("Europe/Madrid", "ES1", step=60)]),
    lambda: made.enedis(steady("Europe/Paris", "12345678901234", step=30), False),
    lambda: made.netz_noe(steady("Europe/Vienna", "AT1"), True),
    lambda: made.eda([steady("Europe/Vienna", "AT1")]),
    lambda: made.fluvius(steady("Europe/Brussels", "541448000000000012")),
)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damaged_files_are_refused_in_words_or_read(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    rows = data.draw(st.sampled_from(MAKERS))()
    is_book = data.draw(st.booleans())
    path = folder / ("a.xlsx" if is_book else "a.csv")
    if is_book:
        made.write_xlsx(path, {"a": rows})
    else:
        made.write_csv(path, rows)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        place = int(data.draw(st.floats(0, 1, exclude_max=True)) * len(content))  # a workbook's size varies
        if data.draw(st.booleans()):
            content[place] = data.draw(st.integers(0, 255))
        elif len(content) > 1000:
            del content[place : place + data.draw(st.integers(1, 400))]
    path.write_bytes(bytes(content))
    try:
        imported = import_meters([path], ImportOptions(absent_is_zero=True))
    except GridpactError as error:
        assert not re.search(r"Error|Exception|Traceback|calamine", str(error))
        return
    write_meters(imported.readings, folder / "meters.csv", TableFormat.CSV)
    told = facts(imported, folder / "meters.csv")
    for parts in (told["rows"], told["readings"]):
        assert sum(parts.values()) == 2 * parts["all"]


def test_too_few_rows_do_not_change_what_a_portal_has(tmp_path: Path) -> None:
    rows = made.e_redes(steady("Europe/Lisbon", "PT0002000012345678AB"))
    gap = [row for row in rows if row[:1] == ["Data"] or row[1:2] in (["00:15"], ["00:45"])]
    imported = import_meters([made.write_csv(tmp_path / "PT0002000012345678AB.csv", gap)], ImportOptions())
    assert imported.step_minutes == 15
    assert imported.readings.import_wh.tolist() == [0, 2] and imported.missing == 1
    assert "by the file's name" in outcome(imported, Path("m.csv"))


def test_an_interval_that_is_said_holds(tmp_path: Path) -> None:
    sparse = TABLE.replace("00:15", "01:00").replace("00:30", "02:00")
    assert table(tmp_path / "a.csv", sparse, step_minutes=15).readings.import_wh.tolist() == [125, 375]
    assert table(tmp_path / "b.csv", sparse).readings.import_wh.tolist() == [500, 1500]  # hours, as rows show


def test_two_that_go_by_one_meter_are_refused(tmp_path: Path) -> None:
    folder = case(tmp_path, "participant,bus,meter\nanna,house 1,ben\nben,house 2,\n")
    (said,) = refusal(datadis(tmp_path / "a.csv", "ben;2026/06/01;01:00;0,1;Real;0"), case=folder)
    assert "is a meter of 'anna', and 'ben' would go by it too" in said


def test_meters_of_participants_are_kept_when_a_case_is_written(tmp_path: Path) -> None:
    folder = tmp_path / "street"
    make_first_case(folder)
    kept = gridpact.read_case(folder)
    assert kept.participants.meter[0] == "M-101"
    for suffix in TableFormat:
        gridpact.write_case(kept, tmp_path / suffix, suffix)
        assert gridpact.read_case(tmp_path / suffix).participants.meter == kept.participants.meter


def test_workbooks_need_an_extra_that_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = made.write_xlsx(
        tmp_path / "a.xlsx", {"a": made.datadis([steady("Europe/Madrid", "ES1", step=60)])}
    )
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(InvalidUsage, match=r"pip install 'gridpact\[xlsx\]'"):
        import_meters([path], ImportOptions())


def test_a_workbook_that_would_fill_the_memory_is_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = made.write_xlsx(
        tmp_path / "a.xlsx", {"a": made.datadis([steady("Europe/Madrid", "ES1", step=60)])}
    )
    monkeypatch.setattr("gridpact.imports.sheets.workbook.UNPACKED_BYTES_MAX", 1000)
    (said,) = refusal(path)
    assert "once it is unpacked" in said
