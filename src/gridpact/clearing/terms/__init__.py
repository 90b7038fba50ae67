"""Periods that terms tie together: decisions, their search, and what is cleared for each choice."""
