"""Operating envelopes: whether they keep every limit by other engines, and are those of the rules."""
