"""Settling months and communities: many results or none, memberships, prices, corrections."""
