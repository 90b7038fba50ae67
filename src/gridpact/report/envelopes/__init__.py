"""The page of operating envelopes."""
