"""Measurements: cases, phases, and what they cost."""
