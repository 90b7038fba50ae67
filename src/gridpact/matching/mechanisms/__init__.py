"""Matching mechanisms: what a mechanism is, and those beside the double auction."""

from gridpact.matching.mechanisms.mechanism import Mechanism
from gridpact.matching.mechanisms.order_book import OrderBook, OrderSide, OrdersOfPeriod

__all__ = ["Mechanism", "OrderBook", "OrderSide", "OrdersOfPeriod"]
