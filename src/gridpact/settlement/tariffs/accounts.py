"""Accounts: who pays and who is paid in a settlement."""

from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Int
from gridpact.case.participants import Participants
from gridpact.case.schema import DEFAULT_RETAILER
from gridpact.settlement.tariffs.tariffs import Retailer, Tariffs

DSO = "dso"
TAX = "tax"
CONGESTION = "congestion"
RETAILER = "retailer/"
ISSUER = "issuer"
ROUNDING = "rounding"
BILLING = (ISSUER, ROUNDING)  # of bills alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """The accounts by number: participants first, as they are numbered, then retailers, DSO, tax, congestion.

    Attributes:
        names: of all.
        retailer: account of each participant's retailer, (P,).
        loss_retailer: account of the retailer that supplies losses.
        dso: account of the DSO.
        tax: account that taxes are paid to.
        congestion: account that is paid what buyers pay beyond what their sellers receive, where any do.
    """

    names: tuple[str, ...]
    retailer: Int
    loss_retailer: int
    dso: int
    tax: int
    congestion: int


def open_accounts(
    participants: Participants, tariffs: Tariffs, *, has_congestion: bool, has_bills: bool = False
) -> Accounts:
    """The accounts of a settlement, those of bills last."""
    count, retailers = len(participants), tariffs.retailers
    return Accounts(
        names=(
            *participants.ids,
            *(RETAILER + each.name for each in retailers),
            DSO,
            TAX,
            *((CONGESTION,) if has_congestion else ()),
            *(BILLING if has_bills else ()),
        ),
        retailer=count + tariffs.retailer_of_participant,
        loss_retailer=count + retailers.index(loss_retailer(tariffs)),
        dso=count + len(retailers),
        tax=count + len(retailers) + 1,
        congestion=count + len(retailers) + 2,
    )


def loss_retailer(tariffs: Tariffs) -> Retailer:
    """The retailer that supplies losses: `default`, or else the first by name."""
    return min(tariffs.retailers, key=lambda each: (each.name != DEFAULT_RETAILER, each.name))


def served_first(participants: Participants) -> Int:
    """The participants in the order of their ids, which decides between equal remainders, (P,)."""
    return np.array(sorted(range(len(participants)), key=participants.ids.__getitem__), dtype=np.int64)
