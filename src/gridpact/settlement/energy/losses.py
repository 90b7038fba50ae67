"""Losses: what the network takes in each period, and who pays for it.

They are what the head meter shows beyond the sum of the meters. Where it has no reading they are those of an
AC power flow of the readings, and the head is the meters plus the losses.

`pro-rata` shares them by import plus export. `marginal` shares them by w = p ∂L/∂p + q ∂L/∂q: by how much the
losses L grow, per unit, when the injection p + jq of one participant is scaled, at the operating point. These
are the marginal loss coefficients of Mutale, Strbac, Curcic, Jenkins 2000, "Allocation of losses in
distribution systems with embedded generation", scaled so that the shares add up to the losses exactly; who
relieves the network has a negative share.
"""

from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Bool, Float, Int, frozen
from gridpact.case.horizon import Horizon
from gridpact.case.participants import Participants
from gridpact.errors import InvalidUsage
from gridpact.grid.network import Network
from gridpact.settlement.amounts.money import largest_remainder
from gridpact.settlement.energy.metered_flow import (
    MeteredFlow,
    flow_losses_wh,
    marginal_losses_kw,
    run_metered_flow,
)
from gridpact.settlement.energy.meters import Meters
from gridpact.settlement.tariffs.tariffs import LossAllocation

VANISHING = 1e-3  # of marginal losses that cancel out to this part of their sizes, or less
WEIGHT_STEPS = 2**30  # that the greatest marginal loss of a period is counted in


@dataclass(frozen=True, slots=True, kw_only=True)
class Losses:
    """Losses of T periods, whole watt-hours.

    Attributes:
        head_import_wh: drawn at the supply, (T,).
        losses_wh: (T,); negative where the meters show more than the head does.
        shares_wh: of each member, (T, P), adding up to the losses where there are members; None where the DSO
            bears them.
        notices: where they come from, and what is odd about them.
    """

    head_import_wh: Int
    losses_wh: Int
    shares_wh: Int | None
    notices: tuple[str, ...]


def find_losses(
    participants: Participants,
    network: Network | None,
    horizon: Horizon,
    meters: Meters,
    allocation: LossAllocation,
    order: Int,
) -> Losses:
    """The losses of every period, and each participant's share.

    Args:
        participants: P of them.
        network: that they are connected to, needed for marginal losses. Where there is none, nothing is lost
            in periods without a head reading.
        horizon: T periods.
        meters: of all participants and, where it is read, of the supply.
        allocation: who pays.
        order: the participants, the first to be served first, (P,).

    Raises:
        InvalidCase: in a period without a head reading the AC power flow has no solution.
        InvalidUsage: losses are marginal and there is no network.
    """
    metered = meters.net_import_wh
    lost = meters.head_import_wh - metered
    is_unread = ~meters.head_given
    flow = None
    if network is None:
        if allocation is LossAllocation.MARGINAL:
            raise InvalidUsage("marginal losses need the network", "give a network, or share losses pro rata")
        lost = np.where(is_unread, 0, lost)
    elif is_unread.any() or allocation is LossAllocation.MARGINAL:
        flow = run_metered_flow(participants, network, horizon, meters)
        lost = np.where(is_unread, flow_losses_wh(flow, horizon, is_unread), lost)
    weight, notices = _weights(allocation, meters, flow, horizon)
    return Losses(
        head_import_wh=frozen(metered + lost, np.int64),
        losses_wh=frozen(lost, np.int64),
        shares_wh=None if weight is None else frozen(largest_remainder(lost, weight, order), np.int64),
        notices=(*_origin(is_unread, lost, horizon, has_network=network is not None), *notices),
    )


def _weights(
    allocation: LossAllocation, meters: Meters, flow: MeteredFlow | None, horizon: Horizon
) -> tuple[Int | None, tuple[str, ...]]:
    """Whole weights that the losses are shared by, (T, P), None for the DSO; and what had to be replaced."""
    if allocation is LossAllocation.DSO:
        return None, ()
    energy = meters.import_wh + meters.export_wh
    is_idle: Bool = np.asarray(energy.sum(axis=1) == 0)
    weight = np.where(is_idle[:, None], meters.is_asked, energy)
    notices = _told(is_idle, "no meter shows any energy: losses are shared equally", horizon)
    if flow is None or allocation is LossAllocation.PRO_RATA:
        return weight, notices
    marginal, has_vanished = marginal_weights(np.where(meters.is_asked, marginal_losses_kw(flow), 0.0))
    what = "marginal losses cancel out or cannot be computed: losses are shared pro rata"
    notices = (*_told(has_vanished & ~is_idle, what, horizon), *notices)
    return np.where(has_vanished[:, None], weight, marginal), notices


def marginal_weights(marginal_kw: Float) -> tuple[Int, Bool]:
    """Marginal losses (T, P) as whole weights, and the periods in which their sum vanishes, (T,).

    It vanishes where it is not above `VANISHING` of the sum of their sizes: shares would be without bound, or
    have the wrong sign.
    """
    finite = np.nan_to_num(marginal_kw)
    size = np.abs(finite)
    has_vanished: Bool = finite.sum(axis=1) <= VANISHING * size.sum(axis=1)
    greatest = np.where(has_vanished, np.inf, size.max(axis=1, initial=0.0))
    return np.rint(finite / greatest[:, None] * WEIGHT_STEPS).astype(np.int64), has_vanished


def _origin(is_unread: Bool, lost: Int, horizon: Horizon, *, has_network: bool) -> tuple[str, ...]:
    """What a reader should know about where the losses come from."""
    gained = int(-lost[lost < 0].sum())
    by_flow = "no reading of @head: losses are those of the AC power flow of the meters"
    unread = by_flow if has_network else "no reading of @head, and no network: no losses are counted"
    return (
        *_told(is_unread, unread, horizon),
        *_told(lost < 0, f"the meters show {gained:,} Wh more than @head: negative losses", horizon),
    )


def _told(periods: Bool, what: str, horizon: Horizon) -> tuple[str, ...]:
    """A notice about some periods; none where there are none."""
    if not periods.any():
        return ()
    first = horizon.instant(int(np.argmax(periods))).isoformat(timespec="minutes")
    return (f"in {int(periods.sum())} of {len(periods)} periods (first {first}), {what}",)
