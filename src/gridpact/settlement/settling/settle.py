"""Settle: from positions, meters and tariffs to a settlement."""

from gridpact.case.horizon import Horizon
from gridpact.case.participants import Participants
from gridpact.grid.network import Network
from gridpact.settlement.energy.firm import deliver_as_cleared
from gridpact.settlement.energy.keys import SharingKey, share
from gridpact.settlement.energy.losses import find_losses
from gridpact.settlement.energy.meters import Meters
from gridpact.settlement.energy.positions import Positions
from gridpact.settlement.energy.retail import retail
from gridpact.settlement.energy.sharing import deliver_as_metered
from gridpact.settlement.ledger.booking import book
from gridpact.settlement.ledger.correction import corrected
from gridpact.settlement.ledger.ledger import Ledger
from gridpact.settlement.settling.checks import refuse_invalid, refuse_old_version
from gridpact.settlement.settling.settlement import Settlement
from gridpact.settlement.tariffs.accounts import open_accounts, served_first
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

    Args:
        participants: P of them.
        network: that connects them; needed in periods without a head reading, and for marginal losses.
        horizon: T periods.
        positions: what was cleared.
        meters: what was read, or is estimated, of every participant in every period.
        tariffs: how it is settled, and at which prices.
        keys: how members share what they do not trade; nothing is shared without.
        previous: the ledger to correct, entries of every earlier version.
        version: of the entries that are written, above those of `previous`.

    Raises:
        InvalidCase: something cannot be settled as it is; lists every problem.
        InvalidUsage: the network is missing where it is needed, or the version is an old one.
    """
    refuse_old_version(previous, version)
    refuse_invalid(participants, horizon, positions, meters, tariffs, keys)
    order, accounts = (
        served_first(participants),
        open_accounts(participants, tariffs, has_congestion=positions.has_congestion),
    )
    deliver = deliver_as_cleared if tariffs.mode is Mode.FIRM else deliver_as_metered
    delivery = deliver(positions, meters)
    shared = share(keys, delivery.left_import_wh, delivery.left_export_wh, order)
    rest = retail(tariffs.mode, delivery, shared)
    losses = find_losses(participants, network, horizon, meters, tariffs.loss_allocation, order)
    booked = book(positions, delivery, keys, shared, rest, losses, tariffs, accounts, order, version)
    return Settlement(
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
        booked=booked,
        ledger=corrected(booked, previous, version),
        version=version,
        notices=losses.notices,
    )
