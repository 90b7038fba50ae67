"""Case: everything that one clearing is given."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import import_module
from typing import Any

from gridpact.case.agreement import refuse_disagreement
from gridpact.case.horizon import Horizon
from gridpact.case.mechanism_traits import refuse_mechanism
from gridpact.case.orders import Orders
from gridpact.case.participants import Participants
from gridpact.case.profiles import Profiles
from gridpact.case.setting_faults import SECONDS_EXAMPLE, WORK_MAX, currency_fault, seconds_fault, work_fault
from gridpact.case.trades import Trades
from gridpact.fields.arguments import need
from gridpact.fields.case_part import CasePart
from gridpact.fields.notebook import small_table
from gridpact.fields.refusals import Refusals
from gridpact.fields.said import a
from gridpact.fields.scalars import member, number, text, whole
from gridpact.grid.limits import Limits
from gridpact.grid.source import NetworkSource
from gridpact.plug_ins import DOUBLE_AUCTION, MECHANISMS, RULES, unknown_name


class Allocation(StrEnum):
    """The rules that are built in, of choosing among what the network can carry; the first is the default."""

    MAX_VOLUME = "max-volume"
    MAX_MIN = "max-min"
    PROPORTIONAL = "proportional"
    PRIORITY = "priority"


class Formulation(StrEnum):
    """The network model that a clearing is subject to; the first is the default."""

    AC = "ac"
    DC = "dc"


class PriceRule(StrEnum):
    """What a matched trade costs: the ask, the midpoint of bid and ask, or one price per period."""

    ASK = "ask"
    MIDPOINT = "midpoint"
    UNIFORM = "uniform"


class Robustness(StrEnum):
    """What a clearing has to survive: nothing, or any one seller or trade delivering nothing."""

    NONE = "none"
    DECLARED = "declared"


class FeedIn(StrEnum):
    """What retailers take of the surplus of those that export it: what is left after trades, or all of it."""

    AFTER_TRADES = "after-trades"
    FIRM = "firm"


class Curtailment(StrEnum):
    """What curtailed feed-in is chosen by: the most in all, or the greatest least share of each."""

    MOST = "most"
    EVEN = "even"


class TableFormat(StrEnum):
    """The file format of a case's tables, and so of its results."""

    CSV = "csv"
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case(CasePart):
    """What one clearing is given: a case folder that was read, or what was made in memory.

    It is checked in either way, and so is what `dataclasses.replace` makes of it. The text of a member of an
    enumeration is taken for it. Whether the buses are there is known once the network is compiled; what
    settings ask for together, such as formulation and allocation, is checked where it is done.

    Attributes:
        name: title of the case.
        currency: ISO 4217 code, or empty.
        horizon: the periods.
        network: where the network comes from; `NetworkSource.none()` where there is none, and the case can be
            settled alone.
        limits: limits of the network.
        formulation: network model of the clearing.
        allocation: rule of the clearing, an `Allocation` or the name of one that a package registers.
        mechanism: name of what makes trades of orders.
        mechanism_settings: the numbers that it asks for, by their names.
        price_rule: what a trade that the double auction matched costs.
        robustness: what the allocation has to survive.
        feed_in: what retailers take of surplus.
        curtailment: what curtailed feed-in is chosen by.
        work_max: units of work that the searches among decisions of terms may spend: steps of the sequential
            method and nodes of a search. They end at the same point on every run.
        seconds_max: guard for the whole clearing, infinite where there is none; what it ends need not repeat.
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

    Raises:
        InvalidCase: with everything that is wrong with it.
    """

    name: str
    currency: str = ""
    horizon: Horizon
    network: NetworkSource
    limits: Limits = field(default_factory=Limits)
    formulation: Formulation = Formulation.AC
    allocation: Allocation | str = Allocation.MAX_VOLUME
    mechanism: str = DOUBLE_AUCTION
    mechanism_settings: Mapping[str, float] = field(default_factory=dict)
    price_rule: PriceRule = PriceRule.ASK
    participants: Participants
    profiles: Profiles
    trades: Trades = field(default_factory=Trades.none)
    orders: Orders = field(default_factory=Orders.none)
    commitments: Trades = field(default_factory=Trades.none)
    first_open: int = 0
    robustness: Robustness = Robustness.NONE
    feed_in: FeedIn = FeedIn.AFTER_TRADES
    curtailment: Curtailment = Curtailment.MOST
    work_max: int = WORK_MAX
    seconds_max: float = math.inf
    table_format: TableFormat = TableFormat.CSV
    inputs_sha256: str = ""
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        refusals = Refusals("case")
        settings = _settings(refusals, self)
        usable = _usable(refusals, self)
        refuse_disagreement(refusals, self, usable, settings["first_open"])
        if settings["mechanism"] is not None:
            if settings["mechanism_settings"] is not None:
                usable.add("mechanism_settings")
            formulation = settings["formulation"] or Formulation.AC
            robustness = settings["robustness"] or Robustness.NONE
            refuse_mechanism(refusals, self, settings["mechanism"], formulation, robustness, usable)
        refusals.finish()
        self._set(**settings)

    @classmethod
    def from_frames(
        cls,
        network: object,
        *,
        participants: object,
        profiles: object,
        trades: object = None,
        orders: object = None,
        horizon: Horizon | None = None,
        timezone: str = "",
        model: str = "balanced",
        **settings: Any,
    ) -> "Case":
        """A case from data frames of pandas or polars, checked like a folder of tables.

        Args:
            network: a built-in's name, a `NetworkSource`, a compiled network, or a pandapower net.
            participants: columns as those of `participants.csv`, and so on; an index is not looked at.
            profiles: of each participant and period.
            trades: bilateral trades, if there are any.
            orders: to be matched, if there are any.
            horizon: the periods; those of the times in `profiles` where there is none.
            timezone: of times without an offset where there is no horizon; that of the column of times, or
                UTC, where nothing is said.
            model: how a built-in or a pandapower net is modelled, `balanced` or `three-phase`.
            settings: other fields of a case by their names, such as `limits` or `allocation`.

        Raises:
            InvalidCase: with everything that is wrong with the frames, each row counted from 1.
            InvalidUsage: an argument is not what it has to be.
        """
        reading = import_module("gridpact.case.folder.case_frames")  # which needs what is defined here
        made: Case = reading.case_of_frames(
            network,
            participants=participants,
            profiles=profiles,
            trades=trades,
            orders=orders,
            horizon=horizon,
            timezone=timezone,
            model=model,
            settings=settings,
        )
        return made

    def __repr__(self) -> str:
        """One line: the arrays are too many to show."""
        counts = ", ".join(f"{count:,} {noun}{'' if count == 1 else 's'}" for noun, count in self._counts())
        return f"<Case {self.name!r}: {self._periods()}, {counts}, {self._network()}>"

    def _repr_html_(self) -> str:
        """A small table, for notebooks."""
        counts = {f"{noun}s": f"{count:,}" for noun, count in self._counts()}
        facts = {"periods": self._periods(), **counts, "network": self._network()}
        return small_table(self.name, facts)

    def _network(self) -> str:
        return self.network.name or "no network"

    def _periods(self) -> str:
        return f"{self.horizon.periods:,} × {self.horizon.resolution}"

    def _counts(self) -> list[tuple[str, int]]:
        """How many there are of what a case is made of; commitments where there are any."""
        found = [
            ("participant", len(self.participants)),
            ("trade", len(self.trades)),
            ("order", len(self.orders)),
        ]
        return [*found, ("commitment", len(self.commitments))] if len(self.commitments) else found


def need_case(function: str, value: object) -> None:
    """Refuses the call of a function with anything but a case.

    Raises:
        InvalidUsage: it is something else.
    """
    need(function, Case, value, "give what gridpact.read_case makes of a folder, or gridpact.Case(...)")


_PARTS: dict[str, type[CasePart]] = {
    "horizon": Horizon,
    "network": NetworkSource,
    "limits": Limits,
    "participants": Participants,
    "profiles": Profiles,
    "trades": Trades,
    "orders": Orders,
    "commitments": Trades,
}


def _settings(refusals: Refusals, case: Case) -> dict[str, Any]:
    """The fields that are no parts, converted; `None` where one is wrong."""
    currency = text(refusals, "currency", case.currency, may_be_empty=True)
    if currency and (fault := currency_fault(currency)):
        refusals.add("currency", *fault, currency)
    is_unlimited = isinstance(case.seconds_max, float) and case.seconds_max == math.inf
    seconds = math.inf if is_unlimited else number(case.seconds_max)
    if seconds is None:
        remedy = f"write a number of seconds without quotes, as in {SECONDS_EXAMPLE}"
        refusals.add("seconds_max", "is not a number", remedy, case.seconds_max)
    elif seconds != math.inf and (fault := seconds_fault(seconds)):
        refusals.add("seconds_max", *fault, case.seconds_max)
    work = whole(case.work_max)
    if work is None:
        refusals.add("work_max", "is not a whole number", f"write one, as in {WORK_MAX}", case.work_max)
    elif fault := work_fault(work):
        refusals.add("work_max", *fault, case.work_max)
    first_open = whole(case.first_open)
    if first_open is None:
        refusals.add("first_open", "is not a whole number", "write a period, as in 3", case.first_open)
    return {
        "name": text(refusals, "name", case.name),
        "currency": currency,
        "formulation": member(refusals, "formulation", Formulation, case.formulation),
        "allocation": _allocation(refusals, case.allocation),
        "mechanism": _plug_in(refusals, "mechanism", MECHANISMS, case.mechanism),
        "mechanism_settings": _numbers(refusals, "mechanism_settings", case.mechanism_settings),
        "price_rule": member(refusals, "price_rule", PriceRule, case.price_rule),
        "robustness": member(refusals, "robustness", Robustness, case.robustness),
        "feed_in": member(refusals, "feed_in", FeedIn, case.feed_in),
        "curtailment": member(refusals, "curtailment", Curtailment, case.curtailment),
        "work_max": work,
        "seconds_max": seconds,
        "first_open": first_open,
        "table_format": member(refusals, "table_format", TableFormat, case.table_format),
        "inputs_sha256": text(refusals, "inputs_sha256", case.inputs_sha256, may_be_empty=True),
        "warnings": _warnings(refusals, case.warnings),
    }


def _allocation(refusals: Refusals, value: object) -> Allocation | str | None:
    """The rule of a name; `None`, with a problem, where there is none."""
    name = _plug_in(refusals, "allocation", RULES, value)
    return Allocation(name) if name in tuple(Allocation) else name


def _plug_in(refusals: Refusals, field: str, group: str, value: object) -> str | None:
    """The name of a plug-in; `None`, with a problem, where there is none of it."""
    if fault := unknown_name(group, value):
        refusals.add(field, *fault, value)
        return None
    return str(value)


def _numbers(refusals: Refusals, field: str, value: object) -> Mapping[str, float] | None:
    """Numbers by their names; `None`, with a problem, where they are something else."""
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        refusals.add(field, "is not a mapping of names to numbers", "give a dict", value)
        return None
    found = {name: number(one) for name, one in value.items()}
    for name in (name for name, one in found.items() if one is None or not math.isfinite(one)):
        refusals.add(f"{field}['{name}']", "is not a number", "write a finite number", value[name])
    return {name: one for name, one in found.items() if one is not None}


def _warnings(refusals: Refusals, warnings: object) -> tuple[str, ...] | None:
    """Warnings as a tuple of texts; `None` where they are something else."""
    if isinstance(warnings, tuple | list) and all(isinstance(one, str) for one in warnings):
        return tuple(warnings)
    refusals.add("warnings", "is not a sequence of texts", "give a tuple or a list of texts", warnings)
    return None


def _usable(refusals: Refusals, case: Case) -> set[str]:
    """The parts that are what they have to be; each other is a problem."""
    usable = set(_PARTS)
    for name, kind in _PARTS.items():
        if not isinstance(part := getattr(case, name), kind):
            what = f"is {a(part)}, not {kind.__name__}"
            refusals.add(name, what, f"make it with gridpact.{kind.__name__}(...)")
            usable.remove(name)
    return usable
