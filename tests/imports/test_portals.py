"""Each portal's files, made from known energies, come out as these energies at the same instants."""

import csv
import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from gridpact.case.case import TableFormat
from gridpact.imports.import_meters import ImportedMeters, ImportOptions, import_meters
from gridpact.imports.meters_file import write_meters
from gridpact.imports.meters_outcome import facts, outcome
from tests.imports import portal_files as made
from tests.imports.portal_files import Rows, Truth

SPRING, AUTUMN, PLAIN = date(2026, 3, 28), date(2026, 10, 24), date(2026, 6, 1)
DAYS = 3
HOURS = {SPRING: 71, AUTUMN: 73, PLAIN: 72}
Readings = dict[tuple[str, datetime], tuple[int, int, bool]]

energies = st.one_of(
    st.none(),
    st.just(Decimal(0)),
    st.integers(0, 40_000).map(lambda quarters: Decimal(quarters) / 4),  # finer than a watt-hour
)


@st.composite
def truths(draw: st.DrawFn, zone: str, meter: str, step: int) -> Truth:
    starts = made.instants(zone, draw(st.sampled_from((SPRING, AUTUMN, PLAIN))), DAYS, step)
    # A few energies over and over, of a length that no day or hour is a multiple of.
    cycle = draw(st.lists(st.tuples(energies, energies), min_size=7, max_size=7))
    return Truth(
        meter=meter,
        step=step,
        starts=starts,
        import_wh=[cycle[k % 7][0] for k in range(len(starts))],
        export_wh=[cycle[(3 * k + 1) % 7][1] for k in range(len(starts))],
        estimated=frozenset(draw(st.sets(st.integers(0, len(starts) - 1), max_size=4))),
    )


def whole(wh: Decimal) -> int:
    """A whole number of watt-hours, half to even."""
    return round(Fraction(wh))


def expected(truth: Truth, name: str = "") -> Readings:
    return {
        (name or truth.meter, start): (whole(drawn), whole(fed_in), k in truth.estimated)
        for k, (start, drawn, fed_in) in enumerate(
            zip(truth.starts, truth.import_wh, truth.export_wh, strict=True)
        )
        if drawn is not None and fed_in is not None
    }


def written(imported: ImportedMeters, folder: Path) -> Readings:
    """The readings as they stand in a file of gridpact's."""
    file = folder / "meters.csv"
    write_meters(imported.readings, file, TableFormat.CSV)
    return {
        (row["participant"], datetime.fromisoformat(row["time"])): (
            int(Decimal(row["import_kwh"]) * 1000),
            int(Decimal(row["export_kwh"]) * 1000),
            row["quality"] == "estimated",
        )
        for row in csv.DictReader(file.open(encoding="utf-8"))
    }


def accounts_for_everything(imported: ImportedMeters) -> bool:
    """Whether each row of the files and each reading in them went somewhere."""
    told = facts(imported, Path("meters.csv"))
    json.dumps(told)
    rows, readings = told["rows"], told["readings"]
    return all(parts.pop("all") == sum(parts.values()) for parts in (rows, readings)) and bool(
        outcome(imported, Path("meters.csv"))
    )


def has_any(truth: Truth) -> bool:
    return bool(expected(truth))


def has_half_hours(truth: Truth) -> bool:
    return bool(half_hours(truth))


KINDS = ("csv", "xlsx", "times")


def write(folder: Path, name: str, rows: Rows, kind: str) -> Path:
    """Writes a file as a portal does: CSV, or a workbook with texts or with dates for its dates."""
    if kind == "csv":
        return made.write_csv(folder / f"{name}.csv", rows)
    return made.write_xlsx(folder / f"{name}.xlsx", {"Dados": rows}, has_times=kind == "times")


def hold(
    folder: Path, name: str, files: Sequence[Path], truth: Readings, *, zone: str, options: ImportOptions
) -> None:
    """Holds what is imported, recognised or told, against what the meters read."""
    imported = import_meters(files, options)
    assert imported.format.name == name
    assert imported.readings.horizon.timezone == zone
    assert written(imported, folder) == truth
    assert accounts_for_everything(imported)
    told = import_meters(files, ImportOptions(format=name, absent_is_zero=options.absent_is_zero))
    assert written(told, folder) == truth


ends = pytest.mark.parametrize("end", [made.wall, made.naive_end], ids=["wall", "naive"])
kinds = pytest.mark.parametrize("kind", KINDS)
quick = settings(max_examples=10, deadline=None, phases=(Phase.explicit, Phase.generate))


@kinds
@ends
@quick
@given(truth=truths("Europe/Lisbon", "PT0002000012345678AB", 15).filter(has_any))
def test_e_redes(tmp_path_factory: pytest.TempPathFactory, kind: str, end: made.End, truth: Truth) -> None:
    folder = tmp_path_factory.mktemp("e-redes")
    files = [write(folder, "consumos", made.e_redes(truth, end), kind)]
    hold(folder, "e-redes", files, expected(truth), zone="Europe/Lisbon", options=ImportOptions())


@kinds
@ends
@quick
@given(
    first=truths("Europe/Madrid", "ES0021000000000001AA0F", 60).filter(has_any),
    second=truths("Europe/Madrid", "ES0021000000000002BB0F", 60).filter(has_any),
)
def test_datadis(
    tmp_path_factory: pytest.TempPathFactory, kind: str, end: made.End, first: Truth, second: Truth
) -> None:
    folder = tmp_path_factory.mktemp("datadis")
    files = [write(folder, "consumo", made.datadis([first, second], end), kind)]
    truth = {**expected(first), **expected(second)}
    hold(folder, "datadis", files, truth, zone="Europe/Madrid", options=ImportOptions())


@kinds
@pytest.mark.parametrize("step", [10, 30, 60])
@quick
@given(data=st.data())
def test_enedis(tmp_path_factory: pytest.TempPathFactory, kind: str, step: int, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("enedis")
    has_periods = has_any if step != 10 else has_half_hours
    truth = data.draw(truths("Europe/Paris", "12345678901234", step).filter(has_periods))
    truth = Truth(truth.meter, step, truth.starts, truth.import_wh, truth.export_wh)  # it marks no estimates
    files = [write(folder, f"courbe-{way}", made.enedis(truth, bool(way)), kind) for way in (0, 1)]
    if step != 10:
        hold(folder, "enedis", files, expected(truth), zone="Europe/Paris", options=ImportOptions())
        return
    imported = import_meters(files, ImportOptions(resolution="30min"))  # no case has periods of ten minutes
    assert written(imported, folder) == half_hours(truth)
    assert accounts_for_everything(imported)


def half_hours(truth: Truth) -> Readings:
    """The readings of half-hours of which all three parts are known, each rounded once."""
    found: Readings = {}
    for k in range(0, len(truth.starts) - 2, 3):
        drawn, fed_in = truth.import_wh[k : k + 3], truth.export_wh[k : k + 3]
        if None not in drawn and None not in fed_in:
            found[truth.meter, truth.starts[k]] = (whole(sum(drawn)), whole(sum(fed_in)), False)
    return found


@kinds
@ends
@quick
@given(truth=truths("Europe/Vienna", "AT0020000000000000000000000123456", 15).filter(has_any))
def test_netz_noe(tmp_path_factory: pytest.TempPathFactory, kind: str, end: made.End, truth: Truth) -> None:
    folder = tmp_path_factory.mktemp("netz-noe")
    files = [
        write(folder, f"{way}-{truth.meter}", made.netz_noe(truth, way == "Einspeisung", end), kind)
        for way in ("Verbrauch", "Einspeisung")
    ]
    hold(folder, "netz-noe", files, expected(truth), zone="Europe/Vienna", options=ImportOptions())


@kinds
@quick
@given(truth=truths("Europe/Vienna", "", 15).filter(has_any))
def test_eda(tmp_path_factory: pytest.TempPathFactory, kind: str, truth: Truth) -> None:
    folder = tmp_path_factory.mktemp("eda")
    none = [None] * len(truth.starts)
    load = Truth("AT01", 15, truth.starts, truth.import_wh, none, truth.estimated)
    plant = Truth("AT02", 15, truth.starts, none, truth.export_wh, truth.estimated)
    files = [write(folder, "RC100", made.eda([load, plant]), kind)]
    imported = import_meters(files, ImportOptions(absent_is_zero=True))
    truth_of = {
        **expected(
            Truth("AT01", 15, truth.starts, truth.import_wh, [Decimal(0)] * len(none), truth.estimated)
        ),
        **expected(
            Truth("AT02", 15, truth.starts, [Decimal(0)] * len(none), truth.export_wh, truth.estimated)
        ),
    }
    assert written(imported, folder) == truth_of
    assert accounts_for_everything(imported)


@kinds
@quick
@given(truth=truths("Europe/Brussels", "541448000000000012", 15).filter(has_any))
def test_fluvius(tmp_path_factory: pytest.TempPathFactory, kind: str, truth: Truth) -> None:
    folder = tmp_path_factory.mktemp("fluvius")
    files = [write(folder, "Verbruikshistoriek", made.fluvius(truth), kind)]
    hold(folder, "fluvius", files, expected(truth), zone="Europe/Brussels", options=ImportOptions())


@pytest.mark.parametrize(("first", "hours"), HOURS.items(), ids=str)
def test_days_of_clock_changes_have_all_of_their_hours(tmp_path: Path, first: date, hours: int) -> None:
    starts = made.instants("Europe/Madrid", first, DAYS, 60)
    assert len(starts) == hours
    energy = [Decimal(k) for k in range(len(starts))]
    truth = Truth("ES1", 60, starts, energy, energy)
    for name, end in (("wall", made.wall), ("naive", made.naive_end)):
        imported = import_meters([write(tmp_path, name, made.datadis([truth], end), "csv")], ImportOptions())
        assert imported.readings.horizon.periods == hours
        assert imported.readings.import_wh.tolist() == list(range(hours))
        assert imported.missing == 0


def test_rows_from_the_newest_to_the_oldest_are_the_same_readings(tmp_path: Path) -> None:
    starts = made.instants("Europe/Lisbon", AUTUMN, DAYS, 15)
    energy = [Decimal(k) for k in range(len(starts))]
    rows = made.e_redes(Truth("PT0002000012345678AB", 15, starts, energy, energy))
    header = 8
    turned = [*rows[:header], *reversed(rows[header:])]
    imported = import_meters([made.write_csv(tmp_path / "a.csv", turned)], ImportOptions())
    assert imported.readings.import_wh.tolist() == list(range(len(starts)))


def test_a_gap_in_the_doubled_hour_shifts_nothing(tmp_path: Path) -> None:
    starts = made.instants("Europe/Vienna", AUTUMN, DAYS, 15)
    energy = [Decimal(k) for k in range(len(starts))]
    rows = made.netz_noe(Truth("", 15, starts, energy, energy), False)
    change = starts.index(datetime.fromisoformat("2026-10-25T00:00+00:00"))  # 02:00 by clocks, the first time
    for gap in (change, change + 3, change + 4, change + 7):
        left = [row for k, row in enumerate(rows) if k != gap + 1]
        path = made.write_csv(tmp_path / f"gap-{gap}.csv", left)
        imported = import_meters([path], ImportOptions(absent_is_zero=True))
        assert imported.readings.period.tolist() == [k for k in range(len(starts)) if k != gap]
        assert imported.readings.import_wh.tolist() == [k for k in range(len(starts)) if k != gap]
        assert imported.missing == 1


def test_an_hour_of_energies_of_quarters_is_rounded_once(tmp_path: Path) -> None:
    starts = made.instants("Europe/Lisbon", PLAIN, 1, 15)
    energy = [Decimal("0.25")] * len(starts)
    path = made.write_csv(
        tmp_path / "a.csv", made.e_redes(Truth("PT0002000012345678AB", 15, starts, energy, energy))
    )
    imported = import_meters([path], ImportOptions(resolution="1h"))
    assert imported.readings.import_wh.tolist() == [1] * 24
    assert imported.readings.rounded == 0
    assert imported.readings.horizon.step == timedelta(hours=1)
