"""Sessions: what earlier clearings have cleared and made firm."""
