"""Settle: from positions, meters and tariffs to a settlement."""

from dataclasses import fields, replace

import numpy as np

from gridpact.arrays import frozen
from gridpact.case.horizon import Horizon
from gridpact.case.participants import Participants
from gridpact.grid.network import Network
from gridpact.settlement.energy.firm import deliver_as_cleared
from gridpact.settlement.energy.keys import SharingKey, share
from gridpact.settlement.energy.losses import find_losses
from gridpact.settlement.energy.membership import membership
from gridpact.settlement.energy.meters import Meters, within
from gridpact.settlement.energy.positions import Positions
from gridpact.settlement.energy.retail import retail
from gridpact.settlement.energy.sharing import deliver_as_metered
from gridpact.settlement.ledger.booking import book
from gridpact.settlement.ledger.correction import continued, corrected
from gridpact.settlement.ledger.ledger import Ledger
from gridpact.settlement.settling.checks import refuse_invalid, refuse_old_version
from gridpact.settlement.settling.settled_energy import SettledEnergy
from gridpact.settlement.settling.settlement import Settlement
from gridpact.settlement.tariffs.accounts import CONGESTION, open_accounts, served_first
from gridpact.settlement.tariffs.tariffs import Mode, Tariffs


def settle(
    participants: Participants,
    network: Network | None,
    horizon: Horizon,
    positions: Positions,
    meters: Meters,
    tariffs: Tariffs,
    keys: SharingKey | None = None,
    previous: Ledger | None = None,
    version: int = 1,
) -> Settlement:
    """The settlement of a horizon, exact in whole watt-hours and micro-currency.

    The arguments and what is raised are those of `settle_energy`.
    """
    return book_up(
        settle_energy(participants, network, horizon, positions, meters, tariffs, keys, previous, version)
    )


def settle_energy(
    participants: Participants,
    network: Network | None,
    horizon: Horizon,
    positions: Positions,
    meters: Meters,
    tariffs: Tariffs,
    keys: SharingKey | None = None,
    previous: Ledger | None = None,
    version: int = 1,
) -> SettledEnergy:
    """What a horizon comes to in energy, exact in whole watt-hours.

    Args:
        participants: P of them.
        network: that connects them, needed for marginal losses. Where there is none, nothing is lost in
            periods without a head reading.
        horizon: T periods.
        positions: what was cleared.
        meters: what was read, or is estimated, of every participant in every period.
        tariffs: how it is settled, and at which prices.
        keys: how members share what they do not trade; nothing is shared without. Nobody receives outside of
            its membership.
        previous: the ledger to correct, entries of every earlier version.
        version: of the entries that are written, above those of `previous`.

    Raises:
        InvalidCase: something cannot be settled as it is; lists every problem.
        InvalidUsage: losses are marginal and there is no network, or the version is an old one.
    """
    refuse_old_version(previous, version)
    meters = within(meters, membership(participants, horizon))
    if keys is not None and meters.member is not None:
        keys = replace(keys, member=frozen(keys.member & meters.member, np.bool_))
    refuse_invalid(participants, horizon, positions, meters, tariffs, keys)
    order = served_first(participants)
    has_congestion = positions.has_congestion or (previous is not None and CONGESTION in previous.accounts)
    accounts = open_accounts(participants, tariffs, has_congestion=has_congestion)
    deliver = deliver_as_cleared if tariffs.mode is Mode.FIRM else deliver_as_metered
    delivery = deliver(positions, meters)
    shared = share(keys, delivery.left_import_wh, delivery.left_export_wh, order)
    rest = retail(tariffs.mode, delivery, shared)
    losses = find_losses(participants, network, horizon, meters, tariffs.loss_allocation, order)
    return SettledEnergy(
        participants=participants,
        horizon=horizon,
        tariffs=tariffs,
        keys=keys,
        meters=meters,
        positions=positions,
        delivery=delivery,
        shared=shared,
        retail=rest,
        losses=losses,
        accounts=accounts,
        order=order,
        previous=previous and continued(previous, accounts.names, positions.trade_ids),
        version=version,
        notices=losses.notices,
    )


def book_up(energy: SettledEnergy) -> Settlement:
    """The settlement of energies that are settled, with its ledger."""
    booked = book(
        energy.positions,
        energy.delivery,
        energy.keys,
        energy.shared,
        energy.retail,
        energy.losses,
        energy.tariffs,
        energy.accounts,
        energy.order,
        energy.version,
        energy.bill_entries,
    )
    ledger = corrected(
        booked, energy.previous, energy.version, energy.bill_entries, energy.horizon.periods - 1
    )
    return Settlement(
        **{field.name: getattr(energy, field.name) for field in fields(SettledEnergy)},
        booked=booked,
        ledger=ledger,
    )
