"""SettledEnergy: what meters, trades and sharing come to in energy, before any of it is booked."""

from dataclasses import dataclass

from gridpact.arrays import Int
from gridpact.case.horizon import Horizon
from gridpact.case.participants import Participants
from gridpact.settlement.energy.delivery import Delivery
from gridpact.settlement.energy.keys import Shared, SharingKey
from gridpact.settlement.energy.losses import Losses
from gridpact.settlement.energy.meters import Meters
from gridpact.settlement.energy.positions import Positions
from gridpact.settlement.energy.retail import Retail
from gridpact.settlement.ledger.bill_entries import BillEntries
from gridpact.settlement.ledger.ledger import Ledger
from gridpact.settlement.tariffs.accounts import Accounts
from gridpact.settlement.tariffs.tariffs import Tariffs


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledEnergy:
    """The energies of a horizon: T periods, P participants, R rows of positions, in whole watt-hours.

    Attributes:
        participants, horizon, tariffs, keys, meters, positions: what was settled.
        delivery: what counts as traded.
        shared: what is shared beside the trades.
        retail: what is left to the retailers.
        losses: of the network, and who pays for them.
        accounts: that money moves between.
        order: the participants, the first to be served first, (P,).
        previous: the ledger to correct, whose names begin with those of now; `None` where there is none.
        version: 1, or a later one than those of the ledger that is corrected.
        notices: what a reader should know, for people.
        bill_entries: what bills add to the ledger in the last period; `None` where there are none.
    """

    participants: Participants
    horizon: Horizon
    tariffs: Tariffs
    keys: SharingKey | None
    meters: Meters
    positions: Positions
    delivery: Delivery
    shared: Shared
    retail: Retail
    losses: Losses
    accounts: Accounts
    order: Int
    previous: Ledger | None
    version: int
    notices: tuple[str, ...]
    bill_entries: BillEntries | None = None

    @property
    def delivered_wh(self) -> Int:
        """Energy z of each row of the positions that counts as traded, (R,)."""
        return self.delivery.energy_wh

    @property
    def sold_wh(self) -> Int:
        """Sold by each participant in trades, (T, P)."""
        return self.delivery.sold_wh

    @property
    def bought_wh(self) -> Int:
        """Bought by each participant in trades, (T, P)."""
        return self.delivery.bought_wh

    @property
    def given_wh(self) -> Int:
        """Given by each member of a sharing key, (T, P)."""
        return self.shared.given_wh

    @property
    def received_wh(self) -> Int:
        """Received by each member of a sharing key, (T, P)."""
        return self.shared.received_wh

    @property
    def supply_wh(self) -> Int:
        """Imported from the retailer, (T, P); 0 under `firm`."""
        return self.retail.supply_wh

    @property
    def feed_in_wh(self) -> Int:
        """Exported to the retailer, (T, P); 0 under `firm`."""
        return self.retail.feed_in_wh

    @property
    def long_wh(self) -> Int:
        """Above the position, taken by the retailer, (T, P); 0 under `sharing`."""
        return self.retail.long_wh

    @property
    def short_wh(self) -> Int:
        """Below the position, supplied by the retailer, (T, P); 0 under `sharing`."""
        return self.retail.short_wh

    @property
    def head_import_wh(self) -> Int:
        """Drawn at the supply, as read there or, where it is not, meters plus losses, (T,)."""
        return self.losses.head_import_wh

    @property
    def losses_wh(self) -> Int:
        """Lost in the network, (T,); negative where the meters show more than the head does."""
        return self.losses.losses_wh

    @property
    def loss_shares_wh(self) -> Int | None:
        """Losses that each participant pays for, (T, P); None where the DSO bears them."""
        return self.losses.shares_wh
