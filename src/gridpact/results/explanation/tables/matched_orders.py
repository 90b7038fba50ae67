"""The orders of matched trades, by the names of the trades."""

from collections.abc import Container


def orders_of(trade: str, known: Container[str]) -> tuple[str, ...]:
    """The ask and the bid that a matched trade is called after, `ask:bid` or `ask:bid#2`, if it is."""
    for name in (trade, trade.rpartition("#")[0]):
        parts = name.split(":")
        for cut in range(1, len(parts)):
            ask, bid = ":".join(parts[:cut]), ":".join(parts[cut:])
            if ask in known and bid in known:
                return ask, bid
    return ()
