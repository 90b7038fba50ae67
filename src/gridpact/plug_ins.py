"""Plug-ins: matching mechanisms and rules of allocation, each by a name that case files give.

A package registers one as an entry point, of the group `gridpact.mechanisms` or `gridpact.rules`; what is
built in stands here as entry points too, and is found and loaded in the same way. The packages that are
installed are looked at only for a name that is not built in, which no package can take.
"""

from collections.abc import Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import TypeVar

from gridpact.errors import InvalidUsage, nearest

MECHANISMS, RULES = "gridpact.mechanisms", "gridpact.rules"
WORDS: Mapping[str, str] = {MECHANISMS: "mechanism", RULES: "allocation"}
DOUBLE_AUCTION = "double-auction"
_BUILT_IN: Mapping[str, Mapping[str, str]] = {
    MECHANISMS: {
        DOUBLE_AUCTION: "gridpact.matching.double_auction:MECHANISM",
        "pay-as-bid": "gridpact.matching.double_auction:PAY_AS_BID",
        "mid-market-rate": "gridpact.matching.mechanisms.mid_market_rate:MECHANISM",
        "bill-sharing": "gridpact.matching.mechanisms.bill_sharing:MECHANISM",
        "network-auction": "gridpact.matching.mechanisms.network_auction:MECHANISM",
    },
    RULES: {
        "max-volume": "gridpact.clearing.rules.max_volume:RULE",
        "max-min": "gridpact.clearing.rules.max_min:RULE",
        "proportional": "gridpact.clearing.rules.proportional:RULE",
        "priority": "gridpact.clearing.rules.priority:RULE",
    },
}
Kind = TypeVar("Kind")


def names_of(group: str) -> tuple[str, ...]:
    """The names of a group: those built in, in their order, then those of packages."""
    built_in = tuple(_BUILT_IN[group])
    return (*built_in, *sorted({one.name for one in entry_points(group=group)} - set(built_in)))


def unknown_name(group: str, name: object) -> tuple[str, str] | None:
    """What is wrong with a name of a group and what would be right; none where it is known."""
    if not isinstance(name, str):
        return "is not text", f"write the name of one: {', '.join(names_of(group))}"
    if name in _BUILT_IN[group]:
        return None
    names = names_of(group)
    if name in names:
        return None
    near = nearest(name[:80], names)
    listed = f"there are {', '.join(names)}"
    return f"is not a known {WORDS[group]}", f"{near} {listed}" if near else listed


def load(group: str, name: str, kind: type[Kind]) -> Kind:
    """What a name of a group stands for.

    Args:
        group: `MECHANISMS` or `RULES`.
        name: as a case file gives it.
        kind: what it has to be.

    Raises:
        InvalidUsage: there is none of this name, several packages have one, or it is of no use.
    """
    found = list(_found(group, name))
    word = WORDS[group]
    if not found:
        what, remedy = unknown_name(group, name) or ("is not known", "")
        raise InvalidUsage(f"the name '{name}' {what}", remedy)
    if len({one.value for one in found}) > 1:
        places = ", ".join(sorted(one.value for one in found))
        raise InvalidUsage(f"several packages have a {word} '{name}': {places}", "uninstall all but one")
    try:
        thing = found[0].load()
    except Exception as error:  # Whatever a package does when it is imported is told of it by name.
        what = f"the {word} '{name}' cannot be loaded from {found[0].value}: {error}"
        raise InvalidUsage(what, "mend the package that has it, or uninstall it") from error
    if not isinstance(thing, kind):
        remedy = f"register an object of {kind.__module__}.{kind.__name__}"
        raise InvalidUsage(f"the {word} '{name}', {found[0].value}, is something else", remedy)
    return thing


def _found(group: str, name: str) -> Iterator[EntryPoint]:
    """The entry points of a name: the one that is built in, or those of packages."""
    if name in _BUILT_IN[group]:
        yield EntryPoint(name=name, value=_BUILT_IN[group][name], group=group)
    else:
        yield from entry_points(group=group, name=name)
