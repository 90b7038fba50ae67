"""match: the orders of a case as trades, by the mechanism that it names."""

from gridpact.case.case import Case, need_case
from gridpact.case.trades import Trades
from gridpact.errors import InvalidUsage
from gridpact.matching.matches import Matches, trades_of
from gridpact.matching.mechanisms.mechanism import mechanism_of, refuse_wrong
from gridpact.matching.mechanisms.order_book import OrderBook


def match(case: Case) -> Trades:
    """The trades that the case's mechanism makes of its orders.

    Args:
        case: its orders are matched; its trades and commitments only use up capacity.

    Returns:
        The matched trades only, with names that no trade of the case has, and with such terms that those of
        their orders survive cuts; see `trades_of`. By a mechanism that is built in they do not depend on the
        order of orders, trades and participants, and powers are whole multiples of 1e-12 kW; see `Scale`.

    Raises:
        InvalidUsage: `case` is no case; or its mechanism cannot be loaded, gives what is not of the orders,
            or clears them on the network, which `gridpact.clear` does.
    """
    need_case("match", case)
    if not len(case.orders):
        return Trades.none()
    mechanism = mechanism_of(case.mechanism)
    matches = mechanism.match(OrderBook(case))
    if not isinstance(matches, Matches):
        raise InvalidUsage(f"the mechanism '{case.mechanism}' gives no Matches", "mend the mechanism")
    refuse_wrong(matches, case)
    return trades_of(matches, case)
