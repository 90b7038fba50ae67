"""The report of a clearance."""
