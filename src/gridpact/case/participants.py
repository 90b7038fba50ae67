"""Participants: the metered connections of a network."""

from dataclasses import dataclass, field
from functools import partial

import numpy as np

from gridpact.arrays import Bool, Float, Int
from gridpact.case.ranges import range_faults
from gridpact.case.schema import DEFAULT_RETAILER, PARTICIPANTS, Kind
from gridpact.case.times import FOREVER
from gridpact.fields.case_part import CasePart
from gridpact.fields.columns import flags, length_of, numbers, whole_numbers
from gridpact.fields.names import names
from gridpact.fields.refusals import Refusals

FIRM, ELASTIC = PARTICIPANTS.column("demand").choices
CURTAIL, EXPORT = PARTICIPANTS.column("surplus").choices
PHASES = PARTICIPANTS.column("phases")
ENDS_FIRST = ("is not after member_from", "it is the first day or time outside the membership")
REPEATED_METER = ("names a meter that is named already", "each meter is of one participant, once")


@dataclass(frozen=True, slots=True, kw_only=True)
class Participants(CasePart):
    """A metered connection per index, P of them.

    Lists are taken for arrays; what has a default may be one value for all.

    Attributes:
        ids: names, (P,).
        bus: the network's bus index, (P,).
        firm: true where the whole load is served whatever clears, false where only what was bought is
            consumed (`elastic`); these two words are taken too, (P,).
        exports: true where unsold surplus is injected and taken by the retailer, false where it is
            curtailed; "export" and "curtail" are taken too, (P,).
        load_power_factor: in (0, 1], lagging, (P,).
        generation_power_factor: in (0, 1], producing reactive power, (P,).
        retailer: name of the retailer, (P,); without any, `DEFAULT_RETAILER` for all.
        connection_kw: the most that the connection carries, either way, at the meter, above 0; NaN where it
            is not known, (P,). Operating envelopes need it; a clearing does not limit by it.
        meter: what the portal that its readings come from calls its meter, (P,); several meters have a space
            between, and one that is empty goes by the participant's name. No two have the same.
        phases: those that it is connected to, each to the neutral, with the same share of its power, as in
            "a", "bc" or "abc", (P,); all of them where none are given. Others need a three-phase network.
        member_from: first instant of its membership, microseconds since 1970-01-01 UTC, (P,); 0 from ever on.
        member_until: first instant after it, likewise, (P,); `FOREVER` where it does not end. Settlement goes
            by them, a clearing does not.

    Raises:
        InvalidCase: with everything that is wrong with them.
    """

    ids: tuple[str, ...]
    bus: Int
    firm: Bool = field(default_factory=partial(np.array, True))
    exports: Bool = field(default_factory=partial(np.array, False))
    load_power_factor: Float = field(default_factory=partial(np.array, 1.0))
    generation_power_factor: Float = field(default_factory=partial(np.array, 1.0))
    retailer: tuple[str, ...] = ()
    connection_kw: Float = field(default_factory=partial(np.array, np.nan))
    phases: tuple[str, ...] = ()
    member_from: Int = field(default_factory=partial(np.array, 0))
    member_until: Int = field(default_factory=partial(np.array, FOREVER))
    meter: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        refusals = Refusals("participants")
        count = length_of(self.ids)
        shape = (count,)
        factor = partial(range_faults, Kind.POWER_FACTOR)
        if count == 0:
            refusals.add("", "has no rows", "add the participants")
        values = {
            "ids": names(refusals, "ids", self.ids, unique=True),
            "bus": whole_numbers(refusals, "bus", self.bus, shape),
            "firm": flags(refusals, "firm", self.firm, shape, words=((FIRM,), (ELASTIC,)), may_be_one=True),
            "exports": flags(
                refusals, "exports", self.exports, shape, words=((EXPORT,), (CURTAIL,)), may_be_one=True
            ),
            **{
                name: numbers(refusals, name, getattr(self, name), shape, factor, may_be_one=True)
                for name in ("load_power_factor", "generation_power_factor")
            },
            "retailer": self._retailers(refusals, count),
            "connection_kw": numbers(
                refusals, "connection_kw", self.connection_kw, shape, _connection_faults, may_be_one=True
            ),
            "phases": self._phases(refusals, count),
            "meter": self._meters(refusals, count),
        }
        first, end = (
            whole_numbers(refusals, name, getattr(self, name), shape, may_be_one=True)
            for name in ("member_from", "member_until")
        )
        if first is not None and end is not None:
            refusals.add_where("member_until", end <= first, *ENDS_FIRST, end)
        refusals.finish()
        self._set(**values, member_from=first, member_until=end)

    def _retailers(self, refusals: Refusals, count: int | None) -> tuple[str, ...] | None:
        if isinstance(self.retailer, tuple) and not self.retailer:
            return (DEFAULT_RETAILER,) * (count or 0)
        return names(refusals, "retailer", self.retailer, count=count)

    def _phases(self, refusals: Refusals, count: int | None) -> tuple[str, ...] | None:
        given: object = self.phases
        if isinstance(given, str):
            given = (given,) * (count or 0)
        elif isinstance(given, tuple) and not given:
            return (PHASES.choices[0],) * (count or 0)
        texts = names(refusals, "phases", given, count=count, meaning="phases")
        unknown = np.array([text not in PHASES.choices for text in texts or ()], dtype=np.bool_)
        refusals.add_where("phases", unknown, "is not a choice", f"write {_listed(PHASES.choices)}", texts)
        return None if unknown.any() else texts

    def _meters(self, refusals: Refusals, count: int | None) -> tuple[str, ...] | None:
        """The names of meters, empty ones where none is given; `None` where they cannot be used."""
        given: object = self.meter
        if isinstance(given, tuple) and not given:
            return ("",) * (count or 0)
        if isinstance(given, list | tuple) and all(isinstance(one, str) for one in given):
            texts = tuple(map(str, given))
            if count is not None and len(texts) != count:
                refusals.add("meter", f"has {len(texts)} texts", f"there are {count} participants")
                return None
            repeated = np.array(repeated_meters(texts), dtype=np.bool_)
            refusals.add_where("meter", repeated, *REPEATED_METER, texts)
            return None if repeated.any() else texts
        return names(refusals, "meter", given, count=count, meaning="a meter")

    def __repr__(self) -> str:
        """One line: the arrays are too many to show."""
        return f"<Participants: {len(self):,}>"

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def load_tan_phi(self) -> Float:
        """Reactive over active power of the load, kvar per kW, (P,)."""
        return _tan_phi(self.load_power_factor)

    @property
    def generation_tan_phi(self) -> Float:
        """Reactive over active power of the generation, kvar per kW, (P,)."""
        return _tan_phi(self.generation_power_factor)


def repeated_meters(meters: tuple[str, ...]) -> list[bool]:
    """Whether each participant names a meter that an earlier one, or itself, has named already."""
    seen: set[str] = set()
    repeated = []
    for said in meters:
        own = said.split()
        repeated.append(len(set(own)) < len(own) or not seen.isdisjoint(own))
        seen.update(own)
    return repeated


def _connection_faults(connection_kw: Float) -> list[tuple[Bool, str, str]]:
    """What is wrong with connections, of which NaN are not known."""
    known = ~np.isnan(connection_kw)
    faults = range_faults(Kind.CONNECTION, connection_kw)
    return [(where & known, what, remedy) for where, what, remedy in faults]


def _tan_phi(power_factor: Float) -> Float:
    """Reactive power per active power at a power factor; same shape."""
    tangent: Float = np.sqrt(1.0 - power_factor**2) / power_factor
    return tangent


def _listed(choices: tuple[str, ...]) -> str:
    """Choices in words: "'a', 'b' or 'c'"."""
    quoted = [f"'{choice}'" for choice in choices]
    return f"{', '.join(quoted[:-1])} or {quoted[-1]}"
