"""Limits: what every bus, line and transformer of a network has to stay within."""

from dataclasses import dataclass, fields

from gridpact.fields.case_part import CasePart
from gridpact.fields.refusals import Refusals
from gridpact.fields.scalars import number

VOLTAGE_PU, LOADING_PERCENT, UNBALANCE_PERCENT = (0.5, 1.5), (0.0, 1000.0), (0.0, 100.0)
THREE_PHASE_LIMITS = ("voltage_unbalance_max_percent", "neutral_loading_max_percent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits(CasePart):
    """Limits of every bus, line and transformer of the network.

    Attributes:
        voltage_min_pu, voltage_max_pu: of nominal voltage, 0.5 to 1.5, the minimum below the maximum.
        line_loading_max_percent, transformer_loading_max_percent: of the rating, above 0 and up to 1000.
        voltage_unbalance_max_percent: of a three-phase network: negative- over positive-sequence voltage of
            every bus without a supply, above 0 and up to 100.
        neutral_loading_max_percent: of a three-phase network: current of the neutral of every line over the
            line's rating, above 0 and up to 1000.

    Raises:
        InvalidCase: with everything that is wrong with them.
    """

    voltage_min_pu: float = 0.90
    voltage_max_pu: float = 1.10
    line_loading_max_percent: float = 100.0
    transformer_loading_max_percent: float = 100.0
    voltage_unbalance_max_percent: float = 2.0
    neutral_loading_max_percent: float = 100.0

    def __post_init__(self) -> None:
        refusals, values = Refusals("limits"), dict[str, float]()
        for field in fields(self):
            given = getattr(self, field.name)
            value = number(given)
            if value is None:
                remedy = f"write a number without quotes, as in {field.default:g}"
                refusals.add(field.name, "is not a number", remedy, given)
            elif fault := range_fault(field.name, value):
                refusals.add(field.name, *fault, given)
            else:
                values[field.name] = value
        if {"voltage_min_pu", "voltage_max_pu"} <= values.keys() and (
            fault := band_fault(values["voltage_min_pu"], values["voltage_max_pu"])
        ):
            refusals.add("voltage_min_pu", *fault, values["voltage_min_pu"])
        refusals.finish()
        self._set(**values)


def limits_of_three_phases(limits: Limits) -> list[str]:
    """The limits that only a three-phase network has and that are not at their defaults."""
    return [name for name in THREE_PHASE_LIMITS if getattr(limits, name) != getattr(Limits(), name)]


def range_fault(name: str, value: float) -> tuple[str, str] | None:
    """What is wrong with the value of a limit, and the remedy."""
    if name.endswith("_pu") and not VOLTAGE_PU[0] <= value <= VOLTAGE_PU[1]:
        return "is out of range", "write 0.5 to 1.5, in pu of nominal; is the value in volts?"
    if name == "voltage_unbalance_max_percent":
        if not UNBALANCE_PERCENT[0] < value <= UNBALANCE_PERCENT[1]:
            return "is out of range", "write a number above 0, up to 100, in percent"
        return None
    if name.endswith("_percent") and not LOADING_PERCENT[0] < value <= LOADING_PERCENT[1]:
        return "is out of range", "write a number above 0, up to 1000, in percent"
    return None


def band_fault(voltage_min_pu: float, voltage_max_pu: float) -> tuple[str, str] | None:
    """What is wrong with the two voltages together, and the remedy."""
    if voltage_min_pu < voltage_max_pu:
        return None
    return f"leaves no band: {voltage_min_pu} to {voltage_max_pu} pu", "the minimum is below the maximum"
