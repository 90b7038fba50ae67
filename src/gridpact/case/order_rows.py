"""OrderRows: orders spread over the periods in which they are open."""

from dataclasses import dataclass

from gridpact.arrays import Float, Int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRows:
    """One row per order and open period of its window, R of them, ordered by order, then period.

    Attributes:
        order: index into the orders, (R,).
        period: (R,).
        offered_kw: its power, capped by what better orders of the same participant, and commitments, leave of
            its surplus or residual demand, (R,).
        draft_kw: what it would trade if the network carried everything, by the double auction, (R,).
        rank: place among all orders of its side, the best first, (R,).
    """

    order: Int
    period: Int
    offered_kw: Float
    draft_kw: Float
    rank: Int

    def __len__(self) -> int:
        return len(self.order)
