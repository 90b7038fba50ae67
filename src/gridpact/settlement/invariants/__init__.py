"""Invariants: what must hold of every settlement."""
