"""Settings: what case.toml says, with each section and key declared once."""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path, PurePath
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from gridpact.case.case import Allocation, Formulation, PriceRule
from gridpact.case.files import CASE_FILE
from gridpact.case.horizon import RESOLUTION_MINUTES, Horizon
from gridpact.case.problems import Problems, shown, suggestion
from gridpact.case.times import Fault, read_time
from gridpact.errors import Problem
from gridpact.grid.limits import Limits
from gridpact.grid.source import NetworkSource

PERIODS_MAX = 105_408  # a leap year of 5 minutes
YEARS = range(1980, 2200)
SECTIONS: Mapping[str, tuple[str, ...]] = {
    "": ("name", "currency"),
    "horizon": ("start", "timezone", "resolution", "periods"),
    "network": ("builtin", "file"),
    "limits": tuple(Limits.__dataclass_fields__),
    "clearing": ("formulation", "allocation"),
    "matching": ("price_rule",),
}
EXAMPLES: Mapping[tuple[str, str], str] = {
    ("", "name"): '"Village street"',
    ("horizon", "start"): '"2024-06-21T00:00"',
    ("horizon", "timezone"): '"Europe/Lisbon"',
    ("horizon", "resolution"): '"1h"',
    ("horizon", "periods"): "24",
}
VOLTAGE_PU, LOADING_PERCENT = (0.5, 1.5), (0.0, 1000.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What case.toml says; `None` where it does not say it, or wrongly.

    `network_line` is the line that names the network, 0 where it is not known.
    """

    name: str
    currency: str
    horizon: Horizon | None
    network: NetworkSource | None
    network_line: int
    limits: Limits
    formulation: Formulation
    allocation: Allocation
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
    values = _parse(content, problems)
    if values is None:
        return None
    file = _SettingsFile(values, _key_lines(content.decode("utf-8-sig")), problems)
    file.refuse_unknown()
    formulation = Formulation(file.choice("clearing", "formulation", tuple(Formulation)))
    return Settings(
        name=file.text("", "name") or "",
        currency=_currency(file),
        horizon=_horizon(file),
        network=_network(file, folder),
        network_line=file.line("network", "builtin"),
        limits=_limits(file),
        formulation=formulation,
        allocation=_allocation(file, formulation),
        price_rule=PriceRule(file.choice("matching", "price_rule", tuple(PriceRule))),
    )


def _parse(content: bytes, problems: Problems) -> dict[str, Any] | None:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        what, remedy = "is not UTF-8 text", "save the file as UTF-8"
        problems.add(Problem(file=CASE_FILE, line=line, what=what, remedy=remedy))
        return None
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        at_line = re.search(r"\(at line (\d+), column \d+\)", str(error))
        at_end = "end of document" in str(error)
        line = int(at_line[1]) if at_line else len(text.splitlines()) if at_end else 0
        reason = re.sub(r" \(at .*\)$", "", str(error))
        remedy = _quotes_remedy(text.split("\n")[line - 1]) if line else ""
        problems.add(Problem(file=CASE_FILE, line=line, what=f"is not TOML: {reason}", remedy=remedy))
        return None


def _quotes_remedy(line: str) -> str:
    """The remedy for a line whose value looks like text without quotes; empty for any other."""
    entry = re.match(r"""\s*([\w.-]+)\s*=\s*([^\s"'\[{#][^"'#]*)""", line)
    if entry is None or not re.search(r"[A-Za-z/:]", entry[2]):
        return ""
    return f'write text in quotes, as in {entry[1]} = "{shown(entry[2].strip())}"'


def _key_lines(text: str) -> dict[tuple[str, str], int]:
    """The line of each section, as (section, ""), and of each key that stands at the start of a line."""
    lines: dict[tuple[str, str], int] = {}
    section = ""
    for line, content in enumerate(text.split("\n"), start=1):
        if head := re.match(r"\s*\[\s*([^\[\]]+?)\s*\]", content):
            section = head[1].strip("\"'")
            lines.setdefault((section, ""), line)
        elif entry := re.match(r"\s*([^\s=#]+?)\s*=", content):
            outer, dot, inner = entry[1].partition(".")
            key = (outer, inner) if dot and not section else (section, entry[1].strip("\"'"))
            lines.setdefault(key, line)
            if not section and not dot:
                lines.setdefault((key[1], ""), line)
    return lines


class _SettingsFile:
    """Takes checked values out of a parsed case.toml."""

    def __init__(
        self, values: Mapping[str, Any], lines: Mapping[tuple[str, str], int], problems: Problems
    ) -> None:
        self._values = values
        self._lines = lines
        self._problems = problems

    def line(self, section: str, key: str) -> int:
        """The line of a key, of its section where the key is absent, 0 where neither is found."""
        return self._lines.get((section, key)) or self._lines.get((section, ""), 0)

    def refuse(self, section: str, key: str, what: str, remedy: str = "", value: object = "") -> None:
        """Takes in a problem at a key, or at its section where the key is absent."""
        problem = Problem(
            file=CASE_FILE,
            line=self.line(section, key),
            field=shown(".".join(part for part in (section, key) if part)),
            value=shown(value),
            what=what,
            remedy=remedy,
        )
        self._problems.add(problem)

    def refuse_missing(self, section: str, key: str) -> None:
        """Takes in that a required key is absent."""
        place = f" to [{section}]" if section else " above the sections"
        self.refuse(section, key, "is missing", f"add {key} = {EXAMPLES[section, key]}{place}")

    def refuse_unknown(self) -> None:
        """Takes in every section and key that is not declared."""
        tables = [name for name in SECTIONS if name]
        for name, value in self._values.items():
            if name in SECTIONS[""]:
                continue
            if name not in SECTIONS or not name:
                near = suggestion(name, (*tables, *SECTIONS[""]))
                self.refuse(name, "", "is not known", near or f"the sections are {', '.join(tables)}")
            elif not isinstance(value, dict):
                self.refuse(name, "", "is not a section", f"write [{name}] on a line of its own")
            else:
                for key in (key for key in value if key not in SECTIONS[name]):
                    remedy = suggestion(key, SECTIONS[name]) or f"known are {', '.join(SECTIONS[name])}"
                    self.refuse(name, key, "is not known", remedy)

    def get(self, section: str, key: str) -> Any:
        """The value of a key, unchecked; `None` where it is absent."""
        table = self._values.get(section, {}) if section else self._values
        return table.get(key) if isinstance(table, dict) else None

    def text(self, section: str, key: str, *, required: bool = True) -> str | None:
        """The value of a key that is printable text."""
        value = self.get(section, key)
        if value is None:
            if required:
                self.refuse_missing(section, key)
            return None
        if not isinstance(value, str):
            self.refuse(section, key, "is not text", "write it in quotes", value)
        elif not value or value != value.strip() or not value.isprintable():
            what = "is empty, has white space around it or a character that cannot be printed"
            self.refuse(section, key, what, "write plain text", value)
        else:
            return value
        return None

    def choice(self, section: str, key: str, offered: tuple[str, ...]) -> str:
        """The value of a key that is one of several, the first where it is absent or cannot be used."""
        value = self.text(section, key, required=False)
        if value is None or value in offered:
            return value or offered[0]
        options = " or ".join(f"'{option}'" for option in offered)
        remedy = suggestion(value, offered) or f"write {options}"
        self.refuse(section, key, f"is not a known {key}", remedy, value)
        return offered[0]

    def refusals(self, section: str, key: str, value: object) -> Callable[[str, str], None]:
        """A function of what and remedy that takes in a problem with a value."""
        return lambda what, remedy: self.refuse(section, key, what, remedy, value)


def _allocation(file: _SettingsFile, formulation: Formulation) -> Allocation:
    allocation = Allocation(file.choice("clearing", "allocation", tuple(Allocation)))
    if not formulation.offers(allocation):
        remedy = f"write formulation = 'ac', or allocation = '{Allocation.MAX_VOLUME}'"
        file.refuse(
            "clearing", "allocation", f"does not go with formulation '{formulation}'", remedy, allocation
        )
    return allocation


def _currency(file: _SettingsFile) -> str:
    value = file.text("", "currency", required=False) or ""
    if value and not re.fullmatch(r"[A-Z]{3}", value):
        file.refuse("", "currency", "is not an ISO 4217 code", 'write three capitals, as in "EUR"', value)
    return value


def _horizon(file: _SettingsFile) -> Horizon | None:
    zone = _zone(file)
    resolution = file.text("horizon", "resolution")
    if resolution is not None and resolution not in RESOLUTION_MINUTES:
        remedy = f"write {', '.join(RESOLUTION_MINUTES)}"
        file.refuse("horizon", "resolution", "is not a resolution", remedy, resolution)
        resolution = None
    periods = _periods(file)
    start = _start(file, zone)
    if zone is None or resolution is None or periods is None or start is None:
        return None
    return Horizon(start=start, timezone=zone.key, resolution=resolution, periods=periods)


def _zone(file: _SettingsFile) -> ZoneInfo | None:
    name = file.text("horizon", "timezone")
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = get_close_matches(name[:80], sorted(available_timezones()), n=1)
        remedy = f"did you mean '{near[0]}'?" if near else "write an IANA name, as in Europe/Lisbon"
        file.refuse("horizon", "timezone", "is not a known timezone", remedy, name)
        return None


def _periods(file: _SettingsFile) -> int | None:
    value = file.get("horizon", "periods")
    if value is None:
        file.refuse_missing("horizon", "periods")
    elif not isinstance(value, int) or isinstance(value, bool):
        file.refuse(
            "horizon", "periods", "is not a whole number", "write it without quotes or a point", value
        )
    elif not 1 <= value <= PERIODS_MAX:
        file.refuse("horizon", "periods", "is out of range", f"write 1 to {PERIODS_MAX}", value)
    else:
        return value
    return None


def _start(file: _SettingsFile, zone: ZoneInfo | None) -> datetime | None:
    value = file.get("horizon", "start")
    if value is None:
        file.refuse_missing("horizon", "start")
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


def _network(file: _SettingsFile, folder: Path) -> NetworkSource | None:
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
    path = folder / value
    if PurePath(value).is_absolute():
        refuse("is not relative to the case folder", "copy the file there and give its name")
    elif not path.is_file():
        refuse("does not exist", "give the name of a file in the case folder")
    else:
        return NetworkSource(file=path)
    return None


def _limits(file: _SettingsFile) -> Limits:
    given = dict(_given_limits(file))
    limits = Limits(**given)
    if limits.voltage_min_pu >= limits.voltage_max_pu:
        key = "voltage_min_pu" if "voltage_min_pu" in given else "voltage_max_pu"
        what = f"leaves no band: {limits.voltage_min_pu} to {limits.voltage_max_pu} pu"
        file.refuse("limits", key, what, "the minimum is below the maximum", given[key])
    return limits


def _given_limits(file: _SettingsFile) -> Iterator[tuple[str, float]]:
    for key in SECTIONS["limits"]:
        value = file.get("limits", key)
        if value is None:
            continue
        refuse = file.refusals("limits", key, value)
        if not isinstance(value, int | float) or isinstance(value, bool):
            refuse("is not a number", "write it without quotes")
        elif key.endswith("_pu") and not VOLTAGE_PU[0] <= value <= VOLTAGE_PU[1]:
            refuse("is out of range", "write 0.5 to 1.5, in pu of nominal; is the value in volts?")
        elif key.endswith("_percent") and not LOADING_PERCENT[0] < value <= LOADING_PERCENT[1]:
            refuse("is out of range", "write a number above 0, up to 1000, in percent")
        else:
            yield key, float(value)
