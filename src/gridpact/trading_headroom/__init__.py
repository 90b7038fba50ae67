"""Headroom: the most that each participant could sell and buy, alone and all together."""

from gridpact.trading_headroom.headroom_result import Headroom
from gridpact.trading_headroom.headroom_writer import write_headroom
from gridpact.trading_headroom.make_headroom import headroom

__all__ = ["Headroom", "headroom", "write_headroom"]
