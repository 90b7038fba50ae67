"""The columns of a case's tables: one declaration, used by the reader, the checker and the docs."""

from dataclasses import dataclass, replace
from enum import StrEnum

from gridpact.grid.network_model import CONNECTIONS

DEFAULT_RETAILER = "default"
POWER_MAX_KW = 5000.0
POWER_FACTOR_MIN = 0.1
COEFFICIENT_MAX = 1_000_000.0
FLAG_WORDS = (("true", "1", "yes"), ("false", "0", "no"))


class Kind(StrEnum):
    """What the values of a column are."""

    ID = "text id"
    BUS = "bus index or name"
    RANK = "rank"
    SIGNED_INTEGER = "whole number, with a sign"
    POWER = "power in kW"
    SIGNED_POWER = "power in kW, with a sign"
    CONNECTION = "power in kW above 0"
    ENERGY = "energy in kWh"
    PRICE = "price per kWh"
    FRACTION = "fraction"
    COEFFICIENT = "coefficient"
    POWER_FACTOR = "power factor"
    TIME = "time on the period grid"
    INSTANT = "time"
    DAY = "day or time"
    CHOICE = "choice"
    FLAG = "true or false"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table.

    Attributes:
        name: in the header.
        kind: what its values are.
        meaning: one line for people.
        required: whether the table must have it, and every row a value.
        default: value where an optional column or cell is absent.
        choices: the values of a `CHOICE`; the first is the default.
        series: of times, the column that says which series each is of, each in the order of the rows.
    """

    name: str
    kind: Kind
    meaning: str
    required: bool = True
    default: str = ""
    choices: tuple[str, ...] = ()
    series: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """A table of the case folder: `name` is that of the file, without its suffix."""

    name: str
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column:
        """The column of that name; `KeyError` where there is none."""
        return {column.name: column for column in self.columns}[name]


_WINDOW = (
    Column(name="start", kind=Kind.TIME, meaning="start of the window"),
    Column(name="end", kind=Kind.TIME, meaning="end of the window, not part of it"),
)
_SUBMITTED = Column(name="submitted", kind=Kind.INSTANT, meaning="when it was handed in", required=False)
_TERMS = (
    Column(
        name="min_fraction",
        kind=Kind.FRACTION,
        meaning="least fraction that is still of use",
        required=False,
        default="0",
    ),
    Column(
        name="block",
        kind=Kind.FLAG,
        meaning="whether the same fraction clears in every period",
        required=False,
        default="false",
    ),
    Column(
        name="group",
        kind=Kind.ID,
        meaning="exclusive group, at most one of which clears",
        required=False,
    ),
)
SELLER_PRICE = Column(
    name="seller_price_per_kwh",
    kind=Kind.PRICE,
    meaning="what the seller receives, where that is not what the buyer pays",
    required=False,
    default="0",
)
_LINK = Column(
    name="link",
    kind=Kind.ID,
    meaning="trades of the same link clear the same fraction in every period",
    required=False,
)

PARTICIPANTS = Schema(
    name="participants",
    columns=(
        Column(name="participant", kind=Kind.ID, meaning="name of the metered connection"),
        Column(name="bus", kind=Kind.BUS, meaning="index or name of a bus in the network"),
        Column(
            name="phases",
            kind=Kind.CHOICE,
            meaning="of a three-phase network, those that it is connected to, each to the neutral",
            required=False,
            default=CONNECTIONS[0],
            choices=CONNECTIONS,
        ),
        Column(
            name="demand",
            kind=Kind.CHOICE,
            meaning="whether the whole load is served, or only what was bought",
            required=False,
            default="firm",
            choices=("firm", "elastic"),
        ),
        Column(
            name="surplus",
            kind=Kind.CHOICE,
            meaning="what happens to unsold surplus",
            required=False,
            default="curtail",
            choices=("curtail", "export"),
        ),
        Column(
            name="load_power_factor",
            kind=Kind.POWER_FACTOR,
            meaning="of the load, lagging",
            required=False,
            default="1.0",
        ),
        Column(
            name="generation_power_factor",
            kind=Kind.POWER_FACTOR,
            meaning="of the generation, producing reactive power",
            required=False,
            default="1.0",
        ),
        Column(
            name="retailer",
            kind=Kind.ID,
            meaning="who supplies what peers do not",
            required=False,
            default=DEFAULT_RETAILER,
        ),
        Column(
            name="connection_kw",
            kind=Kind.CONNECTION,
            meaning="the most that the connection carries, either way, at the meter",
            required=False,
            default="nan",
        ),
        Column(
            name="member_from",
            kind=Kind.DAY,
            meaning="first day or time of its membership",
            required=False,
        ),
        Column(
            name="member_until",
            kind=Kind.DAY,
            meaning="first day or time after its membership",
            required=False,
        ),
        Column(
            name="meter",
            kind=Kind.ID,
            meaning="its meter, as the portal that readings come from names it; several with a space between",
            required=False,
        ),
    ),
)
PARTICIPANTS_WITHOUT_NETWORK = replace(
    PARTICIPANTS,
    columns=tuple(
        replace(column, required=False) if column.kind is Kind.BUS else column
        for column in PARTICIPANTS.columns
    ),
)

PROFILES = Schema(
    name="profiles",
    columns=(
        Column(name="time", kind=Kind.TIME, meaning="start of the period", series="participant"),
        Column(name="participant", kind=Kind.ID, meaning="a participant"),
        Column(name="load_kw", kind=Kind.POWER, meaning="forecast load, mean of the period"),
        Column(name="generation_kw", kind=Kind.POWER, meaning="available generation, mean of the period"),
    ),
)

TRADES = Schema(
    name="trades",
    columns=(
        Column(name="trade", kind=Kind.ID, meaning="name of the trade"),
        Column(name="seller", kind=Kind.ID, meaning="the participant that sells"),
        Column(name="buyer", kind=Kind.ID, meaning="the participant that buys"),
        *_WINDOW,
        Column(name="power_kw", kind=Kind.POWER, meaning="proposed power, constant over the window"),
        Column(name="price_per_kwh", kind=Kind.PRICE, meaning="agreed price"),
        SELLER_PRICE,
        _SUBMITTED,
        *_TERMS,
        _LINK,
    ),
)

ORDERS = Schema(
    name="orders",
    columns=(
        Column(name="order", kind=Kind.ID, meaning="name of the order"),
        Column(name="participant", kind=Kind.ID, meaning="the participant that sells or buys"),
        Column(name="side", kind=Kind.CHOICE, meaning="ask or bid", choices=("sell", "buy")),
        *_WINDOW,
        Column(name="power_kw", kind=Kind.POWER, meaning="the most it sells or buys, over the window"),
        Column(name="price_per_kwh", kind=Kind.PRICE, meaning="limit price"),
        _SUBMITTED,
        *_TERMS,
    ),
)

METERS = Schema(
    name="meters",
    columns=(
        Column(name="time", kind=Kind.TIME, meaning="start of the period", series="participant"),
        Column(
            name="participant", kind=Kind.ID, meaning="a participant, or @head for the meter at the supply"
        ),
        Column(name="import_kwh", kind=Kind.ENERGY, meaning="energy drawn from the network in the period"),
        Column(name="export_kwh", kind=Kind.ENERGY, meaning="energy fed into the network in the period"),
        Column(
            name="quality",
            kind=Kind.CHOICE,
            meaning="whether it is a reading or an estimate of one",
            required=False,
            default="measured",
            choices=("measured", "estimated"),
        ),
    ),
)

PRICES = Schema(
    name="prices",
    columns=(
        Column(name="time", kind=Kind.TIME, meaning="start of what the prices are for", series="retailer"),
        Column(
            name="retailer",
            kind=Kind.ID,
            meaning="whose prices they are",
            required=False,
            default=DEFAULT_RETAILER,
        ),
        Column(
            name="supply_price_per_kwh",
            kind=Kind.PRICE,
            meaning="asked for what is supplied",
            required=False,
            default="nan",
        ),
        Column(
            name="feed_in_price_per_kwh",
            kind=Kind.PRICE,
            meaning="paid for what is fed in",
            required=False,
            default="nan",
        ),
    ),
)

SHARING = Schema(
    name="sharing",
    columns=(
        Column(
            name="time",
            kind=Kind.TIME,
            meaning="start of the period that the row is for; every period where it is empty",
            required=False,
        ),
        Column(name="participant", kind=Kind.ID, meaning="a participant that takes part"),
        Column(name="coefficient", kind=Kind.COEFFICIENT, meaning="share or weight of the participant"),
        Column(
            name="priority",
            kind=Kind.RANK,
            meaning="level, the lower number is served first",
            required=False,
            default="0",
        ),
    ),
)

SCHEMAS = (PARTICIPANTS, PROFILES, TRADES, ORDERS)
SETTLEMENT_SCHEMAS = (METERS, SHARING, PRICES)
