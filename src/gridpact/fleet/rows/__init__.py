"""The rows of a fleet, one a case: their columns, where they are kept, and what they add up to."""
