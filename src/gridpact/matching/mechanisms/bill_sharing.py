"""Bill sharing: the community pays one bill, and what its members give each other has no price.

Source: Long, Wu, Zhang, Thomas, Cheng, Jenkins, "Peer-to-peer energy trading in a community microgrid", IEEE
Power & Energy Society General Meeting 2017. There the community's import is paid for in proportion to what
each member draws, and its export in proportion to what each gives; with energy shared in these proportions at
no price, and the rest settled with the retailer, each period comes to the same amounts.
"""

from gridpact.matching.matches import Matches
from gridpact.matching.mechanisms.mechanism import Mechanism
from gridpact.matching.mechanisms.order_book import OrderBook
from gridpact.matching.mechanisms.pro_rata import shared_at


def match(book: OrderBook) -> Matches:
    """What orders that accept a price of 0 share, see `shared_at`."""
    return shared_at(book, 0.0)


MECHANISM = Mechanism(match=match)
