"""Amounts: money and energy in whole numbers, and how they round."""
