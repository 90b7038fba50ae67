"""The page of envelopes."""
