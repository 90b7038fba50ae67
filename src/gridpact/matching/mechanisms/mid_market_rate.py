"""The mid-market rate: peers trade half-way between what the retailer asks and what it pays.

Source: Long, Wu, Zhang, Thomas, Cheng, Jenkins, "Peer-to-peer energy trading in a community microgrid", IEEE
Power & Energy Society General Meeting 2017. There the retailer's part is blended into a member's price; here
it is settled with the retailer, which comes to the same amount.
"""

from gridpact.matching.matches import Matches
from gridpact.matching.mechanisms.mechanism import Mechanism
from gridpact.matching.mechanisms.order_book import OrderBook
from gridpact.matching.mechanisms.pro_rata import shared_at

SUPPLY_PRICE, FEED_IN_PRICE = "supply_price_per_kwh", "feed_in_price_per_kwh"


def match(book: OrderBook) -> Matches:
    """What orders that accept the mid-market rate share at it, see `shared_at`."""
    return shared_at(book, (book.setting(SUPPLY_PRICE) + book.setting(FEED_IN_PRICE)) / 2.0)


MECHANISM = Mechanism(match=match, settings=(SUPPLY_PRICE, FEED_IN_PRICE))
