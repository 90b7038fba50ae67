"""Multipliers: what limits cost, and what a kW more at each participant is worth by them."""
