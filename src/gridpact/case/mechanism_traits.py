"""MechanismTraits: what a case has to know of the mechanism that it names, and what does not go with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from gridpact.case.orders import Orders
from gridpact.case.trades import Trades
from gridpact.errors import InvalidUsage, nearest
from gridpact.fields.refusals import Refusals
from gridpact.plug_ins import DOUBLE_AUCTION, MECHANISMS, load

DOUBLE_AUCTION_REMEDY = f"leave it out, or take the mechanism '{DOUBLE_AUCTION}'"


@dataclass(frozen=True, slots=True, kw_only=True)
class MechanismTraits:
    """What a case has to know of a matching mechanism.

    Attributes:
        settings: names of the numbers that it asks for beside `mechanism`; each is needed.
        keeps_terms: whether it keeps the terms of orders; else orders have none.
        is_on_network: whether orders are cleared on the network itself, and only what clears is paired.
    """

    settings: tuple[str, ...] = ()
    keeps_terms: bool = False
    is_on_network: bool = False


class MarketParts(Protocol):
    """What of a case a mechanism has to go with."""

    @property
    def mechanism_settings(self) -> Mapping[str, float]:
        """Numbers by their names."""

    @property
    def trades(self) -> Trades:
        """The bilateral trades."""

    @property
    def orders(self) -> Orders:
        """What is to be matched."""


def traits_of(name: str) -> MechanismTraits:
    """The traits of the mechanism of a name.

    Raises:
        InvalidUsage: there is none, or it is of no use.
    """
    return load(MECHANISMS, name, MechanismTraits)


def terms_fault(name: str) -> tuple[str, str]:
    """What is wrong with a term of an order under a mechanism that keeps none, and what would be right."""
    is_on_network = traits_of(name).is_on_network
    why = (
        ": where orders clear in part or not at all, no price need exist that fits all"
        if is_on_network
        else ""
    )
    return f"is a term, and the mechanism '{name}' keeps none{why}", DOUBLE_AUCTION_REMEDY


def network_faults(formulation: str, robustness: str) -> dict[str, tuple[str, str]]:
    """What of the settings does not go with clearing orders on the network, by the name of the setting."""
    faults = {}
    if formulation != "ac":
        what = "has no voltages and losses, on which orders are cleared"
        faults["formulation"] = what, "take formulation 'ac', or another mechanism"
    if robustness != "none":
        what = "asks for more than the state that prices are of, when orders are cleared on the network"
        faults["robustness"] = what, "take 'none', or another mechanism"
    return faults


TRADES_FAULT = (
    "are beside orders that are cleared on the network, where a trade without a limit price has no rank",
    "give orders instead, or take another mechanism",
)


def setting_faults(
    traits: MechanismTraits, name: str, given: Mapping[str, object]
) -> dict[str, tuple[str, str]]:
    """What is wrong with the names of a mechanism's settings and what would be right, by their names."""
    faults = {}
    for one in traits.settings:
        if one not in given:
            faults[one] = f"is missing, which the mechanism '{name}' needs", f"add {one} = 0.10"
    for one in given:
        if one not in traits.settings:
            known = ", ".join(traits.settings) or "none"
            near = nearest(one, traits.settings) or f"it has {known}"
            faults[one] = f"is not a setting of the mechanism '{name}'", near
    return faults


def refuse_mechanism(
    refusals: Refusals, case: MarketParts, name: str, formulation: str, robustness: str, usable: set[str]
) -> None:
    """Takes in what of a case does not go with its mechanism.

    Args:
        refusals: of the case.
        case: whose settings, trades and orders are looked at, where they are usable.
        name: of the mechanism.
        formulation: of the case, the default where it is wrong.
        robustness: likewise.
        usable: the parts that are there.
    """
    try:
        traits = traits_of(name)
    except InvalidUsage as error:
        refusals.add("mechanism", f"is of no use: {error}", "", name)
        return
    if "mechanism_settings" in usable:
        for setting, fault in setting_faults(traits, name, case.mechanism_settings).items():
            refusals.add(f"mechanism_settings['{setting}']", *fault)
    if "orders" in usable and not traits.keeps_terms:
        given = case.orders.terms.given
        refusals.of("orders").add_where("terms", given, *terms_fault(name))
    if traits.is_on_network and "orders" in usable and "trades" in usable:
        for setting, fault in network_faults(formulation, robustness).items():
            refusals.add(setting, *fault)
        if len(case.trades) and len(case.orders):
            refusals.add("trades", *TRADES_FAULT)
