"""Settings: what case.toml says, with each section and key declared once."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from gridpact.case.case import SECONDS_MAX, Allocation, Formulation, PriceRule, Robustness
from gridpact.case.files import CASE_FILE, file_inside
from gridpact.case.horizon import RESOLUTION_MINUTES, Horizon
from gridpact.case.problems import Problems
from gridpact.case.times import Fault, period_of, read_time
from gridpact.case.toml_file import TomlFile, parse_toml
from gridpact.grid.limits import Limits
from gridpact.grid.source import NetworkSource

PERIODS_MAX = 105_408  # a leap year of 5 minutes
YEARS = range(1980, 2200)
SECTIONS: Mapping[str, tuple[str, ...]] = {
    "": ("name", "currency"),
    "horizon": ("start", "timezone", "resolution", "periods", "open_from"),
    "network": ("builtin", "file"),
    "limits": tuple(Limits.__dataclass_fields__),
    "clearing": ("formulation", "allocation", "robust", "time_limit_s"),
    "matching": ("price_rule",),
}
EXAMPLES: Mapping[tuple[str, str], str] = {
    ("", "name"): '"Village street"',
    ("horizon", "start"): '"2024-06-21T00:00"',
    ("horizon", "timezone"): '"Europe/Lisbon"',
    ("horizon", "resolution"): '"1h"',
    ("horizon", "periods"): "24",
}
NUMBERS: Mapping[str, str] = {
    "periods": EXAMPLES["horizon", "periods"],
    "time_limit_s": f"{SECONDS_MAX:g}",
    **{key: f"{getattr(Limits(), key):g}" for key in SECTIONS["limits"]},
}
VOLTAGE_PU, LOADING_PERCENT = (0.5, 1.5), (0.0, 1000.0)
TIME_LIMIT_MAX_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What case.toml says; `None` where it does not say it, or wrongly.

    `network_line` is the line that names the network, 0 where it is not known; `first_open` is the first
    period that new trades may use.
    """

    name: str
    currency: str
    horizon: Horizon | None
    first_open: int
    network: NetworkSource | None
    network_line: int
    limits: Limits
    formulation: Formulation
    allocation: Allocation
    robustness: Robustness
    seconds_max: float
    price_rule: PriceRule


def read_settings(content: bytes, folder: Path, problems: Problems) -> Settings | None:
    """What case.toml says.

    Args:
        content: of case.toml.
        folder: that a network file's name is relative to.
        problems: takes in what is wrong.

    Returns:
        The settings; `None` where the file is not TOML.
    """
    file = parse_toml(content, CASE_FILE, problems, numbers=NUMBERS)
    if file is None:
        return None
    file.refuse_unknown_sections(SECTIONS)
    for section in (name for name in SECTIONS if name):
        file.refuse_unknown_keys(section, SECTIONS[section])
    formulation = Formulation(file.choice("clearing", "formulation", tuple(Formulation)))
    horizon = _horizon(file)
    return Settings(
        name=file.text("", "name", example=EXAMPLES["", "name"]) or "",
        currency=_currency(file),
        horizon=horizon,
        first_open=_first_open(file, horizon),
        network=_network(file, folder),
        network_line=file.line("network", "builtin"),
        limits=_limits(file),
        formulation=formulation,
        allocation=_allocation(file, formulation),
        robustness=Robustness(file.choice("clearing", "robust", tuple(Robustness))),
        seconds_max=_seconds_max(file),
        price_rule=PriceRule(file.choice("matching", "price_rule", tuple(PriceRule))),
    )


def _allocation(file: TomlFile, formulation: Formulation) -> Allocation:
    allocation = Allocation(file.choice("clearing", "allocation", tuple(Allocation)))
    if not formulation.offers(allocation):
        remedy = f"write formulation = 'ac', or allocation = '{Allocation.MAX_VOLUME}'"
        file.refuse(
            "clearing", "allocation", f"does not go with formulation '{formulation}'", remedy, allocation
        )
    return allocation


def _seconds_max(file: TomlFile) -> float:
    value = file.get("clearing", "time_limit_s")
    if value is None:
        return SECONDS_MAX
    refuse = file.refusals("clearing", "time_limit_s", value)
    if not isinstance(value, int | float) or isinstance(value, bool):
        refuse(
            "is not a number", f"write a number of seconds without quotes, as in {NUMBERS['time_limit_s']}"
        )
    elif not 0.0 < value <= TIME_LIMIT_MAX_S:
        refuse("is out of range", f"write a number above 0, up to {TIME_LIMIT_MAX_S:g}, in seconds")
    else:
        return float(value)
    return SECONDS_MAX


def _currency(file: TomlFile) -> str:
    value = file.text("", "currency") or ""
    if value and not re.fullmatch(r"[A-Z]{3}", value):
        file.refuse("", "currency", "is not an ISO 4217 code", 'write three capitals, as in "EUR"', value)
    return value


def _horizon(file: TomlFile) -> Horizon | None:
    zone = _zone(file)
    resolution = file.text("horizon", "resolution", example=EXAMPLES["horizon", "resolution"])
    if resolution is not None and resolution not in RESOLUTION_MINUTES:
        remedy = f"write {', '.join(RESOLUTION_MINUTES)}"
        file.refuse("horizon", "resolution", "is not a resolution", remedy, resolution)
        resolution = None
    periods = _periods(file)
    start = _start(file, zone)
    if zone is None or resolution is None or periods is None or start is None:
        return None
    return Horizon(start=start, timezone=zone.key, resolution=resolution, periods=periods)


def _zone(file: TomlFile) -> ZoneInfo | None:
    name = file.text("horizon", "timezone", example=EXAMPLES["horizon", "timezone"])
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = get_close_matches(name[:80], sorted(available_timezones()), n=1)
        remedy = f"did you mean '{near[0]}'?" if near else "write an IANA name, as in Europe/Lisbon"
        file.refuse("horizon", "timezone", "is not a known timezone", remedy, name)
        return None


def _periods(file: TomlFile) -> int | None:
    value = file.get("horizon", "periods")
    if value is None:
        file.refuse_missing("horizon", "periods", EXAMPLES["horizon", "periods"])
    elif not isinstance(value, int) or isinstance(value, bool):
        remedy = f"write digits without quotes or a point, as in {NUMBERS['periods']}"
        file.refuse("horizon", "periods", "is not a whole number", remedy, value)
    elif not 1 <= value <= PERIODS_MAX:
        file.refuse("horizon", "periods", "is out of range", f"write 1 to {PERIODS_MAX}", value)
    else:
        return value
    return None


def _start(file: TomlFile, zone: ZoneInfo | None) -> datetime | None:
    value = file.get("horizon", "start")
    if value is None:
        file.refuse_missing("horizon", "start", EXAMPLES["horizon", "start"])
        return None
    refuse = file.refusals("horizon", "start", value)
    if not isinstance(value, str | datetime):
        refuse("is not a time", "write it as in 2024-06-21T00:00")
        return None
    start = read_time(value, zone or ZoneInfo("UTC"))
    if isinstance(start, Fault):
        refuse(start.what, start.remedy)
    elif start.year not in YEARS:
        refuse("is out of range", f"write a year from {YEARS[0]} to {YEARS[-1]}")
    elif start.second or start.microsecond:
        refuse("is not a whole minute", f"write {start.isoformat(timespec='minutes')}")
    else:
        return start
    return None


def _first_open(file: TomlFile, horizon: Horizon | None) -> int:
    """The first period that is open to new trades, T where none is."""
    value = file.get("horizon", "open_from")
    if value is None or horizon is None:
        return 0
    refuse = file.refusals("horizon", "open_from", value)
    if not isinstance(value, str | datetime):
        refuse("is not a time", "write it as in 2024-06-21T10:00")
        return 0
    time = read_time(value, ZoneInfo(horizon.timezone))
    is_end = not isinstance(time, Fault) and time == horizon.instant(horizon.periods)
    period = time if isinstance(time, Fault) else period_of(time, horizon, is_end=is_end)
    if isinstance(period, Fault):
        refuse(period.what, period.remedy)
        return 0
    return period


def _network(file: TomlFile, folder: Path) -> NetworkSource | None:
    given = [key for key in SECTIONS["network"] if file.get("network", key) is not None]
    if len(given) != 1:
        what = "needs one of builtin and file" if not given else "has both builtin and file"
        file.refuse("network", "", what, 'keep one, as in builtin = "pandapower/cigre_lv"')
        return None
    value = file.text("network", given[0])
    if value is None:
        return None
    if given[0] == "builtin":
        return NetworkSource(builtin=value)
    refuse = file.refusals("network", "file", value)
    found = file_inside(folder, value)
    if isinstance(found, Fault):
        refuse(found.what, found.remedy)
        return None
    return NetworkSource(file=folder / value)


def _limits(file: TomlFile) -> Limits:
    given = dict(_given_limits(file))
    limits = Limits(**given)
    if limits.voltage_min_pu >= limits.voltage_max_pu:
        key = "voltage_min_pu" if "voltage_min_pu" in given else "voltage_max_pu"
        what = f"leaves no band: {limits.voltage_min_pu} to {limits.voltage_max_pu} pu"
        file.refuse("limits", key, what, "the minimum is below the maximum", given[key])
    return limits


def _given_limits(file: TomlFile) -> Iterator[tuple[str, float]]:
    for key in SECTIONS["limits"]:
        value = file.get("limits", key)
        if value is None:
            continue
        refuse = file.refusals("limits", key, value)
        if not isinstance(value, int | float) or isinstance(value, bool):
            refuse("is not a number", f"write a number without quotes, as in {NUMBERS[key]}")
        elif key.endswith("_pu") and not VOLTAGE_PU[0] <= value <= VOLTAGE_PU[1]:
            refuse("is out of range", "write 0.5 to 1.5, in pu of nominal; is the value in volts?")
        elif key.endswith("_percent") and not LOADING_PERCENT[0] < value <= LOADING_PERCENT[1]:
            refuse("is out of range", "write a number above 0, up to 1000, in percent")
        else:
            yield key, float(value)
