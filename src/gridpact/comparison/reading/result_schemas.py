"""The tables of a result as a comparison reads them; columns that it does not need are not looked at."""

from gridpact.case.schema import Column, Kind, Schema
from gridpact.case.sessions.cleared import CLEARED as FIRM
from gridpact.comparison.place_state import BUS, LINE, LOADING, TRANSFORMER, UNBALANCE, VOLTAGE
from gridpact.dispatch import FLOWS

AS_WRITTEN = "give the table as it was written, or clear the case again"
_TIME = Column(name="time", kind=Kind.TIME, meaning="start of the period")
_UNKNOWN = "nan"  # where a period has no power-flow solution, or a place no limit


def _unread(name: str) -> Column:
    return Column(name=name, kind=Kind.ID, meaning="not read", required=False)


def _power(name: str) -> Column:
    return Column(name=name, kind=Kind.POWER, meaning="power of the period")


def _number(name: str, meaning: str) -> Column:
    return Column(name=name, kind=Kind.SIGNED_POWER, meaning=meaning, required=False, default=_UNKNOWN)


CLEARED = Schema(
    name=FIRM.name,
    columns=(
        Column(name="trade", kind=Kind.ID, meaning="name of the trade"),
        _TIME,
        Column(name="seller", kind=Kind.ID, meaning="the participant that sells"),
        Column(name="buyer", kind=Kind.ID, meaning="the participant that buys"),
        _power("proposed_kw"),
        _power("cleared_kw"),
        *(_unread(column.name) for column in FIRM.columns if not column.required),
        _unread("price_per_kwh"),
    ),
)
SCHEDULE = Schema(
    name="schedule",
    columns=(
        _TIME,
        Column(name="participant", kind=Kind.ID, meaning="name of the metered connection"),
        Column(name="bus", kind=Kind.SIGNED_INTEGER, meaning="index of its bus"),
        _unread("phases"),
        *(_power(name) for name in FLOWS),
        _unread("net_injection_kw"),
    ),
)
NETWORK = Schema(
    name="network",
    columns=(
        _TIME,
        Column(name="kind", kind=Kind.CHOICE, meaning="kind of place", choices=(BUS, LINE, TRANSFORMER)),
        Column(name="element", kind=Kind.SIGNED_INTEGER, meaning="index of the bus, line or transformer"),
        Column(
            name="phase",
            kind=Kind.CHOICE,
            meaning="phase, or n for a neutral",
            required=False,
            choices=("", "a", "b", "c", "n"),
        ),
        Column(
            name="quantity",
            kind=Kind.CHOICE,
            meaning="what is limited",
            choices=(VOLTAGE, LOADING, UNBALANCE),
        ),
        _unread("baseline"),
        _number("cleared", "value under the dispatch"),
        _number("limit_min", "least that is allowed"),
        _number("limit_max", "most that is allowed"),
    ),
)
EXCHANGE = Schema(
    name="exchange",
    columns=(
        _TIME,
        _unread("baseline_import_kw"),
        _number("import_kw", "power drawn from the supply"),
        _number("losses_kw", "losses of the network"),
    ),
)
