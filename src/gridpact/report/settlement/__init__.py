"""The page of a settlement, and those of its statements."""
