"""What operators say of a market: written as the settings of a case, and checked by the case's own reader."""

import json
import tempfile
from collections.abc import Mapping, Set
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from gridpact.case.folder.check import read_network
from gridpact.case.folder.settings import SECTIONS, Settings, read_settings
from gridpact.case.reading.problems import Problems
from gridpact.clearing.option_agreement import check_options
from gridpact.errors import InvalidUsage
from gridpact.gate.market.json_tables import escaped, joined, new_problems, number_fault, plain
from gridpact.gate.words.gate_names import shown
from gridpact.gate.words.refused import FieldProblem
from gridpact.grid.network import Network

NETWORK_FILE = "network.json"
OF_HORIZON = ("timezone", "resolution")
TABLES = tuple(section for section in SECTIONS if section not in ("", "horizon"))
ORDERS_MAX = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules of a market beside those of its clearing."""

    signatures: str = "optional"
    anonymous: bool = True
    show_elements: bool = False
    orders_max: int = 1000
    price_min_per_kwh: float = -1e6
    price_max_per_kwh: float = 1e6
    late_gates: bool = False


def rules_of(document: Mapping[str, Any]) -> Rules:
    """The rules of a market's document, which is right."""
    return Rules(**{name: _plain(value) for name, value in document.get("rules", {}).items()})


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


def settings_text(document: Mapping[str, Any], horizon: Mapping[str, Any]) -> str:
    """The text of case.toml for a market and a horizon.

    Args:
        document: of the market.
        horizon: `start`, `periods` and, where some are closed, `open_from`.
    """
    tables: dict[str, dict[str, Any]] = {
        "": {name: document[name] for name in SECTIONS[""] if name in document},
        "horizon": {**horizon, **{name: document[name] for name in OF_HORIZON if name in document}},
        **{name: dict(document.get(name, {})) for name in TABLES},
    }
    if "builtin" not in tables["network"]:
        tables["network"]["file"] = NETWORK_FILE
    lines = []
    for name, values in tables.items():
        lines += [f"[{name}]"] if name and values else []
        lines += [f"{key} = {_toml(value)}" for key, value in values.items() if value is not None]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    return json.dumps(_plain(value), ensure_ascii=False).replace("\x7f", "\\u007F")


def market_problems(document: Mapping[str, Any]) -> list[FieldProblem]:
    """Everything that is wrong with the document of a market."""
    problems = _shape_problems(document)
    form = {problem.pointer for problem in problems}
    document = _without(document, form)
    rules = rules_of(document)
    if rules.price_min_per_kwh > rules.price_max_per_kwh:
        what, remedy = "is below price_min_per_kwh", f"write {plain(rules.price_min_per_kwh)} or more"
        value = plain(rules.price_max_per_kwh)
        pointer = "/rules/price_max_per_kwh"
        problems.append(FieldProblem(pointer=pointer, value=value, what=what, remedy=remedy))
    found = new_problems()
    settings = _settings_of(document, found)
    is_whole = not form and not len(found)
    if is_whole and settings is not None and settings.network is not None:
        if settings.network.file is None:
            read_network(settings, found)
        try:
            check_options(settings)
        except InvalidUsage as error:
            problems.append(FieldProblem(pointer="/clearing", what=str(error)))
    return joined(problems, _placed(found, document))


def _without(document: Mapping[str, Any], pointers: Set[str]) -> dict[str, Any]:
    """A document without the members that pointers name, and what is in them."""
    return {
        name: {key: each for key, each in value.items() if f"{place}/{escaped(key)}" not in pointers}
        if isinstance(value, dict)
        else value
        for name, value in document.items()
        if (place := f"/{escaped(name)}") not in pointers
    }


def network_of(document: Mapping[str, Any], content: bytes | None, problems: Problems) -> Network | None:
    """The network of a market; `None` where it cannot be used, which is then a problem.

    Args:
        document: of the market.
        content: of its network file, where it is not built in.
        problems: takes in what is wrong.
    """
    with tempfile.TemporaryDirectory(prefix="gridpact-") as name:
        folder = Path(name)
        (folder / NETWORK_FILE).write_bytes(content or b"")
        return read_network(_read(document, folder, problems), problems)


def needs_network_file(document: Mapping[str, Any]) -> bool:
    """Whether the network of a market is not built in."""
    return "builtin" not in document.get("network", {})


def _settings_of(document: Mapping[str, Any], problems: Problems) -> Settings | None:
    with tempfile.TemporaryDirectory(prefix="gridpact-") as name:
        folder = Path(name)
        (folder / NETWORK_FILE).touch()
        return _read(document, folder, problems)


def _read(document: Mapping[str, Any], folder: Path, problems: Problems) -> Settings | None:
    text = settings_text(document, {"start": "2000-01-01T00:00+00:00", "periods": 1})
    return read_settings(text.encode(), folder, problems)


def _shape_problems(document: Mapping[str, Any]) -> list[FieldProblem]:
    """What has no place in a market's document, or a type that no setting has."""
    known = (*SECTIONS[""], *OF_HORIZON, *TABLES, "rules")
    problems = []
    for name, value in document.items():
        place = f"/{escaped(name)}"
        if name not in known:
            what, remedy = "is not known", f"known are {', '.join(known)}"
            problems.append(FieldProblem(pointer=place, value=shown(value), what=what, remedy=remedy))
        elif name in (*TABLES, "rules"):
            problems += _table_problems(place, name, value)
        elif not isinstance(value, str):
            problems.append(_not_text(place, value))
    return problems


def _table_problems(place: str, name: str, value: Any) -> list[FieldProblem]:
    """What is wrong with an object of a market's document."""
    if not isinstance(value, dict):
        return [FieldProblem(pointer=place, value=shown(value), what="is not an object")]
    if name == "rules":
        return [problem for rule, each in value.items() for problem in _rule_problems(rule, each)]
    problems = []
    for key, each in value.items():
        pointer = f"{place}/{escaped(key)}"
        if (name, key) == ("network", "file"):
            remedy = "leave it out, and put the file at …/network"
            problems.append(
                FieldProblem(pointer=pointer, value=shown(each), what="is not taken", remedy=remedy)
            )
        elif key not in SECTIONS[name]:
            what, remedy = "is not known", f"known are {', '.join(SECTIONS[name])}"
            problems.append(FieldProblem(pointer=pointer, value=shown(each), what=what, remedy=remedy))
        elif (
            isinstance(each, dict | list)
            or each is None
            or (isinstance(each, str) and any(ord(character) < ord(" ") for character in each))
        ):
            problems.append(_not_text(pointer, each))
        elif isinstance(each, int | Decimal) and not isinstance(each, bool) and (fault := number_fault(each)):
            what, remedy = fault
            problems.append(FieldProblem(pointer=pointer, value=shown(each), what=what, remedy=remedy))
    return problems


def _not_text(pointer: str, value: Any) -> FieldProblem:
    return FieldProblem(
        pointer=pointer, value=shown(value), what="is not a plain value", remedy="write text or a number"
    )


def _rule_problems(rule: str, value: Any) -> list[FieldProblem]:
    """What is wrong with one of the rules."""
    kinds = {name: type(getattr(Rules(), name)) for name in Rules.__dataclass_fields__}
    what, remedy = "", ""
    if rule not in kinds:
        what, remedy = "is not known", f"known are {', '.join(kinds)}"
    elif kinds[rule] is bool and not isinstance(value, bool):
        what, remedy = "is neither true nor false", "write true or false"
    elif kinds[rule] is float and (fault := number_fault(value)):
        what, remedy = fault
    elif rule == "signatures" and value not in ("optional", "required"):
        what, remedy = "is not a choice", "write optional or required"
    elif rule == "orders_max" and not (type(value) is int and 1 <= value <= ORDERS_MAX):
        what, remedy = "is not a number of orders", f"write 1 to {ORDERS_MAX}"
    pointer = f"/rules/{escaped(rule)}"
    return [FieldProblem(pointer=pointer, value=shown(value), what=what, remedy=remedy)] if what else []


def _placed(problems: Problems, document: Mapping[str, Any]) -> list[FieldProblem]:
    """What the reader of settings found, placed in the document."""
    found = []
    for problem in problems.in_order():
        field = problem.field.removeprefix("horizon.") or "network"
        parts = [escaped(part) for part in field.split(".", 1)]
        if parts[0] not in (*TABLES, *SECTIONS[""], *OF_HORIZON):
            parts = ["network", "builtin"]
        what = problem.what if problem.field else f"{problem.file}: {problem.what}"
        remedy = problem.remedy.partition(" to [")[0].partition(" above the sections")[0]
        found.append(
            FieldProblem(pointer="/" + "/".join(parts), value=problem.value, what=what, remedy=remedy)
        )
    return found
