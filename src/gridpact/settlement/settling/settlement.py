"""Settlement: what meters, trades and tariffs come to, in energy and in money."""

from dataclasses import dataclass

from gridpact.settlement.ledger.ledger import Ledger
from gridpact.settlement.settling.settled_energy import SettledEnergy


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement(SettledEnergy):
    """A settled horizon: its energies, and the ledger of them.

    Attributes:
        booked: the entries of this settlement alone, as if settled once.
        ledger: the entries of `booked`; or every earlier entry, and reversals and re-bookings that make them
            net to `booked`.
    """

    booked: Ledger
    ledger: Ledger
