"""Settling: from meters, positions and tariffs to a settlement."""
