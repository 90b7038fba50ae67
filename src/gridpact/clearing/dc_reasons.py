"""Why the DC clearing cut: the duals of a period's optimum, as reasons and binding limits.

At the optimum every column that is cut has 1 = μ_s + μ_d + Σ_l λ_l ∂f_l/∂y (or less than the right-hand side
where it is cut to nothing): the kW it would add to the volume is used up by the duals of its seller's cap,
its buyer's cap and the flow limits that it loads. The greatest share is the reason.
"""

import numpy as np

from gridpact.arrays import Int
from gridpact.clearing.dc_grid import DcGrid
from gridpact.clearing.dc_programme import DUAL_TOLERANCE, DcOptimum
from gridpact.clearing.problem import ClearingProblem
from gridpact.clearing.solution import BindingLimits, LimitedBy
from gridpact.grid.network import ElementKind


def reasons(problem: ClearingProblem, grid: DcGrid, optimum: DcOptimum) -> tuple[Int, Int]:
    """The `LimitedBy` and the element of each column of the optimum's period, were it cut, (n,) each."""
    offers = problem.offers
    seller, buyer = offers.column_seller[optimum.columns], offers.column_buyer[optimum.columns]
    branches = np.flatnonzero(optimum.flow_dual)
    by_participant = grid.sensitivity[branches] @ problem.connected.T
    loads = (by_participant * problem.seller_injects)[:, seller] - (by_participant * problem.buyer_draws)[
        :, buyer
    ]
    share = np.vstack(
        [
            optimum.flow_dual[branches, None] * loads,
            optimum.seller_dual[seller],
            optimum.buyer_dual[buyer],
        ]
    )
    strongest = np.argmax(np.round(share, 6), axis=0)
    kinds = np.concatenate([_kinds(grid, branches), [LimitedBy.SELLER_SURPLUS, LimitedBy.BUYER_DEMAND]])
    limited_by = kinds[strongest]
    flow_element = np.append(grid.network.branches.element[branches], -1)
    element = np.where(
        limited_by == LimitedBy.SELLER_SURPLUS,
        seller,
        np.where(
            limited_by == LimitedBy.BUYER_DEMAND, buyer, flow_element[np.minimum(strongest, len(branches))]
        ),
    )
    return limited_by, element


def binding_limits(problem: ClearingProblem, grid: DcGrid, optimum: DcOptimum) -> BindingLimits:
    """The caps and flow limits of the optimum's period that have a shadow price.

    Flows are given as percent of the rating, and so are their limits.
    """
    period = optimum.period
    sellers = np.flatnonzero(optimum.seller_dual > DUAL_TOLERANCE)
    buyers = np.flatnonzero(optimum.buyer_dual > DUAL_TOLERANCE)
    branches = np.flatnonzero(optimum.flow_dual)
    surplus_kw, demand_kw = problem.seller_cap_kw[period, sellers], problem.buyer_cap_kw[period, buyers]
    flow_kw = optimum.flow_limit_kw[branches]
    percent = 100.0 * flow_kw / grid.loading_base_kw[branches]
    limit = np.concatenate([surplus_kw, demand_kw, percent])
    price = np.concatenate(
        [
            optimum.seller_dual[sellers] * surplus_kw,
            optimum.buyer_dual[buyers] * demand_kw,
            np.abs(optimum.flow_dual[branches]) * flow_kw,
        ]
    )
    return BindingLimits(
        period=np.full(len(limit), period, dtype=np.int64),
        limited_by=np.concatenate(
            [
                np.full(len(sellers), LimitedBy.SELLER_SURPLUS),
                np.full(len(buyers), LimitedBy.BUYER_DEMAND),
                _kinds(grid, branches),
            ]
        ).astype(np.int64),
        element=np.concatenate([sellers, buyers, grid.network.branches.element[branches]]),
        value=limit,
        limit=limit,
        shadow_price_kw_per_percent=price / 100.0,
    )


def _kinds(grid: DcGrid, branches: Int) -> Int:
    kinds = grid.network.elements.kind
    words = {ElementKind.LINE: LimitedBy.LINE, ElementKind.TRANSFORMER: LimitedBy.TRANSFORMER}
    return np.array([words[kinds[k]] for k in grid.network.branches.element[branches]], dtype=np.int64)
