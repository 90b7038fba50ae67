"""Case: everything that one clearing is given."""

from dataclasses import dataclass, field
from enum import StrEnum

from gridpact.case.horizon import Horizon
from gridpact.case.orders import Orders
from gridpact.case.participants import Participants
from gridpact.case.profiles import Profiles
from gridpact.case.trades import Trades
from gridpact.grid.limits import Limits
from gridpact.grid.source import NetworkSource

SECONDS_MAX = 60.0


class Allocation(StrEnum):
    """The rule that chooses among the allocations that the network can carry; the first is the default."""

    MAX_VOLUME = "max-volume"
    MAX_MIN = "max-min"
    PROPORTIONAL = "proportional"
    PRIORITY = "priority"


class Formulation(StrEnum):
    """The network model that a clearing is subject to; the first is the default."""

    AC = "ac"
    DC = "dc"

    def offers(self, allocation: Allocation) -> bool:
        """Whether this formulation clears by that rule: `dc` is kept to compare, with `max-volume` alone."""
        return self is Formulation.AC or allocation is Allocation.MAX_VOLUME


class PriceRule(StrEnum):
    """What a matched trade costs: the ask, the midpoint of bid and ask, or one price per period."""

    ASK = "ask"
    MIDPOINT = "midpoint"
    UNIFORM = "uniform"


class Robustness(StrEnum):
    """What a clearing has to survive: nothing, or any one seller or trade delivering nothing."""

    NONE = "none"
    DECLARED = "declared"


class TableFormat(StrEnum):
    """The file format of a case's tables, and so of its results."""

    CSV = "csv"
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case folder, read and checked.

    Attributes:
        name: title of the case.
        currency: ISO 4217 code, or empty.
        horizon: the periods.
        network: where the network comes from.
        limits: limits of the network.
        formulation: network model of the clearing.
        allocation: rule of the clearing.
        price_rule: what a trade matched from orders costs.
        robustness: what the allocation has to survive.
        seconds_max: time limit of a search among decisions that terms ask for.
        participants: P of them.
        profiles: (T, P) each.
        trades: proposed trades; empty where the case gives only orders.
        orders: orders still to be matched; empty where the case gives only trades.
        commitments: what earlier clearings have made firm; a trade whose cleared power varies is there once
            for each run of equal power, under the same name.
        first_open: first period that new trades may use; those before it are closed.
        table_format: of the input tables.
        inputs_sha256: digest of all input files, empty for a case made in memory.
        warnings: what a reader of the result should know about the input.
    """

    name: str
    currency: str
    horizon: Horizon
    network: NetworkSource
    limits: Limits
    formulation: Formulation
    allocation: Allocation
    price_rule: PriceRule
    participants: Participants
    profiles: Profiles
    trades: Trades
    orders: Orders
    commitments: Trades = field(default_factory=Trades.none)
    first_open: int = 0
    robustness: Robustness = Robustness.NONE
    seconds_max: float = SECONDS_MAX
    table_format: TableFormat = TableFormat.CSV
    inputs_sha256: str = ""
    warnings: tuple[str, ...] = ()
