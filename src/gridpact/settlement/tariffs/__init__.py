"""Tariffs: prices and charges of every period, and the accounts that they move money between."""
