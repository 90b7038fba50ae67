"""Tariffs from tariffs.toml, with each section and key declared once."""

from collections.abc import Mapping
from dataclasses import dataclass
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
from gridpact.settlement.energy.keys import KeyKind
from gridpact.settlement.reading.read_bill_terms import BILL, BILL_KEYS, read_bill_terms
from gridpact.settlement.reading.read_sharing import SharingTerms
from gridpact.settlement.tariffs.bill_terms import BillTerms
from gridpact.settlement.tariffs.prices import micro_per_kwh, period_prices
from gridpact.settlement.tariffs.tariffs import LossAllocation, Missing, Mode, Retailer, Tariffs

RETAILERS = "retailers"
SECTIONS: Mapping[str, tuple[str, ...]] = {
    "": ("mode", "missing", "loss_allocation"),
    "network": ("p2p_charge_per_kwh", "retail_charge_per_kwh", "tax_per_kwh"),
    "sharing": ("key", "price_per_kwh"),
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
    content: bytes, frame: Frame, participants: TableReader | None, choices: Choices, problems: Problems
) -> tuple[Tariffs, SharingTerms | None, BillTerms | None] | None:
    """What tariffs.toml says, and of sharing and bills, where it says anything of them.

    Args:
        content: of tariffs.toml.
        frame: whose participants and periods they are.
        participants: their table, in which retailers without a section are refused.
        choices: that go before those of the file.
        problems: takes in what is wrong.

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
    retailers = _retailers(file, frame.horizon, mode)
    p2p_charge, retail_charge, tax = (_charge(file, key) for key in SECTIONS["network"])
    tariffs = Tariffs(
        mode=mode,
        missing=choices.missing or missing,
        loss_allocation=choices.loss_allocation or loss_allocation,
        p2p_charge_micro_per_kwh=p2p_charge,
        retail_charge_micro_per_kwh=retail_charge,
        tax_micro_per_kwh=tax,
        retailers=retailers,
        retailer_of_participant=_retailer_of_participant(file, frame.participants, participants, retailers),
    )
    return tariffs, _sharing(file), read_bill_terms(file, frame.index)


def _retailers(file: TomlFile, horizon: Horizon | None, mode: Mode) -> tuple[Retailer, ...]:
    """The retailers that have a section, in the order of their names."""
    sections = file.get("", RETAILERS)
    if not isinstance(sections, dict) or not sections:
        if sections is None or isinstance(sections, dict):
            remedy = f"add [{RETAILERS}.{DEFAULT_RETAILER}], who supplies what peers do not"
            file.refuse(RETAILERS, "", "has no retailer", remedy)
        return ()
    found = []
    for name in sorted(sections):
        if not isinstance(sections[name], dict):
            near = suggestion(name, RETAILER_KEYS)
            remedy = (
                f"write [{RETAILERS}.{DEFAULT_RETAILER}] above it" if near else f"write [{RETAILERS}.{name}]"
            )
            file.refuse(RETAILERS, name, "is not a retailer's section", remedy)
        elif not name or name != name.strip() or not name.isprintable():
            what = "is empty, has white space around it or a character that cannot be printed"
            file.refuse(RETAILERS, name, what, "give the retailer a plain name")
        else:
            found.append(_retailer(file, name, horizon, mode))
    return tuple(found)


def _retailer(file: TomlFile, name: str, horizon: Horizon | None, mode: Mode) -> Retailer:
    """The retailer of a section, with its prices in every period."""
    section = f"{RETAILERS}.{name}"
    file.refuse_unknown_keys(section, RETAILER_KEYS)
    prices: dict[str, Int] = {}
    for key in RETAILER_KEYS:
        value = file.get(section, key)
        if value is None:
            value = 0
            if key in ALWAYS or mode is Mode.FIRM:
                file.refuse_missing(section, key, EXAMPLES[key])
        per_period = period_prices(file, section, key, value, horizon)
        field = key.replace("_price_per_kwh", "").replace("_per_kwh", "")
        prices[f"{field}_micro_per_kwh"] = frozen(per_period, np.int64)
    return Retailer(name=name, **prices)


def _retailer_of_participant(
    file: TomlFile,
    participants: Participants | None,
    reader: TableReader | None,
    retailers: tuple[Retailer, ...],
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


def _charge(file: TomlFile, key: str) -> int:
    """A charge of the network, 0 where none is given."""
    value = file.get("network", key)
    return 0 if value is None else micro_per_kwh(file, "network", key, value)


def _sharing(file: TomlFile) -> SharingTerms | None:
    """The terms of sharing; `None` where there is no such section."""
    if not isinstance(file.get("", "sharing"), dict):
        return None
    if file.get("sharing", "key") is None:
        file.refuse_missing("sharing", "key", f'"{KeyKind.PROPORTIONAL}"')
    kind = KeyKind(file.choice("sharing", "key", tuple(KeyKind)))
    price = file.get("sharing", "price_per_kwh")
    if price is None:
        file.refuse_missing("sharing", "price_per_kwh", "0.10")
    return SharingTerms(
        kind=kind,
        price_micro_per_kwh=0 if price is None else micro_per_kwh(file, "sharing", "price_per_kwh", price),
    )
