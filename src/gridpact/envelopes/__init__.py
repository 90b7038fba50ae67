"""Envelopes: the most that each participant could sell and buy, alone and all together."""

from gridpact.envelopes.envelopes import Envelopes
from gridpact.envelopes.envelopes_writer import write_envelopes
from gridpact.envelopes.make_envelopes import envelope

__all__ = ["Envelopes", "envelope", "write_envelopes"]
