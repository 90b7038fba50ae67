"""Positions: the energy that was cleared, trade by trade and period by period."""

from dataclasses import dataclass

from gridpact.arrays import Int


@dataclass(frozen=True, slots=True, kw_only=True)
class Positions:
    """Cleared energy, R rows, at most one of a trade in a period.

    Attributes:
        trade_ids: names that `trade` points into.
        trade: (R,).
        period: (R,).
        seller, buyer: participant indices, (R,).
        energy_wh: cleared, whole watt-hours, positive, (R,).
        price_micro_per_kwh: what the seller receives, (R,).
        congestion_micro_per_kwh: what the buyer pays beyond that, for what limits of the network cost, (R,).
    """

    trade_ids: tuple[str, ...]
    trade: Int
    period: Int
    seller: Int
    buyer: Int
    energy_wh: Int
    price_micro_per_kwh: Int
    congestion_micro_per_kwh: Int

    @property
    def has_congestion(self) -> bool:
        """Whether any buyer pays another price than its seller receives."""
        return bool(self.congestion_micro_per_kwh.any())
