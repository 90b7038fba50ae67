"""The schedule of a result, as the standards take it: net power of each participant."""
