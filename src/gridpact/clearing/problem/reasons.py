"""Reasons: why columns are cut, from the duals of an optimum.

The kW that a cut column would add is used up by duals: of its seller's cap, of its buyer's cap, and of every
limit times the change of the limited quantity per kW of the column. The greatest share is the reason; all
that are above zero are the shares of the cut.
"""

from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Float, Int
from gridpact.clearing.problem.cut_shares import CutShares
from gridpact.clearing.problem.solution import BindingLimits, LimitedBy
from gridpact.clearing.solver.programme import EVEN_CUT_WEIGHT
from gridpact.grid.network import ElementKind, Network
from gridpact.grid.network_model import NO_PHASE

DUAL_MIN = 1e-6
SHARE_DECIMALS = 6
TIE_BREAK_SHARE = 10.0 * EVEN_CUT_WEIGHT  # kW of volume per kW of a trade


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveLimits:
    """The limits of a network that have a dual at an optimum, L of them, for n columns.

    Attributes:
        limited_by: a `LimitedBy`, (L,).
        element: bus position or rated element, (L,).
        phase: as in `BindingLimits`, (L,).
        value: where it stands, pu or percent, (L,).
        limit: in the same unit, (L,).
        dual: kW of volume per pu or percentage point, positive at an upper limit, (L,).
        effect: change in pu or percentage points per kW of each column, (L, n).
    """

    limited_by: Int
    element: Int
    phase: Int
    value: Float
    limit: Float
    dual: Float
    effect: Float

    @classmethod
    def none(cls, columns: int) -> "ActiveLimits":
        """No limits at all, for `columns` columns."""
        index, number = np.empty(0, dtype=np.int64), np.empty(0)
        return cls(
            limited_by=index,
            element=index,
            phase=index,
            value=number,
            limit=number,
            dual=number,
            effect=np.empty((0, columns)),
        )

    @classmethod
    def joined(cls, parts: "list[ActiveLimits]", columns: int) -> "ActiveLimits":
        """All limits of `parts`, for the same `columns` columns."""
        parts = [cls.none(columns), *parts]
        return cls(
            limited_by=np.concatenate([part.limited_by for part in parts]),
            element=np.concatenate([part.element for part in parts]),
            phase=np.concatenate([part.phase for part in parts]),
            value=np.concatenate([part.value for part in parts]),
            limit=np.concatenate([part.limit for part in parts]),
            dual=np.concatenate([part.dual for part in parts]),
            effect=np.vstack([part.effect for part in parts]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveCaps:
    """The caps of P participants with their duals, kW of volume per kW of the cap, (P,) each."""

    seller_cap_kw: Float
    buyer_cap_kw: Float
    seller_dual: Float
    buyer_dual: Float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    """What cuts each of n columns, were it cut: as in `PeriodSolution`, (n,) each, and the shares of all."""

    limited_by: Int
    element: Int
    phase: Int
    shares: CutShares


def reasons(limits: ActiveLimits, caps: ActiveCaps, seller: Int, buyer: Int) -> Reasons:
    """What cuts each column, were it cut.

    A column that nothing in its period holds down is held by its terms, through another period.

    Args:
        limits: of the network.
        caps: of the participants.
        seller: participant that sells each column, (n,).
        buyer: participant that buys each column, or `RETAILER`, (n,).
    """
    count = len(limits.dual)
    share = np.vstack(
        [
            limits.dual[:, None] * limits.effect,
            caps.seller_dual[seller],
            np.append(caps.buyer_dual, 0.0)[buyer],
        ]
    )
    share = np.round(share, SHARE_DECIMALS)
    kinds = np.concatenate([limits.limited_by, [LimitedBy.SELLER_SURPLUS, LimitedBy.BUYER_DEMAND]])
    shares = _shares(limits, kinds, share, seller, buyer)
    strongest = np.argmax(share, axis=0)
    held = share[strongest, np.arange(share.shape[1])] > 0.0
    elements = np.append(limits.element, [-1, -1])[strongest]
    elements = np.select([strongest == count, strongest == count + 1], [seller, buyer], elements)
    phases = np.append(limits.phase, [NO_PHASE, NO_PHASE])[strongest]
    return Reasons(
        limited_by=np.where(held, kinds[strongest], LimitedBy.TERMS),
        element=np.where(held, elements, -1),
        phase=np.where(held, phases, NO_PHASE),
        shares=shares,
    )


def _shares(limits: ActiveLimits, kinds: Int, taken: Float, seller: Int, buyer: Int) -> CutShares:
    """The shares of what is taken of a kW of each column, by limits, seller's and buyer's cap, (L + 2, n)."""
    column, row = np.nonzero(taken.T > 0.0)
    count = len(limits.dual)
    ours = np.minimum(row, max(count - 1, 0))
    is_cap = row >= count
    cap_of = np.where(row == count, seller[column], buyer[column])
    nothing = np.zeros(len(row), dtype=np.int64)
    return CutShares(
        column=column,
        limited_by=kinds[row].astype(np.int64),
        element=np.where(is_cap, cap_of, limits.element[ours] if count else nothing),
        phase=np.where(is_cap, NO_PHASE, limits.phase[ours] if count else nothing),
        share=taken[row, column] / np.maximum(taken, 0.0).sum(axis=0)[column],
        per_kw=np.where(is_cap, 1.0, limits.effect[ours, column] if count else 1.0),
    )


def binding_limits(period: int, limits: ActiveLimits, caps: ActiveCaps) -> BindingLimits:
    """The caps and limits of a period that have a dual, with their shadow prices.

    A dual no greater than the even cut's own weight only shapes the cut and holds no volume: its price is 0.
    """
    sellers = np.flatnonzero(caps.seller_dual > DUAL_MIN)
    buyers = np.flatnonzero(caps.buyer_dual > DUAL_MIN)
    limit = np.concatenate([caps.seller_cap_kw[sellers], caps.buyer_cap_kw[buyers], limits.limit])
    dual = np.concatenate([caps.seller_dual[sellers], caps.buyer_dual[buyers], np.abs(limits.dual)])
    most = np.abs(limits.dual) * np.abs(limits.effect).max(axis=1, initial=0.0)
    share = np.concatenate([caps.seller_dual[sellers], caps.buyer_dual[buyers], most])
    kinds = (
        np.full(len(sellers), LimitedBy.SELLER_SURPLUS),
        np.full(len(buyers), LimitedBy.BUYER_DEMAND),
        limits.limited_by,
    )
    return BindingLimits(
        period=np.full(len(limit), period, dtype=np.int64),
        limited_by=np.concatenate(kinds).astype(np.int64),
        element=np.concatenate([sellers, buyers, limits.element]),
        phase=np.concatenate([np.full(len(sellers) + len(buyers), NO_PHASE), limits.phase]),
        value=np.concatenate([limit[: len(limit) - len(limits.value)], limits.value]),
        limit=limit,
        shadow_price_kw_per_percent=np.where(share > TIE_BREAK_SHARE, dual * limit / 100.0, 0.0),
    )


def element_kinds(network: Network, element: Int) -> Int:
    """The `LimitedBy` of rated elements."""
    words = {ElementKind.LINE: LimitedBy.LINE, ElementKind.TRANSFORMER: LimitedBy.TRANSFORMER}
    return np.array([words[network.elements.kind[k]] for k in element], dtype=np.int64)
