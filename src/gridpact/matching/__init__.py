"""Matching: makes trades of orders."""

from gridpact.matching.match_orders import match
from gridpact.matching.matches import Matches, combined
from gridpact.matching.mechanisms.mechanism import Mechanism
from gridpact.matching.mechanisms.order_book import OrderBook

__all__ = ["Matches", "Mechanism", "OrderBook", "combined", "match"]
