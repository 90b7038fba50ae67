"""Envelopes: the most that each participant could sell and buy, alone and all together."""

from gridpact.envelopes.envelopes import Envelopes
from gridpact.envelopes.pipeline import envelope
from gridpact.envelopes.write import write_envelopes

__all__ = ["Envelopes", "envelope", "write_envelopes"]
