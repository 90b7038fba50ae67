"""Matching: makes trades of orders."""

from gridpact.matching.double_auction import match
from gridpact.matching.matches import combined

__all__ = ["combined", "match"]
