"""Operating envelopes as other systems take them."""
