"""Trades that the gate matched, which are called after the two orders that they are made of."""


def is_matched(trade: str) -> bool:
    """Whether a trade of a result was made of orders: it is called after both."""
    return ":" in trade


def orders_of(trade: str) -> tuple[str, str]:
    """The submissions of the ask and the bid that a matched trade is made of."""
    ask, _, bid = trade.partition("#")[0].partition(":")
    return ask, bid
