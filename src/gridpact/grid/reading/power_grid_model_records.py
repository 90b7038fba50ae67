"""The records of power-grid-model JSON as its arrays, whichever version of it wrote them.

power-grid-model's own reader refuses a file for a component or an attribute that it does not know yet, and
for a flag that is written as true. Here, what takes no part in the network is left out before it can
be in the way, and every value that cannot be understood is named.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridpact.errors import InvalidCase, Problem
from gridpact.grid.source import NetworkSource

Record = Mapping[str, Any]

CARRIED = ("node", "line", "link", "generic_branch", "transformer", "shunt", "source")
REFUSED_BRANCHES = {
    "three_winding_transformer": ("status_1", "status_2", "status_3"),
    "asym_line": ("from_status", "to_status"),
}
CARRIED_THREE_PHASE = ("node", "line", "asym_line", "link", "transformer", "shunt", "source")
REFUSED_THREE_PHASE = {
    "three_winding_transformer": ("status_1", "status_2", "status_3"),
    "generic_branch": ("from_status", "to_status"),
}
IGNORED_COMPONENTS = {
    "sym_load": "load",
    "sym_gen": "generator",
    "asym_load": "asymmetric load",
    "asym_gen": "asymmetric generator",
    "transformer_tap_regulator": "tap regulator",
    "voltage_regulator": "voltage regulator",
    "sym_voltage_sensor": "voltage sensor",
    "asym_voltage_sensor": "asymmetric voltage sensor",
    "sym_power_sensor": "power sensor",
    "asym_power_sensor": "asymmetric power sensor",
    "sym_current_sensor": "current sensor",
    "asym_current_sensor": "asymmetric current sensor",
    "fault": "fault",
}
# Components of later versions that need no place in the network: they inject, measure or regulate.
IGNORED_ENDINGS = ("load", "gen", "generator", "storage", "battery", "sensor", "regulator", "fault")
IGNORED_MARKS = frozenset({"p_specified", "measured_object", "regulated_object", "fault_object"})
ZERO_SEQUENCE = {
    "line": ("r0", "x0", "c0", "tan0"),
    "transformer": (
        "i0_zero_sequence",
        "p0_zero_sequence",
        "r_grounding_from",
        "x_grounding_from",
        "r_grounding_to",
        "x_grounding_to",
    ),
    "shunt": ("g0", "b0"),
    "source": ("z01_ratio",),
}
LABELS = ("name", "id_reference")
FLAG_WORDS = {"true": 1, "1": 1, "1.0": 1, "false": 0, "0": 0, "0.0": 0}
INFINITIES = ("inf", "+inf", "-inf")
SHOWN_MAX = 3
ID_MAX = int(np.iinfo(np.int32).max)


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """What a file holds of a network.

    Attributes:
        dataset: the components that make the network, and those that gridpact refuses, without the values of
            the zero sequence; empty ones are left out.
        by_component: the records of the same components, with all that stands in them.
        notices: what was left out, for people.
    """

    dataset: Mapping[str, NDArray[np.void]]
    by_component: Mapping[str, list[Record]]
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fault:
    """A value of a record that cannot be understood."""

    record: str
    attribute: str
    value: Any
    what: str
    remedy: str


class _NotUnderstood(Exception):
    """What is wrong with a value, and what would be right."""

    def __init__(self, what: str, remedy: str) -> None:
        self.what, self.remedy = what, remedy
        super().__init__(what)


def carried_components(source: NetworkSource) -> tuple[str, ...]:
    """The components that make up a network."""
    return CARRIED_THREE_PHASE if source.is_three_phase else CARRIED


def refused_branches(source: NetworkSource) -> Mapping[str, tuple[str, ...]]:
    """The branches that a network cannot have, with the flags that say whether they are in service."""
    return REFUSED_THREE_PHASE if source.is_three_phase else REFUSED_BRANCHES


def network_records(content: Mapping[str, Any], source: NetworkSource) -> Records:
    """The records of power-grid-model input that make up a network.

    Args:
        content: the JSON.
        source: where it comes from, for problems.

    Raises:
        InvalidCase: values that are not understood, and components that gridpact does not know, all at once.
    """
    attributes = content.get("attributes")
    headers = attributes if isinstance(attributes, Mapping) else {}
    dataset: dict[str, NDArray[np.void]] = {}
    by_component: dict[str, list[Record]] = {}
    problems: list[Problem] = []
    ignored: dict[str, int] = {}
    unknown_attributes: list[str] = []
    for component, rows in content["data"].items():
        if not isinstance(rows, list):
            problems.append(source.problem("is not a list", field=component, remedy="list its records"))
            continue
        records, misplaced = _records(component, rows, headers.get(component), source)
        problems += misplaced
        if component in CARRIED or component in REFUSED_BRANCHES:
            by_component[component] = records
            if records:
                left_out = () if source.is_three_phase else ZERO_SEQUENCE.get(component, ())
                dataset[component], faults = _array(component, records, left_out)
                problems += _as_problems(faults, source)
                unknown_attributes += _unknown_attributes(
                    component, headers.get(component), dataset[component]
                )
        elif _is_ignored(component, records):
            ignored[component] = len(records)
        elif records:
            problems.append(_unknown(component, len(records), source))
    if problems:
        raise InvalidCase(problems)
    notices = _notices(ignored, unknown_attributes)
    return Records(dataset=dataset, by_component=by_component, notices=notices)


def _records(
    component: str, rows: list[Any], header: Any, source: NetworkSource
) -> tuple[list[Record], list[Problem]]:
    """The records by the names of their attributes, which lists of values have in the header."""
    records: list[Record] = []
    problems: list[Problem] = []
    for number, row in enumerate(rows, start=1):
        if isinstance(row, Mapping):
            records.append(row)
        elif isinstance(row, list) and isinstance(header, list) and len(row) == len(header):
            records.append(dict(zip(map(str, header), row, strict=True)))
        elif len(problems) < SHOWN_MAX:
            remedy = "write attributes with their values, or as many values as `attributes` names"
            problems.append(
                source.problem("is no record of it", field=f"{component} number {number}", remedy=remedy)
            )
    return records, problems


def _is_ignored(component: str, records: list[Record]) -> bool:
    """Whether a component takes no part in the network: by its name, by what it has, or as switched off."""
    if component in IGNORED_COMPONENTS or component.split("_")[-1] in IGNORED_ENDINGS:
        return True
    return all(IGNORED_MARKS & record.keys() or _is_off(record) for record in records)


def _is_off(record: Record) -> bool:
    status = [value for name, value in record.items() if _is_flag(name)]
    return bool(status) and all(FLAG_WORDS.get(str(value).lower()) == 0 for value in status)


def _unknown(component: str, count: int, source: NetworkSource) -> Problem:
    return source.problem(
        f"holds {count}, a component that gridpact does not model",
        field=component,
        remedy="take them out of service, or replace them by lines, transformers or generic branches",
    )


def _array(
    component: str, records: list[Record], left_out: tuple[str, ...]
) -> tuple[NDArray[np.void], list[_Fault]]:
    """The records as power-grid-model's array, and what in them cannot be understood."""
    from power_grid_model import initialize_array

    rows: NDArray[np.void] = initialize_array("input", component, len(records))
    faults: list[_Fault] = []
    for name in rows.dtype.names or ():
        if name not in left_out:
            faults += _fill(rows, name, component, records)
    return rows, faults


def _fill(rows: NDArray[np.void], name: str, component: str, records: list[Record]) -> Iterator[_Fault]:
    """Fills one attribute of the rows where it is given."""
    values = [record.get(name) for record in records]
    numbers = _plain_numbers(values, name, rows.dtype[name])
    if numbers is not None:
        rows[name] = numbers
        return
    understand = _reader(name, rows.dtype[name])
    for row, value in enumerate(values):
        if value is None or value != value:
            continue
        try:
            rows[name][row] = understand(value)
        except _NotUnderstood as fault:
            called = f"{component} {records[row].get('id', f'number {row + 1}')}"
            yield _Fault(record=called, attribute=name, value=value, what=fault.what, remedy=fault.remedy)


def _plain_numbers(values: list[Any], name: str, dtype: np.dtype[Any]) -> NDArray[Any] | None:
    """The values at once, where all are given as power-grid-model writes them; `None` where some are not."""
    kinds = set(map(type, values))
    if dtype.kind == "f":
        return np.array(values) if kinds == {float} else None
    if kinds != {int}:
        return None
    least, largest = (0, 1) if _is_flag(name) else (-np.iinfo(dtype).max, np.iinfo(dtype).max)
    return np.array(values) if min(values) >= least and max(values) <= largest else None


def _is_flag(name: str) -> bool:
    return "status" in name.split("_")


def _reader(name: str, dtype: np.dtype[Any]) -> Callable[[Any], float]:
    """What makes a number of a value of an attribute."""
    if dtype.kind == "f":
        return _number
    if _is_flag(name):
        return _flag
    largest = int(np.iinfo(dtype).max)
    return lambda value: _whole_number(value, largest)


def _number(value: Any) -> float:
    if isinstance(value, str) and value.strip().lower() in INFINITIES:
        return float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _NotUnderstood("is not a number", "write a number, or leave it out where it is optional")
    return float(value) if abs(value) < 1e308 else np.inf


def _flag(value: Any) -> int:
    flag = FLAG_WORDS.get(str(value).strip().lower())
    if flag is None:
        raise _NotUnderstood("is neither 0 nor 1", "write 1 where it is switched on, and 0 where it is off")
    return flag


def _whole_number(value: Any, largest: int) -> int:
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if isinstance(value, bool) or not whole:
        raise _NotUnderstood("is not a whole number", "write it without decimals and without quotes")
    if abs(value) > largest and value != -largest - 1:  # which power-grid-model takes for "not given"
        what = f"is beyond {largest}, the greatest number that power-grid-model has for it"
        remedy = "number all components from 0, and keep their own numbers in `name`"
        raise _NotUnderstood(what, remedy if largest == ID_MAX else "")
    return int(value)


def _as_problems(faults: list[_Fault], source: NetworkSource) -> Iterator[Problem]:
    """A problem for each fault; of very many of one kind, one for all of them."""
    kinds: dict[tuple[str, str], list[_Fault]] = {}
    for fault in faults:
        kinds.setdefault((fault.attribute, fault.what), []).append(fault)
    for (attribute, what), alike in kinds.items():
        if len(alike) <= SHOWN_MAX:
            for fault in alike:
                field, value = f"{fault.record} {attribute}", str(fault.value)
                yield source.problem(what, field=field, value=value, remedy=fault.remedy)
            continue
        first = alike[0]
        named = ", ".join(fault.record for fault in alike[:SHOWN_MAX])
        yield source.problem(
            f"{what}, as in {len(alike):,} records ({named}, …)",
            field=f"{first.record} {attribute}",
            value=str(first.value),
            remedy=first.remedy,
        )


def _unknown_attributes(component: str, header: Any, rows: NDArray[np.void]) -> list[str]:
    """Attributes of a header that are not known, and what has them."""
    if not isinstance(header, list):
        return []
    known = {*(rows.dtype.names or ()), *LABELS, *ZERO_SEQUENCE.get(component, ())}
    return [f"{name} of {_counted(len(rows), component)}" for name in map(str, header) if name not in known]


def _notices(ignored: Mapping[str, int], attributes: list[str]) -> tuple[str, ...]:
    counts = ", ".join(_counted(count, component) for component, count in ignored.items() if count)
    notices = []
    if counts:
        notices.append(f"ignored in the network file: {counts}; participants bring their own loads")
    if attributes:
        notices.append(f"ignored in the network file, as power-grid-model lacks it: {', '.join(attributes)}")
    return tuple(notices)


def _counted(count: int, component: str) -> str:
    word = IGNORED_COMPONENTS.get(component, component.replace("_", " "))
    if count == 1:
        return f"1 {word}"
    return f"{count} {word}{'es' if word.endswith('ch') else 's'}"
