"""Files as the portals give them, made from known energies: each portal's shape, as CSV or as a workbook.

The clocks of a day are made here by going through its instants in UTC, not by what gridpact does.
"""

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import xlsxwriter


@dataclass(frozen=True)
class Truth:
    """What one meter read: energies of intervals in Wh, `None` for no reading, by their starts in UTC."""

    meter: str
    step: int
    starts: Sequence[datetime]
    import_wh: Sequence[Decimal | None]
    export_wh: Sequence[Decimal | None]
    estimated: frozenset[int] = frozenset()


def instants(zone: str, first: date, days: int, step: int) -> list[datetime]:
    """The starts of all intervals of local days."""
    place = ZoneInfo(zone)
    begin = datetime(first.year, first.month, first.day, tzinfo=place).astimezone(UTC)
    last = first + timedelta(days=days)
    end = datetime(last.year, last.month, last.day, tzinfo=place).astimezone(UTC)
    return [begin + k * timedelta(minutes=step) for k in range((end - begin) // timedelta(minutes=step))]


def wall(start: datetime, zone: str, step: int = 0) -> datetime:
    """What clocks say, `step` minutes after an instant."""
    return (start + timedelta(minutes=step)).astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def naive_end(start: datetime, zone: str, step: int) -> datetime:
    """What clocks say at an instant, and `step` minutes on by the same clock."""
    return wall(start, zone) + timedelta(minutes=step)


def comma(value: Decimal | None) -> str:
    """A number with a decimal comma; empty where there is none."""
    return "" if value is None else format(value, "f").replace(".", ",")


def kw(wh: Decimal | None, step: int) -> Decimal | None:
    """Mean power of an energy."""
    return None if wh is None else wh * 60 / step / 1000


def kwh(wh: Decimal | None) -> Decimal | None:
    return None if wh is None else wh / 1000


ENEDIS_FACTS = (
    *("Identifiant PRM", "Type de donnees", "Date de debut", "Date de fin"),
    *("Grandeur physique", "Grandeur metier", "Etape metier", "Unite"),
)
FLUVIUS_COLUMNS = (
    *("Van (datum)", "Van (tijdstip)", "Tot (datum)", "Tot (tijdstip)", "EAN-code", "Meter"),
    *("Metertype", "Register", "Volume", "Eenheid", "Validatiestatus", "Omschrijving"),
)
Rows = list[list[str]]
End = Callable[[datetime, str, int], datetime]


def e_redes(truth: Truth, end: End = wall) -> Rows:
    zone = "Europe/Lisbon"
    rows = [
        ["Consumos e Injeção"],
        ["CPE", truth.meter],
        ["Função", "Consumidor"],
        ["Mês", "Outubro 2026"],
        ["Intervalo", "15 minutos"],
        [],
        ["Nota: a hora é a do fim do intervalo"],
        [
            "Data",
            "Hora",
            "Consumo medido na IC, Ativa (kW)",
            "Estado",
            "Injeção na rede medida na IC, Ativa (kW)",
            "Estado",
            "Consumo registado (kW)",
            "Estado",
            "Injeção registada (kW)",
            "Estado",
        ],
    ]
    for k, start in enumerate(truth.starts):
        stamp = end(start, zone, truth.step)
        state = "Estimado" if k in truth.estimated else "Real"
        rows.append(
            [
                f"{stamp:%Y/%m/%d}",
                f"{stamp:%H:%M}",
                comma(kw(truth.import_wh[k], truth.step)),
                state,
                comma(kw(truth.export_wh[k], truth.step)),
                state,
                "9,9",
                "Real",
                "8,8",
                "Real",
            ]
        )
    return rows


def datadis(truths: Sequence[Truth], end: End = wall) -> Rows:
    zone = "Europe/Madrid"
    rows = [
        [
            "cups",
            "fecha",
            "hora",
            "consumo_kWh",
            "metodoObtencion",
            "energiaVertida_kWh",
            "energiaGenerada_kWh",
            "energiaAutoconsumida_kWh",
        ]
    ]
    for truth in truths:
        for k, start in enumerate(truth.starts):
            stamp = end(start, zone, truth.step)
            day, clock = f"{stamp:%Y/%m/%d}", f"{stamp:%H:%M}"
            if clock == "00:00":
                day, clock = f"{stamp - timedelta(days=1):%Y/%m/%d}", "24:00"
            rows.append(
                [
                    truth.meter,
                    day,
                    clock,
                    comma(kwh(truth.import_wh[k])),
                    "Estimada" if k in truth.estimated else "Real",
                    comma(kwh(truth.export_wh[k])),
                    "7,7",
                    "6,6",
                ]
            )
    return rows


def enedis(truth: Truth, is_export: bool) -> Rows:
    rows = [
        [*ENEDIS_FACTS],
        [
            truth.meter,
            "Courbe de charge",
            "01/10/2026",
            "31/10/2026",
            "Energie active",
            "Production" if is_export else "Consommation",
            "Comptage Brut",
            "W",
        ],
        ["Horodate", "Valeur"],
    ]
    for k, start in enumerate(truth.starts):
        end = (start + timedelta(minutes=truth.step)).astimezone(ZoneInfo("Europe/Paris"))
        wh = (truth.export_wh if is_export else truth.import_wh)[k]
        power = kw(wh, truth.step)
        rows.append([end.isoformat(), "" if power is None else format(power * 1000, "f")])
    return rows


def netz_noe(truth: Truth, is_export: bool, end: End = wall) -> Rows:
    zone = "Europe/Vienna"
    kind = "Einspeisung" if is_export else "Verbrauch"
    rows = [
        [
            "Messzeitpunkt",
            f"{kind} (kWh)",
            "Qualität",
            "Restnetzbezug (kWh)",
            "Qualität EG",
            "Eigendeckung (kWh)",
            "",
        ]
    ]
    for k, start in enumerate(truth.starts):
        stamp = end(start, zone, truth.step)
        wh = (truth.export_wh if is_export else truth.import_wh)[k]
        rows.append(
            [
                f"{stamp:%d.%m.%Y %H:%M}",
                comma(kwh(wh)),
                "L3" if k in truth.estimated else "L1",
                "5,500000",
                "L1",
                "4,400000",
                "",
            ]
        )
    return rows


def eda(truths: Sequence[Truth]) -> Rows:
    """A community's report: each truth is a meter of import where it has any, else of export."""
    rows: Rows = [
        ["Haftungsausschluss: ohne Gewähr"],
        ["MeteringpointID"],
        ["Name"],
        ["Energy direction"],
        ["Period start"],
        ["Period end"],
        ["Metercode"],
        ["Spaltensumme"],
    ]
    columns: list[tuple[Truth | None, bool]] = []
    for truth in truths:
        is_export = all(wh is None for wh in truth.import_wh)
        codes = (
            [
                "Gesamte gemeinschaftliche Erzeugung [KWH]",
                "Gesamt/Überschusserzeugung, Gemeinschaftsüberschuss [KWH]",
            ]
            if is_export
            else [
                "Gesamtverbrauch lt. Messung (bei Teilnahme gem. Erzeugung) [KWH]",
                "Anteil gemeinschaftliche Erzeugung [KWH]",
                "Eigendeckung gemeinschaftliche Erzeugung [KWH]",
            ]
        )
        for place, code in enumerate(codes):
            rows[1] += [truth.meter, "MM"]
            rows[2] += ["Anna", ""]
            rows[3] += ["GENERATION" if is_export else "CONSUMPTION", ""]
            rows[6] += [code, ""]
            rows[7] += ["99,9", "L1"]
            columns.append((truth if place == 0 else None, is_export))
    rows[1].append("TOTAL")
    rows[6].append("Gesamtverbrauch lt. Messung (bei Teilnahme gem. Erzeugung) [KWH]")
    for k, start in enumerate(truths[0].starts):
        stamp = wall(start, "Europe/Vienna")
        row = [f"{stamp:%d.%m.%Y %H:%M:%S}"]
        for of, is_export in columns:
            wh = None if of is None else (of.export_wh if is_export else of.import_wh)[k]
            row += ["3,300000" if of is None else comma(kwh(wh)), "L2" if of and k in of.estimated else "L1"]
        rows.append([*row, "99,9"])
    return rows


def fluvius(truth: Truth) -> Rows:
    zone = "Europe/Brussels"
    rows = [[*FLUVIUS_COLUMNS]]
    for k, start in enumerate(truth.starts):
        first, last = wall(start, zone), wall(start, zone, truth.step)
        tariff = "Dag" if 7 <= first.hour < 22 else "Nacht"
        for way, wh in (("Afname", truth.import_wh[k]), ("Injectie", truth.export_wh[k])):
            status = "Geschat" if k in truth.estimated else "Uitgelezen"
            volume = comma(kwh(wh))
            if wh is None:
                status = "Geen gegevens"
            elif wh == 0 and k not in truth.estimated:
                status, volume = "Geen verbruik", ""
            rows.append(
                [
                    f"{first:%d-%m-%Y}",
                    f"{first:%H:%M:%S}",
                    f"{last:%d-%m-%Y}",
                    f"{last:%H:%M:%S}",
                    f'="{truth.meter}"',
                    "1SAG1234",
                    "Digitaal",
                    f"{way} {tariff}",
                    volume,
                    "kWh",
                    status,
                    "",
                ]
            )
    return rows


def write_csv(
    path: Path,
    rows: Rows,
    encoding: str = "utf-8-sig",
    separator: str = ";",
    quoting: int = csv.QUOTE_MINIMAL,
) -> Path:
    """Writes rows as portals do: with a byte order mark, semicolons and the line ends of Windows."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator, quoting=quoting, lineterminator="\r\n").writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def write_xlsx(path: Path, sheets: Mapping[str, Rows], *, has_times: bool = False) -> Path:
    """Writes rows as a workbook, numbers as numbers, and dates and times as such where it has them."""
    with xlsxwriter.Workbook(path) as book:
        kinds = {
            name: book.add_format({"num_format": name})
            for name in ("dd/mm/yyyy", "hh:mm", "dd/mm/yyyy hh:mm")
        }
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for place, row in enumerate(rows):
                for column, text in enumerate(row):
                    if has_times and (days := _days(text)) is not None:
                        sheet.write_number(place, column, days[0], kinds[days[1]])
                    else:
                        _write_cell(sheet, place, column, text.removeprefix('="').removesuffix('"'))
    return path


def _days(text: str) -> tuple[float, str] | None:
    """A date, a time or both as days of a workbook, with the format of the cell; 24:00 is one day."""
    parts = re.fullmatch(r"(\d+[-/.]\d+[-/.]\d+)?(?:^| )?(?:(\d\d):(\d\d)(?::00)?)?", text)
    if not text or parts is None:
        return None
    days = 0.0
    if parts[1]:
        first, month, last = re.split("[-/.]", parts[1])
        year, day = (first, last) if len(first) == 4 else (last, first)
        days = float((date(int(year), int(month), int(day)) - date(1899, 12, 30)).days)
    if parts[2]:
        days += (int(parts[2]) * 60 + int(parts[3])) / 1440
    return days, " ".join([*(["dd/mm/yyyy"] if parts[1] else []), *(["hh:mm"] if parts[2] else [])])


def _write_cell(sheet: Any, row: int, column: int, text: str) -> None:
    """Writes a cell as a workbook has it, where what `="…"` comes to is a text and an empty one is none."""
    try:
        number = float(text.replace(",", ".")) if "," in text or "." in text else None
    except ValueError:
        number = None
    if number is not None:
        sheet.write_number(row, column, number)
    elif text:
        sheet.write_string(row, column, text)
