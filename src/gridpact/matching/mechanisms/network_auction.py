"""The network auction: orders are cleared on the network itself, and only what clears is paired.

What clears, and at which price, is found with the network, see `gridpact.clearing.auction`; here it is paired
in the order of the double auction.
"""

from gridpact.errors import InvalidUsage
from gridpact.matching.matches import Matches
from gridpact.matching.mechanisms.mechanism import Mechanism
from gridpact.matching.mechanisms.order_book import OrderBook


def match(book: OrderBook) -> Matches:
    """None without the network.

    Raises:
        InvalidUsage: always.
    """
    raise InvalidUsage(
        f"the mechanism '{book.case.mechanism}' has no trades before the network is cleared",
        "clear the case: what clears of its orders is then in the tables cleared and orders",
    )


MECHANISM = Mechanism(match=match, is_on_network=True)
