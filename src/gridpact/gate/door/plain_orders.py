"""Plain orders: those that are seen to be right at a glance, without a table made of them.

Most orders have the seven members that every order has, and no other. One of which each member is plainly
right is taken; of any other, the checks of a case's table say whether it is right, and what is wrong with it.
What a window means is never judged here: one is known where those checks took it in this session before.
"""

from decimal import Decimal
from typing import Any

from gridpact.case.schema import POWER_MAX_KW
from gridpact.gate.market.json_tables import DECIMALS_MAX
from gridpact.gate.market.session_frames import SessionFrame
from gridpact.gate.words.gate_names import NAME_CHARACTERS_MAX

WINDOWS_MAX = 50_000
_MEMBERS = frozenset({"order", "participant", "side", "start", "end", "power_kw", "price_per_kwh"})
_SIDES = ("sell", "buy")


def is_plainly_right(document: Any, frame: SessionFrame) -> bool:
    """Whether an order is right beyond doubt; `False` says nothing."""
    if type(document) is not dict or document.keys() != _MEMBERS:
        return False
    name, participant, side = document["order"], document["participant"], document["side"]
    window = document["start"], document["end"]
    if not (type(name) is type(participant) is type(side) is type(window[0]) is type(window[1]) is str):
        return False
    place = frame.index.get(participant)
    power_kw, price = _number(document["power_kw"]), _number(document["price_per_kwh"])
    if place is None or power_kw is None or price is None:
        return False
    return (
        0 < len(name) <= NAME_CHARACTERS_MAX
        and name.isprintable()
        and side in _SIDES
        and window in frame.windows
        and 0.0 < power_kw <= POWER_MAX_KW
        and not power_kw > frame.connection_kw[place]  # which is NaN where nobody knows it
        and frame.rules.price_min_per_kwh <= price <= frame.rules.price_max_per_kwh
    )


def learn_window(document: Any, frame: SessionFrame) -> None:
    """Notes the window of an order that was found right."""
    if len(frame.windows) >= WINDOWS_MAX:
        frame.windows.clear()
    frame.windows.add((document["start"], document["end"]))


def _number(value: Any) -> float | None:
    if type(value) is int:
        return float(value)
    if type(value) is not Decimal:
        return None
    exponent = value.as_tuple().exponent
    return float(value) if type(exponent) is int and exponent >= -DECIMALS_MAX else None
