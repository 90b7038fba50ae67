"""Settlement: energy and money from meter readings, beside the retailers."""
