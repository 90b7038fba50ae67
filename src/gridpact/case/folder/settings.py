"""Settings: what case.toml says, with each section and key declared once."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from gridpact.case.case import Allocation, Curtailment, FeedIn, Formulation, PriceRule, Robustness
from gridpact.case.folder.case_files import CASE_FILE, file_inside
from gridpact.case.folder.toml_file import TomlFile, parse_toml
from gridpact.case.horizon import RESOLUTION_MINUTES, Horizon, periods_fault
from gridpact.case.mechanism_traits import network_faults, setting_faults, traits_of
from gridpact.case.periods import period_of
from gridpact.case.reading.problems import Problems
from gridpact.case.setting_faults import SECONDS_EXAMPLE, WORK_MAX, currency_fault, seconds_fault, work_fault
from gridpact.case.times import Fault, read_start, read_time, read_zone
from gridpact.errors import InvalidUsage
from gridpact.fields.scalars import number
from gridpact.grid.limits import THREE_PHASE_LIMITS, Limits, band_fault, range_fault
from gridpact.grid.network_model import OF_THREE_PHASES, NetworkModel, Neutral
from gridpact.grid.source import NetworkSource
from gridpact.plug_ins import DOUBLE_AUCTION, MECHANISMS, RULES, unknown_name

SECTIONS: Mapping[str, tuple[str, ...]] = {
    "": ("name", "currency"),
    "horizon": ("start", "timezone", "resolution", "periods", "open_from"),
    "network": ("builtin", "file", "model", "neutral"),
    "limits": tuple(Limits.__dataclass_fields__),
    "clearing": (
        "formulation",
        "allocation",
        "robust",
        "feed_in",
        "curtailment",
        "work_limit",
        "time_limit_s",
    ),
    "matching": ("mechanism", "price_rule"),
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
    "time_limit_s": SECONDS_EXAMPLE,
    "work_limit": f"{WORK_MAX}",
    **{key: f"{getattr(Limits(), key):g}" for key in SECTIONS["limits"]},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What case.toml says; `None` where it does not say it, or wrongly.

    `network_line` is the line that names the network, `neutral_line` the one that says what its neutral is, 0
    where it is not known; `first_open` is the first period that new trades may use.
    """

    name: str
    currency: str
    horizon: Horizon | None
    first_open: int
    network: NetworkSource | None
    network_line: int
    neutral_line: int
    limits: Limits
    formulation: Formulation
    allocation: str
    robustness: Robustness
    feed_in: FeedIn
    curtailment: Curtailment
    work_max: int
    seconds_max: float
    price_rule: PriceRule
    mechanism: str
    mechanism_settings: Mapping[str, float]


def read_settings(
    content: bytes, folder: Path, problems: Problems, *, needs_network: bool = True
) -> Settings | None:
    """What case.toml says.

    Args:
        content: of case.toml.
        folder: that a network file's name is relative to.
        problems: takes in what is wrong.
        needs_network: whether a file without a section [network] is wrong.

    Returns:
        The settings; `None` where the file is not TOML.
    """
    file = parse_toml(content, CASE_FILE, problems, numbers=NUMBERS)
    if file is None:
        return None
    file.refuse_unknown_sections(SECTIONS)
    mechanism, mechanism_settings = _matching(file)
    for section in (name for name in SECTIONS if name and name != "matching"):
        file.refuse_unknown_keys(section, SECTIONS[section])
    formulation = Formulation(file.choice("clearing", "formulation", tuple(Formulation)))
    horizon, is_needed = _horizon(file), needs_network or "network" in file.values
    network = _network(file, folder) if is_needed else NetworkSource.none()
    settings = Settings(
        name=file.text("", "name", example=EXAMPLES["", "name"]) or "",
        currency=_currency(file),
        horizon=horizon,
        first_open=_first_open(file, horizon),
        network=network,
        network_line=file.line("network", "builtin"),
        neutral_line=file.line("network", "neutral"),
        limits=_limits(file, network),
        formulation=formulation,
        allocation=_plug_in(file, "clearing", "allocation", RULES, Allocation.MAX_VOLUME),
        robustness=Robustness(file.choice("clearing", "robust", tuple(Robustness))),
        feed_in=FeedIn(file.choice("clearing", "feed_in", tuple(FeedIn))),
        curtailment=Curtailment(file.choice("clearing", "curtailment", tuple(Curtailment))),
        work_max=_work_max(file),
        seconds_max=_seconds_max(file),
        price_rule=PriceRule(file.choice("matching", "price_rule", tuple(PriceRule))),
        mechanism=mechanism,
        mechanism_settings=mechanism_settings,
    )
    if traits_of(mechanism).is_on_network:
        _refuse_with_network_auction(settings, file)
    return settings


def _plug_in(file: TomlFile, section: str, key: str, group: str, default: str) -> str:
    """The name of a plug-in, the default where it is absent or cannot be used."""
    value = file.text(section, key)
    if value is None:
        return default
    if fault := unknown_name(group, value):
        file.refuse(section, key, *fault, value)
        return default
    return value


def _matching(file: TomlFile) -> tuple[str, Mapping[str, float]]:
    """The mechanism, and the numbers that it asks for."""
    before = len(file)
    name = _plug_in(file, "matching", "mechanism", MECHANISMS, DOUBLE_AUCTION)
    try:
        traits = traits_of(name)
    except InvalidUsage as error:
        file.refuse("matching", "mechanism", f"is of no use: {error}", "", name)
    if len(file) > before:
        return DOUBLE_AUCTION, {}
    if name != DOUBLE_AUCTION and (value := file.get("matching", "price_rule")) is not None:
        what = f"is of the mechanism '{DOUBLE_AUCTION}', and '{name}' has prices of its own"
        file.refuse("matching", "price_rule", what, "leave it out", value)
    known = (*SECTIONS["matching"], *traits.settings)
    file.refuse_unknown_keys("matching", known)
    given = {key: file.get("matching", key) for key in traits.settings}
    given = {key: value for key, value in given.items() if value is not None}
    for key, fault in setting_faults(traits, name, given).items():
        file.refuse("matching", key, *fault)
    numbers = {key: number(value) for key, value in given.items()}
    for key, value in numbers.items():
        if value is None or not math.isfinite(value):
            remedy = "write a number without quotes, as in 0.10"
            file.refuse("matching", key, "is not a number", remedy, given[key])
    return name, {key: value for key, value in numbers.items() if value is not None}


def _refuse_with_network_auction(settings: Settings, file: TomlFile) -> None:
    """Takes in what of the settings does not go with clearing orders on the network."""
    faults = network_faults(settings.formulation, settings.robustness)
    for name, key in (("formulation", "formulation"), ("robustness", "robust")):
        if name in faults:
            file.refuse("clearing", key, *faults[name], file.get("clearing", key))


def _seconds_max(file: TomlFile) -> float:
    """The time limit of a clearing in seconds; without one, infinity."""
    value = file.get("clearing", "time_limit_s")
    if value is None:
        return math.inf
    refuse = file.refusals("clearing", "time_limit_s", value)
    if not isinstance(value, int | float) or isinstance(value, bool):
        refuse(
            "is not a number", f"write a number of seconds without quotes, as in {NUMBERS['time_limit_s']}"
        )
    elif fault := seconds_fault(value):
        refuse(*fault)
    else:
        return float(value)
    return math.inf


def _work_max(file: TomlFile) -> int:
    """The limit of work of a clearing."""
    value = file.get("clearing", "work_limit")
    if value is None:
        return WORK_MAX
    refuse = file.refusals("clearing", "work_limit", value)
    if not isinstance(value, int) or isinstance(value, bool):
        refuse("is not a whole number", f"write one without quotes, as in {NUMBERS['work_limit']}")
    elif fault := work_fault(value):
        refuse(*fault)
    else:
        return value
    return WORK_MAX


def _currency(file: TomlFile) -> str:
    """The currency, which may be empty."""
    value = file.text("", "currency") or ""
    if fault := currency_fault(value):
        file.refuse("", "currency", *fault, value)
    return value


def _horizon(file: TomlFile) -> Horizon | None:
    """The horizon; `None` where any part of it is wrong."""
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
    """The timezone; `None` where it is missing or not known."""
    name = file.text("horizon", "timezone", example=EXAMPLES["horizon", "timezone"])
    if name is None:
        return None
    zone = read_zone(name)
    if isinstance(zone, Fault):
        file.refuse("horizon", "timezone", zone.what, zone.remedy, name)
        return None
    return zone


def _periods(file: TomlFile) -> int | None:
    """The number of periods; `None` where it is missing or wrong."""
    value = file.get("horizon", "periods")
    if value is None:
        file.refuse_missing("horizon", "periods", EXAMPLES["horizon", "periods"])
    elif fault := periods_fault(value):
        file.refuse("horizon", "periods", fault.what, fault.remedy, value)
    else:
        return int(value)
    return None


def _start(file: TomlFile, zone: ZoneInfo | None) -> datetime | None:
    """The start of the horizon; `None` where it is missing or wrong."""
    value = file.get("horizon", "start")
    if value is None:
        file.refuse_missing("horizon", "start", EXAMPLES["horizon", "start"])
        return None
    start = read_start(value, zone or ZoneInfo("UTC"))
    if isinstance(start, Fault):
        file.refuse("horizon", "start", start.what, start.remedy, value)
        return None
    return start


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
    """Where the network comes from and how it is modelled; `None` unless all of that is known."""
    before = len(file)
    model = NetworkModel(file.choice("network", "model", tuple(NetworkModel)))
    neutral = Neutral(file.choice("network", "neutral", tuple(Neutral)))
    is_known = len(file) == before
    if is_known and model is NetworkModel.BALANCED and (said := file.get("network", "neutral")) is not None:
        file.refuse("network", "neutral", *OF_THREE_PHASES, said)
        neutral = Neutral.RETURN
    given = [key for key in ("builtin", "file") if file.get("network", key) is not None]
    if len(given) != 1:
        what = "has both builtin and file" if given else "needs one of builtin and file"
        remedy = "keep one" if given else "write one"
        settled = "" if given else "; without a network a case can only be settled"
        file.refuse("network", "", what, f'{remedy}, as in builtin = "pandapower/cigre_lv"{settled}')
        return None
    value = file.text("network", given[0])
    if value is None:
        return None
    if given[0] == "builtin":
        return NetworkSource(builtin=value, model=model, neutral=neutral) if is_known else None
    refuse = file.refusals("network", "file", value)
    found = file_inside(folder, value)
    if isinstance(found, Fault):
        refuse(found.what, found.remedy)
        return None
    return NetworkSource(file=folder / value, model=model, neutral=neutral) if is_known else None


def _limits(file: TomlFile, network: NetworkSource | None) -> Limits:
    """The limits, with their defaults for those that are not given; a balanced network has fewer."""
    given = dict(_given_limits(file))
    for key in THREE_PHASE_LIMITS if network is not None and not network.is_three_phase else ():
        if (value := file.get("limits", key)) is not None:
            file.refuse("limits", key, *OF_THREE_PHASES, value)
    low, high = (given.get(key, getattr(Limits(), key)) for key in ("voltage_min_pu", "voltage_max_pu"))
    if fault := band_fault(low, high):
        key = "voltage_min_pu" if "voltage_min_pu" in given else "voltage_max_pu"
        file.refuse("limits", key, *fault, given[key])
        return Limits()
    return Limits(**given)


def _given_limits(file: TomlFile) -> Iterator[tuple[str, float]]:
    """The limits that are given and right, by their keys."""
    for key in SECTIONS["limits"]:
        value = file.get("limits", key)
        if value is None:
            continue
        refuse = file.refusals("limits", key, value)
        if not isinstance(value, int | float) or isinstance(value, bool):
            refuse("is not a number", f"write a number without quotes, as in {NUMBERS[key]}")
        elif fault := range_fault(key, value):
            refuse(*fault)
        else:
            yield key, float(value)
