"""`[uftp]` of standards.toml: an aggregator, its DSO, and who stands behind which congestion point."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

from gridpact.bridges.standards.names_of_participants import NAME_ONE, NOBODY
from gridpact.case.folder.toml_file import TomlFile
from gridpact.case.reading.problems import suggestion
from gridpact.case.times import Fault, read_zone

UFTP, POINTS_KEY, ORDERS = "uftp", "congestion_points", "orders"
PRICES = ("buy_price_per_kwh", "sell_price_per_kwh")
UFTP_KEYS = ("aggregator", "dso", "timezone", *PRICES, POINTS_KEY, ORDERS)
# UFTP-V3.0-common.xsd: InternetDomainType, EntityAddressType, TimeZoneNameType.
_DOMAIN = re.compile(r"([a-z0-9]+(-[a-z0-9]+)*\.)+[a-z]{2,}")
_ADDRESS = re.compile(r"(ea1\.[0-9]{4}-[0-9]{2}\..{1,244}:.{1,244}|ean\.[0-9]{12,34})")
_ZONE = re.compile(r"(Africa|America|Australia|Europe|Pacific)/[a-zA-Z0-9_/]{3,}")
EXAMPLE_POINT = '"ean.871685900012636543" = ["h01", "h02"]'
PRICE_MAX = 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class UftpTerms:
    """What D-Prognoses and FlexOrders need beside the schedule.

    Attributes:
        aggregator, dso: Internet domains of the parties.
        timezone: IANA name of the zone whose days are the periods.
        members: participants behind each congestion point, by its entity address.
        orders: who hands in the orders that FlexOrders of a congestion point make, by its entity address.
        buy_price_per_kwh, sell_price_per_kwh: limit prices of such orders; `None` where not said.
    """

    aggregator: str
    dso: str
    timezone: str
    members: Mapping[str, tuple[str, ...]]
    orders: Mapping[str, str]
    buy_price_per_kwh: float | None
    sell_price_per_kwh: float | None


def read_uftp_terms(file: TomlFile, participants: tuple[str, ...] | None) -> UftpTerms:
    """What `[uftp]` says; what is wrong with it goes into the problems of the file.

    Args:
        file: standards.toml.
        participants: that are known; `None` where that is not known.
    """
    file.refuse_unknown_keys(UFTP, UFTP_KEYS)
    members = _members(file, participants)
    prices = {key: _price(file, key) for key in PRICES}
    return UftpTerms(
        aggregator=_domain(file, "aggregator", '"agr.example.com"'),
        dso=_domain(file, "dso", '"dso.example.com"'),
        timezone=_timezone(file),
        members=members,
        orders=_orders(file, members),
        buy_price_per_kwh=prices[PRICES[0]],
        sell_price_per_kwh=prices[PRICES[1]],
    )


def _domain(file: TomlFile, key: str, example: str) -> str:
    """An Internet domain; empty where it cannot be used, which is a problem."""
    domain = file.text(UFTP, key, example=example)
    if domain is not None and not _DOMAIN.fullmatch(domain):
        file.refuse(UFTP, key, "is not an Internet domain in small letters", f"write {example}", domain)
    return domain or ""


def _timezone(file: TomlFile) -> str:
    """The time zone of the days; empty where it cannot be used, which is a problem."""
    name = file.text(UFTP, "timezone", example='"Europe/Lisbon"')
    if name is None:
        return ""
    zone = read_zone(name)
    if isinstance(zone, Fault):
        file.refuse(UFTP, "timezone", zone.what, zone.remedy, name)
    elif not _ZONE.fullmatch(name):
        what = "is no time zone that a message can name"
        file.refuse(
            UFTP, "timezone", what, "write one of Europe, Africa, America, Australia or Pacific", name
        )
    return name


def _price(file: TomlFile, key: str) -> float | None:
    """A limit price; `None` where it is not said, or cannot be used, which is a problem."""
    value = file.get(UFTP, key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        file.refuse(UFTP, key, "is not a number", f"write {key} = 0.20", value)
        return None
    if not isfinite(value) or abs(value) > PRICE_MAX:
        file.refuse(UFTP, key, "is out of range", f"write −{PRICE_MAX:,.0f} to {PRICE_MAX:,.0f}", value)
        return None
    return float(value)


def _members(file: TomlFile, participants: tuple[str, ...] | None) -> Mapping[str, tuple[str, ...]]:
    """The participants behind each congestion point."""
    inner = f"{UFTP}.{POINTS_KEY}"
    table = file.get(UFTP, POINTS_KEY)
    if not isinstance(table, dict) or not table:
        file.refuse(UFTP, POINTS_KEY, "is missing", f"add [{inner}], with a line as in {EXAMPLE_POINT}")
        return {}
    found: dict[str, tuple[str, ...]] = {}
    place: dict[str, str] = {}
    for address, names in table.items():
        if not _ADDRESS.fullmatch(address):
            what = "is not the entity address of a congestion point"
            file.refuse(inner, address, what, "write ean. and 12 to 34 digits, or ea1.YYYY-MM.DOMAIN:NAME")
        if not isinstance(names, list) or not names or not all(isinstance(each, str) for each in names):
            file.refuse(inner, address, "is not a list of participants", f"write {EXAMPLE_POINT}", names)
            continue
        for name in names:
            if participants is not None and name not in participants:
                file.refuse(inner, address, NOBODY, suggestion(name, participants) or NAME_ONE, name)
            if name in place:
                what = f"names a participant that is behind '{place[name]}' already"
                file.refuse(inner, address, what, "name each once", name)
            place.setdefault(name, address)
        found[address] = tuple(names)
    return found


def _orders(file: TomlFile, members: Mapping[str, tuple[str, ...]]) -> Mapping[str, str]:
    """Who hands in orders for each congestion point."""
    inner = f"{UFTP}.{ORDERS}"
    table = file.get(UFTP, ORDERS)
    if table is not None and not isinstance(table, dict):
        file.refuse(UFTP, ORDERS, "is not a section", f"write [{inner}] on a line of its own")
        return {}
    found = {}
    for address in table or {}:
        name = file.text(inner, address)
        if address not in members:
            what = f"is not a congestion point of [{UFTP}.{POINTS_KEY}]"
            file.refuse(inner, address, what, suggestion(address, members))
        elif name is not None and name not in members[address]:
            what, remedy = "is not behind this congestion point", suggestion(name, members[address])
            file.refuse(
                inner, address, what, remedy or f"name one of {', '.join(members[address][:5])}", name
            )
        if name is not None:
            found[address] = name
    return found
