"""The tables of a network and their columns, which are called as in pandapower: one declaration."""

from dataclasses import dataclass
from enum import StrEnum


class ValueKind(StrEnum):
    """What the values of a column are."""

    TEXT = "text"
    NUMBER = "number"
    WHOLE = "whole number"
    FLAG = "true or false"


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkColumn:
    """A column of a table of a network.

    Attributes:
        name: in the header.
        kind: what its values are.
        meaning: one line for people.
        required: whether each row has a value.
        own: whether it is a parameter of an element that has no standard type.
        default: where there is no value.
        least: of numbers.
        is_above: whether numbers have to be above `least`.
        choices: texts that it may be; any where there are none.
    """

    name: str
    kind: ValueKind
    meaning: str
    required: bool = False
    own: bool = False
    default: float | None = None
    least: float = float("-inf")
    is_above: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkTableSchema:
    """A table of a network.

    Attributes:
        name: of the file or sheet.
        columns: that it can have.
        needed: parameters that an element without a standard type needs.
        element: what pandapower calls a row, in problems.
    """

    name: str
    columns: tuple[NetworkColumn, ...]
    element: str
    needed: tuple[str, ...] = ()

    @property
    def own(self) -> tuple[str, ...]:
        """Names of the parameters of elements without a standard type."""
        return tuple(column.name for column in self.columns if column.own)


def _text(name: str, meaning: str, *, required: bool = False) -> NetworkColumn:
    return NetworkColumn(name=name, kind=ValueKind.TEXT, meaning=meaning, required=required)


def _own(
    name: str, meaning: str, least: float = 0.0, default: float | None = None, *, is_above: bool = False
) -> NetworkColumn:
    return NetworkColumn(
        name=name,
        kind=ValueKind.NUMBER,
        meaning=meaning,
        own=True,
        least=least,
        default=default,
        is_above=is_above,
    )


_STANDARD = _text("std_type", "name of a standard type of pandapower, in place of parameters of its own")
_COMMON = (
    NetworkColumn(
        name="parallel", kind=ValueKind.WHOLE, meaning="how many of them lie side by side", default=1, least=1
    ),
    NetworkColumn(name="in_service", kind=ValueKind.FLAG, meaning="whether it is switched on", default=1),
)
_NO_LIMIT = float("-inf")

BUSES = NetworkTableSchema(
    name="buses",
    element="bus",
    columns=(
        _text("name", "its name, by which lines, transformers and participants call it", required=True),
        NetworkColumn(
            name="vn_kv",
            kind=ValueKind.NUMBER,
            meaning="nominal voltage between phases",
            required=True,
            least=0.0,
            is_above=True,
        ),
        NetworkColumn(
            name="supply",
            kind=ValueKind.FLAG,
            meaning="whether the network above holds its voltage; of one bus at least",
            default=0,
        ),
        NetworkColumn(
            name="vm_pu",
            kind=ValueKind.NUMBER,
            meaning="the voltage that it is held at",
            default=1.0,
            least=0.0,
            is_above=True,
        ),
    ),
)
LINES = NetworkTableSchema(
    name="lines",
    element="line",
    needed=("r_ohm_per_km", "x_ohm_per_km", "max_i_ka"),
    columns=(
        _text("name", "its name"),
        _text("from_bus", "name of the bus at one end", required=True),
        _text("to_bus", "name of the bus at the other", required=True),
        NetworkColumn(
            name="length_km",
            kind=ValueKind.NUMBER,
            meaning="length",
            required=True,
            least=0.0,
            is_above=True,
        ),
        _STANDARD,
        _own("r_ohm_per_km", "resistance of a phase"),
        _own("x_ohm_per_km", "reactance of a phase"),
        _own("c_nf_per_km", "capacitance of a phase", default=0.0),
        _own("max_i_ka", "thermal rating", is_above=True),
        *_COMMON,
        *(
            NetworkColumn(name=name, kind=ValueKind.NUMBER, meaning=f"{meaning}; for three phases", least=0.0)
            for name, meaning in (
                ("r0_ohm_per_km", "resistance of the zero sequence"),
                ("x0_ohm_per_km", "reactance of the zero sequence"),
                ("c0_nf_per_km", "capacitance of the zero sequence"),
            )
        ),
    ),
)
TRANSFORMERS = NetworkTableSchema(
    name="transformers",
    element="trafo",
    needed=("sn_mva", "vn_hv_kv", "vn_lv_kv", "vk_percent", "vkr_percent", "pfe_kw", "i0_percent"),
    columns=(
        _text("name", "its name"),
        _text("hv_bus", "name of the bus at its high-voltage side", required=True),
        _text("lv_bus", "name of the bus at its low-voltage side", required=True),
        _STANDARD,
        _own("sn_mva", "rated power", is_above=True),
        _own("vn_hv_kv", "rated voltage of the high-voltage side", is_above=True),
        _own("vn_lv_kv", "rated voltage of the low-voltage side", is_above=True),
        _own("vk_percent", "short-circuit voltage", is_above=True),
        _own("vkr_percent", "its real part"),
        _own("pfe_kw", "iron losses"),
        _own("i0_percent", "no-load current"),
        _own("shift_degree", "phase shift", _NO_LIMIT, 0.0),
        _own("tap_neutral", "tap position at the rated voltages", _NO_LIMIT),
        _own("tap_min", "lowest tap position", _NO_LIMIT),
        _own("tap_max", "highest tap position", _NO_LIMIT),
        _own("tap_step_percent", "change of the voltage a tap position", _NO_LIMIT),
        NetworkColumn(
            name="tap_side",
            kind=ValueKind.TEXT,
            meaning="side of the taps, hv or lv",
            own=True,
            choices=("hv", "lv"),
        ),
        _text("vector_group", "vector group, as in Dyn5; for three phases"),
        NetworkColumn(name="tap_pos", kind=ValueKind.NUMBER, meaning="tap position"),
        *_COMMON,
        *(
            NetworkColumn(name=name, kind=ValueKind.NUMBER, meaning=f"{meaning}; for three phases", least=0.0)
            for name, meaning in (
                ("vk0_percent", "short-circuit voltage of the zero sequence"),
                ("vkr0_percent", "its real part"),
                ("mag0_percent", "magnetising over short-circuit impedance of the zero sequence"),
                ("mag0_rx", "r over x of the magnetising impedance"),
                ("si0_hv_partial", "part of the zero-sequence leakage at the high-voltage side"),
            )
        ),
    ),
)
NETWORK_TABLES = (BUSES, LINES, TRANSFORMERS)
