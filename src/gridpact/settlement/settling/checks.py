"""Checks: what must be true of readings, tariffs and an earlier ledger before anything is settled."""

from collections.abc import Iterator

import numpy as np

from gridpact.arrays import Float, Int
from gridpact.case.horizon import Horizon
from gridpact.case.participants import Participants
from gridpact.case.reading.problems import Problems
from gridpact.errors import InvalidUsage, Problem
from gridpact.settlement.amounts.money import FITTING, WH_PER_KWH
from gridpact.settlement.energy.keys import WHOLE_PPM, KeyKind, SharingKey
from gridpact.settlement.energy.meters import Meters
from gridpact.settlement.energy.positions import Positions
from gridpact.settlement.ledger.ledger import Ledger
from gridpact.settlement.tariffs.tariffs import LossAllocation, Tariffs

PARTS_MAX = 8.0  # entries about one and the same energy, and room
SPREAD_MAX = 2e3  # of marginal shares over the losses that they add up to


def refuse_invalid(
    participants: Participants,
    horizon: Horizon,
    positions: Positions,
    meters: Meters,
    tariffs: Tariffs,
    key: SharingKey | None,
) -> None:
    """Nothing where the input can be settled.

    Raises:
        InvalidCase: readings are missing, a trade is of somebody who is not a member, coefficients of a fixed
            key add up to more than 1, or energies and prices are so large that money does not fit in 64 bits;
            lists all of it.
    """
    problems = Problems()
    problems.extend(_missing(participants, horizon, meters))
    problems.extend(_strangers(participants, horizon, positions, meters))
    problems.extend(_above_whole(horizon, key))
    if _greatest_micro(positions, meters, tariffs, key) >= FITTING:
        problems.add(
            Problem(
                file="tariffs.toml",
                what="has prices at which the readings may cost more than 64 bits of micro-currency hold",
                remedy="prices per kWh in the case's currency, and readings in kWh",
            )
        )
    if len(problems):
        raise problems.refusal()


def refuse_old_version(previous: Ledger | None, version: int) -> None:
    """Nothing where `version` is above every version of the earlier ledger.

    Raises:
        InvalidUsage: it is not.
    """
    latest = int(previous.version.max(initial=0)) if previous is not None else 0
    if version <= latest:
        raise InvalidUsage(
            f"version {version} of a ledger whose latest version is {latest}", f"version {latest + 1}"
        )


def _missing(participants: Participants, horizon: Horizon, meters: Meters) -> Iterator[Problem]:
    """Every reading that there is not, and that nothing stands in for."""
    for period, participant in np.argwhere(meters.is_asked & ~(meters.given | meters.estimated)).tolist():
        yield Problem(
            file="meters.csv",
            field="participant",
            value=participants.ids[participant],
            what="has no reading",
            remedy=f'a row at {_label(horizon, period)}, or missing = "schedule"',
        )


def _strangers(
    participants: Participants, horizon: Horizon, positions: Positions, meters: Meters
) -> Iterator[Problem]:
    """Every cleared trade of somebody who is not a member then."""
    if meters.member is None:
        return
    for field, party in (("seller", positions.seller), ("buyer", positions.buyer)):
        for row in np.flatnonzero(~meters.member[positions.period, party]).tolist():
            yield Problem(
                file="cleared.csv",
                field=field,
                value=participants.ids[party[row]],
                what="is not a member at that time",
                remedy=f"no trade at {_label(horizon, int(positions.period[row]))}",
            )


def _above_whole(horizon: Horizon, key: SharingKey | None) -> Iterator[Problem]:
    """Every period in which the coefficients of a fixed key add up to more than 1."""
    if key is None or key.kind is not KeyKind.FIXED:
        return
    total = np.where(key.member, key.coefficient_ppm, 0).sum(axis=1)
    for period in np.flatnonzero(total > WHOLE_PPM).tolist():
        yield Problem(
            file="sharing.csv",
            field="coefficient",
            value=f"{total[period] / WHOLE_PPM:.6f}",
            what="is what a fixed key adds up to",
            remedy=f"at most 1 at {_label(horizon, period)}",
        )


def _label(horizon: Horizon, period: int) -> str:
    """The start of a period in local time with its offset."""
    return horizon.instant(period).isoformat(timespec="minutes")


def _greatest_micro(positions: Positions, meters: Meters, tariffs: Tariffs, key: SharingKey | None) -> float:
    """An upper bound of all money that may move."""
    energies = (
        meters.import_wh,
        meters.export_wh,
        positions.energy_wh,
        meters.head_import_wh[meters.head_given],
    )
    prices = [
        positions.price_micro_per_kwh,
        tariffs.p2p_charge_micro_per_kwh,
        tariffs.retail_charge_micro_per_kwh,
        np.array([tariffs.tax_micro_per_kwh, key.price_micro_per_kwh if key is not None else 0]),
    ]
    for retailer in tariffs.retailers:
        prices += [retailer.supply_micro_per_kwh, retailer.feed_in_micro_per_kwh]
        prices += [retailer.imbalance_long_micro_per_kwh, retailer.imbalance_short_micro_per_kwh]
    energy_wh = sum(_size(each).sum() for each in energies)
    price_micro_per_kwh = max(_size(each).max(initial=0.0) for each in prices)
    spread = SPREAD_MAX if tariffs.loss_allocation is LossAllocation.MARGINAL else PARTS_MAX
    return float(energy_wh * price_micro_per_kwh * spread / WH_PER_KWH)


def _size(values: Int) -> Float:
    """Absolute values, which may be too large to add up in 64 bits."""
    size: Float = np.abs(values.astype(np.float64))
    return size
