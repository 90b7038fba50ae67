"""Tariffs from tariffs.toml, with each section and key declared once."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import numpy as np

from gridpact.arrays import Int, frozen
from gridpact.case.folder.case_files import TARIFFS_FILE
from gridpact.case.folder.toml_file import TomlFile, parse_toml
from gridpact.case.horizon import Horizon
from gridpact.case.participants import Participants
from gridpact.case.reading.frame import Frame
from gridpact.case.reading.problems import Problems, suggestion
from gridpact.case.reading.reader import TableReader
from gridpact.case.schema import DEFAULT_RETAILER
from gridpact.settlement.energy.keys import KeyKind, Unused
from gridpact.settlement.reading.read_bill_terms import BILL, BILL_KEYS, read_bill_terms
from gridpact.settlement.reading.read_prices import PeriodPrices, PriceTable
from gridpact.settlement.reading.read_sharing import SharingTerms
from gridpact.settlement.tariffs.bill_terms import BillTerms
from gridpact.settlement.tariffs.prices import micro_per_kwh, period_prices
from gridpact.settlement.tariffs.tariffs import LossAllocation, Missing, Mode, Retailer, TablePrice, Tariffs

RETAILERS = "retailers"
CHARGES, TAX = ("p2p_charge_per_kwh", "retail_charge_per_kwh"), "tax_per_kwh"
HOLIDAYS_EXAMPLE = 'holidays = ["2026-12-25"]'
SECTIONS: Mapping[str, tuple[str, ...]] = {
    "": ("mode", "missing", "loss_allocation", "holidays"),
    "network": (*CHARGES, TAX),
    "sharing": ("key", "price_per_kwh", "unused"),
    RETAILERS: (),
    BILL: BILL_KEYS,
}
ALWAYS = ("supply_price_per_kwh", "feed_in_price_per_kwh")
UNDER_FIRM = ("imbalance_long_per_kwh", "imbalance_short_per_kwh")
RETAILER_KEYS = (*ALWAYS, *UNDER_FIRM)
EXAMPLES = dict(zip(RETAILER_KEYS, ("0.20", "0.05", "0.03", "0.30"), strict=True))
NUMBERS = {**EXAMPLES, "price_per_kwh": "0.10", **dict.fromkeys(SECTIONS["network"], "0.03")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the caller chooses in place of the file; `None` where the file decides."""

    mode: Mode | None = None
    missing: Missing | None = None
    loss_allocation: LossAllocation | None = None


def read_tariffs(
    content: bytes,
    frame: Frame,
    participants: TableReader | None,
    choices: Choices,
    problems: Problems,
    table: PriceTable | None = None,
) -> tuple[Tariffs, SharingTerms | None, BillTerms | None] | None:
    """What tariffs.toml says, and of sharing and bills, where it says anything of them.

    Args:
        content: of tariffs.toml.
        frame: whose participants and periods they are.
        participants: their table, in which retailers without a section are refused.
        choices: that go before those of the file.
        problems: takes in what is wrong.
        table: of prices, which go before those of the file.

    Returns:
        The tariffs, the terms of sharing and those of bills; `None` where the file is not TOML.
    """
    file = parse_toml(content, TARIFFS_FILE, problems, Decimal, numbers=NUMBERS)
    if file is None:
        return None
    file.refuse_unknown_sections(SECTIONS)
    for section in ("network", "sharing"):
        file.refuse_unknown_keys(section, SECTIONS[section])
    mode = Mode(file.choice("", "mode", tuple(Mode)))
    missing = Missing(file.choice("", "missing", tuple(Missing)))
    loss_allocation = LossAllocation(file.choice("", "loss_allocation", tuple(LossAllocation)))
    mode = choices.mode or mode
    prices = _Prices(file=file, horizon=frame.horizon, holidays=_holidays(file), table=table)
    retailers = _retailers(prices, mode)
    _refuse_unknown_retailers(file, table, frame.participants)
    p2p_charge, retail_charge = (_charge(prices, key) for key in CHARGES)
    tax = file.get("network", TAX)
    tariffs = Tariffs(
        mode=mode,
        missing=choices.missing or missing,
        loss_allocation=choices.loss_allocation or loss_allocation,
        p2p_charge_micro_per_kwh=p2p_charge,
        retail_charge_micro_per_kwh=retail_charge,
        tax_micro_per_kwh=0 if tax is None else micro_per_kwh(file, "network", TAX, tax),
        retailers=retailers,
        retailer_of_participant=_retailer_of_participant(
            file, frame.participants, participants, retailers, table
        ),
        table_prices=_table_prices(retailers, table),
    )
    return tariffs, _sharing(file), read_bill_terms(file, frame.index)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prices:
    """Where prices come from: tariffs.toml over a horizon with holidays, and a table that goes before it."""

    file: TomlFile
    horizon: Horizon | None
    holidays: frozenset[date]
    table: PriceTable | None

    def of(self, section: str, key: str, value: object) -> Int:
        """A price of the file in every period, (T,)."""
        return period_prices(self.file, section, key, value, self.horizon, self.holidays)

    def in_table(self, retailer: str, key: str) -> PeriodPrices | None:
        """A price of a retailer in the table; `None` where it has none."""
        return None if self.table is None else self.table.prices.get(retailer, {}).get(key)

    def names_table(self, value: object) -> bool:
        """Whether a price is the name of the table, as in "prices.csv": it is then there and nowhere else."""
        return self.table is not None and value == self.table.file


def _holidays(file: TomlFile) -> frozenset[date]:
    """The holidays of tariffs.toml, each a day, as text or as TOML writes days."""
    value, days = file.get("", "holidays"), set()
    if value is None:
        return frozenset()
    if not isinstance(value, list):
        file.refuse("", "holidays", "is not a list of days", f"write {HOLIDAYS_EXAMPLE}", value)
        return frozenset()
    for place, each in enumerate(value, start=1):
        day = each
        if isinstance(each, str):
            with suppress(ValueError):
                day = date.fromisoformat(each)
        if isinstance(day, datetime) or not isinstance(day, date):
            file.refuse("", f"holidays[{place}]", "is not a day", f"write {HOLIDAYS_EXAMPLE}", each)
        elif day in days:
            file.refuse("", f"holidays[{place}]", "is there more than once", "keep one", each)
        else:
            days.add(day)
    return frozenset(days)


def _refuse_unknown_retailers(
    file: TomlFile, table: PriceTable | None, participants: Participants | None
) -> None:
    """Takes in the rows of prices whose retailer neither tariffs.toml nor a participant names."""
    sections = file.get("", RETAILERS)
    if table is None or participants is None:
        return
    known = {*(sections if isinstance(sections, dict) else ()), *participants.retailer, DEFAULT_RETAILER}
    lost = np.array([*(name not in known for name in table.retailers), False], dtype=np.bool_)[table.of_row]
    table.reader.refuse(
        "retailer",
        lost,
        f"is no retailer of a participant, nor of {TARIFFS_FILE}",
        lambda row: suggestion(table.reader.table.text("retailer", row), known) or "name a retailer there",
    )


def _retailers(prices: _Prices, mode: Mode) -> tuple[Retailer, ...]:
    """The retailers that have a section, or prices in the table, in the order of their names."""
    file = prices.file
    sections = file.get("", RETAILERS)
    in_table = set(prices.table.prices) if prices.table is not None else set()
    if sections is None and in_table:
        sections = {}
    if not isinstance(sections, dict) or not (sections or in_table):
        if sections is None or isinstance(sections, dict):
            remedy = f"add [{RETAILERS}.{DEFAULT_RETAILER}], who supplies what peers do not"
            file.refuse(RETAILERS, "", "has no retailer", remedy)
        return ()
    found = []
    for name in sorted({*sections, *in_table}):
        if not isinstance(sections.get(name, {}), dict):
            near = suggestion(name, RETAILER_KEYS)
            remedy = (
                f"write [{RETAILERS}.{DEFAULT_RETAILER}] above it" if near else f"write [{RETAILERS}.{name}]"
            )
            file.refuse(RETAILERS, name, "is not a retailer's section", remedy)
        elif not name or name != name.strip() or not name.isprintable():
            what = "is empty, has white space around it or a character that cannot be printed"
            file.refuse(RETAILERS, name, what, "give the retailer a plain name")
        else:
            found.append(_retailer(prices, name, mode))
    return tuple(found)


def _retailer(prices: _Prices, name: str, mode: Mode) -> Retailer:
    """The retailer of a section, or of rows of the table, with its prices in every period."""
    prices.file.refuse_unknown_keys(f"{RETAILERS}.{name}", RETAILER_KEYS)
    per_period: dict[str, Int] = {}
    for key in RETAILER_KEYS:
        is_needed = key in ALWAYS or mode is Mode.FIRM
        price = _retailer_price(prices, name, key, is_needed=is_needed)
        per_period[_field(key)] = frozen(price, np.int64)
    return Retailer(name=name, **per_period)


def _retailer_price(prices: _Prices, name: str, key: str, *, is_needed: bool) -> Int:
    """A price of a retailer in every period: of the table where that gives it, else of the file, (T,)."""
    file, section = prices.file, f"{RETAILERS}.{name}"
    value, in_table = file.get(section, key), prices.in_table(name, key)
    is_in_file = value is not None and not prices.names_table(value)
    in_file = prices.of(section, key, value if is_in_file else 0)
    if in_table is None:
        if not is_in_file and value is not None:
            file.refuse(section, key, "has no row there", "add its prices to the table, or write one", value)
        elif not is_in_file and is_needed:
            file.refuse_missing(section, key, EXAMPLES[key])
        return in_file
    if prices.horizon is None:
        return in_file
    absent = np.flatnonzero(~in_table.is_given)
    if len(absent) and prices.table is not None:
        first = prices.horizon.instant(int(absent[0])).isoformat(timespec="minutes")
        if not is_in_file:
            others = f" and in {len(absent) - 1:,} more periods" if len(absent) > 1 else ""
            what = f"has no {key} of '{name}' at {first}{others}"
            remedy = f"add its rows, or a price for what they leave to [{section}] of {TARIFFS_FILE}"
            prices.table.reader.refuse_table(what, remedy)
        else:
            prices.table.warnings.append(
                f"{prices.table.file}: {key} of '{name}' is that of {TARIFFS_FILE} in {len(absent):,} of "
                f"{len(in_file):,} periods, the first at {first}"
            )
    chosen: Int = np.where(in_table.is_given, in_table.micro_per_kwh, in_file)
    return chosen


def _table_prices(retailers: tuple[Retailer, ...], table: PriceTable | None) -> tuple[TablePrice, ...]:
    """Which prices of the retailers the table gives, and when."""
    if table is None:
        return ()
    return tuple(
        TablePrice(retailer=place, field=_field(key), is_given=frozen(prices.is_given, np.bool_))
        for place, retailer in enumerate(retailers)
        for key, prices in table.prices.get(retailer.name, {}).items()
    )


def _field(key: str) -> str:
    """The field of a retailer that a key is of."""
    return f"{key.replace('_price_per_kwh', '').replace('_per_kwh', '')}_micro_per_kwh"


def _retailer_of_participant(
    file: TomlFile,
    participants: Participants | None,
    reader: TableReader | None,
    retailers: tuple[Retailer, ...],
    table: PriceTable | None,
) -> Int:
    """Index of each participant's retailer, (P,); 0 where it has no section, which is a problem."""
    index = {retailer.name: position for position, retailer in enumerate(retailers)}
    ids, names = (participants.ids, participants.retailer) if participants is not None else ((), ())
    sections = file.get("", RETAILERS)
    known = (
        [name for name, each in sections.items() if isinstance(each, dict)]
        if isinstance(sections, dict)
        else []
    )
    known += [] if table is None else [name for name in table.prices if name not in known]
    if known and DEFAULT_RETAILER in names and DEFAULT_RETAILER not in known:
        count, first = names.count(DEFAULT_RETAILER), ids[names.index(DEFAULT_RETAILER)]
        others = f" and {count - 1:,} more" if count > 1 else ""
        remedy = f"add [{RETAILERS}.{DEFAULT_RETAILER}]: it is the retailer of '{first}'{others}"
        file.refuse(RETAILERS, DEFAULT_RETAILER, "is missing", remedy)
    if known and reader is not None and "retailer" in reader.table.columns:
        lost = np.array([name not in known and name != DEFAULT_RETAILER for name in names])
        reader.refuse(
            "retailer",
            lost,
            f"has no section in {TARIFFS_FILE}",
            lambda row: suggestion(names[row], known) or f"add [{RETAILERS}.{names[row]}] to it",
        )
    return frozen([index.get(name, 0) for name in names], np.int64)


def _charge(prices: _Prices, key: str) -> Int:
    """A charge of the network in every period, 0 where none is given, (T,)."""
    value = prices.file.get("network", key)
    return frozen(prices.of("network", key, 0 if value is None else value), np.int64)


def _sharing(file: TomlFile) -> SharingTerms | None:
    """The terms of sharing; `None` where there is no such section."""
    if not isinstance(file.get("", "sharing"), dict):
        return None
    if file.get("sharing", "key") is None:
        file.refuse_missing("sharing", "key", f'"{KeyKind.PROPORTIONAL}"')
    kind = KeyKind(file.choice("sharing", "key", tuple(KeyKind)))
    unused = Unused(file.choice("sharing", "unused", tuple(Unused)))
    if unused is Unused.MEMBER and kind is not KeyKind.FIXED:
        what, remedy = "goes with the key 'fixed' alone", f'leave it out, or set key = "{KeyKind.FIXED}"'
        file.refuse("sharing", "unused", what, remedy, unused)
        unused = Unused.GIVER
    price = file.get("sharing", "price_per_kwh")
    if price is None:
        file.refuse_missing("sharing", "price_per_kwh", "0.10")
    return SharingTerms(
        kind=kind,
        unused=unused,
        price_micro_per_kwh=0 if price is None else micro_per_kwh(file, "sharing", "price_per_kwh", price),
    )
